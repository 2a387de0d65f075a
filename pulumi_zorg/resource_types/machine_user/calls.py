"""The operations on machine users: ``/management/v1/users``."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.records import NonEmpty, Wire
from pulumi_zorg.errors import clean
from pulumi_zorg.resource_types.calls import check_chosen
from pulumi_zorg.resource_types.machine_user.inputs import MachineUserInputs
from pulumi_zorg.resource_types.user.calls import UserCalls, UserRecord

_CREATE = Endpoint("POST", "/management/v1/users/machine", "user.write")
_CHANGE = Endpoint("PUT", "/management/v1/users/{id}/machine", "user.write")
_RENAME = Endpoint("PUT", "/management/v1/users/{id}/username", "user.write")
_CREATE_V2 = Endpoint("POST", "/zitadel.user.v2.UserService/CreateUser", "user.write")
_CHANGE_V2 = Endpoint("POST", "/zitadel.user.v2.UserService/UpdateUser", "user.write")


class _Created(Wire):
    id: NonEmpty


class MachineUserRecord(UserRecord):
    """A service account."""

    noun = "machine user"
    type, other = "TYPE_MACHINE", "a person, whom HumanUser declares"

    def properties(self) -> dict[str, Any]:
        return {**super().properties(), **(self.machine.model_dump() if self.machine else {})}


class MachineUserCalls(UserCalls[MachineUserInputs, MachineUserRecord]):
    """The calls of the v1 API. The v2 API of December 2025 answers 200 to a change of the kind of access tokens, and changes nothing.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Create User (Machine), Update Machine User, Change Username), for servers
    without v1 https://zitadel.com/docs/apis/resources/user_service_v2 (CreateUser, UpdateUser), and those of :class:`UserCalls`.
    """

    v1 = UserCalls.endpoints_of_type(_CREATE, _CHANGE, _RENAME)
    record = MachineUserRecord

    @cached_property
    def v2(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        return {
            **super().v2,
            "create": (Implementation((_CREATE_V2,), self._create_v2, Proves.ID),),
            "update": (Implementation((_CHANGE_V2,), self._update_v2, Proves.ID),),
        }

    def body(self, inputs: MachineUserInputs) -> dict[str, Any]:
        """Return the body of an update, with everything: the server resets what is left out."""
        sent = {
            "name": inputs.name,
            "description": inputs.description,
            "accessTokenType": inputs.access_token_type,
        }
        return {name: value for name, value in sent.items() if value is not None}

    def create_body(self, inputs: MachineUserInputs) -> dict[str, Any]:
        chosen = {"userId": inputs.custom_id} if inputs.custom_id else {}
        return {"userName": inputs.user_name, **self.body(inputs), **chosen}

    def _create_v2(self, client: Client, inputs: MachineUserInputs) -> str:
        operation, chosen = self.creating(inputs), {"userId": inputs.custom_id} if inputs.custom_id else {}
        machine = {name: value for name, value in self.body(inputs).items() if value}  # an empty description is refused
        body = {"organizationId": inputs.org_id, "username": inputs.user_name, "machine": machine, **chosen}
        return check_chosen(client.change(_Created, _CREATE_V2, operation, body=body).id, inputs, operation)

    def _update_v2(self, client: Client, id: str, inputs: MachineUserInputs, changed: Collection[str]) -> None:
        # Without `machine`, the server does not know the type of the user, and answers 501.
        body: dict[str, Any] = {"userId": id, "machine": {}}
        if "user_name" in changed:
            body["username"] = inputs.user_name
        if set(changed) - {"user_name"}:
            body["machine"] = self.body(inputs)
        client.change(Wire, _CHANGE_V2, self.operation("Changing", id, inputs.org_id), body=body)

    def creating(self, inputs: MachineUserInputs) -> str:
        return f"Creating machine user {clean(inputs.user_name)!r} in organization {clean(inputs.org_id)}"

    def _update(self, client: Client, id: str, inputs: MachineUserInputs, changed: Collection[str]) -> None:
        if "user_name" in changed:
            operation = self.operation("Changing the user name of", id, inputs.org_id)
            client.write(_RENAME, operation, org=inputs.org_id, body={"userName": inputs.user_name}, ids={"id": id})
        if set(changed) - {"user_name"}:
            super()._update(client, id, inputs, changed)

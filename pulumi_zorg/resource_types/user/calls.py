"""The operations on people and service accounts that are the same for both: reads, lists, changes of state and removals."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from pydantic import AliasChoices, Field

from pulumi_zorg.api.api_services import USERS, has_service
from pulumi_zorg.api.client import Client, check_owner
from pulumi_zorg.api.lists import PAGE_V2, ObjectList, chunks
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.records import NonEmpty, ObjectRecord, states_of
from pulumi_zorg.api.users import Human, Machine
from pulumi_zorg.errors import NotFound, NotProven, clean
from pulumi_zorg.resource_types.calls import AnyInputs, ManagementCalls, management_endpoints
from pulumi_zorg.world.observed import Address

IGNORE_CASE = "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE"
_INITIAL, _LOCKED, _INACTIVE = (f"USER_STATE_{each}" for each in ("INITIAL", "LOCKED", "INACTIVE"))
_LOCK = Endpoint("POST", "/management/v1/users/{id}/_lock", "user.write")
_USERS_V2 = Endpoint("POST", "/v2/users", "user.read")


class UserRecord(ObjectRecord):
    """A user as a read by id or a list of the v1 or the v2 API shows it: a person or a service account.

    :cvar type: ``TYPE_HUMAN`` or ``TYPE_MACHINE``, of the users that a resource type manages.
    :cvar other: what a user of the other type is, and which resource declares it.
    """

    noun = "user"
    states = states_of("USER_STATE", "LOCKED", "INITIAL")
    shown = ("org_id", "user_name")
    type: ClassVar[str] = ""
    other: ClassVar[str] = ""

    id: NonEmpty = Field(validation_alias=AliasChoices("id", "userId"))
    user_name: str = Field("", validation_alias=AliasChoices("userName", "username"))
    human: Human | None = None
    machine: Machine | None = None

    @property
    def type_of_user(self) -> str:
        """``TYPE_HUMAN`` or ``TYPE_MACHINE``, of this user."""
        return "TYPE_MACHINE" if self.human is None else "TYPE_HUMAN"

    @property
    def is_of_type(self) -> bool:
        """Whether the user is what the resource type manages."""
        return self.type_of_user == self.type

    @property
    def warning(self) -> str | None:
        """What only the state shows, and no update ends."""
        who = f"{self.noun} {clean(self.user_name)!r} ({self.id})"
        if self.state == _LOCKED:
            return (
                f"{who} is locked and stays locked: it has no access, and no update of this package unlocks it. Whoever may unlock "
                "it does so in ZITADEL's console."
            )
        if self.state == _INITIAL:
            return (
                f"{who} is in the initial state and stays in it until the invitation is accepted: there is no password yet. "
                "`active` does not change that."
            )
        return None


AnyUser = TypeVar("AnyUser", bound=UserRecord)


class UserCalls(ManagementCalls[AnyInputs, AnyUser]):
    """The operations that are the same for people and service accounts.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (User by ID, Search Users, Deactivate, Reactivate, Lock and Delete User)
    and https://zitadel.com/docs/apis/resources/user_service_v2 (Search Users).
    """

    shown_as, created_as = "user", "userId"

    @staticmethod
    def endpoints_of_type(create: Endpoint, *update: Endpoint) -> dict[str, tuple[Endpoint, ...]]:
        """Return the endpoints of a type."""
        found = management_endpoints("/management/v1/users", "user", "/management/v1/users/_search")
        return {**found, "create": (create,), "update": update}

    @cached_property
    def implementations(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        listed = (_USERS_V2,)
        return {
            **super().implementations,
            "list_instance": [Implementation(listed, self._list_instance, Proves.ID, reads=True)],
            "list_ids": [Implementation(listed, self._list_ids, Proves.ID, reads=True)],
        }

    def list(
        self, client: Client, org_id: str, *queries: dict[str, Any], at_most: int | None = None
    ) -> Sequence[AnyUser]:
        """Return the users of the type in an organization that the queries find. The list may lag."""
        found = super().list(client, org_id, self._of_type, *queries, at_most=at_most)
        return [each for each in found if each.is_of_type]

    def list_working(self, client: Client, org_id: str) -> Sequence[UserRecord]:
        """Return the people and service accounts of an organization who are neither inactive nor locked. The list may lag."""
        states = [{"stateQuery": {"state": state}} for state in ("USER_STATE_ACTIVE", _INITIAL)]
        listed = ObjectList(self.v1["search"][0], UserRecord, sorted_by="USER_FIELD_NAME_CREATION_DATE", size=PAGE_V2)
        operation = f"Listing the active users of organization {clean(org_id)}"
        client.verify_org_header(org_id)
        found = listed.all(client.transport, operation, {"orQuery": {"queries": states}}, org=org_id)
        return [each for each in found if each.org_id == org_id and each.state not in (_LOCKED, _INACTIVE)]

    def named(self, client: Client, org_id: str | None, user_name: str) -> Sequence[AnyUser]:
        """Return the users of both types with a user name, whatever its upper and lower case. The list may lag.

        :param org_id: only those of this organization; None searches all organizations that the caller may see.
        """
        query = {"userNameQuery": {"userName": user_name, "method": IGNORE_CASE}}
        operation = f"Searching users named {clean(user_name)!r}"
        if org_id is None:
            found = self._listed(client, operation, query)
        else:
            found = super().pages(client, org_id, self.v1["search"][0], query)
            found = [each for each in found if each.org_id == org_id]
        return [each for each in found if each.user_name.lower() == user_name.lower()]

    @property
    def _of_type(self) -> dict[str, Any]:
        return {"typeQuery": {"type": self.record.type}}

    def _listed(
        self, client: Client, operation: str, *queries: Mapping[str, Any], at_most: int | None = None
    ) -> Sequence[AnyUser]:
        rows = ObjectList(_USERS_V2, self.record, sorted_by="USER_FIELD_NAME_CREATION_DATE", size=PAGE_V2)
        return rows.all(client.transport, operation, *queries, at_most=at_most)

    def _list_instance(self, client: Client, at_most: int | None = None) -> Sequence[AnyUser]:
        return self._listed(client, f"Listing the {self.record.noun}s of the instance", self._of_type, at_most=at_most)

    def _list_ids(self, client: Client, ids: Sequence[str]) -> Sequence[AnyUser]:
        # The server answers 500 to an empty list of ids.
        parts = chunks(dict.fromkeys(ids), PAGE_V2)
        operation = f"Listing {self.record.noun}s by their ids"
        by_id = [
            self._listed(client, operation, {"inUserIdsQuery": {"userIds": [*part]}}, self._of_type) for part in parts
        ]
        return [each for part in by_id for each in part]

    def _search(self, client: Client, inputs: AnyInputs) -> Sequence[AnyUser]:
        unique = inputs.unique_key(inputs.dump())
        found = self.named(client, unique["org_id"], unique["user_name"])
        return [each for each in found if each.is_of_type]

    def _read(self, client: Client, id: str, address: Address) -> AnyUser:
        record = super()._read(client, id, address)
        if not record.is_of_type:
            raise NotProven(f"User {clean(id)} is no {record.noun} but {record.other}.")
        return record

    def _switch(
        self, action: str, verb: str, client: Client, id: str, inputs: AnyInputs, changed: Collection[str]
    ) -> None:
        try:
            super()._switch(action, verb, client, id, inputs, changed)
        except NotFound:
            # A person in the initial state is answered like that, and cannot be deactivated unless it is locked first.
            unique = inputs.unique_key(inputs.dump())
            if action != "deactivate" or self.read(client, id, Address(unique)).state != _INITIAL:
                raise
            client.write(_LOCK, self._operation("Locking", id, unique["org_id"]), org=unique["org_id"], ids={"id": id})
            client.transport.notice(
                f"{self.record.noun} {clean(unique['user_name'])!r} ({clean(id)}) was in the initial state, which ZITADEL does not "
                "deactivate: it is locked first, and deactivated then. A reactivation makes it active."
            )
            super()._switch(action, verb, client, id, inputs, changed)

    @staticmethod
    @contextmanager
    def needs_v2(client: Client) -> Iterator[None]:
        """Explain the error of a server without the v2 API of users. What is made by the v1 API stays in the initial state."""
        try:
            yield
        except NotFound as refused:
            if has_service(client.transport, USERS):
                raise
            hint = f"This server does not have {USERS.name}, and people are created and changed by it."
            raise refused.with_hint(hint) from None

    def change_v2(
        self, client: Client, endpoint: Endpoint, operation: str, org_id: str, id: str, body: dict[str, Any]
    ) -> None:
        """Change a user by a call that names it by its id, and verify that it lives in the organization."""
        with self.needs_v2(client):
            details = client.change_details(endpoint, operation, body=body, ids={"id": id})
        check_owner(details, org_id, operation)

"""The operations on people and service accounts that are the same for both: reads, lists, changes of state and removals."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from pydantic import AliasChoices, Field

from pulumi_zorg.api.api_services import USERS, has_service
from pulumi_zorg.api.client import Client, check_owner
from pulumi_zorg.api.lists import PAGE_V2, ObjectList, chunks
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.records import NonEmpty, ObjectRecord, Wire, check_id, parse, states_of
from pulumi_zorg.api.users import Human, Machine
from pulumi_zorg.errors import AnotherObject, NotFound, clean
from pulumi_zorg.resource_types.calls import SWITCHES, AnyInputs, ManagementCalls, management_endpoints
from pulumi_zorg.world.observed import Address

IGNORE_CASE = "TEXT_QUERY_METHOD_EQUALS_IGNORE_CASE"
_INITIAL, _LOCKED, _INACTIVE = (f"USER_STATE_{each}" for each in ("INITIAL", "LOCKED", "INACTIVE"))
_LOCK = Endpoint("POST", "/management/v1/users/{id}/_lock", "user.write")
_USERS_V2 = Endpoint("POST", "/v2/users", "user.read")
_ONE_V2 = "/v2/users/{id}"
_READ_V2 = Endpoint("GET", _ONE_V2, "user.read")
_LOCK_V2 = Endpoint("POST", f"{_ONE_V2}/lock", "user.write")
_SWITCHES_V2 = {
    "deactivate": Endpoint("POST", f"{_ONE_V2}/deactivate", "user.write"),
    "reactivate": Endpoint("POST", f"{_ONE_V2}/reactivate", "user.write"),
    "remove": Endpoint("DELETE", _ONE_V2, "user.delete"),
}


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


class _Shown(Wire):
    user: dict[str, Any]


def _in(org_id: str) -> dict[str, Any]:
    return {"organizationIdQuery": {"organizationId": org_id}}


_SEARCH = Endpoint("POST", "/management/v1/users/_search", "user.read")
_SORTED_BY = "USER_FIELD_NAME_CREATION_DATE"


def _working(client: Client, operation: str, org_id: str, query: dict[str, Any]) -> Sequence[UserRecord]:
    listed = ObjectList(_SEARCH, UserRecord, sorted_by=_SORTED_BY, size=PAGE_V2)
    return listed.all(client.transport, operation, query, org=org_id)


def _working_v2(client: Client, operation: str, org_id: str, query: dict[str, Any]) -> Sequence[UserRecord]:
    listed = ObjectList(_USERS_V2, UserRecord, sorted_by=_SORTED_BY, size=PAGE_V2)
    return listed.all(client.transport, operation, query, _in(org_id))


_WORKING = (Implementation((_SEARCH,), _working), Implementation((_USERS_V2,), _working_v2, Proves.ID))


class UserCalls(ManagementCalls[AnyInputs, AnyUser]):
    """The operations that are the same for people and service accounts.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (User by ID, Search Users, Deactivate, Reactivate, Lock and Delete User),
    and https://zitadel.com/docs/apis/resources/user_service_v2 (Search Users, and for servers without v1 the same calls).
    """

    shown_as, created_as = "user", "userId"
    switches_v2 = _SWITCHES_V2

    @staticmethod
    def endpoints_of_type(create: Endpoint, *update: Endpoint) -> dict[str, tuple[Endpoint, ...]]:
        """Return the endpoints of a type."""
        found = management_endpoints("/management/v1/users", "user", _SEARCH.path)
        return {**found, "create": (create,), "update": update}

    @cached_property
    def v2(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        return {
            **super().v2,
            "read": (Implementation((_READ_V2,), self._read_v2, Proves.ID),),
            "search": (Implementation((_USERS_V2,), self._search, Proves.ID),),
        }

    @cached_property
    def lists_v2(self) -> Sequence[Implementation[Sequence[AnyUser]]]:
        return (Implementation((_USERS_V2,), self._list_v2, Proves.ID),)

    def _list_v2(
        self, client: Client, org_id: str, *queries: dict[str, Any], at_most: int | None = None
    ) -> Sequence[AnyUser]:
        operation = f"Listing the {self.record.noun}s of organization {clean(org_id)}"
        found = self._listed(client, operation, _in(org_id), *queries, at_most=at_most)
        return [each for each in found if each.org_id == org_id]

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
        operation = f"Listing the active users of organization {clean(org_id)}"
        client.verify_org_header(
            org_id
        )  # a list of another organization, or of one that the caller may not see, can be empty
        found = client.operations.first(_WORKING, client, operation, org_id, {"orQuery": {"queries": states}})
        return [each for each in found if each.org_id == org_id and each.state not in (_LOCKED, _INACTIVE)]

    def named(self, client: Client, org_id: str | None, user_name: str) -> Sequence[AnyUser]:
        """Return the users of both types with a user name, whatever its upper and lower case. The list may lag.

        :param org_id: only those of this organization; None searches all organizations that the caller may see.
        """
        query = {"userNameQuery": {"userName": user_name, "method": IGNORE_CASE}}
        operation = f"Searching users named {clean(user_name)!r}"
        found = self._listed(client, operation, query) if org_id is None else super().list(client, org_id, query)
        return [each for each in found if each.user_name.lower() == user_name.lower()]

    @property
    def _of_type(self) -> dict[str, Any]:
        return {"typeQuery": {"type": self.record.type}}

    def _listed(
        self, client: Client, operation: str, *queries: Mapping[str, Any], at_most: int | None = None
    ) -> Sequence[AnyUser]:
        rows = ObjectList(_USERS_V2, self.record, sorted_by=_SORTED_BY, size=PAGE_V2)
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
        self._verify_type(record)
        return record

    def _verify_type(self, record: AnyUser) -> None:
        if not record.is_of_type:
            raise AnotherObject(f"User {clean(record.id)} is no {record.noun} but {record.other}.")

    def _read_v2(self, client: Client, id: str, address: Address) -> AnyUser:
        known = self.known(id, address)
        operation = self.operation("Reading", id, known["org_id"])
        shown = client.read(_Shown, _READ_V2, operation, ids={"id": id}).user
        record = parse(self.record, shown, operation)
        check_id(record.id, id, record.noun, operation)
        self.verify(record, known)
        self._verify_type(record)
        return record

    def _switch(
        self, action: str, verb: str, client: Client, id: str, inputs: AnyInputs, changed: Collection[str]
    ) -> None:
        def switch() -> None:
            super(UserCalls, self)._switch(action, verb, client, id, inputs, changed)

        def lock(operation: str, org_id: str) -> None:
            client.write(_LOCK, operation, org=org_id, ids={"id": id})

        self._switched(client, action, id, inputs, switch, lock)

    def _switch_v2(
        self, action: str, endpoint: Endpoint, client: Client, id: str, inputs: AnyInputs, changed: Collection[str]
    ) -> None:
        org_id = inputs.unique_key(inputs.dump())["org_id"]

        def switch() -> None:
            operation = self.operation(SWITCHES[action], id, org_id)
            check_owner(client.change_details(endpoint, operation, ids={"id": id}), org_id, operation)

        def lock(operation: str, org_id: str) -> None:
            client.change_details(_LOCK_V2, operation, ids={"id": id})

        self._switched(client, action, id, inputs, switch, lock)

    def _switched(
        self,
        client: Client,
        action: str,
        id: str,
        inputs: AnyInputs,
        switch: Callable[[], None],
        lock: Callable[[str, str], None],
    ) -> None:
        """Make a change of the state, or a removal.

        :param lock: locks the user. It is given the operation, and the user's organization.
        """
        try:
            switch()
        except NotFound as refused:
            # A person in the initial state is answered like that, and cannot be deactivated unless it is locked first.
            unique = inputs.unique_key(inputs.dump())
            if (
                refused.is_missing_call
                or action != "deactivate"
                or self.read(client, id, Address(unique)).state != _INITIAL
            ):
                raise
            lock(self.operation("Locking", id, unique["org_id"]), unique["org_id"])
            client.transport.notice(
                f"{self.record.noun} {clean(unique['user_name'])!r} ({clean(id)}) was in the initial state, which ZITADEL does not "
                "deactivate: it is locked first, and deactivated then. A reactivation makes it active."
            )
            switch()

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

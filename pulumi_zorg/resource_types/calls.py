"""The operations on the objects of a type, and those of ZITADEL's management API (v1), which most types have in the same form."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property, partial
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ConfigDict, Field

from pulumi_zorg.api.api_services import ApiService, has_service
from pulumi_zorg.api.client import Client, check_owner
from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.api.operations import Endpoint, Implementation, Proves, permissions_of
from pulumi_zorg.api.records import Details, ObjectRecord, Wire, check_id, parse
from pulumi_zorg.errors import AnotherObject, InputError, NotFound, NotProven, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.inputs import CHOSEN_ID, Inputs
from pulumi_zorg.world.observed import Address

#: The changes whose calls have no body, and what each is as the beginning of a sentence.
SWITCHES = {"deactivate": "Deactivating", "reactivate": "Reactivating", "remove": "Removing"}

AnyInputs = TypeVar("AnyInputs", bound=Inputs)
AnyRecord = TypeVar("AnyRecord", bound=ObjectRecord)


class Calls(Generic[AnyInputs, AnyRecord]):
    """The operations on the objects of one type, each with its implementations in the versions of ZITADEL's API.

    An operation that changes an object makes one change, and is called only after a read by id has shown the object.
    """

    @property
    def implementations(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        """The implementations of each operation, the best one first, by the operation's name: ``create``, ``read``, ``update``,
        ``deactivate``, ``reactivate``, ``remove``, ``search``, ``list_instance``, ``list_ids`` and ``list_newest``.

        Each takes what the method of that name takes. One that changes an object takes the client, the object's id, what it is to
        be, and the properties to change. An operation without an implementation is one that the API does not have.
        """
        raise NotImplementedError

    @property
    def endpoints(self) -> dict[str, tuple[Endpoint, ...]]:
        """The calls of each operation on one object, for the documentation."""
        return {
            name: tuple(call for each in implementations for call in each.endpoints)
            for name, implementations in self.implementations.items()
            if not name.startswith("list_")
        }

    def permissions(self, operation: str) -> tuple[frozenset[str], ...]:
        """Return the sets of permissions that an operation needs: of each set, the caller needs one."""
        return permissions_of(self.implementations[operation])

    def permissions_on_instance(self, operation: str) -> tuple[frozenset[str], ...]:
        """Return the same for objects that are in no organization, of a type that has some."""
        return ()

    def needs_header(self, client: Client, operation: str) -> bool:
        """Whether an implementation that the server may have names the organization in the header."""
        return any(each.proves is Proves.OWNER for each in client.operations.of(self.implementations[operation]))

    def read(self, client: Client, id: str, address: Address) -> AnyRecord:
        """Return the object as a read by its id shows it.

        :param address: it has at least the ids that the type's ``address`` names.
        """
        found: AnyRecord = self._first(client, "read", id, address)
        return found

    def create(self, client: Client, inputs: AnyInputs) -> str:
        """Create an active object and return its id."""
        return str(self._first(client, "create", inputs))

    def search(self, client: Client, inputs: AnyInputs) -> Sequence[AnyRecord]:
        """Return the objects that have the unique key of ``inputs``, by a list. It may lag."""
        found: Sequence[AnyRecord] = self._first(client, "search", inputs)
        return found

    def list_organization(self, client: Client, org_id: str, at_most: int | None = None) -> Sequence[AnyRecord]:
        """Return the objects in an organization that the caller may see.

        :param at_most: how many calls it may take; None is any number.
        :raises TooLong: where it takes more, after the first call.
        """
        raise NotImplementedError

    def list_newest(self, client: Client, org_id: str) -> Sequence[AnyRecord]:
        """Return at least the newest of the objects in an organization that the caller may see."""
        found: Sequence[AnyRecord] | None = self._first(client, "list_newest", org_id)
        return self.list_organization(client, org_id) if found is None else found

    def list_removed_with(self, client: Client, org_id: str) -> Sequence[AnyRecord]:
        """Return the objects that are removed with an organization, as far as a list of the organization shows them."""
        return self.list_organization(client, org_id)

    def list_instance(self, client: Client, at_most: int | None = None) -> Sequence[AnyRecord] | None:
        """Return the objects of the whole instance that the caller may see; None where no call lists them.

        :param at_most: how many calls it may take; None is any number.
        :raises TooLong: where it takes more, after the first call.
        """
        found: Sequence[AnyRecord] | None = self._first(client, "list_instance", at_most)
        return found

    def list_ids(self, client: Client, ids: Sequence[str]) -> Sequence[AnyRecord] | None:
        """Return the objects with these ids that the caller may see; None where no call lists them."""
        found: Sequence[AnyRecord] | None = self._first(client, "list_ids", ids)
        return found

    def is_in_no_list(self, client: Client, id: str) -> bool | None:
        """Whether the server counts no object with this id, also of those that the caller may not see; None where no call shows that."""
        found: bool | None = self._first(client, "list_none", id)
        return found

    def complete(self, client: Client, records: Sequence[AnyRecord], at_most: int) -> Sequence[AnyRecord]:
        """Return entries of lists with the properties that lists leave out, as far as the event store has them.

        :param at_most: how many calls it may take. The entries are returned as they are where that is not enough.
        :raises ApiError: for a caller who may not read the event store.
        """
        return records

    def _first(self, client: Client, operation: str, *args: Any) -> Any:
        implementations = self.implementations.get(operation, ())
        return client.operations.first(implementations, client, *args) if implementations else None


class _Removed(Wire):
    at: datetime | None = Field(None, alias="deletionDate")


def remove_by_v2(client: Client, endpoint: Endpoint, operation: str, body: dict[str, Any]) -> None:
    """Remove an object by v2. What was removed before is answered with the date of that, and is success.

    :raises NotProven: where the server has nothing to remove, and never had.
    """
    removed = client.change(_Removed, endpoint, operation, body=body).at
    if removed is None or removed.year == 1:
        raise NotProven(
            f"{operation}: the server answers as for what it never had. Is the id right, and is zorg:url "
            f"({client.transport.settings.url}) the instance that the stack was made for? It stays in the state.",
            "If you know that it was removed, `pulumi state delete` takes it out of the state.",
        )


class _Answer(Wire):
    """An answer with a field whose name depends on the type."""

    model_config = ConfigDict(extra="allow")

    details: Details = Field(default_factory=Details)

    def field(self, name: str) -> Any:
        """Return a field; None where the answer does not have it."""
        return (self.model_extra or {}).get(name)


def management_endpoints(
    objects: str, permission: str, search: str, create: str = "write"
) -> dict[str, tuple[Endpoint, ...]]:
    """Return the endpoints of a type, which have the same form for all types.

    :param objects: the path of all objects, to which a create is sent.
    :param permission: what the permissions begin with, like ``project.grant``.
    :param search: the path of the list of an organization's objects.
    :param create: what the permission to create an object ends with.
    """
    one = f"{objects}/{{id}}"
    return {
        "create": (Endpoint("POST", objects, f"{permission}.{create}"),),
        "update": (Endpoint("PUT", one, f"{permission}.write"),),
        "deactivate": (Endpoint("POST", f"{one}/_deactivate", f"{permission}.write"),),
        "reactivate": (Endpoint("POST", f"{one}/_reactivate", f"{permission}.write"),),
        "remove": (Endpoint("DELETE", one, f"{permission}.delete"),),
        "read": (Endpoint("GET", one, f"{permission}.read"),),
        "search": (Endpoint("POST", search, f"{permission}.read"),),
    }


class ManagementCalls(Calls[AnyInputs, AnyRecord]):
    """The operations as the management API (v1) has them. Each call names the object's organization in the header.

    A type adds those of v2, for servers without v1, by ``v2`` and ``lists_v2``.
    """

    #: The endpoint of each operation, and ``search``, the list of an organization's objects. See :func:`management_endpoints`.
    v1: ClassVar[Mapping[str, tuple[Endpoint, ...]]]
    record: type[AnyRecord]
    #: The field of the answer to a read that has the object, and the field of the answer to a create that has its id.
    shown_as: ClassVar[str]
    created_as: ClassVar[str] = "id"
    #: The properties by which a read by id is verified: servers do not look at all ids in a path.
    verified_by: ClassVar[tuple[str, ...]] = ("org_id",)
    #: The calls of v2 that change an object's state and that remove it, by action.
    switches_v2: ClassVar[Mapping[str, Endpoint]] = {}
    #: The preconditions of a create and an update, as a sentence.
    hint: ClassVar[str] = ""

    @cached_property
    def implementations(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        switches = {action: partial(self._switch, action, verb) for action, verb in SWITCHES.items()}
        return {
            name: (Implementation(endpoints, switches.get(name) or getattr(self, f"_{name}")), *self.v2.get(name, ()))
            for name, endpoints in self.v1.items()
        }

    @cached_property
    def v2(self) -> Mapping[str, Sequence[Implementation[Any]]]:
        """The implementations in v2 by the operations' names. v1 comes first: its reads by id see the last write."""
        return {
            action: (Implementation((endpoint,), partial(self._switch_v2, action, endpoint), Proves.ID),)
            for action, endpoint in self.switches_v2.items()
        }

    @cached_property
    def lists(self) -> Sequence[Implementation[Sequence[AnyRecord]]]:
        """The implementations of the list of an organization's objects: that of v1, and those of v2."""
        return (Implementation(self.v1["search"], self._list), *self.lists_v2)

    @cached_property
    def lists_v2(self) -> Sequence[Implementation[Sequence[AnyRecord]]]:
        """Those of v2. They take the queries of v1."""
        return ()

    def named_v2(self, id: str, inputs: AnyInputs) -> dict[str, Any]:
        """Return what names an object in the body of a call of v2."""
        return {"id": id}

    def path(self, id: str, known: Mapping[str, Any]) -> dict[str, str]:
        """Return the ids in the paths of the calls about an object."""
        return {"id": id}

    def body(self, inputs: AnyInputs) -> dict[str, Any]:
        """Return the body of an update."""
        raise NotImplementedError

    def create_body(self, inputs: AnyInputs) -> dict[str, Any]:
        """Return the body of a create."""
        return self.body(inputs)

    def creating(self, inputs: AnyInputs) -> str:
        """Return what a create is, as the beginning of a sentence."""
        return f"Creating a {self.record.noun} in organization {clean(_org_id(inputs))}"

    def list_organization(self, client: Client, org_id: str, at_most: int | None = None) -> Sequence[AnyRecord]:
        return self.list(client, org_id, at_most=at_most)

    def list(
        self, client: Client, org_id: str, *queries: dict[str, Any], at_most: int | None = None
    ) -> Sequence[AnyRecord]:
        """Return the objects in an organization that the queries find. The list may lag."""
        return client.operations.first(self.lists, client, org_id, *queries, at_most=at_most)

    def _list(
        self, client: Client, org_id: str, *queries: dict[str, Any], at_most: int | None = None
    ) -> Sequence[AnyRecord]:
        # A server that ignores the header lists another organization's objects.
        found = self.pages(client, org_id, self.v1["search"][0], *queries, at_most=at_most)
        return [each for each in found if each.org_id == org_id]

    def pages(
        self, client: Client, org_id: str, endpoint: Endpoint, *queries: dict[str, Any], at_most: int | None = None
    ) -> Sequence[AnyRecord]:
        """Return what a search finds that names the organization in the header."""
        operation = f"Listing the {self.record.noun}s of organization {clean(org_id)}"
        return ObjectList(endpoint, self.record).all(client.transport, operation, *queries, org=org_id, at_most=at_most)

    def write(
        self, client: Client, action: str, verb: str, id: str, inputs: AnyInputs, body: dict[str, Any] | None = None
    ) -> None:
        """Make one change of the object."""
        org_id, ids = _org_id(inputs), self.path(id, vars(inputs))
        hint = self.hint if action == "update" else ""
        client.write(self.v1[action][0], self.operation(verb, id, org_id), org=org_id, body=body, hint=hint, ids=ids)

    def _read(self, client: Client, id: str, address: Address) -> AnyRecord:
        """Return the object as a read by its id shows it.

        :raises AnotherObject: where it belongs to something else than its address says.
        :raises InputError: where the address lacks what the calls need.
        """
        known = self.known(id, address)
        operation = self.operation("Reading", id, known["org_id"])
        ids = self.path(id, known)
        answer = client.read(_Answer, self.v1["read"][0], operation, org=known["org_id"], ids=ids)
        record = parse(self.record, answer.field(self.shown_as), operation)
        check_id(record.id, id, record.noun, operation)
        self.verify(record, known)
        return record

    def known(self, id: str, address: Address, *more: str) -> Mapping[str, str]:
        """Return the ids of an address, which has all that a read is verified by.

        :param more: other ids that it must have.
        :raises InputError: where it lacks one.
        """
        missing = next((name for name in (*self.verified_by, *more) if name not in address.ids), None)
        if missing is not None:
            raise InputError(f"The {self.record.noun} {clean(id)}", missing, "is missing in the state")
        return address.ids

    def verify(self, record: AnyRecord, known: Mapping[str, Any]) -> None:
        """Verify that an object belongs to what its address names.

        :raises AnotherObject: where it belongs to something else.
        """
        shown = {**vars(record), "org_id": record.org_id}
        for name in self.verified_by:
            if shown[name] != known[name]:
                raise AnotherObject(
                    f"The {record.noun} {clean(record.id)} has {name} {clean(shown[name])}, not {clean(known[name])}; "
                    f"correct {name}."
                )

    def _create(self, client: Client, inputs: AnyInputs) -> str:
        org_id, operation = _org_id(inputs), self.creating(inputs)
        endpoint, body, ids = self.v1["create"][0], self.create_body(inputs), self.path("", vars(inputs))
        hint = self.hint or (
            "" if inputs.chosen_id is None else f"{CHOSEN_ID} must not be the id of another {inputs.id_space}."
        )
        answer = client.change(_Answer, endpoint, operation, org=org_id, body=body, hint=hint, ids=ids)
        created = answer.field(self.created_as)
        if not isinstance(created, str) or not created:
            raise UnexpectedAnswer(f"{operation}: the answer has no id, so it is not ZITADEL's.")
        check_owner(answer.details, org_id, operation)
        return check_chosen(created, inputs, operation)

    def _update(self, client: Client, id: str, inputs: AnyInputs, changed: Collection[str]) -> None:
        self.write(client, "update", "Changing", id, inputs, self.body(inputs))

    def _switch(
        self, action: str, verb: str, client: Client, id: str, inputs: AnyInputs, changed: Collection[str]
    ) -> None:
        self.write(client, action, verb, id, inputs)

    def _switch_v2(
        self, action: str, endpoint: Endpoint, client: Client, id: str, inputs: AnyInputs, changed: Collection[str]
    ) -> None:
        operation, named = self.operation(SWITCHES[action], id, _org_id(inputs)), self.named_v2(id, inputs)
        if action == "remove":
            remove_by_v2(client, endpoint, operation, named)
        else:
            client.change(Wire, endpoint, operation, body=named)

    def _search(self, client: Client, inputs: AnyInputs) -> Sequence[AnyRecord]:
        raise NotImplementedError

    def operation(self, verb: str, id: str, org_id: str) -> str:
        """Return what a call about an object is for, as the beginning of a sentence."""
        return f"{verb} {self.record.noun} {clean(id)} in organization {clean(org_id)}"


@contextmanager
def needs_for_chosen_id(client: Client, service: ApiService, inputs: Inputs) -> Iterator[None]:
    """Explain the error of a server without the service of the API that takes an id of the program's choosing.

    :raises InputError: where the server does not have it. Nothing was created then.
    """
    try:
        yield
    except (NotFound, UnexpectedAnswer):
        if has_service(client.transport, service):
            raise
        lacks = f"needs {service.name}, a part of ZITADEL's API that this server does not have"
        raise InputError(
            f"The new {inputs.noun}", CHOSEN_ID, f"{lacks}: leave {CHOSEN_ID} out, or upgrade the server"
        ) from None


def check_chosen(created: str, inputs: Inputs, operation: str) -> str:
    """Return the id of a new object, which is the one that the program chooses, if it does.

    :raises InputError: where the server has chosen another one: an older server ignores what it does not know.
    """
    if inputs.chosen_id in (None, created):
        return created
    reason = (
        f"is ignored by this server ({operation}): the new {inputs.noun} has the id {clean(created)}, and nothing else was done to it. "
        f"To go on with that {inputs.noun}, leave {CHOSEN_ID} out and set adopt=True. Or remove it, and upgrade the server"
    )
    raise InputError(f"The new {inputs.noun}", CHOSEN_ID, reason)


def _org_id(inputs: Any) -> str:
    return str(inputs.org_id)

"""The calls of ZITADEL's management API (v1) that all types in an organization make in the same way."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import ConfigDict, Field

from pulumi_zorg.api.client import Client, check_owner
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.pages import all_pages, v1_query
from pulumi_zorg.api.records import Details, ListDetails, ObjectRecord, Wire, check_id, parse
from pulumi_zorg.errors import InputError, NotProven, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.resource_type import AnyInputs, Calls
from pulumi_zorg.world.observed import Address

__all__ = ["ManagementCalls", "management_endpoints"]

Record = TypeVar("Record", bound=ObjectRecord)


class _Page(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[dict[str, Any], ...] = ()


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


class ManagementCalls(Calls[AnyInputs], Generic[AnyInputs, Record]):
    """Each call names the object's organization in the header.

    ``endpoints`` has the actions of :class:`Calls`, and ``search``, the list of an organization's objects.
    """

    record: type[Record]
    #: The field of the answer to a read that has the object, and the field of the answer to a create that has its id.
    shown_as: ClassVar[str]
    created_as: ClassVar[str] = "id"
    #: The properties by which a read by id is verified: servers do not look at all ids in a path.
    verified_by: ClassVar[tuple[str, ...]] = ("org_id",)
    #: What must be so for a create to succeed, as a sentence.
    hint: ClassVar[str] = ""

    def path(self, id: str, known: Mapping[str, Any]) -> dict[str, str]:
        """Return the ids in the paths of the calls about an object."""
        return {"id": id}

    def body(self, inputs: AnyInputs) -> dict[str, Any]:
        """Return the body of an update."""
        raise NotImplementedError

    def create_body(self, inputs: AnyInputs) -> dict[str, Any]:
        """Return the body of a create."""
        return self.body(inputs)

    def read(self, client: Client, id: str, address: Address) -> Record:
        """Return the object as a read by its id shows it.

        :raises NotProven: where it belongs to something else than its address says.
        :raises InputError: where the address lacks what the calls need.
        """
        missing = next((name for name in self.verified_by if name not in address.ids), None)
        if missing is not None:
            raise InputError(f"The {self.record.noun} {clean(id)}", missing, "is missing in the state")
        known = address.ids
        operation = self._operation("Reading", id, known["org_id"])
        ids = self.path(id, known)
        answer = client.read(_Answer, self.endpoints["read"][0], operation, org=known["org_id"], ids=ids)
        record = parse(self.record, answer.field(self.shown_as), operation)
        check_id(record.id, id, record.noun, operation)
        shown = {**record.properties(), "org_id": record.org_id}
        for name in self.verified_by:
            if shown[name] != known[name]:
                raise NotProven(
                    f"The {record.noun} {clean(id)} has {name} {clean(shown[name])}, not {clean(known[name])}; "
                    f"correct {name}."
                )
        return record

    def create(self, client: Client, inputs: AnyInputs) -> str:
        org_id, ids = _org_id(inputs), self.path("", vars(inputs))
        operation = f"Creating a {self.record.noun} in organization {clean(org_id)}"
        body = self.create_body(inputs)
        answer = client.change(
            _Answer, self.endpoints["create"][0], operation, org=org_id, body=body, hint=self.hint, ids=ids
        )
        created = answer.field(self.created_as)
        if not isinstance(created, str) or not created:
            raise UnexpectedAnswer(f"{operation}: the answer has no id, so it is not ZITADEL's.")
        check_owner(answer.details, org_id, operation)
        return created

    def update(self, client: Client, id: str, inputs: AnyInputs, changed: Collection[str]) -> None:
        self.write(client, "update", "Changing", id, inputs, self.body(inputs))

    def deactivate(self, client: Client, id: str, inputs: AnyInputs) -> None:
        self.write(client, "deactivate", "Deactivating", id, inputs)

    def reactivate(self, client: Client, id: str, inputs: AnyInputs) -> None:
        self.write(client, "reactivate", "Reactivating", id, inputs)

    def remove(self, client: Client, id: str, inputs: AnyInputs) -> None:
        self.write(client, "remove", "Removing", id, inputs)

    def list_organization(self, client: Client, org_id: str, at_most: int | None = None) -> Sequence[Record]:
        return self.list(client, org_id, at_most=at_most)

    def list(
        self, client: Client, org_id: str, *queries: dict[str, Any], at_most: int | None = None
    ) -> Sequence[Record]:
        """Return the objects in an organization that the queries find. The list may lag."""
        # A server that ignores the header lists another organization's objects.
        return [
            each
            for each in self.pages(client, org_id, self.endpoints["search"][0], *queries, at_most=at_most)
            if each.org_id == org_id
        ]

    def pages(
        self, client: Client, org_id: str, endpoint: Endpoint, *queries: dict[str, Any], at_most: int | None = None
    ) -> Sequence[Record]:
        """Return what a search finds that names the organization in the header."""
        operation = f"Listing the {self.record.noun}s of organization {clean(org_id)}"

        def page(offset: int) -> tuple[int, list[Record]]:
            found = client.read(
                _Page, endpoint, operation, org=org_id, body={"query": v1_query(offset), "queries": queries}
            )
            return found.details.total_result, [parse(self.record, each, operation) for each in found.result]

        return all_pages(page, operation, at_most)

    def write(
        self, client: Client, action: str, verb: str, id: str, inputs: AnyInputs, body: dict[str, Any] | None = None
    ) -> None:
        """Make one change of the object."""
        org_id, ids = _org_id(inputs), self.path(id, vars(inputs))
        client.write(
            self.endpoints[action][0], self._operation(verb, id, org_id), org=org_id, body=body, hint=self.hint, ids=ids
        )

    def _operation(self, verb: str, id: str, org_id: str) -> str:
        return f"{verb} {self.record.noun} {clean(id)} in organization {clean(org_id)}"


def _org_id(inputs: Any) -> str:
    return str(inputs.org_id)

"""ZITADEL's answers as typed records. Names are snake_case here and camelCase only on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import AfterValidator, AliasPath, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_zorg.errors import DOCTOR, UnexpectedAnswer, clean

NonEmpty = Annotated[str, Field(min_length=1)]


class Wire(BaseModel):
    """The base of all records: unknown fields are newer than this release and are passed over.

    A default that is a record is made by a ``default_factory``. An instance in the class body builds pydantic's schema when the
    module is imported.
    """

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True, defer_build=True
    )


class Details(Wire):
    """Who owns an object, and when it was created (``zitadel.v1.ObjectDetails``)."""

    creation_date: datetime | None = None
    resource_owner: str = ""


class ListDetails(Wire):
    """How many objects match, whatever a page shows (``zitadel.v1.ListDetails``, ``zitadel.filter.v2.PaginationResponse``)."""

    total_result: int = 0


def states_of(prefix: str, *neither: str) -> Mapping[str, bool | None]:
    """Return the states of an object that can be active and inactive.

    :param prefix: what the names of the states begin with, like ``ORG_STATE``.
    :param neither: the rest of the names of the states that are neither active nor inactive, like ``LOCKED``.
    """
    return {f"{prefix}_ACTIVE": True, f"{prefix}_INACTIVE": False, **{f"{prefix}_{each}": None for each in neither}}


class ObjectRecord(Wire):
    """An object that a resource can manage, as the API shows it."""

    #: What the object is called in a sentence.
    noun: ClassVar[str]
    #: Its states by their names: whether the object is active in a state, or None for a state that is neither active nor inactive.
    #: Empty for an object that has no states: it exists or it does not.
    states: ClassVar[Mapping[str, bool | None]]

    #: Whether only the object's events show it: reads and lists of the server do not.
    is_phantom: ClassVar[bool] = False
    #: The fields that are properties of the resource, besides the flag and the state.
    shown: ClassVar[tuple[str, ...]]

    id: NonEmpty
    details: Details
    state: str = ""

    @property
    def active(self) -> bool | None:
        """Whether the object is active; None in a state that is neither active nor inactive.

        :raises UnexpectedAnswer: for a state that this release does not know.
        """
        if self.state not in self.states:
            raise UnexpectedAnswer(
                f"The state of {self.noun} {self.id} is {clean(self.state)!r}, which this release does not know; nothing was done "
                "with it.",
                may_have_applied=False,
            )
        return self.states[self.state]

    @property
    def org_id(self) -> str:
        """The organization in which the object was made: its resource owner."""
        return self.details.resource_owner

    @property
    def removed_with(self) -> frozenset[str] | None:
        """The organizations of its parents, with which it is removed; None where this does not show all of them."""
        return None

    @property
    def warning(self) -> str | None:
        """What the user should know about the object, as a sentence."""
        return None

    def properties(self) -> dict[str, Any]:
        """Return the object's properties, in the state's form. Reads by id and lists both use it.

        ``active`` is left out in a state that is neither active nor inactive, and of an object without states.

        :raises UnexpectedAnswer: for a state that this release does not know.
        """
        names = (*self.shown, "active", "state") if self.states else self.shown
        values = {name: getattr(self, name) for name in names}
        if values.get("active", True) is None:
            del values["active"]
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}


class OrganizationRecord(ObjectRecord):
    """An organization as ``GET /management/v1/orgs/me`` shows it. A removed one is still shown, without a state."""

    noun = "organization"
    states = states_of("ORG_STATE")
    shown = ("name", "primary_domain")

    # The v2 API has longer names of the states.
    state: Annotated[str, AfterValidator(lambda state: state.replace("ORGANIZATION_", "ORG_"))] = ""
    name: str = ""
    primary_domain: str = ""
    #: Whether the answer to a call that names it in the header shows it, which proves that the header arrives.
    by_header: bool = False

    @property
    def removed(self) -> bool:
        """Whether the record has the form that a removed organization is shown in."""
        return self.state in ("", "ORG_STATE_UNSPECIFIED", "ORG_STATE_REMOVED")


class UserRecord(Wire):
    """Who the caller is, as ``GET /auth/v1/users/me`` shows it."""

    id: NonEmpty
    details: Details
    user_name: str = ""


#: Role keys, sorted and each once: neither order nor repetition means anything.
RoleKeys = Annotated[tuple[str, ...], AfterValidator(lambda keys: tuple(sorted(set(keys))))]


class _Editor(Wire):
    user_id: str = ""
    display_name: str = ""


class _Aggregate(Wire):
    id: NonEmpty
    type: str = Field(validation_alias=AliasPath("type", "type"))
    resource_owner: str = ""


class Event(Wire):
    """An event of ZITADEL's event store, as ``POST /admin/v1/events/_search`` shows it."""

    #: Its type, like ``org.removed``.
    kind: str = Field(validation_alias=AliasPath("type", "type"))
    aggregate: _Aggregate
    editor: _Editor = Field(default_factory=_Editor)
    sequence: int = 0
    creation_date: datetime
    payload: dict[str, Any] = {}

    @property
    def by(self) -> str | None:
        """The name of the user who made it, or else that user's id; None where the event has neither."""
        return self.editor.display_name or self.editor.user_id or None


class ObjectCreated(Wire):
    """The answer to a create, whatever the id is called in it."""

    id: NonEmpty
    details: Details


Record = TypeVar("Record", bound=Wire)


def parse(model: type[Record], answer: Any, operation: str, inside: str = "") -> Record:
    """Return an answer as a record.

    :param inside: the field of the answer that has the record; empty for the answer itself.
    :param operation: what was attempted, as the beginning of a sentence.
    :raises UnexpectedAnswer: where the answer has another format: it is empty, or a gateway wrote it.
    """
    try:
        return model.model_validate(answer.get(inside) if inside else answer)
    except ValidationError as error:
        parts = [[*filter(None, [inside]), *map(str, item["loc"])] for item in error.errors()[:3]]
        where = ", ".join(".".join(each) or "all of it" for each in parts)
    raise UnexpectedAnswer(
        f"{operation}: the answer has an unexpected format (fields: {where}). "
        f"Check zorg:url, and what is in front of the server. {DOCTOR}"
    )


def check_id(shown: str, id: str, noun: str, operation: str) -> None:
    """Verify that the answer to a read by id is about the requested object.

    :param noun: what the object is called in a sentence.
    :raises UnexpectedAnswer: where it is about another one.
    """
    if shown != id:
        raise UnexpectedAnswer(f"{operation}: the answer is about {noun} {clean(shown)}.", may_have_applied=False)

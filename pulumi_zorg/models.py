"""What ZITADEL says, as typed records. Names are snake_case here and camelCase only on the wire."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from pulumi_zorg.errors import UnexpectedAnswer, clean

__all__ = [
    "Authorization",
    "Details",
    "Event",
    "ObjectCreated",
    "OrganizationRecord",
    "PhantomGrantRecord",
    "UserGrantRecord",
    "UserRecord",
    "Wire",
    "parse",
]

NonEmpty = Annotated[str, Field(min_length=1)]


class Wire(BaseModel):
    """The base of all records: unknown fields are newer than this release and are passed over."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, extra="ignore", frozen=True)


class Details(Wire):
    """Who owns an object, and when it changed (``zitadel.v1.ObjectDetails``)."""

    sequence: int = 0
    creation_date: datetime | None = None
    change_date: datetime | None = None
    resource_owner: str = ""


class OrganizationRecord(Wire):
    """An organization as ``GET /management/v1/orgs/me`` shows it. A removed one is still shown, without a state."""

    id: NonEmpty
    details: Details
    state: str = ""
    name: str = ""
    primary_domain: str = ""

    @property
    def removed(self) -> bool:
        """Whether the record has the form that a removed organization is shown in."""
        return self.state in ("", "ORG_STATE_UNSPECIFIED", "ORG_STATE_REMOVED")

    @property
    def active(self) -> bool:
        """Whether the organization is active.

        :raises UnexpectedAnswer: for a state that this release does not know.
        """
        return _is_active(self.state, "ORG_STATE", f"organization {self.id}")


class UserGrantRecord(Wire):
    """A user grant (authorization) as ``GET /management/v1/users/{userId}/grants/{grantId}`` shows it."""

    id: NonEmpty
    details: Details
    state: str = ""
    user_id: NonEmpty
    project_id: NonEmpty
    project_grant_id: str = ""
    role_keys: tuple[str, ...] = ()

    @property
    def org_id(self) -> str:
        """The organization in which the grant was made: its resource owner, not the user's organization."""
        return self.details.resource_owner

    @property
    def active(self) -> bool:
        """Whether the grant is active.

        :raises UnexpectedAnswer: for a state that this release does not know.
        """
        return _is_active(self.state, "USER_GRANT_STATE", f"user grant {self.id}")


class PhantomGrantRecord(UserGrantRecord):
    """A user grant that the event store has, while reads and lists of the server do not show it."""


class _Reference(Wire):
    id: NonEmpty
    organization_id: str = ""


class _Role(Wire):
    key: str


class Authorization(Wire):
    """A user grant as ``AuthorizationService`` lists it. It does not name the project grant."""

    id: NonEmpty
    state: str = ""
    user: _Reference
    project: _Reference
    organization: _Reference
    roles: tuple[_Role, ...] = ()
    creation_date: datetime | None = None

    def as_user_grant(self) -> UserGrantRecord:
        """Return the record in the form of the management API, without a project grant."""
        return UserGrantRecord(
            id=self.id,
            details=Details(creation_date=self.creation_date, resource_owner=self.organization.id),
            state=f"USER_GRANT_{self.state}",
            user_id=self.user.id,
            project_id=self.project.id,
            role_keys=tuple(role.key for role in self.roles),
        )


class UserRecord(Wire):
    """Who the caller is, as ``GET /auth/v1/users/me`` shows it."""

    id: NonEmpty
    details: Details
    user_name: str = ""


class _EventType(Wire):
    type: str


class _Editor(Wire):
    user_id: str = ""
    display_name: str = ""


class _Aggregate(Wire):
    id: NonEmpty
    type: _EventType
    resource_owner: str = ""


class Event(Wire):
    """An event of ZITADEL's event store, as ``POST /admin/v1/events/_search`` shows it."""

    type: _EventType
    aggregate: _Aggregate
    editor: _Editor = _Editor()
    sequence: int = 0
    creation_date: datetime
    payload: dict[str, Any] = {}

    @property
    def kind(self) -> str:
        """The event's type, like ``org.removed``."""
        return self.type.type


class ObjectCreated(Wire):
    """The answer to a create, whatever the id is called in it."""

    id: NonEmpty
    details: Details


def _is_active(state: str, prefix: str, what: str) -> bool:
    if state == f"{prefix}_ACTIVE":
        return True
    if state == f"{prefix}_INACTIVE":
        return False
    raise UnexpectedAnswer(
        f"The state of {what} is {clean(state)!r}, which this release does not know; nothing was done with it.",
        may_have_applied=False,
    )


Record = TypeVar("Record", bound=Wire)


def parse(model: type[Record], answer: Any, operation: str) -> Record:
    """``answer`` as a record.

    :param operation: what was attempted, as the beginning of a sentence.
    :raises UnexpectedAnswer: where something else came: an empty object, a gateway's own words.
    """
    try:
        return model.model_validate(answer)
    except ValidationError as error:
        where = ", ".join(".".join(str(part) for part in item["loc"]) or "all of it" for item in error.errors()[:3])
    raise UnexpectedAnswer(
        f"{operation}: the answer is not what ZITADEL says to that (wrong: {where}). "
        "Check zorg:url, and what stands in front of the server."
    )

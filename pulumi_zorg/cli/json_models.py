"""The JSON that ``zorg drift``, ``zorg preview-guard`` and ``zorg doctor`` print. docs/schemas has the JSON schemas of these models.

A new field does not change the name of the format (``schema``). A field that is removed, or whose meaning changes, does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timezone
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from pulumi_zorg.engine import state

__all__ = [
    "DOCTOR_FORMAT",
    "DRIFT_FORMAT",
    "PREVIEW_FORMAT",
    "Change",
    "DoctorReport",
    "Drift",
    "DriftReport",
    "Effect",
    "Finding",
    "Limit",
    "PreviewVerdict",
    "SharedObject",
    "Unknown",
    "Unmanaged",
    "as_json_text",
    "as_shared",
    "json_schema",
    "timestamp",
]

DRIFT_FORMAT = "zorg-drift/1"
PREVIEW_FORMAT = "zorg-preview/1"
DOCTOR_FORMAT = "zorg-doctor/1"

#: A time in UTC.
Timestamp = Annotated[str, Field(json_schema_extra={"format": "date-time"})]


class _Model(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True, use_attribute_docstrings=True, json_schema_serialization_defaults_required=True
    )


class SharedObject(_Model):
    """An object that more than one resource of the state manages."""

    type: str
    id: str
    urns: list[str]
    """The resources. The same URN twice means that one of the two is pending deletion."""
    error: str
    """What is wrong, and the way out."""


class Change(_Model):
    """A property that differs."""

    property: str
    recorded: Any
    """The value in the state; "[secret]" for a secret property."""
    live: Any
    """The value on the instance; "[secret]" for a secret property."""
    when: Timestamp | None
    """The time of the change; null where it is not known."""
    by: str | None
    """The user who made the change; null where it is not known."""
    why: str | None
    """What is wrong with the live value, where it can be the same as in the state: a role that the project does not have."""
    lost: str | None = None
    """Of a change of `active` that ZITADEL accepted and lost, what that means and how to repair it: reads show `live`, and the
    last event says otherwise. Else null."""


class Drift(_Model):
    """A resource whose object differs from the state, was removed, or is not shown by ZITADEL."""

    urn: str
    type: str
    id: str
    removed: bool
    proof: str | None
    """What proves the removal; null where the object exists."""
    changes: list[Change]
    """The properties that differ; none where the object was removed."""
    when: Timestamp | None
    """The time of the newest change or of the removal; null where it is not known."""
    by: str | None
    """The user who made it; null where it is not known."""
    phantom: str | None = None
    """Of an object that exists while reads and lists of ZITADEL do not show it, what that means and how to repair it. Else
    null."""


class Unmanaged(_Model):
    """An object that exists, and that no resource of the stack manages."""

    type: str
    id: str
    # Newer versions of pydantic write this by themselves.
    properties: Annotated[dict[str, Any], Field(json_schema_extra={"additionalProperties": True})]
    """The inputs and outputs that a resource of this type would have."""
    when: Timestamp | None
    """The time of its creation; null where it is not known."""
    by: str | None
    """The user who created it; null where it is not known."""


class Unknown(_Model):
    """An object that could not be compared."""

    urn: str | None
    """The resource; null where no resource of the stack manages the object."""
    type: str
    id: str
    why: str


class DriftReport(_Model):
    """The output of `zorg drift --format json`."""

    format: Annotated[str, Field(alias="schema", json_schema_extra={"const": DRIFT_FORMAT})] = DRIFT_FORMAT
    """The name of this format."""
    stack: str
    in_sync: bool | None
    """Null where something is unknown or shared. Exit codes: true 0, false 7, null 1."""
    drifted: list[Drift]
    unmanaged: list[Unmanaged] | None
    """Null without `--unmanaged`."""
    unknown: list[Unknown]
    shared: list[SharedObject]


class Limit(_Model):
    """How often something may happen, and how often it would."""

    option: str
    """The option that sets the limit, like `--max-remove`. `--max-losing-access` counts people and service accounts."""
    most: int | None
    """The limit; null where none was given."""
    found: int
    """How often it would happen."""
    along: int
    """How many of `found` have no step of their own: they are removed along with another object."""
    uncounted: str | None
    """Why there may be more than `found`; null where all are counted."""
    exceeded: bool


class Effect(_Model):
    """A planned change that a reviewer should read a sentence about."""

    urn: str
    type: str
    id: str | None
    """Null where it is not known yet."""
    op: Literal["create", "update", "delete", "replace", "pending"]
    """The planned operation. `pending` is a deletion that an earlier run left undone."""
    protected: bool
    """Whether a protected resource would be deleted or replaced. Only `--ignore-protect` allows that."""
    act: Literal["creates", "changes", "deactivates", "reactivates", "removes", "leaves"]
    """What happens to the object."""
    certain: bool
    """False where it is known only when the change is made."""
    gains: list[str]
    """Roles that a user grant or a project grant gives after the change and not before."""
    loses: list[str]
    """Roles that a user grant or a project grant gives, or a project has, before the change and not after."""
    users: int | None
    """Users of the organization, people and service accounts; null where they were not counted."""
    service_accounts: int | None
    """Service accounts among `users`; null where they were not counted."""
    projects: int | None
    """Projects of the organization; null where they were not counted."""
    grants: int | None
    """User grants that are removed with the object; null where they were not counted."""
    project_grants: int | None
    """Project grants that are removed with the project; null where they were not counted."""
    takes_access: bool
    """Whether it can take access from somebody, or removes the object."""
    losing_access: int | None
    """People and service accounts that lose access by it; null where that is not known."""
    sentences: list[str]


class PreviewVerdict(_Model):
    """The output of `zorg preview-guard --format json`."""

    format: Annotated[str, Field(alias="schema", json_schema_extra={"const": PREVIEW_FORMAT})] = PREVIEW_FORMAT
    """The name of this format."""
    stack: str
    exceeded: bool
    """Whether a limit is exceeded."""
    refused: bool
    """Whether a limit is exceeded, or a resource takes access away that may not. The exit code is then 7."""
    limited: bool
    """Whether a limit was set, or the resources that may take access away were given."""
    allowed: list[str] | None
    """The resources that may take access away (`--allow`, `--allow-file`), by their URNs; null where they were not given."""
    not_allowed: list[str]
    """The resources that take access away, or whose object is removed, and that are not among `allowed`."""
    protected: list[str]
    """The protected resources that would be deleted or replaced. Only `--ignore-protect` allows that."""
    limits: list[Limit]
    changes: dict[str, int]
    """How many resources of any type each operation of the engine concerns."""
    shared: list[SharedObject]
    effects: list[Effect]
    not_asked: str | None
    """Why the instance was not read for counts and names; null where it was, or did not have to be."""
    not_read: str | None
    """Why the state was not read; null where it was."""


class Finding(_Model):
    """What a check found."""

    check: str
    """The name of the check, like `address`. A check may have several findings."""
    status: Literal["ok", "warning", "error", "skipped"]
    """`error` makes `pulumi up` fail. `skipped` is a check that could not be made, because another one failed."""
    message: str
    """What is so, or what is wrong and what to do."""
    org_id: str | None
    """The organization that it is about; null for the instance, and where it is about none."""
    type: str | None
    """The resource type that it is about; null where it is about none."""
    missing: dict[str, list[str]] | None
    """The permissions that are missing, by the action that needs them. "A or B" means that one of the two is enough. Null
    where it is not about permissions."""


class DoctorReport(_Model):
    """The output of `zorg doctor --format json`."""

    format: Annotated[str, Field(alias="schema", json_schema_extra={"const": DOCTOR_FORMAT})] = DOCTOR_FORMAT
    """The name of this format."""
    healthy: bool
    """False where a finding is `error` or `skipped`. Exit codes: true 0, false 1."""
    findings: list[Finding]


#: An output of a command.
Output = DriftReport | PreviewVerdict | DoctorReport


def as_json_text(output: Output) -> str:
    """Return the text that a command prints."""
    return json.dumps(output.model_dump(by_alias=True), indent=2, ensure_ascii=False)


def json_schema(model: type[Output]) -> dict[str, Any]:
    """Return the JSON schema of a command's output."""
    schema = model.model_json_schema(by_alias=True, mode="serialization")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def as_shared(shared: Iterable[state.SharedObject]) -> list[SharedObject]:
    """Return the objects that more than one resource manages."""
    return [SharedObject(type=each.token, id=each.id, urns=list(each.urns), error=each.error) for each in shared]


def timestamp(moment: datetime | None) -> str | None:
    """Return a time in UTC, in ISO 8601 with Z."""
    return moment.astimezone(timezone.utc).isoformat().replace("+00:00", "Z") if moment else None

"""The inputs of an organization."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar

from pulumi_zorg.resource_types.inputs import CUSTOM_ID, DECISIVE, FLAG, IDS, NAME, SwitchableInputs, one_of
from pulumi_zorg.resource_types.lifecycle import NOT_ALL, NOTHING

_KINDS = one_of(NOTHING, "user_grants", "users")


def _cascade(value: Any) -> str:
    """Return what is to go along. With the option ``ignore_changes``, the engine gives what a refresh has put into the state."""
    kind: str = _KINDS["check"](value.removeprefix(NOT_ALL) if isinstance(value, str) else value)
    return kind


@dataclass(frozen=True, kw_only=True)
class OrganizationInputs(SwitchableInputs):
    """The inputs of an organization."""

    noun: ClassVar[str] = "organization"
    limit_suffix: ClassVar[str] = ""
    unique_by: ClassVar[tuple[str, ...]] = ("name",)
    id_space: ClassVar[str] = "organization"

    name: str = field(metadata=NAME)
    custom_id: str | None = field(default=None, metadata=CUSTOM_ID)
    admins: tuple[str, ...] | None = field(default=None, metadata=IDS)
    allow_lockout: bool = field(default=False, metadata=FLAG)
    cascade: str | None = field(default=None, metadata={**_KINDS, "check": _cascade, **DECISIVE})


INPUTS = OrganizationInputs

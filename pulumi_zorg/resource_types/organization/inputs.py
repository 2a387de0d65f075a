"""The inputs of an organization."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from pulumi_zorg.resource_types.inputs import FLAG, IDS, NAME, SwitchableInputs


@dataclass(frozen=True, kw_only=True)
class OrganizationInputs(SwitchableInputs):
    """The inputs of an organization."""

    unique_by: ClassVar[tuple[str, ...]] = ("name",)

    name: str = field(metadata=NAME)
    admins: tuple[str, ...] | None = field(default=None, metadata=IDS)
    allow_lockout: bool = field(default=False, metadata=FLAG)


INPUTS = OrganizationInputs

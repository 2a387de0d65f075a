"""The inputs of an organization."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_zorg.inputs import FLAG, NAME, Inputs

__all__ = ["OrganizationInputs"]


@dataclass(frozen=True, kw_only=True)
class OrganizationInputs(Inputs):
    """The inputs of an organization."""

    name: str = field(metadata=NAME)
    allow_lockout: bool = field(default=False, metadata=FLAG)

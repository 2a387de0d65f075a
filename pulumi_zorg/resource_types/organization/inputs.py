"""The inputs of an organization."""

from __future__ import annotations

from pydantic import StrictBool

from pulumi_zorg.inputs import Inputs, Name

__all__ = ["OrganizationInputs"]


class OrganizationInputs(Inputs):
    """The inputs of an organization."""

    name: Name
    allow_lockout: StrictBool = False

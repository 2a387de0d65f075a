"""All kinds of objects, by the type that they have in the state."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.providers.kind import Kind
from pulumi_zorg.providers.organization import OrganizationKind
from pulumi_zorg.providers.user_grant import UserGrantKind

__all__ = ["KINDS"]

KINDS: dict[str, Kind[Any]] = {kind.token: kind for kind in (OrganizationKind(), UserGrantKind())}

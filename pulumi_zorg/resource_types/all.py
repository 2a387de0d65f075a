"""All resource types, by the type token that they have in the state."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.resource_types.base import ResourceType
from pulumi_zorg.resource_types.organization import OrganizationType
from pulumi_zorg.resource_types.user_grant import UserGrantType

__all__ = ["RESOURCE_TYPES"]

RESOURCE_TYPES: dict[str, ResourceType[Any]] = {each.token: each for each in (OrganizationType(), UserGrantType())}

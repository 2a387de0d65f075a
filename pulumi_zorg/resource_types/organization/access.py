"""What changes of organizations do to who can get in. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pulumi_zorg.access.instance import Instance, Organization
from pulumi_zorg.resource_types.access import AccessModel, flag_of
from pulumi_zorg.resource_types.impact import active


class OrganizationAccess(AccessModel):
    """Organizations."""

    collection = "organizations"

    def as_object(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Organization:
        return Organization(id, str(properties.get("name", "")), flag_of(active(properties)))


ACCESS = OrganizationAccess()

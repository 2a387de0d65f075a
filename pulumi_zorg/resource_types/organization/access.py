"""What changes of organizations do to who can get in. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pulumi_zorg.access.instance import Instance, Kind, Organization
from pulumi_zorg.resource_types.access import AccessModel, flag_of
from pulumi_zorg.resource_types.impact import Effect, Facts, active
from pulumi_zorg.resource_types.organization.impact import LOGIN_V2


class OrganizationAccess(AccessModel):
    """Organizations."""

    collection = "organizations"
    counted: ClassVar[Mapping[str, str]] = {"users": "users", "projects": "projects", "grants": "user_grants"}

    def as_object(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Organization:
        return Organization(id, str(properties.get("name", "")), flag_of(active(properties)))

    def projects(self, instance: Instance, effect: Effect) -> Collection[str] | None:
        """Return its projects; any project where the V1 login pages may look at the organization of a user."""
        return _owned(instance, effect) if instance.login_v2 and "projects" not in instance.unlisted else None

    def reads(self, instance: Instance, effect: Effect) -> dict[str, Collection[str]]:
        return {"projects": _owned(instance, effect), "organizations": () if effect.id is None else (effect.id,)}

    def facts(self, instance: Instance, effect: Effect) -> Facts:
        facts, counts = super().facts(instance, effect), dict[str, int]()
        if effect.id is not None and instance.why_not_whole("users", effect.id) is None:
            users = [each.kind for each in instance.users.values() if each.org_id == effect.id]
            counts = {"users": len(users), "service_accounts": users.count(Kind.SERVICE_ACCOUNT)}
        if "projects" not in instance.unlisted:
            counts["projects"] = len(_owned(instance, effect))
        if instance.login_v2 is not None:
            counts[LOGIN_V2] = int(instance.login_v2)
        return replace(facts, counts={**counts, **facts.counts})


def _owned(instance: Instance, effect: Effect) -> tuple[str, ...]:
    return tuple(each.id for each in instance.projects.values() if each.org_id == effect.id)


ACCESS = OrganizationAccess()

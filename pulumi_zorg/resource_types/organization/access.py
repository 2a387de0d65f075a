"""What changes of organizations do to who can get in. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pulumi_zorg.access.changes import give_back, take_along, working_in
from pulumi_zorg.access.instance import Instance, Kind, Organization, User
from pulumi_zorg.resource_types.access import AccessModel, flag_of
from pulumi_zorg.resource_types.impact import Act, Effect, Facts, active
from pulumi_zorg.resource_types.lifecycle import NOT_ALL, NOTHING
from pulumi_zorg.resource_types.organization.impact import (
    ACCOUNTS_ALONG,
    LOGIN_V2,
    PEOPLE_ALONG,
    along,
    along_after,
    comes_back,
)


class OrganizationAccess(AccessModel):
    """Organizations."""

    collection = "organizations"
    counted: ClassVar[Mapping[str, str]] = {"users": "users", "projects": "projects", "grants": "user_grants"}

    def as_object(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Organization:
        return Organization(id, str(properties.get("name", "")), flag_of(active(properties)))

    def projects(self, instance: Instance, effect: Effect) -> Collection[str] | None:
        """Return its projects; any project where the V1 login pages may look at the organization of a user."""
        if along(effect.before) != NOTHING or along_after(effect) != NOTHING:
            return None
        return _owned(instance, effect) if instance.login_v2 and "projects" not in instance.unlisted else None

    def reads(self, instance: Instance, effect: Effect) -> dict[str, Collection[str]]:
        return {"projects": _owned(instance, effect), "organizations": () if effect.id is None else (effect.id,)}

    def facts(self, instance: Instance, effect: Effect) -> Facts:
        facts, counts = super().facts(instance, effect), dict[str, int]()
        if effect.id is not None and instance.why_not_whole("users", effect.id) is None:
            users = [each.kind for each in _users(instance, effect)]
            counts = {"users": len(users), "service_accounts": users.count(Kind.SERVICE_ACCOUNT)}
        if "projects" not in instance.unlisted:
            counts["projects"] = len(_owned(instance, effect))
        if instance.login_v2 is not None:
            counts[LOGIN_V2] = int(instance.login_v2)
        return replace(facts, counts={**counts, **self._along_counts(instance, effect), **facts.counts})

    def applied(self, instance: Instance, id: str, effect: Effect) -> Instance:
        after = super().applied(instance, id, effect)
        if effect.id is None or effect.before is None or effect.is_phantom or effect.act in (Act.LEAVES, Act.REMOVES):
            return after
        was, will = along(effect.before), along_after(effect)
        if will not in (NOTHING, was):
            after = take_along(after, effect.id, will)
        if comes_back(was, will):
            after = give_back(after, effect.id, None if was is None else was.removeprefix(NOT_ALL))
        return after

    def _along_counts(self, instance: Instance, effect: Effect) -> dict[str, int]:
        """Return how many people and service accounts are deactivated or reactivated along with it."""
        if effect.id is None or instance.why_not_whole("users", effect.id) is not None:
            return {}
        if along_after(effect) == "users":
            found = working_in(instance, effect.id)
        elif effect.id in instance.taken:
            back = instance.taken[effect.id] - {each.id for each in working_in(instance, effect.id)}
            found = [each for each in _users(instance, effect) if each.id in back]
        else:
            return {}
        accounts = sum(each.kind is Kind.SERVICE_ACCOUNT for each in found)
        return {PEOPLE_ALONG: len(found) - accounts, ACCOUNTS_ALONG: accounts}


def _users(instance: Instance, effect: Effect) -> list[User]:
    return [each for each in instance.users.values() if each.org_id == effect.id]


def _owned(instance: Instance, effect: Effect) -> tuple[str, ...]:
    return tuple(each.id for each in instance.projects.values() if each.org_id == effect.id)


ACCESS = OrganizationAccess()

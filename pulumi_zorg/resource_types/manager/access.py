"""What changes of managers do to who administers what. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pulumi_zorg.access.instance import Instance, Level, Manager, Organization, Project, ProjectGrant, User
from pulumi_zorg.resource_types.access import NOT_KNOWN_YET, AccessModel
from pulumi_zorg.resource_types.impact import SOME_ROLES, Act, Effect, Facts, Unknown
from pulumi_zorg.resource_types.manager.impact import manager_roles
from pulumi_zorg.resource_types.manager.place import PARTS, Place


class ManagerAccess(AccessModel):
    """Managers. The model has those that are changed, as the state has them: others end with what they administer."""

    collection = "managers"

    def as_object(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Manager:
        given = {name: value for name, value in properties.items() if name in PARTS and value is not None}
        known = {name: value if isinstance(value, str) else NOT_KNOWN_YET for name, value in given.items()}
        place, user_id, roles = Place.of(known), properties.get("user_id"), manager_roles(properties)
        return Manager(
            user_id if isinstance(user_id, str) else f"user of {id}",
            place.level,
            next(reversed(place.ids.values()), ""),
            (SOME_ROLES,) if isinstance(roles, Unknown) else roles,
            place.org_id,
        )

    def known(self, instance: Instance, id: str, effect: Effect) -> Instance:
        """Return the instance before a change, with what it names and no list shows."""
        found = self.as_object(instance, id, effect.properties)
        if not isinstance(effect.properties.get("user_id"), str):
            instance = instance.having("users", User(found.user_id, NOT_KNOWN_YET, name="a user that is not known yet"))
            instance = instance.having("organizations", Organization(NOT_KNOWN_YET))
        instance = _with_place(instance, found, effect.properties)
        if effect.before is None:
            return instance
        return _having(instance, self.as_object(instance, id, effect.before))

    def applied(self, instance: Instance, id: str, effect: Effect) -> Instance:
        if effect.act is Act.LEAVES:
            return instance
        if effect.before is not None and effect.after is None:
            return _having(instance, replace(self.as_object(instance, id, effect.before), roles=()))
        return _having(instance, self.as_object(instance, id, {**(effect.before or {}), **(effect.after or {})}))

    def touched(self, instance: Instance, effect: Effect) -> Instance:
        """Return what the user administers: nothing else changes."""
        return replace(instance, user_grants={})

    def facts(self, instance: Instance, effect: Effect) -> Facts:
        organization = instance.organizations.get(effect.properties.get("org_id", ""))
        named = {"org_id": organization.name} if organization is not None and organization.name else {}
        found = super().facts(instance, effect)
        return replace(found, names={**found.names, **named})

    def why_incomplete(self, instance: Instance, effect: Effect, counted: Collection[str]) -> str | None:
        return self.why_not_known(effect)  # it concerns one user


def _with_place(instance: Instance, manager: Manager, properties: Mapping[str, Any]) -> Instance:
    """Return the instance with what is administered, where no list has it: it is created in the same run, or is a project grant."""
    key, project_id = manager.object_id, properties.get("project_id")
    if manager.level is Level.ORGANIZATION and key not in instance.organizations:
        return instance.having("organizations", Organization(key))
    if manager.level is Level.PROJECT and key not in instance.projects:
        return instance.having("projects", Project(key, manager.org_id))
    if manager.level is Level.PROJECT_GRANT:
        # The lists of the model do not show the id of a project grant.
        of_project = project_id if isinstance(project_id, str) else NOT_KNOWN_YET
        return instance.having("project_grants", ProjectGrant(key, of_project, NOT_KNOWN_YET))
    return instance


def _having(instance: Instance, manager: Manager) -> Instance:
    """Return the instance with this manager, in place of the same user's on the same object."""
    others = tuple(each for each in instance.managers if each.place != manager.place or each.user_id != manager.user_id)
    return replace(instance, managers=(*others, manager) if manager.roles else others)


ACCESS = ManagerAccess()

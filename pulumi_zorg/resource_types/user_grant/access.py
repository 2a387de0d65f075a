"""What changes of user grants do to who can get in. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pulumi_zorg.access.changes import doubted
from pulumi_zorg.access.instance import Instance, Organization, Project, User, UserGrant, by_id
from pulumi_zorg.resource_types.access import NOT_KNOWN_YET, AccessModel, flag_of, named
from pulumi_zorg.resource_types.impact import SOME_ROLES, Effect, Unknown, active, role_keys


class UserGrantAccess(AccessModel):
    """User grants."""

    collection = "user_grants"

    def projects(self, instance: Instance, effect: Effect) -> Collection[str]:
        return named(effect, "project_id")

    def touched(self, instance: Instance, effect: Effect) -> Instance:
        """Return what the user has on the project."""
        user_id, project_id = (effect.properties.get(name) for name in ("user_id", "project_id"))
        if not (isinstance(user_id, str) and isinstance(project_id, str)):
            return instance
        user, project = instance.users.get(user_id), instance.projects.get(project_id)
        return replace(
            instance,
            users=by_id([user] if user else []),
            projects=by_id([project] if project else []),
            user_grants=by_id(instance.grants_on(user_id, project_id)),
        )

    def as_object(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> UserGrant:
        org_id, user_id, project_id = (str(properties.get(name)) for name in ("org_id", "user_id", "project_id"))
        keys, by = role_keys(properties), f"{project_id}:{org_id}"
        roles = () if isinstance(keys, Unknown) else keys
        by_grant = by if by in instance.project_grants else None
        return UserGrant(id, org_id, user_id, project_id, roles, flag_of(active(properties)), by_grant)

    def known(self, instance: Instance, id: str, effect: Effect) -> Instance:
        """Return the instance before a change, with a user and a project that are known only during the update."""
        user_id, project_id = self._named(id, effect.properties)
        if user_id != effect.properties.get("user_id"):
            instance = instance.having("users", User(user_id, NOT_KNOWN_YET, name="a user that is not known yet"))
        if project_id == NOT_KNOWN_YET:
            # Nobody has had access to such a project, so only user grants give some.
            made = Project(project_id, NOT_KNOWN_YET, "a project that is not known yet", role_check=True)
            instance = instance.having("projects", made)
        instance = instance.having("organizations", Organization(NOT_KNOWN_YET))
        return super().known(instance, id, effect)

    def without_secrets(self, found: UserGrant, before: Mapping[str, Any]) -> UserGrant:
        user_id, project_id = self._named(
            found.id, {"user_id": found.user_id, "project_id": found.project_id, **before}
        )
        roles = (SOME_ROLES,) if isinstance(role_keys(before), Unknown) else found.roles
        return replace(found, user_id=user_id, project_id=project_id, roles=roles)

    def create(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Instance:
        user_id, project_id = self._named(id, properties)
        found = self.as_object(instance, id, {**properties, "user_id": user_id, "project_id": project_id})
        unknown = isinstance(role_keys(properties), Unknown)
        return instance.having(self.collection, *(doubted(found, SOME_ROLES) if unknown else (found,)))

    @staticmethod
    def _named(id: str, properties: Mapping[str, Any]) -> tuple[str, str]:
        """Return the ids of a new user grant's user and project, or what stands for those that are not known yet."""
        user_id, project_id = properties.get("user_id"), properties.get("project_id")
        return (
            user_id if isinstance(user_id, str) else f"user of {id}",
            project_id if isinstance(project_id, str) else NOT_KNOWN_YET,
        )

    def update(self, instance: Instance, found: UserGrant, effect: Effect) -> Instance:
        had, has = role_keys(effect.before or {}), role_keys(effect.after or {})
        if isinstance(has, Unknown):
            return instance.having(self.collection, *doubted(found, SOME_ROLES))
        if not isinstance(had, Unknown):
            # What the program does not change stays as it is.
            kept = (each for each in found.roles if each not in had or each in has)
            has = tuple(dict.fromkeys((*kept, *(each for each in has if each not in had))))
        return instance.having(self.collection, replace(found, roles=has))


ACCESS = UserGrantAccess()

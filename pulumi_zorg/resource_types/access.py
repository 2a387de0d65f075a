"""What a planned change does to who can get in: the instance before it becomes the instance after it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pulumi_zorg.access.changes import remove
from pulumi_zorg.access.instance import Instance
from pulumi_zorg.resource_types.impact import SECRET, Act, Effect, Facts, Unknown, active

#: The end of ids that stand in the model for those that are known only during the update.
NOT_KNOWN_YET = "not known yet"


class AccessModel:
    """What the objects of one type are in the model of access (:class:`Instance`), and what a change of one does."""

    #: The collection of the instance that has them.
    collection: ClassVar[str]
    #: What is removed along with an object: the collections, by the names of their counts in :class:`Facts`.
    counted: ClassVar[Mapping[str, str]] = {}

    def model_id(self, id: str, properties: Mapping[str, Any]) -> str:
        """Return the id that an object has in its collection."""
        return id

    def as_object(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Any:
        """Return an object as its properties have it."""
        raise NotImplementedError

    def create(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Instance:
        """Return the instance with a new object. Without an override, a new object gives nobody access."""
        return instance

    def update(self, instance: Instance, found: Any, effect: Effect) -> Instance:
        """Return the instance after a change of an object, apart from its flag ``active``.

        :param found: the object as it is in the instance.
        """
        return instance

    def without_secrets(self, found: Any, before: Mapping[str, Any]) -> Any:
        """Return an object without what the state has as a secret: a report must not show it.

        :param before: the properties in the state. A value that is not known is secret there.
        """
        return replace(found, name="") if isinstance(before.get("name"), Unknown) else found

    def why_not_known(self, effect: Effect) -> str | None:
        """Return why the model cannot say who is concerned by a change; None where it can."""
        if effect.adopts and effect.act is not Act.CREATES:
            return "which object it adopts is not known"
        return "a value of it is secret" if self.has_secret(effect) else None

    def has_secret(self, effect: Effect) -> bool:
        """Whether a value is secret that decides who is concerned. A name decides nothing, and the model does not have it."""
        both = (effect.before or {}, effect.after or {})
        return any(value is SECRET for each in both for name, value in each.items() if name != "name")

    def projects(self, instance: Instance, effect: Effect) -> Collection[str] | None:
        """Return the ids of the projects to which a change may give or take access; None where it may be any project."""
        return None

    def only_of(self, instance: Instance, effect: Effect) -> Collection[str]:
        """Return the organizations whose users alone a change may concern, apart from those with user grants; none where it is any."""
        return ()

    def reads(self, instance: Instance, effect: Effect) -> dict[str, Collection[str]]:
        """Return what a change concerns, where not all of the instance is read: see :func:`pulumi_zorg.access.read.read_more`."""
        return {
            "projects": self.projects(instance, effect) or (),
            "organizations": self.only_of(instance, effect),
            "users": named(effect, "user_id"),
        }

    def touched(self, instance: Instance, effect: Effect) -> Instance:
        """Return the part of an instance that a change may change anything in."""
        return instance

    def why_incomplete(self, instance: Instance, effect: Effect, counted: Collection[str]) -> str | None:
        """Return why a change may concern more users than were counted; None where it does not.

        :param counted: the ids of those users.
        """
        reason, user_id = self.why_not_known(effect), effect.properties.get("user_id")
        # A change of what one user has, who is counted, concerns nobody else.
        if reason is not None or user_id in counted:
            return reason
        projects = self.projects(instance, effect)
        whole = [instance.why_not_whole("user_grants", each) is None for each in projects or ()]
        if user_id in instance.users and whole == [True]:
            return None
        for name, why in instance.unlisted.items():
            if name != "managers" and not (
                projects and all(self._is_whole(instance, name, each, effect) for each in projects)
            ):
                return why
        return None

    def _is_whole(self, instance: Instance, collection: str, project_id: str, effect: Effect) -> bool:
        """Whether all of a collection is there that decides who can log in to a project, before a change and after it."""
        if instance.why_not_whole("user_grants", project_id) is not None or collection in (
            "projects",
            "project_grants",
        ):
            return False
        grants = (each for each in instance.user_grants.values() if each.project_id == project_id)
        if collection == "user_grants":
            return True
        if not all(each.user_id in instance.users for each in grants):
            return False
        found, flags = instance.projects.get(project_id), (effect.before, effect.after)
        always = all(each is None or each.get("project_role_check", True) is True for each in flags)
        if found is not None and found.role_check and always:
            return True  # nobody can log in who has no user grant
        inside = self.only_of(instance, effect)
        return bool(inside) and all(instance.why_not_whole("users", each) is None for each in inside)

    def facts(self, instance: Instance, effect: Effect) -> Facts:
        """Return the counts and names that the sentences about a change show, as far as the instance has them."""
        ids = effect.properties
        user, project = instance.users.get(ids.get("user_id", "")), instance.projects.get(ids.get("project_id", ""))
        organization = instance.organizations.get(ids.get("granted_org_id", ""))
        names = {
            "user_id": user and (user.login or user.name),
            "project_id": project and project.name,
            "granted_org_id": organization and organization.name,
        }
        counts: dict[str, int] = {}
        if effect.act is Act.REMOVES and effect.id is not None and self.counted:
            after = self.applied(instance, effect.id, effect)
            counts = {
                each: len(getattr(instance, collection)) - len(getattr(after, collection))
                for each, collection in self.counted.items()
                if collection not in instance.unlisted
            }
        why = next((instance.unlisted[each] for each in self.counted.values() if each in instance.unlisted), None)
        return Facts(counts, {name: each for name, each in names.items() if each}, why)

    def known(self, instance: Instance, id: str, effect: Effect) -> Instance:
        """Return the instance before a change. An object that no list shows is there as the state has it.

        :param id: the object's id, or what stands for one that is not known yet.
        """
        if effect.id is None or effect.before is None or effect.is_phantom:
            return instance
        declared = self.as_object(instance, self.model_id(id, effect.before), effect.before)
        found = getattr(instance, self.collection).get(declared.id, declared)
        return instance.having(self.collection, self.without_secrets(found, effect.before))

    def applied(self, instance: Instance, id: str, effect: Effect) -> Instance:
        """Return the instance after a change.

        A value that is not known yet is None there, and a role that may be given or taken is one of
        :attr:`~pulumi_zorg.access.rules.Access.unsure_roles`.

        :param id: see :meth:`known`. The instance has its object.
        """
        before, after = effect.before, effect.after
        if effect.is_phantom or effect.act is Act.LEAVES:
            return instance
        if effect.id is None or before is None:
            return self.create(instance, id, after or {})
        found = getattr(instance, self.collection).get(self.model_id(id, before))
        if found is None:
            return instance  # removed along with another object of the plan
        if effect.act is Act.REMOVES:
            return remove(instance, **{self.collection: (found.id,)})
        was, flag = active(before), active(after) if after is not None else False
        if flag is not was or isinstance(flag, Unknown):
            found = replace(found, active=flag if isinstance(flag, bool) else None)
            instance = instance.having(self.collection, found)
        return instance if after is None else self.update(instance, found, effect)


def flag_of(value: Any) -> bool | None:
    """Return a flag; None where it is not known."""
    return value if isinstance(value, bool) else None


def named(effect: Effect, property: str) -> tuple[str, ...]:
    """Return the id that a property has; none where it is not known."""
    value = effect.properties.get(property)
    return (value,) if isinstance(value, str) else ()

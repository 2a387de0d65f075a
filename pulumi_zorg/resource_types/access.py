"""What a planned change does to who can get in: the instance before it becomes the instance after it. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, ClassVar

from pulumi_zorg.access.changes import remove
from pulumi_zorg.access.instance import Instance
from pulumi_zorg.resource_types.impact import Act, Effect, Unknown, active

#: The end of ids that stand in the model for those that are known only during the update.
NOT_KNOWN_YET = "not known yet"


class AccessModel:
    """What the objects of one type are in the model of access (:class:`Instance`), and what a change of one does."""

    #: The collection of the instance that has them.
    collection: ClassVar[str]

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

    def with_active(self, found: Any, active: bool | None) -> Any:
        """Return an object after it was deactivated or reactivated.

        :param active: None where it is not known which of the two.
        """
        return replace(found, active=active)

    def without_secrets(self, found: Any, before: Mapping[str, Any]) -> Any:
        """Return an object without what the state has as a secret: a report must not show it.

        :param before: the properties in the state. A value that is not known is secret there.
        """
        return replace(found, name="") if isinstance(before.get("name"), Unknown) else found

    def why_not_known(self, effect: Effect) -> str | None:
        """Return why the model cannot say who is concerned by a change; None where it can."""
        is_other = effect.adopts and effect.act is not Act.CREATES
        return "which object it adopts is not known" if is_other else None

    def why_incomplete(self, instance: Instance, effect: Effect, counted: Collection[str]) -> str | None:
        """Return why a change may concern more users than were counted; None where it does not.

        :param counted: the ids of those users.
        """
        reason = self.why_not_known(effect)
        # A change of what one user has, who is counted, concerns nobody else.
        if reason is not None or effect.properties.get("user_id") in counted:
            return reason
        return next((why for name, why in instance.unlisted.items() if name != "managers"), None)

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
            found = self.with_active(found, flag if isinstance(flag, bool) else None)
            instance = instance.having(self.collection, found)
        return instance if after is None else self.update(instance, found, effect)


def flag_of(value: Any) -> bool | None:
    """Return a flag; None where it is not known."""
    return value if isinstance(value, bool) else None

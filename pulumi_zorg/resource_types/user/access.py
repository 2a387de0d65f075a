"""What changes of people and service accounts do to who can get in. Pure: no I/O."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any

from pulumi_zorg.access.instance import Instance, Kind, User, UserState, by_id
from pulumi_zorg.resource_types.access import NOT_KNOWN_YET, AccessModel, flag_of
from pulumi_zorg.resource_types.impact import SECRET, Effect, Unknown, active

_STATES = {True: UserState.ACTIVE, False: UserState.INACTIVE}


class UserAccess(AccessModel):
    """Users of one kind. A locked one counts as one without access, who gets it back by a reactivation.

    :param kind: what they are.
    :param named_by: the property with the name that reports show.
    """

    collection = "users"

    def __init__(self, kind: Kind, named_by: str) -> None:
        self._kind, self._named_by = kind, named_by

    def as_object(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> User:
        org_id, login, name = (properties.get(each) for each in ("org_id", "user_name", self._named_by))
        return User(
            id,
            org_id if isinstance(org_id, str) else NOT_KNOWN_YET,
            _text(login),
            _text(name) or _text(login),
            self._kind,
            self._state(properties),
        )

    @staticmethod
    def _state(properties: Mapping[str, Any]) -> UserState | None:
        state, flag = str(properties.get("state", "")), flag_of(active(properties))
        for each in (UserState.LOCKED, UserState.INITIAL):
            if state == f"USER_STATE_{each.name}":
                return each
        return None if flag is None else _STATES[flag]

    def create(self, instance: Instance, id: str, properties: Mapping[str, Any]) -> Instance:
        return instance.having(self.collection, self.as_object(instance, id, properties))

    def with_active(self, found: User, active: bool | None) -> User:
        return replace(found, state=None if active is None else _STATES[active])

    def has_secret(self, effect: Effect) -> bool:
        """Whether a value is secret that decides who is concerned, or that a sentence would show."""
        names, both = ("active", "org_id", "user_name"), (effect.before or {}, effect.after or {})
        return any(each.get(name) is SECRET for each in both for name in names)

    def reads(self, instance: Instance, effect: Effect) -> dict[str, Collection[str]]:
        return {"users": () if effect.id is None else (effect.id,)}

    def touched(self, instance: Instance, effect: Effect) -> Instance:
        """Return what the user has."""
        users = [each for each in (instance.users.get(effect.id or ""),) if each is not None]
        grants = [each for each in instance.user_grants.values() if each.user_id == effect.id]
        return replace(instance, users=by_id(users), user_grants=by_id(grants))

    def without_secrets(self, found: User, before: Mapping[str, Any]) -> User:
        hidden = [each for each in ("user_name", self._named_by) if isinstance(before.get(each), Unknown)]
        return replace(found, login="", name="") if hidden else found

    def why_incomplete(self, instance: Instance, effect: Effect, counted: Collection[str]) -> str | None:
        # A change of a user who is counted concerns nobody else.
        return self.why_not_known(effect) if effect.id in counted else super().why_incomplete(instance, effect, counted)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""

"""What a planned change would do to people, in sentences. Pure: no I/O.

:mod:`pulumi_zorg.providers.preview_impact` reads counts and names from the instance; the sentences do without them too.
A user grant is judged by its effective roles: its role keys while it is active, else none.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from pulumi_zorg.errors import clean
from pulumi_zorg.tokens import ORGANIZATION, USER_GRANT

__all__ = [
    "SECRET",
    "UNKNOWN",
    "Act",
    "Effect",
    "Facts",
    "Planned",
    "Unknown",
    "effect_of",
    "mask_unknowns",
    "sentences",
]


class Unknown(Enum):
    """A value that cannot be shown: it is known only when the change is made, or it is secret."""

    UNKNOWN = "unknown"
    SECRET = "secret"  # noqa: S105 - no secret, but the mark of one


UNKNOWN: Final = Unknown.UNKNOWN
SECRET: Final = Unknown.SECRET
_SOME_ROLES, _SECRET_ROLES = "roles that are not known yet", "roles that are secret"


def mask_unknowns(properties: Mapping[str, Any], is_unknown: Callable[[Any], bool]) -> dict[str, Any]:
    """Return the properties without None, and with :data:`UNKNOWN` for each value or list item that ``is_unknown``."""

    def masked(value: Any) -> Any:
        if is_unknown(value):
            return UNKNOWN
        return [masked(each) for each in value] if isinstance(value, list | tuple) else value

    return {name: masked(value) for name, value in properties.items() if value is not None}


@dataclass(frozen=True)
class Planned:
    """One object before and after a planned change.

    :param id: None where it is not known yet.
    :param before: its properties in the state's form; None where the change creates it.
    :param after: the same; None where the change deletes it.
    """

    type: str
    id: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None

    @property
    def adopts(self) -> bool:
        """Whether the create takes over an object that exists, if one does."""
        return self.before is None and self.after is not None and self.after.get("adopt") not in (None, False)

    def unresolved(self) -> Planned:
        """The adoption of an object that nobody has read: it may be active or not, and have any roles."""
        after = self.after or {}
        return replace(
            self, before={**after, "active": UNKNOWN, **({"role_keys": UNKNOWN} if "role_keys" in after else {})}
        )


class Act(str, Enum):
    """What happens to the object."""

    CREATES = "creates"
    CHANGES = "changes"
    DEACTIVATES = "deactivates"
    REACTIVATES = "reactivates"
    REMOVES = "removes"
    LEAVES = "leaves"


@dataclass(frozen=True)
class Effect:
    """What a planned change would do.

    :param properties: the object as it is, or as it is to be created.
    :param gains: the roles that a user grant gives after the change and not before.
    :param loses: the roles that it gives before the change and not after.
    :param maybe: whether this is known only when the change is made.
    """

    type: str
    id: str | None
    act: Act
    properties: Mapping[str, Any]
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    maybe: bool = False

    @property
    def is_significant(self) -> bool:
        """Whether a reviewer should read a sentence about it."""
        ends = self.act in (Act.DEACTIVATES, Act.REMOVES)
        if self.type == ORGANIZATION:
            return ends or self.act is Act.REACTIVATES
        return ends or bool(self.gains or self.loses)

    def hiding(self, names: Collection[str]) -> Effect:
        """Return the same effect, without the values of these properties."""
        properties = {**self.properties, **{name: SECRET for name in names if name in self.properties}}
        if "role_keys" not in names:
            return replace(self, properties=properties)
        gains, loses = ((_SECRET_ROLES,) if roles else () for roles in (self.gains, self.loses))
        return replace(self, properties=properties, gains=gains, loses=loses)


@dataclass(frozen=True)
class Facts:
    """Counts and names from the instance; None where one could not be read.

    :param users: how many users the organization has, people and service accounts.
    :param service_accounts: how many of them are service accounts.
    :param projects: how many projects the organization owns.
    :param grants: how many user grants were made in it.
    :param user: the name of the grant's user.
    :param project: the name of the grant's project.
    :param why_not: why something could not be read.
    """

    users: int | None = None
    service_accounts: int | None = None
    projects: int | None = None
    grants: int | None = None
    user: str | None = None
    project: str | None = None
    why_not: str | None = None


def effect_of(planned: Planned) -> Effect:
    """What the planned change would do."""
    before, after = planned.before, planned.after
    if after is None:
        act = _end(before or {})
    elif before is None:
        act = Act.CREATES
    else:
        act = _switch(_active(before), _active(after))
    known = {**(before or {}), **({} if before is not None and after is None else after or {})}
    properties = {
        **known,
        **{name: value for name, value in (before or {}).items() if isinstance(known.get(name), Unknown)},
    }
    flags = [_active(each) for each in (before, after) if each is not None]
    maybe = act is Act.DEACTIVATES and UNKNOWN in flags
    if planned.type != USER_GRANT:
        return Effect(planned.type, planned.id, act, {**properties, **_named_before(before)}, maybe=maybe)
    now = _roles(before)
    then = now if act is Act.LEAVES else _roles(None if act is Act.DEACTIVATES and after is None else after)
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    if isinstance(then, Unknown):
        maybe, gains = True, (_SOME_ROLES,)
    elif isinstance(now, Unknown):
        maybe, gains, loses = True, then, () if then else (_SOME_ROLES,)
    else:
        gains = tuple(each for each in then if each not in now)
        loses = tuple(each for each in now if each not in then)
    return Effect(planned.type, planned.id, act, properties, gains, loses, maybe)


def _end(before: Mapping[str, Any]) -> Act:
    policy = before.get("deletion_policy", "remove")
    if policy == "retain":
        return Act.LEAVES
    if policy == "deactivate":
        return Act.DEACTIVATES if _active(before) is not False else Act.LEAVES
    return Act.REMOVES


def _switch(before: bool | Unknown, after: bool | Unknown) -> Act:
    if before is after and before is not UNKNOWN:
        return Act.CHANGES
    if after is False or (after is UNKNOWN and before is not False):
        return Act.DEACTIVATES
    return Act.REACTIVATES if after is True and before is False else Act.CHANGES


def _active(properties: Mapping[str, Any]) -> bool | Unknown:
    value = properties.get("active", True)
    return value if isinstance(value, bool) else UNKNOWN


def _named_before(before: Mapping[str, Any] | None) -> dict[str, Any]:
    """An organization is shown by the name that people know now."""
    return {"name": before["name"]} if before and before.get("name") else {}


def _roles(properties: Mapping[str, Any] | None) -> tuple[str, ...] | Unknown:
    """The effective roles."""
    if properties is None or _active(properties) is False:
        return ()
    keys = properties.get("role_keys") or ()
    if not isinstance(keys, list | tuple) or not all(isinstance(each, str) for each in keys):
        return UNKNOWN
    if _active(properties) is UNKNOWN:
        return UNKNOWN
    return tuple(sorted(set(keys)))


def sentences(effect: Effect, facts: Facts | None = None) -> tuple[str, ...]:
    """Return what a reviewer should know, each sentence beginning with its verb; none where nothing significant happens.

    :param facts: counts and names; None where the instance was not queried.
    """
    if not effect.is_significant:
        return ()
    facts = facts or Facts()
    result = _of_organization(effect, facts) if effect.type == ORGANIZATION else _of_grant(effect, facts)
    if not effect.maybe:
        return result
    hidden = SECRET in (effect.properties.get("active"), effect.properties.get("role_keys"))
    why = "and is known only when it runs" if not hidden else "and what it depends on is secret"
    return tuple(f"may be so, {why}: {each}" for each in result)


def _of_organization(effect: Effect, facts: Facts) -> tuple[str, ...]:
    name, where = _name(effect.properties.get("name")), effect.id or "id not known yet"
    if effect.properties.get("active") is SECRET and effect.act is not Act.REMOVES:
        return (f"deactivates or reactivates organization {name} ({where}): which of them is secret",)
    if effect.act is Act.REMOVES:
        if facts.users is None or facts.projects is None or facts.grants is None:
            return (f"removes organization {name} and all its projects, users and grants ({where}{_why(facts)})",)
        counts = (_count(facts.projects, "project"), _count(facts.users, "user"), _count(facts.grants, "grant"))
        return (f"removes organization {name} and {', '.join(counts)} ({where})",)
    # People log in on ZITADEL's pages; service accounts do not.
    if facts.users is None or facts.service_accounts is None:
        people, going_on, where = "its users", "service accounts keep working", f"{where}{_why(facts)}"
    else:
        people = f"its {_count(max(0, facts.users - facts.service_accounts), 'user')}"
        accounts = facts.service_accounts
        going_on = (
            f"{_count(accounts, 'service account')} keep{'s' if accounts == 1 else ''} working" if accounts else ""
        )
    if effect.act is Act.REACTIVATES:
        return (f"reactivates organization {name} ({where}): {people} can log in again",)
    deactivated = f"deactivates organization {name} ({where}): {people} cannot log in on ZITADEL's pages"
    return (f"{deactivated}; {going_on}" if going_on else deactivated,)


def _of_grant(effect: Effect, facts: Facts) -> tuple[str, ...]:
    user = facts.user or _called("user", effect.properties.get("user_id"))
    project = facts.project or _called("project", effect.properties.get("project_id"))
    grant = f"user grant {effect.id}" if effect.id else "a new user grant"
    named = effect.act in (Act.DEACTIVATES, Act.REACTIVATES, Act.REMOVES)
    how = f"{effect.act.value} {grant}" if named else grant
    if effect.properties.get("active") is SECRET and effect.act in (Act.DEACTIVATES, Act.REACTIVATES):
        return (f"deactivates or reactivates {grant} of {user} in {project}: which of them is secret",)
    lines = []
    if effect.loses:
        lines.append(f"takes {_roles_of(effect.loses)} of {project} from {user} ({how})")
    if effect.gains:
        lines.append(f"gives {_roles_of(effect.gains)} of {project} to {user} ({how})")
    if not lines:
        lines.append(f"{how} of {user} in {project}, which gives no roles")
    return tuple(lines)


def _roles_of(keys: tuple[str, ...]) -> str:
    if keys in ((_SOME_ROLES,), (_SECRET_ROLES,)):
        return keys[0]
    return f"the role{'' if len(keys) == 1 else 's'} {', '.join(_text(each) for each in keys)}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _called(noun: str, value: Any) -> str:
    if isinstance(value, str):
        return f"{noun} {_text(value)}"
    return f"a {noun} that is {'secret' if value is SECRET else 'not known yet'}"


def _name(value: Any) -> str:
    if isinstance(value, str):
        return _text(value)
    return f"whose name is {'secret' if value is SECRET else 'not known yet'}"


def _text(value: str) -> str:
    return clean(value, 200)


def _why(facts: Facts) -> str:
    return f"; how many could not be asked: {facts.why_not}" if facts.why_not else ""

"""What a planned change would do to people, in sentences. Pure: no I/O.

:mod:`pulumi_zorg.engine.preview_impact` reads counts and names from the instance; the sentences do without them too.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, IntEnum
from typing import Any, Final

from pulumi_zorg.errors import clean
from pulumi_zorg.resource_types.inputs import known_roles


class Unknown(Enum):
    """A value that cannot be shown: it is known only when the change is made, or it is secret."""

    UNKNOWN = "unknown"
    SECRET = "secret"  # noqa: S105 - no secret, but the mark of one


UNKNOWN: Final = Unknown.UNKNOWN
SECRET: Final = Unknown.SECRET
#: In place of role keys that cannot be shown.
SOME_ROLES, SECRET_ROLES = "roles that are not known yet", "roles that are secret"


def mask_unknowns(properties: Mapping[str, Any], is_unknown: Callable[[Any], bool]) -> dict[str, Any]:
    """Return the properties without None, and with :data:`UNKNOWN` for each value or list item that ``is_unknown``."""

    def masked(value: Any) -> Any:
        if is_unknown(value):
            return UNKNOWN
        if isinstance(value, Mapping):
            return {name: masked(each) for name, each in value.items()}
        return [masked(each) for each in value] if isinstance(value, list | tuple) else value

    return {name: masked(value) for name, value in properties.items() if value is not None}


@dataclass(frozen=True)
class Planned:
    """One object before and after a planned change.

    :param id: None where it is not known yet.
    :param before: its properties in the state's form; None where the change creates it.
    :param after: the same; None where the change deletes it.
    :param is_phantom: whether the object exists only in the event store: reads and lists of the server do not show it.
    """

    type: str
    id: str | None
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None
    is_phantom: bool = False

    @property
    def adopts(self) -> bool:
        """Whether the create takes over an object that exists, if one does."""
        return self.before is None and self.after is not None and self.after.get("adopt") not in (None, False)

    def unresolved(self, names: Collection[str]) -> Planned:
        """Return the adoption of an object not yet fetched: it may be active or not, and ``names`` may have any value."""
        after = self.after or {}
        unknown = {name: UNKNOWN for name in ("active", *names) if name == "active" or name in after}
        return replace(self, before={**after, **unknown})


class Harm(IntEnum):
    """The place of a change in a report: who loses access comes first, then who gains it, then the rest."""

    REMOVES = 0
    DEACTIVATES = 1
    TAKES = 2
    #: The adoption of an object not yet fetched. It may change nothing.
    NOT_READ = 3
    GIVES = 4
    #: The number of those that give access to what the same run creates.
    CREATED = 5
    REST = 6


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
    :param is_significant: whether a reviewer should read a sentence about it.
    :param gains: the roles that people have through the object after the change and not before.
    :param loses: the roles that they have through it before the change and not after.
    :param before: the object before the change; None where the change creates it.
    :param after: the object after the change; None where the change deletes it.
    :param maybe: whether this is known only when the change is made.
    :param is_phantom: see :class:`Planned`.
    """

    type: str
    id: str | None
    act: Act
    properties: Mapping[str, Any]
    is_significant: bool
    gains: tuple[str, ...] = ()
    loses: tuple[str, ...] = ()
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None
    maybe: bool = False
    is_phantom: bool = False

    @property
    def adopts(self) -> bool:
        """Whether it adopts an object not yet fetched (:meth:`Planned.unresolved`), which may match already."""
        return self.id is None and self.before is not None and self.after is not None

    def hiding(self, names: Collection[str]) -> Effect:
        """Return the same effect, without the values of these properties."""

        def hidden(properties: Mapping[str, Any] | None) -> dict[str, Any] | None:
            if properties is None:
                return None
            return {**properties, **{name: SECRET for name in names if name in properties}}

        effect = replace(
            self, properties=hidden(self.properties) or {}, before=hidden(self.before), after=hidden(self.after)
        )
        if "active" in names and self.act in (Act.DEACTIVATES, Act.REACTIVATES):
            # A sentence about only one of the two would show which of them it is.
            effect = replace(effect, is_significant=True)
        if not {"role_keys", "roles"} & set(names):
            return effect
        gains, loses = ((SECRET_ROLES,) if roles else () for roles in (self.gains, self.loses))
        return replace(effect, gains=gains, loses=loses)


@dataclass(frozen=True)
class Facts:
    """Counts and names from the instance. Who loses and who gains access is not among them: :mod:`.planned_access` has that.

    :param counts: how many objects a change concerns, by their kind in the plural: ``users``, ``service_accounts``,
        ``projects``, ``grants``, ``project_grants``.
    :param names: the names of objects, by the property that has their id.
    :param why_not: why something could not be read.
    """

    counts: Mapping[str, int] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    why_not: str | None = None

    def named(self, noun: str, property: str, effect: Effect) -> str:
        """Return the object that a property names: by its name where that was read, else by its id."""
        return self.names.get(property) or called(noun, effect.properties.get(property))

    @property
    def not_counted(self) -> str:
        """The clause with the reason why there are no counts; empty where there is none."""
        return f"; how many could not be read: {self.why_not}" if self.why_not else ""


class Impact:
    """How changes of the objects of one type are described to a reviewer. Each type has its own sentences."""

    #: The properties that a sentence shows as they are before a change, because people know the object by them.
    known_by: tuple[str, ...] = ()
    #: The properties that have the ids of what it gives access to. Nobody has had access to what the same run creates.
    gives_access_to: tuple[str, ...] = ()
    #: Whether people have the roles of an object only while it is active.
    roles_need_active: bool = False

    def roles(self, properties: Mapping[str, Any]) -> tuple[str, ...] | Unknown:
        """Return the roles that people have through the object; none for a type that gives no roles."""
        flag = active(properties) if self.roles_need_active else True
        return () if flag is False else UNKNOWN if flag is UNKNOWN else role_keys(properties)

    def is_significant(self, effect: Effect) -> bool:
        """Whether a reviewer should read a sentence about a change."""
        return effect.act in (Act.DEACTIVATES, Act.REMOVES)

    def takes_access(self, effect: Effect) -> bool:
        """Whether a change can take access from somebody: it deactivates or removes the object, or takes roles away."""
        return effect.act in (Act.DEACTIVATES, Act.REMOVES) or bool(effect.loses)

    def gives_access(self, effect: Effect) -> bool:
        """Whether a change can give somebody access."""
        return bool(effect.gains) or effect.act in (Act.CREATES, Act.REACTIVATES)

    def harm(self, effect: Effect) -> Harm:
        """Return the place of a change in a report."""
        if effect.act in (Act.REMOVES, Act.DEACTIVATES):
            return Harm[effect.act.name]
        if self.takes_access(effect):
            return Harm.TAKES
        return Harm.GIVES if self.gives_access(effect) else Harm.REST

    def thing(self, effect: Effect, facts: Facts) -> str:
        """Return the object in a sentence."""
        raise NotImplementedError

    def of(self, effect: Effect, facts: Facts) -> tuple[str, ...]:
        """Return the sentences about a significant change, each beginning with its verb.

        A change of ``active`` whose value is secret is given without it: as a change of the rest.
        """
        raise NotImplementedError

    def effect(self, planned: Planned) -> Effect:
        """Return what a planned change would do."""
        before, after = planned.before, planned.after
        if after is None:
            act = _end(before or {})
        elif before is None:
            act = Act.CREATES
        else:
            act = _switch(active(before), active(after))
        known = {**(before or {}), **({} if before is not None and after is None else after or {})}
        properties = {
            **known,
            **{name: value for name, value in (before or {}).items() if isinstance(known.get(name), Unknown)},
            **{name: before[name] for name in self.known_by if before and before.get(name)},
        }
        flags = [active(each) for each in (before, after) if each is not None]
        maybe = act is Act.DEACTIVATES and UNKNOWN in flags
        now = () if before is None else self.roles(before)
        then = now if act is Act.LEAVES else () if after is None else self.roles(after)
        gains: tuple[str, ...] = ()
        loses: tuple[str, ...] = ()
        if isinstance(then, Unknown):
            # Those that it has now need not be among them.
            maybe, gains, loses = True, (SOME_ROLES,), (SOME_ROLES,) if now else ()
        elif isinstance(now, Unknown):
            maybe, gains, loses = True, then, (SOME_ROLES,)
        else:
            gains = tuple(each for each in then if each not in now)
            loses = tuple(each for each in now if each not in then)
        effect = Effect(
            planned.type, planned.id, act, properties, False, gains, loses, before, after, maybe, planned.is_phantom
        )
        return replace(effect, is_significant=self.is_significant(effect))

    def sentences(self, effect: Effect, facts: Facts | None = None) -> tuple[str, ...]:
        """Return what a reviewer should know, each sentence beginning with its verb; none for a change that is not significant.

        :param facts: counts and names; None where the instance was not read.
        """
        if not effect.is_significant:
            return ()
        facts = facts or Facts()
        if effect.act in (Act.DEACTIVATES, Act.REACTIVATES) and effect.properties.get("active") is SECRET:
            # Only what does not depend on the flag is known besides.
            rest = () if self.roles_need_active else self.of(replace(effect, act=Act.CHANGES), facts)
            result = (f"changes `active` of {self.thing(effect, facts)} (the value is secret)", *rest)
        else:
            result = self.of(effect, facts)
        if effect.adopts:
            return tuple(f"Unless the object already matches: {each}" for each in result)
        if not effect.maybe:
            return result
        hidden = SECRET in (effect.properties.get(name) for name in ("active", "role_keys"))
        why = "it depends on a secret value" if hidden else "known only during the update"
        return tuple(f"Possible ({why}): {each}" for each in result)


def _end(before: Mapping[str, Any]) -> Act:
    policy = before.get("deletion_policy", "remove")
    if policy == "retain":
        return Act.LEAVES
    if policy == "deactivate":
        return Act.DEACTIVATES if active(before) is not False else Act.LEAVES
    return Act.REMOVES


def _switch(before: bool | Unknown, after: bool | Unknown) -> Act:
    if before is after and before is not UNKNOWN:
        return Act.CHANGES
    if after is False or (after is UNKNOWN and before is not False):
        return Act.DEACTIVATES
    return Act.REACTIVATES if after is True and before is False else Act.CHANGES


# Parts of sentences that several types use


def active(properties: Mapping[str, Any]) -> bool | Unknown:
    """Return the flag ``active``."""
    value = properties.get("active", True)
    return value if isinstance(value, bool) else UNKNOWN


def role_keys(properties: Mapping[str, Any]) -> tuple[str, ...] | Unknown:
    """Return the role keys, sorted and each once."""
    keys = known_roles(properties.get("role_keys"))
    return UNKNOWN if keys is None else tuple(sorted(set(keys)))


def are_shown(keys: tuple[str, ...]) -> bool:
    """Whether these are role keys, and no text in their place."""
    return keys not in ((SOME_ROLES,), (SECRET_ROLES,))


def people_text(number: int) -> str:
    """Return a number of people: ``2 people``, or ``nobody``."""
    return f"{number} {'person' if number == 1 else 'people'}" if number else "nobody"


def roles_text(keys: tuple[str, ...]) -> str:
    """Return roles with their noun: ``the roles editor, viewer``."""
    if not are_shown(keys):
        return keys[0]
    return f"the role{'' if len(keys) == 1 else 's'} {', '.join(text(each) for each in keys)}"


def count_text(number: int, noun: str) -> str:
    """Return a number with its noun: ``2 users``."""
    return f"{number} {noun}{'' if number == 1 else 's'}"


def counts_text(counts: Mapping[str, int]) -> str:
    """Return the numbers that are not zero with their nouns: ``2 projects, 1 user``; empty where all are zero."""
    return ", ".join(count_text(number, noun) for noun, number in counts.items() if number)


def all_text(whose: str, number: int, noun: str) -> str:
    """Return all objects that something has: ``its 2 projects``, or ``its project`` where there is one."""
    return f"{whose} {noun}" if number == 1 else f"{whose} {count_text(number, noun)}"


def called(noun: str, value: Any) -> str:
    """Return an object by its id: ``user 42``, or ``a user that is not known yet``."""
    if isinstance(value, str):
        return f"{noun} {text(value)}"
    article = "an" if noun.startswith("o") else "a"
    return f"{article} {noun} that is {'secret' if value is SECRET else 'not known yet'}"


def name_text(value: Any) -> str:
    """Return a name, or that it is not known yet."""
    if isinstance(value, str):
        return text(value)
    return f"whose name is {'secret' if value is SECRET else 'not known yet'}"


def text(value: str) -> str:
    """Return a value of the instance as it may be shown."""
    return clean(value, 200)

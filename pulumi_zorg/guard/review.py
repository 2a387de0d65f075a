"""Reviews a plan: what it would do to people, and whether that exceeds the limits of ``zorg preview-guard``."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from pulumi_zorg.engine.state import SharedObject
from pulumi_zorg.errors import (
    ApiError,
    ConfigurationError,
    CredentialError,
    HeaderIgnored,
    NoAnswer,
    NotProven,
    ZorgError,
    clean,
)
from pulumi_zorg.resource_types.impact import Act, Effect, Facts, Planned, count_text
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.tokens import Key

if TYPE_CHECKING:
    from pulumi_zorg.cli.stack import Stack
    from pulumi_zorg.engine.preview_impact import PreviewImpact
    from pulumi_zorg.guard.plan import Plan, PlannedStep
    from pulumi_zorg.settings.config import Settings

__all__ = ["LOSING_ACCESS", "AccessLimit", "Limit", "Reviewed", "Verdict", "limit_options", "limited", "review"]

#: The option that limits how many people and service accounts lose access.
LOSING_ACCESS = "--max-losing-access"

_EXCEEDED = 7  # as `zorg drift` for drift
#: Calls for the counts and names of one plan.
_CALLS = 500
#: Calls that list the objects of a type that may be removed along with others.
_PAGES = 100
#: Seconds after which a call of that list that keeps failing is given up.
_DEADLINE = 5.0
#: Organizations of a plan that are looked for on the instance. One of them is enough.
_TRIED = 10

#: What the options limit, and how it is called.
_VERBS = {Act.DEACTIVATES: ("deactivate", "deactivated"), Act.REMOVES: ("remove", "removed")}


def limit_options() -> dict[str, tuple[str, Act]]:
    """Return what each option limits: the type token and the act, by option. Organizations have the shortest names."""
    return {
        f"--max-{verb}{resource_type.limit_suffix}": (token, act)
        for token, resource_type in RESOURCE_TYPES.items()
        for act, (verb, _) in _VERBS.items()
    }


@dataclass(frozen=True)
class Reviewed:
    """A planned change and its effect.

    :param op: see :class:`pulumi_zorg.guard.plan.PlannedStep`.
    :param protected: the same.
    :param facts: counts and names from the instance; None where it was not read.
    """

    urn: str
    op: str
    effect: Effect
    facts: Facts | None = None
    protected: bool = False

    @property
    def sentences(self) -> tuple[str, ...]:
        """What a reviewer should know of the change."""
        return RESOURCE_TYPES[self.effect.type].impact.sentences(self.effect, self.facts)

    @property
    def takes_access(self) -> bool:
        """Whether the change can take access from somebody, or removes the object."""
        return RESOURCE_TYPES[self.effect.type].impact.takes_access(self.effect)


def limited(type: str, act: Act) -> str:
    """Return what an option limits, as the end of a sentence: ``user grants would be removed``."""
    return f"{RESOURCE_TYPES[type].noun}s would be {_VERBS[act][1]}"


@dataclass(frozen=True)
class Limit:
    """How often something may happen, and how often it would.

    :param most: the limit; None where there is none.
    :param found: how often it would happen.
    :param along: how many of ``found`` have no step in the plan: they are removed along with another object.
    :param uncounted: why there may be more than ``found``; None where all are counted.
    """

    option: str
    most: int | None
    found: int
    along: int = 0
    uncounted: str | None = None

    @property
    def exceeded(self) -> bool:
        """Whether it would happen more often than it may."""
        return self.most is not None and self.found > self.most

    @property
    def undecided(self) -> bool:
        """Whether it is not known if the limit is exceeded."""
        return self.most is not None and self.uncounted is not None and not self.exceeded

    @property
    def is_told(self) -> bool:
        """Whether the summary has the sentence."""
        return self.found > 0

    @property
    def sentence(self) -> str:
        """What would happen, in numbers."""
        token, act = limit_options()[self.option]
        which = "" if self.found == self.along == 1 else f"{self.along} of them "
        with_ = self.takes_along if which else self.takes_along.replace("their", "its", 1)
        along = f" ({which}along with {with_})" if self.along else ""
        return f"{count_text(self.found, RESOURCE_TYPES[token].noun)} would be {_VERBS[act][1]}{along}"

    @property
    def unknown(self) -> str:
        """Why it is not known whether the limit is exceeded, as a sentence."""
        return (
            f"It is not known whether this exceeds {self.option} {self.most}: {self.sentence}, and how many more are removed along "
            f"with {self.takes_along} is not known: {self.uncounted}"
        )

    @property
    def note(self) -> str:
        """That more may happen than was counted, as a sentence; empty where nothing is to be said."""
        return f"How many {self.nouns} are removed along with {self.takes_along} is not known: {self.uncounted}"

    @property
    def nouns(self) -> str:
        """What it counts, in the plural."""
        return f"{RESOURCE_TYPES[limit_options()[self.option][0]].noun}s"

    @property
    def takes_along(self) -> str:
        """What removes an object of this type along with it, as a part of a sentence."""
        token, _ = limit_options()[self.option]
        *nouns, last = ["organization", *(parent.noun for parent in RESOURCE_TYPES[token].events.parents)]
        return f"their {', '.join(nouns)} or {last}" if nouns else f"their {last}"


@dataclass(frozen=True)
class AccessLimit(Limit):
    """How many people and service accounts may lose access by the whole plan, and how many would. Each is counted once."""

    @property
    def is_told(self) -> bool:
        return self.found > 0 or self.uncounted is not None

    @property
    def sentence(self) -> str:
        if self.uncounted and not self.found:
            return "it is not known how many people and service accounts would lose access"
        who = "person or service account" if self.found == 1 else "people and service accounts"
        return f"{'at least ' if self.uncounted else ''}{self.found} {who} would lose access"

    @property
    def unknown(self) -> str:
        known = f"{self.sentence}, and " if self.found else ""
        return f"It is not known whether this exceeds {self.option} {self.most}: {known}{self.uncounted}"

    @property
    def note(self) -> str:
        return ""


@dataclass(frozen=True)
class Verdict:
    """The result of a review.

    :param reviewed: the changes that a reviewer should read about.
    :param changes: how many resources of any type each operation of the engine concerns.
    :param shared: objects that more than one resource manages. They are an error, whatever the limits are.
    :param not_asked: why the instance was not read; None where it was, or did not have to be.
    :param not_read: why the state was not read; None where it was.
    :param allowed: the URNs of the resources that may take access away; None where they were not given, so that all may.
    :param not_allowed: the URNs of the resources that take access away and may not.
    :param protected: the URNs of the protected resources that would be deleted or replaced.
    """

    stack: str
    reviewed: tuple[Reviewed, ...]
    limits: tuple[Limit, ...]
    changes: Mapping[str, int] = field(default_factory=dict)
    shared: tuple[SharedObject, ...] = ()
    not_asked: str | None = None
    not_read: str | None = None
    allowed: frozenset[str] | None = None
    not_allowed: tuple[str, ...] = ()
    protected: tuple[str, ...] = ()

    @property
    def is_limited(self) -> bool:
        """Whether a limit was set, or the resources that may take access away were given."""
        return self.allowed is not None or any(limit.most is not None for limit in self.limits)

    @property
    def is_refused(self) -> bool:
        """Whether a limit is exceeded, or a resource takes access away that may not."""
        return bool(self.not_allowed) or any(limit.exceeded for limit in self.limits)

    @property
    def errors(self) -> tuple[str, ...]:
        """The errors, as sentences."""
        return (
            *(each.error for each in self.shared),
            *(limit.unknown for limit in self.limits if limit.undecided),
        )

    @property
    def exit_code(self) -> int:
        """0 within the limits, 7 where the plan is refused, 1 where that is not known or two resources manage one object."""
        if self.shared:
            return 1
        if self.is_refused:
            return _EXCEEDED
        return 1 if self.errors else 0


def review(
    plan: Plan,
    most: Mapping[str, int | None],
    stack: Stack | None,
    not_read: str | None = None,
    allowed: frozenset[str] | None = None,
) -> Verdict:
    """Return what a plan would do, counted against the limits.

    :param most: the limits, by option.
    :param stack: the stack with whose settings the instance is read; None where the instance is not to be read.
    :param not_read: see :class:`Verdict`.
    :param allowed: see :class:`Verdict`.
    :raises ConfigurationError: where the instance does not have the organizations of the plan.
    :raises click.ClickException: where the stack's configuration cannot be read.
    """
    reviewed = [_reviewed(replace(step, planned=_unresolved(step.planned))) for step in plan.steps]
    settings, not_asked = None, None
    if any(each.effect.is_significant or each.takes_access for each in reviewed):
        settings, not_asked = _settings(stack)
    if settings is not None:
        not_asked = _verify_instance(settings, plan.steps)
        settings = settings if not_asked is None else None
    if settings is not None:
        reviewed = _with_facts(settings, plan.steps)
    significant = tuple(each for each in reviewed if each.effect.is_significant and each.sentences)
    limits = (*_limits(reviewed, most, settings, not_asked), _losing_access(reviewed, most, not_asked))
    takers = dict.fromkeys(each.urn for each in reviewed if each.takes_access)
    not_allowed = () if allowed is None else tuple(urn for urn in takers if urn not in allowed)
    protected = tuple(each.urn for each in reviewed if each.protected and each.effect.act is not Act.LEAVES)
    return Verdict(
        plan.stack or "?",
        significant,
        limits,
        plan.changes,
        plan.shared,
        not_asked,
        not_read,
        allowed,
        not_allowed,
        protected,
    )


def _unresolved(planned: Planned) -> Planned:
    exists = planned.adopts or planned.before is not None
    return RESOURCE_TYPES[planned.type].unresolved(planned) if exists else planned


def _reviewed(step: PlannedStep) -> Reviewed:
    effect = RESOURCE_TYPES[step.planned.type].impact.effect(step.planned)
    return Reviewed(step.urn, step.op, effect, protected=step.protected)


def _settings(stack: Stack | None) -> tuple[Settings | None, str | None]:
    """Return the settings to read the instance with, or why it is not read."""
    if stack is None:
        return None, "--offline was given"
    try:
        settings = stack.settings
    except ConfigurationError as error:
        return None, clean(str(error), 300)
    return (settings, None) if settings.preview_impact else (None, "zorg:previewImpact is false")


def _verify_instance(settings: Settings, steps: Sequence[PlannedStep]) -> str | None:
    """Verify that the instance has, or had, an organization of the plan. Another instance would have nothing to count.

    Return why nothing can be read from the instance, or None.

    :raises ConfigurationError: where the instance has none of the organizations.
    """
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.world.proof import find_organization

    wanted = _organizations(steps)[:_TRIED]
    if not wanted:
        return None
    client = Client.connect(_hasty(settings), notice=lambda sentence: None)
    try:
        for org_id in wanted:
            try:
                find_organization(client, org_id)
            except NotProven:
                continue
            except NoAnswer as error:
                return clean(f"the server did not answer: {error}", 500)
            except (ApiError, CredentialError, HeaderIgnored):
                return None
            return None
    finally:
        client.close()
    names = ", ".join(map(clean, wanted))
    raise ConfigurationError(
        f"The credential cannot see that {settings.url} has, or had, an organization of the plan ({names}). So it may be another "
        "instance than that of the plan, and nothing was counted. Check zorg:url, ZITADEL_URL and the credential. With --offline, "
        "the instance is not read."
    )


def _organizations(steps: Iterable[PlannedStep]) -> list[str]:
    """Return the ids of the organizations that the plan changes, and of those of the objects that it changes."""
    found: dict[str, None] = {}
    for each in (step.planned for step in steps):
        if RESOURCE_TYPES[each.type].is_organization:
            found.update({each.id: None} if each.id else {})
            continue
        named = ((properties or {}).get("org_id") for properties in (each.before, each.after))
        found.update({org_id: None for org_id in named if isinstance(org_id, str)})
    return list(found)


def _hasty(settings: Settings) -> Settings:
    return replace(settings, retry_deadline=min(settings.retry_deadline, _DEADLINE))


def _with_facts(settings: Settings, steps: Sequence[PlannedStep]) -> list[Reviewed]:
    """Return the changes with counts and names from the instance.

    A deletion of an object that another resource of the plan adopts is left out, because the provider leaves that object. It
    is the same object only if a read of the instance has shown its id. Names may differ from those in the state.
    """
    from pulumi_zorg.engine.preview_impact import PreviewImpact

    preview_impact = PreviewImpact(settings, calls=_CALLS)
    try:
        with ThreadPoolExecutor(4) as pool:
            resolved = list(pool.map(lambda step: _resolved(preview_impact, step), steps))
            adopted = {_key(each.planned): each.urn for each in resolved if _is_adoption(each)}
            counted = [each for each in resolved if not _is_left(each, adopted)]
            return list(pool.map(lambda step: _with_facts_of(preview_impact, step), counted))
    finally:
        preview_impact.close()


def _resolved(preview_impact: PreviewImpact, step: PlannedStep) -> PlannedStep:
    return replace(step, planned=preview_impact.resolve(RESOURCE_TYPES[step.planned.type], step.planned))


def _is_adoption(step: PlannedStep) -> bool:
    """Whether a resolved step creates a resource whose object exists: a read has shown its id."""
    return step.op in ("create", "replace") and step.planned.after is not None and step.planned.id is not None


def _key(planned: Planned) -> Key:
    return RESOURCE_TYPES[planned.type].key(planned.id or "", planned.before or {})


def _is_left(step: PlannedStep, adopted: Mapping[Key, str]) -> bool:
    """Whether a step deletes an object that another resource adopts. A replaced object is deleted before that, so it goes."""
    adopting = adopted.get(_key(step.planned), step.urn)
    return step.planned.after is None and step.op in ("delete", "pending") and adopting != step.urn


def _with_facts_of(preview_impact: PreviewImpact, step: PlannedStep) -> Reviewed:
    resource_type = RESOURCE_TYPES[step.planned.type]
    reviewed = _reviewed(step)
    if not (reviewed.effect.is_significant or reviewed.takes_access):
        return reviewed
    return replace(reviewed, facts=preview_impact.facts(resource_type, reviewed.effect))


def _limits(
    reviewed: Collection[Reviewed], most: Mapping[str, int | None], settings: Settings | None, not_asked: str | None
) -> tuple[Limit, ...]:
    limits, options = [], limit_options()
    removed = _removed(reviewed)
    for option, (token, act) in options.items():
        ids = [each.effect.id for each in reviewed if (each.effect.type, each.effect.act) == (token, act)]
        limit = Limit(option, most.get(option), len(ids))
        parents = {"org_id", *(parent.property for parent in RESOURCE_TYPES[token].events.parents)}
        if act is Act.REMOVES and RESOURCE_TYPES[token].in_organization and not parents.isdisjoint(removed):
            along, why = (set[str](), not_asked) if settings is None else _removed_along(settings, token, removed)
            count = len(along.difference(ids))
            limit = replace(limit, found=limit.found + count, along=count, uncounted=why)
        limits.append(limit)
    return tuple(limits)


def _losing_access(
    reviewed: Collection[Reviewed], most: Mapping[str, int | None], not_asked: str | None
) -> AccessLimit:
    """Return how many people and service accounts lose access, each once over the whole plan."""
    losing: set[str] = set()
    uncounted = None
    for each in reviewed:
        known = each.facts.losing if each.facts else None
        losing |= known or set()
        if each.takes_access and known is None and uncounted is None:
            name, why = each.urn.rsplit("::", 1)[-1], _why_unknown(each.facts) or not_asked
            uncounted = f"who loses access by the change of {clean(name)} is not known{f': {why}' if why else ''}"
    return AccessLimit(LOSING_ACCESS, most.get(LOSING_ACCESS), len(losing), uncounted=uncounted)


def _why_unknown(facts: Facts | None) -> str | None:
    return None if facts is None else facts.why_not or facts.unlisted


def _removed(reviewed: Collection[Reviewed]) -> dict[str, dict[str, Mapping[str, Any]]]:
    """Return the properties of the objects that are removed, by id, by the property by which others name them."""
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for each in reviewed:
        if each.effect.act is Act.REMOVES and each.effect.id:
            of_type = found.setdefault(RESOURCE_TYPES[each.effect.type].reference, {})
            of_type[each.effect.id] = each.effect.properties
    return found


def _removed_along(
    settings: Settings, token: str, removed: Mapping[str, Mapping[str, Mapping[str, Any]]]
) -> tuple[set[str], str | None]:
    """Return the objects of a type that are removed along with these, and why they are not known, or None."""
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.world.unmanaged import removed_along

    client = Client.connect(_hasty(settings), notice=lambda sentence: None)
    try:
        found = removed_along(client, RESOURCE_TYPES[token], removed, at_most=_PAGES)
    except ZorgError as error:
        return set(), clean(str(error), 500)
    finally:
        client.close()
    if found is None:
        return set(), f"counting the {RESOURCE_TYPES[token].noun}s takes more than {_PAGES} calls"
    return set(found), None

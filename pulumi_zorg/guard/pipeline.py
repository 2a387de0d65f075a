"""The pipeline of ``zorg preview-guard``: what each change does, who it concerns, the limits, the verdict.

The command has read the plan and the state (:mod:`pulumi_zorg.guard.plan`) before. What the instance is read for is what the plan means
to people: counts and names, and what is removed along with other objects.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from pulumi_zorg import errors
from pulumi_zorg.errors import ConfigurationError, ZorgError, clean
from pulumi_zorg.guard.limits import Removed, count_objects, count_people
from pulumi_zorg.guard.plan import Plan, PlannedStep
from pulumi_zorg.guard.report import Reviewed, Verdict
from pulumi_zorg.resource_types.impact import Act, Planned
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.resource_types.planned_access import losing_by, people_of, unknown_people
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.observed import Key

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.settings.config import Settings

#: Calls for the counts and names of one plan.
_CALLS = 500
#: Calls that list the objects of a type that may be removed along with others.
_PAGES = 100
#: Seconds after which a call of that list that keeps failing is given up.
_DEADLINE = 5.0
#: Organizations of a plan that are looked for on the instance. One of them is enough.
_TRIED = 10


def review(
    plan: Plan,
    most: Mapping[str, int | None],
    read_settings: Callable[[], Settings] | None,
    why_state_not_read: str | None = None,
    allowed: frozenset[str] | None = None,
) -> Verdict:
    """Return what a plan would do, counted against the limits.

    :param most: the limits, by option.
    :param read_settings: returns the settings with which the instance is read; None where it is not to be read.
    :param why_state_not_read: see :class:`Verdict`.
    :param allowed: see :class:`Verdict`.
    :raises ConfigurationError: where the instance does not have the organizations of the plan.
    """
    reviewed = [Reviewed.of(_unresolved(step)) for step in plan.steps]
    settings, why_not_read = None, None
    if any(each.matters for each in reviewed):
        settings, why_not_read = _settings(read_settings, plan)
    people = None
    if settings is not None:
        reviewed, people = with_facts(settings, plan.steps)
    people = people or unknown_people([each.change for each in reviewed], why_not_read)

    def with_parents(token: str, removed: Removed) -> tuple[Collection[str], str | None]:
        return ((), why_not_read) if settings is None else removed_with_parents(settings, token, removed)

    takers = dict.fromkeys(each.urn for each in reviewed if each.takes_access)
    return Verdict(
        plan.stack or "?",
        tuple(each for each in reviewed if each.effect.is_significant and each.sentences),
        (*count_objects(reviewed, most, with_parents), *count_people(people, most)),
        plan.changes,
        plan.shared,
        why_not_read,
        why_state_not_read,
        allowed,
        not_allowed=() if allowed is None else tuple(urn for urn in takers if urn not in allowed),
        protected=tuple(each.urn for each in reviewed if each.protected and each.effect.act is not Act.LEAVES),
        people=people,
    )


def _unresolved(step: PlannedStep) -> PlannedStep:
    """Return a step as it is known without the instance."""
    planned = step.planned
    exists = planned.adopts or planned.before is not None
    return replace(step, planned=RESOURCE_TYPES[planned.type].unresolved(planned)) if exists else step


def _settings(read_settings: Callable[[], Settings] | None, plan: Plan) -> tuple[Settings | None, str | None]:
    """Return the settings to read the plan's instance with, or why it is not read."""
    if read_settings is None:
        return None, "--offline was given"
    try:
        settings = read_settings()
    except ConfigurationError as error:
        return None, clean(str(error), 300)
    if not settings.preview_impact:
        return None, "zorg:previewImpact is false"
    why_not_read = verify_instance(settings, plan.steps)
    return (settings, None) if why_not_read is None else (None, why_not_read)


def verify_instance(settings: Settings, steps: Iterable[PlannedStep]) -> str | None:
    """Verify that the instance has, or had, an organization of the plan. Another instance would have nothing to count.

    Return why nothing can be read from the instance, or None.

    :raises ConfigurationError: where the instance has none of the organizations.
    """
    from pulumi_zorg.world.proof import find_organization

    wanted = _organizations(steps)[:_TRIED]
    if not wanted:
        return None
    with _client(settings) as client:
        for org_id in wanted:
            try:
                find_organization(client, org_id)
            except errors.NotProven:
                continue
            except errors.NoAnswer as error:
                return clean(f"the server did not answer: {error}", 500)
            except (errors.ApiError, errors.CredentialError, errors.HeaderIgnored):
                pass
            return None
    names = ", ".join(map(clean, wanted))
    raise errors.ConfigurationError(
        f"No read shows that {settings.url} has, or had, an organization of the plan ({names}). The plan may be that of another "
        "instance, or the credential may not see the organization. Nothing was counted. Check zorg:url, ZITADEL_URL and the credential, "
        "or give --offline, which does not read the instance."
    )


def with_facts(settings: Settings, steps: Sequence[PlannedStep]) -> tuple[list[Reviewed], People]:
    """Return the changes with counts and names from the instance, and who loses and gains what by all of them.

    For the people, all organizations, users, projects, grants and managers are read, whatever the plan changes: who has access
    depends on all of them, and a page has 1,000. The lists of single objects would take more calls for a plan of a few changes.

    A deletion of an object that another resource of the plan adopts is left out, because the provider leaves that object. It
    is the same object only if a read of the instance has shown its id. Names may differ from those in the state.
    """
    from pulumi_zorg.engine.preview_impact import PreviewImpact

    with closing(PreviewImpact(settings, calls=_CALLS)) as instance, ThreadPoolExecutor(4) as pool:

        def resolve(step: PlannedStep) -> PlannedStep:
            return replace(step, planned=instance.resolve(RESOURCE_TYPES[step.planned.type], step.planned))

        def add_facts(each: Reviewed) -> Reviewed:
            if not each.matters:
                return each
            losing = None if people.before is None else losing_by(people.before, each.change)
            return replace(each, facts=instance.facts(people.before, why_not, each.effect), losing=losing)

        resolved = list(pool.map(resolve, steps))
        # A create whose object exists is an adoption: a read has shown its id.
        creates = (each for each in resolved if each.op in ("create", "replace") and each.planned.after is not None)
        adopted = {_key(each.planned): each.urn for each in creates if each.planned.id is not None}
        reviewed = [Reviewed.of(each) for each in resolved if not _is_left(each, adopted)]
        model, why_not = instance.everything() if any(each.matters for each in reviewed) else (None, None)
        changes = [each.change for each in reviewed]
        people = unknown_people(changes, why_not) if model is None else people_of(model, changes)
        return list(pool.map(add_facts, reviewed)), people


def removed_with_parents(settings: Settings, token: str, removed: Removed) -> tuple[Collection[str], str | None]:
    """Return the ids of the objects of a type that are removed along with these, and why they are not known, or None."""
    from pulumi_zorg.world.reader import World

    try:
        with _client(settings) as client:
            found = World(client, RESOURCE_TYPES).removed_along(token, removed, at_most=_PAGES)
    except ZorgError as error:
        return (), clean(str(error), 500)
    if found is None:
        return (), f"counting the {RESOURCE_TYPES[token].noun}s takes more than {_PAGES} calls"
    return found, None


@contextmanager
def _client(settings: Settings) -> Iterator[Client]:
    """Return a client that waits little."""
    from pulumi_zorg.api.client import Client

    hasty = replace(settings, retry_deadline=min(settings.retry_deadline, _DEADLINE))
    with closing(Client.connect(hasty, notice=lambda sentence: None)) as client:
        yield client


def _organizations(steps: Iterable[PlannedStep]) -> list[str]:
    """Return the ids of the organizations that the plan changes, and of those of the objects that it changes."""
    found: dict[str, None] = {}
    for each in (step.planned for step in steps):
        named = [(properties or {}).get("org_id") for properties in (each.before, each.after)]
        ids = named if RESOURCE_TYPES[each.type].in_organization else [each.id]
        found.update({org_id: None for org_id in ids if org_id and isinstance(org_id, str)})
    return list(found)


def _key(planned: Planned) -> Key:
    return RESOURCE_TYPES[planned.type].key(planned.id or "", planned.before or {})


def _is_left(step: PlannedStep, adopted: Mapping[Key, str]) -> bool:
    """Whether a step deletes an object that another resource adopts. A replaced object is deleted before the adoption."""
    adopting = adopted.get(_key(step.planned), step.urn)
    return step.planned.after is None and step.op in ("delete", "pending") and adopting != step.urn

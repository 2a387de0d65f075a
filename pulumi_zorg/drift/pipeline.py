"""The pipeline of ``zorg drift``: observe what the state has, compare, explain, report.

Who made a difference, and when, is explained by ZITADEL's event store. A caller who may not read it gets the report without that.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from pulumi_zorg.access.read import read_instance
from pulumi_zorg.api.events import BEGINNING
from pulumi_zorg.api.records import Event
from pulumi_zorg.drift.access import concerns_access, people_of
from pulumi_zorg.drift.compare import ROLES, changes_of, compare
from pulumi_zorg.drift.report import Change, Drift, Report, Unmanaged
from pulumi_zorg.engine.state import Recorded, State, Undetermined
from pulumi_zorg.errors import ApiError, NotFound, NotProven, PermissionDenied, ZorgError, clean
from pulumi_zorg.resource_types.along import describe
from pulumi_zorg.resource_types.registry import INPUTS, RESOURCE_TYPES
from pulumi_zorg.resource_types.role_use import lacking
from pulumi_zorg.world.observed import Address, Found, Key, Observed, Sought
from pulumi_zorg.world.proof import creation_of, events_of, in_state
from pulumi_zorg.world.reader import World
from pulumi_zorg.world.unmanaged import find_unmanaged, unexpected

#: The roles of no more projects than this are read one project at a time.
_FEW_PROJECTS = 5

#: The events of no more objects than this are read one object at a time.
_FEW = 5
_PROGRESS = "Reading who and when"
#: Of no more objects that should be deactivated along with an organization than this it is read who reactivated them.
_NAMED = 10


@dataclass(frozen=True)
class Options:
    """What to compare.

    :param types: the type tokens; None is all types. Without it, unmanaged objects that give nobody access are only reported
        where the stack manages objects of their type.
    :param unmanaged: where to look for unmanaged objects: in the organizations of the stack, or in the whole instance; None
        where they are not looked for.
    :param since: compare only what changed after this moment, by the event store; None compares everything.
    """

    types: Collection[str] | None = None
    unmanaged: Literal["stack", "instance"] | None = None
    since: datetime | None = None


def find_drift(stack: str, state: State, world: World, options: Options) -> Report:
    """Compare a stack's state with the instance.

    :raises ZorgError: where nothing can be compared: no connection, no token.
    """
    resources = state.resources
    compared = [each for each in resources if options.types is None or each.token in options.types]
    for urn in state.to_be_made:
        world.notice(
            f"{clean(urn, 1_000)} is not compared: an earlier run removed its object to replace it, and did not create the "
            "new one. The next `pulumi up` creates it."
        )

    # Observe.
    events = _changes(world, resources, options.since)
    objects = [sought(each) for each in compared]
    changed = None if events is None else world.changes.affected_by(events, objects)
    observed = world.observe([each for each in objects if changed is None or each.key in changed])
    for warning in (each.warning for each in observed.values() if isinstance(each, Observed) and each.warning):
        world.notice(f"warning: {warning}")
    lost = world.lost_changes(objects, observed, events)
    roles = why_roles_lack(world, compared, observed)

    # Compare, and explain.
    drifted = with_access(
        world,
        explain_along(world, explain(world, compare(compared, observed, lost, roles), compared), observed),
        compared,
    )
    unmanaged, unlisted = _unmanaged(world, resources, options, events)

    # Report.
    undetermined = (*unknown(compared, observed), *state.not_understood, *unlisted)
    return Report(stack, drifted, unmanaged, undetermined, state.shared)


def sought(each: Recorded) -> Sought:
    """Return a resource of the state as an object that is looked for. A list that shows it as the state has it is enough."""
    resource_type, address = RESOURCE_TYPES[each.token], each.address
    if resource_type.is_organization:
        address = replace(address, along=resource_type.address_in(each.all_properties).along)
    return Sought(each.key, address, lambda properties: not changes_of(each, properties))


def unknown(recorded: Sequence[Recorded], observed: Mapping[Key, Found]) -> list[Undetermined]:
    """Return the resources whose objects could not be read, in the state's order."""
    errors = ((each, observed.get(each.key)) for each in recorded)
    return [
        Undetermined(each.urn, each.token, each.id, str(error.of_state() if isinstance(error, NotProven) else error))
        for each, error in errors
        if isinstance(error, ZorgError)
    ]


def _changes(world: World, resources: Sequence[Recorded], since: datetime | None) -> tuple[Event, ...] | None:
    """Return the events since that moment; None where everything is to be compared."""
    if since is None:
        return None
    # Another instance than that of the state has no events of its objects: one of them must exist, or have existed.
    for each in resources[:1]:
        with in_state():
            world.find(sought(each))
    try:
        events = world.changes.since(since)
    except (PermissionDenied, NotFound) as refused:
        raise NotProven(
            "--since reads the event store, which needs the right events.read on the instance: IAM_OWNER_VIEWER and IAM_OWNER "
            f"have it. Without it, leave --since out. {refused}"
        ) from None
    if events is None:
        world.notice(
            "more events happened at one moment than the event store returns at once: everything is compared instead"
        )
    return events


def why_roles_lack(world: World, recorded: Sequence[Recorded], observed: Mapping[Key, Found]) -> dict[Key, str]:
    """Return why objects give roles that their project, or their project grant, does not have.

    Nothing is found for a caller who may not read the event store, or where it cannot be read.
    """
    uses = {}
    for each in recorded:
        seen, inputs = observed.get(each.key), INPUTS[each.token]
        ignored = each.ignored and any(path == "*" or path.startswith(ROLES) for path in each.ignored)
        use = inputs.used_roles({**each.all_properties, **seen.properties}) if isinstance(seen, Observed) else None
        if use is not None and not ignored:
            uses[each.key] = use
    projects, roles = sorted({use.project_id for use in uses.values()}), world.client.roles
    if len(projects) > _FEW_PROJECTS:
        try:
            roles.read_all(projects, at_most=len(projects))
        except ZorgError:
            projects = []
    left = [each for each in projects if not roles.is_known(each)]
    for _ in world.read_each(roles.read, left, "Reading the roles of projects"):
        pass
    read = {key: use for key, use in uses.items() if roles.is_known(use.project_id)}
    reasons = {key: lacking(roles.known(use.project_id), use) for key, use in read.items()}
    return {key: why for key, why in reasons.items() if why is not None}


def _unmanaged(
    world: World, resources: Sequence[Recorded], options: Options, events: tuple[Event, ...] | None
) -> tuple[tuple[Unmanaged, ...] | None, list[Undetermined]]:
    if options.unmanaged is None:
        return None, []
    tokens = {each.token for each in resources}
    types = options.types or [
        token
        for token, each in RESOURCE_TYPES.items()
        if each.gives_access or (token in tokens and not each.on_request)
    ]
    organizations = None if options.unmanaged == "instance" else organizations_of(resources)
    found, unlisted = find_unmanaged(world, {each.key for each in resources}, organizations, types, events)
    return explain_unmanaged(world, unexpected(world, found)), [
        Undetermined(None, key.token, key.id, why) for key, why in unlisted
    ]


def organizations_of(resources: Sequence[Recorded]) -> set[str]:
    """Return the organizations that the stack manages, and those in which it manages an object."""
    managed = [each for each in resources if not each.external]
    organizations = {each.id for each in managed if RESOURCE_TYPES[each.token].is_organization}
    return organizations | {each.address.ids["org_id"] for each in managed if "org_id" in each.address.ids}


def explain(world: World, drifts: Sequence[Drift], recorded: Sequence[Recorded]) -> tuple[Drift, ...]:
    """Return the drifts with the time and the user of each change, as far as the caller may know them.

    :param recorded: the resources that were compared.
    """
    explained = {}
    addresses = {each.urn: each.address for each in recorded}

    def read(drift: Drift) -> Sequence[Event]:
        events = world.types[drift.token].events
        kinds = {kind for each in drift.changes if _differs(each) for kind in events.changes.get(each.property, ())}
        return events_of(world.client, events, drift.id, addresses[drift.urn], kinds) or () if kinds else ()

    for drift, answer in world.read_each(read, drifts, _PROGRESS):
        events = () if isinstance(answer, ZorgError) else answer
        changes = tuple(_explained(world, drift, each, events) for each in drift.changes)
        newest = max((each for each in changes if each.when), key=lambda each: str(each.when), default=None)
        if newest is not None:
            explained[drift.urn] = replace(drift, changes=changes, when=newest.when, by=newest.by)
    return tuple(explained.get(drift.urn, drift) for drift in drifts)


def explain_along(world: World, drifts: Sequence[Drift], observed: Mapping[Key, Found]) -> tuple[Drift, ...]:
    """Return the drifts with who is active in an organization with which they should be deactivated, since when and by whom."""
    explained = []
    for drift in drifts:
        found = observed.get(Key(drift.token, drift.id))
        still = found.still_active if isinstance(found, Observed) else ()
        last: dict[str, Event | None] = dict.fromkeys(each.id for each in still)
        for each, answer in world.read_each(lambda one: _last_state(world, one), still[:_NAMED], _PROGRESS):
            last[each.id] = answer if isinstance(answer, Event) else None
        events = [each for each in last.values() if each is not None]
        newest = max(events, key=lambda each: each.creation_date, default=None)
        changes = tuple(
            replace(
                each,
                why=describe(str(each.recorded), [(one, last[one.id]) for one in still]),
                when=None if newest is None else newest.creation_date,
                by=None if newest is None else newest.by,
            )
            if each.property == "cascade" and still
            else each
            for each in drift.changes
        )
        named = replace(drift, changes=changes)
        is_newer = newest is not None and (drift.when is None or newest.creation_date > drift.when)
        explained.append(replace(named, when=newest.creation_date, by=newest.by) if newest and is_newer else named)
    return tuple(explained)


def _last_state(world: World, observed: Observed) -> Event | None:
    """Return the last event that changed the state of an object."""
    own = world.types[observed.token].events
    events = events_of(world.client, own, observed.id, Address.of(observed.properties), own.state_changes)
    return events[-1] if events else None


def _differs(change: Change) -> bool:
    """Whether the state has another value. A value that both have can be wrong as well."""
    return bool(change.recorded != change.live)


def _explained(world: World, drift: Drift, change: Change, events: Sequence[Event]) -> Change:
    own = world.types[drift.token].events
    last = next((event for event in reversed(events) if own.changes_property(event, change.property)), None)
    if change.lost or not _differs(change) or last is None:
        return change
    return replace(change, when=last.creation_date, by=last.by)


def with_access(world: World, drifts: Sequence[Drift], recorded: Sequence[Recorded]) -> tuple[Drift, ...]:
    """Return the drifts with who gained and who lost access. The lists for that are read only where a change may have done that."""
    of = {each.urn: each for each in recorded}
    now, why_not = None, None
    if any(concerns_access(each, of[each.urn]) for each in drifts):
        try:
            now = read_instance(world.client)
        except ZorgError as error:
            why_not = clean(str(error), 500)
    explained = []
    for each in drifts:
        # What several changes took together is missed where each of them alone is undone: the next one is undone in addition.
        people, now = people_of(each, of[each.urn], now, why_not)
        explained.append(replace(each, access=people))
    return tuple(explained)


def explain_unmanaged(world: World, objects: Sequence[Observed]) -> tuple[Unmanaged, ...]:
    """Return the objects with the time of their creation and the user who created them, as far as the caller may know."""
    explained: dict[Key, Unmanaged] = {}
    if len(objects) > _FEW:
        try:
            created = _created_in_pages(world, objects)
        except ApiError:
            return tuple(map(Unmanaged, objects))  # reading the events of one would be refused as well
        explained = {each.key: _created_by(each, created[each.key]) for each in objects if each.key in created}
    left = [each for each in objects if each.key not in explained]

    def read(each: Observed) -> Event | None:
        return creation_of(world.client, world.types[each.token].events, each.id, Address.of(each.properties))

    for each, answer in world.read_each(read, left, _PROGRESS):
        if isinstance(answer, Event):
            explained[each.key] = _created_by(each, answer)
    return tuple(explained.get(each.key) or Unmanaged(each) for each in objects)


def _created_in_pages(world: World, objects: Sequence[Observed]) -> dict[Key, Event]:
    """Return the events that created the objects, from the pages since the oldest of them; none where there are too many pages."""
    times = [each.created for each in objects if each.created is not None]
    first = min(times) - timedelta(microseconds=1) if times else BEGINNING
    of_type = {each.token: world.types[each.token].events for each in objects}
    kinds = {kind for events in of_type.values() for kind in events.created}
    found: dict[Key, Event] = {}
    for event in world.client.events.since(first, kinds, at_most=len(objects)) or ():
        found.update((own.key(token, event), event) for token, own in of_type.items() if event.kind in own.created)
    return found


def _created_by(observed: Observed, event: Event) -> Unmanaged:
    return Unmanaged(replace(observed, created=event.creation_date), event.by)

"""Which objects of a state recent events changed, by ZITADEL's event store."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta, timezone

from pulumi_zorg.client import Client
from pulumi_zorg.drift.children import children_of_removed
from pulumi_zorg.models import Event
from pulumi_zorg.proof import ENDS_OF_OTHERS, GRANT_ENDS
from pulumi_zorg.resource_types.all import RESOURCE_TYPES
from pulumi_zorg.state import Recorded
from pulumi_zorg.tokens import USER_GRANT

__all__ = ["affected_by", "events_since", "recent_events", "recently_changed"]

#: Lists are assumed to lag behind the event store by no more than this.
_LONGEST_LAG = timedelta(minutes=2)

_CREATED = tuple(each.created_event for each in RESOURCE_TYPES.values())
_CHANGED = tuple({kind for each in RESOURCE_TYPES.values() for kinds in each.change_events.values() for kind in kinds})
_ALL = frozenset((*_CREATED, *_CHANGED, *GRANT_ENDS, *ENDS_OF_OTHERS))

#: The property of a user grant that names an object whose removal removes the grant, by the type of the removal's event.
_NAMED_BY = {"user.removed": "user_id", "project.removed": "project_id"}


def events_since(client: Client, moment: datetime) -> tuple[Event, ...] | None:
    """Return the events of organizations and user grants after a moment of the server's clock, oldest first.

    None where they cannot all be read: more happened at one moment than one answer holds.

    :raises ApiError: for a caller who may not read the event store.
    """
    return client.events.since(moment, _ALL)


def recent_events(client: Client) -> tuple[Event, ...] | None:
    """Return the events that lists may not show yet, as :func:`events_since`.

    :raises ApiError: for a caller who may not read the event store.
    """
    now = datetime.fromtimestamp(client.transport.server_time(), timezone.utc)
    return events_since(client, now - _LONGEST_LAG)


def recently_changed(client: Client, events: tuple[Event, ...] | None, recorded: Sequence[Recorded]) -> list[Recorded]:
    """Return the objects of a state that recent events changed.

    :param events: what :func:`recent_events` returned. Where it is None, every object may have changed.
    :raises ApiError: for a caller who may not read the event store.
    """
    if events is None:
        return list(recorded)
    return affected_by(events, recorded, children_of_removed(client, events, at_most=1 + len(recorded) // 10))


def affected_by(
    events: Iterable[Event], recorded: Sequence[Recorded], children: frozenset[str] | None = None
) -> list[Recorded]:
    """Return the objects of a state that events changed or removed, directly or with another object.

    :param children: the ids of the users and projects of the organizations that the events removed. The removal of such an
        organization also removes the grants in other organizations that name one of these, and the state does not say which
        grants these are. Where it is None and an organization was removed, every grant may be affected.
    """
    changed: set[str] = set()
    created_at: dict[str, datetime] = {}
    removed: dict[str, set[str]] = {name: set() for name in ("org_id", "user_id", "project_id", "project_grant_id")}
    for event in events:
        object_id = event.aggregate.id
        if event.kind in _CREATED:
            created_at[object_id] = event.creation_date
        # The state was written after the create, with all that the create did.
        if event.creation_date != created_at.get(object_id):
            changed.add(object_id)
        if event.kind == "org.removed":
            removed["org_id"].add(object_id)
        elif event.kind == "project.grant.removed":
            removed["project_grant_id"].add(str(event.payload.get("grantId")))
        elif event.kind in _NAMED_BY:
            removed[_NAMED_BY[event.kind]].add(object_id)
    any_grant = bool(removed["org_id"]) and children is None
    for name in _NAMED_BY.values():
        removed[name] |= children or frozenset()

    def removed_with_another(grant: Recorded) -> bool:
        return any_grant or any(str(grant.known.get(name)) in ids for name, ids in removed.items())

    return [each for each in recorded if each.id in changed or (each.type == USER_GRANT and removed_with_another(each))]

"""What happened to an object, who did it and when: ZITADEL's event store, and the change logs of single objects.

The event store does not lag, and forgets nothing. The change logs are the part of it that roles in an organization may read.

Measured on a server of July 2026: a log is read from the event store, so it does not lag, and it is still there after the removal
of the object and of its organization. With the header of an organization that does not own the object it is empty (200). It is
also empty of an object that never was, and it has no entries that are older than the server keeps for queries. So an empty log
proves nothing. There is no log of user grants.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, AliasPath, Field

from pulumi_zorg.api.lists import chunks
from pulumi_zorg.api.operations import Call, Endpoint, Operations
from pulumi_zorg.api.records import Event, NonEmpty, Wire
from pulumi_zorg.errors import ApiError, PermissionDenied, UnexpectedAnswer, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

#: A moment before all events.
BEGINNING = datetime(2000, 1, 1, tzinfo=timezone.utc)

_PAGE = 1_000  # events; a server returns no more at once
_MOST_KINDS = 30  # types of event in one search; a server refuses more


class _Events(Wire):
    events: tuple[Event, ...] = ()


#: The paths of the logs. They need ``project.read``, ``project.grant.read`` and ``user.read``.
PROJECT_CHANGES = "/management/v1/projects/{id}/changes/_search"
PROJECT_GRANT_CHANGES = "/management/v1/projects/{project_id}/grants/{id}/changes/_search"
USER_CHANGES = "/management/v1/users/{id}/changes/_search"

#: Entries that are read. A removal is the last change of an object.
_NEWEST = 100


class Change(Wire):
    """An entry of a change log."""

    #: The type of the event, like ``user.removed``.
    kind: Annotated[NonEmpty, AfterValidator(lambda key: key.removeprefix("EventTypes."))] = Field(
        validation_alias=AliasPath("eventType", "key")
    )
    change_date: datetime
    resource_owner_id: str = ""
    editor_id: str = ""
    editor_display_name: str = ""


class _Changes(Wire):
    result: tuple[Change, ...] = ()


def _searchable(kinds: Iterable[str]) -> Iterator[Sequence[str]]:
    """Return types of event in parts that a server searches for at once."""
    return chunks(sorted({*kinds}), _MOST_KINDS)


class _NoEventStore(PermissionDenied):
    """The server does not have the search. That is the same as for a caller who may not read it."""

    advice = ""


class Events:
    """The searches of the event store and of the change logs.

    Documents: https://zitadel.com/docs/apis/resources/admin (List Events), which needs ``events.read``, a permission on the
    instance (IAM_OWNER, IAM_OWNER_VIEWER), and https://zitadel.com/docs/apis/resources/mgmt (Project History, Project Grant
    History, Get User History).
    """

    def __init__(self, transport: Transport, operations: Operations) -> None:
        self._transport, self._operations = transport, operations
        #: Whether the server does not have the search, as this process has found out.
        self.is_missing = False

    def of(self, aggregate_id: str | None, kinds: Iterable[str]) -> tuple[Event, ...]:
        """Return the events of one object, oldest first.

        :param aggregate_id: None for the instance itself: no other object has events of its types.
        :param kinds: the types of event, like ``org.removed``.

        :raises PermissionDenied: without ``events.read``, a right on the instance (IAM_OWNER, IAM_OWNER_VIEWER), and on a server
            without v1.
        """
        of = "the instance" if aggregate_id is None else clean(aggregate_id)
        operation, wanted = f"Reading the events of {of}", frozenset(kinds)
        found: dict[int, Event] = {}
        query: dict[str, Any] = {} if aggregate_id is None else {"aggregateId": aggregate_id}
        while True:
            page = self._search(operation, wanted, **query)
            # The server filters; that it did is verified, for a removal must not be taken from another object.
            new = {
                event.sequence: event
                for event in page
                if aggregate_id in (None, event.aggregate.id) and event.kind in wanted and event.sequence not in found
            }
            found |= new
            if len(page) < _PAGE or not new:
                return tuple(found.values())
            query["sequence"] = str(max(found))

    def newest(self, kinds: Iterable[str], resource_owner: str | None = None) -> tuple[Event, ...]:
        """Return at least the last thousand events of these types, newest first.

        :param resource_owner: only those in this organization.

        :raises PermissionDenied: without ``events.read``, as :meth:`of`.
        """
        pages = [
            self._search("Searching the event store", part, resource_owner, asc=False) for part in _searchable(kinds)
        ]
        return tuple(sorted(itertools.chain(*pages), key=lambda each: each.creation_date, reverse=True))

    def since(
        self, moment: datetime, kinds: Iterable[str], resource_owner: str | None = None, *, at_most: int | None = None
    ) -> tuple[Event, ...] | None:
        """Return the events of these types after a moment of the server's clock, oldest first.

        None where they cannot all be read: more happened at one moment than an answer holds, or ``at_most`` calls do not
        suffice.

        :param resource_owner: only those in this organization.
        :raises PermissionDenied: without ``events.read``, as :meth:`of`.
        """
        found: list[Event] = []
        for part in _searchable(kinds):
            events, calls = self._since(moment, frozenset(part), resource_owner, at_most)
            if events is None:
                return None
            at_most = None if at_most is None else at_most - calls
            found += events
        return tuple(sorted(found, key=lambda each: each.creation_date))

    def _since(
        self, moment: datetime, wanted: frozenset[str], resource_owner: str | None, at_most: int | None
    ) -> tuple[Iterable[Event] | None, int]:
        """Return the same for types that fit into one search, and how many calls that took."""
        # By type, id and sequence: sequences count within one object, and an id is unique only within a type.
        found: dict[tuple[str, str, int], Event] = {}
        for calls in itertools.count():
            if calls == at_most:
                break
            start: dict[str, Any] = {
                "from": moment.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")
            }
            page = self._search("Reading what happened since then", wanted, resource_owner, **start)
            for event in page:
                if event.kind in wanted:
                    found[event.aggregate.type, event.aggregate.id, event.sequence] = event
            if len(page) < _PAGE:
                return found.values(), calls + 1
            # Sequences count within one object only. Things that happened at the same moment as the last one may be left.
            last = page[-1].creation_date - timedelta(microseconds=1)
            if last <= moment:
                break
            moment = last
        return None, 0

    def log(self, log: str, ids: Mapping[str, str], org_id: str) -> tuple[Change, ...]:
        """Return the newest changes of an object in an organization, the newest first; none where the caller may not read them.

        :param log: the path of the log.
        :param ids: the ids in it.
        """
        operation = f"Reading the change log of {clean(ids['id'])} in organization {clean(org_id)}"
        # Servers read the parameters of some of these calls from the query string, and of others from the body.
        endpoint = Endpoint("POST", f"{log}?query.limit={_NEWEST}", "")
        call = endpoint.call(operation, ids=ids, org=org_id, body={"query": {"limit": _NEWEST}}, reads=True)
        try:
            changes = self._transport.fetch(_Changes, call).result
        except ApiError as refusal:
            if refusal.is_outage:
                raise
            return ()
        except UnexpectedAnswer as refusal:
            if not self._operations.lacks(refusal):
                raise
            return ()
        # A server that ignores the header shows a log of another organization.
        return tuple(each for each in changes if each.resource_owner_id == org_id)

    def _search(
        self, operation: str, kinds: Iterable[str], owner: str | None = None, *, asc: bool = True, **query: Any
    ) -> tuple[Event, ...]:
        within = {} if owner is None else {"resourceOwner": owner}
        body = {"eventTypes": sorted(kinds), "limit": _PAGE, "asc": asc, **query, **within}
        call = Call(operation, "POST", "/admin/v1/events/_search", body=body, reads=True)
        try:
            if not self.is_missing:
                return self._transport.fetch(_Events, call).events
        except (ApiError, UnexpectedAnswer) as refused:
            if not self._operations.lacks(refused):
                raise
            self.is_missing = True
        raise _NoEventStore(
            operation, 501, None, "this server does not have the search of its event store, a part of v1"
        )

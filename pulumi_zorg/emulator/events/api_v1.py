"""The search of events, and the changes of one object, in the v1 API (admin and management)."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.events import messages_v1 as messages
from pulumi_zorg.emulator.events.names import AGGREGATES, EVENTS
from pulumi_zorg.emulator.eventstore.events import Event, format_timestamp
from pulumi_zorg.emulator.http.responses import int64, message
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.instance import Instance

_MAX_LIMIT = 1000


def _editor(instance: Instance, user_id: str) -> tuple[str, str]:
    """Return display name and login name of the user who made a change. Both are empty for a removed user."""
    user = instance.read_models.users.get(user_id)
    if user is None:
        return "", ""
    return user.profile.get("displayName", "") or user.name, user.username


def _event_name(instance: Instance, name: str) -> dict[str, str]:
    key = f"EventTypes.{name}"
    return {"key": key, "localizedMessage": instance.profile.event_names.get(name) or EVENTS.get(name, key)}


def _aggregate_name(name: str) -> dict[str, str]:
    key = f"AggregateTypes.{name}"
    return {"key": key, "localizedMessage": AGGREGATES.get(name, key)}


def _to_message(instance: Instance, event: Event) -> dict[str, Any]:
    aggregate, name = event.aggregate_type, event.type
    result = {
        "editor": message(userId=event.editor, displayName=_editor(instance, event.editor)[0], service="zitadel"),
        "aggregate": {
            "id": event.aggregate_id,
            "type": {"type": aggregate, "localized": _aggregate_name(aggregate)},
            "resourceOwner": event.resource_owner,
        },
        "sequence": int64(event.sequence),
        "creationDate": format_timestamp(event.created_at),
        "type": {"type": name, "localized": _event_name(instance, name)},
    }
    if event.payload is not None:
        result["payload"] = event.payload
    return result


def _window(request: MessageDict) -> tuple[int, int]:
    """Return the times between which events are searched, both exclusive. 0 is no bound."""
    since = until = 0
    start = request["from"] if request["from"] is not None else request["creation_date"] or 0
    if request["range"] is not None:
        return request["range"]["since"] or 0, request["range"]["until"] or 0
    if request["asc"]:
        since = start
    else:
        until = start
    return since, until


def _candidates(instance: Instance, request: MessageDict) -> list[Event]:
    """Return the events to search in, the oldest first.

    Those of one id are in the order of their sequences, which each of the objects that share the id has of its own.
    """
    if not request["aggregate_id"]:
        return instance.store.events
    return sorted(instance.store.of_id(request["aggregate_id"]), key=lambda event: event.sequence)


@rest("POST", "/admin/v1/events/_search", "events.read", messages.LIST_EVENTS)
def _search(call: Call) -> Any:
    request = call.request
    limit = request["limit"] if 0 < request["limit"] <= _MAX_LIMIT else _MAX_LIMIT
    since, until = _window(request)
    events = _candidates(call.instance, request)
    ordered: Iterable[Event] = events if request["asc"] else reversed(events)
    fits = _filter(request, since, until)
    found = []
    for event in ordered:
        if fits(event):
            found.append(_to_message(call.instance, event))
            if len(found) == limit:
                break
    return message(events=found)


def _filter(request: MessageDict, since: int, until: int) -> Callable[[Event], bool]:
    types, aggregates = set(request["event_types"]), set(request["aggregate_types"])
    editor, owner = request["editor_user_id"], request["resource_owner"]
    sequence, ascending = request["sequence"], request["asc"]

    def fits(event: Event) -> bool:
        return (
            (not types or event.type in types)
            and (not aggregates or event.aggregate_type in aggregates)
            and (not editor or event.editor == editor)
            and (not owner or event.resource_owner == owner)
            and _beyond(event, sequence, ascending=ascending)
            and (not since or event.created_at > since)
            and (not until or event.created_at < until)
        )

    return fits


def _beyond(event: Event, sequence: int, *, ascending: bool) -> bool:
    """Whether an event comes after a sequence in the order of the search. 0 is no bound."""
    return not sequence or (event.sequence > sequence if ascending else event.sequence < sequence)


def _changes(
    call: Call, aggregate_type: str, aggregate_id: str, belongs: Callable[[Event], bool] = lambda _: True
) -> Any:
    query = call.request["query"] or {"sequence": 0, "limit": 0, "asc": False}
    events = [
        event
        for event in call.instance.store.aggregate(aggregate_type, aggregate_id)
        if _beyond(event, query["sequence"], ascending=query["asc"])
        and event.resource_owner == call.caller.org_id
        and belongs(event)
    ]
    if not query["asc"]:
        events.reverse()
    if query["limit"]:
        events = events[: query["limit"]]
    return message(result=[_change(call.instance, event) for event in events])


def _change(instance: Instance, event: Event) -> dict[str, Any]:
    display_name, login_name = _editor(instance, event.editor)
    return message(
        changeDate=format_timestamp(event.created_at),
        eventType=_event_name(instance, event.type),
        sequence=int64(event.sequence),
        editorId=event.editor,
        editorDisplayName=display_name,
        resourceOwnerId=event.resource_owner,
        editorPreferredLoginName=login_name,
    )


@rest("POST", "/management/v1/orgs/me/changes/_search", "org.read", messages.LIST_ORG_CHANGES)
def _org_changes(call: Call) -> Any:
    return _changes(call, "org", call.caller.org_id)


@rest("POST", "/management/v1/users/{user_id}/changes/_search", "user.read", messages.LIST_USER_CHANGES)
def _user_changes(call: Call) -> Any:
    return _changes(call, "user", call.request["user_id"])


_PROJECT = "/management/v1/projects/{project_id}"


# The real server reads the parameters of the next two from the query string: their HTTP rules have no body.
@rest(
    "POST",
    _PROJECT + "/changes/_search",
    "project.read",
    messages.LIST_PROJECT_CHANGES,
    check="project_id",
    body=False,
)
def _project_changes(call: Call) -> Any:
    return _changes(call, "project", call.request["project_id"])


@rest(
    "POST",
    _PROJECT + "/grants/{grant_id}/changes/_search",
    "project.grant.read",
    messages.LIST_PROJECT_GRANT_CHANGES,
    check="grant_id",
    body=False,
)
def _project_grant_changes(call: Call) -> Any:
    grant_id = call.request["grant_id"]
    return _changes(call, "project", call.request["project_id"], lambda event: event.get("grantId") == grant_id)

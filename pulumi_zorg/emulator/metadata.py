"""Metadata: values under keys, of users by v1 and v2, and of organizations by v1."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from . import messages_users as m
from . import messages_v2 as v2
from .errors import invalid, not_found, precondition
from .model import Details, WriteModel, added, changed, pb, viewed
from .organizations import OrgModel
from .organizations import event_of as org_event_of
from .queries import all_of, kind_of, listed, matches, ordered, page, paginated, pagination
from .routing import AUTHENTICATED, connect, rest
from .schema import Msg
from .store import Event, EventStore, stamp
from .tables import MetadataRow
from .users_model import check_write, event_of, require_user
from .users_v2 import readable
from .world import Call


class MetadataModel(WriteModel):
    """All marks of a user, as commands see them."""

    aggregate_type = "user"
    types = frozenset(
        {"user.human.added", "user.machine.added", "user.removed", "user.metadata.set", "user.metadata.removed"}
    )

    def __init__(self, store: EventStore, aggregate_id: str, owner: str) -> None:
        self.values: dict[str, str] = {}
        super().__init__(store, aggregate_id, owner)

    def reduce(self, event: Event) -> None:
        """Set or taken away; a new or removed user has none."""
        if event.type == "user.metadata.set":
            self.values[event.get("key")] = event.get("value")
        elif event.type == "user.metadata.removed":
            self.values.pop(event.get("key"), None)
        else:
            self.values = {}


def _user(call: Call, user_id: str, owner: str = "") -> MetadataModel:
    user = require_user(call.world.store, user_id, owner)
    if not owner:
        check_write(call, user_id, oneself=False)
    return MetadataModel(call.world.store, user.id, user.owner)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


def set_all(call: Call, user_id: str, entries: list[Msg], owner: str = "") -> Details:
    """Set entries of a user: what is there already writes nothing, an empty value removes. v2 names no owner."""
    if not entries:
        raise precondition("META-9mm2d", "Errors.Metadata.NoData")
    model = _user(call, user_id, owner)
    commands = []
    for entry in entries:
        key, value = entry["key"], _text(entry["value"])
        if not value and key in model.values:
            commands.append(event_of(model.id, model.owner, "user.metadata.removed", {"key": key}))
        elif value and model.values.get(key) != value:
            commands.append(event_of(model.id, model.owner, "user.metadata.set", {"key": key, "value": value}))
    if commands:
        model.apply(call.push(*commands))
    return model.details


def remove_all(call: Call, user_id: str, keys: list[str], owner: str = "") -> Details:
    """Remove entries of a user, all or none."""
    if not keys:
        raise precondition("META-9mm2d", "Errors.Metadata.NoData")
    model = _user(call, user_id, owner)
    if any(not key for key in keys):
        raise invalid("COMMAND-m29ds", "Errors.Metadata.Invalid")
    if any(key not in model.values for key in keys):
        raise not_found("META-2nnds", "Errors.Metadata.KeyNotExisting")
    commands = [event_of(model.id, model.owner, "user.metadata.removed", {"key": key}) for key in keys]
    model.apply(call.push(*commands))
    return model.details


# v1: users.

_ENTRIES = "/management/v1/users/{id}/metadata"


@rest("POST", _ENTRIES + "/{key}", "user.write", m.SET_METADATA)
def _set(call: Call) -> Any:
    return {"details": added(set_all(call, call.request["id"], [call.request], call.caller.org_id))}


@rest("POST", _ENTRIES + "/_bulk", "user.write", m.BULK_SET_METADATA)
def _bulk_set(call: Call) -> Any:
    return {"details": changed(set_all(call, call.request["id"], call.request["metadata"], call.caller.org_id))}


@rest("DELETE", _ENTRIES + "/{key}", "user.write", m.REMOVE_METADATA)
def _remove(call: Call) -> Any:
    model = _user(call, call.request["id"], call.caller.org_id)
    if call.request["key"] not in model.values:
        raise not_found("META-ncnw3", "Errors.Metadata.NotFound")
    payload = {"key": call.request["key"]}
    model.apply(call.push(event_of(model.id, model.owner, "user.metadata.removed", payload)))
    return {"details": changed(model.details)}


@rest("DELETE", _ENTRIES + "/_bulk", "user.write", m.BULK_REMOVE_METADATA)
def _bulk_remove(call: Call) -> Any:
    return {"details": changed(remove_all(call, call.request["id"], call.request["keys"], call.caller.org_id))}


def _told(row: MetadataRow) -> dict[str, Any]:
    return pb(details=viewed(row), key=row.key, value=row.value)


@rest("GET", _ENTRIES + "/{key}", "user.read", m.GET_METADATA)
def _get(call: Call) -> Any:
    row = call.world.tables.metadata.get((call.request["id"], call.request["key"]))
    if row is None or row.owner != call.caller.org_id:
        raise not_found("QUERY-Rgh32", "Errors.Metadata.NotFound")
    return {"metadata": _told(row)}


@rest("POST", _ENTRIES + "/_search", "user.read", m.LIST_METADATA)
def _list(call: Call) -> Any:
    metadata = call.world.lists.metadata
    mine = [row for row in metadata.by("id", call.request["id"]) if row.owner == call.caller.org_id]
    found = all_of(mine, [_predicate(query) for query in call.request["queries"]])
    total, rows = page(found, call.request["query"])
    return listed(total, [_told(row) for row in rows], metadata)


def _predicate(query: Msg) -> Callable[[MetadataRow], bool]:
    _, inner = kind_of(query)
    return lambda row: matches(inner["method"], row.key, inner["key"])


# v2: users.

_SERVICE = "zitadel.user.v2.UserService/"
_USER = "/v2/users/{user_id}/metadata"


@rest("POST", _USER, AUTHENTICATED, v2.SET_USER_METADATA, needs="v2")
@connect(_SERVICE + "SetUserMetadata", AUTHENTICATED, v2.SET_USER_METADATA)
def _set_v2(call: Call) -> Any:
    return {"setDate": stamp(set_all(call, call.request["user_id"], call.request["metadata"]).changed)}


@rest("DELETE", _USER, AUTHENTICATED, v2.DELETE_USER_METADATA, needs="v2")
@connect(_SERVICE + "DeleteUserMetadata", AUTHENTICATED, v2.DELETE_USER_METADATA)
def _remove_v2(call: Call) -> Any:
    return {"deletionDate": stamp(remove_all(call, call.request["user_id"], call.request["keys"]).changed)}


@rest("POST", _USER + "/search", AUTHENTICATED, v2.LIST_USER_METADATA, needs="v2")
@connect(_SERVICE + "ListUserMetadata", AUTHENTICATED, v2.LIST_USER_METADATA)
def _list_v2(call: Call) -> Any:
    user_id, asked = call.request["user_id"], pagination(call.request)
    found = all_of(
        call.world.lists.metadata.by("id", user_id), [_predicate(query) for query in call.request["filters"]]
    )
    total, rows = page(ordered(found, lambda row: row.created, asked), asked)
    user = call.world.lists.users.get(user_id)
    told = [
        {"key": row.key, "creationDate": stamp(row.created), "changeDate": stamp(row.changed), "value": row.value}
        for row in rows
        if user is not None and readable(call, user)
    ]
    return paginated(total, asked, metadata=told)


# v1: organizations.

_ORG = "/management/v1/metadata"


class OrgMetadataModel(WriteModel):
    """One entry of an organization, as commands see it."""

    aggregate_type = "org"
    types = frozenset({"org.removed", "org.metadata.set", "org.metadata.removed"})

    def __init__(self, store: EventStore, org_id: str, key: str) -> None:
        self.key = key
        super().__init__(store, org_id, org_id)

    def accepts(self, event: Event) -> bool:
        """Events of other keys do not count."""
        return event.type == "org.removed" or bool(event.get("key") == self.key)

    def reduce(self, event: Event) -> None:
        """Set or removed; a removed organization has none."""
        self.state = "ACTIVE" if event.type == "org.metadata.set" else "REMOVED"


def _entry(call: Call) -> OrgMetadataModel:
    org_id = call.caller.org_id
    if not OrgModel(call.world.store, org_id).exists:
        raise precondition("COMMAND-QXPGs", "Errors.Org.NotFound")
    return OrgMetadataModel(call.world.store, org_id, call.request["key"])


@rest("POST", _ORG + "/{key}", "org.write", m.SET_ORG_METADATA)
def _set_org(call: Call) -> Any:
    model = _entry(call)
    payload = {"key": model.key, "value": _text(call.request["value"])}
    # Unlike for a user, the same value again is an event again.
    model.apply(call.push(org_event_of(model.id, "org.metadata.set", payload)))
    return {"details": added(model.details)}


@rest("DELETE", _ORG + "/{key}", "org.write", m.REMOVE_ORG_METADATA)
def _remove_org(call: Call) -> Any:
    model = _entry(call)
    if not model.exists:
        raise not_found("META-mcnw3", "Errors.Metadata.NotFound")
    model.apply(call.push(org_event_of(model.id, "org.metadata.removed", {"key": model.key})))
    return {"details": changed(model.details)}


@rest("GET", _ORG + "/{key}", "org.read", m.GET_ORG_METADATA)
def _get_org(call: Call) -> Any:
    row = call.world.tables.org_metadata.get((call.caller.org_id, call.request["key"]))
    if row is None:
        raise not_found("QUERY-Rph32", "Errors.Metadata.NotFound")
    return {"metadata": _told(row)}


@rest("POST", _ORG + "/_search", "org.read", m.LIST_ORG_METADATA)
def _list_org(call: Call) -> Any:
    metadata = call.world.lists.org_metadata
    found = all_of(metadata.by("id", call.caller.org_id), [_predicate(query) for query in call.request["queries"]])
    total, rows = page(found, call.request["query"])
    return listed(total, [_told(row) for row in rows], metadata)

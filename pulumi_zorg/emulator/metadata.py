"""Metadata of users: marks with a key."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

from . import messages_users as m
from .errors import invalid, not_found, precondition
from .model import WriteModel, added, changed, pb, viewed
from .queries import all_of, kind_of, listed, matches, page
from .routing import rest
from .schema import Msg
from .store import Event, EventStore
from .tables import MetadataRow
from .users_model import event_of, require_user
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


def _model(call: Call) -> MetadataModel:
    user = require_user(call.world.store, call.request["id"], call.caller.org_id)
    return MetadataModel(call.world.store, user.id, user.owner)


def _text(value: bytes) -> str:
    return base64.b64encode(value).decode()


@rest("POST", "/management/v1/users/{id}/metadata/{key}", "user.write", m.SET_METADATA)
def _set(call: Call) -> Any:
    model = _model(call)
    key, value = call.request["key"], _text(call.request["value"])
    if model.values.get(key) != value:
        model.apply(call.push(event_of(model.id, model.owner, "user.metadata.set", {"key": key, "value": value})))
    return {"details": added(model.details)}


@rest("POST", "/management/v1/users/{id}/metadata/_bulk", "user.write", m.BULK_SET_METADATA)
def _bulk_set(call: Call) -> Any:
    if not call.request["metadata"]:
        raise precondition("META-9mm2d", "Errors.Metadata.NoData")
    model = _model(call)
    entries = [{"key": entry["key"], "value": _text(entry["value"])} for entry in call.request["metadata"]]
    commands = [
        event_of(model.id, model.owner, "user.metadata.set", entry)
        for entry in entries
        if model.values.get(entry["key"]) != entry["value"]
    ]
    if commands:
        model.apply(call.push(*commands))
    return {"details": changed(model.details)}


@rest("DELETE", "/management/v1/users/{id}/metadata/{key}", "user.write", m.REMOVE_METADATA)
def _remove(call: Call) -> Any:
    model = _model(call)
    if call.request["key"] not in model.values:
        raise not_found("META-ncnw3", "Errors.Metadata.NotFound")
    payload = {"key": call.request["key"]}
    model.apply(call.push(event_of(model.id, model.owner, "user.metadata.removed", payload)))
    return {"details": changed(model.details)}


@rest("DELETE", "/management/v1/users/{id}/metadata/_bulk", "user.write", m.BULK_REMOVE_METADATA)
def _bulk_remove(call: Call) -> Any:
    keys = call.request["keys"]
    if not keys:
        raise precondition("META-9mm2d", "Errors.Metadata.NoData")
    model = _model(call)
    if any(not key for key in keys):
        raise invalid("COMMAND-m29ds", "Errors.Metadata.Invalid")
    if any(key not in model.values for key in keys):
        raise not_found("META-2nnds", "Errors.Metadata.KeyNotExisting")
    commands = [event_of(model.id, model.owner, "user.metadata.removed", {"key": key}) for key in keys]
    model.apply(call.push(*commands))
    return {"details": changed(model.details)}


def _told(row: MetadataRow) -> dict[str, Any]:
    return pb(details=viewed(row), key=row.key, value=row.value)


@rest("GET", "/management/v1/users/{id}/metadata/{key}", "user.read", m.GET_METADATA)
def _get(call: Call) -> Any:
    row = call.world.tables.metadata.get((call.request["id"], call.request["key"]))
    if row is None or row.owner != call.caller.org_id:
        raise not_found("QUERY-Rgh32", "Errors.Metadata.NotFound")
    return {"metadata": _told(row)}


@rest("POST", "/management/v1/users/{id}/metadata/_search", "user.read", m.LIST_METADATA)
def _list(call: Call) -> Any:
    metadata = call.world.lists.metadata
    mine = [row for row in metadata.by("id", call.request["id"]) if row.owner == call.caller.org_id]
    found = all_of(mine, [_predicate(query) for query in call.request["queries"]])
    total, rows = page(found, call.request["query"])
    return listed(total, [_told(row) for row in rows], metadata)


def _predicate(query: Msg) -> Callable[[MetadataRow], bool]:
    _, inner = kind_of(query)
    return lambda row: matches(inner["method"], row.key, inner["key"])

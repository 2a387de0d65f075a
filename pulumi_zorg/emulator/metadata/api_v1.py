"""Metadata of users and of organizations in the v1 API (management)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found
from pulumi_zorg.emulator.http.lists import filter_all, list_response, page
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.metadata import messages_v1 as messages
from pulumi_zorg.emulator.metadata.commands import (
    organization_metadata,
    remove_all,
    remove_from_organization,
    set_all,
    set_in_organization,
    user_metadata,
)
from pulumi_zorg.emulator.metadata.projection import MetadataReadModel
from pulumi_zorg.emulator.metadata.queries import predicate
from pulumi_zorg.emulator.users.aggregate import user_event

_ENTRIES = "/management/v1/users/{id}/metadata"


@rest("POST", _ENTRIES + "/{key}", "user.write", messages.SET_METADATA)
def _set(call: Call) -> Any:
    return {"details": creation_details(set_all(call, call.request["id"], [call.request], call.caller.org_id))}


@rest("POST", _ENTRIES + "/_bulk", "user.write", messages.BULK_SET_METADATA)
def _bulk_set(call: Call) -> Any:
    return {"details": change_details(set_all(call, call.request["id"], call.request["metadata"], call.caller.org_id))}


@rest("DELETE", _ENTRIES + "/{key}", "user.write", messages.REMOVE_METADATA)
def _remove(call: Call) -> Any:
    model = user_metadata(call, call.request["id"], call.caller.org_id)
    if call.request["key"] not in model.values:
        raise not_found("META-ncnw3", "Errors.Metadata.NotFound")
    payload = {"key": call.request["key"]}
    model.apply(call.push(user_event(model.id, model.owner, "user.metadata.removed", payload)))
    return {"details": change_details(model.details)}


@rest("DELETE", _ENTRIES + "/_bulk", "user.write", messages.BULK_REMOVE_METADATA)
def _bulk_remove(call: Call) -> Any:
    return {"details": change_details(remove_all(call, call.request["id"], call.request["keys"], call.caller.org_id))}


def _to_message(entry: MetadataReadModel) -> dict[str, Any]:
    return message(details=read_details(entry), key=entry.key, value=entry.value)


@rest("GET", _ENTRIES + "/{key}", "user.read", messages.GET_METADATA)
def _get(call: Call) -> Any:
    entry = call.instance.read_models.user_metadata.get((call.request["id"], call.request["key"]))
    if entry is None or entry.owner != call.caller.org_id:
        raise not_found("QUERY-Rgh32", "Errors.Metadata.NotFound")
    return {"metadata": _to_message(entry)}


@rest("POST", _ENTRIES + "/_search", "user.read", messages.LIST_METADATA)
def _list(call: Call) -> Any:
    metadata = call.instance.list_read_models.user_metadata
    user_of_caller = [entry for entry in metadata.where("id", call.request["id"]) if entry.owner == call.caller.org_id]
    found = filter_all(user_of_caller, [predicate(query) for query in call.request["queries"]])
    total, items = page(found, call.request["query"])
    return list_response(total, [_to_message(entry) for entry in items], metadata)


_ORG = "/management/v1/metadata"


@rest("POST", _ORG + "/{key}", "org.write", messages.SET_ORG_METADATA)
def _set_org(call: Call) -> Any:
    # Unlike for a user, setting the same value again writes an event.
    return {
        "details": creation_details(set_in_organization(call, call.caller.org_id, [call.request], unchanged_too=True))
    }


@rest("POST", _ORG + "/_bulk", "org.write", messages.BULK_SET_ORG_METADATA)
def _bulk_set_org(call: Call) -> Any:
    org_id, unchanged_too = call.caller.org_id, call.instance.profile.sets_unchanged_metadata
    details = set_in_organization(call, org_id, call.request["metadata"], unchanged_too=unchanged_too)
    return {"details": change_details(details)}


@rest("DELETE", _ORG + "/{key}", "org.write", messages.REMOVE_ORG_METADATA)
def _remove_org(call: Call) -> Any:
    org_id, key = call.caller.org_id, call.request["key"]
    if key not in organization_metadata(call, org_id).values:
        raise not_found("META-mcnw3", "Errors.Metadata.NotFound")
    return {"details": change_details(remove_from_organization(call, org_id, [key]))}


@rest("DELETE", _ORG + "/_bulk", "org.write", messages.BULK_REMOVE_ORG_METADATA)
def _bulk_remove_org(call: Call) -> Any:
    return {"details": change_details(remove_from_organization(call, call.caller.org_id, call.request["keys"]))}


@rest("GET", _ORG + "/{key}", "org.read", messages.GET_ORG_METADATA)
def _get_org(call: Call) -> Any:
    entry = call.instance.read_models.org_metadata.get((call.caller.org_id, call.request["key"]))
    if entry is None:
        raise not_found("QUERY-Rph32", "Errors.Metadata.NotFound")
    return {"metadata": _to_message(entry)}


@rest("POST", _ORG + "/_search", "org.read", messages.LIST_ORG_METADATA)
def _list_org(call: Call) -> Any:
    metadata = call.instance.list_read_models.org_metadata
    found = filter_all(
        metadata.where("id", call.caller.org_id), [predicate(query) for query in call.request["queries"]]
    )
    total, items = page(found, call.request["query"])
    return list_response(total, [_to_message(entry) for entry in items], metadata)

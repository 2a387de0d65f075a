"""Metadata of users and of organizations in the v2 API (UserService and OrganizationService, by REST and Connect)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.http.lists import filter_all, ordered, page, paginated_response, pagination
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect, rest
from pulumi_zorg.emulator.metadata import messages_v2 as messages
from pulumi_zorg.emulator.metadata.commands import (
    remove_all,
    remove_from_organization,
    set_all,
    set_in_organization,
)
from pulumi_zorg.emulator.metadata.projection import MetadataReadModel
from pulumi_zorg.emulator.metadata.queries import predicate
from pulumi_zorg.emulator.users.queries import can_read_user

_SERVICE = "zitadel.user.v2.UserService/"
_USER = "/v2/users/{user_id}/metadata"


@rest("POST", _USER, AUTHENTICATED, messages.SET_USER_METADATA, requires="v2")
@connect(_SERVICE + "SetUserMetadata", AUTHENTICATED, messages.SET_USER_METADATA)
def _set(call: Call) -> Any:
    return {"setDate": format_timestamp(set_all(call, call.request["user_id"], call.request["metadata"]).changed)}


@rest("DELETE", _USER, AUTHENTICATED, messages.DELETE_USER_METADATA, requires="v2", body=False)
@connect(_SERVICE + "DeleteUserMetadata", AUTHENTICATED, messages.DELETE_USER_METADATA)
def _remove(call: Call) -> Any:
    return {"deletionDate": format_timestamp(remove_all(call, call.request["user_id"], call.request["keys"]).changed)}


@rest("POST", _USER + "/search", AUTHENTICATED, messages.LIST_USER_METADATA, requires="v2")
@connect(_SERVICE + "ListUserMetadata", AUTHENTICATED, messages.LIST_USER_METADATA)
def _list(call: Call) -> Any:
    user_id, window = call.request["user_id"], pagination(call.request)
    found = filter_all(
        call.instance.list_read_models.user_metadata.where("id", user_id),
        [predicate(query) for query in call.request["filters"]],
    )
    total, items = page(ordered(found, lambda entry: entry.created, window), window)
    user = call.instance.list_read_models.users.get(user_id)
    readable = user is not None and can_read_user(call, user)
    return paginated_response(total, window, metadata=[_to_message(entry) for entry in items if readable])


def _to_message(entry: MetadataReadModel) -> dict[str, Any]:
    return {
        "key": entry.key,
        "creationDate": format_timestamp(entry.created),
        "changeDate": format_timestamp(entry.changed),
        "value": entry.value,
    }


_ORG_SERVICE = "zitadel.org.v2.OrganizationService/"
_ORG = "/v2/organizations/{organization_id}/metadata"
_WRITES = "v2_organization_writes"


@rest("POST", _ORG, AUTHENTICATED, messages.SET_ORGANIZATION_METADATA, requires=_WRITES)
@connect(_ORG_SERVICE + "SetOrganizationMetadata", AUTHENTICATED, messages.SET_ORGANIZATION_METADATA, requires=_WRITES)
def _set_org(call: Call) -> Any:
    org_id, unchanged_too = call.request["organization_id"], call.instance.profile.sets_unchanged_metadata
    details = set_in_organization(call, org_id, call.request["metadata"], unchanged_too=unchanged_too, v2=True)
    return {"setDate": format_timestamp(details.changed)}


@rest("DELETE", _ORG, AUTHENTICATED, messages.DELETE_ORGANIZATION_METADATA, requires=_WRITES, body=False)
@connect(
    _ORG_SERVICE + "DeleteOrganizationMetadata", AUTHENTICATED, messages.DELETE_ORGANIZATION_METADATA, requires=_WRITES
)
def _remove_org(call: Call) -> Any:
    details = remove_from_organization(call, call.request["organization_id"], call.request["keys"], v2=True)
    return {"deletionDate": format_timestamp(details.changed)}


@rest("POST", _ORG + "/search", AUTHENTICATED, messages.LIST_ORGANIZATION_METADATA, requires=_WRITES)
@connect(
    _ORG_SERVICE + "ListOrganizationMetadata", AUTHENTICATED, messages.LIST_ORGANIZATION_METADATA, requires=_WRITES
)
def _list_org(call: Call) -> Any:
    org_id, window = call.request["organization_id"], pagination(call.request)
    # Unlike other lists, it counts nothing that the caller may not read, and shows the limit that the request has.
    readable = call.may("org.read", org_id, org_id)
    entries = call.instance.list_read_models.org_metadata.where("id", org_id) if readable else []
    # Unlike those of a user, they come in no order.
    total, items = page(filter_all(entries, [predicate(query) for query in call.request["filters"]]), window)
    shown = {**window, "limit": (call.request["pagination"] or {"limit": 0})["limit"]}
    return paginated_response(total, shown, metadata=[_to_message(entry) for entry in items])

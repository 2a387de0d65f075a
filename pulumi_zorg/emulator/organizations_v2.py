"""The v2 organization service, by REST and Connect, and what v2beta has of it."""

from __future__ import annotations

from typing import Any

from . import messages_v2 as m
from .errors import ApiError, invalid, precondition
from .model import changed, never, of_event, of_row, pb, when
from .organizations import change, creation, deactivate, member_added, reactivate, remove, require_new, search
from .queries import listed_v2, ordered, page
from .roles import unknown_roles
from .routing import AUTHENTICATED, connect, rest
from .schema import Msg
from .tables import OrgRow
from .users_model import user_exists
from .users_v2 import add_human_v2
from .world import Call

_SERVICE = "zitadel.org.v2.OrganizationService/"
_WRITES = "v2_organization_writes"


@rest("POST", "/v2/organizations", AUTHENTICATED, m.ADD_ORGANIZATION, status=201, needs="v2")
@connect(_SERVICE + "AddOrganization", AUTHENTICATED, m.ADD_ORGANIZATION)
def _add(call: Call) -> Any:
    request, store = call.request, call.world.store
    sent = request["organization_id"] if call.world.like.v2_organization_id else None
    org_id = sent or request["org_id"]
    if org_id is not None and not org_id.strip():
        raise invalid("ORG-4ABd3", "Errors.Invalid.Argument")
    org_id = org_id or store.new_id()
    call.check("org.write", org_id, org_id)
    require_new(store, org_id)
    name = request["name"].strip()
    if not name:
        raise invalid("ORG-mruNY", "Errors.Invalid.Argument")
    commands = creation(org_id, name)
    admins = [admin for admin in request["admins"] if admin["user_id"]]
    for admin in admins:
        roles = admin["roles"] or ["ORG_OWNER"]
        if unknown_roles(roles, "ORG_") and unknown_roles(roles, "SELF_MANAGEMENT_GLOBAL"):
            raise invalid("Org-4N8es", "Errors.Org.MemberInvalid")
        if not user_exists(store, admin["user_id"]):
            raise precondition("ORG-GoXOn", "Errors.User.NotFound")
        commands.append(member_added(org_id, admin["user_id"], roles))
    events = call.push(*commands)
    created = [_add_admin(call, org_id, admin) for admin in request["admins"] if admin["human"]]
    return pb(details=changed(of_event(events[-1])), organizationId=org_id, createdAdmins=created)


def _add_admin(call: Call, org_id: str, admin: Msg) -> dict[str, Any]:
    user_id, _ = add_human_v2(call, org_id, admin["human"])
    call.push(member_added(org_id, user_id, admin["roles"] or ["ORG_OWNER"]))
    return {"userId": user_id}


@rest("POST", "/v2/organizations/{organization_id}", AUTHENTICATED, m.UPDATE_ORGANIZATION, needs=_WRITES)
@connect(_SERVICE + "UpdateOrganization", AUTHENTICATED, m.UPDATE_ORGANIZATION, needs=_WRITES)
def _update(call: Call) -> Any:
    return {"changeDate": never(change(call, call.request["organization_id"], call.request["name"], v2=True).changed)}


@rest("POST", "/v2/organizations/{organization_id}/deactivate", AUTHENTICATED, m.DEACTIVATE_ORGANIZATION, needs=_WRITES)
@connect(_SERVICE + "DeactivateOrganization", AUTHENTICATED, m.DEACTIVATE_ORGANIZATION, needs=_WRITES)
def _deactivate(call: Call) -> Any:
    return {"changeDate": never(deactivate(call, call.request["organization_id"], v2=True).changed)}


@rest("POST", "/v2/organizations/{organization_id}/activate", AUTHENTICATED, m.ACTIVATE_ORGANIZATION, needs=_WRITES)
@connect(_SERVICE + "ActivateOrganization", AUTHENTICATED, m.ACTIVATE_ORGANIZATION, needs=_WRITES)
def _activate(call: Call) -> Any:
    return {"changeDate": never(reactivate(call, call.request["organization_id"], v2=True).changed)}


@rest("DELETE", "/v2/organizations/{organization_id}", AUTHENTICATED, m.DELETE_ORGANIZATION, needs=_WRITES)
@connect(_SERVICE + "DeleteOrganization", AUTHENTICATED, m.DELETE_ORGANIZATION, needs=_WRITES)
def _delete(call: Call) -> Any:
    return {"deletionDate": never(remove(call, call.request["organization_id"], v2=True).changed)}


@rest("POST", "/v2/organizations/_search", AUTHENTICATED, m.LIST_ORGANIZATIONS, needs="v2")
@connect(_SERVICE + "ListOrganizations", AUTHENTICATED, m.LIST_ORGANIZATIONS)
def _list(call: Call) -> Any:
    request = call.request
    found = search(call.world, request["queries"], _STATES)
    key = {
        "ORGANIZATION_FIELD_NAME_NAME": lambda row: row.name.lower(),
        "ORGANIZATION_FIELD_NAME_CREATION_DATE": lambda row: row.created,
    }.get(request["sorting_column"])
    total, rows = page(ordered(found, key, request["query"]), request["query"])
    # The permission is looked at after counting: a caller without any sees a total and no organization.
    return listed_v2(total, [_told(row) for row in rows if _readable(call, row)], call.world.lists.orgs)


_STATES = {"ORGANIZATION_STATE_ACTIVE": "ACTIVE", "ORGANIZATION_STATE_INACTIVE": "INACTIVE"}


def _readable(call: Call, row: OrgRow) -> bool:
    try:
        call.check("org.read", row.id, row.id)
    except ApiError:
        return False
    return True


def _told(row: OrgRow) -> dict[str, Any]:
    return pb(
        id=row.id,
        details={**changed(of_row(row)), **pb(creationDate=when(row.created))},
        state=f"ORGANIZATION_STATE_{row.state}",
        name=row.name,
        primaryDomain=row.domain,
    )


# v2beta names the id `id`.


@rest("POST", "/v2beta/organizations/{id}", AUTHENTICATED, m.UPDATE_ORGANIZATION_BETA, needs="v2")
def _update_beta(call: Call) -> Any:
    return {"changeDate": never(change(call, call.request["id"], call.request["name"], v2=True).changed)}


@rest("POST", "/v2beta/organizations/{id}/deactivate", AUTHENTICATED, m.DEACTIVATE_ORGANIZATION_BETA, needs="v2")
def _deactivate_beta(call: Call) -> Any:
    return {"changeDate": never(deactivate(call, call.request["id"], v2=True).changed)}


@rest("POST", "/v2beta/organizations/{id}/activate", AUTHENTICATED, m.ACTIVATE_ORGANIZATION_BETA, needs="v2")
def _activate_beta(call: Call) -> Any:
    return {"changeDate": never(reactivate(call, call.request["id"], v2=True).changed)}


@rest("DELETE", "/v2beta/organizations/{id}", AUTHENTICATED, m.DELETE_ORGANIZATION_BETA, needs="v2")
def _delete_beta(call: Call) -> Any:
    return {"deletionDate": never(remove(call, call.request["id"], v2=True).changed)}

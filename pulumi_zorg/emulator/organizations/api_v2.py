"""Organizations in the v2 API (OrganizationService, by REST and Connect), and in v2beta."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import already_exists, invalid, precondition
from pulumi_zorg.emulator.eventstore.aggregate import details_after, details_of
from pulumi_zorg.emulator.http.fields import EMPTY
from pulumi_zorg.emulator.http.lists import list_response_v2, ordered, page
from pulumi_zorg.emulator.http.responses import change_details, message, optional_timestamp, required_timestamp
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect, rest
from pulumi_zorg.emulator.members.aggregate import is_member
from pulumi_zorg.emulator.members.permissions import unknown_roles
from pulumi_zorg.emulator.organizations import messages_v2 as messages
from pulumi_zorg.emulator.organizations.aggregate import organization_added, organization_member_added
from pulumi_zorg.emulator.organizations.commands import change, deactivate, reactivate, remove, require_new_organization
from pulumi_zorg.emulator.organizations.projection import OrganizationReadModel
from pulumi_zorg.emulator.organizations.queries import search
from pulumi_zorg.emulator.users.aggregate import UserWriteModel
from pulumi_zorg.emulator.users.humans import add_human_v2

_SERVICE = "zitadel.org.v2.OrganizationService/"
_WRITES = "v2_organization_writes"


@rest("POST", "/v2/organizations", AUTHENTICATED, messages.ADD_ORGANIZATION, status=201, requires="v2")
@connect(_SERVICE + "AddOrganization", AUTHENTICATED, messages.ADD_ORGANIZATION)
def _add(call: Call) -> Any:
    request, store = call.request, call.instance.store
    sent = request["organization_id"] if call.instance.profile.v2_organization_id else None
    org_id = sent or request["org_id"]
    if org_id is not None and not org_id.strip():
        raise invalid("ORG-4ABd3", "Errors.Invalid.Argument")
    org_id = org_id or store.new_id()
    call.check("org.write", org_id, org_id)
    require_new_organization(store, org_id)
    name = request["name"].strip()
    if not name:
        raise invalid("ORG-mruNY", "Errors.Invalid.Argument")
    new_events = organization_added(org_id, name)
    admins = [admin for admin in request["admins"] if admin["user_id"]]
    for admin in admins:
        roles = admin["roles"] or ["ORG_OWNER"]
        if unknown_roles(roles, "ORG_") and unknown_roles(roles, "SELF_MANAGEMENT_GLOBAL"):
            raise invalid("Org-4N8es", "Errors.Org.MemberInvalid")
        if not UserWriteModel(store, admin["user_id"]).exists:
            raise precondition("ORG-GoXOn", "Errors.User.NotFound")
        if is_member(store, "org", org_id, admin["user_id"]):  # of an organization that had the id and was removed
            raise already_exists("ORG-poWwe", "Errors.Org.Member.AlreadyExists")
        new_events.append(organization_member_added(org_id, admin["user_id"], roles))
    created = []
    with store.one_moment():
        events = call.push(*new_events)
        for admin in request["admins"]:
            if admin["human"]:
                user_id = add_human_v2(call, org_id, admin["human"]).id
                events = call.push(organization_member_added(org_id, user_id, admin["roles"] or ["ORG_OWNER"]))
                created.append({"userId": user_id})
    return message(details=change_details(details_after(events[-1])), organizationId=org_id, createdAdmins=created)


@rest("POST", "/v2/organizations/{organization_id}", AUTHENTICATED, messages.UPDATE_ORGANIZATION, requires=_WRITES)
@connect(_SERVICE + "UpdateOrganization", AUTHENTICATED, messages.UPDATE_ORGANIZATION, requires=_WRITES)
def _update(call: Call) -> Any:
    return {
        "changeDate": required_timestamp(
            change(call, call.request["organization_id"], call.request["name"], v2=True).changed
        )
    }


@rest(
    "POST",
    "/v2/organizations/{organization_id}/deactivate",
    AUTHENTICATED,
    messages.DEACTIVATE_ORGANIZATION,
    requires=_WRITES,
)
@connect(_SERVICE + "DeactivateOrganization", AUTHENTICATED, messages.DEACTIVATE_ORGANIZATION, requires=_WRITES)
def _deactivate(call: Call) -> Any:
    return {"changeDate": required_timestamp(deactivate(call, call.request["organization_id"], v2=True).changed)}


@rest(
    "POST",
    "/v2/organizations/{organization_id}/activate",
    AUTHENTICATED,
    messages.ACTIVATE_ORGANIZATION,
    requires=_WRITES,
)
@connect(_SERVICE + "ActivateOrganization", AUTHENTICATED, messages.ACTIVATE_ORGANIZATION, requires=_WRITES)
def _activate(call: Call) -> Any:
    return {"changeDate": required_timestamp(reactivate(call, call.request["organization_id"], v2=True).changed)}


@rest("DELETE", "/v2/organizations/{organization_id}", AUTHENTICATED, messages.DELETE_ORGANIZATION, requires=_WRITES)
@connect(_SERVICE + "DeleteOrganization", AUTHENTICATED, messages.DELETE_ORGANIZATION, requires=_WRITES)
def _delete(call: Call) -> Any:
    return {"deletionDate": required_timestamp(remove(call, call.request["organization_id"], v2=True).changed)}


@rest("POST", "/v2/organizations/_search", AUTHENTICATED, messages.LIST_ORGANIZATIONS, requires="v2")
@connect(_SERVICE + "ListOrganizations", AUTHENTICATED, messages.LIST_ORGANIZATIONS)
def _list(call: Call) -> Any:
    request = call.request
    found = search(call.instance, request["queries"], _STATES)
    key = {
        "ORGANIZATION_FIELD_NAME_NAME": lambda org: org.name.lower(),
        "ORGANIZATION_FIELD_NAME_CREATION_DATE": lambda org: org.created,
    }.get(request["sorting_column"])
    total, items = page(ordered(found, key, request["query"]), request["query"])
    # The permission is checked after counting: a caller without it gets a total and no organizations.
    return list_response_v2(
        total,
        [_to_message(org) for org in items if call.may("org.read", org.id, org.id)],
        call.instance.list_read_models.orgs,
    )


_STATES = {"ORGANIZATION_STATE_ACTIVE": "ACTIVE", "ORGANIZATION_STATE_INACTIVE": "INACTIVE"}


def _to_message(org: OrganizationReadModel) -> dict[str, Any]:
    return message(
        id=org.id,
        details={**change_details(details_of(org)), **message(creationDate=optional_timestamp(org.created))},
        state=f"ORGANIZATION_STATE_{org.state}",
        name=org.name,
        primaryDomain=org.primary_domain,
    )


@rest("POST", "/v2beta/organizations/{id}", AUTHENTICATED, messages.UPDATE_ORGANIZATION_BETA, requires="v2")
def _update_beta(call: Call) -> Any:
    return {"changeDate": required_timestamp(change(call, call.request["id"], call.request["name"], v2=True).changed)}


@rest(
    "POST", "/v2beta/organizations/{id}/deactivate", AUTHENTICATED, messages.DEACTIVATE_ORGANIZATION_BETA, requires="v2"
)
def _deactivate_beta(call: Call) -> Any:
    return {"changeDate": required_timestamp(deactivate(call, call.request["id"], v2=True).changed)}


@rest("POST", "/v2beta/organizations/{id}/activate", AUTHENTICATED, messages.ACTIVATE_ORGANIZATION_BETA, requires="v2")
def _activate_beta(call: Call) -> Any:
    return {"changeDate": required_timestamp(reactivate(call, call.request["id"], v2=True).changed)}


@rest("DELETE", "/v2beta/organizations/{id}", AUTHENTICATED, messages.DELETE_ORGANIZATION_BETA, requires="v2")
def _delete_beta(call: Call) -> Any:
    return {"deletionDate": required_timestamp(remove(call, call.request["id"], v2=True).changed)}


@connect("zitadel.settings.v2.SettingsService/GetDomainSettings", "policy.read", messages.GET_DOMAIN_SETTINGS)
def _get_domain_settings(call: Call) -> Any:
    """Of an unknown organization, the real server returns those of the instance.

    The permission counts in the organization of the header, and without one in that of the caller, whatever `ctx` names.
    """
    context = call.request["ctx"] or {}
    org = call.instance.read_models.orgs.get(context.get("org_id") or call.caller.org_id)
    own = None if org is None else org.domain_policy
    if own is None:
        settings = message(resourceOwnerType="RESOURCE_OWNER_TYPE_INSTANCE")
        return {"details": message(resourceOwner=call.instance.instance_id), "settings": settings}
    settings = message(
        loginNameIncludesDomain=bool(own.get("userLoginMustBeDomain")), resourceOwnerType="RESOURCE_OWNER_TYPE_ORG"
    )
    return {"details": message(resourceOwner=own.resource_owner), "settings": settings}


@connect("zitadel.instance.v2.InstanceService/GetInstance", AUTHENTICATED, EMPTY)
def _get_instance(call: Call) -> Any:
    instance = call.instance
    call.check("iam.read", "", "")
    return {"instance": message(id=instance.instance_id, name="ZITADEL", version=instance.profile.version)}

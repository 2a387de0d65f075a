"""Organizations in the v1 API (management and admin)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import already_exists, invalid, not_found
from pulumi_zorg.emulator.eventstore.aggregate import details_after
from pulumi_zorg.emulator.http.fields import EMPTY
from pulumi_zorg.emulator.http.lists import list_response, ordered, page
from pulumi_zorg.emulator.http.responses import (
    change_details,
    creation_details,
    int64,
    message,
    optional_timestamp,
    read_details,
)
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, rest
from pulumi_zorg.emulator.organizations import messages_v1 as messages
from pulumi_zorg.emulator.organizations.aggregate import (
    default_domain,
    organization_added,
    organization_event,
    organization_member_added,
)
from pulumi_zorg.emulator.organizations.commands import change, deactivate, reactivate, remove
from pulumi_zorg.emulator.organizations.projection import OrganizationReadModel
from pulumi_zorg.emulator.organizations.queries import by_id, search
from pulumi_zorg.emulator.users.aggregate import require_user


def _to_message(org: OrganizationReadModel) -> dict[str, Any]:
    return message(
        id=org.id,
        details=read_details(org),
        state="" if org.state == "REMOVED" else f"ORG_STATE_{org.state}",
        name=org.name,
        primaryDomain=org.primary_domain,
    )


_STATES = {"ORG_STATE_ACTIVE": "ACTIVE", "ORG_STATE_INACTIVE": "INACTIVE"}


@rest("POST", "/management/v1/orgs", "org.create", messages.ADD_ORG)
def _add(call: Call) -> Any:
    default_domain(call.request["name"])
    name = call.request["name"].strip()
    if not name:
        raise invalid("EVENT-Mf9sd", "Errors.Org.Invalid")
    org_id = call.instance.store.new_id()
    require_user(call.instance.store, call.caller.user_id, call.caller.resource_owner)
    events = call.push(
        *organization_added(org_id, name), organization_member_added(org_id, call.caller.user_id, ["ORG_OWNER"])
    )
    return message(id=org_id, details=creation_details(details_after(events[-1])))


@rest("GET", "/management/v1/orgs/me", "org.read", EMPTY)
def _get_mine(call: Call) -> Any:
    return {"org": _to_message(by_id(call.instance, call.caller.org_id))}


@rest("PUT", "/management/v1/orgs/me", "org.write", messages.UPDATE_ORG)
def _update(call: Call) -> Any:
    # The real server calls the change date `creationDate` in this answer.
    return {"details": creation_details(change(call, call.caller.org_id, call.request["name"]))}


@rest("POST", "/management/v1/orgs/me/_deactivate", "org.write", EMPTY)
def _deactivate(call: Call) -> Any:
    return {"details": change_details(deactivate(call, call.caller.org_id))}


@rest("POST", "/management/v1/orgs/me/_reactivate", "org.write", EMPTY)
def _reactivate(call: Call) -> Any:
    return {"details": change_details(reactivate(call, call.caller.org_id))}


@rest("DELETE", "/management/v1/orgs/me", "org.delete", EMPTY)
def _remove_mine(call: Call) -> Any:
    return {"details": change_details(remove(call, call.caller.org_id))}


# As a real server of July 2026 answers. Login names do not follow the settings here.


@rest("GET", "/management/v1/policies/domain", AUTHENTICATED, EMPTY)
def _get_domain_policy(call: Call) -> Any:
    own = by_id(call.instance, call.caller.org_id).domain_policy
    if own is None:
        return {"policy": message(details=message(resourceOwner=call.instance.instance_id), isDefault=True)}
    made = optional_timestamp(own.created_at)
    details = message(
        sequence=int64(own.sequence), creationDate=made, changeDate=made, resourceOwner=own.resource_owner
    )
    return {"policy": message(details=details, userLoginMustBeDomain=bool(own.get("userLoginMustBeDomain")))}


@rest("POST", "/admin/v1/orgs/{org_id}/policies/domain", "iam.policy.write", messages.ADD_CUSTOM_DOMAIN_POLICY)
def _add_domain_policy(call: Call) -> Any:
    org = by_id(call.instance, call.request["org_id"])
    if org.domain_policy is not None:
        raise already_exists("ORG-1M8ds", "Errors.Org.DomainPolicy.AlreadyExists")
    payload = {"userLoginMustBeDomain": True} if call.request["user_login_must_be_domain"] else {}
    events = call.push(organization_event(org.id, "org.policy.domain.added", payload))
    return {"details": creation_details(details_after(events[-1]))}


@rest("GET", "/v2/features/instance", AUTHENTICATED, EMPTY, requires="v2")
def _get_features(call: Call) -> Any:
    # The default of both recorded servers: all applications use the V2 login.
    return message(details=message(resourceOwner=call.instance.instance_id), loginV2={"required": True})


@rest("GET", "/management/v1/global/orgs/_by_domain", "org.global.read", messages.ORG_BY_DOMAIN)
def _by_domain(call: Call) -> Any:
    for org in call.instance.list_read_models.orgs.all():
        if org.primary_domain == call.request["domain"] and org.state == "ACTIVE":
            return {"org": _to_message(org)}
    raise not_found("QUERY-iTTGJ", "Errors.Org.NotFound")


@rest("GET", "/admin/v1/orgs/{id}", "iam.read", messages.GET_ORG)
def _get(call: Call) -> Any:
    return {"org": _to_message(by_id(call.instance, call.request["id"]))}


@rest("GET", "/admin/v1/orgs/default", "iam.read", EMPTY)
def _get_default(call: Call) -> Any:
    return {"org": _to_message(by_id(call.instance, call.instance.default_org_id))}


@rest("GET", "/management/v1/iam", AUTHENTICATED, EMPTY)
def _get_instance(call: Call) -> Any:
    default = call.instance.default_org_id
    return message(globalOrgId=default, iamProjectId=call.instance.project_id, defaultOrgId=default)


@rest("GET", "/admin/v1/instances/me", "iam.read", EMPTY)
def _get_instance_details(call: Call) -> Any:
    instance = call.instance
    return {"instance": message(id=instance.instance_id, state="STATE_RUNNING", version=instance.profile.version)}


@rest("GET", "/admin/v1/orgs/_is_unique", "iam.read", messages.IS_ORG_UNIQUE)
def _is_unique(call: Call) -> Any:
    name, domain = call.request["name"].lower(), call.request["domain"].lower()
    if not name and not domain:
        raise invalid("QUERY-DGqfd", "Errors.Query.InvalidRequest")
    taken = any(
        org.name.lower() == name or domain in (one.lower() for one in org.domains)
        for org in call.instance.list_read_models.orgs.all()
    )
    return message(isUnique=not taken)


@rest("DELETE", "/admin/v1/orgs/{org_id}", "iam.write", messages.REMOVE_ORG)
def _remove(call: Call) -> Any:
    return {"details": change_details(remove(call, call.request["org_id"]))}


@rest("POST", "/admin/v1/orgs/_search", "iam.read", messages.LIST_ORGS)
def _list(call: Call) -> Any:
    found = search(call.instance, call.request["queries"], _STATES)
    by_name = call.request["sorting_column"] == "ORG_FIELD_NAME_NAME"
    key = (lambda org: org.name.lower()) if by_name else None
    total, items = page(ordered(found, key, call.request["query"]), call.request["query"])
    return list_response(total, [_to_message(org) for org in items], call.instance.list_read_models.orgs)

"""User grants in the v1 API (management)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import invalid, not_found
from pulumi_zorg.emulator.http.lists import filter_all, joined_text, list_response, page
from pulumi_zorg.emulator.http.responses import change_details, creation_details, message, read_details
from pulumi_zorg.emulator.http.routing import rest
from pulumi_zorg.emulator.read_models import ReadModels
from pulumi_zorg.emulator.user_grants import messages_v1 as messages
from pulumi_zorg.emulator.user_grants.commands import add, change, check_v1, deactivate, new, reactivate, remove
from pulumi_zorg.emulator.user_grants.projection import UserGrantReadModel
from pulumi_zorg.emulator.user_grants.queries import _user_type, predicate, visible


def _to_message(read_models: ReadModels, grant: UserGrantReadModel) -> dict[str, Any]:
    user = read_models.users.get(grant.user_id)
    org = read_models.orgs.get(grant.owner)
    home = read_models.orgs.get(user.owner) if user else None
    profile = user.profile if user else {}
    return message(
        id=grant.id,
        details=read_details(grant),
        roleKeys=grant.role_keys,
        state=f"USER_GRANT_STATE_{grant.state}",
        userId=grant.user_id,
        userName=joined_text(user, "username"),
        firstName=profile.get("firstName"),
        lastName=profile.get("lastName"),
        email=profile.get("email"),
        displayName=profile.get("displayName"),
        orgId=grant.owner,
        orgName=joined_text(org, "name"),
        orgDomain=joined_text(org, "primary_domain"),
        projectId=grant.project_id,
        projectName=joined_text(read_models.projects.get(grant.project_id), "name"),
        projectGrantId=grant.project_grant_id,
        preferredLoginName=joined_text(user, "username"),
        userType=_user_type(user),
        grantedOrgId=joined_text(home, "id"),
        grantedOrgName=joined_text(home, "name"),
        grantedOrgDomain=joined_text(home, "primary_domain"),
    )


@rest("GET", "/management/v1/users/{user_id}/grants/{grant_id}", "user.grant.read", messages.GET_USER_GRANT)
def _get(call: Call) -> Any:
    read_models = call.instance.read_models
    grant = read_models.user_grants.get(call.request["grant_id"])
    if grant is None or grant.owner != call.caller.org_id or not visible(call.instance, read_models, [grant]):
        raise not_found("QUERY-wIPkA", "Errors.UserGrant.NotFound")
    return {"userGrant": _to_message(read_models, grant)}


@rest("POST", "/management/v1/users/grants/_search", "user.grant.read", messages.LIST_USER_GRANTS)
def _list(call: Call) -> Any:
    read_models, queries = call.instance.list_read_models, call.request["queries"]
    table = read_models.user_grants
    with_granted = any(query["with_granted_query"] is not None for query in queries)
    candidates = table.all() if with_granted else table.where("owner", call.caller.org_id)
    predicates = [predicate(read_models, query, call.caller.org_id) for query in queries]
    found = filter_all(visible(call.instance, read_models, candidates), predicates)
    total, items = page(found, call.request["query"])
    return list_response(total, [_to_message(read_models, grant) for grant in items], table)


@rest("POST", "/management/v1/users/{user_id}/grants", "user.grant.write", messages.ADD_USER_GRANT)
def _add_v1(call: Call) -> Any:
    request = call.request
    ids = request["user_id"], request["project_id"], request["project_grant_id"]
    model = new(call, call.caller.org_id, *ids)
    details = add(call, model, request["role_keys"], check_v1(call))
    return message(userGrantId=model.id, details=creation_details(details))


@rest("PUT", "/management/v1/users/{user_id}/grants/{grant_id}", "user.grant.write", messages.UPDATE_USER_GRANT)
def _update_v1(call: Call) -> Any:
    details = change(call, call.request["grant_id"], call.request["role_keys"], check_v1(call))
    return {"details": change_details(details)}


_GRANT = "/management/v1/users/{user_id}/grants/{grant_id}"


@rest("POST", _GRANT + "/_deactivate", "user.grant.write", messages.DEACTIVATE_USER_GRANT)
def _deactivate_v1(call: Call) -> Any:
    return {"details": change_details(deactivate(call, call.request["grant_id"], call.caller.org_id, check_v1(call)))}


@rest("POST", _GRANT + "/_reactivate", "user.grant.write", messages.REACTIVATE_USER_GRANT)
def _reactivate_v1(call: Call) -> Any:
    return {"details": change_details(reactivate(call, call.request["grant_id"], call.caller.org_id, check_v1(call)))}


@rest("DELETE", _GRANT, "user.grant.delete", messages.REMOVE_USER_GRANT)
def _remove_v1(call: Call) -> Any:
    return {"details": change_details(remove(call, [call.request["grant_id"]], call.caller.org_id, check_v1(call)))}


@rest("DELETE", "/management/v1/user_grants/_bulk", "user.grant.delete", messages.BULK_REMOVE_USER_GRANTS)
def _bulk_remove_v1(call: Call) -> Any:
    if not call.request["grant_id"]:
        raise invalid("COMMAND-5M0sd", "Errors.UserGrant.IDMissing")
    remove(call, call.request["grant_id"], call.caller.org_id, check_v1(call))
    return {}

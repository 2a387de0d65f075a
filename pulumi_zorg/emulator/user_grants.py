"""User grants by the v1 API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages as m
from .errors import invalid, not_found
from .model import added, changed, pb, viewed
from .queries import all_of, kind_of, listed, matches, page, text_of
from .routing import rest
from .schema import Msg
from .tables import Tables, UserGrantRow, UserRow
from .user_grants_commands import add, change, check_v1, deactivate, new, reactivate, remove
from .world import Call, World

# Reads. A grant whose user has no login name (removed, or of a removed organization) is never shown.


def visible(world: World, tables: Tables, rows: list[UserGrantRow]) -> list[UserGrantRow]:
    """Those of the grants that reads show."""
    return [row for row in rows if row.user_id in tables.users.rows and row.id not in world.phantoms]


def _told(tables: Tables, row: UserGrantRow) -> dict[str, Any]:
    user = tables.users.get(row.user_id)
    org = tables.orgs.get(row.owner)
    home = tables.orgs.get(user.owner) if user else None
    profile = user.profile if user else {}
    return pb(
        id=row.id,
        details=viewed(row),
        roleKeys=row.role_keys,
        state=f"USER_GRANT_STATE_{row.state}",
        userId=row.user_id,
        userName=text_of(user, "username"),
        firstName=profile.get("firstName"),
        lastName=profile.get("lastName"),
        email=profile.get("email"),
        displayName=profile.get("displayName"),
        orgId=row.owner,
        orgName=text_of(org, "name"),
        orgDomain=text_of(org, "domain"),
        projectId=row.project_id,
        projectName=text_of(tables.projects.get(row.project_id), "name"),
        projectGrantId=row.grant_id,
        preferredLoginName=text_of(user, "username"),
        userType=_user_type(user),
        grantedOrgId=text_of(home, "id"),
        grantedOrgName=text_of(home, "name"),
        grantedOrgDomain=text_of(home, "domain"),
    )


def predicate(tables: Tables, query: Msg, org_id: str) -> Callable[[UserGrantRow], bool]:
    """What one query of a search asks of a grant; v1 and v2 share most kinds."""
    kind, inner = kind_of(query)
    simple = {"project_id_query": "project_id", "user_id_query": "user_id"}
    if kind in simple:
        return lambda row: bool(getattr(row, simple[kind]) == inner[simple[kind]])
    if kind == "project_grant_id_query":
        return lambda row: bool(row.grant_id == inner["project_grant_id"])
    if kind == "role_key_query":
        return lambda row: inner["role_key"] in row.role_keys
    if kind == "in_user_ids_query":
        return lambda row: row.user_id in inner["in_user_ids"]
    return _joined_predicate(tables, kind, inner, org_id)


def _joined_predicate(tables: Tables, kind: str, inner: Msg, org_id: str) -> Callable[[UserGrantRow], bool]:
    if kind == "with_granted_query":
        return lambda row: org_id in (row.owner, text_of(tables.projects.get(row.project_id), "owner"))
    if kind == "user_type_query":
        return lambda row: bool(inner["type"] == _user_type(tables.users.get(row.user_id)))
    return _text_predicate(tables, kind, inner)


def _user_type(user: UserRow | None) -> str:
    return "TYPE_HUMAN" if user is not None and user.human else "TYPE_MACHINE"


_PROFILE = {
    "first_name_query": ("first_name", "firstName"),
    "last_name_query": ("last_name", "lastName"),
    "email_query": ("email", "email"),
    "display_name_query": ("display_name", "displayName"),
    "user_display_name": ("display_name", "displayName"),
}


#: kind of query -> its field, the joined table, by what it is joined, and the column compared.
_JOINS = {
    "user_name_query": ("user_name", "users", "user_id", "username"),
    "user_preferred_login_name": ("login_name", "users", "user_id", "username"),
    "org_name_query": ("org_name", "orgs", "owner", "name"),
    "org_domain_query": ("org_domain", "orgs", "owner", "domain"),
    "project_name_query": ("project_name", "projects", "project_id", "name"),
    "project_name": ("name", "projects", "project_id", "name"),
}


def _text_predicate(tables: Tables, kind: str, inner: Msg) -> Callable[[UserGrantRow], bool]:
    if kind in _PROFILE:
        field, name = _PROFILE[kind]

        def holds(row: UserGrantRow) -> bool:
            profile = tables.users.rows[row.user_id].profile
            return name in profile and matches(inner["method"], profile[name], inner[field])

        return holds
    field, table, key, column = _JOINS[kind]
    joined: dict[Any, Any] = getattr(tables, table).rows
    return lambda row: matches(inner["method"], text_of(joined.get(getattr(row, key)), column), inner[field])


@rest("GET", "/management/v1/users/{user_id}/grants/{grant_id}", "user.grant.read", m.GET_USER_GRANT)
def _get(call: Call) -> Any:
    tables = call.world.tables
    row = tables.user_grants.get(call.request["grant_id"])
    if row is None or row.owner != call.caller.org_id or not visible(call.world, tables, [row]):
        raise not_found("QUERY-wIPkA", "Errors.UserGrant.NotFound")
    return {"userGrant": _told(tables, row)}


@rest("POST", "/management/v1/users/grants/_search", "user.grant.read", m.LIST_USER_GRANTS)
def _list(call: Call) -> Any:
    tables, queries = call.world.lists, call.request["queries"]
    table = tables.user_grants
    with_granted = any(query["with_granted_query"] is not None for query in queries)
    candidates = list(table.rows.values()) if with_granted else table.by("owner", call.caller.org_id)
    predicates = [predicate(tables, query, call.caller.org_id) for query in queries]
    found = all_of(visible(call.world, tables, candidates), predicates)
    total, rows = page(found, call.request["query"])
    return listed(total, [_told(tables, row) for row in rows], table)


@rest("POST", "/management/v1/users/{user_id}/grants", "user.grant.write", m.ADD_USER_GRANT)
def _add_v1(call: Call) -> Any:
    request = call.request
    ids = request["user_id"], request["project_id"], request["project_grant_id"]
    model = new(call, call.caller.org_id, *ids)
    details = add(call, model, request["role_keys"], check_v1(call))
    return pb(userGrantId=model.id, details=added(details))


@rest("PUT", "/management/v1/users/{user_id}/grants/{grant_id}", "user.grant.write", m.UPDATE_USER_GRANT)
def _update_v1(call: Call) -> Any:
    details = change(call, call.request["grant_id"], call.request["role_keys"], check_v1(call))
    return {"details": changed(details)}


_GRANT = "/management/v1/users/{user_id}/grants/{grant_id}"


@rest("POST", _GRANT + "/_deactivate", "user.grant.write", m.DEACTIVATE_USER_GRANT)
def _deactivate_v1(call: Call) -> Any:
    return {"details": changed(deactivate(call, call.request["grant_id"], call.caller.org_id, check_v1(call)))}


@rest("POST", _GRANT + "/_reactivate", "user.grant.write", m.REACTIVATE_USER_GRANT)
def _reactivate_v1(call: Call) -> Any:
    return {"details": changed(reactivate(call, call.request["grant_id"], call.caller.org_id, check_v1(call)))}


@rest("DELETE", _GRANT, "user.grant.delete", m.REMOVE_USER_GRANT)
def _remove_v1(call: Call) -> Any:
    return {"details": changed(remove(call, [call.request["grant_id"]], call.caller.org_id, check_v1(call)))}


@rest("DELETE", "/management/v1/user_grants/_bulk", "user.grant.delete", m.BULK_REMOVE_USER_GRANTS)
def _bulk_remove_v1(call: Call) -> Any:
    if not call.request["grant_id"]:
        raise invalid("COMMAND-5M0sd", "Errors.UserGrant.IDMissing")
    remove(call, call.request["grant_id"], call.caller.org_id, check_v1(call))
    return {}

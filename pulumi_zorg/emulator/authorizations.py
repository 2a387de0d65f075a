"""AuthorizationService: user grants by the v2 API, in the Connect protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import messages as m
from .errors import ApiError
from .model import never, pb
from .queries import all_of, kind_of, ordered, page, paginated, pagination, text_of
from .routing import AUTHENTICATED, connect
from .schema import Msg
from .store import stamp
from .tables import Tables, UserGrantRow
from .user_grants import predicate, visible
from .user_grants_commands import add, change, check_v2, deactivate, new, reactivate, remove
from .world import Call

_SERVICE = "zitadel.authorization.v2.AuthorizationService/"


@connect(_SERVICE + "CreateAuthorization", AUTHENTICATED, m.CREATE_AUTHORIZATION)
def _create_v2(call: Call) -> Any:
    request = call.request
    model = new(call, request["organization_id"], request["user_id"], request["project_id"])
    details = add(call, model, request["role_keys"], check_v2(call, "user.grant.write"))
    return {"id": model.id, "creationDate": stamp(details.changed)}


@connect(_SERVICE + "UpdateAuthorization", AUTHENTICATED, m.UPDATE_AUTHORIZATION)
def _update_v2(call: Call) -> Any:
    check = check_v2(call, "user.grant.write")
    return {"changeDate": stamp(change(call, call.request["id"], call.request["role_keys"], check, v2=True).changed)}


@connect(_SERVICE + "DeactivateAuthorization", AUTHENTICATED, m.DEACTIVATE_AUTHORIZATION)
def _deactivate_v2(call: Call) -> Any:
    return {"changeDate": stamp(deactivate(call, call.request["id"], "", check_v2(call, "user.grant.write")).changed)}


@connect(_SERVICE + "ActivateAuthorization", AUTHENTICATED, m.ACTIVATE_AUTHORIZATION)
def _activate_v2(call: Call) -> Any:
    return {"changeDate": stamp(reactivate(call, call.request["id"], "", check_v2(call, "user.grant.write")).changed)}


@connect(_SERVICE + "DeleteAuthorization", AUTHENTICATED, m.DELETE_AUTHORIZATION)
def _delete_v2(call: Call) -> Any:
    check = check_v2(call, "user.grant.delete")
    return {"deletionDate": never(remove(call, [call.request["id"]], "", check, v2=True).changed)}


@connect(_SERVICE + "ListAuthorizations", AUTHENTICATED, m.LIST_AUTHORIZATIONS)
def _list(call: Call) -> Any:
    asked = pagination(call.request)
    tables = call.world.lists
    candidates, predicates = _narrow(tables, call.request["filters"])
    found = all_of(visible(call.world, tables, candidates), predicates)
    key = _SORTING.get(call.request["sorting_column"], lambda row: row.created)
    total, rows = page(ordered(found, key, asked), asked)
    return paginated(total, asked, authorizations=[_told(tables, row) for row in rows if _readable(call, row)])


_SORTING: dict[str, Callable[[UserGrantRow], Any]] = {
    "AUTHORIZATION_FIELD_NAME_CHANGED_DATE": lambda row: row.changed,
    "AUTHORIZATION_FIELD_NAME_ID": lambda row: row.id,
    "AUTHORIZATION_FIELD_NAME_USER_ID": lambda row: row.user_id,
    "AUTHORIZATION_FIELD_NAME_PROJECT_ID": lambda row: row.project_id,
    "AUTHORIZATION_FIELD_NAME_ORGANIZATION_ID": lambda row: row.owner,
    "AUTHORIZATION_FIELD_NAME_USER_ORGANIZATION_ID": lambda row: row.user_owner,
}


def _narrow(tables: Tables, filters: list[Msg]) -> tuple[list[UserGrantRow], list[Callable[[UserGrantRow], bool]]]:
    """The smallest set of rows an index gives, and what else must hold."""
    table = tables.user_grants
    candidates = None
    predicates: list[Callable[[UserGrantRow], bool]] = []
    for query in filters:
        kind, inner = kind_of(query)
        if kind == "authorization_ids" and candidates is None:
            wanted = set(inner["ids"])
            # In the order of the table, as the database would find them.
            candidates = sorted((row for row in map(table.get, wanted) if row), key=lambda row: row.created)
        elif kind == "organization_id" and candidates is None:
            candidates = list(table.by("owner", inner["id"]))
        else:
            predicates.append(_filter(tables, kind, inner, query))
    return list(table.rows.values()) if candidates is None else candidates, predicates


def _filter(tables: Tables, kind: str, inner: Msg, query: Msg) -> Callable[[UserGrantRow], bool]:
    by_id = {
        "organization_id": "owner",
        "project_id": "project_id",
        "project_grant_id": "grant_id",
        "user_organization_id": "user_owner",
    }
    if kind in by_id:
        return lambda row: bool(getattr(row, by_id[kind]) == inner["id"])
    if kind in ("authorization_ids", "in_user_ids"):
        name = "id" if kind == "authorization_ids" else "user_id"
        return lambda row: getattr(row, name) in inner["ids"]
    if kind == "state":
        return lambda row: bool(f"STATE_{row.state}" == inner["state"])
    if kind == "role_key":
        return lambda row: inner["key"] in row.role_keys
    return predicate(tables, query, "")


def _readable(call: Call, row: UserGrantRow) -> bool:
    if row.user_id == call.caller.user_id:
        return True
    try:
        call.check("user.grant.read", row.owner, row.grant_id or row.project_id)
    except ApiError:
        return False
    return True


def _told(tables: Tables, row: UserGrantRow) -> dict[str, Any]:
    user = tables.users.get(row.user_id)
    project = tables.projects.get(row.project_id)
    roles = [role for role in tables.roles.by("id", row.project_id) if role.key in row.role_keys]
    return pb(
        id=row.id,
        creationDate=stamp(row.created),
        changeDate=stamp(row.changed),
        project=pb(id=row.project_id, name=text_of(project, "name"), organizationId=text_of(project, "owner")),
        organization=pb(id=row.owner, name=text_of(tables.orgs.get(row.owner), "name")),
        user=pb(
            id=row.user_id,
            preferredLoginName=text_of(user, "username"),
            displayName=user.profile.get("displayName") if user else "",
            organizationId=text_of(tables.orgs.get(row.user_owner), "id"),
        ),
        state=f"STATE_{row.state}",
        roles=[pb(key=role.key, displayName=role.display_name, group=role.group) for role in roles],
    )

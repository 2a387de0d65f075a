"""User grants in the v2 API (AuthorizationService, by Connect)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import ApiError
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.http.lists import (
    filter_all,
    joined_text,
    kind_of,
    ordered,
    page,
    paginated_response,
    pagination,
)
from pulumi_zorg.emulator.http.responses import message, required_timestamp
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, connect
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.read_models import ReadModels
from pulumi_zorg.emulator.user_grants import messages_v2 as messages
from pulumi_zorg.emulator.user_grants.commands import add, change, check_v2, deactivate, new, reactivate, remove
from pulumi_zorg.emulator.user_grants.projection import UserGrantReadModel
from pulumi_zorg.emulator.user_grants.queries import predicate, visible

_SERVICE = "zitadel.authorization.v2.AuthorizationService/"


@connect(_SERVICE + "CreateAuthorization", AUTHENTICATED, messages.CREATE_AUTHORIZATION)
def _create_v2(call: Call) -> Any:
    request = call.request
    model = new(call, request["organization_id"], request["user_id"], request["project_id"])
    details = add(call, model, request["role_keys"], check_v2(call, "user.grant.write"))
    return {"id": model.id, "creationDate": format_timestamp(details.changed)}


@connect(_SERVICE + "UpdateAuthorization", AUTHENTICATED, messages.UPDATE_AUTHORIZATION)
def _update_v2(call: Call) -> Any:
    check = check_v2(call, "user.grant.write")
    return {
        "changeDate": format_timestamp(
            change(call, call.request["id"], call.request["role_keys"], check, v2=True).changed
        )
    }


@connect(_SERVICE + "DeactivateAuthorization", AUTHENTICATED, messages.DEACTIVATE_AUTHORIZATION)
def _deactivate_v2(call: Call) -> Any:
    return {
        "changeDate": format_timestamp(
            deactivate(call, call.request["id"], "", check_v2(call, "user.grant.write")).changed
        )
    }


@connect(_SERVICE + "ActivateAuthorization", AUTHENTICATED, messages.ACTIVATE_AUTHORIZATION)
def _activate_v2(call: Call) -> Any:
    return {
        "changeDate": format_timestamp(
            reactivate(call, call.request["id"], "", check_v2(call, "user.grant.write")).changed
        )
    }


@connect(_SERVICE + "DeleteAuthorization", AUTHENTICATED, messages.DELETE_AUTHORIZATION)
def _delete_v2(call: Call) -> Any:
    check = check_v2(call, "user.grant.delete")
    return {"deletionDate": required_timestamp(remove(call, [call.request["id"]], "", check, v2=True).changed)}


@connect(_SERVICE + "ListAuthorizations", AUTHENTICATED, messages.LIST_AUTHORIZATIONS)
def _list(call: Call) -> Any:
    window = pagination(call.request)
    read_models = call.instance.list_read_models
    candidates, predicates = _narrow(read_models, call.request["filters"])
    found = filter_all(visible(call.instance, read_models, candidates), predicates)
    key = _SORTING.get(call.request["sorting_column"], lambda grant: grant.created)
    total, items = page(ordered(found, key, window), window)
    return paginated_response(
        total, window, authorizations=[_to_message(read_models, grant) for grant in items if _readable(call, grant)]
    )


_SORTING: dict[str, Callable[[UserGrantReadModel], Any]] = {
    "AUTHORIZATION_FIELD_NAME_CHANGED_DATE": lambda grant: grant.changed,
    "AUTHORIZATION_FIELD_NAME_ID": lambda grant: grant.id,
    "AUTHORIZATION_FIELD_NAME_USER_ID": lambda grant: grant.user_id,
    "AUTHORIZATION_FIELD_NAME_PROJECT_ID": lambda grant: grant.project_id,
    "AUTHORIZATION_FIELD_NAME_ORGANIZATION_ID": lambda grant: grant.owner,
    "AUTHORIZATION_FIELD_NAME_USER_ORGANIZATION_ID": lambda grant: grant.user_owner,
}


def _narrow(
    read_models: ReadModels, filters: list[MessageDict]
) -> tuple[list[UserGrantReadModel], list[Callable[[UserGrantReadModel], bool]]]:
    """The smallest set of rows an index gives, and what else must hold."""
    table = read_models.user_grants
    candidates = None
    predicates: list[Callable[[UserGrantReadModel], bool]] = []
    for query in filters:
        kind, inner = kind_of(query)
        if kind == "authorization_ids" and candidates is None:
            expected = set(inner["ids"])
            # In the order of the table, as the database would find them.
            candidates = sorted((grant for grant in map(table.get, expected) if grant), key=lambda grant: grant.created)
        elif kind == "organization_id" and candidates is None:
            candidates = list(table.where("owner", inner["id"]))
        else:
            predicates.append(_filter(read_models, kind, inner, query))
    return table.all() if candidates is None else candidates, predicates


def _filter(
    read_models: ReadModels, kind: str, inner: MessageDict, query: MessageDict
) -> Callable[[UserGrantReadModel], bool]:
    by_id = {
        "organization_id": "owner",
        "project_id": "project_id",
        "project_grant_id": "project_grant_id",
        "user_organization_id": "user_owner",
    }
    if kind in by_id:
        return lambda grant: bool(getattr(grant, by_id[kind]) == inner["id"])
    if kind in ("authorization_ids", "in_user_ids"):
        name = "id" if kind == "authorization_ids" else "user_id"
        return lambda grant: getattr(grant, name) in inner["ids"]
    if kind == "state":
        return lambda grant: bool(f"STATE_{grant.state}" == inner["state"])
    if kind == "role_key":
        return lambda grant: inner["key"] in grant.role_keys
    return predicate(read_models, query, "")


def _readable(call: Call, grant: UserGrantReadModel) -> bool:
    if grant.user_id == call.caller.user_id:
        return True
    try:
        call.check("user.grant.read", grant.owner, grant.project_grant_id or grant.project_id)
    except ApiError:
        return False
    return True


def _to_message(read_models: ReadModels, grant: UserGrantReadModel) -> dict[str, Any]:
    user = read_models.users.get(grant.user_id)
    project = read_models.projects.get(grant.project_id)
    roles = [role for role in read_models.roles.where("id", grant.project_id) if role.key in grant.role_keys]
    return message(
        id=grant.id,
        creationDate=format_timestamp(grant.created),
        changeDate=format_timestamp(grant.changed),
        project=message(
            id=grant.project_id, name=joined_text(project, "name"), organizationId=joined_text(project, "owner")
        ),
        organization=message(id=grant.owner, name=joined_text(read_models.orgs.get(grant.owner), "name")),
        user=message(
            id=grant.user_id,
            preferredLoginName=joined_text(user, "username"),
            displayName=user.profile.get("displayName") if user else "",
            organizationId=joined_text(read_models.orgs.get(grant.user_owner), "id"),
        ),
        state=f"STATE_{grant.state}",
        roles=[message(key=role.key, displayName=role.display_name, group=role.group) for role in roles],
    )

"""Queries on user grants, for the v1 API and AuthorizationService."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pulumi_zorg.emulator.http.lists import joined_text, kind_of, matches
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.read_models import ReadModels
from pulumi_zorg.emulator.user_grants.projection import UserGrantReadModel
from pulumi_zorg.emulator.users.projection import UserReadModel


def visible(instance: Instance, read_models: ReadModels, items: list[UserGrantReadModel]) -> list[UserGrantReadModel]:
    """Those of the grants that reads show."""
    return [grant for grant in items if grant.user_id in read_models.users.by_key and grant.id not in instance.phantoms]


def predicate(read_models: ReadModels, query: MessageDict, org_id: str) -> Callable[[UserGrantReadModel], bool]:
    """What one query of a search asks of a grant; v1 and v2 share most kinds."""
    kind, inner = kind_of(query)
    simple = {"project_id_query": "project_id", "user_id_query": "user_id"}
    if kind in simple:
        return lambda grant: bool(getattr(grant, simple[kind]) == inner[simple[kind]])
    if kind == "project_grant_id_query":
        return lambda grant: bool(grant.project_grant_id == inner["project_grant_id"])
    if kind == "role_key_query":
        return lambda grant: inner["role_key"] in grant.role_keys
    if kind == "in_user_ids_query":
        return lambda grant: grant.user_id in inner["in_user_ids"]
    return _joined_predicate(read_models, kind, inner, org_id)


def _joined_predicate(
    read_models: ReadModels, kind: str, inner: MessageDict, org_id: str
) -> Callable[[UserGrantReadModel], bool]:
    if kind == "with_granted_query":
        return lambda grant: org_id in (grant.owner, joined_text(read_models.projects.get(grant.project_id), "owner"))
    if kind == "user_type_query":
        return lambda grant: bool(inner["type"] == _user_type(read_models.users.get(grant.user_id)))
    return _text_predicate(read_models, kind, inner)


def _user_type(user: UserReadModel | None) -> str:
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
    "org_domain_query": ("org_domain", "orgs", "owner", "primary_domain"),
    "project_name_query": ("project_name", "projects", "project_id", "name"),
    "project_name": ("name", "projects", "project_id", "name"),
}


def _text_predicate(read_models: ReadModels, kind: str, inner: MessageDict) -> Callable[[UserGrantReadModel], bool]:
    if kind in _PROFILE:
        field, name = _PROFILE[kind]

        def holds(grant: UserGrantReadModel) -> bool:
            profile = read_models.users.by_key[grant.user_id].profile
            return name in profile and matches(inner["method"], profile[name], inner[field])

        return holds
    field, table, key, column = _JOINS[kind]
    joined: dict[Any, Any] = getattr(read_models, table).by_key
    return lambda grant: matches(inner["method"], joined_text(joined.get(getattr(grant, key)), column), inner[field])

"""Memberships of one user in the v1 API (management and auth)."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.http.lists import joined_text, kind_of, list_response, page
from pulumi_zorg.emulator.http.responses import message, read_details
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, rest
from pulumi_zorg.emulator.members import messages_v1 as messages
from pulumi_zorg.emulator.members.projection import MemberReadModel
from pulumi_zorg.emulator.read_models import ReadModels


def _membership(read_models: ReadModels, member: MemberReadModel) -> dict[str, Any]:
    result = message(userId=member.user_id, details=read_details(member), roles=member.roles)
    if member.kind == "iam":
        return {**result, "iam": True, "displayName": "ZITADEL"}
    project = joined_text(read_models.projects.get(member.project_id), "name")
    field, name = {
        "org": ("orgId", joined_text(read_models.orgs.get(member.object_id), "name")),
        "project": ("projectId", project),
        "project_grant": ("projectGrantId", project),
    }[member.kind]
    return {**result, field: member.object_id, **message(displayName=name)}


def _memberships(call: Call, user_id: str, owners: set[str] | None) -> Any:
    read_models = call.instance.list_read_models
    expected = []
    for query in call.request["queries"]:
        kind, inner = kind_of(query)
        name = {"org_query": "org", "project_query": "project", "project_grant_query": "project_grant"}.get(kind, "iam")
        expected.append((name, next(iter(inner.values())) if name != "iam" else None))
    found = []
    for kind in ("org", "iam", "project", "project_grant"):
        for member in read_models.members.where("user_id", user_id):
            fits = all(name == member.kind and value in (None, member.object_id) for name, value in expected)
            if member.kind == kind and fits and (owners is None or member.owner in owners):
                found.append(member)
    total, items = page(found, call.request["query"])
    return list_response(total, [_membership(read_models, member) for member in items], read_models.members)


@rest("POST", "/management/v1/users/{user_id}/memberships/_search", "user.membership.read", messages.LIST_MEMBERSHIPS)
def _list_memberships(call: Call) -> Any:
    return _memberships(call, call.request["user_id"], {call.instance.instance_id, call.caller.org_id})


@rest("POST", "/auth/v1/memberships/me/_search", AUTHENTICATED, messages.LIST_MY_MEMBERSHIPS)
def _list_my_memberships(call: Call) -> Any:
    return _memberships(call, call.caller.user_id, None)

"""Changes that the server accepts and never shows (`POST /debug/lost-changes`), as measured on the server of July 2026."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.servers import Server

_PROJECTS_ROLES = "urn:zitadel:iam:org:projects:roles"


def lose(server: Server, next: int, *events: str) -> None:
    server.admin.call("POST", "/debug/lost-changes", {"next": next, **({"events": events} if events else {})})


def grant_of(server: Server, user_id: str) -> tuple[str, str]:
    body = {"projectId": server.project, "roleKeys": ["viewer"]}
    made = server.admin.call("POST", f"/management/v1/users/{user_id}/grants", body, org=server.home)
    return made["userGrantId"], f"/management/v1/users/{user_id}/grants/{made['userGrantId']}"


def state_of(server: Server, path: str, of: str, org: str) -> str:
    return str(server.admin.call("GET", path, org=org)[of]["state"])


def last_event(server: Server, id: str) -> Any:
    body = {"aggregateId": id, "asc": False, "limit": 1}
    return server.admin.call("POST", "/admin/v1/events/_search", body)["events"][0]


def test_a_lost_deactivation_of_a_user_grant(server: Server) -> None:
    """200, in the event store, never shown. The same call again changes nothing; the opposite and the wanted one repair it."""
    grant, path = grant_of(server, server.ann)
    lose(server, 1)
    first = server.admin.call("POST", f"{path}/_deactivate", {}, org=server.home)
    again = server.admin.call("POST", f"{path}/_deactivate", {}, org=server.home)
    assert first["details"]["sequence"] == again["details"]["sequence"]
    assert last_event(server, grant)["type"]["type"] == "user.grant.deactivated"
    listed = server.admin.call("POST", "/management/v1/users/grants/_search", {}, org=server.home)["result"]
    assert [each["state"] for each in listed] == ["USER_GRANT_STATE_ACTIVE"]
    assert state_of(server, path, "userGrant", server.home) == "USER_GRANT_STATE_ACTIVE"
    # Another change of the object does not show it either.
    server.admin.call("PUT", path, {"roleKeys": ["editor"]}, org=server.home)
    assert state_of(server, path, "userGrant", server.home) == "USER_GRANT_STATE_ACTIVE"
    for call in ("_reactivate", "_deactivate"):
        server.admin.call("POST", f"{path}/{call}", {}, org=server.home)
    assert state_of(server, path, "userGrant", server.home) == "USER_GRANT_STATE_INACTIVE"


def test_the_roles_of_a_grant_whose_deactivation_was_lost_stay_in_userinfo(server: Server) -> None:
    robot = server.admin.create_user(server.home, "robot")
    secret = server.admin.call("PUT", f"/management/v1/users/{robot}/secret", {}, org=server.home)
    _, path = grant_of(server, robot)
    lose(server, 1)
    server.admin.call("POST", f"{path}/_deactivate", {}, org=server.home)
    scope = f"openid {_PROJECTS_ROLES} urn:zitadel:iam:org:project:id:{server.project}:aud"
    form = {"grant_type": "client_credentials", "scope": scope}
    basic = secret["clientId"], secret["clientSecret"]

    def roles() -> list[str]:
        answer = httpx.post(f"{server.proxy.target}/oauth/v2/token", data=form, auth=basic).raise_for_status().json()
        bearer = {"Authorization": f"Bearer {answer['access_token']}"}
        info = httpx.get(f"{server.proxy.target}/oidc/v1/userinfo", headers=bearer).raise_for_status().json()
        return sorted(info.get(f"urn:zitadel:iam:org:project:{server.project}:roles", {}))

    assert roles() == ["viewer"]
    for call in ("_reactivate", "_deactivate"):
        server.admin.call("POST", f"{path}/{call}", {}, org=server.home)
    assert roles() == []


@pytest.mark.parametrize("kind", ["project", "user"])
def test_the_same_call_again_is_refused_for_projects_and_users(server: Server, kind: str) -> None:
    of = server.project if kind == "project" else server.ann
    path = f"/management/v1/{kind}s/{of}"
    lose(server, 1)
    server.admin.call("POST", f"{path}/_deactivate", {}, org=server.home)
    assert state_of(server, path, kind, server.home).endswith("STATE_ACTIVE")
    with pytest.raises(httpx.HTTPStatusError) as refused:
        server.admin.call("POST", f"{path}/_deactivate", {}, org=server.home)
    assert refused.value.response.json()["code"] == 9
    for call in ("_reactivate", "_deactivate"):
        server.admin.call("POST", f"{path}/{call}", {}, org=server.home)
    assert state_of(server, path, kind, server.home).endswith("STATE_INACTIVE")


def test_a_lost_change_of_an_organization_is_missing_in_lists_only(server: Server) -> None:
    org = server.admin.create_organization("Acme")
    lose(server, 1)
    server.admin.call("POST", "/management/v1/orgs/me/_deactivate", {}, org=org)
    assert server.admin.call("GET", "/management/v1/orgs/me", org=org)["org"]["state"] == "ORG_STATE_INACTIVE"
    assert server.admin.organizations()[org]["state"] == "ORG_STATE_ACTIVE"


def test_a_lost_create_is_never_shown(server: Server) -> None:
    lose(server, 1, "user.grant.added")
    grant, path = grant_of(server, server.ann)
    with pytest.raises(httpx.HTTPStatusError, match="404"):
        server.admin.call("GET", path, org=server.home)
    server.admin.call("POST", f"{path}/_deactivate", {}, org=server.home)
    assert last_event(server, grant)["type"]["type"] == "user.grant.deactivated"


def test_lists_that_lag_do_not_show_a_lost_change_later(server: Server) -> None:
    _, path = grant_of(server, server.ann)
    lose(server, 1)
    server.admin.call("POST", f"{path}/_deactivate", {}, org=server.home)
    server.admin.call("POST", "/debug/lag", {"seconds": 0.001})
    listed = server.admin.call("POST", "/management/v1/users/grants/_search", {}, org=server.home)["result"]
    assert [each["state"] for each in listed] == ["USER_GRANT_STATE_ACTIVE"]

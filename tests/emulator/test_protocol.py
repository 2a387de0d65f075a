"""Answers that need no command and no query: paths, methods, bodies, tokens."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.emulator.instance import MANAGEMENT, SERVICE, Instance

LIST_PROJECTS = "/zitadel.project.v2.ProjectService/ListProjects"


def test_an_unknown_path(instance: Instance) -> None:
    answer = instance.iac("GET", f"{MANAGEMENT}/nonsense")
    assert (answer.status, answer.body) == (404, {"code": 5, "message": "Not Found"})


def test_a_wrong_method(instance: Instance) -> None:
    answer = instance.iac("PATCH", f"{MANAGEMENT}/orgs/me")
    assert (answer.status, answer.code) == (405, 12)


def test_an_unknown_procedure(instance: Instance) -> None:
    answer = instance.iac("POST", f"{SERVICE}/Nonsense", body={})
    assert (answer.status, answer.body) == (404, "404 page not found\n")


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("", "invalid AddOrgRequest.Name: value length must be between 1 and 200 runes, inclusive"),
        ({}, "invalid AddOrgRequest.Name: value length must be between 1 and 200 runes, inclusive"),
        ({"name": "x" * 201}, "invalid AddOrgRequest.Name: value length must be between 1 and 200 runes, inclusive"),
        ({"name": 1}, "invalid value for string field name: 1"),
        ("[]", "unexpected token ["),
        ('{"name": "x"', "unexpected EOF"),
    ],
)
def test_a_wrong_body(instance: Instance, body: Any, message: str) -> None:
    answer = instance.iac("POST", f"{MANAGEMENT}/orgs", body=body)
    assert (answer.status, answer.code) == (400, 3)
    assert message in answer.body["message"]


def test_an_unknown_name_of_an_enum_value_is_as_if_it_was_not_sent(instance: Instance) -> None:
    org = instance.org()
    body = {"name": instance.name("Project"), "privateLabelingSetting": "NONSENSE"}
    project = instance.iac.made("POST", f"{MANAGEMENT}/projects", org, body)["id"]
    found = instance.iac.made("GET", f"{MANAGEMENT}/projects/{project}", org)["project"]
    assert "privateLabelingSetting" not in found
    answer = instance.iac("POST", f"{MANAGEMENT}/projects", org, {**body, "privateLabelingSetting": True})
    assert (answer.status, answer.code) == (400, 3)


def test_ready_and_health(instance: Instance) -> None:
    for path in ("/debug/ready", "/debug/healthz"):
        answer = instance.caller("")("GET", path)
        assert (answer.status, answer.body) == (200, "ok")


def test_discovery(instance: Instance) -> None:
    found = instance.caller("")("GET", "/.well-known/openid-configuration")
    assert found.body["issuer"] == instance.emulator.url
    assert found.body["token_endpoint"] == f"{instance.emulator.url}/oauth/v2/token"


def test_the_issuer_follows_the_headers_that_name_the_instance(instance: Instance) -> None:
    url = f"{instance.emulator.url}/.well-known/openid-configuration"
    for headers, issuer in (
        ({"Host": "acme.example"}, "http://acme.example"),
        ({"Host": "acme.example", "x-zitadel-instance-host": "bluth.example:80"}, "http://bluth.example:80"),
        ({"x-zitadel-public-host": "public.example"}, "http://public.example"),
    ):
        assert httpx.get(url, headers=headers).json()["issuer"] == issuer


#: As a server of July 2026 answers where the host name of a call is that of no instance.
NO_INSTANCE = (
    "unable to set instance using origin &{nosuch.example  http} (ExternalDomain is localhost): ID=QUERY-1kIjX "
    "Message=Instance not found. Make sure you got the domain right. Check out https://zitadel.com/docs/apis/introduction#domains"
)


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("GET", "/management/v1/iam", {"code": 5, "message": NO_INSTANCE}),
        ("POST", "/v2/users", {"code": 5, "message": NO_INSTANCE}),
        ("POST", LIST_PROJECTS, {"code": "not_found", "message": NO_INSTANCE}),
        ("POST", "/oauth/v2/token", NO_INSTANCE),
        ("GET", "/oidc/v1/userinfo", NO_INSTANCE),
        ("GET", "/.well-known/openid-configuration", NO_INSTANCE),
        ("GET", "/nosuch", {"code": 5, "message": "Not Found"}),
    ],
)  # fmt: skip
def test_a_host_name_without_an_instance(instance: Instance, method: str, path: str, expected: Any) -> None:
    url = instance.emulator.url
    httpx.post(f"{url}/debug/hosts", json={"hosts": ["localhost"]}).raise_for_status()
    try:
        for named in ({"Host": "nosuch.example"}, {"Host": "localhost", "x-zitadel-instance-host": "nosuch.example"}):
            answer = httpx.request(method, f"{url}{path}", headers=named, json={} if method == "POST" else None)
            assert answer.status_code == 404
            assert (answer.text if isinstance(expected, str) else answer.json()) == expected
        assert httpx.get(f"{url}/debug/healthz", headers={"Host": "nosuch.example"}).text == "ok"
        assert httpx.get(f"{url}/oauth/v2/keys", headers={"Host": "localhost:8080"}).status_code == 200
    finally:
        httpx.post(f"{url}/debug/hosts", json={"hosts": []}).raise_for_status()


def test_the_calls_are_recorded(instance: Instance) -> None:
    nobody = instance.caller("")
    nobody("DELETE", "/debug/calls")
    instance.iac("GET", f"{MANAGEMENT}/orgs/me", "999")
    calls = nobody("GET", "/debug/calls").body
    assert calls[-1] == {"method": "GET", "path": f"{MANAGEMENT}/orgs/me", "org": "999", "status": 403}
    nobody("DELETE", "/debug/calls")
    assert nobody("GET", "/debug/calls").body == []


def test_connect_refuses_an_empty_body(instance: Instance) -> None:
    answer = instance.iac("POST", LIST_PROJECTS, body="")
    assert (answer.status, answer.code) == (400, "invalid_argument")
    assert answer.body["message"] == "unmarshal message: zero-length payload is not a valid JSON object"


@pytest.mark.parametrize("content_type", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_connect_refuses_another_content_type(instance: Instance, content_type: str) -> None:
    headers = {"authorization": f"Bearer {instance.iac.token}", "content-type": content_type}
    response = instance.client.post(LIST_PROJECTS, content="{}", headers=headers)
    assert (response.status_code, response.text) == (415, "")


def test_connect_takes_a_content_type_with_a_charset(instance: Instance) -> None:
    headers = {"authorization": f"Bearer {instance.iac.token}", "content-type": "application/json; charset=utf-8"}
    assert instance.client.post(LIST_PROJECTS, content="{}", headers=headers).status_code == 200


def test_a_role_key_that_is_not_ascii_works_in_v2_alone(instance: Instance) -> None:
    org = instance.org()
    project = instance.project(org, "prüfer")
    role = f"{MANAGEMENT}/projects/{project}/roles/pr%C3%BCfer"
    for method, body in (("PUT", {"displayName": "x"}), ("DELETE", None)):
        answer = instance.iac(method, role, org, body)
        assert (answer.status, answer.code) == (500, 13)
        assert answer.body["message"].endswith("contains value with non-printable ASCII characters")
    service, named = "/zitadel.project.v2.ProjectService", {"projectId": project, "roleKey": "prüfer"}
    instance.iac.made("POST", f"{service}/UpdateProjectRole", body={**named, "displayName": "Prüfer"})
    found = instance.iac.made("POST", f"{MANAGEMENT}/projects/{project}/roles/_search", org, {})["result"]
    assert [role["displayName"] for role in found] == ["Prüfer"]
    instance.iac.made("POST", f"{service}/RemoveProjectRole", body=named)
    assert "result" not in instance.iac.made("POST", f"{MANAGEMENT}/projects/{project}/roles/_search", org, {})


def test_projections_can_stand_still_for_tokens_too(instance: Instance) -> None:
    """The first call after a switch may see the old state."""
    org = instance.org()
    project = instance.project(org, "viewer")
    machine = instance.machine(org)
    grant = instance.grant(org, machine, project, "viewer")
    before = instance.iac.made("GET", grant.path, org)["userGrant"]["details"]["changeDate"]
    secret = instance.iac.made("PUT", f"{MANAGEMENT}/users/{machine}/secret", org, {})
    scope = f"openid urn:zitadel:iam:org:projects:roles urn:zitadel:iam:org:project:id:{project}:aud"
    form = {"grant_type": "client_credentials", "scope": scope}
    pair = secret["clientId"], secret["clientSecret"]
    token = instance.client.post("/oauth/v2/token", data=form, auth=pair).json()["access_token"]
    claim = f"urn:zitadel:iam:org:project:{project}:roles"
    instance.iac.made("POST", f"{grant.path}/_deactivate", org, {})
    try:
        for tables, shown in ((["user_grants"], True), ([], False)):
            instance.client.post("/debug/lag", json={"since": before, "tables": tables})
            assert (claim in instance.caller(token)("GET", "/oidc/v1/userinfo").body) == shown
    finally:
        instance.client.post("/debug/lag", json={"seconds": 0})

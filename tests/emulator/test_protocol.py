"""Answers that need no command and no query: paths, methods, bodies, tokens."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.instance import MANAGEMENT, SERVICE, Instance


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


def test_the_calls_are_recorded(instance: Instance) -> None:
    nobody = instance.caller("")
    nobody("DELETE", "/debug/calls")
    instance.iac("GET", f"{MANAGEMENT}/orgs/me", "999")
    calls = nobody("GET", "/debug/calls").body
    assert calls[-1] == {"method": "GET", "path": f"{MANAGEMENT}/orgs/me", "org": "999", "status": 403}
    nobody("DELETE", "/debug/calls")
    assert nobody("GET", "/debug/calls").body == []

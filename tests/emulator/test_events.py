"""The search of events: what a comparison with a real server of July 2026 has shown, and no recording has."""

from __future__ import annotations

import pytest

from tests.emulator.instance import MANAGEMENT, SERVICE, Instance


@pytest.mark.parametrize("asc", [True, False])
def test_the_events_of_one_id_are_in_the_order_of_their_sequences(instance: Instance, asc: bool) -> None:
    """An organization and a user can have the same id. Each has sequences of its own."""
    same = f"same-{asc}".lower()
    user = {"organizationId": instance.org(), "userId": same, "username": same, "machine": {"name": "Same"}}
    instance.iac.made("POST", "/zitadel.user.v2.UserService/CreateUser", body=user)
    instance.iac.made("POST", f"/v2/users/{same}/deactivate", body={})
    assert instance.iac("POST", "/v2/organizations", body={"name": same, "orgId": same}).status == 201
    instance.iac.made("POST", f"/v2/users/{same}/reactivate", body={})
    search = {"aggregateId": same, "asc": asc}
    found = instance.iac.made("POST", "/admin/v1/events/_search", body=search)["events"]
    sequences = [int(event["sequence"]) for event in found]
    assert sequences == sorted(sequences, reverse=not asc)
    assert {event["aggregate"]["type"]["type"] for event in found if event["sequence"] == "2"} == {"user", "org"}


def test_a_user_grant_without_roles_in_the_payloads(instance: Instance) -> None:
    """A change in v1 has null. A change in v2 leaves the roles out."""
    org = instance.org()
    project = instance.project(org, "viewer")
    grant = instance.grant(org, instance.machine(org), project, "viewer")
    instance.iac.made("PUT", grant.path, org, {"roleKeys": []})
    instance.iac.made("PUT", grant.path, org, {"roleKeys": ["viewer"]})
    instance.iac.made("POST", f"{SERVICE}/UpdateAuthorization", body={"id": grant.id, "roleKeys": []})
    events = instance.iac.made("POST", "/admin/v1/events/_search", body={"aggregateId": grant.id, "asc": True})
    payloads = [event["payload"] for event in events["events"]]
    assert [payload.get("roleKeys", "left out") for payload in payloads] == [["viewer"], None, ["viewer"], "left out"]
    assert "roleKeys" not in instance.iac.made("GET", f"{MANAGEMENT}/users/1/grants/{grant.id}", org)["userGrant"]

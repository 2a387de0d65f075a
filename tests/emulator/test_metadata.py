"""Metadata of organizations and of users, in v1 and v2."""

from __future__ import annotations

from tests.emulator.instance import MANAGEMENT, Instance

_MINE = f"{MANAGEMENT}/metadata"
_USERS = "/zitadel.user.v2.UserService"


def test_an_organization(instance: Instance) -> None:
    iac, org = instance.iac, instance.org()
    first = iac.made("POST", f"{_MINE}/plan", org, {"value": "Z29sZA=="})["details"]["sequence"]
    # Unlike for a user, setting the same value again writes an event.
    again = iac.made("POST", f"{_MINE}/plan", org, {"value": "Z29sZA=="})["details"]["sequence"]
    assert int(again) == int(first) + 1
    iac.made("POST", f"{_MINE}/seats", org, {"value": "NQ=="})
    assert iac.made("GET", f"{_MINE}/plan", org)["metadata"]["value"] == "Z29sZA=="
    found = iac.made("POST", f"{_MINE}/_search", org, {})["result"]
    assert [(entry["key"], entry["value"]) for entry in found] == [("plan", "Z29sZA=="), ("seats", "NQ==")]
    iac.made("DELETE", f"{_MINE}/plan", org)
    answer = iac("GET", f"{_MINE}/plan", org)
    assert (answer.status, answer.error_id) == (404, "QUERY-Rph32")
    answer = iac("DELETE", f"{_MINE}/plan", org)
    assert (answer.status, answer.error_id) == (404, "META-mcnw3")
    # Another organization does not have the entry.
    assert iac("GET", f"{_MINE}/seats", instance.org()).status == 404


def test_an_organization_by_v2(instance: Instance) -> None:
    """As in v1, several entries are set or removed at once, and July writes no event for a value that is set already."""
    org = instance.org()
    service, where = "/zitadel.org.v2.OrganizationService", {"organizationId": org}
    entries = [{"key": "plan", "value": "Z29sZA=="}, {"key": "Plan", "value": "NQ=="}]
    first = instance.iac.made("POST", f"{service}/SetOrganizationMetadata", body={**where, "metadata": entries})
    again = instance.iac.made("POST", f"/v2/organizations/{org}/metadata", body={"metadata": entries[:1]})
    assert again == first
    body = {**where, "filters": [{"keyFilter": {"key": "plan", "method": "TEXT_FILTER_METHOD_EQUALS"}}]}
    found = instance.iac.made("POST", f"{service}/ListOrganizationMetadata", body=body)
    assert [(entry["key"], entry["value"]) for entry in found["metadata"]] == [("plan", "Z29sZA==")]
    assert found["pagination"] == {"totalResult": "1"}  # a limit is shown where the request has one
    limited = instance.iac.made(
        "POST", f"{service}/ListOrganizationMetadata", body={**body, "pagination": {"limit": 5}}
    )
    assert limited["pagination"] == {"totalResult": "1", "appliedLimit": "5"}
    answer = instance.iac("DELETE", f"/v2/organizations/{org}/metadata?keys=plan&keys=nope")
    assert (answer.status, answer.error_id) == (404, "META-2npds")
    instance.iac.made("DELETE", f"/v2/organizations/{org}/metadata?keys=plan&keys=Plan")
    assert instance.events(org)[-4:] == ["org.metadata.set"] * 2 + ["org.metadata.removed"] * 2
    answer = instance.iac("POST", "/v2/organizations/42/metadata", body={"metadata": entries})
    assert (answer.status, answer.error_id) == (400, "COMMAND-QXPGs")
    # The right is checked before the organization is.
    nobody = instance.caller(instance.token(org, instance.machine(org)))
    answer = nobody("POST", "/v2/organizations/42/metadata", body={"metadata": entries})
    assert (answer.status, answer.error_id) == (404, "AUTHZ-cdgFk")


def test_an_organization_is_removed_with_its_metadata(instance: Instance) -> None:
    org = instance.org()
    instance.iac.made("POST", f"{_MINE}/plan", org, {"value": "Z29sZA=="})
    instance.iac.made("DELETE", f"/admin/v1/orgs/{org}")
    assert instance.iac("GET", f"{_MINE}/plan", org).status == 404
    answer = instance.iac("POST", f"{_MINE}/plan", org, {"value": "Z29sZA=="})
    assert (answer.status, answer.error_id) == (400, "COMMAND-QXPGs")


def test_a_user_by_v2(instance: Instance) -> None:
    """A value that is set already writes no event, and an empty value removes the entry."""
    org = instance.org()
    user = instance.machine(org)

    def put(**values: str) -> None:
        entries = [{"key": key, "value": value} for key, value in values.items()]
        instance.iac.made("POST", f"{_USERS}/SetUserMetadata", body={"userId": user, "metadata": entries})

    put(team="b3Bz", level="Mw==")
    put(team="b3Bz", level="", unknown="")
    assert instance.events(user) == [
        "user.machine.added",
        "user.metadata.set",
        "user.metadata.set",
        "user.metadata.removed",
    ]
    body = {
        "userId": user,
        "filters": [{"keyFilter": {"key": "TEAM", "method": "TEXT_FILTER_METHOD_EQUALS_IGNORE_CASE"}}],
    }
    found = instance.iac.made("POST", f"{_USERS}/ListUserMetadata", body=body)
    assert found["pagination"] == {"totalResult": "1", "appliedLimit": "100"}
    assert [(entry["key"], entry["value"]) for entry in found["metadata"]] == [("team", "b3Bz")]
    by_rest = instance.iac.made("POST", f"/v2/users/{user}/metadata/search", body={})
    assert by_rest["metadata"] == found["metadata"]


def test_a_caller_without_the_right_sees_and_changes_none_of_it(instance: Instance) -> None:
    """A user cannot change its own metadata either."""
    org = instance.org()
    user = instance.machine(org)
    body = {"userId": user, "metadata": [{"key": "team", "value": "b3Bz"}]}
    instance.iac.made("POST", f"{_USERS}/SetUserMetadata", body=body)
    itself = instance.caller(instance.token(org, user))
    assert itself("POST", f"{_USERS}/SetUserMetadata", body=body).status == 404
    assert len(itself.made("POST", f"{_USERS}/ListUserMetadata", body={"userId": user})["metadata"]) == 1
    other = instance.caller(instance.token(org, instance.machine(org)))
    # The total is counted before the permission is checked.
    found = other.made("POST", f"{_USERS}/ListUserMetadata", body={"userId": user})
    assert found == {"pagination": {"totalResult": "1", "appliedLimit": "100"}}


def test_a_key_with_a_slash_or_outside_ascii(instance: Instance) -> None:
    org = instance.org()
    for key, status, code in (("a%2Fb", 404, 5), ("%C3%A4", 500, 13), ("a%20b", 200, None), ("a.b:c", 200, None)):
        answer = instance.iac("POST", f"{MANAGEMENT}/metadata/{key}", org, {"value": "Yg=="})
        assert (answer.status, answer.code) == (status, code), key

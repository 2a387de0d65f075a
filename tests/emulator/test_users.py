"""Users: what no recording has, by the notes on the recorded servers and by ZITADEL's source."""

from __future__ import annotations

from typing import Any

import pytest

from tests.emulator.instance import MANAGEMENT, Answer, Instance

_USER_SERVICE = "/zitadel.user.v2.UserService"


def _person(instance: Instance, org: str, **more: Any) -> str:
    """Create a person with an email address that is not verified."""
    name = instance.name("person").replace(" ", "-")
    body = {
        "organization": {"orgId": org},
        "username": name,
        "profile": {"givenName": "Ann", "familyName": "Berg"},
        "email": {"email": f"{name}@example.com"},
        **more,
    }
    return str(instance.iac.made("POST", "/v2/users/human", body=body)["userId"])


def _human(instance: Instance, user: str) -> Any:
    return instance.iac.made("GET", f"/v2/users/{user}")["user"]["human"]


def test_the_present_email_address_can_be_marked_as_verified_in_v1(instance: Instance) -> None:
    org = instance.org()
    user = _person(instance, org)
    email = _human(instance, user)["email"]["email"]
    path = f"{MANAGEMENT}/users/{user}/email"
    assert instance.iac("PUT", path, org, {"email": email}).error_id == "COMMAND-2b7fM"
    instance.iac.made("PUT", path, org, {"email": email, "isEmailVerified": True})
    assert _human(instance, user)["email"] == {"email": email, "isVerified": True}
    assert instance.events(user)[-1] == "user.human.email.verified"


@pytest.mark.parametrize("written", ["+41 79 123 45 67", "079 123 45 67", "0041 79 123-45-67"])
def test_phone_numbers_are_normalized(instance: Instance, written: str) -> None:
    user = _person(instance, instance.org(), phone={"phone": written})
    assert _human(instance, user)["phone"] == {"phone": "+41791234567"}
    again = instance.iac("POST", f"/v2/users/{user}/phone", body={"phone": "+41791234567", "isVerified": True})
    assert again.error_id == "COMMAND-Uch5e"


@pytest.mark.parametrize(("sent", "stored"), [("xx", "und"), ("de-CH", "de-CH"), ("", "und"), ("gsw", "gsw")])
def test_an_unknown_language_is_accepted_and_not_stored(instance: Instance, sent: str, stored: str) -> None:
    org = instance.org()
    profile = {"givenName": "Ann", "familyName": "Berg", "preferredLanguage": sent}
    user = _person(instance, org, profile=profile)
    assert _human(instance, user)["profile"]["preferredLanguage"] == stored
    v1 = {"firstName": "Ann", "lastName": "B", "displayName": "Ann B", "preferredLanguage": sent}
    instance.iac.made("PUT", f"{MANAGEMENT}/users/{user}/profile", org, v1)
    assert _human(instance, user)["profile"]["preferredLanguage"] == stored


@pytest.mark.parametrize("path", [f"{MANAGEMENT}/users/_search", "/v2/users"])
def test_a_search_by_an_empty_list_of_ids_fails(instance: Instance, path: str) -> None:
    answer = instance.iac("POST", path, body={"queries": [{"inUserIdsQuery": {"userIds": []}}]})
    assert (answer.status, answer.code) == (500, 2)


def test_codes_are_returned_where_the_request_wants_them(instance: Instance) -> None:
    user = _person(instance, instance.org())
    body = {"human": {"email": {"email": "new@example.com", "returnCode": {}}, "phone": {"phone": "+41791234567"}}}
    made = instance.iac.made("PATCH", f"/v2/users/{user}", body=body)
    assert made.keys() == {"changeDate", "emailCode"}
    assert len(made["emailCode"]) == 6


def test_connect_changes_users_too(instance: Instance) -> None:
    org = instance.org()
    person, machine = _person(instance, org), instance.machine(org)
    instance.iac.made("POST", f"{_USER_SERVICE}/UpdateHumanUser", body={"userId": person, "username": f"{person}-b"})
    instance.iac.made("POST", f"{_USER_SERVICE}/SetEmail", body={"userId": person, "email": "c@example.com"})
    instance.iac.made("POST", f"{_USER_SERVICE}/UpdateUser", body={"userId": machine, "machine": {"name": "Bot"}})
    assert instance.iac.made("GET", f"/v2/users/{person}")["user"]["username"] == f"{person}-b"
    assert _human(instance, person)["email"] == {"email": "c@example.com"}
    assert instance.iac.made("GET", f"/v2/users/{machine}")["user"]["machine"]["name"] == "Bot"


def test_a_change_in_v2_names_the_type_of_the_user(instance: Instance) -> None:
    """Connect shows the details of this error too, which has no id. Found by comparison with a real server of July 2026."""
    machine = instance.machine(instance.org())
    refused = instance.iac("POST", f"{_USER_SERVICE}/UpdateUser", body={"userId": machine, "username": f"{machine}-b"})
    assert (refused.status, refused.body["message"]) == (501, "user type is not implemented ()")
    detail = {
        "type": "zitadel.v1.ErrorDetail",
        "value": "Ehx1c2VyIHR5cGUgaXMgbm90IGltcGxlbWVudGVk",
        "debug": {"message": "user type is not implemented"},
    }
    assert refused.body["details"] == [detail]


def test_a_caller_without_rights_changes_only_itself(instance: Instance) -> None:
    org = instance.org()
    machine, other = instance.machine(org), _person(instance, org)
    caller = instance.caller(instance.token(org, machine))
    caller.made("PATCH", f"/v2/users/{machine}", body={"machine": {"description": "changed by itself"}})
    for method, path, body in (
        ("PATCH", f"/v2/users/{other}", {"human": {"profile": {"givenName": "x"}}}),
        ("POST", f"/v2/users/{other}/email", {"email": "d@example.com", "isVerified": True}),
        ("DELETE", f"/v2/users/{other}/phone", None),
        ("POST", f"/scim/v2/{org}/Users", {"userName": "x"}),
    ):
        assert caller(method, path, body=body).status == 404, "without any membership, nothing is found"


# SCIM.


def _patch(instance: Instance, org: str, user: str, *operations: dict[str, Any]) -> Answer:
    return instance.iac("PATCH", f"/scim/v2/{org}/Users/{user}", body={"Operations": list(operations)})


def test_a_scim_patch_of_the_state_changes_more_than_the_state(instance: Instance) -> None:
    """The language was not set, and there is no phone number to remove."""
    org = instance.org()
    user = _person(instance, org)
    before = len(instance.events(user))
    assert _patch(instance, org, user, {"op": "replace", "value": {"active": False}}).status == 204
    changes = ["user.human.profile.changed", "user.human.email.verified", "user.human.phone.removed"]
    assert instance.events(user)[before:] == [*changes, "user.deactivated"]
    assert _human(instance, user)["profile"]["preferredLanguage"] == "en"


def test_scim_keeps_a_phone_number_that_a_request_has(instance: Instance) -> None:
    org, name = instance.org(), instance.name("person").replace(" ", "-")
    user = {
        "userName": name,
        "name": {"givenName": "Ann", "familyName": "Berg", "formatted": "Ann B."},
        "emails": [{"value": "other@example.com"}, {"value": f"{name}@example.com", "primary": True}],
        "phoneNumbers": [{"value": "+41 79 123 45 67"}],
        "active": False,
    }
    made = instance.iac("POST", f"/scim/v2/{org}/Users", body=user).body
    assert made["phoneNumbers"] == [{"value": "+41791234567", "primary": True}]
    read = instance.iac.made("GET", f"/v2/users/{made['id']}")["user"]
    assert (read["state"], read["human"]["profile"]["displayName"]) == ("USER_STATE_INACTIVE", "Ann B.")
    assert read["human"]["email"] == {"email": f"{name}@example.com", "isVerified": True}
    instance.iac.made("PUT", f"/scim/v2/{org}/Users/{made['id']}", body={**user, "active": True})
    read = instance.iac.made("GET", f"/v2/users/{made['id']}")["user"]
    assert read["human"]["phone"] == {"phone": "+41791234567", "isVerified": True}
    assert read["state"] == "USER_STATE_ACTIVE"


def test_scim_pages_lists_and_refuses_what_the_emulator_does_not_know(instance: Instance) -> None:
    org = instance.org()
    users = [_person(instance, org) for _ in range(3)]
    page = instance.iac("GET", f"/scim/v2/{org}/Users?startIndex=2&count=1").body
    assert ([user["id"] for user in page["Resources"]], page["totalResults"]) == ([users[1]], 3)
    assert instance.iac("GET", f"/scim/v2/{org}/Users?filter=userName+eq+%22x%22").status == 501
    assert _patch(instance, org, users[0], {"op": "replace", "path": "displayName", "value": "x"}).status == 501


def test_scim_checks_the_organization_in_the_path(instance: Instance) -> None:
    org, other = instance.org(), instance.org()
    user = _person(instance, org)
    assert instance.iac("GET", "/scim/v2/999/Users").status == 403
    assert instance.iac("DELETE", f"/scim/v2/{other}/Users/{user}").status == 404
    assert _patch(instance, other, user, {"op": "replace", "path": "active", "value": False}).status == 404
    assert instance.iac.made("GET", f"/v2/users/{user}")["user"]["state"] == "USER_STATE_ACTIVE"

"""Reading an exported state."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

import pytest

from pulumi_zorg.errors import ConfigurationError
from pulumi_zorg.state import last_update, parse_time, recorded, shared
from pulumi_zorg.tokens import ORGANIZATION, USER_GRANT

SECRET = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270"}


def exported(**resource: Any) -> dict[str, Any]:
    each = {"urn": "urn:pulumi:dev::shop::t::acme", "type": ORGANIZATION, "id": "1", **resource}
    return {"version": 3, "deployment": {"manifest": {"time": "2026-11-23T13:02:01.76072739Z"}, "resources": [each]}}


def test_inputs_are_compared_and_outputs_are_known() -> None:
    (each,) = recorded(
        exported(
            inputs={"__provider": "x", "name": "Acme"},
            outputs={"__provider": "x", "name": "Acme", "state": "ORG_STATE_ACTIVE", "gone": None},
            ignoreChanges=["name"],
        )
    )
    assert (each.properties, each.known) == ({"name": "Acme"}, {"name": "Acme", "state": "ORG_STATE_ACTIVE"})
    assert (each.ignored, each.secret) == ({"name"}, set())


def test_what_was_got_by_its_id_is_compared_by_its_outputs() -> None:
    outputs = {"name": "Acme", "primary_domain": "acme.localhost", "state": "ORG_STATE_ACTIVE"}
    (each,) = recorded(exported(inputs={"__provider": "x"}, outputs=outputs, external=True))
    assert each.properties == {"name": "Acme", "primary_domain": "acme.localhost"}


def test_what_the_server_filled_in_is_known_and_not_compared() -> None:
    (each,) = recorded(
        exported(type=USER_GRANT, inputs={"org_id": "7"}, outputs={"__filled": {"project_grant_id": "8"}})
    )
    assert (each.properties, each.known) == ({"org_id": "7"}, {"org_id": "7", "project_grant_id": "8"})


def test_secrets_are_unwrapped_and_marked() -> None:
    (each,) = recorded(exported(inputs={"name": {**SECRET, "plaintext": '"Acme"'}}, outputs={"role_keys": ["a"]}))
    assert (each.properties["name"], each.secret) == ("Acme", {"name"})


def test_a_secret_that_was_not_shown_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="secret"):
        recorded(exported(inputs={"name": {**SECRET, "ciphertext": "v1:x"}}))


@pytest.mark.parametrize("other", [{"type": "random:index:Pet"}, {"delete": True}])
def test_what_is_not_ours_or_about_to_go_is_passed_over(other: dict[str, Any]) -> None:
    assert recorded(exported(**other)) == ()


def resource(name: str, id: str, type: str = ORGANIZATION, **more: Any) -> dict[str, Any]:
    return {"urn": f"urn:pulumi:dev::shop::{type}::{name}", "type": type, "id": id, **more}


def of(*resources: dict[str, Any]) -> dict[str, Any]:
    return {"version": 3, "deployment": {"resources": list(resources)}}


def test_two_resources_of_one_object_are_found_with_the_way_out() -> None:
    old, new = resource("old", "1"), resource("new", "1")
    (found,) = shared(of(old, resource("other", "2"), resource("ann", "1", USER_GRANT), new))
    assert (found.type, found.id, found.urns) == (ORGANIZATION, "1", (old["urn"], new["urn"]))
    assert found.error.endswith(
        f"Remove one of them from the state: pulumi state delete '{old['urn']}' or pulumi state delete '{new['urn']}'"
    )


def test_what_is_only_read_is_not_managed() -> None:
    """`get` of what another resource manages is how a program shares it."""
    assert shared(of(resource("acme", "1"), resource("read", "1", external=True))) == ()


def test_a_resource_that_is_pending_deletion_still_manages_its_object() -> None:
    acme = resource("acme", "1")
    (found,) = shared(of(acme, {**acme, "delete": True}))
    assert found.urns == (acme["urn"], acme["urn"])
    assert "choose the one that is pending deletion" in found.error
    assert found.error.count("pulumi state delete") == 1
    (found,) = shared(of(acme, resource("old", "1", delete=True)))
    assert "pending deletion" not in found.error


def test_an_empty_stack() -> None:
    assert recorded({"version": 3, "deployment": {"manifest": {"time": "2026-11-23T13:02:01Z"}}}) == ()


def test_what_is_no_state_is_an_error() -> None:
    with pytest.raises(ConfigurationError, match="stack export"):
        recorded({"version": 3})


def test_the_last_update() -> None:
    state = exported(modified="2026-11-23T13:02:00.952393535Z")
    assert last_update(state) == datetime(2026, 11, 23, 13, 2, 1, 760727, timezone.utc)
    state["deployment"]["manifest"] = {}
    assert last_update(state) == datetime(2026, 11, 23, 13, 2, 0, 952393, timezone.utc)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-23", datetime(2026, 11, 23, tzinfo=timezone.utc)),
        ("2026-11-23T08:00", datetime(2026, 11, 23, 8, tzinfo=timezone.utc)),
        ("2026-11-23T08:00:00Z", datetime(2026, 11, 23, 8, tzinfo=timezone.utc)),
        ("2026-11-23T08:00:00.5+01:00", datetime(2026, 11, 23, 7, 0, 0, 500000, timezone.utc)),
    ],
)
def test_times(text: str, moment: datetime) -> None:
    assert parse_time(text) == moment

"""The inputs of a manager: the level follows from the ids, and the roles must be of that level."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_zorg.access.instance import Level
from pulumi_zorg.resource_types.inputs import check_inputs
from pulumi_zorg.resource_types.manager.inputs import ManagerInputs
from pulumi_zorg.resource_types.manager.place import Place, ids_in

ORG: dict[str, Any] = {"org_id": "1"}
PROJECT: dict[str, Any] = {**ORG, "project_id": "2"}
GRANT: dict[str, Any] = {**PROJECT, "project_grant_id": "3"}
LATER = object()


def problems(**given: Any) -> list[tuple[str, str]]:
    _, found = check_inputs(ManagerInputs, {"user_id": "9", **given}, is_unknown=lambda value: value is LATER)
    return [(each.property, each.reason) for each in found]


@pytest.mark.parametrize(
    ("ids", "roles", "level", "made"),
    [
        ({}, ["IAM_LOGIN_CLIENT"], Level.INSTANCE, "instance:9"),
        (ORG, ["ORG_USER_MANAGER", "ORG_OF_OUR_OWN"], Level.ORGANIZATION, "organization:1:9"),
        (PROJECT, ["PROJECT_OWNER_GLOBAL"], Level.PROJECT, "project:1:2:9"),
        (GRANT, ["PROJECT_GRANT_OWNER"], Level.PROJECT_GRANT, "project_grant:1:2:3:9"),
    ],
)
def test_the_level_and_the_id_follow_from_the_ids(ids: Any, roles: list[str], level: Level, made: str) -> None:
    assert problems(**ids, roles=roles) == []
    checked, _ = check_inputs(ManagerInputs, {"user_id": "9", **ids, "roles": roles})
    inputs = ManagerInputs.of(checked)
    assert (inputs.place.level, inputs.id) == (level, made)
    assert ids_in(made) == {**ids, "user_id": "9"}
    assert Place.of(ids_in(made) or {}) == inputs.place


@pytest.mark.parametrize(
    ("ids", "role", "said"),
    [
        ({}, "ORG_OWNER", "without org_id, the resource is a manager of the instance, whose roles begin with IAM_"),
        (ORG, "IAM_OWNER", "with org_id, the resource is a manager of an organization, whose roles begin with ORG_"),
        (ORG, "PROJECT_OWNER", "a manager of an organization"),
        (PROJECT, "ORG_OWNER", "a manager of a project, whose roles begin with PROJECT_"),
        (PROJECT, "PROJECT_GRANT_OWNER", "begin with PROJECT_ and not with PROJECT_GRANT_"),
        (GRANT, "PROJECT_OWNER", "a manager of a project grant, whose roles begin with PROJECT_GRANT_"),
        (ORG, "admin", "a manager of an organization"),
    ],
)
def test_a_role_of_another_level_is_refused(ids: Any, role: str, said: str) -> None:
    ((name, reason),) = problems(**ids, roles=[role])
    assert name == "roles"
    assert reason.startswith(f"cannot have {role!r}: ")
    assert said in reason


def test_an_id_that_is_known_later_counts_as_given() -> None:
    assert problems(org_id=LATER, roles=["ORG_OWNER"]) == []
    assert problems(org_id=LATER, roles=["IAM_OWNER"])[0][0] == "roles"
    assert problems(org_id="1", roles=LATER) == []
    assert problems(org_id="1", roles=[LATER]) == []


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        ({"project_id": "2"}, "org_id"),
        ({"project_grant_id": "3"}, "org_id"),
        ({"org_id": "1", "project_grant_id": "3"}, "project_id"),
    ],
)
def test_an_inner_id_needs_the_outer_ones(given: Any, missing: str) -> None:
    ((name, reason),) = problems(**given, roles=["PROJECT_OWNER"])
    assert name == missing
    assert reason.startswith("is missing")


def test_what_else_is_wrong_is_refused() -> None:
    assert problems(org_id="1", roles=[])[0][1].startswith("must not be empty")
    assert problems(org_id="1:2", roles=["ORG_OWNER"])[0][0] == "org_id"
    assert problems(org_id="1", roles=["ORG_OWNER"], deletion_policy="deactivate") == [
        ("deletion_policy", 'must be "remove" or "retain"')
    ]
    assert "active" not in ManagerInputs.names()


def test_roles_are_a_set() -> None:
    checked, _ = check_inputs(ManagerInputs, {"user_id": "9", "roles": ["IAM_B", "IAM_A", "IAM_B"]})
    assert checked["roles"] == ["IAM_A", "IAM_B"]


@pytest.mark.parametrize(
    "wrong", ["", "9", "organization", "organization:1", "project:1:2", "tenant:1:2", "instance:", "project::2:9"]
)
def test_other_ids_are_none_of_a_manager(wrong: str) -> None:
    assert ids_in(wrong) is None


def test_the_id_of_a_user_may_have_a_colon() -> None:
    assert ids_in("organization:1:a:b") == {"org_id": "1", "user_id": "a:b"}


def test_the_unique_key_waits_for_what_is_not_known_yet() -> None:
    assert ManagerInputs.unique_key({"user_id": "9"}) == {
        "user_id": "9", "org_id": "", "project_id": "", "project_grant_id": ""
    }  # fmt: skip
    assert ManagerInputs.unique_key({"user_id": "9", "org_id": LATER}) == {}
    assert ManagerInputs.unique_key({"org_id": "1"}) == {}

"""What a preview and the guard say about managers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pulumi_zorg.access.instance import Instance, Organization, User, by_id
from pulumi_zorg.guard.plan import PlannedStep
from pulumi_zorg.guard.report import Reviewed
from pulumi_zorg.resource_types.impact import UNKNOWN, Facts, Planned
from pulumi_zorg.resource_types.planned_access import people_of
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from tests.support.stack import TOKENS

TOKEN = TOKENS["manager"]
ACME = {"user_id": "9", "org_id": "1", "roles": ["ORG_OWNER"]}
INSTANCE = Instance(by_id([Organization("1", "Acme")]), by_id([User("9", "1", "ann"), User("8", "1", "ben")]))
Props = Mapping[str, Any] | None


def sentences(before: Props, after: Props) -> tuple[str, ...]:
    impact = RESOURCE_TYPES[TOKEN].impact
    effect = impact.effect(Planned(TOKEN, None if before is None else "organization:1:9", before, after))
    return impact.sentences(effect, Facts(names={"user_id": "ann", "org_id": "Acme"}))


def guarded(*changes: tuple[Props, Props]) -> tuple[str, ...]:
    """Who loses and who gains what."""
    steps = [
        PlannedStep(f"urn:pulumi:dev::p::{TOKEN}::m{n}", Planned(TOKEN, before and f"id{n}", before, after), "update")
        for n, (before, after) in enumerate(changes)
    ]
    return people_of(INSTANCE, [Reviewed.of(each).change for each in steps]).sentences


def test_a_preview_says_who_administers_what() -> None:
    assert sentences(None, ACME) == ("makes ann a manager of Acme with the role ORG_OWNER",)
    assert sentences(ACME, None) == ("removes the manager ann of Acme, who has the role ORG_OWNER",)
    other = {**ACME, "roles": ["ORG_OWNER_VIEWER"]}
    assert sentences(ACME, other) == (
        "takes the role ORG_OWNER from the manager ann of Acme",
        "gives the role ORG_OWNER_VIEWER to the manager ann of Acme",
    )
    assert sentences(ACME, ACME) == ()
    assert sentences({**ACME, "deletion_policy": "retain"}, None) == ()


def test_a_preview_names_each_level() -> None:
    assert "makes user 9 a manager of the instance with" in sentences_of({"user_id": "9", "roles": ["IAM_OWNER"]})
    on_project = {"user_id": "9", "org_id": "1", "project_id": "2", "roles": ["PROJECT_OWNER"]}
    assert "makes user 9 a manager of project 2 with" in sentences_of(on_project)
    assert "a manager of grant 3 of project 2 with" in sentences_of({**on_project, "project_grant_id": "3"})
    assert "a organization" not in sentences_of({**ACME, "org_id": UNKNOWN})


def sentences_of(after: Props) -> str:
    impact = RESOURCE_TYPES[TOKEN].impact
    (found,) = impact.sentences(impact.effect(Planned(TOKEN, None, None, after)))
    return found


def test_the_guard_says_who_loses_and_who_gains_a_right() -> None:
    assert guarded((None, ACME)) == ("ann gains the role ORG_OWNER as a manager of organization Acme",)
    assert guarded((ACME, None)) == ("ann loses the role ORG_OWNER as a manager of organization Acme",)
    assert guarded(({**ACME, "roles": ["ORG_OWNER", "ORG_X"]}, {**ACME, "roles": ["ORG_OWNER", "ORG_Y"]})) == (
        "ann loses the role ORG_X as a manager of organization Acme",
        "ann gains the role ORG_Y as a manager of organization Acme",
    )
    on_instance = {"user_id": "8", "roles": ["IAM_OWNER"]}
    assert guarded((on_instance, None)) == ("ben loses the role IAM_OWNER as a manager of the instance",)
    assert guarded((ACME, {**ACME, "allow_lockout": True})) == ()


@pytest.mark.parametrize("unknown", ["user_id", "org_id"])
def test_the_guard_counts_a_new_manager_of_what_the_same_plan_creates(unknown: str) -> None:
    (found,) = guarded((None, {**ACME, unknown: UNKNOWN}))
    assert "gains the role ORG_OWNER as a manager of organization" in found


def test_the_guard_knows_managers_of_projects_and_project_grants() -> None:
    project = {"user_id": "9", "org_id": "1", "project_id": "2", "roles": ["PROJECT_OWNER"]}
    grant = {**project, "project_grant_id": "3", "roles": ["PROJECT_GRANT_OWNER"]}
    assert guarded((project, None), (grant, None)) == (
        "ann loses the role PROJECT_OWNER as a manager of project 2",
        "ann loses the role PROJECT_GRANT_OWNER as a manager of project grant 3",
    )

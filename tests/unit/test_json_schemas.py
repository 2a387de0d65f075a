"""The published JSON schemas of `zorg access`, `drift`, `preview-guard` and `doctor`: the reports are what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone
from typing import Any

import pytest

from pulumi_zorg.access.compare import compare
from pulumi_zorg.access.instance import Instance, Organization, Project, User, by_id
from pulumi_zorg.access.projects import ProjectRow
from pulumi_zorg.access.report import AccessGrant, AccessRow, Compared
from pulumi_zorg.access.report import Report as AccessReport
from pulumi_zorg.access.selection import Filters
from pulumi_zorg.doctor.findings import Diagnosis, Finding, error, ok, skipped, warning
from pulumi_zorg.drift.report import Change, Drift, Phantom, Report, Undetermined, Unmanaged
from pulumi_zorg.engine.state import SharedObject
from pulumi_zorg.guard.limits import LOSING_ACCESS, AccessLimit, Limit
from pulumi_zorg.guard.report import Reviewed, Verdict
from pulumi_zorg.resource_types.impact import Facts, Planned
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.observed import Observed
from tests.support.schema import SCHEMAS, fits_schema, read_schema, wrong_parts
from tests.support.types import ORGANIZATION, PROJECT_GRANT

WHEN = datetime(2026, 11, 23, 8, 0, 0, 5, tzinfo=timezone.utc)
URN = f"urn:pulumi:dev::shop::{ORGANIZATION}::acme"
SHARED = SharedObject(ORGANIZATION, "1", (URN, URN))


def drift_report() -> Report:
    lost = Change("active", True, False, WHEN, "Ann", lost="it was lost", lost_noun="reactivation")
    secret = Change("name", "Acme", "Emca", WHEN, "Ann", secret=True, why="it is wrong")
    changed = Drift(URN, ORGANIZATION, "1", (lost, secret), None, WHEN, "Ann", Phantom("gives no roles", "Create it."))
    removed = Drift(URN, ORGANIZATION, "2", removed="it was removed", access=people())
    unmanaged = Unmanaged(Observed(ORGANIZATION, "3", {"name": "Acme", "active": True}, WHEN), "Ann")
    unknown = (Undetermined(None, ORGANIZATION, "4", "because"), Undetermined(URN, ORGANIZATION, "5", "because"))
    return Report("dev", (changed, removed), (unmanaged,), unknown, (SHARED,))


def people() -> People:
    """Ann loses a login to one project, and gains one to another."""
    projects = [Project("7", "1", "CRM"), Project("8", "1", "Wiki", active=False)]
    before = Instance({"1": Organization("1")}, {"2": User("2", "1", "ann")}, by_id(projects))
    after = before.having("projects", *(replace(each, active=not each.active) for each in projects))
    return People(before, after, compare(before, after), "because", None)


def verdict(facts: Facts | None) -> Verdict:
    planned = Planned(ORGANIZATION, "1", {"name": "Acme", "active": True}, None)
    effect = RESOURCE_TYPES[ORGANIZATION].impact.effect(planned)
    limits = (Limit("--max-remove", 0, 2, 1, "there may be more"), AccessLimit(LOSING_ACCESS, None, 1))
    of = (Reviewed(URN, "delete", effect, facts, protected=True, losing=None if facts is None else 2),)
    allowed, not_allowed = frozenset((URN,)), ("u",)
    return Verdict(
        "dev", of, limits, {"delete": 1}, (SHARED,), "offline", "no stack", allowed, not_allowed, (URN,), people()
    )


def access_report() -> AccessReport:
    ann = ("ann", "ann@acme.example", "Ann Berg", "person", "active", "a", "Acme")
    grant = AccessGrant("1", ("viewer",), None, "p:a")
    of_project = ("p", "Portal", ("viewer",), None, ("it is not known",), True, False, (grant,), "2026-11-23T08:00:00Z")
    row = AccessRow("project", *ann, "a", "Acme", None, None, None, *of_project, "Dan")
    nobody = ("dan", "", "", None, None, "", "")
    right = AccessRow("manager", *nobody, None, None, "instance", None, None, None, None, ("IAM_OWNER",), True)
    project = ProjectRow("p", "Portal", "v", "Vendor", None, None)
    compared = Compared(
        "2026-11-22T08:00:00Z", (row,), (right,), ((row, row),), ((right, "because"),), ((None, project),)
    )
    limits = Filters(("Acme",), ("p",), ("ann",), ("viewer",), True, True)
    return AccessReport("https://acme.example", WHEN, limits, (project,), (row, right), {"users": "no"}, None, compared)


REPORTS = [
    ("access", AccessReport("https://acme.example", WHEN, Filters())),
    ("access", access_report()),
    ("drift", Report("dev")),
    ("drift", Report("dev", unmanaged=())),
    ("drift", drift_report()),
    ("preview-guard", Verdict("dev", (), ())),
    ("preview-guard", verdict(None)),
    ("preview-guard", verdict(Facts({"users": 3, "people with grants": 2}))),
    ("doctor", Diagnosis(())),
    (
        "doctor",
        Diagnosis((ok("a"), warning("b"), skipped("c"), error("d"), Finding("error", "e", "rights", "1", "t", {"a": ("b",)}))),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("command", "report"), REPORTS)
def test_a_report_has_exactly_the_fields_of_its_published_schema(command: str, report: Any) -> None:
    assert fits_schema(command, report.as_json())


@pytest.mark.parametrize(
    "change",
    [
        lambda output: output.pop("stack"),
        lambda output: output.update(more=1),
        lambda output: output.update(schema="zorg-drift/2"),
        lambda output: output.update(in_sync="yes"),
        lambda output: output["drifted"][0].update(removed=0),
        lambda output: output["drifted"][0]["changes"][0].pop("lost"),
        lambda output: output["shared"][0]["urns"].append(None),
        lambda output: output["unmanaged"][0].update(properties=[]),
    ],
)
def test_another_report_does_not_fit_the_schema(change: Any) -> None:
    output, schema = drift_report().as_json(), read_schema("drift")
    change(output)
    assert wrong_parts(schema, output, schema["$defs"])


@pytest.mark.parametrize("command", ["access", "drift", "preview-guard", "doctor"])
def test_a_schema_requires_every_field_and_names_the_format(command: str) -> None:
    schema = read_schema(command)
    names = {"preview-guard": "zorg-preview/1", **{each: f"zorg-{each}/1" for each in ("access", "drift", "doctor")}}
    name = names[command]
    assert schema["properties"]["schema"]["const"] == name
    for each in (schema, *schema["$defs"].values()):
        assert set(each["required"]) == set(each["properties"]), each["title"]
    assert len(list(SCHEMAS.glob("*.json"))) == 4


def test_the_guard_has_the_counts_that_the_types_declare_and_no_others() -> None:
    """Other counts are only in sentences. Their names can be anything: those of roles are chosen by users."""
    declared = {name for each in RESOURCE_TYPES.values() for name in each.counted}
    (effect,) = verdict(Facts(dict.fromkeys((*declared, "other"), 7))).as_json()["effects"]
    counted = RESOURCE_TYPES[ORGANIZATION].counted
    assert {name: effect[name] for name in declared} == {name: 7 if name in counted else None for name in declared}
    assert "other" not in effect
    impact = RESOURCE_TYPES[PROJECT_GRANT].impact
    planned = Planned(PROJECT_GRANT, "7", {"org_id": "1", "role_keys": ["users"]}, {"org_id": "1", "role_keys": []})
    role = Reviewed(URN, "update", impact.effect(planned), Facts({"users": 3}))
    assert role.as_json()["users"] is None, "a role of that name"


def test_earlier_names_have_the_same_values() -> None:
    found = verdict(None).as_json()
    assert (found["not_asked"], found["not_read"]) == (found["why_instance_not_read"], found["why_state_not_read"])
    assert found["not_asked"] != found["not_read"]
    for limit in found["limits"]:
        assert (limit["along"], limit["uncounted"]) == (limit["removed_with_parents"], limit["why_incomplete"])

"""The verdict of `zorg preview-guard`: its exit code, and how it is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pulumi_zorg.cli.preview_guard import FORMATS
from pulumi_zorg.engine.state import SharedObject
from pulumi_zorg.guard.limits import LOSING_ACCESS, AccessLimit, Limit
from pulumi_zorg.guard.report import Reviewed, Verdict
from pulumi_zorg.resource_types.impact import Planned
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from tests.support.schema import fits_schema
from tests.support.types import ORGANIZATION, PROJECT_GRANT, USER_GRANT

URN = f"urn:pulumi:dev::shop::{ORGANIZATION}::"
ACTIVE, INACTIVE = {"name": "Acme", "active": True}, {"name": "Acme", "active": False}
SHARED = SharedObject(ORGANIZATION, "1", (f"{URN}old", f"{URN}new"))


def reviewed(name: str, planned: Planned, op: str = "update") -> Reviewed:
    return Reviewed(URN + name, op, RESOURCE_TYPES[planned.type].impact.effect(planned))


def organization(before: Any, after: Any, op: str = "update") -> Reviewed:
    return reviewed("acme", Planned(ORGANIZATION, "1", before, after), op)


def granted(*before: str, to: tuple[str, ...]) -> Reviewed:
    known = {"user_id": "2", "project_id": "3"}
    planned = Planned(USER_GRANT, "7", {**known, "role_keys": before}, {**known, "role_keys": to})
    return reviewed("ann", planned)


def verdict(*found: Reviewed, limits: tuple[Limit, ...] = (), **more: Any) -> Verdict:
    return Verdict("dev", found, limits, **more)


def shown(capsys: pytest.CaptureFixture[str], form: str, found: Verdict) -> str:
    FORMATS.write(form, found)
    return capsys.readouterr().out


REMOVED = Limit("--max-remove", 1, 2)
WITHIN = Limit("--max-remove-grants", 3, 3, 1)
WHO = "who loses access by the change of acme is not known"
UNCOUNTED = Limit("--max-remove-grants", 3, 1, why_incomplete="the server did not answer")


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (verdict(), 0),
        (verdict(limits=(WITHIN,)), 0),
        (verdict(limits=(REMOVED,)), 7),
        (verdict(limits=(UNCOUNTED,)), 1),
        (verdict(limits=(Limit("--max-remove-grants", None, 1, why_incomplete="the instance was not read"),)), 0),
        (verdict(limits=(Limit("--max-remove-grants", 0, 1, why_incomplete="the instance was not read"),)), 7),
        (verdict(limits=(REMOVED, UNCOUNTED)), 7),
        (verdict(shared=(SHARED,)), 1),
        (verdict(limits=(REMOVED,), shared=(SHARED,)), 1),
    ],
)
def test_the_exit_code(found: Verdict, code: int) -> None:
    """Too much that is known is too much, whatever else is not known."""
    assert found.exit_code == code


@pytest.mark.parametrize(
    ("found", "changes", "summary"),
    [
        (verdict(), "no changes", "nobody would be locked out or let in"),
        (
            verdict(changes={"same": 3, "create": 2, "delete": 1, "read": 4}),
            "2 to create, 1 to delete, 3 unchanged",
            "nobody would be locked out or let in",
        ),
        (
            verdict(granted("viewer", to=("admin", "viewer")), organization(INACTIVE, ACTIVE)),
            "no changes",
            "nobody would be locked out, 1 organization would be reactivated, 1 user grant would give more roles",
        ),
        (
            verdict(granted("viewer", to=()), limits=(Limit("--max-remove", 0, 0),)),
            "no changes",
            "1 user grant would lose roles; within the limits",
        ),
        (
            verdict(organization(ACTIVE, None), limits=(Limit("--max-remove", None, 1), WITHIN)),
            "no changes",
            "1 organization would be removed, "
            "3 user grants would be removed (1 of them along with their organization, user, project or project grant); within the limits",
        ),
        (
            verdict(organization(ACTIVE, None), limits=(REMOVED,)),
            "no changes",
            "refused: 2 organizations would be removed, and --max-remove is 1",
        ),
        (
            verdict(organization(ACTIVE, None), limits=(AccessLimit(LOSING_ACCESS, None, 3, why_incomplete=WHO),)),
            "no changes",
            "at least 3 people and service accounts would lose access",
        ),
        (
            verdict(organization(ACTIVE, None), limits=(AccessLimit(LOSING_ACCESS, None, 0, why_incomplete=WHO),)),
            "no changes",
            "it is not known how many people and service accounts would lose access",
        ),
        (
            verdict(organization(ACTIVE, None), limits=(AccessLimit(LOSING_ACCESS, 2, 3, why_incomplete=WHO),)),
            "no changes",
            "refused: at least 3 people and service accounts would lose access, and --max-losing-access is 2",
        ),
        (
            verdict(organization(ACTIVE, None), limits=(REMOVED,), protected=(f"{URN}acme",)),
            "no changes",
            "refused: 2 organizations would be removed, and --max-remove is 1; "
            "1 protected resource would be deleted or replaced, which only --ignore-protect allows",
        ),
        (
            verdict(protected=(f"{URN}acme", f"{URN}beta")),
            "no changes",
            "nobody would be locked out or let in; "
            "2 protected resources would be deleted or replaced, which only --ignore-protect allows",
        ),
        (verdict(limits=(UNCOUNTED,)), "no changes", "error: it is not known whether a limit is exceeded"),
        (verdict(shared=(SHARED,)), "no changes", "error: 1 object managed by more than one resource"),
    ],
)
def test_the_table_ends_with_all_changes_and_what_they_would_do_to_people(
    capsys: pytest.CaptureFixture[str], found: Verdict, changes: str, summary: str
) -> None:
    assert shown(capsys, "table", found).splitlines()[-2:] == [f"dev: {changes}", f"dev: {summary}"]


def test_who_loses_access_comes_first_in_every_format(capsys: pytest.CaptureFixture[str]) -> None:
    """Then who gains it, then the rest. What may change nothing comes after what is known."""
    to_acme = {"org_id": "1", "project_id": "3", "granted_org_id": "2"}
    gains = Planned(PROJECT_GRANT, "8", {**to_acme, "role_keys": ["a"]}, {**to_acme, "role_keys": ["a", "b"]})
    adopted = {"org_id": "1", "user_id": "2", "project_id": "3", "role_keys": ["a"], "adopt": True}
    found = verdict(
        organization(ACTIVE, {**ACTIVE, "name": "Renamed"}),
        reviewed("gains", gains),
        reviewed("adopted", Planned(USER_GRANT, None, None, adopted).unresolved(["role_keys"]), "create"),
        granted("a", "b", to=("a",)),
        reviewed("off", Planned(ORGANIZATION, "2", ACTIVE, INACTIVE)),
        reviewed("gone", Planned(ORGANIZATION, "3", ACTIVE, None), "delete"),
    )
    expected = ["gone", "off", "ann", "adopted", "gains", "acme"]
    for form, begins in {"table": "{}: ", "markdown": "| `{}` |", "github": "::Preview of {}::"}.items():
        lines = [line.replace("title=Preview of ", "::Preview of ") for line in shown(capsys, form, found).splitlines()]
        named = [next((name for name in expected if begins.format(name) in line), "") for line in lines]
        assert list(dict.fromkeys(filter(None, named))) == expected, (form, lines)


def test_a_replacement_and_a_deletion_that_was_left_undone_are_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    out = shown(
        capsys,
        "table",
        verdict(
            organization(ACTIVE, None, "replace"),
            reviewed("beta", Planned(ORGANIZATION, "2", ACTIVE, None), "pending"),
            reviewed("ceta", Planned(ORGANIZATION, "3", ACTIVE, None), "delete"),
        ),
    )
    lines = out.splitlines()
    assert lines[0].startswith("acme (replaced): removes organization Acme")
    assert lines[1].startswith("beta (deletion that an earlier run left undone): removes organization")
    assert lines[2].startswith("ceta: removes organization")


@pytest.mark.parametrize("form", ["json", "markdown", "github"])
@pytest.mark.parametrize(
    ("found", "why"),
    [
        (verdict(shared=(SHARED,)), f"pulumi state delete '{URN}old' or pulumi state delete '{URN}new'"),
        (verdict(limits=(UNCOUNTED,)), "the server did not answer"),
    ],
)
def test_why_there_is_no_verdict_is_shown_with_it(
    capsys: pytest.CaptureFixture[str], form: str, found: Verdict, why: str
) -> None:
    out = shown(capsys, form, found)
    assert why in out
    assert form != "github" or sum(line.startswith("::error") for line in out.splitlines()) == 2


def test_what_is_not_counted_and_not_limited_is_a_note(capsys: pytest.CaptureFixture[str]) -> None:
    limits = (Limit("--max-remove-grants", None, 1, why_incomplete="the server did not answer"),)
    out = shown(capsys, "table", verdict(limits=limits))
    along = "along with their organization, user, project or project grant"
    assert f"How many user grants are removed {along} is not known: the server did not answer" in out


def test_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    found = verdict(organization(ACTIVE, INACTIVE), limits=(WITHIN,), changes={"update": 1}, shared=(SHARED,))
    out = json.loads(shown(capsys, "json", found))
    assert fits_schema("preview-guard", out)
    assert out["schema"] == "zorg-preview/1"
    assert out["changes"] == {"update": 1}
    assert out["limits"] == [
        {
            "option": "--max-remove-grants",
            "most": 3,
            "found": 3,
            "removed_with_parents": 1,
            "why_incomplete": None,
            "along": 1,
            "uncounted": None,
            "exceeded": False,
        }
    ]
    assert [each["urns"] for each in out["shared"]] == [[f"{URN}old", f"{URN}new"]]
    (effect,) = out["effects"]
    assert (effect["op"], effect["act"], effect["service_accounts"]) == ("update", "deactivates", None)

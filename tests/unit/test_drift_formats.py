"""The output formats of `zorg drift`. A name that other people chose must not become markup, a command or a line."""

from __future__ import annotations

import json
from datetime import datetime, timezone

import pytest

from pulumi_zorg.cli.drift import FORMATS
from pulumi_zorg.cli.writing import FORMS
from pulumi_zorg.drift.report import Change, Drift, Report, Undetermined, Unmanaged
from pulumi_zorg.engine.state import SharedObject
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.tokens import type_token
from tests.support.types import ORGANIZATION, USER_GRANT

WHEN = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)
URN = "urn:pulumi:dev::shop::pulumi-python:dynamic/zorg:Organization::acme"
EVIL = "::error::[red]x[/red] | `@admin` <b>\n::stop-commands::x\x1b[31m"
GRANT = {"org_id": "7", "user_id": "8", "project_id": "9", "role_keys": ["admin"], "active": True, "state": "S"}


def shown(capsys: pytest.CaptureFixture[str], form: str, report: Report) -> str:
    FORMATS.write(form, report)
    return capsys.readouterr().out


def renamed(live: str, *, secret: bool = False) -> Report:
    change = Change("name", "Acme", live, WHEN, "Ann", secret)
    return Report("dev", (Drift(URN, ORGANIZATION, "1", (change,), when=WHEN, by="Ann"),))


def test_the_json(capsys: pytest.CaptureFixture[str]) -> None:
    report = Report(
        "dev",
        (
            Drift(URN, ORGANIZATION, "1", (Change("active", True, False, WHEN, "Ann"),), None, WHEN, "Ann"),
            Drift(URN, ORGANIZATION, "2", removed="it was removed"),
        ),
        (Unmanaged(Observed(USER_GRANT, "3", {**GRANT, "__filled": {}}, WHEN)),),
        (Undetermined(None, USER_GRANT, "4", "because"),),
    )
    at = "2026-11-23T08:00:00Z"
    assert json.loads(shown(capsys, "json", report)) == {
        "schema": "zorg-drift/1",
        "stack": "dev",
        "in_sync": None,
        "drifted": [
            {
                "urn": URN,
                "type": ORGANIZATION,
                "id": "1",
                "removed": False,
                "proof": None,
                "changes": [
                    {
                        "property": "active",
                        "recorded": True,
                        "live": False,
                        "when": at,
                        "by": "Ann",
                        "why": None,
                        "lost": None,
                    }
                ],
                "when": at,
                "by": "Ann",
                "phantom": None,
                "access": None,
            },
            {
                "urn": URN,
                "type": ORGANIZATION,
                "id": "2",
                "removed": True,
                "proof": "it was removed",
                "changes": [],
                "when": None,
                "by": None,
                "phantom": None,
                "access": None,
            },
        ],
        "unmanaged": [{"type": USER_GRANT, "id": "3", "properties": GRANT, "when": at, "by": None}],
        "unknown": [{"urn": None, "type": USER_GRANT, "id": "4", "why": "because"}],
        "shared": [],
    }


@pytest.mark.parametrize("form", FORMS)
def test_secret_values_are_not_shown(capsys: pytest.CaptureFixture[str], form: str) -> None:
    out = shown(capsys, form, renamed("Classified", secret=True))
    assert "[secret]" in out
    assert "Classified" not in out
    assert "Acme" not in out


@pytest.mark.parametrize("form", ["table", "markdown", "github"])
@pytest.mark.parametrize(
    ("token", "properties", "title"),
    [
        (ORGANIZATION, {"name": "Acme"}, '"Acme"'),
        (USER_GRANT, GRANT, "user 8, project 9, organization 7: admin"),
        (
            USER_GRANT,
            {**GRANT, "role_keys": [], "active": False},
            "user 8, project 9, organization 7: no roles, inactive",
        ),
        (
            type_token("ProjectGrant"),
            {"org_id": "7", "project_id": "9", "granted_org_id": "6", "role_keys": ["admin", "viewer"], "active": True},
            "project 9, granted organization 6, organization 7: admin, viewer",
        ),
        (type_token("Project"), {"org_id": "7", "name": "CRM", "active": True}, '"CRM"'),
        (type_token("Project"), {"org_id": "7", "name": "", "active": None}, "organization 7"),
    ],
)
def test_an_unmanaged_object_is_shown_by_its_name_or_by_what_it_belongs_to(
    capsys: pytest.CaptureFixture[str], form: str, token: str, properties: dict[str, object], title: str
) -> None:
    report = Report("dev", (), (Unmanaged(Observed(token, "3", dict(properties), WHEN)),))
    assert title in shown(capsys, form, report)


def test_a_state_that_is_neither_active_nor_inactive_is_no_deactivation(capsys: pytest.CaptureFixture[str]) -> None:
    locked = Report("dev", (Drift(URN, ORGANIZATION, "1", (Change("active", True, None),)),))
    assert "active changed: true → null" in shown(capsys, "table", locked)


@pytest.mark.parametrize("form", ["table", "markdown", "github"])
@pytest.mark.parametrize(
    "report", [renamed(EVIL), Report("dev", (), (Unmanaged(Observed(ORGANIZATION, "3", {"name": EVIL}, WHEN), EVIL),))]
)
def test_a_name_cannot_become_markup_or_a_command(
    capsys: pytest.CaptureFixture[str], form: str, report: Report
) -> None:
    out = shown(capsys, form, report)
    assert "\x1b" not in out
    orders = [line for line in out.splitlines() if line.strip().startswith("::")]
    assert all(line.startswith("::warning title=") for line in orders)
    assert len(orders) == (1 if form == "github" else 0)
    assert "[red]x[/red]" in out, "it is shown as it is"


def test_values_are_code_in_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    row = shown(capsys, "markdown", renamed("a`b|c")).splitlines()[-1]
    assert r'| `` "a`b\|c" `` |' in row


@pytest.mark.parametrize("form", FORMS)
def test_in_sync_is_reported(capsys: pytest.CaptureFixture[str], form: str) -> None:
    out = shown(capsys, form, Report("dev"))
    assert json.loads(out)["in_sync"] is True if form == "json" else "dev: in sync" in out


@pytest.mark.parametrize("form", FORMS)
def test_two_resources_of_one_object_are_an_error_with_the_way_out(
    capsys: pytest.CaptureFixture[str], form: str
) -> None:
    """The table leaves the sentence to standard error, where the command prints it in each format."""
    old = URN.removesuffix("acme") + "old"
    report = Report("dev", shared=(SharedObject(ORGANIZATION, "1", (URN, old)),))
    assert report.in_sync is None
    out = shown(capsys, form, report)
    if form == "table":
        assert "dev: 0 drifted, 1 managed by two resources" in out
    else:
        assert f"pulumi state delete '{URN}' or pulumi state delete '{old}'" in out
    if form == "json":
        (shared,) = json.loads(out)["shared"]
        assert (shared["type"], shared["id"], shared["urns"]) == (ORGANIZATION, "1", [URN, old])

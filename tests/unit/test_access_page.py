"""The page of `zorg access --format html`, as far as no browser is needed. tests/browser has what it does in one."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from hashlib import sha256
from typing import Any

import pytest

from pulumi_zorg.access.page import page
from tests.support.stack import ROOT

Report = dict[str, Any]
SOME = "organizations with the project"


@pytest.fixture
def report() -> Report:
    """A report with each kind of row, of a comparison."""
    found: Report = json.loads((ROOT / "tests" / "fixtures" / "access-report.json").read_text(encoding="utf-8"))
    return found


def texts(html: str) -> str:
    """Return the words of a page, without its script and its stylesheet."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html[html.index("<body>") :]))


def test_the_policy_allows_the_script_and_the_stylesheet_by_their_hashes_and_nothing_else(report: Report) -> None:
    html = page(report)
    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', html)
    hashes = {}
    for tag in ("script", "style"):
        (text,) = re.findall(rf"<{tag}>(.*?)</{tag}>", html, re.DOTALL)
        hashes[tag] = f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
    assert dict(each.split(" ", 1) for each in policy.split("; ")) == {
        "default-src": "'none'",
        "script-src": hashes["script"],
        "style-src": hashes["style"],
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    assert html.index("Content-Security-Policy") < html.index("<style>"), "a policy is for what comes after it"


def test_the_script_has_no_part_of_a_report(report: Report) -> None:
    other = {**report, "instance": "https://other.example", "rows": [], "compared": None}
    script = re.compile(r"<script>.*</script>", re.DOTALL)
    assert script.findall(page(report)) == script.findall(page(other))


def test_a_name_cannot_end_its_attribute_or_element(report: Report) -> None:
    report["rows"] = [{**report["rows"][0], "display_name": "</bdi>\"'><img src=x>", "roles": ["</code>"]}]
    html = page({**report, "compared": None})
    assert "<img" not in html
    assert "&lt;/bdi&gt;&quot;&#x27;&gt;&lt;img src=x&gt;" in html
    assert html.count("&lt;/code&gt;") == 3, "in the row, and as the value and the text of the filter's choice"


def test_a_complete_report_has_no_section_of_what_is_not_known(report: Report) -> None:
    report["rows"] = [each for each in report["rows"] if each["in_force"] is not None]
    html = page({**report, "complete": True, "unknown": {}})
    assert "What is not known" not in html
    assert "Complete Yes" in texts(html)


def test_each_thing_that_is_not_known_is_stated_with_its_reason(report: Report) -> None:
    report["rows"][0] |= {"in_force": None, "reasons": []}
    report["projects"][0]["open_to"] = None
    said = texts(page({**report, "login_v2_required": None}))
    said = said[said.index("What is not known") : said.index("Since 2026-10-01")]
    for each in (
        "The list of users is not whole: the credential may not read the users of Acme",
        "1 row: the user has not accepted the invitation",
        "1 row: the user&#x27;s state is not known",
        "1 row without a reason",
        "1 project: who can log in without roles",
        "Whether all applications use the V2 login",
    ):
        assert each in said


def test_a_report_that_is_not_complete_never_looks_complete(report: Report) -> None:
    html = page({**report, "rows": [], "unknown": {}, "login_v2_required": False, "complete": False})
    assert "Complete No , see below" in texts(html)
    assert "The report does not say what" in html


def test_what_was_left_out_is_stated(report: Report) -> None:
    filters = {
        "org": ["Acme"],
        "project": [],
        "user": [],
        "role": ["admin", "viewer"],
        "managers": False,
        "inactive": False,
    }
    said = texts(page({**report, "filters": filters}))
    assert re.search(
        r"Limited to organization: Acme ; role: admin , viewer Left out the rights of managers and access", said
    )
    whole = texts(page(report))
    assert "Limited to nothing: this is the whole instance Left out nothing" in whole


def test_what_is_not_known_of_a_row_is_never_a_no(report: Report) -> None:
    nothing = dict.fromkeys(
        (
            "login_name",
            "display_name",
            "user_kind",
            "user_state",
            "user_org_name",
            "org_name",
            "project_name",
            "in_force",
            "since",
            "by",
        )
    )
    row = {**report["rows"][0], **nothing, "login_v1": None, "login_v2": None}
    row["grants"] = [{**row["grants"][0], "state": None}]
    html = page({**report, "rows": [row], "compared": None})
    said = texts(html)
    said = said[said.index("Person Organization") : said.index("Who can log in without roles")]
    for each in (row["user_id"], "kind not known", "state not known", "Not known", row["user_org_id"]):
        assert each in said
    assert " No " not in said


def test_nobody_gained_or_lost_is_stated(report: Report) -> None:
    same = {"with": "2026-11-28T08:00:00Z", "gained": [], "lost": [], "changed": [], "unknown": [], "projects": []}
    assert "Since 2026-11-28 08:00 UTC Nobody gained or lost access." in texts(page({**report, "compared": same}))
    assert "Nobody gained" not in page({**report, "compared": None})


def test_gained_and_lost_come_before_the_rows(report: Report) -> None:
    html = page(report)
    assert html.index("Gained (1)") < html.index("Lost (1)") < html.index("Who has access")


def test_a_project_that_others_can_log_in_to_without_a_role_is_stated(report: Report) -> None:
    project = {"project_id": "1", "project_name": "<b>", "org_id": "2", "org_name": "Vendor", "state": "active"}

    def open_to(to: str, *organizations: str) -> dict[str, Any]:
        return {
            **project,
            "open_to": to,
            "open_to_organizations": [{"org_id": each, "org_name": each} for each in organizations],
        }

    opened = {"before": open_to("user grants"), "after": open_to("everybody")}
    removed = {"before": open_to("everybody"), "after": None}
    which = {"before": open_to(SOME, "Vendor", "Acme"), "after": open_to(SOME, "Vendor", "Globex")}
    none = {"with": "2026-11-28T08:00:00Z", "gained": [], "lost": [], "changed": [], "unknown": []}
    found = texts(page({**report, "compared": {**none, "projects": [opened, removed, which]}}))
    assert "&lt;b&gt; of Vendor : Only people with a user grant → Every person of the instance" in found
    assert "&lt;b&gt; of Vendor : Every person of the instance → No such project" in found
    assert "Nobody gained" not in found
    assert "people of organizations with the project, can now: Globex ; no longer can: Acme" in found


def test_a_report_without_rows_is_a_page(report: Report) -> None:
    html = page({**report, "rows": [], "projects": [], "compared": None})
    assert "0 people 0 service accounts" in texts(html)


def test_two_projects_of_one_name_are_told_apart_by_their_owners(report: Report) -> None:
    report["projects"][0]["project_name"] = "Wiki"
    for each in report["rows"]:
        each["project_name"] = each["project_name"] and "Wiki"
        each["project_org_name"] = each["project_org_name"] and {"3490001": "Other"}.get(each["project_id"], "Vendor")
    assert {"Wiki (Vendor)", "Wiki (Other)"} <= set(re.findall(r">([^<]*)</option>", page(report)))

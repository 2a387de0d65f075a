"""The page of `zorg access --format html` in a real browser. What it looks like is in docs/pictures/access.png."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.browser.shown import LINES, SHOWN, Report, names, people, show, status
from tests.support.browser import Browser

pytestmark = pytest.mark.slow


def test_all_rows_are_shown_first_sorted_by_person_with_their_number(opened: Browser, report: Report) -> None:
    assert people(opened) == names(report)
    assert status(opened) == "14 of 14 rows."
    counts = opened.run("[...document.querySelectorAll('#counts li')].map((each) => each.textContent)")
    assert counts == [
        "7 people",
        "2 service accounts",
        "9 in force",
        "3 not in force",
        "2 not known",
        "4 rights of managers",
    ]


def test_the_top_states_what_a_reviewer_signs(opened: Browser) -> None:
    top = opened.run("document.querySelector('header').innerText")
    for stated in ("https://login.vendor.example", "2026-11-29 08:00 UTC", "Reviewed by", "Signature", "Complete\nNo"):
        assert stated in top
    assert "it needs ORG_OWNER_VIEWER there" in opened.run("document.getElementById('not-known').innerText")
    headings = opened.run("[...document.querySelectorAll('h2, h3')].map((each) => each.textContent)")
    assert headings == [
        "What is not known",
        "Since 2026-10-01 08:00 UTC",
        "Gained (1)",
        "Lost (1)",
        "Changed (1)",
        "Not known whether it changed (1)",
        "Who has access",
        "Who can log in without roles",
    ]


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("CLEO", ["Cleo Marsh"]),
        ("acme admin", ["Ben Ito", "Dana Okoye"]),
        ("حداد", ["نور حداد", "نور حداد"]),
        ("3500007", ["Finn Berg"]),
        ("accepted the invitation", ["Eve Lindqvist"]),
        ("nobody-has-this", []),
    ],
)
def test_a_search_finds_the_rows_with_all_its_words(opened: Browser, words: str, found: list[str]) -> None:
    opened.type("#search", words)
    assert people(opened) == found
    assert status(opened) == f"{len(found)} of 14 rows. Only Search: {words}."
    opened.type("#search", "")
    assert len(people(opened)) == 14


@pytest.mark.parametrize(
    ("control", "label", "values"),
    [
        ("force", "Yes", {"in_force": True}),
        ("force", "No", {"in_force": False}),
        ("force", "Not known", {"in_force": None}),
        ("project", "Wiki (Vendor)", {"project_name": "Wiki"}),
        ("role", "ORG_OWNER", {"roles": ["ORG_OWNER"]}),
        ("kind", "Rights of managers", {"kind": "manager"}),
        ("organization", "Cyberdyne", {"user_org_name": "Cyberdyne"}),
        ("organization", "Acme", {"org_name": "Acme"}),
    ],
)
def test_a_filter_leaves_the_rows_it_names(
    opened: Browser, report: Report, control: str, label: str, values: dict[str, Any]
) -> None:
    opened.choose(f"#{control}", label)
    wanted = names(report, **values)
    assert wanted
    assert people(opened) == wanted
    assert status(opened).startswith(f"{len(wanted)} of 14 rows. Only ")
    assert status(opened).endswith(f": {label}.")


def test_a_filter_by_organization_finds_whom_it_has_and_to_whom_it_gives(opened: Browser) -> None:
    opened.choose("#organization", "Vendor")
    assert set(people(opened)) == {"Ann Doe", "deploy-bot", "Finn Berg"}, (
        "Finn is of Cyberdyne, Ann's right is the instance's"
    )


def test_filters_and_search_go_together_and_are_cleared_by_a_button(opened: Browser) -> None:
    opened.choose("#force", "Yes")
    opened.choose("#role", "viewer")
    opened.type("#search", "portal")
    assert people(opened) == ["Ann Doe", "Ben Ito", "deploy-bot"]
    assert status(opened) == "3 of 14 rows. Only Search: portal; In force: Yes; Role: viewer."
    opened.click("#controls button")
    opened.wait_for(f"{LINES}.length === 14")
    assert status(opened) == "14 of 14 rows."


@pytest.mark.parametrize("column", range(1, 8))
def test_a_click_on_a_column_sorts_by_it_and_the_next_one_the_other_way(opened: Browser, column: int) -> None:
    head = f"#rows thead th:nth-child({column})"
    cells = f"{LINES}.map((row) => row.cells[{column - 1}].textContent)"
    compare = "new Intl.Collator('en', {numeric: true, sensitivity: 'base'}).compare"
    before = opened.run(cells)
    first, second = ("descending", "ascending") if column == 1 else ("ascending", "descending")
    for direction in (first, second):
        opened.click(f"{head} button")
        wanted = opened.run(f"{json.dumps(before)}.sort({compare}){'.reverse()' if direction == 'descending' else ''}")
        assert len(set(before)) > 1
        assert opened.run(cells) == wanted
        sorted_by = opened.run("[...document.querySelectorAll('[aria-sort]')].map((e) => [e.cellIndex, e.ariaSort])")
        assert sorted_by == [[column - 1, direction]], "a screen reader is told the column and the direction"


def test_sorting_works_by_keyboard(opened: Browser) -> None:
    opened.run("document.getElementById('controls').querySelector('button').focus()")
    opened.press("Tab")
    assert opened.run("document.activeElement.textContent") == "Person"
    opened.press("Enter")
    assert people(opened)[0] == "نور حداد"


def test_a_person_leads_to_all_of_its_access_and_the_way_back_to_the_same_filters(opened: Browser) -> None:
    opened.choose("#project", "Wiki (Vendor)")
    assert people(opened) == ["Ann Doe", "Finn Berg"]
    opened.click("#rows tbody tr:not([hidden]) a")
    opened.wait_for("document.getElementById('rows-title').textContent === 'All access of Ann Doe'")
    assert [each[1] for each in opened.run(SHOWN)] == ["Portal", "Wiki", "as a manager"]
    assert opened.run("document.activeElement.id") == "rows-title", "a screen reader reads the new heading"
    assert opened.run("document.querySelector('#controls fieldset').disabled")
    opened.click("#shown a")
    opened.wait_for("document.getElementById('rows-title').textContent === 'Who has access'")
    assert people(opened) == ["Ann Doe", "Finn Berg"]
    opened.run("history.go(-1)")
    opened.wait_for("document.getElementById('rows-title').textContent === 'All access of Ann Doe'")


def test_a_person_who_lost_all_access_has_a_link_too(opened: Browser) -> None:
    assert "Gus Reyes" not in people(opened)
    opened.click("#lost tbody a")
    opened.wait_for("document.getElementById('rows-title').textContent === 'All access of Gus Reyes'")
    assert status(opened) == "0 of 14 rows. Show everybody"


def test_paper_has_what_is_chosen_and_no_controls(opened: Browser) -> None:
    opened.type("#search", "portal")
    opened.type("#reviewer", "Rita Reviewer")
    visible = "(id) => document.querySelector(id).checkVisibility()"
    assert opened.run(f"['#controls', '#shown', '#signature'].map({visible})") == [True, True, True]
    opened.media("print", "dark")
    assert opened.run(f"['#controls', '#shown', '#signature'].map({visible})") == [False, True, True]
    assert status(opened) == "7 of 14 rows. Only Search: portal.", "paper says that it has a part of the rows"
    assert len(people(opened)) == 7
    assert opened.run("getComputedStyle(document.querySelector('#rows button'), '::after').display") == "none"
    heads = "getComputedStyle(document.querySelector('#rows button')).display"
    assert opened.run(heads) == "contents", "chromium leaves the text of a button out on the second page"
    assert opened.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "paper is white"
    assert opened.run("document.documentElement.scrollWidth <= innerWidth")
    assert opened.pdf().startswith(b"%PDF")


def test_without_scripts_it_is_a_table(window: Browser, report: Report, tmp_path: Path) -> None:
    window.call("Emulation.setScriptExecutionDisabled", value=True)
    show(window, tmp_path, report)
    assert people(window) == names(report)
    assert not window.run("document.getElementById('controls').checkVisibility()")
    assert window.run("document.querySelectorAll('#rows button').length") == 0, "no button that does nothing"
    window.click("#gained a")
    window.wait_for("document.querySelector(':target a')?.textContent === 'Finn Berg'")

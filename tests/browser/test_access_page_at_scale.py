"""The page with 10,000 rows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.shown import Report, people, show, status
from tests.support.browser import Browser

pytestmark = pytest.mark.slow


@pytest.fixture
def large(window: Browser, report: Report, tmp_path: Path) -> Browser:
    """A page with 10,000 rows of 3,334 people."""
    people = [(str(at // 3), report["rows"][at % len(report["rows"])]) for at in range(10_000)]
    report["rows"] = [{**row, "user_id": user, "display_name": f"Person {user}"} for user, row in people]
    return show(window, tmp_path, report)


def seconds(window: Browser, act: str) -> float:
    """Return the CPU time until the page has laid out what an action leaves. It is the same on a busy machine."""

    def taken() -> float:
        metrics = window.call("Performance.getMetrics")["metrics"]
        return float(next(each["value"] for each in metrics if each["name"] == "TaskDuration"))

    window.call("Performance.enable", timeDomain="threadTicks")
    before = taken()
    window.run(f"{act}; document.body.offsetHeight")
    return taken() - before


def test_a_search_and_a_filter_take_less_than_200_ms(large: Browser) -> None:
    for field, value, left in (
        ("search", "person 333", 19),
        ("search", "portal", 5_000),
        ("search", "", 10_000),
        ("force", "no", 2_142),
        ("force", "", 10_000),
    ):
        large.run(f"document.getElementById('{field}').value = '{value}'")
        took = seconds(
            large, f"document.getElementById('{field}').dispatchEvent(new Event('input', {{bubbles: true}}))"
        )
        assert 0 < took < 0.2, f"{field}: {value}"
        assert status(large).startswith(f"{left:,} of 10,000 rows.")


def test_a_sort_takes_less_than_a_second(large: Browser) -> None:
    assert 0 < seconds(large, "document.querySelector('#rows thead button').click()") < 1
    assert people(large)[0] == "Person 3333"


def test_a_screen_has_the_first_rows_until_all_are_wanted_and_paper_has_all(large: Browser) -> None:
    assert len(people(large)) == 100
    assert status(large) == "10,000 of 10,000 rows. Show all, not only the first 100"
    large.choose("#role", "buyer")
    chosen = int(status(large).split()[0].replace(",", ""))
    assert chosen > 100
    assert len(people(large)) == 100
    large.media("print")
    assert len(people(large)) == chosen
    assert not large.run("document.querySelector('#shown button').checkVisibility()")
    large.media()
    large.click("#shown button")
    assert len(people(large)) == chosen
    large.type("#search", "person")
    assert len(people(large)) == 100

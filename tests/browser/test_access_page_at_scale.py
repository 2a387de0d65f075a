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


# How long the browser takes from a change of a field until it has laid out what is left. Before, another value is there.
TIMED = """((field, before, value) => {
  const put = (text) => {
    field.value = text;
    field.dispatchEvent(new Event("input", { bubbles: true }));
    document.body.offsetHeight;
  };
  put(before);
  const began = performance.now();
  put(value);
  return performance.now() - began;
})"""


def test_a_change_is_on_the_screen_within_200_ms(large: Browser) -> None:
    for field, before, value, left in (
        ("search", "", "person 333", 19),
        ("search", "nobody-has-this", "portal", 5_000),
        ("search", "portal", "", 10_000),
        ("force", "", "no", 2_142),
        ("force", "no", "", 10_000),
    ):
        change = f"{TIMED}(document.getElementById('{field}'), '{before}', '{value}')"
        # The best of three, for a machine that does other things too.
        took = min(large.run(change) for _ in range(3))
        assert took < 200, f"{field}: {value}"
        assert status(large).startswith(f"{left:,} of 10,000 rows.")


def test_a_click_sorts_them_within_a_second(large: Browser) -> None:
    click = "document.querySelector('#rows thead button').click(); document.body.offsetHeight; return performance.now() - began;"
    assert min(large.run(f"(() => {{ const began = performance.now(); {click} }})()") for _ in range(3)) < 1_000


def test_a_screen_has_the_first_rows_until_all_are_wanted_and_paper_has_all(large: Browser) -> None:
    assert len(people(large)) == 200
    assert status(large) == "10,000 of 10,000 rows. Show all, not only the first 200"
    large.choose("#role", "buyer")
    chosen = int(status(large).split()[0].replace(",", ""))
    assert chosen > 200
    assert len(people(large)) == 200
    large.media("print")
    assert len(people(large)) == chosen
    assert not large.run("document.querySelector('#shown button').checkVisibility()")
    large.media()
    large.click("#shown button")
    assert len(people(large)) == chosen
    large.type("#search", "person")
    assert len(people(large)) == 200

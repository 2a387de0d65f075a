"""One browser for all tests here."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.shown import Report, show
from tests.support.browser import Browser, browser
from tests.support.stack import ROOT


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with browser(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def window(running: Browser) -> Iterator[Browser]:
    """A browser with the settings that a user has who changed none."""
    running.media()
    yield running
    running.call("Emulation.setScriptExecutionDisabled", value=False)


@pytest.fixture
def report() -> Report:
    """A report with each kind of row, of a comparison."""
    found: Report = json.loads((ROOT / "tests" / "fixtures" / "access-report.json").read_text(encoding="utf-8"))
    return found


@pytest.fixture
def opened(window: Browser, report: Report, tmp_path: Path) -> Browser:
    """The page of :func:`report`."""
    return show(window, tmp_path, report)

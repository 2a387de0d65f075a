"""docs/performance.md has the calls that each change makes."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.measured_calls import table

DOCUMENT = Path(__file__).parents[2] / "docs" / "performance.md"


@pytest.mark.slow
def test_the_document_has_the_measured_calls() -> None:
    assert table() in DOCUMENT.read_text(encoding="utf-8"), "run `make tables`"

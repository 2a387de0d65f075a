"""Writes the table of calls into docs/performance.md, measured on the emulator. `make tables` runs it."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.measured_calls import table  # noqa: E402 - the tests are not installed

DOCUMENT = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- calls: begin -->\n", "<!-- calls: end -->"


def main() -> None:
    """Measure, and write the table."""
    text = DOCUMENT.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    DOCUMENT.write_text(f"{before}{BEGIN}\n{table()}\n\n{END}{rest.split(END)[1]}", encoding="utf-8")


if __name__ == "__main__":
    main()

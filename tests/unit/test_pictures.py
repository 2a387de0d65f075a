"""The picture of what each deactivation stops is that of the table in docs/resources.md (scripts/pictures.py)."""

from tests.support.scripts import load
from tests.support.stack import ROOT


def test_the_picture_of_what_active_false_stops_shows_the_table_of_the_document() -> None:
    pictures = load("scripts/pictures.py")

    table = pictures.table_of(ROOT / "docs" / "resources.md", "| | user grant deactivated")

    assert (ROOT / "docs" / "pictures" / "active.svg").read_text(encoding="utf-8") == pictures.active(table), (
        "make pictures"
    )

"""The picture of what each deactivation stops is that of the table in docs/resources.md (scripts/pictures.py)."""

import importlib.util
from pathlib import Path
from types import ModuleType

ROOT = Path(__file__).resolve().parents[2]


def test_the_picture_of_what_active_false_stops_shows_the_table_of_the_document() -> None:
    pictures = script()

    table = pictures.table_of(ROOT / "docs" / "resources.md", "| | user grant deactivated")

    assert (ROOT / "docs" / "pictures" / "active.svg").read_text(encoding="utf-8") == pictures.active(table), (
        "make pictures"
    )


def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pictures", ROOT / "scripts" / "pictures.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module

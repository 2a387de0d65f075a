"""The tables in the documents are those that the declarations of the resource types give (scripts/tables.py)."""

from __future__ import annotations

import re

import pytest

from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.tokens import short
from tests.support.scripts import load
from tests.support.stack import ROOT

tables = load("scripts/tables.py")


@pytest.mark.parametrize("document", tables.DOCUMENTS)
def test_a_document_has_the_tables_that_the_declarations_give(document: str) -> None:
    text = (ROOT / document).read_text(encoding="utf-8")
    assert "<!-- table: " in text
    if tables.render(text) != text:
        pytest.fail(f"{document} has tables that do not agree with the declarations: run `make tables`")


@pytest.mark.parametrize("table", ["arguments", "outputs", "calls"])
@pytest.mark.parametrize("name", [short(token) for token in RESOURCE_TYPES])
def test_every_type_has_its_tables(name: str, table: str) -> None:
    text = (ROOT / "docs" / "resources.md").read_text(encoding="utf-8")
    assert text.count(f"<!-- table: {table} {name} -->") == 1


def test_a_table_that_was_edited_is_replaced() -> None:
    edited = "before\n<!-- table: limits -->\n| wrong |\n<!-- end of table -->\nafter\n"
    rendered = tables.render(edited)
    assert "wrong" not in rendered
    assert "`--max-remove-projects N`" in rendered
    assert rendered.startswith("before\n")
    assert rendered.endswith("<!-- end of table -->\nafter\n")
    assert tables.render(rendered) == rendered


@pytest.mark.parametrize("document", ["DESIGN.md", "CONTRIBUTING.md"])
def test_the_modules_that_a_document_names_exist(document: str) -> None:
    """``<type>`` stands for the package of each resource type."""
    text = (ROOT / document).read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:[\w<>]+/)+\w+\.py)`", text))
    packages = [f"/{path.parent.name}/" for path in (ROOT / "pulumi_zorg/resource_types").glob("*/declaration.py")]
    assert named
    for each in named:
        paths = [each.replace("/<type>/", package) for package in packages]
        assert any((ROOT / folder / path).exists() for path in paths for folder in ("pulumi_zorg", ".")), each

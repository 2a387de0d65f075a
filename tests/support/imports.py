"""Imports with the engine that is on PATH: it imports dynamic resources, or the command says that it cannot."""

from __future__ import annotations

import json
import subprocess
from functools import cache
from pathlib import Path
from typing import Any

from pulumi_zorg.settings.engine_versions import IMPORTS_SINCE, version_in
from tests.support.command import Ended, run_zorg
from tests.support.stack import Stack

__all__ = ["engine_imports", "graph", "import_all", "refused"]


@cache
def engine_imports() -> bool:
    """Whether the engine on PATH imports dynamic resources."""
    shown = subprocess.run(["pulumi", "version"], capture_output=True, text=True, check=True).stdout
    found = version_in(shown)
    assert found is not None, shown
    return found >= IMPORTS_SINCE


def refused(ended: Ended) -> bool:
    """Whether a command ended as it must with an engine that cannot import; with one that can, it must have succeeded."""
    if engine_imports():
        assert ended.code == 0, ended.err
        return False
    assert ended.code == 1
    assert "cannot import dynamic resources; pulumi 3.254 or newer can" in ended.err
    assert "adopt=True" in ended.err
    assert ended.out == ""
    return True


def import_all(stack: Stack, *options: str, engine: tuple[str, ...] = ()) -> Path | None:
    """Generate the program and the import file, put the program in place, and import the file. Return the file.

    None for an engine that cannot import: that the command says so is verified then.

    :param options: of `zorg generate`.
    :param engine: options of `pulumi import`.
    """
    file = stack.folder / "import.json"
    made = run_zorg("generate", *options, "--import-file", str(file), cwd=stack.folder, env=stack.env)
    if refused(made):
        assert not file.exists()
        return None
    (stack.folder / "__main__.py").write_text(made.out, encoding="utf-8")
    stack.must("import", "--file", str(file), "--generate-code=false", "--yes", *engine)
    return file


def entries(file: Path) -> dict[str, dict[str, Any]]:
    """The entries of an import file, by the ids of their objects."""
    return {each["id"]: each for each in json.loads(file.read_text(encoding="utf-8"))["resources"]}


def graph(stack: Stack) -> dict[str, Any]:
    """Of each of our resources in the state: what it depends on, by which property, its parent, and whether it is protected."""
    return {
        each["urn"]: (
            sorted(each.get("dependencies", ())),
            {name: sorted(urns) for name, urns in each.get("propertyDependencies", {}).items() if urns},
            each.get("parent"),
            each.get("protect", False),
        )
        for each in stack.resources().values()
    }

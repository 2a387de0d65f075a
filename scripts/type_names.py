"""Checks that no module outside a resource type's package names the type: neither its class, its package nor its events.

It also checks that no type's package imports another one's. The rest of the code works on declarations
(pulumi_zorg/resource_types/resource_type.py), so a new type needs no branch in it. `make layers` runs this check.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.tokens import short

PACKAGE = Path(__file__).parents[1] / "pulumi_zorg"
#: These may name types: the types themselves, the registry, the public exports, the emulator and the testing kit, which
#: share nothing with the rest, and the API client and the rules of access, which are about ZITADEL's objects.
MAY_NAME_TYPES = ("resource_types/", "exports.py", "emulator/", "testing/", "api/", "access/")
#: The paths of these provider classes are promised, because states of earlier releases have them.
MAY_NAME_TYPES += tuple(f"providers/{each}.py" for each in ("organization", "user_grant", "machine_user", "human_user"))
#: Every object lives in an organization, and every call names one. So the code about calls and proofs knows organizations and
#: how they are created and removed.
OF_EVERY_OBJECT = {"organization", "org.added", "org.removed"}


def main() -> int:
    """Print each line that names a type, and return the exit code."""
    names: set[str] = set()
    packages = {re.sub(r"(?<!^)(?=[A-Z])", "_", short(token)).lower() for token in RESOURCE_TYPES}
    for token, resource_type in RESOURCE_TYPES.items():
        names |= {short(token), *resource_type.events.life}
    names |= packages
    names -= OF_EVERY_OBJECT
    found = 0
    for file in sorted(PACKAGE.rglob("*.py")):
        path = file.relative_to(PACKAGE).as_posix()
        tree = ast.parse(file.read_text(encoding="utf-8"))
        own = path.split("/")[1] if path.startswith("resource_types/") else ""
        if path != "exports.py":
            for line, package in _imported(tree):
                if package in packages and package != own:
                    print(f"pulumi_zorg/{path}:{line}: imports the package of the resource type {package!r}")
                    found += 1
        if path.startswith(MAY_NAME_TYPES):
            continue
        for line, word in _words(tree):
            if word in names:
                print(f"pulumi_zorg/{path}:{line}: names the resource type {word!r}")
                found += 1
    print("type names: none outside the types' packages" if not found else f"type names: {found} found")
    return 1 if found else 0


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Return the packages of resource_types/ from which a module imports."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("pulumi_zorg.resource_types."):
            yield node.lineno, str(node.module).split(".")[2]


def _words(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Return the identifiers and the strings of a module, without its docstrings."""
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=word) | ast.Attribute(attr=word) | ast.alias(name=word) | ast.keyword(arg=str(word)):
                yield getattr(node, "lineno", 0), word
            case ast.Constant(value=str(word)) if id(node) not in docstrings:
                yield node.lineno, word


if __name__ == "__main__":
    sys.exit(main())

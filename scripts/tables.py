"""`make tables`: writes the tables in the documents that follow from the declarations of the resource types.

A table is between two comments of a Markdown file, ``<!-- table: calls Project -->`` and ``<!-- end of table -->``. The first
comment names a function of this module and its argument. tests/unit/test_tables.py compares the files with these tables.
"""

from __future__ import annotations

import ast
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import pulumi_zorg
from pulumi_zorg.api.operations import Implementation
from pulumi_zorg.guard.limits import limit_options
from pulumi_zorg.resource_types.inputs import CHOSEN_ID
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.tokens import short

ROOT = Path(__file__).parents[1]
DOCUMENTS = ("DESIGN.md", "docs/previews.md", "docs/resources.md", "docs/rights.md")

_TYPES: dict[str, ResourceType[Any]] = {short(token): each for token, each in RESOURCE_TYPES.items()}
#: The folders of the package, from the top layer to the lowest. The emulator has a map of its own.
_LAYERS = (
    "cli",
    "drift",
    "guard",
    "generate",
    "doctor",
    "engine",
    "resource_types",
    "providers",
    "access",
    "world",
    "api",
    "settings",
)
_TABLE = re.compile(r"(<!-- table: (\w+)(?: (\w+))? -->\n).*?(<!-- end of table -->)", re.DOTALL)
#: How the keys of ``Calls.endpoints`` are called in a table.
_ACTIONS = {
    "create": "create",
    "update": "change other properties",
    "deactivate": "`active`: `True` → `False`",
    "reactivate": "`active`: `False` → `True`",
    "remove": "remove",
    "read": "read",
    "search": "find by its unique key",
}


def render(text: str) -> str:
    """Return a document with the tables that the declarations give."""

    def table(found: re.Match[str]) -> str:
        arguments = [found[3]] if found[3] else []
        return f"{found[1]}\n{_GENERATORS[found[2]](*arguments)}\n\n{found[4]}"

    return _TABLE.sub(table, text)


def arguments(name: str) -> str:
    """The arguments of a resource."""
    resource, declared = getattr(pulumi_zorg, name), _TYPES[name]
    meanings = _meanings(resource)
    annotations = inspect.get_annotations(getattr(pulumi_zorg, f"{name}Args"))
    rows = []
    defaults = declared.inputs.defaults()
    for argument in declared.inputs.names():
        if argument not in defaults:
            default = "required"
        elif defaults[argument] is None:
            default = "ZITADEL's choice" if argument in (*declared.server_defaults, CHOSEN_ID) else "not managed"
            if argument in declared.inputs.needed_to_create:
                default = "required without `adopt`"
            if argument in declared.inputs.left_as_is:
                default = "left as it is"
        else:
            default = _code(defaults[argument])
        change = "changes only the state"
        if argument == CHOSEN_ID:
            change = "is refused"
        elif argument in declared.inputs.replaces:
            change = f"replaces the {declared.noun}"
        elif argument in (*declared.updatable, "active"):
            change = f"updates the {declared.noun}"
        rows.append((f"`{argument}`", _type(annotations[argument]), default, meanings[argument], change))
    # The inputs that all types have come first in the models, and last in a table.
    last = ["`active`", "`adopt`", "`deletion_policy`"]
    rows.sort(key=lambda row: last.index(row[0]) if row[0] in last else -1)
    return _markdown(("argument", "type", "default", "meaning", "a new value"), rows)


def modules() -> str:
    """The modules of each layer, by the first paragraph of their docstrings."""
    layers = [path for path in (ROOT / "pulumi_zorg").iterdir() if path.is_dir() and path.name in _LAYERS]
    rows = []
    for file in sorted(
        (file for layer in layers for file in layer.glob("*.py") if file.name != "__init__.py"),
        key=lambda file: (_LAYERS.index(file.parent.name), file.name),
    ):
        docstring = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
        what = " ".join(docstring.partition("\n\n")[0].split()).replace("``", "`")
        what = re.sub(r":\w+:`~?(?:pulumi_zorg\.)?([^`]*)`", r"`\1`", what)
        rows.append((f"`{file.parent.name}/{file.name}`", what.rstrip(".")))
    return _markdown(("module", "what it has"), rows)


def outputs(name: str) -> str:
    """The outputs of a resource that are not arguments."""
    resource, declared = getattr(pulumi_zorg, name), _TYPES[name]
    meanings = {"id": f"the {declared.noun}'s id", **_meanings(resource)}
    return _markdown(("output", "meaning"), [(f"`{each}`", meanings[each]) for each in ("id", *resource._outputs)])


def calls(name: str) -> str:
    """What each change of a resource calls: the best implementation, and those that a server without it gets."""
    declared = _TYPES[name].calls

    def text(implementations: Sequence[Implementation[Any]]) -> str:
        return ", ".join(dict.fromkeys(_code_text(str(call)) for each in implementations for call in each.endpoints))

    rows = [
        (label, text(declared.implementations[key][:1]), text(declared.implementations[key][1:]))
        for key, label in _ordered(declared.endpoints)
    ]
    return _markdown(("change", "calls", "on a server without them"), rows)


def permissions() -> str:
    """The permissions that the calls of each type need."""
    keys = [key for each in _TYPES.values() for key in each.calls.endpoints]
    rows = [
        (
            label,
            *(
                ", ".join(dict.fromkeys(_code_text(each.permission) for each in declared.calls.endpoints.get(key, ())))
                for declared in _TYPES.values()
            ),
        )
        for key, label in _ordered(keys)
    ]
    return _markdown(("call", *(f"`{name}`" for name in _TYPES)), rows)


def limits() -> str:
    """The options of `zorg preview-guard` that limit changes of each type."""
    options: dict[str, list[str]] = {}
    for option, (token, _) in limit_options().items():
        options.setdefault(token, []).append(f"`{option} N`")
    rows = []
    for token, each in options.items():
        what = "deactivated, or removed" if RESOURCE_TYPES[token].has_states else "removed"
        rows.append((", ".join(each), f"how many {RESOURCE_TYPES[token].noun}s may be {what}. No limit by default"))
    return _markdown(("option", ""), rows)


def removals() -> str:
    """The events that remove an object of each type, and the objects that it is removed along with."""
    rows = []
    for name, declared in _TYPES.items():
        own = ", ".join(_code_text(each) for each in declared.events.removed)
        along = [f"its {parent.noun} (`{parent.removed}`)" for parent in declared.events.parents]
        owners = [f"the organization of its {parent.noun}" for parent in declared.events.parents if parent.created]
        if declared.in_organization:
            along = ["its organization (`org.removed`)", *along, *owners]
        rows.append((f"`{name}`", own, "; ".join(along)))
    return _markdown(("type", "removed by", "removed along with"), rows)


_GENERATORS: dict[str, Callable[..., str]] = {
    each.__name__: each for each in (arguments, outputs, calls, permissions, limits, removals, modules)
}


def _ordered(keys: Iterable[str]) -> list[tuple[str, str]]:
    unknown = set(keys) - _ACTIONS.keys()
    if unknown:
        raise KeyError(f"endpoints of actions that have no name here: {', '.join(sorted(unknown))}")
    return [(key, label) for key, label in _ACTIONS.items() if key in set(keys)]


def _meanings(resource: type) -> dict[str, str]:
    """The properties of a resource as its docstring explains the outputs, and that of its constructor the arguments."""
    text = f"{inspect.getdoc(resource)}\n\n{inspect.getdoc(resource.__init__)}"  # type: ignore[misc]  # of this class
    found = re.findall(r"^:(?:ivar|param) (\w+): (.*?)(?=^:|\n\n|\Z)", text, re.DOTALL | re.MULTILINE)
    return {name: _from_docstring(meaning) for name, meaning in found}


def _from_docstring(text: str) -> str:
    text = " ".join(text.split())
    text = re.sub(r"Changing it replaces the [a-z ]+\. ?", "", text)  # a column says so
    text = re.sub(r":\w+:`(?:[\w.]+\.)?(\w+)`", r"`\1`", text)
    return text.replace("``", "`").strip()


class _WithoutInput(ast.NodeTransformer):
    """``pulumi.Input[T]`` becomes ``T``."""

    def visit_Subscript(self, node: ast.Subscript) -> ast.AST:
        self.generic_visit(node)
        return node.slice if ast.unparse(node.value) == "pulumi.Input" else node


def _type(annotation: str) -> str:
    annotation = re.sub(r"\b\w+Input\b", "str", annotation)  # the texts that it may be are in the meaning
    plain = ast.unparse(_WithoutInput().visit(ast.parse(annotation, mode="eval")))
    return _code_text(plain.removesuffix(" | None"))


def _code(value: object) -> str:
    return _code_text(f'"{value}"' if isinstance(value, str) else repr(value))


def _code_text(text: str) -> str:
    return "`" + text.replace("|", "\\|") + "`"


def _markdown(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [_row(header), "|" + "---|" * len(header), *map(_row, rows)]
    return "\n".join(lines)


def _row(cells: tuple[str, ...]) -> str:
    return "|" + "".join(f" {cell} |" if cell else " |" for cell in cells)


def main() -> int:
    """Write the tables, and print which files changed."""
    for name in DOCUMENTS:
        before = (ROOT / name).read_text(encoding="utf-8")
        after = render(before)
        if after != before:
            (ROOT / name).write_text(after, encoding="utf-8")
            print(f"tables: {name} changed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

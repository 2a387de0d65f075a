"""Compares what a command prints as JSON with the published schema in docs/schemas."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

__all__ = ["SCHEMAS", "fits_schema", "read_schema", "wrong_parts"]

SCHEMAS = Path(__file__).parents[2] / "docs" / "schemas"

_TYPES: dict[str, type | tuple[type, ...]] = {
    "object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None),
}  # fmt: skip
_NOTES = {"title", "description", "default", "deprecated", "$schema", "$defs"}


def read_schema(command: str) -> dict[str, Any]:
    """Return the schema of the output of a command, like ``drift``."""
    found: dict[str, Any] = json.loads((SCHEMAS / f"{command}.json").read_text(encoding="utf-8"))
    return found


def fits_schema(command: str, output: Any) -> bool:
    """Whether the output of a command is what its schema says: exactly these fields, of these types."""
    schema = read_schema(command)
    wrong = wrong_parts(schema, output, schema["$defs"])
    assert wrong == [], wrong
    return True


def wrong_parts(schema: Mapping[str, Any], value: Any, definitions: Mapping[str, Any], at: str = "$") -> list[str]:
    """Return what is otherwise than the schema says. A field that the schema does not name is wrong too."""
    rules = {key: rule for key, rule in schema.items() if key not in _NOTES}
    wrong: list[str] = []
    if (name := rules.pop("$ref", None)) is not None:
        return wrong_parts(definitions[name.removeprefix("#/$defs/")], value, definitions, at)
    if (several := rules.pop("anyOf", None)) is not None:
        return [] if any(not wrong_parts(each, value, definitions, at) for each in several) else [f"{at}: {value!r}"]
    kind = rules.pop("type", None)
    if kind is not None and (not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool))):
        return [f"{at}: {value!r} is not of type {kind}"]
    if value != rules.pop("const", value) or value not in rules.pop("enum", [value]):
        wrong.append(f"{at}: {value!r} is not one of the values")
    if rules.pop("format", None) == "date-time":
        datetime.fromisoformat(value.replace("Z", "+00:00"))
    required, fields, others = (rules.pop(key, None) for key in ("required", "properties", "additionalProperties"))
    if fields is not None:
        assert set(required) == set(fields), "a schema requires every field"
        wrong += [f"{at}: {name} is missing" for name in fields if name not in value]
        wrong += [f"{at}: {name} is not in the schema" for name in value if name not in fields]
        for name in fields.keys() & value.keys():
            wrong += wrong_parts(fields[name], value[name], definitions, f"{at}.{name}")
    elif isinstance(others, Mapping):
        wrong += [each for name in value for each in wrong_parts(others, value[name], definitions, f"{at}.{name}")]
    if (items := rules.pop("items", None)) is not None:
        for number, each in enumerate(value):
            wrong += wrong_parts(items, each, definitions, f"{at}[{number}]")
    assert not rules, f"{at}: a rule of the schema that this does not know: {rules}"
    return wrong

"""Request messages: their description, decoding of proto JSON, and validation of the fields.

Only the features that ZITADEL's request messages use exist. Error texts are those of the libraries of the real server.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any
from urllib.parse import parse_qsl

from pulumi_zorg.emulator.errors import INVALID_ARGUMENT, ApiError

MessageDict = dict[str, Any]

_TIME = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$")


@dataclass(frozen=True)
class Field:
    """One field of a message. `name` is its proto name."""

    name: str
    kind: str = "string"
    #: Bounds of the length, in runes for strings and in bytes for bytes. None is no bound.
    min_length: int | None = None
    max_length: int | None = None
    required: bool = False
    repeated: bool = False
    optional: bool = False
    unique: bool = False
    max_items: int | None = None
    message: Message | None = None
    values: tuple[str, ...] = ()
    not_unspecified: bool = False
    email: bool = False
    #: What a text must begin with.
    prefix: str = ""
    #: The name of the oneof that this field belongs to.
    oneof: str = ""

    @property
    def json_name(self) -> str:
        """The name in JSON, in lowerCamelCase."""
        head, *rest = self.name.split("_")
        return head + "".join(part[:1].upper() + part[1:] for part in rest)

    @property
    def go_name(self) -> str:
        """The name in validation errors, in CamelCase."""
        return "".join(part[:1].upper() + part[1:] for part in self.name.split("_"))

    def default(self) -> Any:
        """Return the value of a field that was not sent."""
        if self.repeated:
            return []
        if self.optional or self.oneof or self.kind in ("message", "timestamp"):
            return None
        return {"string": "", "bytes": b"", "bool": False, "int": 0, "enum": self.values[0] if self.values else ""}.get(
            self.kind
        )


@dataclass(frozen=True)
class Message:
    """A message type.

    :param oneofs: the required oneofs: one field of each must be sent.
    """

    name: str
    fields: tuple[Field, ...] = ()
    oneofs: tuple[str, ...] = ()
    by_key: dict[str, Field] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        by_key = {}
        for one in self.fields:
            by_key[one.json_name] = one
            by_key[one.name] = one
        object.__setattr__(self, "by_key", by_key)

    def empty(self) -> MessageDict:
        """Return the message without any field set."""
        return {one.name: one.default() for one in self.fields}


class _WrongValueError(Exception):
    def __init__(self, path: list[str | int], text: str, syntax: bool = False) -> None:
        super().__init__(text)
        self.path = path
        self.text = text
        self.syntax = syntax


def decode(message: Message, body: bytes) -> MessageDict:
    """Decode a JSON body. An empty body is the empty message.

    :raises ApiError: code 3, with the text of the proto JSON library, with line and column.
    """
    if not body.strip():
        return message.empty()
    text = body.decode("utf-8", "replace")
    try:
        value, _ = json.JSONDecoder().raw_decode(text.lstrip())
    except ValueError as error:
        raise ApiError(INVALID_ARGUMENT, _bad_json(text.lstrip(), error)) from None
    try:
        return _message(message, value, [])
    except _WrongValueError as error:
        line, column = _position(text, error.path)
        kind = "syntax error " if error.syntax else ""
        raise ApiError(INVALID_ARGUMENT, f"proto: {kind}(line {line}:{column}): {error.text}") from None


def decode_query(message: Message, query: str) -> MessageDict:
    """Decode a query string. `query.limit=2` sets the field `limit` of the message in the field `query`.

    As on the real server, unknown fields are ignored. `keys=a&keys=b` sets the repeated field `keys`.

    :raises ApiError: code 3, for a number or a truth value that cannot be read.
    """
    result = message.empty()
    for key, text in parse_qsl(query):
        *outer, last = key.split(".")
        target: MessageDict | None = result
        current: Message | None = message
        for name in outer:
            target, current = _descend(target, current, name)
        one = current.by_key.get(last) if current is not None else None
        if target is not None and one is not None and one.kind in _QUERY_READERS:
            value = _QUERY_READERS[one.kind](one.json_name, text)
            target[one.name] = [*target[one.name], value] if one.repeated else value
    return result


def _descend(
    target: MessageDict | None, message: Message | None, name: str
) -> tuple[MessageDict | None, Message | None]:
    """Return the message in a field and its description, or None twice if the field cannot be one."""
    one = message.by_key.get(name) if message is not None else None
    if target is None or one is None or one.message is None or one.repeated:
        return None, None
    if target[one.name] is None:
        target[one.name] = one.message.empty()
    return target[one.name], one.message


def _query_int(name: str, text: str) -> int:
    if not (text.isascii() and text.isdecimal()):
        raise ApiError(INVALID_ARGUMENT, f'parsing field "{name}": strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text)


def _query_bool(name: str, text: str) -> bool:
    if text not in ("1", "t", "T", "TRUE", "true", "True", "0", "f", "F", "FALSE", "false", "False"):
        raise ApiError(INVALID_ARGUMENT, f'parsing field "{name}": strconv.ParseBool: parsing "{text}": invalid syntax')
    return text[0] in "1tT"


_QUERY_READERS: dict[str, Callable[[str, str], Any]] = {
    "string": lambda _, text: text,
    "int": _query_int,
    "bool": _query_bool,
}


def _bad_json(text: str, error: ValueError) -> str:
    at = getattr(error, "pos", len(text))
    if at >= len(text):
        return "unexpected EOF"
    return f"invalid character {text[at]!r} looking for beginning of value"


def _message(message: Message, value: Any, path: list[str | int]) -> MessageDict:
    if not isinstance(value, dict):
        raise _WrongValueError(path, f"unexpected token {_raw(value)}", syntax=True)
    result = message.empty()
    taken: set[str] = set()
    for key, raw in value.items():
        one = message.by_key.get(key)
        if one is None or raw is None:
            continue
        here = [*path, key]
        if one.oneof:
            if one.oneof in taken:
                raise _WrongValueError(here, f'error parsing "{key}", oneof {message.name}.{one.oneof} is already set')
            taken.add(one.oneof)
        if one.kind == "enum" and not one.repeated and isinstance(raw, str) and raw not in one.values:
            # The server discards unknown names of enum values, like unknown fields.
            continue
        if not one.repeated:
            result[one.name] = _scalar(one, raw, here)
        elif isinstance(raw, list):
            result[one.name] = [_scalar(one, item, [*here, index]) for index, item in enumerate(raw)]
        else:
            raise _WrongValueError(here, f"unexpected token {_raw(raw)}", syntax=True)
    return result


def _scalar(one: Field, raw: Any, path: list[str | int]) -> Any:
    if one.kind == "message":
        return _message(one.message or Message(""), raw, path)
    good, value = _READERS[one.kind](one, raw)
    if not good:
        kind = "uint32" if one.kind == "int" else one.kind
        raise _WrongValueError(path, f"invalid value for {kind} field {one.json_name}: {_raw(raw)}")
    return value


def _string(_: Field, raw: Any) -> tuple[bool, Any]:
    return isinstance(raw, str), raw


def _bool(_: Field, raw: Any) -> tuple[bool, Any]:
    return isinstance(raw, bool), raw


def _int(_: Field, raw: Any) -> tuple[bool, Any]:
    if isinstance(raw, str) and raw.isdecimal():
        return True, int(raw)
    if isinstance(raw, bool) or not isinstance(raw, int | float) or raw < 0 or int(raw) != raw:
        return False, None
    return True, int(raw)


def _bytes(_: Field, raw: Any) -> tuple[bool, Any]:
    if not isinstance(raw, str):
        return False, None
    try:
        return True, base64.b64decode(raw.replace("-", "+").replace("_", "/") + "=" * (-len(raw) % 4), validate=True)
    except binascii.Error:
        return False, None


def _enum(one: Field, raw: Any) -> tuple[bool, Any]:
    if isinstance(raw, str):
        return raw in one.values, raw
    if isinstance(raw, bool) or not isinstance(raw, int):
        return False, None
    return True, one.values[raw] if 0 <= raw < len(one.values) else str(raw)


def _timestamp(_: Field, raw: Any) -> tuple[bool, Any]:
    match = _TIME.match(raw) if isinstance(raw, str) else None
    if match is None:
        return False, None
    moment = datetime.fromisoformat(match[1] + ("+00:00" if match[3] == "Z" else match[3])).astimezone(timezone.utc)
    return True, int(moment.timestamp()) * 1_000_000 + int((match[2] or "0").ljust(9, "0")[:6])


_READERS: dict[str, Callable[[Field, Any], tuple[bool, Any]]] = {
    "string": _string,
    "bool": _bool,
    "int": _int,
    "bytes": _bytes,
    "enum": _enum,
    "timestamp": _timestamp,
    # Any JSON, as SCIM has it.
    "any": lambda _, raw: (True, raw),
}


def _raw(value: Any) -> str:
    if isinstance(value, dict):
        return "{"
    if isinstance(value, list):
        return "["
    return json.dumps(value)


def _position(text: str, path: list[str | int]) -> tuple[int, int]:
    """Return line and column of the value at a path. Both start at 1."""
    at = _skip(text, 0)
    for step in path:
        at = _skip(text, at + 1)
        index = 0
        while True:
            if isinstance(step, str):
                key, after = json.JSONDecoder().raw_decode(text, at)
                at = _skip(text, _skip(text, after) + 1)
                if key == step:
                    break
            elif index == step:
                break
            _, after = json.JSONDecoder().raw_decode(text, at)
            at = _skip(text, _skip(text, after) + 1)
            index += 1
    return text.count("\n", 0, at) + 1, at - (text.rfind("\n", 0, at) + 1) + 1


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def validate(message: Message, value: MessageDict) -> None:
    """Check a decoded message against the rules of its fields.

    :raises ApiError: code 3, for the first field that breaks one.
    """
    problem = _first_problem(message, value)
    if problem:
        raise ApiError(INVALID_ARGUMENT, problem)


def _first_problem(message: Message, value: MessageDict) -> str:
    for one in message.fields:
        found = value[one.name]
        if one.repeated:
            problem = _items_problem(one, found)
        elif found is None:
            problem = ": value is required" if one.required else ""
        else:
            problem = _value_problem(one, found)
            problem = problem and ": " + problem
        if problem:
            return f"invalid {message.name}.{one.go_name}{problem}"
    for oneof in message.oneofs:
        if all(value[one.name] is None for one in message.fields if one.oneof == oneof):
            return f"invalid {message.name}.{Field(oneof).go_name}: value is required"
    return ""


def _items_problem(one: Field, items: list[Any]) -> str:
    if one.max_items is not None and len(items) > one.max_items:
        return f": value must contain no more than {one.max_items} item(s)"
    seen = set()
    for index, item in enumerate(items):
        if one.unique:
            if item in seen:
                return f"[{index}]: repeated value must contain unique items"
            seen.add(item)
        problem = _value_problem(one, item)
        if problem:
            return f"[{index}]: {problem}"
    return ""


def _value_problem(one: Field, value: Any) -> str:
    if one.kind == "message":
        inner = _first_problem(one.message or Message(""), value)
        return inner and f"embedded message failed validation | caused by: {inner}"
    if one.kind == "enum":
        if value not in one.values:
            return "value must be one of the defined enum values"
        return f"value must not be in list [{value}]" if one.not_unspecified and value == one.values[0] else ""
    if one.kind in ("string", "bytes"):
        problem = _length_problem(one, len(value))
        if not problem and one.email and not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
            problem = "value must be a valid email address | caused by: mail: missing '@' or angle-addr"
        if not problem and one.prefix and not value.startswith(one.prefix):
            problem = f'value does not have prefix "{one.prefix}"'
        return problem
    return ""


def _length_problem(one: Field, length: int) -> str:
    unit = "bytes" if one.kind == "bytes" else "runes"
    low, high = one.min_length, one.max_length
    if (low is None or length >= low) and (high is None or length <= high):
        return ""
    if low is not None and high is not None:
        return f"value length must be between {low} and {high} {unit}, inclusive"
    if low is not None:
        return f"value length must be at least {low} {unit}"
    return f"value length must be at most {high} {unit}"

"""Reads the data file and reports all mistakes in it at once, with their places, before any call to ZITADEL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any

import pulumi

# The comment is unused if the type stubs of PyYAML are installed. A copy of this example does not need them.
import yaml  # type: ignore[import-untyped, unused-ignore]  # its types are a package of their own
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

# Becomes a part of a resource's name in the stack.
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
# A name.
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Project(_Part):
    """The vendor's project, which is granted to each tenant: its name, and that of the organization that owns it."""

    name: Text
    organization: Text
    roles: frozenset[str]


class TenantData(_Part):
    """A tenant: an organization, the roles that it may give, and a list of roles for each person's key."""

    name: Text
    active: bool = True
    adopt: bool = False
    roles: frozenset[str] | None = None
    people: dict[Key, list[str]] = {}


class Data(_Part):
    """The whole file.

    :ivar people: the login name of each person, by a key.
    """

    project: Project
    people: dict[Key, Text] = {}
    tenants: dict[Key, TenantData]

    def roles_of(self, tenant: TenantData) -> frozenset[str]:
        """Return the roles that a tenant may give: all roles of the project, unless the file says which."""
        return self.project.roles if tenant.roles is None else tenant.roles


class MistakeInFile(pulumi.RunError):
    """The file has mistakes. Pulumi shows the message without a traceback."""

    def __init__(self, file: Path, problems: list[str]) -> None:
        super().__init__("\n".join([f"{file} cannot be used:", *(f"  - {each}" for each in problems)]))


def load(file: Path) -> Data:
    """Return the content of the file.

    :raises MistakeInFile: if the file cannot be read or has mistakes. The message has the place of each.
    """
    try:
        text = file.read_text(encoding="utf-8")
        doubles = list(_doubles(yaml.compose(text, Loader=yaml.SafeLoader)))
        data = None if doubles else Data.model_validate(yaml.safe_load(text))
    except OSError as error:
        raise MistakeInFile(file, [error.strerror or "it cannot be read"]) from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise MistakeInFile(file, [f"it is not YAML: {error}"]) from None
    except ValidationError as error:
        raise MistakeInFile(file, [_mistake(each) for each in error.errors()]) from None
    problems = doubles if data is None else list(_problems(data))
    if data is None or problems:
        raise MistakeInFile(file, problems)
    return data


_REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "string_too_short": "must not be empty",
    "string_type": "must be text",
    "string_pattern_mismatch": "must consist of lower-case letters, digits and hyphens, because it names a resource",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "list_type": "must be a list, like [viewer]",
    "frozen_set_type": "must be a list, like [viewer]",
    "dict_type": "must have keys with values",
    "model_type": "must have keys with values",
}


def _mistake(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "[key]") or "the file"
    return f"{place} {_REASONS.get(error['type'], error['msg'])}"


def _doubles(node: Any) -> Iterator[str]:
    """Yield a sentence for each key that occurs twice. YAML would keep the last one, and the stack would delete the first tenant."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                yield f"line {key.start_mark.line + 1}: the key {key.value!r} occurs twice"
            seen.add(str(key.value))
            yield from _doubles(value)


def _problems(data: Data) -> Iterator[str]:
    """Yield a sentence for each contradiction between two parts of the file."""
    names: dict[str, list[str]] = defaultdict(list)
    for key, tenant in data.tenants.items():
        names[tenant.name].append(key)
        for role in sorted((tenant.roles or frozenset()) - data.project.roles):
            yield f"tenants.{key}.roles: the project has no role {role!r}; it has {_listed(data.project.roles)}"
        users: dict[str, str] = {}
        for person, roles in tenant.people.items():
            place = f"tenants.{key}.people.{person}"
            if person not in data.people:
                yield f"{place}: there is no {person!r} under people; known are {', '.join(data.people) or 'none'}"
            other = users.setdefault(data.people.get(person, person), person)
            if other != person:
                yield f"{place}: this is the same user as {other}, and ZITADEL keeps one grant for each user here"
            for role in roles:
                if role not in data.project.roles:
                    yield f"{place}: the project has no role {role!r}; it has {_listed(data.project.roles)}"
                elif role not in data.roles_of(tenant):
                    yield f"{place}: the tenant may not give the role {role!r}; it may give {_listed(data.roles_of(tenant))}"
    for name, keys in names.items():
        if len(keys) > 1:
            yield f"tenants.{keys[1]}.name: {name!r} is also the name of {keys[0]}; names are unique in ZITADEL"


def _listed(roles: frozenset[str]) -> str:
    return ", ".join(sorted(roles)) or "none"

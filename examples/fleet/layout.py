"""The data file, and which stack has which tenant.

It is a function of the file alone, so that each engine that runs one of the stacks comes to the same result.
"""

from __future__ import annotations

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import pulumi

# The comment is unused if the type stubs of PyYAML are installed. A copy of this example does not need them.
import yaml  # type: ignore[import-untyped, unused-ignore]  # its types are a package of their own
from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_core import ErrorDetails

__all__ = ["Fleet", "MistakeInFile", "Project", "Tenant", "is_stack", "load", "stack_name", "stack_of"]

# Becomes a resource's name in the stack.
Key = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$")]
# A name or an id. An id may be written without quotation marks.
Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1)]
Count = Annotated[int, Field(ge=1, le=1000)]


def stack_name(number: int) -> str:
    """Return the name of a stack of the fleet."""
    return f"tenants-{number}"


def is_stack(name: str) -> bool:
    """Return whether a stack of the project belongs to the fleet."""
    return re.fullmatch(r"tenants-(0|[1-9][0-9]*)", name) is not None


@cache
def stack_of(key: str, stacks: int) -> str:
    """Return the stack of a tenant, of so many stacks, by rendezvous hashing.

    Each stack has a score for the key, and the highest one wins. A further stack takes only those keys for which it has the
    highest score: one of n + 1. The other keys stay where they are.
    """
    scores = ((hashlib.blake2b(f"{number} {key}".encode(), digest_size=8).digest(), number) for number in range(stacks))
    return stack_name(max(scores)[1])


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)


class Project(_Part):
    """The vendor's project, which is granted to each tenant with all these roles. It is looked up by its names."""

    name: Text
    organization: Text
    roles: frozenset[str]


class Tenant(_Part):
    """A tenant: an organization, and a list of roles for each user, by login name or id.

    :ivar remove: the organization may be removed: it is, when the tenant is deleted from the file after the next run.
    """

    name: Text
    active: bool = True
    adopt: bool = False
    remove: bool = False
    people: dict[Text, list[str]] = {}


class Fleet(_Part):
    """The whole file.

    :ivar stacks: the number of stacks.
    :ivar previous_stacks: the number before, while tenants move. A tenant that moves is declared in both of its stacks.
    """

    stacks: Count
    previous_stacks: Count | None = None
    project: Project | None = None
    tenants: dict[Key, Tenant]

    def giver(self, key: str) -> str | None:
        """Return the stack that a tenant moves away from; None where it does not move."""
        if self.previous_stacks is None:
            return None
        before = stack_of(key, self.previous_stacks)
        return None if before == stack_of(key, self.stacks) else before

    def declared_by(self, stack: str) -> dict[str, Tenant]:
        """Return the tenants that a stack declares. One that moves is declared by both of its stacks."""
        return {
            key: tenant
            for key, tenant in self.tenants.items()
            if stack in (stack_of(key, self.stacks), self.giver(key))
        }


class MistakeInFile(pulumi.RunError):
    """The file has mistakes. Pulumi shows the message without a traceback."""

    def __init__(self, file: Path, problems: list[str]) -> None:
        super().__init__("\n".join([f"{file} cannot be used:", *(f"  - {each}" for each in problems)]))


def load(file: Path) -> Fleet:
    """Return the content of the file.

    :raises MistakeInFile: if the file cannot be read or has mistakes. The message has the place of each.
    """
    try:
        # The loader in C reads thousands of tenants ten times as fast. It is missing in a few builds of PyYAML.
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(file.read_text(encoding="utf-8"))
        node = loader.get_single_node()
        doubles = list(_doubles(node))
        fleet = None if doubles else Fleet.model_validate(None if node is None else loader.construct_document(node))
    except OSError as error:
        raise MistakeInFile(file, [error.strerror or "it cannot be read"]) from None
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise MistakeInFile(file, [f"it is not YAML: {error}"]) from None
    except ValidationError as error:
        raise MistakeInFile(file, [_mistake(each) for each in error.errors()]) from None
    problems = doubles if fleet is None else list(_problems(fleet))
    if fleet is None or problems:
        raise MistakeInFile(file, problems)
    return fleet


_REASONS = {
    "missing": "is missing",
    "extra_forbidden": "is not a known field",
    "string_too_short": "must not be empty",
    "string_type": "must be text",
    "string_pattern_mismatch": "must consist of lower-case letters, digits and hyphens, because it names a resource",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
    "int_type": "must be a number",
    "int_parsing": "must be a number",
    "greater_than_equal": "must be 1 or more",
    "less_than_equal": "must be 1000 or less",
    "list_type": "must be a list, like [viewer]",
    "frozen_set_type": "must be a list, like [viewer]",
    "dict_type": "must have keys with values",
    "model_type": "must have keys with values",
}


def _mistake(error: ErrorDetails) -> str:
    place = ".".join(str(part) for part in error["loc"] if part != "[key]") or "the file"
    return f"{place} {_REASONS.get(error['type'], error['msg'])}"


def _doubles(node: Any) -> Iterator[str]:
    """Yield a sentence for each key that occurs twice. YAML would keep the last one, and the first tenant would be lost."""
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if str(key.value) in seen:
                yield f"line {key.start_mark.line + 1}: the key {key.value!r} occurs twice"
            seen.add(str(key.value))
            yield from _doubles(value)


def _problems(fleet: Fleet) -> Iterator[str]:
    """Yield a sentence for each contradiction between two parts of the file."""
    if fleet.previous_stacks == fleet.stacks:
        yield "previous_stacks is the same as stacks: delete it, because no tenant moves"
    names: dict[str, list[str]] = defaultdict(list)
    for key, tenant in fleet.tenants.items():
        names[tenant.name].append(key)
        giver = fleet.giver(key)
        if tenant.remove and giver is not None:
            yield (
                f"tenants.{key}.remove: this tenant moves from {giver} to {stack_of(key, fleet.stacks)}, and a tenant in two "
                "stacks is not removed. Finish the move first, or remove the tenant before it"
            )
        if tenant.people and fleet.project is None:
            yield f"tenants.{key}.people: there is no project that they could have roles in"
            continue
        roles = frozenset[str]() if fleet.project is None else fleet.project.roles
        for user, own in tenant.people.items():
            for role in sorted(set(own) - roles):
                known = ", ".join(sorted(roles)) or "none"
                yield f"tenants.{key}.people.{user}: the project has no role {role!r}; it has {known}"
    for name, keys in names.items():
        if len(keys) > 1:
            yield f"tenants.{keys[1]}.name: {name!r} is also the name of {keys[0]}; names are unique in ZITADEL"

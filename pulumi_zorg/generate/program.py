"""Pure: the text of the program that declares a selection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.errors import clean
from pulumi_zorg.generate.names import slug, unique, variable
from pulumi_zorg.generate.python_text import Call, Collection, Entry, assign, comment, for_each, literal
from pulumi_zorg.generate.selection import Selection, name_of, properties_of
from pulumi_zorg.inputs import check_inputs
from pulumi_zorg.observed import Observed
from pulumi_zorg.resource_registry import RESOURCE_TYPES, referred_type
from pulumi_zorg.resource_type import ResourceType
from pulumi_zorg.tokens import Key, short

__all__ = ["program"]

#: More objects of one type in one organization become rows and a loop.
_FEW = 5

_HEAD = '''"""Adopts what exists in ZITADEL. `zorg generate` wrote it; it is yours now.

The resources are protected, as `pulumi import` does it: remove `opts` from those that Pulumi may delete. `adopt` has no effect
after the first `pulumi up`.
"""
'''


@dataclass(frozen=True)
class _Resource:
    """A declaration.

    :param arguments: what the program gives, in the order of the inputs, without ``adopt`` and ``opts``.
    """

    observed: Observed
    type: ResourceType[Any]
    name: str
    arguments: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """What a property of another resource names: the type, and the id."""
        return Key(self.observed.type, self.observed.id)

    @property
    def class_name(self) -> str:
        return f"zorg.{short(self.type.token)}"


def program(selection: Selection) -> tuple[str, int, list[str]]:
    """Return the program, how many resources it declares, and why objects are not in it."""
    left_out = list(selection.left_out)
    resources = list(_resources(selection, left_out))
    references = _references(resources)
    # The organizations, each with what is in it. What another organization's object needs is declared before.
    lines = [_HEAD, "import pulumi\nimport pulumi_zorg as zorg\n", "KEPT = pulumi.ResourceOptions(protect=True)\n"]
    lines += [f"{comment(each)}\n" for each in (*selection.remarks, *left_out)]
    groups: dict[tuple[str, str], list[_Resource]] = defaultdict(list)
    tables: set[str] = set()
    for each in resources:
        groups[each.type.token, str(each.arguments.get("org_id") or "")].append(each)
    for group in groups.values():
        if len(group) > _FEW and _are_rows(group, references):
            lines += _loop(group, variable(_table_name(group[0], references), tables), references, selection)
        else:
            lines += [_single(each, references, selection) for each in group]
    return "\n".join(lines) + "\n", len(resources), left_out


@dataclass(frozen=True)
class _References:
    """The variables of the resources that others refer to, by type and id: an id is unique within its type."""

    variables: Mapping[Key, str]

    def to(self, name: str, value: Any) -> str:
        """Return the variable of the resource that a property refers to; empty where the program has none."""
        token = referred_type(name)
        return "" if token is None or not isinstance(value, str) else self.variables.get(Key(token, value), "")


def _references(resources: Sequence[_Resource]) -> _References:
    used = {
        Key(token, value)
        for each in resources
        for name, value in each.arguments.items()
        if isinstance(value, str) and (token := referred_type(name)) is not None
    }
    # A loop has variables with the names of inputs.
    taken = {name for each in RESOURCE_TYPES.values() for name in each.inputs.names()}
    return _References({each.key: variable(each.name, taken) for each in resources if each.key in used})


def _resources(selection: Selection, left_out: list[str]) -> Iterator[_Resource]:
    """Return what can be declared, in an order in which what is referred to comes first."""
    named = {Key(each.type, each.id): name_of(each) for each in selection.objects}
    taken: dict[str, set[str]] = defaultdict(set)
    for token, resource_type in RESOURCE_TYPES.items():
        for each in (found for found in selection.objects if found.type == token):
            arguments, problems = check_inputs(resource_type.inputs, properties_of(each))
            problems += resource_type.inputs.doubts(arguments)  # the program would be refused
            if problems:
                why = f"{problems[0].property} {problems[0].reason}"
                left_out.append(f"{resource_type.noun} {clean(each.id)} cannot be declared: {why}.")
                continue
            defaults = resource_type.inputs.defaults()
            given = {
                name: resource_type.as_written(name, arguments[name])
                for name in sorted(arguments, key=lambda name: name == "active")
                if arguments[name] != defaults.get(name)
            }
            parts = [_part(selection, named, each, name) for name in _named_by(resource_type)]
            base = slug("-".join(filter(None, parts))) or slug(resource_type.noun)
            owner = _name(named, "org_id", str(given.get("org_id")))
            candidates = (base, f"{owner}-{base}" if owner else "", f"{base}-{slug(each.id)}")
            yield _Resource(each, resource_type, unique(candidates, taken[token]), given)


def _named_by(resource_type: ResourceType[Any]) -> Sequence[str]:
    """Return the properties whose values name an object for a person."""
    if "name" in resource_type.inputs.names():
        return ("name",)
    names = [name for name in resource_type.inputs.unique_by if name != "org_id"]
    return sorted(names, key=lambda name: name != "user_id")


def _part(selection: Selection, named: Mapping[Key, str | None], observed: Observed, name: str) -> str:
    value = str(observed.properties.get(name) or "")
    if name == "name":
        return slug(value)
    return _name(named, name, value) or slug(selection.names.get((name, value)) or value)


def _name(named: Mapping[Key, str | None], property: str, id: str) -> str:
    """Return the readable name of the object that a property refers to; empty where it has none."""
    token = referred_type(property)
    return slug(named.get(Key(token, id)) or "") if token is not None else ""


def _single(resource: _Resource, references: _References, selection: Selection) -> str:
    entries = [Entry(literal(resource.name))]
    entries += [_argument(name, value, references, selection) for name, value in resource.arguments.items()]
    entries += [Entry("True", "adopt="), Entry("KEPT", "opts=")]
    target = references.variables.get(resource.key, "")
    return assign(target, Call(resource.class_name, entries))


def _are_rows(group: Sequence[_Resource], references: _References) -> bool:
    """Whether resources can be rows of one table: they take the same arguments, and each column has one type."""
    if any(each.key in references.variables for each in group):
        return False
    if len({tuple(each.arguments) for each in group}) > 1:
        return False
    # A checker knows the text of an argument, and not the texts in a column.
    if any(len({each.arguments.get(name) for each in group}) > 1 for name in group[0].type.inputs.texts()):
        return False
    columns = {name: [each.arguments[name] for each in group] for name in group[0].arguments}
    return all(
        len({bool(references.to(name, value)) for value in column}) == 1
        and (
            column.count(column[0]) == len(column)
            or not any(value == [] or isinstance(value, dict) for value in column)
        )
        for name, column in columns.items()
    )


def _loop(group: Sequence[_Resource], table: str, references: _References, selection: Selection) -> Iterator[str]:
    """Return the rows of many resources, and the loop that declares them.

    :param table: the variable of the rows.
    """
    names = list(group[0].arguments)
    varying = [name for name in names if len({repr(each.arguments[name]) for each in group}) > 1]
    shared = {name: group[0].arguments[name] for name in names if name not in varying}
    rows = []
    for each in group:
        values = [Entry(literal(each.name))]
        values += [Entry(_value(name, each.arguments[name], references)) for name in varying]
        remarks = [_remark(name, each.arguments[name], references, selection) for name in varying]
        rows.append(Entry(Collection(values, "()"), "", ", ".join(filter(None, remarks))))
    yield assign(table, Collection(rows))
    columns = Collection([Entry("resource_name"), *(Entry(each) for each in varying)], "()")
    entries = [Entry("resource_name")]
    for name in names:
        entries.append(
            Entry(name, f"{name}=") if name in varying else _argument(name, shared[name], references, selection)
        )
    entries += [Entry("True", "adopt="), Entry("KEPT", "opts=")]
    yield f"{for_each(columns, table)}\n{assign('', Call(group[0].class_name, entries), 4)}"


def _table_name(resource: _Resource, references: _References) -> str:
    owner = references.to("org_id", resource.arguments.get("org_id"))
    other_owner = "" if owner else slug(str(resource.arguments.get("org_id") or ""))
    return "_".join(filter(None, [owner.strip("_"), f"{slug(resource.type.noun)}s", other_owner])).upper()


def _argument(name: str, value: Any, references: _References, selection: Selection) -> Entry:
    return Entry(_value(name, value, references), f"{name}=", _remark(name, value, references, selection))


def _value(name: str, value: Any, references: _References) -> str | Collection:
    target = references.to(name, value)
    return f"{target}.id" if target else literal(value)


def _remark(name: str, value: Any, references: _References, selection: Selection) -> str:
    """Return who or what an id is that the program does not declare."""
    if not name.endswith("_id") or references.to(name, value):
        return ""
    return selection.names.get((name, str(value)), "")

"""Pure: the text of the program that declares a selection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.errors import InputError, clean
from pulumi_zorg.generate.python_text import (
    Collection,
    Entry,
    assign,
    call,
    comment,
    for_each,
    literal,
    slug,
    unique,
    variable,
)
from pulumi_zorg.generate.selection import Managed, Selection, name_of
from pulumi_zorg.resource_types.inputs import Problem, check_inputs
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES, in_order_of_references, referred_types
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import Key, Observed
from pulumi_zorg.world.tokens import short

#: More objects of one type in one organization become rows and a loop.
_FEW = 5

_ADOPTS = '''"""Adopts what exists in ZITADEL. `zorg generate` wrote it; it is yours now.

The resources are protected, as `pulumi import` does it: remove `opts` from those that Pulumi may delete. `adopt` has no effect
after the first `pulumi up`.
"""
'''

_IMPORTED = '''"""Declares what exists in ZITADEL. `zorg generate` wrote it; it is yours now.

The import file that was written with it brings the objects into the stack's state. Import it before anything else, and run
`pulumi up`, which changes nothing and writes the dependencies:

    pulumi import --file FILE --generate-code=false --yes

The resources are protected, as `pulumi import` does it: remove `opts` from those that Pulumi may delete.
"""
'''

#: Where a stack has some of what exists already.
_REFERENCES = "Where a comment names a resource of this stack, write its variable instead, like `acme.id`: then the engine knows the order."


@dataclass(frozen=True)
class Way:
    """How a stack gets the objects that a program declares.

    :param imports: by an import file; else the resources adopt them.
    :param managed: what its state has already.
    """

    imports: bool
    managed: Managed


@dataclass(frozen=True)
class Declared:
    """A resource that a program declares.

    :param inputs: the inputs in the state's form.
    :param arguments: what the program gives, in the order of the inputs, without ``adopt`` and ``opts``.
    """

    observed: Observed
    resource_type: ResourceType[Any]
    name: str
    inputs: Mapping[str, Any]
    arguments: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """What a property of another resource names: the type, and the id."""
        return Key(self.observed.token, self.observed.id)

    @property
    def class_name(self) -> str:
        """What the program calls."""
        return f"zorg.{short(self.resource_type.token)}"


def program(selection: Selection, way: Way) -> tuple[str, Sequence[Declared], Sequence[str]]:
    """Return the program that declares a selection, its resources, and why objects are not in it, as sentences."""
    left_out = list(selection.left_out)
    resources = list(_resources(selection, way, left_out))
    writer = _Writer(_variables(resources, way), selection, way)
    # The organizations, each with what is in it. What another organization's object needs is declared before.
    lines = [_IMPORTED if way.imports else _ADOPTS]
    lines += ["import pulumi\nimport pulumi_zorg as zorg\n", "KEPT = pulumi.ResourceOptions(protect=True)\n"]
    lines += [f"{comment(each)}\n" for each in (*writer.hints(resources), *selection.remarks, *left_out)]
    groups: dict[tuple[str, str], list[Declared]] = defaultdict(list)
    tables: set[str] = set()
    for each in resources:
        groups[each.resource_type.token, str(each.arguments.get("org_id") or "")].append(each)
    for group in groups.values():
        if len(group) > _FEW and writer.are_rows(group):
            lines += writer.loop(group, variable(writer.table_name(group[0]), tables))
        else:
            lines += [writer.single(each) for each in group]
    return "\n".join(lines) + "\n", resources, left_out


def declaration(
    observed: Observed, name: str, selection: Selection, way: Way, parent: str | None
) -> tuple[str, Declared]:
    """Return the statement that declares one object, and the resource.

    :param parent: the variable of its parent; None for the stack itself.
    :raises InputError: where a program may not declare the object.
    """
    resource_type = RESOURCE_TYPES[observed.token]
    inputs, problem = _inputs(observed)
    if problem is not None:
        what = f"{resource_type.noun} {clean(observed.id)}"
        raise InputError(f"A program cannot declare {what}", problem.property, problem.reason)
    resource = _declared(observed, resource_type, name, inputs)
    options = [Entry("True", "protect="), *([Entry(parent, "parent=")] if parent else [])]
    writer = _Writer({resource.key: variable(name, set())}, selection, way)
    return writer.single(resource, call("pulumi.ResourceOptions", options)), resource


def _referred(property: str, value: Any) -> Sequence[Key]:
    """Return the type and the id of the object that a property refers to, for each type that it may be of; none for no reference."""
    return [Key(token, value) for token in referred_types(property)] if isinstance(value, str) else []


def _of_referred(found: Mapping[Key, str], property: str, value: Any) -> str:
    """Return what belongs to the object that a property refers to; empty for an object that has nothing here."""
    return next((found[key] for key in _referred(property, value) if key in found), "")


def _variables(resources: Sequence[Declared], way: Way) -> dict[Key, str]:
    """Return the variables of the resources that others refer to, by type and id: an id is unique within its type."""
    used = {key for each in resources for argument in each.arguments.items() for key in _referred(*argument)}
    # A loop has variables with the names of inputs.
    taken = {name for each in RESOURCE_TYPES.values() for name in each.inputs.names()}
    # The program that exists likely names its variables like its resources.
    taken |= {variable(name, set()) for names in way.managed.names().values() for name in names}
    return {each.key: variable(each.name, taken) for each in resources if each.key in used}


def _resources(selection: Selection, way: Way, left_out: list[str]) -> Iterator[Declared]:
    """Return what can be declared, in an order in which what is referred to comes first."""
    names = {Key(each.token, each.id): slug(name_of(each) or "") for each in selection.objects}
    taken: dict[str, set[str]] = defaultdict(set, way.managed.names())
    for token, resource_type in in_order_of_references():
        for each in (found for found in selection.objects if found.token == token):
            inputs, problem = _inputs(each)
            if problem is not None:
                why = f"{problem.property} {problem.reason}"
                left_out.append(f"{resource_type.noun} {clean(each.id)} cannot be declared: {why}.")
                continue
            parts = [_part(selection, names, name, each.properties.get(name)) for name in _named_by(resource_type)]
            base = slug("-".join(filter(None, parts))) or slug(resource_type.noun)
            owner = _of_referred(names, "org_id", inputs.get("org_id"))
            candidates = (base, f"{owner}-{base}" if owner else "", f"{base}-{slug(each.id)}")
            yield _declared(each, resource_type, unique(candidates, taken[token]), inputs)


def _inputs(observed: Observed) -> tuple[Mapping[str, Any], Problem | None]:
    """Return the inputs that declare an object, in the state's form, and why a program with them would be refused."""
    resource_type = RESOURCE_TYPES[observed.token]
    inputs, left_out = resource_type.inputs, resource_type.not_generated
    # An empty text is what an object has that a program need not declare.
    properties = {
        name: value
        for name, value in observed.properties.items()
        if name in inputs.names() and name not in left_out and value != ""
    }
    found, problems = check_inputs(inputs, properties)
    return found, next(iter([*problems, *inputs.doubts(found)]), None)


def _declared(observed: Observed, resource_type: ResourceType[Any], name: str, inputs: Mapping[str, Any]) -> Declared:
    defaults = resource_type.inputs.defaults()
    arguments = {
        each: resource_type.as_written(each, inputs[each])
        for each in sorted(inputs, key=lambda each: each == "active")
        if inputs[each] != defaults.get(each)
    }
    return Declared(observed, resource_type, name, inputs, arguments)


def _named_by(resource_type: ResourceType[Any]) -> Sequence[str]:
    """Return the properties whose values name an object for a person."""
    if "name" in resource_type.inputs.names():
        return ("name",)
    names = [name for name in resource_type.inputs.unique_by if name != "org_id"]
    return sorted(names, key=lambda name: name != "user_id")


def _part(selection: Selection, names: Mapping[Key, str], property: str, value: Any) -> str:
    """Return the part of a resource's name that one of its object's properties makes."""
    text = str(value or "")
    if property == "name":
        return slug(text)
    return _of_referred(names, property, text) or slug(selection.names.get((property, text)) or text)


@dataclass(frozen=True)
class _Writer:
    """Writes the statements that declare resources.

    :param variables: those of the resources that others refer to.
    """

    variables: Mapping[Key, str]
    selection: Selection
    way: Way

    def hints(self, resources: Sequence[Declared]) -> list[str]:
        """Return what the user can do better than the program: ids of resources in the state cannot be references."""
        ids = ((name, value) for each in resources for name, value in each.arguments.items())
        return [_REFERENCES] if any(self._title(*each) and not self._variable(*each) for each in ids) else []

    def are_rows(self, group: Sequence[Declared]) -> bool:
        """Whether resources can be rows of one table: they take the same arguments, and each column has one type."""
        if any(each.key in self.variables for each in group):
            return False
        if len({tuple(each.arguments) for each in group}) > 1:
            return False
        # A type checker infers the literal text of an argument, and not those of a column.
        if any(len({each.arguments.get(name) for each in group}) > 1 for name in group[0].resource_type.inputs.texts()):
            return False
        columns = {name: [each.arguments[name] for each in group] for name in group[0].arguments}
        return all(
            len({bool(self._variable(name, value)) for value in column}) == 1
            and (
                column.count(column[0]) == len(column)
                or not any(value == [] or isinstance(value, dict) for value in column)
            )
            for name, column in columns.items()
        )

    def single(self, resource: Declared, options: str | Collection = "KEPT") -> str:
        """Return the statement that declares one resource.

        :param options: its options.
        """
        arguments = [self._argument(name, value) for name, value in resource.arguments.items()]
        entries = [Entry(literal(resource.name)), *arguments, *self._last(options)]
        return assign(self.variables.get(resource.key, ""), call(resource.class_name, entries))

    def loop(self, group: Sequence[Declared], table: str) -> Iterator[str]:
        """Return the rows of many resources, and the loop that declares them.

        :param table: the variable of the rows.
        """
        first = group[0].arguments
        varying = [name for name in first if len({repr(each.arguments[name]) for each in group}) > 1]
        rows = []
        for each in group:
            values = [self._argument(name, each.arguments[name]) for name in varying]
            row = [Entry(literal(each.name)), *(Entry(value.value) for value in values)]
            rows.append(
                Entry(Collection(row, "(", ")"), "", ", ".join(value.comment for value in values if value.comment))
            )
        yield assign(table, Collection(rows))
        columns = Collection([Entry("resource_name"), *(Entry(each) for each in varying)], "(", ")")
        entries = [Entry("resource_name")]
        for name, value in first.items():
            entries.append(Entry(name, f"{name}=") if name in varying else self._argument(name, value))
        entries += self._last("KEPT")
        yield f"{for_each(columns, table)}\n{assign('', call(group[0].class_name, entries), 4)}"

    def table_name(self, resource: Declared) -> str:
        """Return a name for the rows of resources like this one."""
        org_id = resource.arguments.get("org_id")
        owner = self._variable("org_id", org_id)
        other_owner = "" if owner else slug(str(org_id or ""))
        return "_".join(filter(None, [owner.strip("_"), f"{slug(resource.resource_type.noun)}s", other_owner])).upper()

    def _variable(self, name: str, value: Any) -> str:
        """Return the variable of the resource that a property refers to; empty where the program has none."""
        return _of_referred(self.variables, name, value)

    def _title(self, name: str, value: Any) -> str:
        """Return the resource of the state that a property refers to, as text; empty where there is none."""
        return _of_referred(self.way.managed.titles, name, value)

    def _last(self, options: str | Collection) -> list[Entry]:
        adopt = [] if self.way.imports else [Entry("True", "adopt=")]
        return [*adopt, Entry(options, "opts=")]

    def _argument(self, name: str, value: Any) -> Entry:
        """Return an argument. An id that the program does not declare has a comment that says who or what it is."""
        reference = self._variable(name, value)
        if reference:
            return Entry(f"{reference}.id", f"{name}=")
        remark = self._title(name, value) or self.selection.names.get((name, str(value)), "")
        return Entry(literal(value), f"{name}=", remark if name.endswith("_id") else "")

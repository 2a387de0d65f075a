"""Pure: the text of the program that declares a selection."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.errors import InputError, clean
from pulumi_zorg.generate.managed import Managed
from pulumi_zorg.generate.names import slug, unique, variable
from pulumi_zorg.generate.python_text import Call, Collection, Entry, assign, comment, for_each, literal
from pulumi_zorg.generate.selection import Selection, name_of, properties_of
from pulumi_zorg.resource_types.inputs import Problem, check_inputs
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES, in_order_of_references, referred_type
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.tokens import Key, short

__all__ = ["Declared", "Program", "Way", "declaration", "program"]

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
    :param managed: what its state has already; None for a new stack.
    """

    imports: bool = False
    managed: Managed | None = None

    def title(self, name: str, value: Any) -> str:
        """Return the resource of the state that a property refers to, as text; empty where there is none."""
        token = referred_type(name)
        if self.managed is None or token is None or not isinstance(value, str):
            return ""
        return self.managed.titles.get(Key(token, value), "")


@dataclass(frozen=True)
class Declared:
    """A resource that a program declares.

    :param inputs: the inputs in the state's form.
    :param arguments: what the program gives, in the order of the inputs, without ``adopt`` and ``opts``.
    """

    observed: Observed
    type: ResourceType[Any]
    name: str
    inputs: Mapping[str, Any]
    arguments: Mapping[str, Any]

    @property
    def key(self) -> Key:
        """What a property of another resource names: the type, and the id."""
        return Key(self.observed.type, self.observed.id)

    @property
    def class_name(self) -> str:
        """What the program calls."""
        return f"zorg.{short(self.type.token)}"


@dataclass(frozen=True)
class Program:
    """A program.

    :ivar left_out: why objects are not in it, as sentences.
    """

    text: str
    resources: Sequence[Declared]
    left_out: Sequence[str]


def program(selection: Selection, way: Way) -> Program:
    """Return the program that declares a selection."""
    left_out = list(selection.left_out)
    resources = list(_resources(selection, way, left_out))
    writer = _Writer(_references(resources, way), selection, way)
    # The organizations, each with what is in it. What another organization's object needs is declared before.
    lines = [_IMPORTED if way.imports else _ADOPTS]
    lines += ["import pulumi\nimport pulumi_zorg as zorg\n", "KEPT = pulumi.ResourceOptions(protect=True)\n"]
    lines += [f"{comment(each)}\n" for each in (*writer.hints(resources), *selection.remarks, *left_out)]
    groups: dict[tuple[str, str], list[Declared]] = defaultdict(list)
    tables: set[str] = set()
    for each in resources:
        groups[each.type.token, str(each.arguments.get("org_id") or "")].append(each)
    for group in groups.values():
        if len(group) > _FEW and _are_rows(group, writer.references):
            lines += writer.loop(group, variable(writer.table_name(group[0]), tables))
        else:
            lines += [writer.single(each) for each in group]
    return Program("\n".join(lines) + "\n", resources, left_out)


def declaration(
    observed: Observed, name: str, selection: Selection, way: Way, parent: str | None
) -> tuple[str, Declared]:
    """Return the statement that declares one object, and the resource.

    :param parent: the variable of its parent; None for the stack itself.
    :raises InputError: where a program may not declare the object.
    """
    resource_type = RESOURCE_TYPES[observed.type]
    inputs, problem = _inputs(observed)
    if problem is not None:
        what = f"{resource_type.noun} {clean(observed.id)}"
        raise InputError(f"A program cannot declare {what}", problem.property, problem.reason)
    resource = _declared(observed, resource_type, name, inputs)
    options = [Entry("True", "protect="), *([Entry(parent, "parent=")] if parent else [])]
    writer = _Writer(_References({resource.key: variable(name, set())}), selection, way)
    return writer.single(resource, Call("pulumi.ResourceOptions", options)), resource


@dataclass(frozen=True)
class _References:
    """The variables of the resources that others refer to, by type and id: an id is unique within its type."""

    variables: Mapping[Key, str]

    def to(self, name: str, value: Any) -> str:
        """Return the variable of the resource that a property refers to; empty where the program has none."""
        token = referred_type(name)
        return "" if token is None or not isinstance(value, str) else self.variables.get(Key(token, value), "")


def _references(resources: Sequence[Declared], way: Way) -> _References:
    used = {
        Key(token, value)
        for each in resources
        for name, value in each.arguments.items()
        if isinstance(value, str) and (token := referred_type(name)) is not None
    }
    # A loop has variables with the names of inputs.
    taken = {name for each in RESOURCE_TYPES.values() for name in each.inputs.names()}
    # The program that exists likely names its variables like its resources.
    managed = {} if way.managed is None else way.managed.names()
    taken |= {variable(name, set()) for names in managed.values() for name in names}
    return _References({each.key: variable(each.name, taken) for each in resources if each.key in used})


def _resources(selection: Selection, way: Way, left_out: list[str]) -> Iterator[Declared]:
    """Return what can be declared, in an order in which what is referred to comes first."""
    named = {Key(each.type, each.id): name_of(each) for each in selection.objects}
    taken: dict[str, set[str]] = defaultdict(set, {} if way.managed is None else way.managed.names())
    for token, resource_type in in_order_of_references():
        for each in (found for found in selection.objects if found.type == token):
            inputs, problem = _inputs(each)
            if problem is not None:
                why = f"{problem.property} {problem.reason}"
                left_out.append(f"{resource_type.noun} {clean(each.id)} cannot be declared: {why}.")
                continue
            parts = [_part(selection, named, each, name) for name in _named_by(resource_type)]
            base = slug("-".join(filter(None, parts))) or slug(resource_type.noun)
            owner = _name(named, "org_id", str(inputs.get("org_id")))
            candidates = (base, f"{owner}-{base}" if owner else "", f"{base}-{slug(each.id)}")
            yield _declared(each, resource_type, unique(candidates, taken[token]), inputs)


def _inputs(observed: Observed) -> tuple[Mapping[str, Any], Problem | None]:
    """Return the inputs that declare an object, in the state's form, and why a program with them would be refused."""
    inputs = RESOURCE_TYPES[observed.type].inputs
    found, problems = check_inputs(inputs, properties_of(observed))
    return found, next(iter([*problems, *inputs.doubts(found)]), None)


def _declared(observed: Observed, type: ResourceType[Any], name: str, inputs: Mapping[str, Any]) -> Declared:
    defaults = type.inputs.defaults()
    arguments = {
        each: type.as_written(each, inputs[each])
        for each in sorted(inputs, key=lambda each: each == "active")
        if inputs[each] != defaults.get(each)
    }
    return Declared(observed, type, name, inputs, arguments)


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


def _are_rows(group: Sequence[Declared], references: _References) -> bool:
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


@dataclass(frozen=True)
class _Writer:
    """Writes the statements that declare resources."""

    references: _References
    selection: Selection
    way: Way

    def hints(self, resources: Sequence[Declared]) -> list[str]:
        """Return what the user can do better than the program: ids of resources in the state cannot be references."""
        ids = ((name, value) for each in resources for name, value in each.arguments.items())
        return [_REFERENCES] if any(self.way.title(*each) and not self.references.to(*each) for each in ids) else []

    def single(self, resource: Declared, options: str | Call = "KEPT") -> str:
        """Return the statement that declares one resource.

        :param options: its options.
        """
        entries = [Entry(literal(resource.name))]
        entries += [self._argument(name, value) for name, value in resource.arguments.items()]
        entries += self._last(options)
        return assign(self.references.variables.get(resource.key, ""), Call(resource.class_name, entries))

    def loop(self, group: Sequence[Declared], table: str) -> Iterator[str]:
        """Return the rows of many resources, and the loop that declares them.

        :param table: the variable of the rows.
        """
        names = list(group[0].arguments)
        varying = [name for name in names if len({repr(each.arguments[name]) for each in group}) > 1]
        shared = {name: group[0].arguments[name] for name in names if name not in varying}
        rows = []
        for each in group:
            values = [Entry(literal(each.name))]
            values += [Entry(self._value(name, each.arguments[name])) for name in varying]
            remarks = [self._remark(name, each.arguments[name]) for name in varying]
            rows.append(Entry(Collection(values, "()"), "", ", ".join(filter(None, remarks))))
        yield assign(table, Collection(rows))
        columns = Collection([Entry("resource_name"), *(Entry(each) for each in varying)], "()")
        entries = [Entry("resource_name")]
        for name in names:
            entries.append(Entry(name, f"{name}=") if name in varying else self._argument(name, shared[name]))
        entries += self._last("KEPT")
        yield f"{for_each(columns, table)}\n{assign('', Call(group[0].class_name, entries), 4)}"

    def table_name(self, resource: Declared) -> str:
        """Return a name for the rows of resources like this one."""
        owner = self.references.to("org_id", resource.arguments.get("org_id"))
        other_owner = "" if owner else slug(str(resource.arguments.get("org_id") or ""))
        return "_".join(filter(None, [owner.strip("_"), f"{slug(resource.type.noun)}s", other_owner])).upper()

    def _last(self, options: str | Call) -> list[Entry]:
        adopt = [] if self.way.imports else [Entry("True", "adopt=")]
        return [*adopt, Entry(options, "opts=")]

    def _argument(self, name: str, value: Any) -> Entry:
        return Entry(self._value(name, value), f"{name}=", self._remark(name, value))

    def _value(self, name: str, value: Any) -> str | Collection:
        target = self.references.to(name, value)
        return f"{target}.id" if target else literal(value)

    def _remark(self, name: str, value: Any) -> str:
        """Return who or what an id is that the program does not declare."""
        if not name.endswith("_id") or self.references.to(name, value):
            return ""
        return self.way.title(name, value) or self.selection.names.get((name, str(value)), "")

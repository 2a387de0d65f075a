"""What the resource classes have in common: checking what is known already, and registering with the engine."""

from __future__ import annotations

import base64
import inspect
import pickle
import re
import sys
import threading
from collections.abc import Awaitable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

import pulumi
from pulumi.dynamic import Resource
from pulumi.dynamic.dynamic import PROVIDER_KEY
from typing_extensions import Self

from pulumi_zorg.errors import InputError
from pulumi_zorg.providers.base import StatefulProvider
from pulumi_zorg.resource_types import inputs
from pulumi_zorg.resource_types.inputs import Inputs, Problem, check_inputs, kind_of, wrong_id
from pulumi_zorg.resource_types.lookup import looked_up, without_traceback
from pulumi_zorg.settings.engine_versions import IMPORTS_SINCE, dotted
from pulumi_zorg.world.tokens import short

#: What the argument ``deletion_policy`` takes. An output, like a setting of the stack, is checked when it is known.
DeletionPolicyInput = pulumi.Input[Literal["remove", "deactivate", "retain"]] | pulumi.Output[str]

#: The type that a subclass of a resource class had in earlier releases.
_OF_A_SUBCLASS = pulumi.Alias(type_="pulumi-python:dynamic:Resource")


#: The names of Pulumi's options.
_OPTIONS = frozenset(inspect.signature(pulumi.ResourceOptions).parameters)
#: How similar two names are of which one is meant by the other. "organization_id" and "org_id" have 0.57.
_SIMILAR = 0.55
#: The calls on the stack that the SDK records, from its own: seven are its own and this module's, then come the program's.
_FRAMES = 11
_STACK_LOCK = threading.RLock()
#: Of Python's pickling; the SDK uses the default of the Python that runs the program, which is 5 since Python 3.14.
_PICKLE_PROTOCOL = 4


@contextmanager
def _short_stack() -> Iterator[None]:
    """Record fewer calls in the state of a resource. The engine writes the whole state at each step of an `up`.

    The SDK records all calls on the stack, which was half of the state of a user grant, with paths of the machine. Python's own limit for
    tracebacks holds for that too.
    """
    with _STACK_LOCK:
        before = getattr(sys, "tracebacklimit", None)
        sys.tracebacklimit = _FRAMES
        try:
            yield
        finally:
            if before is None:
                del sys.tracebacklimit
            else:
                sys.tracebacklimit = before


class ZitadelResource(Resource):
    """The base of the resource classes. Each has its own typed constructor, which calls :meth:`_declare`."""

    if TYPE_CHECKING:  # The SDK evaluates the annotations of a class again for each resource.
        adopt: pulumi.Output[bool]
        deletion_policy: pulumi.Output[str]

    #: The provider, the model of the inputs, and the class of the arguments as one object.
    _dynamic_provider: ClassVar[StatefulProvider]
    _inputs: ClassVar[type[Inputs]]
    _args: ClassVar[type[Any]]
    #: The resource as :data:`OWNER` names it, of one that the program declares.
    _owner: pulumi.Input[str] | None = None
    #: The properties that only the provider sets.
    _outputs: ClassVar[tuple[str, ...]] = ("state",)

    def __init_subclass__(cls, module: str = "", name: str = "", **kwargs: Any) -> None:
        """Give the class its type. A subclass in a program has the type of the class that it extends.

        The SDK would give it a type of its own, and drift, the guard and the lifecycle of the object go by the type.

        :raises TypeError: for a type that is not of this package.
        """
        inherited = cls._resource_type_name
        super().__init_subclass__(module=module, name=name, **kwargs)
        if "_inputs" in cls.__dict__:
            return  # one of the resource classes
        if module or name:
            raise TypeError(f"{cls.__name__} has the type of the class that it extends: leave out module and name")
        cls._resource_type_name = inherited

    def _declare(
        self, resource_name: str, args: Any = None, opts: pulumi.ResourceOptions | None = None, **given: Any
    ) -> None:
        """Register the resource with the engine.

        The SDK records the line of the program that declares a resource, and the calls that led to it. It takes the caller of
        the third ``__init__`` on the stack for that line. The first two are of the SDK, and the third is the constructor of
        the resource class. So this method is no ``__init__``, and does not call the one of :class:`pulumi.dynamic.Resource`,
        which only adds the pickled provider.

        :param resource_name: the resource's name in the stack.
        :param args: the arguments as one object, instead of by name.
        :param given: the arguments by name.
        :raises InputError: where an argument that is known already cannot be right; it names the argument.
        """
        resource = f"{short(self._dynamic_provider.token)} {resource_name!r}"
        names = tuple(each.name for each in fields(self._args))
        wrong = _wrong_args(args, self._args, given) or _wrong_names(given, names, self._outputs)
        _refuse(resource, wrong or _wrong_options(opts, (*names, *self._outputs)))
        if args is None:
            # The absence of a required argument is reported as every other wrong input.
            args = self._args(**{**dict.fromkeys(self._inputs.required()), **given})
        plain = {name: _plain(value) for name, value in vars(args).items()}
        checked, problems = check_inputs(self._inputs, plain, is_unknown=_given_later)
        _refuse(resource, *problems, *self._inputs.doubts(checked))
        props = {**self._sent(plain, checked), **self._internal(resource_name, plain, opts)}
        # The server keeps names and grants unique, so the old object must go first. With `pulumi up --replace` the engine
        # does not call the provider to find out which comes first.
        options = pulumi.ResourceOptions(delete_before_replace=True)
        if opts is not None:
            options = pulumi.ResourceOptions.merge(options, opts)
        if "_inputs" not in type(self).__dict__:  # a state of before 2026-11-28 has it under the SDK's own type
            options = pulumi.ResourceOptions.merge(options, pulumi.ResourceOptions(aliases=[_OF_A_SUBCLASS]))
        if "*" in (options.ignore_changes or ()):
            # The engine would ignore the internal inputs too.
            options.ignore_changes = list(self._inputs.names())
        self._register(resource_name, props, options)

    def _register(self, resource_name: str, props: dict[str, Any], options: pulumi.ResourceOptions) -> None:
        props[PROVIDER_KEY] = pickled_provider(self._dynamic_provider)
        with _short_stack():
            pulumi.CustomResource.__init__(
                self, f"pulumi-python:{self._resource_type_name}", resource_name, props, options
            )

    def _sent(self, given: Mapping[str, Any], checked: Mapping[str, Any]) -> dict[str, Any]:
        """Return the properties that the engine gets.

        The provider fills in what has its default: the SDK makes a dozen objects for each property that is sent. The flag is always
        sent, because transforms and unit tests look at it. What the server may have otherwise is sent as nothing, so that its output
        is what the server has.

        :param checked: the inputs that are known already, in the state's form.
        """
        sent_always = {"active", *self._inputs.left_as_is}
        defaults = {name: default for name, default in self._inputs.defaults().items() if name not in sent_always}
        left_out = {name for name, default in defaults.items() if checked.get(name) == default}
        sent = {name: value for name, value in given.items() if name not in left_out}
        return {**sent, **dict.fromkeys(self._outputs)}

    def _internal(
        self, resource_name: str, given: Mapping[str, Any], opts: pulumi.ResourceOptions | None
    ) -> dict[str, Any]:
        """Return the internal inputs: which resource this is, and what the provider cannot see of its properties."""
        title = short(self._dynamic_provider.token)
        stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
        owner: pulumi.Input[str] = f"{stack}/{title}/{resource_name}"
        if opts is not None and opts.parent is not None:
            # Another parent may have a resource of the same name. Only the text of the URN is used: an output that is made from
            # a resource's output depends on that resource, and a parent waits for its children.
            urn = opts.parent.urn
            parent = pulumi.Output(set(), cast(Awaitable[str], urn.future()), urn.is_known())
            owner = pulumi.Output.concat(owner, inputs.UNDER, parent)
        self._owner = owner
        outputs = {name: pulumi.Output.from_input(value) for name, value in given.items() if not _is_plain(value)}
        paths = (opts.ignore_changes if opts is not None else None) or ()
        ignored = [
            name
            for name in self._inputs.names()
            if any(each == "*" or re.match(rf"{name}(\W|$)", each) for each in paths)
        ]
        internal: dict[str, Any] = {inputs.OWNER: owner}
        if ignored:
            internal[inputs.IGNORED] = ignored
        if later := sorted(name for name in outputs.keys() & self._inputs.decisive() if _given_later(given[name])):
            internal[inputs.OUTPUTS] = later
        if outputs:
            internal |= {inputs.SECRETS: _secret(outputs), inputs.LOOKED_UP: _looked_up(outputs)}
        elif used := looked_up():
            internal[inputs.LOOKED_UP] = used
        if pulumi.runtime.is_dry_run():
            internal[inputs.OWNER_IN_PREVIEW] = internal.pop(inputs.OWNER)
            references = {name: value for name, value in given.items() if isinstance(value, pulumi.Output)}
            if references:
                internal[inputs.DECLARED_BY] = _owners(references)
            # Any property may name what the resource waits for.
            waits_for = (opts.depends_on if opts is not None else None) or ()
            if any(map(_is_of_others, waits_for if isinstance(waits_for, Sequence) else [waits_for])):
                internal[inputs.MAY_COME] = list(given)
            elif outputs:
                internal[inputs.MAY_COME] = _of_others(outputs)
        return {
            name: pulumi.Output.from_input(value) if isinstance(value, Awaitable) else value
            for name, value in internal.items()
        }

    if not TYPE_CHECKING:  # For a checker, a resource has the attributes that its class names.

        def __getattr__(self, name: str) -> Any:
            """Return the output of an input that was left out, or has its default. It was not sent to the engine."""
            defaults = self._inputs.defaults()
            if name not in defaults:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            output = self.__dict__[name] = self.urn.apply(lambda _: defaults[name])
            return output

    @classmethod
    def _get(
        cls, resource_name: str, id: pulumi.Input[str], opts: pulumi.ResourceOptions | None, **address: Any
    ) -> Self:
        """Read an object that exists and that the stack does not manage.

        :param address: what a read needs besides the id.
        """
        wrong = _wrong_options(opts, (*(each.name for each in fields(cls._args)), *cls._outputs))
        for name, value in {"id": id, **address}.items():
            reason = None if _given_later(value) else "is missing" if value is None else wrong_id(value)
            wrong = wrong or (Problem(name, reason) if reason is not None else None)
        _refuse(f"{cls.__name__}.get({resource_name!r})", wrong)
        existing = cls.__new__(cls)
        props = {**dict.fromkeys((*cls._inputs.names(), *cls._outputs)), **address}
        options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
        existing._register(resource_name, props, options)
        return existing


def pickled_provider(provider: StatefulProvider) -> str:
    """Return a provider as the host wants it, and as states have it: the same text for every Python and SDK.

    The engine compares it as every other input. With the SDK's own function a program that one person runs with Python 3.13 and
    another with 3.14 changes all resources in each run (findings/provider_differs_between_pythons.sh). That function also leaves a
    trace in Python's pickling, so that after some 300 resources a program ends with a RecursionError
    (findings/many_dynamic_resources.sh).
    """
    return base64.b64encode(pickle.dumps(provider, protocol=_PICKLE_PROTOCOL)).decode()


def _refuse(resource: str, *problems: Problem | None) -> None:
    """Raise the error of the first problem, if there is one."""
    for problem in filter(None, problems):
        raise without_traceback(InputError(resource, problem.property, problem.reason))


def _wrong_args(args: Any, expected: type[Any], given: Mapping[str, Any]) -> Problem | None:
    """Return what is wrong with the arguments as one object; None where nothing is."""
    if args is None:
        return None
    if isinstance(args, pulumi.ResourceOptions):
        return Problem("args", "(the second argument) must not be the options: give them as opts=…")
    if not isinstance(args, expected):
        what, hint = kind_of(args).replace("an object of the class ", ""), "give each argument by its name, like name=…"
        if isinstance(args, type):
            what, hint = f"the class {args.__name__}", f"write {expected.__name__}(…)"
        return Problem("args", f"(the second argument) must be {expected.__name__}, not {what}: {hint}")
    if given:
        names = ", ".join(sorted(given))
        return Problem(
            "args", f"cannot be given together with {names}: give all as {expected.__name__}, or all by name"
        )
    return None


def _wrong_names(given: Iterable[str], inputs: Sequence[str], outputs: Sequence[str]) -> Problem | None:
    """Return which name is no argument, and which one may be meant; None where all are arguments."""
    for name in given:
        if name in inputs:
            continue
        if name in (*outputs, "id", "urn"):
            return Problem(name, f"is an output, which cannot be set. The arguments are {', '.join(inputs)}")
        if name in _OPTIONS:
            return Problem(name, f"is an option of Pulumi: give opts=pulumi.ResourceOptions({name}=…)")
        return Problem(name, f"is not an argument.{_similar(name, inputs)} The arguments are {', '.join(inputs)}")
    return None


def _wrong_options(opts: Any, properties: Sequence[str]) -> Problem | None:
    """Return what is wrong with the options of a resource; None where nothing is."""
    if opts is None:
        return None
    if not isinstance(opts, pulumi.ResourceOptions):
        return Problem("opts", f"must be pulumi.ResourceOptions, not {kind_of(opts)}")
    if opts.import_ is not None:
        reason = (
            "cannot be used: with it, the engine reads a resource by its id alone, and does not get to its dynamic provider. "
            f"Import it with `zorg import` (pulumi {dotted(IMPORTS_SINCE)} or newer), or set adopt=True on the resource"
        )
        return Problem("import_", reason)
    if opts.provider is not None:
        reason = "cannot be used: a stack has one address and one credential, those of its configuration (zorg:url, …)"
        return Problem("provider", reason)
    # Pulumi passes over a name that no property has.
    options = ("ignore_changes", "replace_on_changes", "additional_secret_outputs")
    wrong = (_wrong_paths(option, getattr(opts, option) or (), properties) for option in options)
    return next(filter(None, wrong), None)


def _wrong_paths(option: str, paths: Any, properties: Sequence[str]) -> Problem | None:
    """Return what is wrong with the paths of properties in an option; None where nothing is."""
    if isinstance(paths, str):
        return Problem(option, "must be a list of property names, not a string")
    for path in paths:
        name = re.findall(r"^(?:\[\"?)?(\w*)", path)[0] or path
        if name not in (*properties, "*", "[*]", "id") and not name.startswith("__"):
            reason = f"names {path!r}, which is not a property.{_similar(name, properties)}"
            return Problem(option, f"{reason} The properties are {', '.join(properties)}")
    return None


def _similar(name: str, names: Sequence[str]) -> str:
    """Return the question whether a similar name is meant, after a space; empty where none is similar."""
    in_snake_case = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name).lower()
    found = get_close_matches(in_snake_case, names, 1, _SIMILAR)
    return f" Did you mean {found[0]}?" if found else ""


async def _secret(outputs: Mapping[str, pulumi.Output[Any]]) -> list[str]:
    """Return which properties are secret."""
    return [name for name, output in outputs.items() if await output.is_secret()]


async def _looked_up(outputs: Mapping[str, pulumi.Output[Any]]) -> dict[str, str] | None:
    """Return the instances of the program's lookups. A property may wait for a lookup that is made later."""
    for output in outputs.values():
        await output.future()
    return looked_up() or None


async def _owners(outputs: Mapping[str, pulumi.Output[Any]]) -> dict[str, str]:
    """Return which resources have the ids that the properties name."""
    found = {}
    for name, output in outputs.items():
        for resource in await output.resources():
            # Another output of a resource, or one that is made from its id, may be the id of something else.
            if isinstance(resource, ZitadelResource) and resource._owner is not None and resource.id is output:
                owner = await pulumi.Output.from_input(resource._owner).future()
                found.update({name: owner} if owner else {})
    return found


async def _of_others(outputs: Mapping[str, pulumi.Output[Any]]) -> list[str]:
    """Return which properties may name what a resource of another package creates in the same run.

    Its id can be known before: ZITADEL takes ids that a program chooses.
    """
    return [name for name, output in outputs.items() if any(map(_is_of_others, await output.resources()))]


def _is_of_others(resource: Any) -> bool:
    """Whether a resource may create an object that no resource of this package declares. An output may be any resource."""
    return not isinstance(resource, ZitadelResource | pulumi.StackReference)


def _plain(value: Any) -> Any:
    """Return a value in the types that the SDK sends: a set, a generator or a view as a list, any mapping as a dictionary."""
    if isinstance(value, Mapping):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, str | bytes | pulumi.Output | Awaitable):
        return [_plain(each) for each in value]
    return value


def _is_plain(value: Any) -> bool:
    """Whether nothing in the value is awaited, and so nothing is secret. Making an output of each list takes time."""
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return all(map(_is_plain, value)) if isinstance(value, list | tuple) else isinstance(value, str | bool | None)


def _given_later(value: Any) -> bool:
    """Whether the value comes from another resource, or from anything else that is awaited."""
    return isinstance(value, pulumi.Output) or hasattr(value, "__await__")

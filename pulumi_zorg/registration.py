"""What the resource classes have in common: checking what is known already, and registering with the engine."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, cast

import pulumi
from pulumi.dynamic import Resource
from typing_extensions import Self

from pulumi_zorg.errors import InputError
from pulumi_zorg.inputs import OWNER, OWNER_IN_PREVIEW, SECRETS, UNDER, Inputs, check_inputs, wrong_id
from pulumi_zorg.providers.base import StatefulProvider

__all__ = ["ZitadelResource", "register", "register_existing"]


class _ProgramError(InputError, pulumi.RunError):
    """An InputError that the engine shows without a traceback."""


class ZitadelResource(Resource):
    """The base of the resource classes. Each has its own typed constructor, and hands it over to this one."""

    #: The provider, the model of the inputs, and the class of the arguments as one object.
    _dynamic_provider: ClassVar[StatefulProvider]
    _inputs: ClassVar[type[Inputs]]
    _args: ClassVar[type[Any]]
    #: The properties that only the provider knows.
    _outputs: ClassVar[tuple[str, ...]] = ("state",)

    def __init__(
        self, resource_name: str, args: Any = None, opts: pulumi.ResourceOptions | None = None, **given: Any
    ) -> None:
        """Declare the resource.

        :param resource_name: the resource's name in the stack.
        :param args: the arguments as one object, instead of by name.
        :raises InputError: where an argument that is known already cannot be right; it names the argument.
        """
        if args is not None and given:
            names = ", ".join(sorted(given))
            raise TypeError(f"give the arguments as {self._args.__name__} or by name, not both: {names}")
        if args is None:
            # The absence of a required argument is reported as every other wrong input.
            args = self._args(**{**dict.fromkeys(self._inputs.required()), **given})
        register(self, self._dynamic_provider, self._inputs, resource_name, dict(vars(args)), self._outputs, opts)

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
        """Read an object that exists and that the stack does not manage."""
        existing = cls.__new__(cls)
        register_existing(existing, cls._dynamic_provider, cls._inputs, resource_name, id, address, cls._outputs, opts)
        return existing


def register(
    resource: Resource,
    provider: StatefulProvider,
    model: type[Inputs],
    name: str,
    given: Mapping[str, Any],
    outputs: tuple[str, ...],
    opts: pulumi.ResourceOptions | None,
) -> None:
    """Register a resource whose properties are ``given``.

    :param model: its inputs.
    :param outputs: the properties that only the provider knows.
    :raises InputError: where something that is known already cannot be right.
    """
    title = type(resource).__name__
    if opts is not None and opts.import_ is not None:
        reason = "cannot be used: Pulumi cannot import dynamic resources. Set adopt=True on the resource instead"
        raise _ProgramError(f"{title} {name!r}", "import_", reason)
    checked, problems = check_inputs(model, given, is_unknown=_given_later)
    if problems:
        raise _ProgramError(f"{title} {name!r}", problems[0].property, problems[0].reason)
    stack = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    owner: pulumi.Input[str] = f"{stack}/{title}/{name}"
    if opts is not None and opts.parent is not None:
        # Another parent may have a resource of the same name. Only the text of the URN is used: an output that is made from
        # a resource's output depends on that resource, and a parent waits for its children.
        urn = opts.parent.urn
        owner = pulumi.Output.concat(
            owner, UNDER, pulumi.Output(set(), cast(Awaitable[str], urn.future()), urn.is_known())
        )
    # The server keeps names and grants unique, so the old object must go first. With `pulumi up --replace` the engine asks no
    # provider which comes first.
    options = pulumi.ResourceOptions(delete_before_replace=True)
    if opts is not None:
        options = pulumi.ResourceOptions.merge(options, opts)
    internal = {OWNER_IN_PREVIEW if pulumi.runtime.is_dry_run() else OWNER: owner, **_secrets(given)}
    sent = {each: value for each, value in given.items() if not _is_left_out(model, each, checked)}
    Resource.__init__(resource, provider, name, {**sent, **dict.fromkeys(outputs), **internal}, options)


def register_existing(
    resource: Resource,
    provider: StatefulProvider,
    model: type[Inputs],
    name: str,
    id: pulumi.Input[str],
    address: Mapping[str, Any],
    outputs: tuple[str, ...],
    opts: pulumi.ResourceOptions | None,
) -> None:
    """Register a resource that exists and is only read."""
    for given, value in {"id": id, **address}.items():
        reason = None if value is None or _given_later(value) else wrong_id(value)
        if reason is not None or (given == "id" and value is None):
            raise _ProgramError(f"get of {name!r}", given, reason or "must be given")
    props: dict[str, Any] = {**dict.fromkeys((*model.names(), *outputs)), **address}
    options = pulumi.ResourceOptions.merge(opts, pulumi.ResourceOptions(id=id))
    Resource.__init__(resource, provider, name, props, options)


def _is_left_out(model: type[Inputs], name: str, checked: Mapping[str, Any]) -> bool:
    """Whether the input has its default, and so is not sent: the provider fills it in.

    The SDK makes a dozen objects for each property that is sent. The flag always is: transforms and unit tests look at it.
    """
    defaults = model.defaults()
    return name != "active" and name in defaults and checked.get(name) == defaults[name]


def _secrets(given: Mapping[str, Any]) -> dict[str, Any]:
    """Which of the properties are secret, as an input; none where all are plain values."""
    outputs = {name: pulumi.Output.from_input(value) for name, value in given.items() if not _is_plain(value)}
    if not outputs:
        return {}

    async def names() -> list[str]:
        return [name for name, output in outputs.items() if await output.is_secret()]

    return {SECRETS: pulumi.Output.from_input(names())}


def _is_plain(value: Any) -> bool:
    """Whether nothing in the value is awaited, and so nothing is secret. Making an output of each list takes time."""
    if isinstance(value, Mapping):
        return all(map(_is_plain, value.values()))
    return all(map(_is_plain, value)) if isinstance(value, list | tuple) else isinstance(value, str | bool | None)


def _given_later(value: Any) -> bool:
    """Whether the value comes from another resource, or from anything else that is awaited."""
    return isinstance(value, pulumi.Output) or hasattr(value, "__await__")

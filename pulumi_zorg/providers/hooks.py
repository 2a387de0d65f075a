"""What the engine calls to change or read an object: parse the properties, act, and return them in the state's form."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from typing import Any, Generic

from pulumi.dynamic import CreateResult, ReadResult, UpdateResult

from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    Gone,
    HeaderIgnored,
    InputError,
    NoAnswer,
    UnexpectedAnswer,
)
from pulumi_zorg.inputs import FILLED, check_inputs
from pulumi_zorg.lifecycle import Action, Step
from pulumi_zorg.lost_switches import describe
from pulumi_zorg.proof import Removal, in_state
from pulumi_zorg.providers import context as process
from pulumi_zorg.providers.checks import OLD_SDK
from pulumi_zorg.providers.context import readable
from pulumi_zorg.providers.create import Created, conflict_error, create_or_adopt
from pulumi_zorg.providers.lost_changes import is_shown, was_created
from pulumi_zorg.providers.reconcile import destroy, reconcile
from pulumi_zorg.providers.registry import display_name
from pulumi_zorg.resource_type import AnyInputs, Observed, ResourceType

__all__ = ["Hooks"]


class _WrongId(Exception):
    """The answer to a create named another object than the one that was created."""

    def __init__(self, error: UnexpectedAnswer) -> None:
        super().__init__(str(error))
        self.error = error


class Hooks(Generic[AnyInputs]):
    """The hooks of the provider of one resource type."""

    def __init__(self, resource_type: ResourceType[AnyInputs]) -> None:
        self.type = resource_type

    @readable
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create the object, or adopt the one that exists, and bring it to what is declared."""
        context = process.current()
        inputs = self._parse(props)
        resource = self._resource(props)
        self.type.before_create(context.client, inputs)
        created = self._shown(create_or_adopt(self.type, context, inputs, resource), resource, inputs)
        context.bulk_reads.written(self.type.key(created.id, props))
        try:
            outputs = self._outputs(self._reconcile(created, resource, inputs, props), inputs)
        except _WrongId as wrong:
            context.pending.amend(resource, id=None)
            raise wrong.error from None
        except (NoAnswer, HeaderIgnored, ApiError) as error:
            whole = inputs.active and not any(getattr(inputs, name) for name in self.type.set_after_create)
            if not (whole and created.new):
                raise  # the pending create knows the id: the next `up` resumes it
            # It exists, and as declared. An object without a state would be worse than a state to refresh.
            context.reporter.warn(
                f"{self.type.noun} {created.id} was created, but could not be read back; refresh the stack. {error}"
            )
            outputs = inputs.dump()
        context.pending.forget(resource)
        return CreateResult(created.id, outputs)

    @readable
    def read(self, id: str, props: dict[str, Any]) -> ReadResult:
        """Return the object as it is: for a refresh, which gives what the state has, and for ``get``, which gives the id."""
        context = process.current()
        known = {name: value for name, value in props.items() if value is not None}
        is_get = not any(name in known for name in self.type.required if name not in self.type.address)
        if not is_get and context.bulk_reads.confirm(context.client, self.type, id, known):
            context.pending.seen_by_engine(self.type.token, id)
            return ReadResult(id, props)  # without inputs, the engine keeps those of the state
        with nullcontext() if is_get else in_state():
            found = self.type.find(context.client, id, known)
        if isinstance(found, Removal):
            if is_get:
                raise Gone(f"There is no {self.type.noun} {id} to get: {found.describe()}.")
            context.reporter.note(f"{self.type.noun} {id} does not exist any more: {found.describe()}.")
            return ReadResult("", {})
        context.pending.seen_by_engine(self.type.token, id)
        if found.warning:
            context.reporter.warn(found.warning)
        lost = None if is_get else context.bulk_reads.lost_switch(context.client, found, known)
        if lost is not None:
            context.reporter.warn(describe(found, lost))
        filled = frozenset() if is_get else frozenset(self.type.server_defaults) - known.keys()
        names = set(self.type.inputs.names()) - filled
        inputs, _ = check_inputs(
            self.type.inputs, {name: found.properties.get(name, known.get(name)) for name in names}
        )
        return ReadResult(id, {**inputs, **_in_state(found, filled)}, inputs)

    @readable
    def update(self, id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Bring the object to what is declared now."""
        process.current().bulk_reads.written(self.type.key(id, olds))
        inputs = self._parse(news)
        unchanged = Created(id, new=False)
        with in_state():
            return UpdateResult(self._outputs(self._reconcile(unchanged, self._resource(news), inputs, olds), inputs))

    @readable
    def delete(self, id: str, props: dict[str, Any]) -> None:
        """Apply the deletion policy, unless another resource of the program manages the object."""
        context = process.current()
        context.pending.seen_by_engine(self.type.token, id)
        context.bulk_reads.written(self.type.key(id, props))
        manager = context.registry.manager(self.type.key(id, props))
        if manager is not None:
            context.reporter.note(
                f"{self.type.noun} {id} stays as it is: {display_name(manager)} of this program manages it now."
            )
            return
        with in_state():
            destroy(self.type, context.client, id, self._parse_recorded(props), props)

    def _shown(self, created: Created, resource: str, inputs: AnyInputs) -> Created:
        """Return the object, or another one that is created in its place if the server has lost it: reads do not show it then."""
        if not created.new or self.type.created_state is None:
            return created  # reconciling reads it
        context, client = process.current(), process.current().client
        given_up = ("creates are not shown", self.type.token)
        if given_up in client.learned or is_shown(self.type, client, created.id, inputs):
            return created
        what = f"{self.type.title(inputs, created.id)} was created, and reads do not show it"
        if was_created(self.type, client, created.id, inputs) is False:
            context.reporter.warn(f"{what}, nor does ZITADEL's event store. Run `pulumi refresh`.")
            return created
        context.reporter.note(f"{what}: the server has lost it. It is removed and created again.")
        try:
            self.type.perform(client, created.id, inputs, Step(Action.REMOVE))
        except ApiError as error:
            context.reporter.warn(f"It could not be removed, and stays as it is. Run `pulumi refresh`. {error}")
            return created
        context.pending.forget(resource)
        again = create_or_adopt(self.type, context, inputs, resource)
        if not is_shown(self.type, client, again.id, inputs):
            client.learned[given_up] = again.id  # it would not help the others either
            context.reporter.warn(
                f"{self.type.title(inputs, again.id)} was created again, and reads do not show it either. Whoever should have access "
                "by it may not have it. Look in the console whether what it names exists there, like its user. If it does, tell "
                "whoever runs the server."
            )
        return again

    def _reconcile(self, created: Created, resource: str, inputs: AnyInputs, known: Mapping[str, Any]) -> Observed:
        """Bring the object to what is declared, and bind its id to the resource before anything is done to it."""
        context = process.current()
        bound = False

        def verify(observed: Observed) -> None:
            nonlocal bound
            if bound:
                return
            if created.new:
                self._verify_identity(observed, inputs)
            context.registry.bind(resource, self.type.key(created.id, inputs.dump()))
            bound = True

        try:
            shown = self.type.as_created(context.client, created.id, inputs) if created.new else None
            observed = reconcile(self.type, context.client, created.id, inputs, known, created=shown, verify=verify)
        except AlreadyExists as refused:
            raise conflict_error(self.type, context, inputs, refused) from None
        self.type.settle(context.client, created.id, inputs, known)
        if observed.warning:
            context.reporter.warn(observed.warning)
        return observed

    def _verify_identity(self, observed: Observed, inputs: AnyInputs) -> None:
        """Verify that the object is the one that was created, before anything is done to it."""
        identity = self.type.identity(observed.properties)
        declared = self.type.identity(inputs.dump())
        if any(identity.get(name) != value for name, value in declared.items() if value):
            raise _WrongId(
                UnexpectedAnswer(
                    f"Creating {self.type.title(inputs, observed.id)}: the answer names an object that is not what was "
                    "created, so it is not ZITADEL's. Nothing was done to it. Check zorg:url, and what is in front of the "
                    "server; the next `pulumi up` looks for what was created."
                )
            )

    def _resource(self, properties: Mapping[str, Any]) -> str:
        """The resource that declares these properties, as `check` has registered it."""
        resource = process.current().registry.resource(self.type.identity(properties))
        if resource is None:
            raise ConfigurationError(OLD_SDK)
        return resource

    def _parse(self, props: Mapping[str, Any]) -> AnyInputs:
        """The inputs among the properties that the engine gives, all known by now."""
        checked, problems = check_inputs(self.type.inputs, props)
        if problems:
            raise InputError(f"The {self.type.noun}", problems[0].property, problems[0].reason)
        return self.type.inputs.of(checked)

    def _parse_recorded(self, props: Mapping[str, Any]) -> AnyInputs:
        """The inputs that the state has. What can change is taken as it is: outside Pulumi it may have got a value that a
        program may not declare, like a name that ends with a space."""
        checked, problems = check_inputs(self.type.inputs, props)
        as_it_is = {
            each.property: props[each.property]
            for each in problems
            if each.property in self.type.updatable and props.get(each.property) is not None
        }
        if len(as_it_is) < len(problems):
            return self._parse(props)  # which raises
        return self.type.inputs.of({**checked, **as_it_is})

    def _outputs(self, observed: Observed, inputs: AnyInputs) -> dict[str, Any]:
        declared = inputs.dump()
        return {**declared, **_in_state(observed, frozenset(self.type.server_defaults) - declared.keys())}


def _in_state(observed: Observed, filled: frozenset[str]) -> dict[str, Any]:
    """The properties as the state has them. What the server filled in is kept apart, for it was not declared."""
    apart = {name: value for name, value in observed.properties.items() if name in filled}
    shown = {name: value for name, value in observed.properties.items() if name not in filled}
    return {**shown, FILLED: apart} if apart else shown

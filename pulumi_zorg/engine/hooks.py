"""What the engine calls to change or read an object: parse the properties, act, and return them in the state's form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from typing import Any, Generic

from pulumi.dynamic import CreateResult, ReadResult, UpdateResult
from pulumi.dynamic.dynamic import PROVIDER_KEY

from pulumi_zorg import errors
from pulumi_zorg.engine import context as process
from pulumi_zorg.engine import state_form
from pulumi_zorg.engine.assumed import assumed
from pulumi_zorg.engine.checks import OLD_SDK
from pulumi_zorg.engine.context import readable
from pulumi_zorg.engine.managed_objects import display_name
from pulumi_zorg.engine.new_object import NewObject
from pulumi_zorg.engine.reconcile import bring, destroy, may_be_lost
from pulumi_zorg.engine.reporter import send_half_done_update
from pulumi_zorg.engine.target import Target, explain_update, shown
from pulumi_zorg.errors import ConfigurationError, ZorgError
from pulumi_zorg.resource_types.declared_type import AnyInputs
from pulumi_zorg.resource_types.inputs import DIFFERS, FILLED, LOST, UNFINISHED, check_inputs
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import ACTIVE, Address, Observed, Removal, Sought
from pulumi_zorg.world.proof import in_state


class Hooks(Generic[AnyInputs]):
    """The hooks of the provider of one resource type."""

    def __init__(self, resource_type: ResourceType[AnyInputs]) -> None:
        self.type = resource_type

    @readable()
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create the object, or adopt the one that exists, and bring it to what is declared."""
        context, inputs = process.current(), self._parse(props)
        resource = self._resource(props)
        new = NewObject(self.type, context, inputs, resource, props)
        observed = new.make()
        context.pending.forget(resource)
        return CreateResult(new.target.id, inputs.dump() if observed is None else self._outputs(observed, inputs))

    @readable()
    def read(self, id: str, props: dict[str, Any]) -> ReadResult:
        """Return the object as it is: for a refresh, which gives what the state has, and for ``get``, which gives the id."""
        context = process.current()
        recorded = {name: value for name, value in props.items() if value is not None}
        is_get = self.type.is_get(recorded)
        # Where the inputs in the state differ from the outputs, the engine needs both.
        agree = not (recorded.get(DIFFERS) or recorded.get(UNFINISHED))
        context.pending.seen_by_engine(self.type.token, id)
        have = {**(recorded.get(FILLED) or {}), **recorded}
        not_recorded = () if self.type.records_server_defaults else {*self.type.server_defaults} - have.keys()
        sought = Sought(
            self.type.key(id, recorded),
            Address.of(recorded) if is_get else self.type.address_in(recorded),
            lambda shown: all(have.get(name) == value for name, value in shown.items() if name not in not_recorded),
        )
        if not is_get and agree and context.world.confirms(sought):
            return ReadResult(id, props)  # without inputs, the engine keeps those of the state
        with nullcontext() if is_get else in_state():
            found = context.world.find(sought)
        if isinstance(found, Removal):
            if is_get:
                raise errors.Gone(f"There is no {self.type.noun} {id} to get: {found.describe()}.")
            context.reporter.note(f"{self.type.noun} {id} does not exist any more: {found.describe()}.")
            return ReadResult("", {})
        if found.warning:
            context.reporter.warn(found.warning)
        lost = None if is_get else context.world.lost_change(sought, found, recorded.get("active"))
        if lost is not None:
            context.reporter.warn(lost.describe(self.type.noun))
        undeclared = frozenset(self.type.server_defaults) - recorded.keys()
        filled = frozenset() if is_get else undeclared | (recorded.get(FILLED) or {}).keys()
        names = set(self.type.inputs.names()) - filled
        seen = {name: found.properties.get(name, recorded.get(name)) for name in names}
        inputs, _ = check_inputs(self.type.inputs, seen)
        # What no program declares is kept as it is, so that the next run has a change.
        inputs |= {name: seen[name] for name in self.type.remembered if seen.get(name) is not None}
        outputs = {**inputs, **state_form.in_state(self.type, found, filled)}
        if is_get and self.type.has_states and ACTIVE not in found.properties:
            outputs[ACTIVE] = False  # its state is neither, and it is not active
        left = sorted({*(recorded.get(LOST) or ())} - self._roles_of(found))
        if left and not is_get:
            # Others may still have them: the next run must not call the resource unchanged.
            unfinished = {UNFINISHED: recorded.get(UNFINISHED)}
            return ReadResult(id, {**outputs, **unfinished, LOST: left}, {**inputs, **unfinished})
        return ReadResult(id, outputs, inputs)

    @readable()
    def update(self, id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change what the program changes, and leave the rest as it is."""
        context = process.current()
        context.world.written(self.type.key(id, olds))
        inputs, resource = self._parse(news), self._resource(news)
        unfinished = frozenset(olds.get(UNFINISHED) or ())
        before, declared = context.declared_before(resource, olds, unfinished), inputs.dump()
        changed = {name for name in state_form.changeable(self.type, declared) if before.get(name) != declared[name]}
        if self.type.along(before) != self.type.along(declared):
            changed.add("active")  # what goes along with the object changes, though each property may be as before
        unused = self.type.unused_changes(before, declared)
        if unused is not None:
            context.reporter.warn(f"{self.type.title(inputs, id)}: {unused}.")
        if not changed:
            return UpdateResult(self._outputs(self._as_recorded(id, olds, inputs), inputs))
        # The inputs have what the program declared before, also where an update failed half way.
        recorded = {**olds, **context.declared_before(resource, olds)}
        context.client.roles.take(self.type.reference, id, olds.get(LOST) or ())
        target = Target(self.type, context.client, id, inputs)
        try:
            with in_state():
                observed = bring(context, target, resource, recorded, before, known=assumed(target, olds, before))
        except ZorgError as error:
            outputs = self._half_done(target, olds, recorded, error)
            if outputs is None:
                raise
            error.half_done = outputs = {**outputs, UNFINISHED: sorted(changed | unfinished)}
            masked = context.reporter.mask_error(error)
            reason = f"{type(masked).__module__}.{type(masked).__qualname__}: {masked}"
            send_half_done_update(id, {**outputs, PROVIDER_KEY: news.get(PROVIDER_KEY)}, reason)
            raise masked from None
        self._report_rest(observed, inputs, context.objects.declared(resource).ignored)
        return UpdateResult(self._outputs(observed, inputs))

    @readable()
    def delete(self, id: str, props: dict[str, Any]) -> None:
        """Apply the deletion policy, unless another resource of the program manages the object."""
        context, key = process.current(), self.type.key(id, props)
        context.pending.seen_by_engine(self.type.token, id)
        context.world.written(key)
        kept = context.objects.may_be_kept(self.type.token, id, props)
        holder = context.objects.holder(key)
        if holder is not None:
            context.reporter.note(
                f"{self.type.noun} {id} stays as it is: {display_name(holder)} of this program manages it now."
            )
            return
        with in_state():
            kept.deactivated = destroy(Target(self.type, context.client, id, self._parse(props, recorded=True)), props)

    def _half_done(
        self, target: Target[AnyInputs], olds: Mapping[str, Any], recorded: Mapping[str, Any], error: ZorgError
    ) -> dict[str, Any] | None:
        """Return the outputs of a resource whose update failed after it had changed something, and complete the error with that.

        Return None where it has changed nothing.
        """
        hidden, lost = self._hidden(target.inputs), list[str]()
        changed = explain_update(target, olds, error, hidden)
        now = changed or target.found
        if now is not None and not isinstance(error, errors.Gone):
            # Others may still have what the object has lost.
            taken = self.type.lost_roles(
                target.client, target.id, target.sent, may_be_lost(self.type, recorded, target.inputs)
            )
            lost = sorted(taken - self._roles_of(now))
        if now is None or not (changed or lost):
            return None
        outputs = self._outputs(now, self._parse(olds, recorded=True))
        return {**outputs, LOST: lost} if lost and self.type.gives_roles not in hidden else outputs

    def _resource(self, properties: Mapping[str, Any]) -> str:
        """Return the resource that declares these properties, as `check` has registered it."""
        resource = process.current().objects.resource(self.type.token, self.type.unique_key(properties))
        if resource is None:
            raise ConfigurationError(OLD_SDK)
        return resource

    def _parse(self, props: Mapping[str, Any], *, recorded: bool = False) -> AnyInputs:
        """Return the inputs among the properties that the engine gives, all known by now.

        :param recorded: whether they are those of the state. What can change is taken as it is then: outside Pulumi it may have
            got a value that a program may not declare, like a name that ends with a space.
        """
        checked, problems = check_inputs(self.type.inputs, props)
        for each in problems:
            value = props.get(each.property)
            if not recorded or each.property not in self.type.updatable or value is None:
                raise errors.InputError(f"The {self.type.noun}", each.property, each.reason)
            checked[each.property] = value
        return self.type.inputs.of(checked)

    def _roles_of(self, observed: Observed) -> frozenset[str]:
        """Return the roles that an object lets others have."""
        return frozenset(observed.properties.get(self.type.gives_roles or "") or ())

    def _as_recorded(self, id: str, olds: Mapping[str, Any], inputs: AnyInputs) -> Observed:
        """Return the object as the state has it, for an update that changes nothing on the server."""
        names = {*state_form.changeable(self.type, inputs.dump()), *self.type.server_defaults}
        left_out = {*inputs.names()} - names
        recorded = {**(olds.get(FILLED) or {}), **olds}
        shown = {name: each for name, each in recorded.items() if not name.startswith("__") and name not in left_out}
        return Observed(self.type.token, id, shown)

    def _report_rest(self, observed: Observed, inputs: AnyInputs, ignored: Collection[str]) -> None:
        """Report what the program declares otherwise than the object is, and this update did not change."""
        rest = [name for name in state_form.differing(self.type, observed, inputs.dump()) if name not in ignored]
        if rest:
            values = ", ".join(f"{name} is {shown(observed, name, self._hidden(inputs))}" for name in rest)
            process.current().reporter.warn(
                f"{self.type.title(inputs, observed.id)}: {values} on the server, otherwise than the program declares. The program "
                "did not change that, so this update left it. `pulumi up --refresh` shows and corrects it."
            )

    def _hidden(self, inputs: AnyInputs) -> frozenset[str]:
        return process.current().reporter.hidden(self.type.token, inputs.dump())

    def _outputs(self, observed: Observed, inputs: AnyInputs) -> dict[str, Any]:
        return state_form.outputs(self.type, observed, inputs.dump())

"""What the engine calls to change or read an object: parse the properties, act, and return them in the state's form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext, suppress
from functools import partial
from typing import Any, Generic

from pulumi.dynamic import CreateResult, ReadResult, UpdateResult
from pulumi.dynamic.dynamic import PROVIDER_KEY

from pulumi_zorg import errors
from pulumi_zorg.engine import context as process
from pulumi_zorg.engine import state_form
from pulumi_zorg.engine.along import deactivate_new
from pulumi_zorg.engine.assumed import assumed
from pulumi_zorg.engine.checks import OLD_SDK
from pulumi_zorg.engine.context import readable
from pulumi_zorg.engine.create import Creator
from pulumi_zorg.engine.managed_objects import display_name
from pulumi_zorg.engine.reconcile import destroy, reconcile
from pulumi_zorg.engine.reporter import send_half_done_update
from pulumi_zorg.engine.shown import SHOWN_SOON, read_new, remove_lost, was_created
from pulumi_zorg.engine.target import Origin, Target, explain_create, explain_update, shown
from pulumi_zorg.errors import ConfigurationError, ZorgError
from pulumi_zorg.resource_types.declared_type import AnyInputs
from pulumi_zorg.resource_types.inputs import DIFFERS, FILLED, LOST, UNFINISHED, check_inputs
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import ACTIVE, Address, Observed, Removal, Sought
from pulumi_zorg.world.proof import find_missing, in_state, may_exist


class _WrongId(Exception):
    """The answer to a create named another object than the one that was created."""


class _NotAgain(Exception):
    """The server has lost a new object, and it is not known whether it was removed, or it could not be created again."""

    def __init__(self, reason: ZorgError) -> None:
        self.reason = reason


class Hooks(Generic[AnyInputs]):
    """The hooks of the provider of one resource type."""

    def __init__(self, resource_type: ResourceType[AnyInputs]) -> None:
        self.type = resource_type

    @readable()
    def create(self, props: dict[str, Any]) -> CreateResult:
        """Create the object, or adopt the one that exists, and bring it to what is declared."""
        context, inputs = process.current(), self._parse(props)
        resource = self._resource(props)
        object_id, origin = self._create_or_adopt(inputs, resource)
        target = Target(self.type, context.client, object_id, inputs)
        try:
            observed = self._make_whole(target, resource, props, origin)
            observed = deactivate_new(target, observed, props)
            outputs = self._outputs(observed, inputs)
        except _NotAgain as failed:
            raise failed.reason from None
        except (_WrongId, ZorgError) as error:
            is_unread = origin == "created" and target.first is None
            elsewhere = isinstance(error, errors.NotProven) and error.elsewhere
            if isinstance(error, _WrongId) or (is_unread and elsewhere):
                raise errors.UnexpectedAnswer(
                    f"Creating {target.title}: the answer names an object that is not what was created, so it is not ZITADEL's. "
                    "Nothing was done to it. Check zorg:url, and what is in front of the server; the next `pulumi up` looks for what "
                    "was created."
                ) from None
            whole = not self._is_changed_next(inputs)
            no_reading = isinstance(error, errors.NoAnswer | errors.HeaderIgnored | errors.ApiError | errors.NotProven)
            if not (whole and is_unread and no_reading):
                # The next `up` resumes the pending create.
                explain_create(target, origin, error, self._hidden(inputs))
                raise
            # It exists, and as declared. An object without a state would be worse than a state to refresh.
            context.reporter.warn(
                f"{self.type.noun} {target.id} was created, but could not be read back; refresh the stack. {error}"
            )
            outputs = inputs.dump()
        context.pending.forget(resource)
        return CreateResult(target.id, outputs)

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
                observed = self._reconcile(target, resource, recorded, before, known=assumed(target, olds, before))
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
                target.client, target.id, target.sent, self._may_be_lost(recorded, target.inputs)
            )
            lost = sorted(taken - self._roles_of(now))
        if now is None or not (changed or lost):
            return None
        outputs = self._outputs(now, self._parse(olds, recorded=True))
        return {**outputs, LOST: lost} if lost and self.type.gives_roles not in hidden else outputs

    def _create_or_adopt(self, inputs: AnyInputs, resource: str) -> tuple[str, Origin]:
        """Return the id of the object of a new resource. See :meth:`Creator.create_or_adopt`."""
        context = process.current()
        try:
            self.type.before_create(context.client, inputs)
            return Creator(self.type, context, inputs, resource).create_or_adopt()
        except (errors.ApiError, errors.NotProven) as refused:
            raise self._explained(refused, inputs) from None

    def _explained(self, refused: errors.ApiError | errors.NotProven, inputs: AnyInputs) -> ZorgError:
        """Return the error of a create that was refused, with the object that it names and that does not exist."""
        client, missing = process.current().client, None
        with suppress(ZorgError):  # where the server fails too
            missing = find_missing(client, self.type.events, inputs.dump(), partial(may_exist, client))
        if missing is None:
            return refused
        answer = f"ZITADEL answered {refused.status}: {refused.said}" if isinstance(refused, errors.ApiError) else ""
        if missing.certain or (isinstance(refused, errors.PermissionDenied) and refused.no_organization):
            return errors.InputError(
                f"The new {self.type.noun}", missing.property, f"{missing.reason}. {answer}".rstrip()
            )
        if isinstance(refused, errors.NotProven | errors.PermissionDenied):
            return refused
        # Something else may be wrong, and what the credential cannot see may exist.
        return refused.with_hint(f"{missing.property} {missing.reason}.")

    def _kept(self, origin: Origin, inputs: AnyInputs, resource: str) -> dict[str, Any] | None:
        """Return what stays as it is on an object that existed: what the program ignores. None where nothing does.

        Where the replacement of the resource has just deactivated the object, that is taken back.
        """
        if origin not in ("adopted", "taken back"):
            return None
        objects, declared = process.current().objects, inputs.dump()
        ignored = objects.declared(resource).ignored
        kept = objects.kept(self.type.token, self.type.unique_key(declared)) if origin == "taken back" else None
        if kept is not None and kept.deactivated:
            ignored -= {"active"}
        return {name: declared.get(name) for name in ignored} or None

    def _is_changed_next(self, inputs: AnyInputs) -> bool:
        """Return whether a new object is not as declared yet: a create makes active objects, and cannot set everything."""
        left = any(getattr(inputs, name) for name in self.type.set_after_create)
        return left or self.type.desired(inputs).active is False

    def _make_whole(
        self, target: Target[AnyInputs], resource: str, props: Mapping[str, Any], origin: Origin
    ) -> Observed:
        """Bring the object of a new resource to what is declared. A new one that the server has lost is created again."""
        known = None
        if origin == "created" and self.type.is_created_again:
            known, origin = self._first_reading(target, resource)
        process.current().world.written(self.type.key(target.id, props))
        kept = self._kept(origin, target.inputs, resource)
        return self._reconcile(target, resource, props, kept, origin, known)

    def _first_reading(self, target: Target[AnyInputs], resource: str) -> tuple[Observed | None, Origin]:
        """Return a new object as a read shows it. One that the server has lost is created again: reads do not show it then."""
        context, client = process.current(), process.current().client
        if self.type.token in client.not_shown:
            return None, "created"
        found = read_new(target, SHOWN_SOON)
        if found is not None:
            return found, "created"
        if was_created(target) is False:
            raise _WrongId
        context.reporter.note(
            f"{target.title} was created, and reads do not show it: the server has lost it. It is removed and created again."
        )
        try:
            was_there = remove_lost(target)
        except errors.ApiError as error:
            context.reporter.warn(f"It could not be removed, and stays as it is. Run `pulumi refresh`. {error}")
            return None, "created"
        except ZorgError as error:
            raise _NotAgain(error) from None
        if was_there:  # else the answer may have named something else than what was created
            context.pending.forget(resource)
        try:
            target.id, origin = self._create_or_adopt(target.inputs, resource)
        except ZorgError as error:
            raise _NotAgain(error) from None
        found = read_new(target)
        if found is None:
            client.not_shown.add(self.type.token)  # it would not help the others either
            context.reporter.warn(
                f"{target.title} was created again, and reads do not show it either. Whoever should have access by it may not have "
                "it. Look in the console whether what it names exists there, like its user. If it does, tell whoever runs the server."
            )
        return found, origin

    def _reconcile(
        self,
        target: Target[AnyInputs],
        resource: str,
        recorded: Mapping[str, Any],
        before: Mapping[str, Any] | None,
        origin: Origin | None = None,
        known: Observed | None = None,
    ) -> Observed:
        """Bring the object to what is declared, and bind its id to the resource before anything is done to it.

        :param before: see :func:`reconcile`.
        :param origin: where the object of a new resource comes from.
        :param known: see :func:`reconcile`.
        """
        context, inputs, is_new = process.current(), target.inputs, origin == "created"

        def verify(observed: Observed) -> None:
            if is_new and target.first is None and not self.type.has_unique_key(observed.properties, inputs):
                raise _WrongId
            context.objects.bind(resource, self.type.key(target.id, inputs.dump()))
            if is_new and target.first is None:
                context.pending.amend(resource, id=target.id)

        try:
            observed = reconcile(target, recorded, before=before, known=known, verify=verify)
        except errors.AlreadyExists as refused:
            raise Creator(self.type, context, inputs, resource).conflict(refused, renamed=target.id) from None
        # What was left on the object is not lost.
        self.type.settle(context.client, target.id, target.sent, self._may_be_lost(recorded, inputs))
        if observed.warning:
            context.reporter.warn(observed.warning)
        return observed

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

    def _may_be_lost(self, recorded: Mapping[str, Any], inputs: AnyInputs) -> Mapping[str, Any]:
        """Return what the state has of an object, without the roles that the program still declares: it takes none of those away."""
        name = self.type.gives_roles or ""
        declared = getattr(inputs, name, None) or ()
        return {**recorded, name: [each for each in recorded.get(name) or () if each not in declared]}

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

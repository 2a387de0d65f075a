"""What the engine calls to change or read an object: parse the properties, act, and return them in the state's form."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import nullcontext
from typing import Any, Generic

from pulumi.dynamic import CreateResult, ReadResult, UpdateResult
from pulumi.dynamic.dynamic import PROVIDER_KEY

from pulumi_zorg.engine import context as process
from pulumi_zorg.engine import state_form
from pulumi_zorg.engine.checks import OLD_SDK
from pulumi_zorg.engine.context import readable
from pulumi_zorg.engine.create import Created, conflict_error, create_or_adopt
from pulumi_zorg.engine.half_done import HalfDone, after_create, half_done_update, shown
from pulumi_zorg.engine.host import send_half_done_update
from pulumi_zorg.engine.lost_changes import is_shown, was_created
from pulumi_zorg.engine.reconcile import Progress, destroy, reconcile
from pulumi_zorg.engine.registry import display_name
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    FailedPrecondition,
    Gone,
    HeaderIgnored,
    InputError,
    InvalidArgument,
    NoAnswer,
    NotFound,
    NotProven,
    PermissionDenied,
    UnexpectedAnswer,
    ZorgError,
)
from pulumi_zorg.resource_types.inputs import DIFFERS, FILLED, LOST, UNFINISHED, check_inputs
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.resource_type import AnyInputs, Observed, ResourceType
from pulumi_zorg.world.lost_switches import describe
from pulumi_zorg.world.proof import Removal, in_state
from pulumi_zorg.world.references import find_missing, may_exist

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
        try:
            self.type.before_create(context.client, inputs)
            made = create_or_adopt(self.type, context, inputs, resource)
        except (InvalidArgument, FailedPrecondition, NotFound, PermissionDenied, NotProven) as refused:
            raise self._explained(refused, inputs) from None
        created = self._shown(made, resource, inputs)
        context.bulk_reads.written(self.type.key(created.id, props))
        kept = self._kept(created, inputs, resource)
        progress: Progress[AnyInputs] = Progress()
        try:
            observed = self._reconcile(created, resource, inputs, props, kept or None, progress)
            outputs = self._outputs(observed, inputs)
        except _WrongId as wrong:
            context.pending.amend(resource, id=None)
            raise wrong.error from None
        except ZorgError as error:
            whole = inputs.active and not any(getattr(inputs, name) for name in self.type.set_after_create)
            unread = isinstance(error, NoAnswer | HeaderIgnored | ApiError)
            if not (whole and created.new and unread):
                # The pending create knows the id: the next `up` resumes it.
                hidden = context.hidden(self.type.token, inputs.dump())
                raise after_create(self.type, created, progress, error, hidden) from None
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
        is_get = self.type.is_get(known)
        # Where the inputs in the state differ from the outputs, the engine needs both.
        agree = not (known.get(DIFFERS) or known.get(UNFINISHED))
        if not is_get and agree and context.bulk_reads.confirm(context.client, self.type, id, known):
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
        undeclared = frozenset(self.type.server_defaults) - known.keys()
        filled = frozenset() if is_get else undeclared | (known.get(FILLED) or {}).keys()
        names = set(self.type.inputs.names()) - filled
        inputs, _ = check_inputs(
            self.type.inputs, {name: found.properties.get(name, known.get(name)) for name in names}
        )
        outputs = {**inputs, **state_form.in_state(self.type, found, filled)}
        left = sorted({*(known.get(LOST) or ())} - self._roles_of(found))
        if left and not is_get:
            # Others may still have them: the next run must not call the resource unchanged.
            unfinished = {UNFINISHED: known.get(UNFINISHED)}
            return ReadResult(id, {**outputs, **unfinished, LOST: left}, {**inputs, **unfinished})
        return ReadResult(id, outputs, inputs)

    @readable
    def update(self, id: str, olds: dict[str, Any], news: dict[str, Any]) -> UpdateResult:
        """Change what the program changes, and leave the rest as it is."""
        context = process.current()
        context.bulk_reads.written(self.type.key(id, olds))
        inputs, resource = self._parse(news), self._resource(news)
        unfinished = frozenset(olds.get(UNFINISHED) or ())
        before = context.declared_before(resource, olds, unfinished)
        declared = inputs.dump()
        changed = [name for name in state_form.changeable(self.type, declared) if before.get(name) != declared[name]]
        if not changed:
            return UpdateResult(self._outputs(self._as_recorded(id, olds, inputs), inputs))
        # The inputs have what the program declared before, also where an update failed half way.
        recorded = {**olds, **context.declared_before(resource, olds)}
        context.client.roles.take(self.type.reference, id, olds.get(LOST) or ())
        progress: Progress[AnyInputs] = Progress()
        try:
            with in_state():
                observed = self._reconcile(Created(id, new=False), resource, inputs, recorded, before, progress)
        except ZorgError as error:
            hidden = context.hidden(self.type.token, declared)
            failed = half_done_update(self.type, context.client, id, olds, progress, error, hidden)
            now = progress.found if failed is None else failed.now
            lost: list[str] = []
            if now is not None and not isinstance(error, Gone):
                # Others may still have what the object has lost.
                taken = self.type.lost_roles(
                    context.client, id, progress.inputs or inputs, self._may_be_lost(recorded, inputs)
                )
                lost = sorted(taken - self._roles_of(now))
            if failed is None and lost and now is not None:
                failed = HalfDone(now, error)
            if failed is None:
                raise
            outputs = {
                **self._outputs(failed.now, self._parse_recorded(olds)),
                UNFINISHED: sorted({*changed, *unfinished}),
            }
            if lost and self.type.gives_roles not in hidden:
                outputs[LOST] = lost
            failed.error.half_done = outputs
            masked = context.reporter.mask_error(failed.error)
            reason = f"{type(masked).__module__}.{type(masked).__qualname__}: {masked}"
            send_half_done_update(id, {**outputs, PROVIDER_KEY: news.get(PROVIDER_KEY)}, reason)
            raise masked from None
        self._report_rest(observed, inputs, context.ignored(resource))
        return UpdateResult(self._outputs(observed, inputs))

    @readable
    def delete(self, id: str, props: dict[str, Any]) -> None:
        """Apply the deletion policy, unless another resource of the program manages the object."""
        context = process.current()
        context.pending.seen_by_engine(self.type.token, id)
        context.bulk_reads.written(self.type.key(id, props))
        context.may_be_replaced(self.type.token, id, props)
        manager = context.registry.manager(self.type.key(id, props))
        if manager is not None:
            context.reporter.note(
                f"{self.type.noun} {id} stays as it is: {display_name(manager)} of this program manages it now."
            )
            return
        with in_state():
            done = destroy(self.type, context.client, id, self._parse_recorded(props), props)
        context.deactivated(self.type.token, id, done)

    def _explained(self, refused: ApiError | NotProven, inputs: AnyInputs) -> ZorgError:
        """Return the error of a create that was refused, with the object that it names and that does not exist."""
        client = process.current().client

        def shown(property: str, id: str, org_id: str | None) -> bool:
            return may_exist(client, property, id, org_id)

        try:
            missing = find_missing(client, self.type.events, inputs.dump(), shown)
        except ZorgError:
            return refused
        if missing is None:
            return refused
        answer = f"ZITADEL answered {refused.status}: {refused.said}" if isinstance(refused, ApiError) else ""
        if missing.certain or (isinstance(refused, PermissionDenied) and refused.no_organization):
            return InputError(f"The new {self.type.noun}", missing.property, f"{missing.reason}. {answer}".rstrip())
        if isinstance(refused, NotProven | PermissionDenied):
            return refused
        # Something else may be wrong, and what the credential cannot see may exist.
        return refused.with_hint(f"{missing.property} {missing.reason}.")

    def _kept(self, created: Created, inputs: AnyInputs, resource: str) -> dict[str, Any]:
        """Return what stays as it is on an object that existed: what the program ignores.

        Where the replacement of the resource has just deactivated the object, that is taken back.
        """
        if not (created.adopted or created.taken_back):
            return {}
        context, declared = process.current(), inputs.dump()
        ignored = context.ignored(resource)
        if created.taken_back and context.is_deactivated(self.type.token, created.id):
            ignored -= {"active"}
        return {name: declared.get(name) for name in ignored}

    def _shown(self, created: Created, resource: str, inputs: AnyInputs) -> Created:
        """Return the object, or another one that is created in its place if the server has lost it: reads do not show it then."""
        if not created.new or self.type.created_state is None:
            return created  # reconciling reads it
        context, client = process.current(), process.current().client
        if self.type.token in client.not_shown or is_shown(self.type, client, created.id, inputs):
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
            client.not_shown.add(self.type.token)  # it would not help the others either
            context.reporter.warn(
                f"{self.type.title(inputs, again.id)} was created again, and reads do not show it either. Whoever should have access "
                "by it may not have it. Look in the console whether what it names exists there, like its user. If it does, tell "
                "whoever runs the server."
            )
        return again

    def _reconcile(
        self,
        created: Created,
        resource: str,
        inputs: AnyInputs,
        known: Mapping[str, Any],
        before: Mapping[str, Any] | None,
        progress: Progress[AnyInputs],
    ) -> Observed:
        """Bring the object to what is declared, and bind its id to the resource before anything is done to it.

        :param before: see :func:`reconcile`.
        """
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
            made = self.type.as_created(context.client, created.id, inputs) if created.new else None
            observed = reconcile(
                self.type,
                context.client,
                created.id,
                inputs,
                known,
                before=before,
                created=made,
                verify=verify,
                progress=progress,
            )
        except AlreadyExists as refused:
            raise conflict_error(self.type, context, inputs, refused, renamed=created.id) from None
        # What was left on the object is not lost.
        self.type.settle(context.client, created.id, progress.inputs or inputs, self._may_be_lost(known, inputs))
        if observed.warning:
            context.reporter.warn(observed.warning)
        return observed

    def _verify_identity(self, observed: Observed, inputs: AnyInputs) -> None:
        """Verify that the object is the one that was created, before anything is done to it."""
        identity = self.type.unique_key(observed.properties)
        declared = self.type.unique_key(inputs.dump())
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
        resource = process.current().registry.resource(self.type.unique_key(properties))
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

    def _may_be_lost(self, known: Mapping[str, Any], inputs: AnyInputs) -> Mapping[str, Any]:
        """Return what was known of an object, without the roles that the program still declares: it takes none of those away."""
        name = self.type.gives_roles or ""
        declared = getattr(inputs, name, None) or ()
        return {**known, name: [each for each in known.get(name) or () if each not in declared]} if name else known

    def _roles_of(self, observed: Observed) -> frozenset[str]:
        """The roles that an object lets others have."""
        return frozenset(observed.properties.get(self.type.gives_roles or "") or ())

    def _as_recorded(self, id: str, olds: Mapping[str, Any], inputs: AnyInputs) -> Observed:
        """The object as the state has it, for an update that changes nothing of it."""
        undeclared = {name for name in self.type.updatable if getattr(inputs, name) is None} - {
            *self.type.server_defaults
        }
        only_declared = {*inputs.names()} - {"active", *self.type.updatable, *self.type.server_defaults}
        recorded = {**(olds.get(FILLED) or {}), **olds}
        left_out = undeclared | only_declared
        return Observed(
            self.type.token,
            id,
            {name: value for name, value in recorded.items() if not name.startswith("__") and name not in left_out},
        )

    def _report_rest(self, observed: Observed, inputs: AnyInputs, ignored: Collection[str]) -> None:
        """Report what the program declares otherwise than the object is, and this update did not change."""
        rest = [name for name in state_form.differing(self.type, observed, inputs.dump()) if name not in ignored]
        if rest:
            context = process.current()
            hidden = context.hidden(self.type.token, inputs.dump())
            values = ", ".join(f"{name} is {shown(observed, name, hidden)}" for name in rest)
            context.reporter.warn(
                f"{self.type.title(inputs, observed.id)}: {values} on the server, otherwise than the program declares. The program "
                "did not change that, so this update left it. `pulumi up --refresh` shows and corrects it."
            )

    def _outputs(self, observed: Observed, inputs: AnyInputs) -> dict[str, Any]:
        return state_form.outputs(self.type, observed, inputs.dump())

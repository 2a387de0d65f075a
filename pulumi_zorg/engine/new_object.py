"""The object of a new resource: it is created or adopted, read, and brought to what is declared.

Its id is believed, and remembered, once a read has shown what was created. Before that nothing is done to it, apart from one case: reads
do not show what the server has lost. That is removed and created again.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Generic

from pulumi_zorg import errors
from pulumi_zorg.engine.along import deactivate_new
from pulumi_zorg.engine.context import ProviderContext
from pulumi_zorg.engine.create import Creator
from pulumi_zorg.engine.reconcile import bind, bring
from pulumi_zorg.engine.shown import SHOWN_SOON, read_new, remove_lost, was_created
from pulumi_zorg.engine.target import Origin, Target, explain_create
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types.declared_type import AnyInputs
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.proof import find_missing, may_exist


@dataclass
class NewObject(Generic[AnyInputs]):
    """The object of a new resource.

    :param resource: as :class:`ManagedObjects` names it.
    :param props: the properties that the engine gives.
    :ivar target: the object. Its id is empty before :meth:`make`.
    """

    type: ResourceType[AnyInputs]
    context: ProviderContext
    inputs: AnyInputs
    resource: str
    props: Mapping[str, Any]
    origin: Origin = "created"
    target: Target[AnyInputs] = field(init=False)

    def __post_init__(self) -> None:
        self.target = Target(self.type, self.context.client, "", self.inputs)

    def make(self) -> Observed | None:
        """Return the object as it was read last. None where it was created as declared, and no read of it was answered.

        :raises UnexpectedAnswer: where the answer to the create names another object.
        """
        self._create_or_adopt()
        known = self._first_reading()
        self.context.world.written(self.type.key(self.target.id, self.props))
        try:
            observed = bring(
                self.context, self.target, self.resource, self.props, self._kept(), known, verify=self._verify
            )
            return deactivate_new(self.target, observed, self.props)
        except ZorgError as error:
            if self._is_unread and isinstance(error, errors.NeverThere | errors.AnotherObject | errors.InputError):
                raise self._wrong_id() from None
            no_reading = isinstance(error, errors.NoAnswer | errors.HeaderIgnored | errors.ApiError | errors.NotProven)
            if not (self._is_unread and self._is_whole and no_reading):
                # The next `up` resumes the pending create.
                hidden = self.context.reporter.hidden(self.type.token, self.inputs.dump())
                explain_create(self.target, self.origin, error, hidden)
                raise
            # It exists, and as declared. An object without a state would be worse than a state to refresh.
            self.context.reporter.warn(
                f"{self.type.noun} {self.target.id} was created, but could not be read back; refresh the stack. {error}"
            )
            return None

    @property
    def _is_unread(self) -> bool:
        """Whether this run has created it, and no read has shown it yet."""
        return self.origin == "created" and self.target.first is None

    @property
    def _is_whole(self) -> bool:
        """Whether a create makes it as declared. It makes active objects, and cannot set everything."""
        left = any(getattr(self.inputs, name) for name in self.type.set_after_create)
        return not left and self.type.desired(self.inputs).active is not False

    def _create_or_adopt(self) -> None:
        """Create the object, or find the one that exists. See :meth:`Creator.create_or_adopt`."""
        try:
            self.type.before_create(self.context.client, self.inputs)
            creator = Creator(self.type, self.context, self.inputs, self.resource)
            self.target.id, self.origin = creator.create_or_adopt()
        except (errors.ApiError, errors.NotProven) as refused:
            raise self._explained(refused) from None

    def _first_reading(self) -> Observed | None:
        """Return a new object as a read shows it; None where it is to be read as any other."""
        not_shown = self.context.client.not_shown
        if self.origin != "created" or not self.type.is_created_again or self.type.token in not_shown:
            return None
        try:
            found = read_new(self.target, SHOWN_SOON)
            if found is not None:
                return found
        except ZorgError:
            return None  # the next read says why
        if not self._create_again():
            return None
        try:
            found = read_new(self.target)
        except ZorgError:
            return None
        if found is None:
            not_shown.add(self.type.token)  # it would not help the others either
            self.context.reporter.warn(
                f"{self.target.title} was created again, and reads do not show it either. Whoever should have access by it may not have "
                "it. Look in the console whether what it names exists there, like its user. If it does, tell whoever runs the server."
            )
        return found

    def _create_again(self) -> bool:
        """Remove an object that the server has lost, and create it again. Return whether it could be removed."""
        reporter = self.context.reporter
        if was_created(self.target) is False:
            raise self._wrong_id()
        what = f"{self.target.title} was created, and reads do not show it"
        reporter.note(f"{what}: the server has lost it. It is removed and created again.")
        try:
            was_there = remove_lost(self.target)
        except errors.ApiError as error:
            reporter.warn(f"It could not be removed, and stays as it is. Run `pulumi refresh`. {error}")
            return False
        if was_there:  # else the answer may have named something else than what was created
            self.context.pending.forget(self.resource)
        self._create_or_adopt()
        return True

    def _verify(self, observed: Observed) -> None:
        is_first = self._is_unread
        if is_first and not self.type.has_unique_key(observed.properties, self.inputs):
            raise errors.AnotherObject(f"{self.target.title} is not what was created.")
        bind(self.context, self.target, self.resource)
        if is_first:
            self.context.pending.amend(self.resource, id=self.target.id)

    def _wrong_id(self) -> errors.UnexpectedAnswer:
        return errors.UnexpectedAnswer(
            f"Creating {self.target.title}: the answer names an object that is not what was created, so it is not ZITADEL's. Nothing "
            "was done to it. Check zorg:url, and what is in front of the server; the next `pulumi up` looks for what was created."
        )

    def _explained(self, refused: errors.ApiError | errors.NotProven) -> ZorgError:
        """Return the error of a create that was refused, with the object that it names and that does not exist."""
        client, missing = self.context.client, None
        with suppress(ZorgError):  # where the server fails too
            missing = find_missing(client, self.type.events, self.inputs.dump(), partial(may_exist, client))
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

    def _kept(self) -> dict[str, Any] | None:
        """Return what stays as it is on an object that existed: what the program ignores. None where nothing does.

        Where the replacement of the resource has just deactivated the object, that is taken back.
        """
        if self.origin not in ("adopted", "taken back"):
            return None
        objects, declared = self.context.objects, self.inputs.dump()
        ignored = objects.declared(self.resource).ignored
        kept = objects.kept(self.type.token, self.type.unique_key(declared)) if self.origin == "taken back" else None
        if kept is not None and kept.deactivated:
            ignored -= {"active"}
        return {name: declared.get(name) for name in ignored} or None

"""Creates exactly one object: no object is lost with a lost answer, and nobody else's object is taken.

A create can be repeated because the server keeps names and grants unique and refuses a second one (409). The object
that exists then is the resource's own if a pending create says that an earlier attempt may have made it **and** the
object agrees with that attempt: the id that the server gave, or a creation while the attempt lasted, by its user where
the event store shows it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Generic

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.retry import poll, retry
from pulumi_zorg.engine.context import ProviderContext
from pulumi_zorg.engine.pending import Attempt, PendingCreate
from pulumi_zorg.engine.reconcile import destroy
from pulumi_zorg.engine.registry import display_name
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    EventConflict,
    NameTaken,
    NeverThere,
    NotFound,
    NotProven,
    PermissionDenied,
    UnexpectedAnswer,
    Unreachable,
    ZorgError,
)
from pulumi_zorg.resource_types.lifecycle import DeletionPolicy
from pulumi_zorg.resource_types.resource_type import AnyInputs, Observed, ResourceType
from pulumi_zorg.world.proof import created
from pulumi_zorg.world.tokens import Key

__all__ = ["Created", "conflict_error", "create_or_adopt"]

#: Seconds by which the times of an attempt and of an object may differ: HTTP dates have whole seconds.
_TOLERANCE = 3.0
#: Seconds within which a list shows an object that exists.
_LISTED_WITHIN = 10.0


@dataclass(frozen=True)
class Created:
    """The object that a create ended with.

    :param new: whether this very call made it, so that it is as declared, except for the flag.
    :param adopted: whether it existed, and no earlier run of this resource made it.
    :param taken_back: whether it was kept when this resource was replaced.
    """

    id: str
    new: bool
    adopted: bool = False
    taken_back: bool = False


class _AnswerLost(Exception):
    """The answer to a create was lost.

    :param passing: whether the reason may pass, like a failed connection, unlike an answer that is not ZITADEL's.
    """

    def __init__(self, failure: ZorgError) -> None:
        super().__init__(str(failure))
        self.failure = failure
        self.passing = isinstance(failure, Unreachable | EventConflict)


def create_or_adopt(
    resource_type: ResourceType[AnyInputs], context: ProviderContext, inputs: AnyInputs, resource: str
) -> Created:
    """Return the object that this resource creates, adopts, or created in an earlier run that was cut short.

    :param resource: as the registry names it.
    :raises NameTaken: where the object exists and this resource neither made it nor adopts it.
    """
    creator = _Creator(resource_type, context, inputs, resource, resource_type.unique_key(inputs.dump()))
    pending = context.pending.find(resource)
    existing = resource_type.find_by_unique_key(context.client, inputs) if inputs.adopt else None
    if existing is not None:
        creator.refuse_if_managed(existing)
        if pending is not None:
            creator.clean_up_orphan(pending, existing)
        return Created(existing, new=False, adopted=True)
    if pending is not None:
        if pending.id is not None or pending.identity != creator.identity:
            orphan = creator.recover_orphan(pending)
            if orphan is not None:
                return Created(orphan, new=False)
        else:
            return creator.create(pending)
    return creator.create(None)


@dataclass
class _Creator(Generic[AnyInputs]):
    """The create of one resource."""

    type: ResourceType[AnyInputs]
    context: ProviderContext
    inputs: AnyInputs
    resource: str
    identity: dict[str, str]

    @property
    def client(self) -> Client:
        return self.context.client

    def create(self, earlier: PendingCreate | None) -> Created:
        """Create the object, and repeat that while the answer is lost.

        :param earlier: the attempts of earlier runs that may have made it.
        """
        pending, transport = self.context.pending, self.client.transport
        me = self.client.me.id  # read before the clock: its answer has the server's time
        attempts = () if earlier is None else earlier.attempts
        attempt = Attempt(me, transport.server_time())
        secret = not self.identity.keys().isdisjoint(self.context.hidden(self.type.token, self.inputs.dump()))
        this = PendingCreate(transport.settings.url, self.resource, self.identity, (*attempts, attempt), secret=secret)
        pending.keep(this)
        may_have_made: PendingCreate | None = earlier
        failures = 0

        def once() -> Created:
            nonlocal may_have_made, failures
            try:
                return Created(self.type.create(self.client, self.inputs), new=True)
            except AlreadyExists as refused:
                own = self._taken_back() or self._own_or_adopted(may_have_made)
                if own is not None:
                    return own
                if may_have_made is None or self._can_see_existing():
                    pending.forget(self.resource)  # no attempt has made what exists
                raise conflict_error(self.type, self.context, self.inputs, refused) from None
            except (Unreachable, UnexpectedAnswer, ApiError) as failure:
                if failure.may_have_applied:
                    may_have_made, failures = this, failures + 1
                    raise _AnswerLost(failure) from None
                # An answer that is not ZITADEL's says nothing about what ZITADEL did: the create stays pending.
                if may_have_made is None and not isinstance(failure, UnexpectedAnswer):
                    pending.forget(self.resource)
                raise

        try:
            made = retry(
                once,
                # A failed connection may pass. After an answer that is not ZITADEL's the create is repeated once.
                should_retry=lambda error: isinstance(error, _AnswerLost) and (error.passing or failures < 2),
                left=transport.patience(),
                sleep=transport.sleep,
                notify=lambda error, wait: transport.report_repeated(
                    error.failure if isinstance(error, _AnswerLost) else error,
                    f"{error} It may have happened; trying again in {wait:.1f} s, which cannot make a second one.",
                ),
            )
        except _AnswerLost as error:
            ended = replace(attempt, ended=transport.server_time())
            pending.keep(replace(this, attempts=(*attempts, ended)))
            raise error.failure from None
        pending.amend(self.resource, id=made.id)
        return made

    def refuse_if_managed(self, id: str) -> None:
        """Raise where another resource of this run manages the object."""
        manager = self.context.registry.manager(self._key(id))
        if manager not in (None, self.resource):
            raise NameTaken(_managed(self.type, self.inputs, id, manager or ""))

    def recover_orphan(self, pending: PendingCreate) -> str | None:
        """Return the object that an earlier run made, to go on with it.

        The engine has no state of it. Where the resource declares something else by now that an object cannot be
        changed into, the object is removed, as a replacement would.
        """
        before = self._as_pending(pending)
        own = self._find_own(before, pending)
        if own is None or self._is_managed(own):
            return None
        now = self.identity
        if any(name in self.inputs.replaces for name in now if now[name] != pending.identity.get(name)):
            self._remove(own, before)
            return None
        # By its id it is found again, whatever name it has if this run is cut short too.
        self.context.pending.keep(replace(pending, id=own))
        self.context.reporter.note(f"resuming the create of {self.type.noun} {own}, which an earlier run began.")
        return own

    def clean_up_orphan(self, pending: PendingCreate, adopted: str) -> None:
        """Remove what an earlier run of this resource made, before the resource adopts something else."""
        before = self._as_pending(pending)
        own = self._find_own(before, pending)
        if own is not None and own != adopted and not self._is_managed(own):
            self._remove(own, before)
        self.context.pending.forget(self.resource)

    def _taken_back(self) -> Created | None:
        """Return what exists, if the resource is replaced and its deletion policy has kept the object."""
        kept = self.context.replaced(self.type.token, self.identity)
        if kept is None or self._is_managed(kept):
            return None
        found = self.type.find_visible(self.client, kept, self.inputs.dump())
        if found is None or not self.type.has_unique_key(found.properties, self.inputs):
            return None
        self.context.reporter.note(
            f"{self.type.title(self.inputs, kept)} was kept when its resource was replaced, and is taken back by it."
        )
        return Created(kept, new=False, taken_back=True)

    def _own_or_adopted(self, may_have_made: PendingCreate | None) -> Created | None:
        """Return what exists, if an earlier attempt has made it or it is to be adopted."""
        own = None if may_have_made is None else self._find_own(self.inputs, may_have_made)
        how, adopted = "was created by an earlier attempt of this resource; resuming that create", False
        if own is None and self.inputs.adopt:
            own, adopted = self._listed(self.inputs), True
            how = "exists and is adopted"
        if own is None or self._is_managed(own):
            return None
        self.context.reporter.note(f"{self.type.noun} {own} {how}.")
        return Created(own, new=False, adopted=adopted)

    def _find_own(self, inputs: AnyInputs, pending: PendingCreate) -> str | None:
        """Return the id of what exists, if one of the attempts has made it."""
        known: Mapping[str, Any] = inputs.dump()
        if pending.id is not None:
            # Where that object is removed, there is nothing to wait for in a list.
            try:
                return pending.id if isinstance(self.type.find(self.client, pending.id, known), Observed) else None
            except NeverThere:
                return None  # another instance has this address by now
        listed = self._listed(inputs)
        found = None if listed is None else self.type.find(self.client, listed, known)
        if not isinstance(found, Observed):
            return None
        event = created(self.client, self.type.events, found.id, known)
        if event is not None and not self.type.may_be(event, inputs):
            return None  # it was created as something else, and has got this identity since
        by, at = (None, found.created) if event is None else (event.editor.user_id, event.creation_date)

        def may_have_made(each: PendingCreate) -> bool:
            return any(by in (None, attempt.by) and self._lasted_at(attempt, at) for attempt in each.attempts)

        for other in self.context.pending.others(self.resource):
            # Another resource has made it, or may have made the same object.
            same = other.id is None and other.identity == pending.identity
            if other.object == (self.type.token, found.id) or (same and may_have_made(other)):
                return None
        return found.id if may_have_made(pending) else None

    def _lasted_at(self, attempt: Attempt, moment: datetime | None) -> bool:
        """Whether the attempt can have made what was created at that moment."""
        settings = self.client.transport.settings
        # A call that was cut off may still be on its way to the database for as long as a call may take.
        last = attempt.began + settings.retry_deadline if attempt.ended is None else attempt.ended
        earliest, latest = attempt.began - _TOLERANCE, last + settings.timeout + _TOLERANCE
        return moment is not None and earliest <= moment.astimezone(timezone.utc).timestamp() <= latest

    def _listed(self, inputs: AnyInputs) -> str | None:
        """The id of what exists. Lists that lag are given some time to show it."""
        return poll(
            lambda: self.type.find_by_unique_key(self.client, inputs),
            lambda found: found is not None,
            within=_LISTED_WITHIN,
            sleep=self.client.transport.sleep,
        )

    def _can_see_existing(self) -> bool:
        try:
            return self.type.find_by_unique_key(self.client, self.inputs) is not None
        except ZorgError:
            return False

    def _is_managed(self, id: str) -> bool:
        return self.context.registry.manager(self._key(id)) not in (None, self.resource)

    def _key(self, id: str) -> Key:
        return self.type.key(id, self.inputs.dump())

    def _as_pending(self, pending: PendingCreate) -> AnyInputs:
        """What the resource declared when the create began, as far as the pending create has it."""
        declared: dict[str, Any] = {name: value or None for name, value in pending.identity.items()}
        return replace(self.inputs, **declared)

    def _remove(self, id: str, before: AnyInputs) -> None:
        removed = replace(before, deletion_policy=DeletionPolicy.REMOVE.value)
        self.context.reporter.note(
            f"removing {self.type.noun} {id}, which an earlier run created and could not finish."
        )
        destroy(self.type, self.client, id, removed, before.dump())


def conflict_error(
    resource_type: ResourceType[AnyInputs],
    context: ProviderContext,
    inputs: AnyInputs,
    refused: AlreadyExists,
    renamed: str | None = None,
) -> NameTaken:
    """Return the error for an object that cannot be created, or renamed, because of one that exists.

    :param renamed: the id of the object that cannot be renamed.
    """
    client = context.client
    try:
        existing = resource_type.find_by_unique_key(client, inputs)
        if renamed is not None:
            existing = None if existing == renamed else existing
            reason = resource_type.why_taken(client, renamed, inputs) if existing is None else None
        else:
            reason = None if existing is not None else resource_type.explain_conflict(client, inputs)
        event = None if existing is None else created(client, resource_type.events, existing, inputs.dump())
    except (PermissionDenied, NotFound, NotProven):
        existing, reason, event = None, None, None
    except ZorgError as failure:
        return NameTaken(f"{refused} What exists there could not be read ({failure}) Run `pulumi up` again.")
    if reason is not None:
        return NameTaken(f"{refused} {reason}")
    if existing is None and inputs.adopt and renamed is None:
        return NameTaken(
            f"{refused} The credential cannot see what exists there, so it is not adopted. If another resource gave it up a moment "
            "ago, run `pulumi up` again. Else the credential lacks a right to see it, or no read and no list of the server shows it. A "
            "credential that has IAM_OWNER_VIEWER on the instance as well finds it in the event store and adopts it."
        )
    if existing is None:
        adopt = "To adopt it, set adopt=True on this resource and use a credential that may see it"
        return NameTaken(
            f"{refused} The credential cannot see what exists there. If another resource gave it up a moment ago, run `pulumi up` "
            f"again. Else look for it in the console. {_way_out(renamed, adopt)}."
        )
    manager = context.registry.manager(resource_type.key(existing, inputs.dump()))
    if manager is not None:
        swap = (
            " Two resources cannot swap their names in one run: give one of them a third name first." if renamed else ""
        )
        return NameTaken(f"{refused} {_managed(resource_type, inputs, existing, manager)}{swap}")
    by = ""
    if event is not None:
        who = event.editor.display_name or event.editor.user_id
        mine = " (this credential's own user)" if event.editor.user_id == client.me.id else ""
        by = f", created by {who}{mine} at {event.creation_date:%Y-%m-%d %H:%M:%S} UTC"
    take_over = "To take it over and bring it to what is declared, set adopt=True on this resource"
    return NameTaken(
        f"{refused} It is {resource_type.noun} {existing}{by}, which this resource did not make, as far as this machine knows. "
        f"{_way_out(renamed, take_over)}; else declare another one. If another resource of this program gives it up in the same "
        "run, run `pulumi up` again."
    )


def _way_out(renamed: str | None, adopt: str) -> str:
    """Return what to do about an object that exists. One that has an object already cannot adopt another one."""
    return adopt if renamed is None else "Rename or remove that one first"


def _managed(resource_type: ResourceType[AnyInputs], inputs: AnyInputs, id: str, manager: str) -> str:
    return (
        f"{resource_type.title(inputs, id)} is managed by {display_name(manager)} of this program. If that one gives it up "
        "in this run, let this resource wait for it (depends_on) or run `pulumi up` again; else declare another one."
    )

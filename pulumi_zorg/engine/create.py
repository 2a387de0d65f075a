"""Creates exactly one object: no object is lost with a lost answer, and nobody else's object is taken.

A create can be repeated because the server keeps names and grants unique and refuses a second one (409). The object
that exists then is the resource's own if a pending create says that an earlier attempt may have made it **and** the
object agrees with that attempt: the id that the server gave, or a creation while the attempt lasted, by its user where
the event store shows it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from typing import Any, Generic

from pulumi_zorg import errors
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.retry import poll
from pulumi_zorg.engine.conflict import Conflict
from pulumi_zorg.engine.context import ProviderContext
from pulumi_zorg.engine.pending import Attempt, PendingCreate
from pulumi_zorg.engine.reconcile import destroy
from pulumi_zorg.engine.target import Origin, Target, repeat
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types.declared_type import AnyInputs
from pulumi_zorg.resource_types.inputs import CHOSEN_ID
from pulumi_zorg.resource_types.lifecycle import DeletionPolicy
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.proof import creation_of

#: Seconds by which the times of an attempt and of an object may differ: HTTP dates have whole seconds.
_TOLERANCE = 3.0
#: Seconds within which a list shows an object that exists.
_LISTED_WITHIN = 10.0


class _IdTaken(errors.NameTaken):
    """The id that the program chooses is taken. The server was not asked to create the object."""


@dataclass
class Creator(Generic[AnyInputs]):
    """The create of one resource.

    :param resource: as :class:`ManagedObjects` names it.
    """

    type: ResourceType[AnyInputs]
    context: ProviderContext
    inputs: AnyInputs
    resource: str

    @cached_property
    def unique_key(self) -> dict[str, str]:
        return self.type.unique_key(self.inputs.dump())

    @cached_property
    def identity(self) -> dict[str, str]:
        """The unique key, and the id that the program chooses, if it does."""
        chosen = self.inputs.chosen_id
        return self.unique_key if chosen is None else {**self.unique_key, CHOSEN_ID: chosen}

    @cached_property
    def conflict(self) -> Conflict[AnyInputs]:
        return Conflict(self.type, self.context, self.inputs, self.resource)

    @property
    def client(self) -> Client:
        return self.context.client

    def create_or_adopt(self) -> tuple[str, Origin]:
        """Return the id of the object that this resource creates, adopts, or created in an earlier run that was cut short.

        :raises NameTaken: where the object exists and this resource neither made it nor adopts it.
        """
        pending = self.context.pending.find(self.resource)
        existing = self.type.find_existing(self.client, self.inputs) if self.inputs.adopt else None
        if existing is not None:
            holder = self.conflict.holder(existing)
            if holder is not None:
                raise errors.NameTaken(self.conflict.managed(existing, holder))
            if pending is not None:
                own = self.find_orphan(pending)
                if own not in (None, existing):
                    self.remove_orphan(own, pending)
                self.context.pending.forget(self.resource)
            return existing, "adopted"
        if pending is not None and (pending.id is not None or pending.identity != self.identity):
            orphan = self.recover_orphan(pending)
            if orphan is not None:
                return orphan, "resumed"
            pending = None
        return self.create(pending)

    def create(self, earlier: PendingCreate | None) -> tuple[str, Origin]:
        """Create the object, and repeat that while the answer is lost.

        :param earlier: the attempts of earlier runs that may have made it.
        """
        self.type.before_new(self.client, self.inputs)
        pending, transport = self.context.pending, self.client.transport
        me = self.client.me.id  # read before the clock: its answer has the server's time
        attempts, attempt = () if earlier is None else earlier.attempts, Attempt(me, transport.server_time())
        hidden = self.context.reporter.hidden(self.type.token, self.inputs.dump())
        is_secret, url = not hidden.isdisjoint(self.identity), transport.settings.url
        this = PendingCreate(url, self.resource, self.identity, (*attempts, attempt), secret=is_secret)
        pending.keep(this)
        failures: list[ZorgError] = []

        def may_repeat(failure: ZorgError) -> bool:
            failures.append(failure)
            # A failed connection may pass. After an answer that is not ZITADEL's the create is repeated once.
            return isinstance(failure, errors.Unreachable | errors.EventConflict) or len(failures) < 2

        try:
            made = repeat(
                transport,
                self._make,
                may_repeat,
                "It may have happened; trying again in {}, which cannot make a second one.",
            )
        except (errors.AlreadyExists, _IdTaken) as refused:
            is_second = bool(failures) or (isinstance(refused, errors.AlreadyExists) and refused.after_page)
            may_have_made = this if is_second else earlier
            own = self._taken_back() or self._own_or_adopted(may_have_made)
            if own is not None:
                pending.amend(self.resource, id=own[0])
                return own
            if may_have_made is None or self._can_see_existing():
                pending.forget(self.resource)  # no attempt has made what exists
            if isinstance(refused, _IdTaken):
                raise self.conflict.id_error(refused) from None
            raise self.conflict.error(refused) from None
        except (errors.NoAnswer, errors.ApiError) as failure:
            if failures:
                pending.amend(self.resource, attempts=(*attempts, replace(attempt, ended=transport.server_time())))
            elif earlier is None and not isinstance(failure, errors.UnexpectedAnswer):
                # An answer that is not ZITADEL's says nothing about what ZITADEL did: the create stays pending.
                pending.forget(self.resource)
            raise
        return made, "created"

    def _make(self) -> str:
        """Create the object once.

        :raises _IdTaken: where the id that the program chooses is known to be taken. Nothing was created then.
        """
        taken = self.type.why_id_taken(self.client, self.inputs)
        if taken is not None:
            raise _IdTaken(f"The new {self.type.noun} is not created. {taken}")
        return self.type.create(self.client, self.inputs)

    def recover_orphan(self, pending: PendingCreate) -> str | None:
        """Return the object that an earlier run made, to go on with it.

        The engine has no state of it. Where the resource declares something else by now that an object cannot be
        changed into, the object is removed, as a replacement would.
        """
        own, now = self.find_orphan(pending), self.identity
        if own is None:
            return None
        if any(name in (*self.inputs.replaces, CHOSEN_ID) for name in now if now[name] != pending.identity.get(name)):
            self.remove_orphan(own, pending)
            return None
        # By its id it is found again, whatever name it has if this run is cut short too.
        self.context.pending.keep(replace(pending, id=own))
        self.context.reporter.note(f"resuming the create of {self.type.noun} {own}, which an earlier run began.")
        return own

    def find_orphan(self, pending: PendingCreate) -> str | None:
        """Return the id of what an earlier run made, unless another resource manages it."""
        own = self._find_own(self._as_pending(pending), pending)
        return own if own is not None and self.conflict.holder(own) is None else None

    def remove_orphan(self, id: str, pending: PendingCreate) -> None:
        """Remove what an earlier run made, whatever the deletion policy is: it was never in the state."""
        before = self._as_pending(pending)
        self.context.reporter.note(
            f"removing {self.type.noun} {id}, which an earlier run created and could not finish."
        )
        removed = replace(before, deletion_policy=DeletionPolicy.REMOVE.value)
        destroy(Target(self.type, self.client, id, removed), before.dump())

    def _as_pending(self, pending: PendingCreate) -> AnyInputs:
        """Return what the resource declared when the create began, as far as the pending create has it."""
        none_chosen = {CHOSEN_ID: None} if self.inputs.id_space else {}
        declared: dict[str, Any] = {name: value or None for name, value in pending.identity.items()}
        return replace(self.inputs, **{**none_chosen, **declared})

    def _taken_back(self) -> tuple[str, Origin] | None:
        """Return what exists, if the resource is replaced and its deletion policy has kept the object."""
        kept = self.context.objects.kept(self.type.token, self.unique_key)
        if kept is None or self.conflict.holder(kept.id) is not None or self.inputs.chosen_id not in (None, kept.id):
            return None
        found = self.type.find_visible(self.client, kept.id, self.type.address_in(self.inputs.dump()))
        if found is None or not self.type.has_unique_key(found.properties, self.inputs):
            return None
        self.context.reporter.note(
            f"{self.type.title(self.inputs, kept.id)} was kept when its resource was replaced, and is taken back by it."
        )
        return kept.id, "taken back"

    def _own_or_adopted(self, may_have_made: PendingCreate | None) -> tuple[str, Origin] | None:
        """Return what exists, if an earlier attempt has made it or it is to be adopted."""
        own = None if may_have_made is None else self._find_own(self.inputs, may_have_made)
        origin: Origin = "resumed"
        how = "was created by an earlier attempt of this resource; resuming that create"
        if own is None and self.inputs.adopt:
            own, how, origin = self._listed(self.inputs), "exists and is adopted", "adopted"
        if own is None or self.conflict.holder(own) is not None:
            return None
        self.context.reporter.note(f"{self.type.noun} {own} {how}.")
        return own, origin

    def _find_own(self, inputs: AnyInputs, pending: PendingCreate) -> str | None:
        """Return the id of what exists, if one of the attempts has made it."""
        address = self.type.address_in(inputs.dump())
        if pending.id is not None:
            # Where that object is removed, there is nothing to wait for in a list.
            try:
                return pending.id if isinstance(self.type.find(self.client, pending.id, address), Observed) else None
            except errors.NeverThere:
                return None  # another instance has this address by now
        listed = self._listed(inputs)
        found = None if listed is None else self.type.find(self.client, listed, address)
        if not isinstance(found, Observed):
            return None
        event = creation_of(self.client, self.type.events, found.id, address)
        if event is not None and not self.type.may_be(event, inputs):
            return None  # it was created as something else, and has got this unique key since
        by, at = (None, found.created) if event is None else (event.editor.user_id, event.creation_date)

        def may_have_made(each: PendingCreate) -> bool:
            return any(by in (None, attempt.by) and self._lasted_at(attempt, at) for attempt in each.attempts)

        for other in self.context.pending.all():
            # Another resource has made it, or may have made the same object.
            same = other.id is None and other.identity == pending.identity
            if other.resource != self.resource and (
                other.is_of(self.type.token, found.id) or (same and may_have_made(other))
            ):
                return None
        return found.id if may_have_made(pending) else None

    def _lasted_at(self, attempt: Attempt, moment: datetime | None) -> bool:
        """Return whether the attempt can have made what was created at that moment."""
        settings = self.client.transport.settings
        # A call that was cut off may still be on its way to the database for as long as a call may take.
        last = attempt.began + settings.retry_deadline if attempt.ended is None else attempt.ended
        earliest, latest = attempt.began - _TOLERANCE, last + settings.timeout + _TOLERANCE
        return moment is not None and earliest <= moment.astimezone(timezone.utc).timestamp() <= latest

    def _listed(self, inputs: AnyInputs) -> str | None:
        """Return the id of what exists. Lists that lag are given some time to show it; reads by an id do not lag."""
        return poll(
            lambda: self.type.find_existing(self.client, inputs),
            lambda found: found is not None,
            within=_LISTED_WITHIN if inputs.chosen_id is None else 0,
            sleep=self.client.transport.sleep,
        )

    def _can_see_existing(self) -> bool:
        try:
            return self.type.find_existing(self.client, self.inputs) is not None
        except ZorgError:
            return False

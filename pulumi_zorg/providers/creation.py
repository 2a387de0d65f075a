"""Creates exactly one object: none is lost with an answer, and none of somebody else's is taken.

That a create may be repeated rests on the server: the name of an organization is unique on its instance, and a grant
is unique for its organization, user, project and project grant, so that a second one is refused (409). What stands
there then is this resource's own if a note says that an earlier try may have made it, and the object agrees with the
note: the id that the server gave, or a creation while one of the tries lasted, by that try's user where the event
store tells.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from typing import Any, Generic

import tenacity

from pulumi_zorg.client import Client
from pulumi_zorg.errors import AlreadyExists, ApiError, NameTaken, NeverThere, UnexpectedAnswer, Unreachable, ZorgError
from pulumi_zorg.lifecycle import DeletionPolicy
from pulumi_zorg.proof import created
from pulumi_zorg.providers.converge import end
from pulumi_zorg.providers.journal import Journal, Note, Try
from pulumi_zorg.providers.kind import AnyInputs, Kind, Sighting
from pulumi_zorg.providers.rivals import Rivals
from pulumi_zorg.providers.waiting import look_until

__all__ = ["Creation", "create_once", "settle"]

#: Seconds by which the moments of a note and of an object may differ: HTTP dates have whole seconds.
_TOLERANCE = 3.0
#: Seconds that a list is given to show what the server says exists.
_LISTED_WITHIN = 10.0


@dataclass(frozen=True)
class Creation:
    """What came of a create.

    :param anew: whether this very call made it, so that it is as declared, but for the flag.
    """

    id: str
    anew: bool


class _MayHaveHappened(Exception):
    """A create whose answer was lost."""

    def __init__(self, failure: ZorgError) -> None:
        super().__init__(str(failure))
        self.failure = failure


def create_once(
    kind: Kind[AnyInputs],
    client: Client,
    inputs: AnyInputs,
    owner: str,
    journal: Journal,
    rivals: Rivals,
    *,
    warn: Callable[[str], None],
) -> Creation:
    """The object that this resource creates, or that an earlier try of it has created.

    :param owner: the resource, as ``project/stack/kind/name``.
    :param rivals: the other resources of the program, which may have to make room.
    :raises NameTaken: where something stands there that this resource did not make.
    """
    url = client.transport.settings.url
    identity = kind.identity(inputs.model_dump())
    me = client.me.id  # asked before the clock is read: its answer tells the server's time
    note = journal.find(url, owner)
    if note is not None and not note.serves(identity):
        note = None
    if note is not None and (note.id is not None or note.identity != identity):
        left = _left_behind(kind, client, inputs, note, rivals)
        if left is not None:
            # By its id it is found again, whatever it is called when this run is cut short too.
            _keep(journal, replace(note, id=left), warn)
            return Creation(left, anew=False)
        note = None
    # The tries that may have made it: this one only once an answer of its own was lost.
    earlier = () if note is None else note.tries
    this = Try(me, client.transport.server_time())
    trying = _Trying(
        kind,
        client,
        inputs,
        rivals,
        note=Note(url, owner, identity, (*earlier, this), None if note is None else note.id),
        doubtful=replace(note, tries=earlier) if note is not None else None,
        keep=lambda note: _keep(journal, note, warn),
        forget=lambda: journal.forget(url, owner),
    )
    trying.keep(trying.note)
    try:
        made = _patiently(trying.once, client)
    except _MayHaveHappened as error:
        ended = replace(this, ended=client.transport.server_time())
        trying.keep(replace(trying.note, tries=(*earlier, ended)))
        raise error.failure from None
    trying.keep(replace(trying.note, id=made.id))
    return made


@dataclass
class _Trying(Generic[AnyInputs]):
    """One run's tries.

    :param note: what is remembered of them.
    :param doubtful: the tries that may have made what stands there; None where none can have.
    """

    kind: Kind[AnyInputs]
    client: Client
    inputs: AnyInputs
    rivals: Rivals
    note: Note
    doubtful: Note | None
    keep: Callable[[Note], None]
    forget: Callable[[], None]

    def once(self, wait: bool = True) -> Creation:
        """One call, and what its answer means.

        :raises _MayHaveHappened: where it does not tell.
        """
        kind, client, inputs = self.kind, self.client, self.inputs
        try:
            return Creation(kind.create(client, inputs), anew=True)
        except AlreadyExists as error:
            refused = error
        except (Unreachable, UnexpectedAnswer, ApiError) as failure:
            if failure.performed:
                self.doubtful = self.note
                raise _MayHaveHappened(failure) from None
            # What is no answer of ZITADEL's says nothing about what ZITADEL did: then the note stays.
            if self.doubtful is None and not isinstance(failure, UnexpectedAnswer):
                self.forget()
            raise
        standing = self._own()
        if standing is not None:
            return Creation(standing, anew=False)
        if self.doubtful is None or _seen(kind, client, inputs):
            self.forget()  # none of the tries has made what stands there
            self.doubtful = None
        if wait and self.rivals.have_made_room(kind, client, inputs, str(refused)):
            self.keep(self.note)
            return self.once(wait=False)
        raise _taken(kind, client, inputs, refused)

    def _own(self) -> str | None:
        """What stands there, if an earlier try has made it or it is to be adopted."""
        own = None if self.doubtful is None else _own(self.kind, self.client, self.inputs, self.doubtful)
        how = "was created by an earlier try of this resource; going on with it"
        if own is None and self.inputs.adopt:
            own = _listed(self.kind, self.client, self.inputs)
            how = "stands there, and is adopted"
        if own is None or self.rivals.have(own):
            return None
        self.client.transport.notice(f"{self.kind.noun} {own} {how}.")
        return own


def _patiently(once: Callable[[], Creation], client: Client) -> Creation:
    def say(state: tenacity.RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome else None
        wait = state.next_action.sleep if state.next_action else 0.0
        client.transport.notice(
            f"{error} It may have happened; trying again in {wait:.1f} s, which cannot make a second one."
        )

    passing = tenacity.stop_before_delay(client.transport.settings.retry_deadline)
    once_more = tenacity.stop_after_attempt(2)
    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception_type(_MayHaveHappened),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=15),
        # What may pass is waited for; what is no answer of ZITADEL's is asked once more and then told.
        stop=lambda state: passing(state) if _is_passing(state) else once_more(state),
        before_sleep=say,
        sleep=client.transport.sleep,
        reraise=True,
    )
    made: Creation = retrying(once)
    return made


def settle(
    kind: Kind[AnyInputs],
    client: Client,
    inputs: AnyInputs,
    owner: str,
    standing: str,
    journal: Journal,
    rivals: Rivals,
) -> None:
    """Before the resource adopts what stands there: what an earlier try of it has created is not left behind."""
    url = client.transport.settings.url
    note = journal.find(url, owner)
    if note is None:
        return
    if note.handed is None:
        before = _as_noted(inputs, note)
        own = _own(kind, client, before, note)
        if own is not None and own != standing and not rivals.have(own):
            _remove(kind, client, own, before)
    journal.forget(url, owner)


def _is_passing(state: tenacity.RetryCallState) -> bool:
    error = state.outcome.exception() if state.outcome else None
    return isinstance(error, _MayHaveHappened) and isinstance(error.failure, Unreachable)


def _left_behind(kind: Kind[AnyInputs], client: Client, inputs: AnyInputs, note: Note, rivals: Rivals) -> str | None:
    """What an earlier try made before the program came to declare something else.

    It is this resource's: where what differs can be changed, it is what to go on with; else it is removed, as a
    replacement would.
    """
    before = _as_noted(inputs, note)
    own = _own(kind, client, before, note)
    if own is None or rivals.have(own):
        return None
    now = kind.identity(inputs.model_dump())
    if all(name not in inputs.replaces for name in now if now[name] != note.identity.get(name)):
        return own
    _remove(kind, client, own, before)
    return None


def _as_noted(inputs: AnyInputs, note: Note) -> AnyInputs:
    """What the resource declared when the note was written, as far as the note has it."""
    return inputs.model_copy(update={name: value or None for name, value in note.identity.items()})


def _remove(kind: Kind[AnyInputs], client: Client, own: str, before: AnyInputs) -> None:
    removed = before.model_copy(update={"deletion_policy": DeletionPolicy.REMOVE.value})
    end(kind, client, own, removed, before.model_dump(), guard=lambda step: kind.guard(client, own, removed, step))


def _own(kind: Kind[AnyInputs], client: Client, inputs: AnyInputs, note: Note) -> str | None:
    """The id of what stands there, if it is this resource's own."""
    known: Mapping[str, Any] = inputs.model_dump()
    if note.id is not None:
        # It is known which one it was; where that one is gone, there is nothing to wait for in a list.
        try:
            return note.id if isinstance(kind.find(client, note.id, known), Sighting) else None
        except NeverThere:
            return None  # another instance has come to stand at this address
    standing = _listed(kind, client, inputs)
    if standing is None:
        return None
    found = kind.find(client, standing, known)
    if not isinstance(found, Sighting):
        return None
    event = created(client, standing, kind.begins_with)
    if event is not None:
        own = any(each.by == event.editor.user_id and _within(event.creation_date, each, client) for each in note.tries)
    else:
        own = any(_within(found.details.creation_date, each, client) for each in note.tries)
    return standing if own else None


def _listed(kind: Kind[AnyInputs], client: Client, inputs: AnyInputs) -> str | None:
    """The id of what stands there, which lists that lag are given some time to show."""
    return look_until(
        lambda: kind.find_like(client, inputs),
        lambda standing: standing is not None,
        within=_LISTED_WITHIN,
        sleep=client.transport.sleep,
    )


def _seen(kind: Kind[AnyInputs], client: Client, inputs: AnyInputs) -> bool:
    """Whether it can be seen at all what stands there."""
    try:
        return kind.find_like(client, inputs) is not None
    except ZorgError:
        return False


def _within(moment: datetime | None, tried: Try, client: Client) -> bool:
    """Whether the try can have made what was created at that moment."""
    settings = client.transport.settings
    # A call that was cut off may still be on its way to the database for as long as a call may take.
    last = tried.began + settings.retry_deadline if tried.ended is None else tried.ended
    earliest, latest = tried.began - _TOLERANCE, last + settings.timeout + _TOLERANCE
    return moment is not None and earliest <= moment.astimezone(timezone.utc).timestamp() <= latest


def _taken(kind: Kind[AnyInputs], client: Client, inputs: AnyInputs, refused: AlreadyExists) -> ZorgError:
    try:
        standing = kind.find_like(client, inputs)
        event = None if standing is None else created(client, standing, kind.begins_with)
    except ZorgError:
        standing, event = None, None
    if standing is None:
        return NameTaken(
            f"{refused} What stands there is not shown to this credential; look for it in the console. To take it over, say "
            "adopt=True on this resource with a credential that may see it; else declare another one."
        )
    by = ""
    if event is not None:
        who = event.editor.display_name or event.editor.user_id
        mine = " (this credential's own user)" if event.editor.user_id == client.me.id else ""
        by = f", created by {who}{mine} at {event.creation_date:%Y-%m-%d %H:%M:%S} UTC"
    return NameTaken(
        f"{refused} It is {kind.noun} {standing}{by}, which this resource did not make. To take it over and bring it to what is "
        "declared, say adopt=True on this resource; else declare another one."
    )


def _keep(journal: Journal, note: Note, warn: Callable[[str], None]) -> None:
    try:
        journal.write(note)
    except (OSError, RuntimeError) as error:
        warn(
            f"the note of a creation cannot be kept ({error}; ZORG_JOURNAL_DIR names another folder). If this run is cut "
            "short, the next one may ask for adopt=True."
        )

"""The other resources of the program, as one of them sees them that is being created: what one stands for, another does
not take, and what one is about to let go of, another waits for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi_zorg.client import Client
from pulumi_zorg.errors import NameTaken
from pulumi_zorg.providers.journal import Journal
from pulumi_zorg.providers.kind import AnyInputs, Kind
from pulumi_zorg.providers.owners import Owners, named
from pulumi_zorg.providers.waiting import look_until

__all__ = ["Rivals"]

#: Seconds that another resource is given to rename, or to replace, what stands in the way.
_MOVES_WITHIN = 20.0
#: The program says what it declares in a burst. After so many seconds of silence it has said what there is to say, and
_SILENCE = 0.5
#: so many times it is waited for.
_TIMES = 10


@dataclass(frozen=True)
class _InTheWay:
    """What stands where something is to be created.

    :param id: of the object; None where nothing stands there.
    :param holder: the other resource of the program that stands for it, if one does.
    """

    id: str | None
    holder: str | None


@dataclass(frozen=True)
class Rivals:
    """All resources of the program but one.

    :param owner: that one.
    :param owners: who stands for what, as this run has told.
    :param journal: knows whose creation was cut short, so that the engine does not know what it stands for.
    """

    owner: str
    owners: Owners
    journal: Journal

    def have(self, id: str) -> bool:
        """Whether one of them stands for the object, or is about to replace it."""
        return self.owners.last_holder(id) not in (None, self.owner)

    def let_go_of(self, title: str, id: str) -> None:
        """Makes sure that none of them has taken the object over in this run.

        :raises NameTaken: where one has. Two resources would change one object against each other.
        """
        holder = self.owners.holder(id)
        if holder not in (None, self.owner):
            raise NameTaken(
                f"{title} is not changed: {named(holder or '')} of this program stands for it too, by adopt=True. "
                "Nothing was done. Take one of the two out of the program; the object stays."
            )

    def adoptable(self, kind: Kind[AnyInputs], client: Client, inputs: AnyInputs) -> str | None:
        """The id of what stands there to be adopted; None where nothing does.

        :raises NameTaken: where another resource declares it too, or goes on standing for it.
        """
        seen = self._look(kind, client, inputs)
        if seen.id is not None and seen.holder is None:
            self._hear_all(client)
            seen = self._look(kind, client, inputs)
        refused = f"{kind.title(inputs, seen.id or '')} cannot be adopted."
        twice = self.owners.also(kind.identity(inputs.model_dump()))
        if twice is not None:
            raise NameTaken(f"{refused} {named(twice)} declares it too, and only one resource can manage it.")
        if seen.holder is not None:
            seen = self._wait(kind, client, inputs, seen, refused)
        return seen.id

    def have_made_room(self, kind: Kind[AnyInputs], client: Client, inputs: AnyInputs, refused: str) -> bool:
        """Whether something has stood in the way, and does so no more, so that what was refused can be tried once more.

        :param refused: what the server said to the creation, or to the change, as a sentence.
        :raises NameTaken: where it goes on standing there.
        """
        self._hear_all(client)
        seen = self._look(kind, client, inputs)
        if seen.holder is None:
            return seen.id is None
        self._wait(kind, client, inputs, seen, refused)
        return True

    def _hear_all(self, client: Client) -> None:
        """Lets the engine tell of the program's other resources; the first one is being created before the last is known."""
        for _ in range(_TIMES):
            left = _SILENCE - self.owners.silent_for()
            if left <= 0:
                return
            client.transport.sleep(left)

    def _wait(
        self, kind: Kind[AnyInputs], client: Client, inputs: AnyInputs, first: _InTheWay, refused: str
    ) -> _InTheWay:
        """As when a name is passed on within one run: the other resource has its turn at the same time."""
        client.transport.notice(
            f"waiting for {named(first.holder or '')}, which stands for {kind.noun} {first.id}, to make room."
        )
        last = look_until(
            lambda: self._look(kind, client, inputs),
            lambda seen: seen.holder is None,
            within=min(_MOVES_WITHIN, client.transport.settings.retry_deadline),
            sleep=client.transport.sleep,
        )
        if last.holder is not None:
            raise NameTaken(
                f"{refused} {named(last.holder)} of this program stands for {kind.noun} {last.id} there. If that one is to make "
                "room, run `pulumi up` once more, or let this resource wait for it (depends_on); else declare another one."
            )
        return last

    def _look(self, kind: Kind[AnyInputs], client: Client, inputs: AnyInputs) -> _InTheWay:
        standing = kind.find_like(client, inputs)
        if standing is None:
            return _InTheWay(None, None)
        identity = kind.identity(inputs.model_dump())
        return _InTheWay(standing, self._holder(client.transport.settings.url, standing, identity))

    def _holder(self, url: str, standing: str, identity: Mapping[str, str]) -> str | None:
        if self.have(standing):
            return self.owners.last_holder(standing)
        for note in self.journal.notes(url):
            made = note.id == standing or (note.id is None and note.identity == identity)
            if made and note.owner != self.owner and self.owners.declares(note.owner):
                return note.owner
        return None

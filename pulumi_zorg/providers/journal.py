"""What this machine remembers of creations, so that one that was cut short ends with exactly one object.

The engine has no partial success: a create that fails, or whose process dies, leaves nothing in the state, while the
server may have the object. So a note is written before the call and kept until the engine is seen to know the id. The
next `up` that meets a name that is taken finds in the note that it was itself.

A note holds no credential: the address, which resource of which stack, what it creates, when, and the id once it is known.
It lies in ``zorg/journal`` in Pulumi's home (``ZORG_JOURNAL_DIR`` names another folder), for each backend apart.
Without it (another machine, a runner without a past) a name that is taken is an error that names ``adopt=True``: refusing is the safe side.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path

__all__ = ["Journal", "Note", "Try"]

#: Seconds after which a note is of no use: nobody repeats an `up` that was cut short that long ago.
_KEPT = 30 * 86_400
#: Seconds after which the engine remembers what it was given, or has lost it for another reason than its death.
_HANDED = 3_600


@dataclass(frozen=True)
class Try:
    """One run's try at a creation.

    :param by: the id of the user whose credential it was.
    :param began: when, in seconds since 1970 by the server's clock.
    :param ended: when it was given up without an answer; None where the process died before it could say so.
    """

    by: str
    began: float
    ended: float | None = None


@dataclass(frozen=True)
class Note:
    """One creation.

    :param owner: the resource, as ``project/stack/kind/name``.
    :param identity: what makes the object unique on the server.
    :param tries: what has been tried so far, the last one last.
    :param id: the object's id, once the server has said it.
    :param handed: when the object was handed to the engine, in seconds since 1970 by this machine's clock; None before.
    """

    url: str
    owner: str
    identity: dict[str, str]
    tries: tuple[Try, ...]
    id: str | None = None
    handed: float | None = None

    def serves(self, identity: Mapping[str, str]) -> bool:
        """Whether an object that this note is about may be taken for the resource's own, which now declares ``identity``.

        What the engine was given is the engine's to remember. Where it died before it could, the same `up` follows soon;
        whatever comes later, or declares something else, comes after the resource has left that state on purpose.
        """
        if self.handed is None:
            return True
        return self.identity == identity and time.time() - self.handed < _HANDED


class Journal:
    """The notes of all stacks on this machine, one small file each.

    :param folder: where they are; Pulumi's home by default.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self._given = folder

    @property
    def _folder(self) -> Path:
        return self._given if self._given is not None else _default_folder()

    def find(self, url: str, owner: str) -> Note | None:
        """The note of an earlier try of the same resource; None where the engine has seen its end."""
        try:
            note = _read(self._file(url, owner))
        except RuntimeError:
            return None
        return note if note is not None and (note.url, note.owner) == (url, owner) else None

    def notes(self, url: str) -> tuple[Note, ...]:
        """The notes of all resources of that instance whose creation has not been seen to end."""
        try:
            files = sorted(self._folder.glob("*.json"))
        except (OSError, RuntimeError):
            return ()
        return tuple(note for note in map(_read, files) if note is not None and note.url == url)

    def write(self, note: Note) -> None:
        """Keeps the note; it is on the disk when this returns.

        :raises OSError: where it cannot be kept.
        :raises RuntimeError: where this user has no home to keep it in.
        """
        file = self._file(note.url, note.owner)
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".note-")
        with os.fdopen(handle, "w", encoding="utf-8") as written:
            json.dump(asdict(note), written)
            written.flush()
            os.fsync(written.fileno())
        Path(name).replace(file)

    def hand_over(self, url: str, owner: str, id: str) -> None:
        """The engine is about to be given the object."""
        self._amend(url, owner, id, lambda note: replace(note, handed=time.time()))

    def doubt(self, url: str, owner: str, id: str) -> None:
        """What the server said of the object's id was wrong."""
        self._amend(url, owner, id, lambda note: replace(note, id=None))

    def forget(self, url: str, owner: str) -> None:
        """The engine knows the object, or it was never made."""
        with contextlib.suppress(OSError, RuntimeError):
            self._file(url, owner).unlink()

    def _amend(self, url: str, owner: str, id: str, amended: Callable[[Note], Note]) -> None:
        note = self.find(url, owner)
        if note is not None and note.id == id:
            with contextlib.suppress(OSError, RuntimeError):
                self.write(amended(note))

    def _file(self, url: str, owner: str) -> Path:
        return self._folder / f"{hashlib.sha256(f'{url} {owner}'.encode()).hexdigest()[:32]}.json"


def _read(file: Path) -> Note | None:
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        note = Note(**{**values, "tries": tuple(Try(**each) for each in values["tries"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None  # none, or one that was cut short while being written and so preceded any call
    return note if note.tries and time.time() - note.tries[-1].began < _KEPT else None


def _default_folder() -> Path:
    given = os.environ.get("ZORG_JOURNAL_DIR")
    named = os.environ.get("PULUMI_HOME")
    home = Path(named) if named else Path.home() / ".pulumi"
    folder = Path(given) if given else home / "zorg" / "journal"
    # Where the states are: a stack of the same name in another backend is another stack.
    backend = os.environ.get("PULUMI_BACKEND_URL") or _chosen_backend(home)
    return folder / hashlib.sha256(backend.encode()).hexdigest()[:16]


@cache  # a run keeps to the backend that it began with, and each note would read it again
def _chosen_backend(home: Path) -> str:
    try:
        return str(json.loads((home / "credentials.json").read_text(encoding="utf-8")).get("current"))
    except (OSError, ValueError, AttributeError):
        return str(None)

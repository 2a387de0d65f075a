"""Pending creates: what this machine remembers of creates whose object the engine does not know yet.

The engine has no partial success. A create that fails, or whose process dies, leaves nothing in the state, while the
server may have the object. So a file is written before the call, and deleted when the engine is seen to know the id.
The next `up` of the same resource finds the file, and resumes the create instead of refusing the object as somebody
else's. A file holds no credential. It is in ``zorg/journal`` in Pulumi's home, or in the folder that
``ZORG_JOURNAL_DIR`` names, apart for each backend. Without the file the answer is an error that names ``adopt=True``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

__all__ = ["Attempt", "PendingCreate", "PendingCreates"]

#: The size of a file, in bytes: one block of a disk, which is written whole or not at all. Spaces fill it up.
_SIZE = 4096


@dataclass(frozen=True)
class Attempt:
    """One run's attempt to create the object.

    :param by: the id of the credential's user.
    :param began: when, in seconds since 1970 by the server's clock.
    :param ended: when it was given up without an answer; None where the process died before that.
    """

    by: str
    began: float
    ended: float | None = None


@dataclass(frozen=True)
class PendingCreate:
    """A create whose object the engine does not know yet.

    :param resource: the resource, as :class:`pulumi_zorg.providers.registry.Registry` names it.
    :param identity: what makes the object unique on the server.
    :param attempts: of all runs so far, the last one last.
    :param id: the object's id, once the server has answered with it.
    :param returned: whether the object was returned to the engine, which then died before it wrote its state, or has
        forgotten the object on purpose since (`pulumi state delete`).
    """

    url: str
    resource: str
    identity: dict[str, str]
    attempts: tuple[Attempt, ...]
    id: str | None = None
    returned: bool = False

    def matches(self, identity: Mapping[str, str]) -> bool:
        """Whether the create of ``identity`` may resume this one. An object that was returned is never changed into another."""
        return not self.returned or self.identity == identity


class PendingCreates:
    """The pending creates of one instance.

    :param url: the instance.
    :param folder: where the files are; None keeps them in memory only, for this run.
    :param warn: is given a sentence where a file cannot be written.
    """

    def __init__(self, url: str, folder: Path | None, warn: Callable[[str], None]) -> None:
        self._url = url
        self._folder = folder
        self._warn = warn
        self._lock = threading.Lock()
        files = () if folder is None else sorted(folder.glob("*.json"))
        found = (each for each in map(_read, files) if each is not None and each.url == url)
        self._of: dict[str, PendingCreate] = {each.resource: each for each in found}
        #: The resources by the ids of their objects. The engine shows each id of a stack.
        self._by_id: dict[str, set[str]] = {}
        for each in self._of.values():
            self._index(each)

    def find(self, resource: str) -> PendingCreate | None:
        """The pending create of the resource."""
        with self._lock:
            return self._of.get(resource)

    def all(self) -> tuple[PendingCreate, ...]:
        """All pending creates of the instance, of all stacks."""
        with self._lock:
            return tuple(self._of.values())

    def others(self, resource: str) -> tuple[PendingCreate, ...]:
        """The pending creates of the other resources, of all stacks."""
        with self._lock:
            return tuple(each for each in self._of.values() if each.resource != resource)

    def keep(self, pending: PendingCreate, *, synced: bool = True) -> None:
        """Remember it. It is in its file when this returns, or the user is warned that it is not.

        A resource is created in one thread, and has a file of its own. So the lock, which all resources share, does not wait
        for the disk.

        :param synced: whether to wait until it is on the disk, where it outlives a power failure. What is kept before a call
            must be.
        """
        with self._lock:
            self._of[pending.resource] = pending
            self._index(pending)
        if self._folder is None:
            return
        try:
            _write(self._file(pending.resource, self._folder), pending, synced=synced)
        except OSError as error:
            self._warn(
                f"a pending create cannot be kept ({error}; ZORG_JOURNAL_DIR names another folder). If this run is cut "
                "short, the next one may need adopt=True."
            )

    def amend(self, resource: str, **changes: Any) -> None:
        """Change what is remembered of the resource's create, if anything is. It does not wait for the disk."""
        pending = self.find(resource)
        if pending is not None:
            self.keep(replace(pending, **changes), synced=False)

    def forget(self, resource: str) -> None:
        """The object was never created, or the engine knows it."""
        with self._lock:
            forgotten = self._of.pop(resource, None)
        if forgotten is not None and self._folder is not None:
            with contextlib.suppress(OSError):
                self._file(resource, self._folder).unlink()

    def seen_by_engine(self, id: str) -> None:
        """The engine has shown that its state has the id, so that create is not pending any more."""
        with self._lock:
            created = [each for each in self._by_id.pop(id, ()) if each in self._of and self._of[each].id == id]
        for resource in created:
            self.forget(resource)

    def _index(self, pending: PendingCreate) -> None:
        if pending.id is not None:
            self._by_id.setdefault(pending.id, set()).add(pending.resource)

    def _file(self, resource: str, folder: Path) -> Path:
        return folder / f"{hashlib.sha256(f'{self._url} {resource}'.encode()).hexdigest()[:32]}.json"


def _read(file: Path) -> PendingCreate | None:
    try:
        values = json.loads(file.read_bytes().rstrip())
        return PendingCreate(**{**values, "attempts": tuple(Attempt(**each) for each in values["attempts"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None  # the file was cut short while being written, which is before any call


def _write(file: Path, pending: PendingCreate, *, synced: bool) -> None:
    """Write the file in place. Its size does not change: after a power failure it has the old content, or the new one."""
    values = {**vars(pending), "attempts": [vars(each) for each in pending.attempts]}
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as written:
        written.write(json.dumps(values).encode().ljust(_SIZE))
        written.truncate()
        if synced:
            written.flush()
            os.fsync(written.fileno())

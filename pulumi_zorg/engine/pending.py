"""Pending creates: what this machine remembers of creates that have not returned their object to the engine.

The engine has no partial success. A create that fails, or whose process dies, leaves nothing in the state, while the
server may have the object. So a file is written before the call, and deleted when the create returns: from then on the
engine decides whether its state has the object. The next `up` of the same resource finds the file, and resumes the create
instead of refusing the object as somebody else's. A file holds no credential and no secret. It is in ``zorg/journal`` in
Pulumi's home, or in the folder that ``ZORG_JOURNAL_DIR`` names, apart for each backend. Without the file the answer is an
error that names ``adopt=True``.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pulumi_zorg.world.tokens import type_token

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
    """A create that has not returned its object to the engine.

    :param resource: the resource, as :class:`pulumi_zorg.engine.registry.Registry` names it.
    :param identity: what makes the object unique on the server.
    :param attempts: of all runs so far, the last one last.
    :param id: the object's id, once the server has answered with it.
    :param secret: whether a part of the identity is secret. Then it is kept in memory only, for this run.
    """

    url: str
    resource: str
    identity: dict[str, str]
    attempts: tuple[Attempt, ...]
    id: str | None = None
    secret: bool = False

    @property
    def object(self) -> tuple[str, str | None]:
        """The type of the resource and the id of its object: an id alone is not unique."""
        return type_token("".join(self.resource.split("/", 4)[3:4])), self.id


class PendingCreates:
    """The pending creates of one instance.

    :param url: the instance.
    :param folder: where the files are; None keeps them in memory only, for this run.
    :param warn: is given a sentence where a file cannot be written.
    :param read_only: whether the files are only looked at.
    """

    def __init__(self, url: str, folder: Path | None, warn: Callable[[str], None], *, read_only: bool = False) -> None:
        self._url = url
        self._folder = folder
        self._warn = warn
        self._lock = threading.Lock()
        files = () if folder is None else sorted(folder.glob("*.json"))
        read = (_read(file, read_only=read_only) for file in files)
        found = (each for each in read if each is not None and each.url == url)
        self._of: dict[str, PendingCreate] = {each.resource: each for each in found}
        #: The resources by their objects. The engine shows each object of a stack.
        self._by_object: dict[tuple[str, str | None], set[str]] = {}
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
        file = self._file(pending.resource, self._folder)
        try:
            if pending.secret:
                file.unlink(missing_ok=True)
            else:
                _write(file, pending, synced=synced)
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
        """The object was never created, or was returned to the engine."""
        with self._lock:
            forgotten = self._of.pop(resource, None)
        if forgotten is None or self._folder is None:
            return
        file = self._file(resource, self._folder)
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            self._warn(
                f"the file of a pending create cannot be deleted ({error}). Delete {file}: a later run could resume that create."
            )

    def seen_by_engine(self, type: str, id: str) -> None:
        """The engine has shown that its state has the object, so that create is not pending any more.

        Another resource may have adopted it.
        """
        with self._lock:
            resources = self._by_object.pop((type, id), ())
            created = [each for each in resources if each in self._of and self._of[each].id == id]
        for resource in created:
            self.forget(resource)

    def _index(self, pending: PendingCreate) -> None:
        if pending.id is not None:
            self._by_object.setdefault(pending.object, set()).add(pending.resource)

    def _file(self, resource: str, folder: Path) -> Path:
        return folder / f"{hashlib.sha256(f'{self._url} {resource}'.encode()).hexdigest()[:32]}.json"


def _read(file: Path, *, read_only: bool) -> PendingCreate | None:
    try:
        values = json.loads(file.read_bytes().rstrip())
        if values.pop("returned", False):  # an earlier release kept what was returned to the engine
            if not read_only:
                file.unlink()
            return None
        return PendingCreate(**{**values, "attempts": tuple(Attempt(**each) for each in values["attempts"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
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

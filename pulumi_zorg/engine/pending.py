"""Pending creates: what this machine remembers of creates that have not returned their object to the engine.

The engine has no partial success. A create that fails, or whose process dies, leaves nothing in the state, while the
server may have the object. So a file is written before the call, and deleted when the create returns: from then on the
engine decides whether its state has the object. The next `up` of the same resource finds the file, and resumes the create
instead of refusing the object as somebody else's. A file holds no credential and no secret. It is in ``zorg/journal`` in
Pulumi's home, or in the folder that ``ZORG_JOURNAL_DIR`` names, apart for each backend: two stacks of one project and name
in two backends are two stacks. Without the file the answer is an error that names ``adopt=True``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from pulumi_zorg.settings.pulumi_project import project_file
from pulumi_zorg.world.tokens import type_token

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
    """A create that has not returned its object to the engine. The names of the fields are those in its file.

    :param resource: the resource, as :class:`pulumi_zorg.engine.managed_objects.ManagedObjects` names it.
    :param identity: the properties that make the object unique on the server, and ``custom_id`` where the program chooses the id.
    :param attempts: of all runs so far, the last one last.
    :param id: the object's id, once a read has shown what was created.
    :param secret: whether a part of the identity is secret. Then it is kept in memory only, for this run.
    """

    url: str
    resource: str
    identity: dict[str, str]
    attempts: tuple[Attempt, ...]
    id: str | None = None
    secret: bool = False

    def is_of(self, token: str, id: str) -> bool:
        """Return whether it is the create of this object: an id is unique only within a type."""
        return self.id == id and type_token("".join(self.resource.split("/", 4)[3:4])) == token


class PendingCreates:
    """The pending creates of one instance, of all stacks of one backend.

    A resource is created in one thread, and has a file of its own. So only single operations on a dictionary are shared.

    :param url: the instance.
    :param folder: where the files are; None keeps them in memory only, for this run.
    :param warn: is given a sentence where a file cannot be written.
    """

    def __init__(self, url: str, folder: Path | None, warn: Callable[[str], None]) -> None:
        self._url, self._folder, self._warn = url, folder, warn
        read = map(_read, () if folder is None else sorted(folder.glob("*.json")))
        self._of = {each.resource: each for each in read if each is not None and each.url == url}

    def find(self, resource: str) -> PendingCreate | None:
        """Return the pending create of the resource."""
        return self._of.get(resource)

    def all(self) -> tuple[PendingCreate, ...]:
        """Return all pending creates of the instance."""
        return tuple(self._of.copy().values())

    def keep(self, pending: PendingCreate, *, synced: bool = True) -> None:
        """Remember it. It is in its file when this returns, or the user is warned that it is not.

        :param synced: whether to wait until it is on the disk, where it outlives a power failure. What is kept before a call
            must be.
        """
        self._of[pending.resource] = pending
        file = self._file(pending.resource)
        if file is None:
            return
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
        """Delete the pending create: its object was never created, or was returned to the engine."""
        file = self._file(resource)
        if self._of.pop(resource, None) is None or file is None:
            return
        try:
            file.unlink(missing_ok=True)
        except OSError as error:
            self._warn(
                f"the file of a pending create cannot be deleted ({error}). Delete {file}: a later run could resume that create."
            )

    def seen_by_engine(self, token: str, id: str) -> None:
        """Delete the pending creates of an object that the engine's state has. Another resource may have adopted it."""
        for each in self.all():
            if each.is_of(token, id):
                self.forget(each.resource)

    def _file(self, resource: str) -> Path | None:
        name = hashlib.sha256(f"{self._url} {resource}".encode()).hexdigest()[:32]
        return None if self._folder is None else self._folder / f"{name}.json"


def _read(file: Path) -> PendingCreate | None:
    try:
        values = json.loads(file.read_bytes().rstrip())
        if values.pop("returned", False):  # an earlier release kept what was returned to the engine
            return None
        return PendingCreate(**{**values, "attempts": tuple(Attempt(**each) for each in values["attempts"])})
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return None  # the file was cut short while being written, which is before any call


def _write(file: Path, pending: PendingCreate, *, synced: bool) -> None:
    """Write the file in place. Its size does not change: after a power failure it has the old content, or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as written:
        written.write(json.dumps(asdict(pending)).encode().ljust(_SIZE))
        written.truncate()
        if synced:
            written.flush()
            os.fsync(written.fileno())


def pending_creates_folder(program: Path | None = None) -> Path | None:
    """Return the folder for this backend's pending creates; None where the backend cannot be distinguished from another one.

    The engine does not tell a provider which backend it uses, so this follows the engine's own order: PULUMI_BACKEND_URL, Pulumi.yaml,
    `pulumi login`. A path which is relative to the folder in which `pulumi` was called cannot be distinguished: the provider does not
    know that folder.

    :param program: the program's folder. The default is the current folder, in which the engine starts providers.
    """
    with contextlib.suppress(OSError, RuntimeError, ValueError, AttributeError, yaml.YAMLError):
        home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        given = os.environ.get("ZORG_JOURNAL_DIR")
        folder = Path(given).expanduser() if given else home / "zorg" / "journal"
        url = os.environ.get("PULUMI_BACKEND_URL") or _of_project(program or Path.cwd()) or _of_credentials(home)
        path = url.removeprefix("file://") if url and url.startswith("file://") else None
        if url and (path is None or path.startswith("~") or os.path.isabs(path)):
            return folder / hashlib.sha256(url.encode()).hexdigest()[:16]
    return None


def _of_project(program: Path) -> str | None:
    """Return the backend that the project's file names."""
    file = project_file(program)
    if file is None:
        return None
    backend = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("backend") or {}
    return str(backend["url"]) if backend.get("url") else None


def _of_credentials(home: Path) -> str | None:
    folder = Path(os.environ.get("PULUMI_CREDENTIALS_PATH") or home)
    return json.loads((folder / "credentials.json").read_text(encoding="utf-8")).get("current") or None

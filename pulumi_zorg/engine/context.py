"""What the provider's process has once. Providers themselves have no attributes, so nothing of it gets into the state."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pulumi_zorg.engine.managed_objects import ManagedObjects
from pulumi_zorg.engine.pending import PendingCreates, pending_creates_folder
from pulumi_zorg.engine.preview import Preview
from pulumi_zorg.engine.reporter import Reporter
from pulumi_zorg.errors import ConfigurationError, ZorgError
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.settings.config import Settings

if TYPE_CHECKING:  # A preview without changes makes no call, and does not load what calls need.
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.world.reader import World


@dataclass
class ProviderContext:
    """The settings, the client, and what this run has learned.

    :param settings: the instance and the credential.
    :param connect: makes the client that all resources share, when the first call is made.
    :param pending: the pending creates of this instance and backend.
    :ivar is_preview: whether this run is a preview. The host does not say so; resources do, in `check`.
    :ivar is_import: whether this run is an import. The engine calls nothing but `check` in it.
    """

    settings: Settings
    connect: Callable[[], Client]
    pending: PendingCreates
    reporter: Reporter = field(default_factory=Reporter)
    objects: ManagedObjects = field(default_factory=ManagedObjects)
    preview: Preview = field(init=False)
    is_preview: bool = False
    is_import: bool = False
    _client: Client | None = None
    _world: World | None = None
    _lock: threading.RLock = field(default_factory=threading.RLock)

    def __post_init__(self) -> None:
        self.preview = Preview(self.settings, self.reporter, self.objects)

    @classmethod
    def from_settings(cls, settings: Settings) -> ProviderContext:
        """Return the context of a run with these settings."""
        reporter = Reporter()
        reporter.set_up_log()
        pending = PendingCreates(settings.url, pending_creates_folder(), reporter.warn)

        def connect() -> Client:
            from pulumi_zorg.api.client import Client

            return Client.connect(settings, notice=reporter.note)

        return cls(settings, connect, pending, reporter)

    @property
    def client(self) -> Client:
        """The client that all resources share."""
        with self._lock:
            if self._client is None:
                self._client = self.connect()
            return self._client

    @property
    def world(self) -> World:
        """Reads what exists: in a refresh from lists, where there are many objects."""
        with self._lock:
            if self._world is None:
                from pulumi_zorg.world.reader import World

                self._world = World(self.client, RESOURCE_TYPES)
            return self._world

    def close(self) -> None:
        """Write what was kept for the end of the run, and close the connections."""
        self.preview.close()
        if self._client is not None:
            self._client.close()

    def declared_before(
        self, resource: str | None, olds: Mapping[str, Any], unfinished: Collection[str] = ()
    ) -> dict[str, Any]:
        """Return what the resource declared before this run, by property. What is missing from it is to be as declared now.

        :param olds: the outputs in the state, for a resource that was not checked.
        :param unfinished: the properties that an update which failed half way was to change.
        """
        before = self.objects.declared(resource).before
        return {name: value for name, value in (olds if before is None else before).items() if name not in unfinished}


_current: ProviderContext | None = None


def start(context: ProviderContext) -> None:
    """Make it the context of this process; a context that was started before is closed."""
    global _current  # noqa: PLW0603 - the one thing that the process has once
    stop()
    _current = context


def stop() -> None:
    """Close the context of this process."""
    global _current  # noqa: PLW0603 - the one thing that the process has once
    if _current is not None:
        _current.close()
    _current = None


def current() -> ProviderContext:
    """Return the context of this process.

    :raises ConfigurationError: where no provider has been configured.
    """
    if _current is None:
        raise ConfigurationError("The provider was used before it was configured")
    return _current


def is_started() -> bool:
    """Return whether this process has a context."""
    return _current is not None


@contextmanager
def readable() -> Iterator[None]:
    """Make an error of this package one message, without secrets and without the errors that led to it."""
    try:
        yield
    except ZorgError as error:
        raise (error if _current is None else _current.reporter.mask_error(error)) from None

"""What the provider's process has once: its settings, its client, its log, and the way it speaks to the user.

Providers themselves hold nothing, so that nothing of this can get into the state with them.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Mapping

from pulumi.dynamic import ConfigureRequest

from pulumi_zorg.client import Client
from pulumi_zorg.config import load_settings
from pulumi_zorg.providers.journal import Journal

__all__ = ["begin", "client", "configure", "journal", "note", "owners", "warn"]

log = logging.getLogger("pulumi_zorg")

_lock = threading.Lock()
_client: Client | None = None

#: What this machine remembers of creations.
journal = Journal()


class Owners:
    """Which resource of the program declares which object, as the checks of this run have told."""

    def __init__(self) -> None:
        self._owners: dict[tuple[tuple[str, str], ...], str] = {}
        self._lock = threading.Lock()

    def claim(self, identity: Mapping[str, str], owner: str) -> str | None:
        """Remembers who declares the object; gives the other resource where there is one already."""
        if not identity:
            return None
        with self._lock:
            first = self._owners.setdefault(_key(identity), owner)
        return None if first == owner else first

    def of(self, identity: Mapping[str, str]) -> str:
        """Who declares the object."""
        with self._lock:
            # A state of a program that does not say who it is: the object itself must do.
            return self._owners.get(_key(identity), f"?/{sorted(identity.items())}")

    def known(self, identity: Mapping[str, str], journal: Journal) -> None:
        """The engine has shown that it knows the object's id: the note of its creation has served."""
        if identity and _client is not None:
            journal.forget(_client.transport.settings.url, self.of(identity))


def _key(identity: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(identity.items()))


#: Of this process.
owners = Owners()


def configure(request: ConfigureRequest) -> None:
    """Reads the settings, once in a process, and sets up the log.

    :raises ConfigurationError: where they are missing, doubled or malformed; nothing was called then.
    """
    global _client  # noqa: PLW0603 - this module is what the process has once
    # The host shows an error with its traceback; the user is to see the message alone.
    sys.tracebacklimit = 0
    with _lock:
        _set_up_log()
        if _client is None:
            _client = Client.connect(load_settings(lambda key: request.config.get(f"zorg:{key}")), notice=note)


def begin(given: Client | None) -> None:
    """Begins as a new process would, with this client instead of one of the settings; for tests, and for who embeds."""
    global _client, owners
    with _lock:
        if _client is not None:
            _client.close()
        _client, owners = given, Owners()


def client() -> Client:
    """The client that all resources of this process share."""
    if _client is None:
        raise RuntimeError("the provider was used before it was configured")
    return _client


def note(sentence: str) -> None:
    """Tells the user something that happens; the engine shows it under Diagnostics."""
    print(f"zorg: {sentence}", file=sys.stderr, flush=True)


def warn(sentence: str) -> None:
    """Tells the user something to look at."""
    note(f"warning: {sentence}")


def _set_up_log() -> None:
    if os.environ.get("ZORG_LOG", "").lower() != "debug" or log.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(logging.Formatter("zorg: %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    # Other libraries' loggers stay as they are: they would print headers.
    log.propagate = False

"""What the provider's process has once: its settings, its client, its log, and the way it speaks to the user.

Providers themselves hold nothing, so that nothing of this can get into the state with them.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Collection, Mapping
from typing import Any

from pulumi.dynamic import ConfigureRequest

from pulumi_zorg.client import Client
from pulumi_zorg.config import load_settings
from pulumi_zorg.errors import hide as hide_texts
from pulumi_zorg.errors import without_secrets
from pulumi_zorg.impact import Planned
from pulumi_zorg.providers.foresight import Foresight
from pulumi_zorg.providers.journal import Journal
from pulumi_zorg.providers.kind import Kind
from pulumi_zorg.providers.owners import Owners

__all__ = [
    "begin",
    "client",
    "configure",
    "foretell",
    "hide",
    "journal",
    "known",
    "known_by_id",
    "note",
    "owners",
    "preview",
    "warn",
]

log = logging.getLogger("pulumi_zorg")

_lock = threading.Lock()
_speaking = threading.Lock()
_client: Client | None = None

#: What this machine remembers of creations.
journal = Journal()

#: Which resource of the program stands for which object.
owners = Owners()

#: Asks and says what a preview would do to people; None where this is none, or where it is not to be said.
_foresight: Foresight | None = None

#: Which properties are secret, by what was declared: `diff` is handed exactly what `check` gave.
_secret: dict[str, frozenset[str]] = {}

#: Whose note is about which object, as the notes were when the first deletion came.
_noted: dict[str, str] | None = None


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
    global _client, owners, _foresight, _noted
    with _lock:
        for old in (_client, _foresight):
            if old is not None:
                old.close()
        _client, owners, _foresight, _noted = given, Owners(), None, None
        _secret.clear()


def client() -> Client:
    """The client that all resources of this process share."""
    if _client is None:
        raise RuntimeError("the provider was used before it was configured")
    return _client


def known(identity: Mapping[str, str], id: str) -> None:
    """The engine has shown that it knows the object: the note of its creation has served.

    A note about another object is that of a replacement, which the engine does not know yet.
    """
    if identity and _client is not None:
        url, owner = _client.transport.settings.url, owners.of(identity)
        noted = journal.find(url, owner)
        if noted is not None and noted.id == id:
            journal.forget(url, owner)


def known_by_id(id: str) -> None:
    """The same, where only the id is told: the resource is being deleted, and may have left the program."""
    global _noted  # noqa: PLW0603 - this module is what the process has once
    if _client is None:
        return
    url = _client.transport.settings.url
    with _lock:
        if _noted is None:  # read once: what this run creates, it does not delete
            _noted = {each.id: each.owner for each in journal.notes(url) if each.id is not None}
        owner = _noted.get(id)
    if owner is not None:
        journal.forget(url, owner)


def preview() -> None:
    """This is a preview, and no more: from now on it is said what would happen."""
    global _foresight  # noqa: PLW0603 - this module is what the process has once
    with _lock:
        if _foresight is None and _client is not None and _client.transport.settings.preview_impact:
            _foresight = Foresight(_client.transport.settings)


def hide(kind: Kind[Any], names: Collection[str], before: Mapping[str, Any], declared: Mapping[str, Any]) -> None:
    """The program says that these properties are secret: neither these values of them nor those before are shown.

    :param declared: all that it declares of the resource, in the state's form.
    """
    if not names:
        return
    with _lock:
        key = _declared(kind, declared)
        _secret[key] = _secret.get(key, frozenset()) | frozenset(names)
        values = [each.get(name) for each in (before, declared) for name in names]
        parts = [part for value in values for part in (value if isinstance(value, list) else [value])]
        hide_texts(part for part in parts if isinstance(part, str))


def _declared(kind: Kind[Any], properties: Mapping[str, Any]) -> str:
    return repr((kind.token, [properties.get(name) for name in kind.inputs.model_fields]))


def foretell(kind: Kind[Any], planned: Planned) -> None:
    """Says in a preview what the change would do to people; nothing where nothing of weight happens."""
    if _foresight is None:
        return
    hidden = _secret.get(_declared(kind, planned.after or {}), frozenset())
    if planned.adopts:
        planned = _foresight.adoption(kind, planned)
    for sentence in _foresight.sentences(planned, hidden):
        note(sentence)


def note(sentence: str) -> None:
    """Tells the user something that happens; the engine shows it under Diagnostics."""
    with _speaking:
        # One write: four threads speak, and a line of one must not end within another's.
        sys.stderr.write(f"zorg: {without_secrets(sentence)}\n")
        sys.stderr.flush()


def warn(sentence: str) -> None:
    """Tells the user something to look at."""
    note(f"warning: {sentence}")


class _Formatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return without_secrets(super().format(record))


def _set_up_log() -> None:
    if os.environ.get("ZORG_LOG", "").lower() != "debug" or log.handlers:
        return
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Formatter("zorg: %(message)s"))
    log.addHandler(handler)
    log.setLevel(logging.DEBUG)
    # Other libraries' loggers stay as they are: they would print headers.
    log.propagate = False

"""What the provider reports to the user, and what it must not show."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Collection, Mapping
from typing import Any, TextIO

from pulumi_zorg.resource_types.registry import INPUTS
from pulumi_zorg.settings.masking import Masking, texts_in

log = logging.getLogger("pulumi_zorg")


class Reporter(Masking):
    """Writes sentences for the user, without the values that the program declares as secret.

    :param stream: where the sentences go; standard error, which the engine shows under Diagnostics.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream
        self._writing = threading.Lock()
        #: The secret properties of a resource, by what it declares: the engine gives `diff` exactly what `check` returned.
        self._hidden: dict[str, frozenset[str]] = {}

    def note(self, sentence: str) -> None:
        """Report something that happens."""
        line = f"zorg: {self.mask(sentence)}\n"
        with self._writing:
            # One write: four threads report, and a line of one must not end within another's.
            stream = self._stream or sys.stderr
            stream.write(line)
            stream.flush()

    def warn(self, sentence: str) -> None:
        """Report something that the user should look at."""
        self.note(f"warning: {sentence}")

    def hide_properties(
        self, token: str, names: Collection[str], before: Mapping[str, Any], declared: Mapping[str, Any]
    ) -> None:
        """Show neither these values of secret properties from now on, nor those before.

        :param token: the resource's type token.
        :param declared: all that the program declares of the resource, in the state's form.
        """
        key = _key(token, declared)
        self._hidden[key] = self._hidden.get(key, frozenset()) | frozenset(names)
        self.hide(part for each in (before, declared) for name in names for part in texts_in(each.get(name)))

    def hidden(self, token: str, declared: Mapping[str, Any]) -> frozenset[str]:
        """Return the properties that the program declares as secret. See :meth:`hide_properties`."""
        return self._hidden.get(_key(token, declared), frozenset())

    def set_up_log(self) -> None:
        """Write the log to standard error if ``ZORG_LOG=debug`` is set."""
        if os.environ.get("ZORG_LOG", "").lower() != "debug" or log.handlers:
            return
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_MaskingFormatter(self))
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)
        # The loggers of other libraries stay as they are: they would print headers.
        log.propagate = False


def _key(token: str, properties: Mapping[str, Any]) -> str:
    return repr((token, [properties.get(name) for name in INPUTS[token].names()]))


class _MaskingFormatter(logging.Formatter):
    def __init__(self, reporter: Reporter) -> None:
        super().__init__("zorg: %(message)s")
        self._reporter = reporter

    def format(self, record: logging.LogRecord) -> str:
        return self._reporter.mask(super().format(record))

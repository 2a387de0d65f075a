"""Keeps what a program declares as secret out of messages."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pulumi_zorg.errors import ZorgError, clean


class Masking:
    """The secret texts of one process, and messages without them."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secrets: tuple[str, ...] = ()

    def hide(self, texts: Iterable[str]) -> None:
        """From now on, mask these texts."""
        # As they are, as they are cleaned, and as they are between quotes.
        forms = {form for text in texts for form in (text, clean(text), repr(clean(text))[1:-1])} - {""}
        with self._lock:
            self._secrets = tuple(sorted({*self._secrets, *forms}, key=lambda text: (-len(text), text)))

    def mask(self, text: str) -> str:
        """Return ``text`` with ``[secret]`` in place of what is hidden."""
        for secret in self._secrets:
            text = text.replace(secret, "[secret]")
        return text

    def mask_error(self, error: ZorgError) -> ZorgError:
        """Return the same error with a masked message, and without the errors that led to it."""
        error.args = (self.mask(str(error)),)
        error.__cause__, error.__suppress_context__ = None, True
        return error


def texts_in(value: Any) -> Iterator[str]:
    """Return the strings in a value and in its parts."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple | Mapping):
        for part in [*value, *value.values()] if isinstance(value, Mapping) else value:
            yield from texts_in(part)

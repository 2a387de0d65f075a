"""How many writes a process makes at once."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager

#: A server of July 2026 lost about one in a thousand state changes with four writers, and none of 4,800 with two.
_AT_ONCE = 2


class Writes:
    """Lets at most two writes of one type run at once. Types do not wait for each other, and reads do not wait."""

    def __init__(self) -> None:
        self._slots: defaultdict[str, threading.Semaphore] = defaultdict(lambda: threading.Semaphore(_AT_ONCE))
        self._lock = threading.Lock()

    @contextmanager
    def of(self, token: str) -> Iterator[None]:
        """Wait until the type may be written, and keep the place until the end of the block."""
        with self._lock:
            slots = self._slots[token]
        with slots:
            yield

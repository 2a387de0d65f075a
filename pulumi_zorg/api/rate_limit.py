"""The pause that all calls of a client make when the server allows no more calls (429)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable


class RateLimit:
    """Keeps all threads from sending until the server takes calls again.

    Without it each thread would try for itself, and a call could be refused until its deadline while others are answered.

    :param sleep: waits for that many seconds.
    :param notice: is given a sentence at the first pause, the second, the fourth, the eighth and so on: a long run has hundreds.
    """

    def __init__(self, sleep: Callable[[float], None], notice: Callable[[str], None]) -> None:
        self._sleep = sleep
        self._notice = notice
        self._lock = threading.Lock()
        self._ends = 0.0  # of the monotonic clock
        self._pauses = 0

    def pause(self, url: str, seconds: float) -> None:
        """Send no call for so many seconds. Several calls that are refused at a time make one pause."""
        with self._lock:
            now = time.monotonic()
            if now < self._ends:
                self._ends = max(self._ends, now + seconds)
                return
            self._ends = now + seconds
            self._pauses += 1
            pauses = self._pauses
        if pauses & (pauses - 1) == 0:
            count = "" if pauses == 1 else f" This is pause {pauses} of this run."
            self._notice(f"{url} takes no more calls for {seconds:.1f} s (429): waiting.{count}")

    def wait(self) -> None:
        """Return when calls may be sent."""
        with self._lock:
            left = self._ends - time.monotonic()
        if left > 0:
            self._sleep(left)

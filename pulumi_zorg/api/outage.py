"""What all calls of a client share about a server that does not answer."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

#: How many connections that break may be made before anything has answered.
_BROKEN = 3


class Outage:
    """Decides how long calls are repeated while the server does not answer, and reports that once for all of them.

    All calls that meet the same outage share one deadline: a command with many calls waits no longer than a command with one.

    :param url: the address.
    :param deadline: seconds of an outage after which calls are not repeated any more.
    :param notice: is given a sentence when an outage begins, and one when it ends that has the count. A flaky server has
        hundreds of outages: the first, the second, the fourth, the eighth and so on are reported.
    """

    def __init__(self, url: str, deadline: float, notice: Callable[[str], None]) -> None:
        self._url, self._deadline, self._notice = url, deadline, notice
        self._lock = threading.Lock()
        self._reached = False
        self._broken = 0
        self._since: float | None = None  # of the monotonic clock
        self._outages = 0
        self._repeated = 0
        self._reported = False

    @property
    def reached(self) -> bool:
        """Whether anything has ever answered at the address."""
        return self._reached

    def is_worth_repeating(self, *, connected: bool) -> bool:
        """Whether a call that failed without an answer may succeed when it is repeated.

        Before anything has answered, the address is probably wrong. A connection that breaks is made again a few times, because
        something listens there. Where there is no connection, waiting would only delay the error.
        """
        return self._reached or (connected and self._broken < _BROKEN)

    def failed(self, *, answered: bool) -> None:
        """A call got no answer of ZITADEL.

        :param answered: whether a gateway answered in its place.
        """
        with self._lock:
            self._reached = self._reached or answered
            self._broken += 1
            if self._since is None:
                self._since = time.monotonic()

    def left(self, began: float) -> float:
        """Return the seconds in which a call may be repeated.

        :param began: when the call was made first, by the monotonic clock.
        """
        with self._lock:
            since = began if self._since is None else min(began, self._since)
        return since + self._deadline - time.monotonic()

    def repeats(self, sentence: str) -> None:
        """A call is about to wait, and to be made again.

        :param sentence: what is reported where it is the first call of this outage.
        """
        with self._lock:
            self._repeated += 1
            first = self._repeated == 1
            if first:
                self._outages += 1
                self._reported = self._outages & (self._outages - 1) == 0
            outages, reported = self._outages, self._reported
        if first and reported:
            count = "" if outages == 1 else f" This is outage {outages} of this run."
            self._notice(f"{sentence}{count}")

    def ended(self) -> None:
        """The server answered a call."""
        with self._lock:
            self._reached = True
            since, repeated, reported = self._since, self._repeated, self._reported
            self._since, self._repeated, self._reported = None, 0, False
        if since is not None and repeated and reported:
            times = "1 call was" if repeated == 1 else f"{repeated} calls were"
            self._notice(f"{self._url} answers again after {time.monotonic() - since:.1f} s: {times} repeated.")

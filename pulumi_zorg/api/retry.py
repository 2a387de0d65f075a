"""Repeating what may succeed later, with exponential backoff and full jitter, and how all calls of a client wait together:
during an outage, and while the server allows no more calls (429).
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0


def retry(
    call: Callable[[], T],
    *,
    should_retry: Callable[[Exception], bool],
    left: Callable[[], float],
    sleep: Callable[[float], None],
    notify: Callable[[Exception, float], None],
    retry_after: Callable[[Exception], float | None] = lambda error: None,
) -> T:
    """Return what ``call`` returns, and repeat it as long as its error may pass.

    :param should_retry: whether an error may pass.
    :param left: the seconds that are left until the last error is raised.
    :param sleep: waits for that many seconds.
    :param notify: is given the error and the seconds until the next attempt.
    :param retry_after: the seconds that the server requested to wait, if it did.
    """
    attempt = 0
    while True:
        attempt += 1
        try:
            return call()
        except Exception as error:
            if not should_retry(error):
                raise
            requested = retry_after(error)
            wait = (requested or 0.0) + _jittered(attempt if requested is None else 1, _FIRST_WAIT, _LONGEST_WAIT)
            if wait >= left():
                raise
            notify(error, wait)
        sleep(wait)


def poll(
    read: Callable[[], T],
    enough: Callable[[T], bool],
    *,
    within: float,
    sleep: Callable[[float], None],
    first: float = 0.2,
) -> T:
    """Return what ``read`` returns once that is ``enough``; else what it returned last.

    :param within: seconds after which it is not read again.
    :param sleep: waits for that many seconds.
    :param first: the longest wait before it is read for the second time, in seconds.
    """
    began, waited, attempt = time.monotonic(), 0.0, 0
    while True:
        attempt += 1
        found, wait = read(), _jittered(attempt, first, 2.0)
        # What was waited counts by itself too, whatever the clock of ``sleep`` is.
        if enough(found) or max(time.monotonic() - began, waited) + wait >= within:
            return found
        sleep(wait)
        waited += wait


def _jittered(attempt: int, first: float, longest: float) -> float:
    """Return the seconds before the next attempt: at random, up to a limit that doubles with each attempt."""
    return random.uniform(0, min(longest, first * 2.0 ** min(attempt - 1, 30)))  # noqa: S311 - no secret


#: How many connections that break may be made before anything has answered.
_BROKEN = 3


class Patience:
    """Decides how long calls wait and are repeated, and reports that once for all of them.

    All calls that meet the same outage share one deadline: a command with many calls waits no longer than a command with one. After a
    429 no thread sends until the server takes calls again. Without that each would try for itself, and a call could be refused until
    its deadline while others are answered.

    :param url: the address.
    :param deadline: seconds of an outage after which calls are not repeated any more.
    :param sleep: waits for that many seconds.
    :param notice: is given a sentence when an outage or a pause begins, and one with the count when an outage ends. A long run can
        have hundreds: the first, the second, the fourth, the eighth and so on are reported.
    """

    def __init__(
        self, url: str, deadline: float, sleep: Callable[[float], None], notice: Callable[[str], None]
    ) -> None:
        self._url, self._deadline, self._sleep, self._notice = url, deadline, sleep, notice
        self._lock = threading.Lock()
        #: Whether anything has ever answered at the address.
        self.reached = False
        self._broken = 0
        self._since: float | None = None  # of the monotonic clock
        self._outages = self._pauses = 0
        self._repeated = 0
        self._reported = False
        self._pause_ends = 0.0  # of the monotonic clock

    def pause(self, seconds: float) -> None:
        """Send no call for so many seconds. Several calls that are refused at a time make one pause."""
        with self._lock:
            now = time.monotonic()
            begins = now >= self._pause_ends
            self._pause_ends = max(self._pause_ends, now + seconds)
            self._pauses += begins
            pauses = self._pauses
        if begins and _is_reported(pauses):
            count = "" if pauses == 1 else f" This is pause {pauses} of this run."
            self._notice(f"{self._url} takes no more calls for {seconds:.1f} s (429): waiting.{count}")

    def wait(self) -> None:
        """Return when calls may be sent."""
        with self._lock:
            left = self._pause_ends - time.monotonic()
        if left > 0:
            self._sleep(left)

    def is_worth_repeating(self, *, connected: bool) -> bool:
        """Whether a call that failed without an answer may succeed when it is repeated.

        Before anything has answered, the address is probably wrong. A connection that breaks is made again a few times, because
        something listens there. Where there is no connection, waiting would only delay the error.
        """
        return self.reached or (connected and self._broken < _BROKEN)

    def failed(self, *, answered: bool) -> None:
        """A call got no answer of ZITADEL.

        :param answered: whether a gateway answered in its place.
        """
        with self._lock:
            self.reached = self.reached or answered
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
            if self._repeated > 1:
                return
            self._outages += 1
            outages = self._outages
            reported = self._reported = _is_reported(outages)
        if reported:
            count = "" if outages == 1 else f" This is outage {outages} of this run."
            self._notice(f"{sentence}{count}")

    def ended(self) -> None:
        """The server answered a call."""
        with self._lock:
            self.reached = True
            since, repeated, reported = self._since, self._repeated, self._reported
            self._since, self._repeated, self._reported = None, 0, False
        if since is not None and repeated and reported:
            times = "1 call was" if repeated == 1 else f"{repeated} calls were"
            self._notice(f"{self._url} answers again after {time.monotonic() - since:.1f} s: {times} repeated.")


def _is_reported(number: int) -> bool:
    return number & (number - 1) == 0

"""Repeating what may succeed later, with exponential backoff and full jitter."""

from __future__ import annotations

import random
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
            wait = _jittered(attempt, _FIRST_WAIT, _LONGEST_WAIT)
            if requested is not None:
                wait = requested + _jittered(1, _FIRST_WAIT, _LONGEST_WAIT)
            if wait >= left():
                raise
            notify(error, wait)
        sleep(wait)


def poll(read: Callable[[], T], enough: Callable[[T], bool], *, within: float, sleep: Callable[[float], None]) -> T:
    """Return what ``read`` returns once that is ``enough``; else what it returned last.

    :param within: seconds after which it is not read again.
    :param sleep: waits for that many seconds.
    """
    ends = time.monotonic() + within
    attempt = 0
    while True:
        attempt += 1
        found, wait = read(), _jittered(attempt, 0.2, 2.0)
        if enough(found) or time.monotonic() + wait >= ends:
            return found
        sleep(wait)


def _jittered(attempt: int, first: float, longest: float) -> float:
    """Return the seconds before the next attempt: at random, up to a limit that doubles with each attempt."""
    return random.uniform(0, min(longest, first * 2.0 ** min(attempt - 1, 30)))  # noqa: S311 - no secret

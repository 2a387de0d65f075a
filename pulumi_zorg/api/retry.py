"""Repeating what may succeed later, with exponential backoff and full jitter."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import TypeVar

import tenacity

__all__ = ["poll", "retry"]

T = TypeVar("T")

_FIRST_WAIT, _LONGEST_WAIT = 0.5, 15.0


def retry(
    call: Callable[[], T],
    *,
    should_retry: Callable[[BaseException], bool],
    left: Callable[[], float],
    sleep: Callable[[float], None],
    notify: Callable[[BaseException, float], None],
    retry_after: Callable[[BaseException], float | None] = lambda error: None,
) -> T:
    """Return what ``call`` returns, and repeat it as long as its error may pass.

    :param should_retry: whether an error may pass.
    :param left: the seconds that are left until the last error is raised.
    :param sleep: waits for that many seconds.
    :param notify: is given the error and the seconds until the next attempt.
    :param retry_after: the seconds that the server requested to wait, if it did.
    """

    def wait(state: tenacity.RetryCallState) -> float:
        jittered = tenacity.wait_random_exponential(multiplier=_FIRST_WAIT, max=_LONGEST_WAIT)(state)
        requested = retry_after(_error(state))
        return jittered if requested is None else requested + random.uniform(0, _FIRST_WAIT)  # noqa: S311 - no secret

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_exception(should_retry),
        wait=wait,
        stop=lambda state: state.upcoming_sleep >= left(),
        before_sleep=lambda state: notify(_error(state), state.next_action.sleep if state.next_action else 0.0),
        sleep=sleep,
        reraise=True,
    )
    result: T = retrying(call)
    return result


def poll(read: Callable[[], T], enough: Callable[[T], bool], *, within: float, sleep: Callable[[float], None]) -> T:
    """Return what ``read`` returns once that is ``enough``; else what it returned last.

    :param within: seconds after which it is not read again.
    :param sleep: waits for that many seconds.
    """

    def last(state: tenacity.RetryCallState) -> T:
        assert state.outcome is not None  # noqa: S101 - narrows the type for the checker: there was a read
        read_last: T = state.outcome.result()
        return read_last

    retrying = tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda found: not enough(found)),
        wait=tenacity.wait_random_exponential(multiplier=0.2, max=2),
        stop=tenacity.stop_before_delay(within),
        retry_error_callback=last,
        sleep=sleep,
    )
    result: T = retrying(read)
    return result


def _error(state: tenacity.RetryCallState) -> BaseException:
    error = state.outcome.exception() if state.outcome else None
    assert error is not None  # noqa: S101 - narrows the type for the checker: only errors are repeated
    return error

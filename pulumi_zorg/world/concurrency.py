"""Makes the same read for each of many objects, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Protocol, TypeVar

from pulumi_zorg.errors import CredentialError, Unauthenticated, Unreachable, ZorgError

__all__ = ["Progress", "no_progress", "read_each"]

#: Reads at a time: as many as the engine makes.
_WORKERS = 4

#: Errors that are about the server or the credential, and not about one object.
_FATAL = (CredentialError, Unauthenticated, Unreachable)

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Progress(Protocol):
    """Shows the progress of work that can take long."""

    def __call__(self, items: Iterable[Item], total: int, what: str) -> Iterable[Item]:
        """Return the items, and show each as done when the next one is taken.

        :param what: the work, like ``Reading by id``.
        """


def no_progress(items: Iterable[Item], total: int, what: str) -> Iterable[Item]:
    """Return the items and show nothing."""
    return items


def read_each(
    progress: Progress, read: Callable[[Item], Answer], items: Sequence[Item], what: str
) -> Iterator[tuple[Item, Answer | ZorgError]]:
    """Return each item with what ``read`` returned for it, or with its error, in the order of the answers.

    :param what: the work, for the progress.
    :raises ZorgError: where an error concerns all items: no connection, no token.
    """
    if not items:
        return
    with ThreadPoolExecutor(_WORKERS, thread_name_prefix="zorg") as pool:
        try:
            running = {pool.submit(read, item): item for item in items}
            for done in progress(as_completed(running), len(running), what):
                try:
                    yield running[done], done.result()
                except _FATAL:
                    raise
                except ZorgError as error:
                    yield running[done], error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

"""One question about each of many objects, a few at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import Protocol, TypeVar

from pulumi_zorg.client import Client
from pulumi_zorg.errors import CredentialError, Unauthenticated, Unreachable, ZorgError

__all__ = ["Reader", "Track", "ask", "untracked"]

#: As many as the engine's own host asks at a time.
_AT_A_TIME = 4

#: What ends everything, rather than being about one object.
_FATAL = (CredentialError, Unauthenticated, Unreachable)

Item = TypeVar("Item")
Answer = TypeVar("Answer")


class Track(Protocol):
    """Follows work that takes long: gives the items back as they are done."""

    def __call__(self, items: Iterable[Item], total: int, what: str) -> Iterable[Item]:
        """The items, as they come."""


def untracked(items: Iterable[Item], total: int, what: str) -> Iterable[Item]:
    """Shows nothing."""
    return items


class Reader:
    """A client, and who is shown how far the work is."""

    def __init__(self, client: Client, track: Track = untracked) -> None:
        self.client = client
        self.track = track


def ask(
    reader: Reader, question: Callable[[Item], Answer], items: Sequence[Item], what: str
) -> Iterator[tuple[Item, Answer | ZorgError]]:
    """The answers, in the order in which they come; an error where it is about that object alone.

    :param what: what is being done, for who is shown how far it is.
    :raises ZorgError: where it is about all of them: no connection, no token.
    """
    if not items:
        return
    with ThreadPoolExecutor(_AT_A_TIME, thread_name_prefix="zorg") as pool:
        try:
            asked = {pool.submit(question, item): item for item in items}
            for done in reader.track(as_completed(asked), len(asked), what):
                try:
                    yield asked[done], done.result()
                except _FATAL:
                    raise
                except ZorgError as error:
                    yield asked[done], error
        finally:
            pool.shutdown(wait=True, cancel_futures=True)

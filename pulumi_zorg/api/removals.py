"""Which organizations this process has removed. A caller whose rights went with one cannot be shown that it is removed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Removals:
    """The removals of organizations in this process.

    An imported state has no dependencies before the first `pulumi up`, so the engine deletes an organization and what is in it
    at the same time.
    """

    def __init__(self) -> None:
        self._done: set[str] = set()
        self._locks: dict[str, threading.RLock] = {}

    @contextmanager
    def of(self, org_id: str) -> Iterator[None]:
        """The block removes the organization. It raises an error where that did not succeed.

        An organization that the state has twice is removed twice, one after the other.
        """
        with self._lock(org_id):
            yield
            self._done.add(org_id)

    def include(self, org_id: str) -> bool:
        """Whether this process has removed the organization. A removal that runs is awaited."""
        with self._lock(org_id):
            return org_id in self._done

    def _lock(self, org_id: str) -> threading.RLock:
        return self._locks.setdefault(org_id, threading.RLock())

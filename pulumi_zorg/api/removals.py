"""Which organizations this process has removed. A caller whose rights went with one cannot be shown that it is removed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["Removals"]


class Removals:
    """The removals of organizations in this process.

    An imported state has no dependencies before the first `pulumi up`, so the engine deletes an organization and what is in it
    at the same time.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._done: set[str] = set()
        # An organization that the state has twice is removed twice at the same time.
        self._running: list[tuple[str, threading.Event]] = []

    @contextmanager
    def of(self, org_id: str) -> Iterator[None]:
        """The block removes the organization. It raises an error where that did not succeed."""
        ended = threading.Event()
        with self._lock:
            self._running.append((org_id, ended))
        try:
            yield
            with self._lock:
                self._done.add(org_id)
        finally:
            with self._lock:
                self._running.remove((org_id, ended))
            ended.set()

    def include(self, org_id: str) -> bool:
        """Whether this process has removed the organization. A removal that runs is awaited."""
        with self._lock:
            running = [ended for removed, ended in self._running if removed == org_id]
        for ended in running:
            ended.wait()
        with self._lock:
            return org_id in self._done

"""Runs of a program that looks things up, in the process of the test."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import pulumi
import pytest

import pulumi_zorg as zorg
from pulumi_zorg.resource_types import lookup
from pulumi_zorg.settings.config import Settings
from tests.support.servers import Server

Result = TypeVar("Result")


class Program:
    """A program with a server's address and a credential in its environment. Each run asks its own questions.

    :param server: the server of the first run.
    """

    def __init__(self, server: Server, patch: pytest.MonkeyPatch) -> None:
        self.server = server
        self._patch = patch
        self.begin(server.token)

    def begin(self, token: str) -> None:
        """Begin another run, with this personal access token."""
        self._patch.setenv("ZITADEL_URL", self.server.proxy.url)
        self._patch.setenv("ZITADEL_TOKEN", token)
        self._patch.setattr(pulumi.runtime.settings.SETTINGS, "monitor", None, raising=False)
        # Other threads see the first monitor that the process was given, like the mocks of another test, until None is set to None.
        pulumi.runtime.settings.SETTINGS.monitor = None
        lookup._run_with.cache_clear()

    def listed(self, find: Callable[[], Result]) -> Result:
        """Return what a lookup finds once the server's lists show it: those of a real server lag."""
        found: list[Result] = []

        def seen() -> bool:
            self.begin(self.server.token)
            try:
                found.append(find())
            except zorg.NoMatch:
                return False
            return bool(found[-1])

        assert self.server.shows(seen)
        return found[-1]


@contextmanager
def program(server: Server, patch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A program that talks through a server's proxy. Its connections are closed at the end."""
    runs: list[lookup._Run] = []
    begin = lookup._Run.__init__

    def begun(run: lookup._Run, settings: Settings) -> None:
        begin(run, settings)
        runs.append(run)

    patch.setattr(lookup._Run, "__init__", begun)
    yield Program(server, patch)
    for run in runs:
        run.close()
    lookup._run_with.cache_clear()

"""Which organizations a process has removed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Event

import pytest

from pulumi_zorg.client.removals import Removals


def test_a_removal_that_runs_is_awaited() -> None:
    removals, begun, may_end = Removals(), Event(), Event()

    def remove() -> None:
        with removals.of("acme"):
            begun.set()
            assert may_end.wait(10)

    with ThreadPoolExecutor() as pool:
        removing = pool.submit(remove)
        assert begun.wait(10)
        asked = pool.submit(removals.include, "acme")
        assert not removals.include("globex")
        assert not asked.done()
        may_end.set()
        assert asked.result(10)
        removing.result(10)
    assert removals.include("acme")


def test_a_removal_that_failed_is_none() -> None:
    removals = Removals()
    with pytest.raises(ValueError, match="refused"), removals.of("acme"):
        raise ValueError("refused")
    assert not removals.include("acme")

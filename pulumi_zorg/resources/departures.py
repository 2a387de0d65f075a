"""What leaves the program, told at the end of a preview.

In a preview the engine asks no provider about what it would delete, or replace because it was told to. So the program
itself compares: the state as it was when the program began, with the resources that have been declared by its end.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

import pulumi
from pulumi.runtime.config import get_config

from pulumi_zorg.config import Settings, load_settings
from pulumi_zorg.errors import ConfigurationError, ZorgError
from pulumi_zorg.impact import SECRET, Planned
from pulumi_zorg.providers.foresight import Foresight
from pulumi_zorg.providers.kind import Kind
from pulumi_zorg.providers.kinds import KINDS
from pulumi_zorg.providers.session import note
from pulumi_zorg.state import Standing, read_export, standing

__all__ = ["stays", "watch"]

#: Seconds that reading the state may take longer than the program.
_PATIENCE = 15.0

_watch: _Watch | None = None


def watch() -> None:
    """Begins to watch, where this is a program in a preview; else it does nothing.

    The package calls this where it is imported, so that a program is watched that declares nothing any more.
    """
    global _watch  # noqa: PLW0603 - a program runs once in a process
    if _watch is not None or not pulumi.runtime.is_dry_run():
        return
    # A program that another one runs in a thread of its own (the automation API) has no diagnostics of its own to write to.
    if threading.current_thread() is not threading.main_thread():
        return
    try:
        program = asyncio.current_task()
        settings = load_settings(lambda key: get_config(f"zorg:{key}"))
    except (RuntimeError, ConfigurationError):
        return  # no program is running, or the provider will say what is wrong
    if program is None or not settings.preview_impact:
        return
    if getattr(program.get_coro(), "__name__", "") != "run_in_stack":
        # Within something that the program awaits: its end is not the program's.
        note("what this preview would remove is not told: pulumi_zorg is imported after the program has begun.")
    else:
        _watch = _Watch(settings)
        program.add_done_callback(_watch.end)


def stays(resource: pulumi.CustomResource, kind: Kind[Any], given: Mapping[str, Any]) -> None:
    """The program declares that resource, with these arguments."""
    if _watch is not None:
        _watch.declared(resource, kind, given)


class _Watch:
    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._urns: set[str] = set()
        self._ids: set[str] = set()
        #: Who takes over what stands there: the resource, the type, and what it declares.
        self._adopts: list[tuple[str, str, Mapping[str, Any]]] = []
        name = pulumi.get_stack()
        # Now, so that it is read while the program runs. By its short name alone a stack may be another organization's, and
        # the oldest kind of backend knows no other.
        self._export = _Export(f"{pulumi.get_organization()}/{pulumi.get_project()}/{name}")
        self._short = name

    def declared(self, resource: pulumi.CustomResource, kind: Kind[Any], given: Mapping[str, Any]) -> None:
        """Remembers what is declared, as far as that becomes known in a preview."""

        def adopts(known: Mapping[str, Any]) -> None:
            if known.get("adopt") is True:
                self._adopts.append((known["urn"], kind.token, known))

        inputs = {name: value for name, value in given.items() if value is not None}
        pulumi.Output.all(urn=resource.urn, **inputs).apply(adopts)
        resource.urn.apply(self._urns.add)
        # Not known, and so not called, where the resource is to be created, or replaced.
        resource.id.apply(self._ids.add)

    def end(self, program: asyncio.Task[Any]) -> None:
        """The program has ended, and the engine has planned all there is to do."""
        if program.cancelled() or program.exception() is not None:
            self._export.stop()
            return  # who has not come to its end has not said all that stays
        found = self._read()
        if found is None:
            note("what this preview would remove is not told: `pulumi stack export` did not give the state.")
            return
        leaving = [each for each in found if each.id not in self._ids and not self._is_adopted(each)]
        if not leaving:
            return
        foresight = Foresight(self._settings)
        try:
            with ThreadPoolExecutor(4) as pool:
                for sentences in pool.map(lambda each: self._told(foresight, each), leaving):
                    for sentence in sentences:
                        note(sentence)
        finally:
            foresight.close()

    def _is_adopted(self, each: Standing) -> bool:
        """Whether another resource takes the object over, so that it stays when this one leaves."""
        return any(
            urn != each.urn and type_ == each.type and KINDS[type_].is_same(each.known, declared)
            for urn, type_, declared in self._adopts
        )

    def _told(self, foresight: Foresight, each: Standing) -> Iterable[str]:
        # What is declared and has no id yet is replaced, or was found to be gone and is made anew.
        found = foresight.standing(KINDS[each.type], each.id, each.known, certain=each.urn in self._urns)
        if found is None:
            return ()
        # What is done is done to what is there, which may be something else than what the state has.
        before = {**dict.fromkeys(each.secret, SECRET), **found}
        return foresight.sentences(Planned(each.type, each.id, before, None), each.secret)

    def _read(self) -> tuple[Standing, ...] | None:
        until = time.monotonic() + _PATIENCE
        text = self._export.text(until)
        if text is None and self._export.refused:
            text = _Export(self._short).text(until)
        try:
            return None if text is None else standing(read_export(text))
        except ZorgError:
            return None


class _Export:
    """The state, as ``pulumi stack export`` gives it; secrets stay encrypted in it."""

    def __init__(self, stack: str) -> None:
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed when it has been read
        self._process: subprocess.Popen[bytes] | None = None
        #: Whether it has said that there is no such stack, or something else that is no state.
        self.refused = False
        with contextlib.suppress(OSError):
            self._process = subprocess.Popen(  # noqa: S603 - the user's own pulumi, and no shell
                ["pulumi", "stack", "export", "--non-interactive", "--stack", stack],  # noqa: S607
                stdin=subprocess.DEVNULL,
                stdout=self._out,
                stderr=subprocess.DEVNULL,
                env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            )

    def text(self, until: float) -> str | None:
        """What it printed; None where it could not.

        :param until: how long it is waited for, by the monotonic clock.
        """
        if self._process is None:
            return None
        try:
            code = self._process.wait(max(0.0, until - time.monotonic()))
            self.refused = code != 0
            self._out.seek(0)
            return self._out.read().decode() if code == 0 else None
        except (subprocess.TimeoutExpired, UnicodeDecodeError):
            return None
        finally:
            self.stop()

    def stop(self) -> None:
        """Ends it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        self._out.close()

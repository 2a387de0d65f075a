"""Runs a command and measures it: time, CPU time, memory and calls."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Measured", "measure"]


@dataclass(frozen=True)
class Measured:
    """What one command took.

    :param seconds: by the clock.
    :param cpu: user and system time of the command and its children, in seconds.
    :param memory: the peak memory of all its processes together, in MiB. 0 where the system does not have /proc.
    :param calls: the calls that the server got.
    """

    seconds: float
    cpu: float
    memory: float
    calls: int = 0


class CommandFailed(Exception):
    """A command that must succeed ended with an error. It has the command's output."""


def measure(command: Sequence[str], folder: Path, env: dict[str, str], codes: Sequence[int] = (0,)) -> Measured:
    """Run a command.

    :param codes: the exit codes that it may end with.
    :raises CommandFailed: if it ends with another one.
    """
    output = folder / "output.txt"
    begin = time.perf_counter()
    with output.open("wb") as file:
        process = subprocess.Popen(
            command, cwd=folder, env=env, stdout=file, stderr=subprocess.STDOUT, start_new_session=True
        )
        watched = _Watched(process.pid)
        thread = threading.Thread(target=watched.run)
        thread.start()
        _, status, used = os.wait4(process.pid, 0)
        code = process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.perf_counter() - begin
        watched.ended.set()
        thread.join()
    if code not in codes:
        raise CommandFailed(f"{' '.join(command)} ended with {code}:\n{output.read_text(errors='replace')}")
    # A look can miss the moment at which the largest process had most.
    return Measured(seconds, watched.cpu, max(watched.memory, used.ru_maxrss) / 1024)


class _Watched:
    """The processes of one session, looked at a few times a second."""

    def __init__(self, session: int) -> None:
        self.session = session
        self.memory = 0
        self.ended = threading.Event()
        self._cpu: dict[int, float] = {}

    @property
    def cpu(self) -> float:
        """The CPU seconds of all processes, as they were last seen."""
        return sum(self._cpu.values())

    def run(self) -> None:
        """Look until the command has ended."""
        while not self.ended.wait(0.1):
            self.memory = max(self.memory, sum(map(self._look, Path("/proc").glob("[0-9]*"))))

    def _look(self, process: Path) -> int:
        """Return the resident memory of a process of the session in KiB, and remember its CPU time."""
        with suppress(OSError, ValueError, IndexError):
            # After the name in brackets: state, parent, group, session, ..., user and system time in clock ticks.
            fields = (process / "stat").read_text().rpartition(")")[2].split()
            if int(fields[3]) == self.session:
                self._cpu[int(process.name)] = (int(fields[11]) + int(fields[12])) / 100
                return int(fields[21]) * 4
        return 0

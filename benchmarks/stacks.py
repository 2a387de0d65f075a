"""The stacks that are measured, each on a backend of its own."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from benchmarks.measure import Measured, measure
from pulumi_zorg.testing import AdminClient

__all__ = ["Server", "Stack", "emulator"]

PROGRAMS = Path(__file__).parent / "programs"
_TOKEN = "bench-token"  # noqa: S105 - of an emulator on loopback


@dataclass(frozen=True)
class Server:
    """A server, with the objects that the programs need. By default, the emulator in a process of its own: only it counts calls.

    :param users: the file with the ids of the users who get a grant.
    """

    url: str
    token: str
    org: str
    project: str
    users: Path

    def set_delay(self, milliseconds: int) -> None:
        """Make each call wait."""
        httpx.post(f"{self.url}/debug/delay", json={"seconds": milliseconds / 1000}).raise_for_status()

    def forget_calls(self) -> None:
        """Empty the list of calls."""
        httpx.delete(f"{self.url}/debug/calls").raise_for_status()

    def calls(self) -> int:
        """The number of calls since :meth:`forget_calls`."""
        return len(self.paths())

    def paths(self) -> list[tuple[str, str]]:
        """The calls since :meth:`forget_calls`, each with its method and its path."""
        found = httpx.get(f"{self.url}/debug/calls").raise_for_status().json()
        return [(each["method"], each["path"]) for each in found]


@contextmanager
def emulator(folder: Path, users: int) -> Iterator[Server]:
    """Start the emulator, with a project and so many users."""
    log = (folder / "emulator.txt").open("wb")
    command = [sys.executable, "-c", "from pulumi_zorg.cli import main; main()", "emulator"]
    process = subprocess.Popen([*command, "--port", "0", "--token", _TOKEN], stderr=log, stdout=log)
    try:
        url = _address(folder / "emulator.txt", process)
        with AdminClient(url, _TOKEN) as admin:
            org = admin.create_organization("Home")
            project = admin.create_project(org, "Portal", ["viewer"])
            ids = [admin.create_user(org, f"user-{number}") for number in range(users)]
        file = folder / "users.txt"
        file.write_text("\n".join(ids), encoding="utf-8")
        yield Server(url, _TOKEN, org, project, file)
    finally:
        process.terminate()
        process.wait()
        log.close()


def _address(log: Path, process: subprocess.Popen[bytes]) -> str:
    """Wait until the emulator answers, and return its address."""
    while process.poll() is None:
        for word in log.read_text(errors="replace").split():
            url = word.rstrip(".,")
            if url.startswith("http://127.0.0.1:"):
                with httpx.Client(transport=httpx.HTTPTransport(retries=5)) as client:
                    client.get(f"{url}/debug/ready").raise_for_status()
                return url
    raise RuntimeError(f"the emulator ended:\n{log.read_text(errors='replace')}")


class Stack:
    """A stack of one of the programs.

    :param program: the folder of its program in benchmarks/programs.
    :param count: the number of its resources.
    :param env: variables that its commands get besides.
    """

    def __init__(
        self, folder: Path, program: str, server: Server, count: int, env: Mapping[str, str] | None = None
    ) -> None:
        self.folder, self.program, self.server, self.count = folder, program, server, count
        shutil.copytree(PROGRAMS / program, folder)
        (folder / "backend").mkdir()
        (folder / "Pulumi.yaml").write_text(f"name: {program}\nruntime: python\n")
        # Without the last one each command would compile all modules again.
        dropped = ("PULUMI_", "ZITADEL_", "ZORG_", "PYTHONDONTWRITEBYTECODE")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
        self.env = {
            **kept,
            "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "bench",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "ZITADEL_URL": server.url,
            "ZITADEL_TOKEN": server.token,
            **(env or {}),
        }
        settings = {"count": str(count), "users": str(server.users), "org": server.org, "project": server.project}
        self._run("stack", "init", "bench")
        self._run("config", "set-all", *(f"--plaintext=bench:{key}={value}" for key, value in settings.items()))

    def measure(self, *command: str, codes: tuple[int, ...] = (0,)) -> Measured:
        """Run a command of `pulumi` or `zorg`, and count the calls."""
        self.server.forget_calls()
        found = measure(command, self.folder, self.env, codes)
        return replace(found, calls=self.server.calls())

    def set(self, key: str, value: str) -> None:
        """Set a configuration key of the program."""
        self._run("config", "set", f"bench:{key}", value)

    def state_bytes(self) -> int:
        """The size of the state for one resource, in bytes."""
        (file,) = (self.folder / "backend" / ".pulumi" / "stacks").glob("*/bench.json")
        return file.stat().st_size // self.count

    def _run(self, *args: str) -> None:
        measure(["pulumi", "--non-interactive", *args], self.folder, self.env)

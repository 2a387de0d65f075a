"""Measures examples/fleet: the same tenants in one stack and in several, against the embedded emulator.

    python benchmarks/fleet.py                                    # 2,000 tenants in 1, 4 and 16 stacks
    python benchmarks/fleet.py --tenants 400 --stacks 1 4
    python benchmarks/fleet.py --tenants 10000 --stacks 40 --commands check preview drift

It needs the command `pulumi` on PATH. A tenant is one organization without user grants, so a stack has one resource for each
tenant. It prints a table in Markdown, with the date and the machine.
"""

from __future__ import annotations

import argparse
import datetime
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpx
import yaml

from pulumi_zorg.emulator import Emulator

ROOT = Path(__file__).resolve().parents[1]
LEFT_OUT = ("PULUMI_", "ZITADEL_", "ZORG_", "FLEET_", "PYTHONDONTWRITEBYTECODE")

#: The commands of fleet.py that are measured, in their order.
COMMANDS = {
    "up": ["up"],
    "up again": ["up"],
    "up --refresh": ["up", "--refresh"],
    "check": ["check"],
    "preview": ["preview"],
    "drift": ["drift"],
}


@dataclass(frozen=True)
class Measured:
    """What a command took.

    :param seconds: by the clock.
    :param cpu: seconds of CPU time of the command and all its processes. The emulator is not among them.
    :param calls: calls that the emulator served.
    :param memory: MB of the largest one of its processes.
    """

    seconds: float
    cpu: float
    calls: int
    memory: float


class Fleet:
    """A copy of the example, with an emulator and a backend of its own."""

    def __init__(self, folder: Path, emulator: Emulator, tenants: int, stacks: int, parallel: int) -> None:
        self.folder = folder / "fleet"
        self.emulator = emulator
        self.parallel = parallel
        shutil.copytree(ROOT / "examples" / "fleet", self.folder)
        project = yaml.safe_load((self.folder / "Pulumi.yaml").read_text(encoding="utf-8"))
        del project["runtime"]["options"]  # the copy is elsewhere; PATH has the environment
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project), encoding="utf-8")
        every = {f"tenant-{number}": {"name": f"Tenant {number}"} for number in range(tenants)}
        data = yaml.safe_dump({"stacks": stacks, "tenants": every})
        (self.folder / "fleet.yaml").write_text(data, encoding="utf-8")
        (folder / "backend").mkdir()
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "benchmark",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "ZITADEL_URL": emulator.url,
            "ZITADEL_TOKEN": emulator.token,
        }

    def run(self, *command: str) -> Measured:
        """Run a command of fleet.py. Its progress goes to standard error.

        :raises RuntimeError: if it fails.
        """
        httpx.delete(f"{self.emulator.url}/debug/calls").raise_for_status()
        full = [sys.executable, "fleet.py", *command, "--parallel", str(self.parallel)]
        began = time.monotonic()
        process = subprocess.Popen(full, cwd=self.folder, env=self.env, stdout=sys.stderr)
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - began
        if process.returncode:
            raise RuntimeError(f"fleet.py {' '.join(command)} ended with {process.returncode}")
        calls = len(httpx.get(f"{self.emulator.url}/debug/calls").raise_for_status().json())
        return Measured(seconds, used.ru_utime + used.ru_stime, calls, used.ru_maxrss / 1024)


def measure(tenants: int, stacks: int, parallel: int, names: Sequence[str]) -> dict[str, Measured]:
    """Return what each of these commands took, with so many tenants in so many stacks. The first one creates them."""
    with tempfile.TemporaryDirectory() as folder, Emulator() as emulator:
        fleet = Fleet(Path(folder), emulator, tenants, stacks, parallel)
        return {name: fleet.run(*command) for name, command in COMMANDS.items() if name == "up" or name in names}


def show(tenants: int, parallel: int, results: dict[int, dict[str, Measured]]) -> None:
    """Print the table."""
    engine = subprocess.run(["pulumi", "version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S607
    today = datetime.datetime.now(tz=datetime.timezone.utc).date()
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}, engine {engine}"
    print(
        f"\n{tenants:,} organizations, at most {parallel} stacks at once, {today}, {machine}. `fleet.py up` creates them, `up"
    )
    print(
        "again` changes nothing. CPU time is that of all processes without the emulator. Memory is that of the largest process.\n"
    )
    print("| stacks | command | seconds | CPU seconds | calls | MB |")
    print("|---|---|---|---|---|---|")
    for stacks, commands in results.items():
        for name, each in commands.items():
            print(f"| {stacks} | {name} | {each.seconds:.0f} | {each.cpu:.0f} | {each.calls:,} | {each.memory:.0f} |")


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure examples/fleet against the emulator.")
    parser.add_argument("--tenants", type=int, default=2_000)
    parser.add_argument("--stacks", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--parallel", type=int, default=os.cpu_count() or 1, help="stacks at once")
    parser.add_argument("--commands", nargs="+", choices=list(COMMANDS), default=list(COMMANDS), help="besides `up`")
    given = parser.parse_args(arguments)
    results = {stacks: measure(given.tenants, stacks, given.parallel, given.commands) for stacks in given.stacks}
    show(given.tenants, given.parallel, results)


if __name__ == "__main__":
    main()

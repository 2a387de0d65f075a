"""Measures what starts without a call, beside `import pulumi`: `python -m benchmarks.startup`.

It takes the CPU time of each command, and the ratio to that of `python -c "import pulumi"` in the same run.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from datetime import datetime, timezone
from pathlib import Path

import click

from pulumi_zorg.cli import COMMANDS

_FLOOR = "import pulumi"
#: What the host of every dynamic provider loads.
_HOST = "import dill, grpc, pulumi.dynamic"
#: What the host does in a preview of an organization that is as it is declared.
_PREVIEW = f"""{_HOST}
from types import SimpleNamespace
from pulumi_zorg.providers.organization import OrganizationProvider
provider = OrganizationProvider()
provider.configure(SimpleNamespace(config={{"zorg:url": "http://127.0.0.1:1", "zorg:token": "token"}}))
state = {{"name": "Acme", "active": True, "adopt": False, "deletion_policy": "remove", "allow_lockout": False}}
checked = provider.check(state, {{**state, "__owner_in_preview": "org/project/dev/Organization/acme"}})
provider.diff("1", state, checked.inputs)
"""
#: What it does before its first call.
_CALL = f"""{_PREVIEW}
from pulumi_zorg.engine import context
provider._hooks()
context.current().client
"""
_PROGRAMS = {
    "a program: `import pulumi`": _FLOOR,
    "a program: `import pulumi_zorg`, and a name of it": "import pulumi_zorg; pulumi_zorg.Organization",
    "the host of a provider that calls nothing": _HOST,
    "the provider's host: a preview without changes": _PREVIEW,
    "the provider's host: ready for a call": _CALL,
}
_PLAN = """{"steps": [{"op": "create", "urn": "urn:pulumi:dev::bench::pulumi-python:dynamic/zorg:Organization::acme",
"newState": {"inputs": {"name": "Acme"}}}], "changeSummary": {"create": 1}}"""

#: A subcommand that does not exist. zorg ends with 1.
_WRONG = "nonsense"


def cpu_seconds(command: list[str], folder: Path, env: Mapping[str, str]) -> float:
    """Return the CPU time of a command.

    :raises RuntimeError: where it does not end as it must.
    """
    process = subprocess.Popen(
        command, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != (1 if _WRONG in command else 0):
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}")
    return used.ru_utime + used.ru_stime


@click.command()
@click.option("--repeat", type=int, default=11, show_default=True, help="Measure so often, in turn; keep the shortest.")
def main(repeat: int) -> None:
    """Measure all commands, and print the table."""
    zorg = str(Path(sys.executable).parent / "zorg")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "plan.json").write_text(_PLAN, encoding="utf-8")
        commands = {title: [sys.executable, "-c", program] for title, program in _PROGRAMS.items()}
        guard = ("preview-guard", "--offline", "plan.json")
        given = [("--version",), ("--help",), (_WRONG,), *((each, "--help") for each in COMMANDS), guard]
        commands |= {f"`zorg {' '.join(each)}`": [zorg, *each] for each in given}
        # Without bytecode, each run would compile all modules. The guard looks for pulumi, whose time does not count here.
        dropped = ("PULUMI_", "ZITADEL_", "ZORG_", "PYTHON", "PATH")
        env = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
        env["PATH"] = str(folder)
        rounds = [{title: cpu_seconds(each, folder, env) for title, each in commands.items()} for _ in range(repeat)]
    best = {title: min(each[title] for each in rounds) for title in commands}
    floor = next(iter(best.values()))
    click.echo(f"{datetime.now(timezone.utc):%Y-%m-%d}, {platform.machine()}, Python {platform.python_version()}\n")
    click.echo("| | CPU seconds | ratio to `import pulumi` |\n|---|---|---|")
    for title, seconds in best.items():
        click.echo(f"| {title} | {seconds:.2f} | {seconds / floor:.2f} |")


if __name__ == "__main__":
    main()

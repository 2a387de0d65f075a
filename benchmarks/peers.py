"""Measures this build beside an earlier one, Terraform's provider and a provider that calls nothing, in turn on one server.

    python -m benchmarks.peers                                             # 100 organizations and 100 user grants, on the emulator
    python -m benchmarks.peers --earlier earlier.whl --terraform terraform

`ZITADEL_TEST_URL` and `ZITADEL_TEST_TOKEN` name a real server to measure on. What the run made there is removed, also after an
error. With `--terraform`, `ZORG_BENCH_TERRAFORM_PROVIDER` is the path of the provider's binary. It prints the medians of all rounds
as a table in Markdown, and ratios beside their limits.
"""

from __future__ import annotations

import os
import platform
import time
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime, timezone
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
import httpx

from benchmarks.contenders import Contender, environment_with, pulumi, terraform
from benchmarks.measure import Measured
from benchmarks.stacks import Server, emulator
from pulumi_zorg.testing import AdminClient

#: All commands. Those of one row run directly one after the other, before it is the next contender's turn.
TURNS = (("up", "refresh"), ("preview",), ("deactivate",), ("reactivate",), ("destroy",))
FLOOR, EARLIER, OURS = "floor", "earlier build", "this build"
FLOOR_SKIPPING, OURS_SKIPPING, TERRAFORM = "floor, skipping", "this build, skipping", "Terraform"
CONTENDERS = (FLOOR, EARLIER, OURS, FLOOR_SKIPPING, OURS_SKIPPING, TERRAFORM)
#: How much of the other's time a command may take.
LIMITS: dict[tuple[str, str], dict[str, float]] = {
    (OURS, EARLIER): {"up": 0.75, "refresh": 0.6, "deactivate": 0.6, "destroy": 0.85},
    (OURS_SKIPPING, TERRAFORM): {"up": 1.0, "refresh": 0.4, "destroy": 0.35},
}

#: What was measured in each round, by the command and the contender.
Results = Mapping[str, Mapping[str, Sequence[Measured]]]


@click.command()
@click.option("--count", type=int, default=200, show_default=True, help="Of both kinds of resources together.")
@click.option("--rounds", type=int, default=2, show_default=True)
@click.option("--earlier", type=click.Path(path_type=Path, exists=True), help="The wheel of an earlier build.")
@click.option("--terraform", "command", help="The command `terraform`.")
@click.option("--only", type=click.Choice(CONTENDERS), multiple=True, help="By default, all.")
def main(count: int, rounds: int, earlier: Path | None, command: str | None, only: tuple[str, ...]) -> None:
    """Measure, and print the table."""
    missing = {name for name, given in ((EARLIER, earlier), (TERRAFORM, command)) if not given}
    names = [name for name in only or CONTENDERS if name not in missing]
    results: dict[str, dict[str, list[Measured]]] = {}
    with TemporaryDirectory() as temporary, _server(Path(temporary)) as (url, token), AdminClient(url, token) as admin:
        folder = Path(temporary)
        old = environment_with(earlier, folder / "earlier") if earlier else {}

        def make(name: str, place: Path, tag: str) -> Contender:
            server = _furnish(admin, url, token, tag, place, count // 2)
            if name == TERRAFORM and command:
                provider = Path(os.environ["ZORG_BENCH_TERRAFORM_PROVIDER"])
                return terraform(place / "terraform", command, provider, server, count, tag)
            env = old if name == EARLIER else {}
            if name in (FLOOR_SKIPPING, OURS_SKIPPING):
                env = {"PULUMI_SKIP_CHECKPOINTS": "true"}
            program = "floor" if name in (FLOOR, FLOOR_SKIPPING) else "zorg"
            return pulumi(place / "stack", program, server, count, tag, env)

        for number in range(rounds):
            with cleared(admin) as tag:
                places = {name: f"{number}-{index}" for index, name in enumerate(names)}
                made = {name: make(name, folder / place, f"{place}-{tag}") for name, place in places.items()}
                for name, what, measured in _take_turns(made):
                    results.setdefault(what, {}).setdefault(name, []).append(measured)
                    click.echo(f"{what:10} {name:20} {measured.seconds:6.2f} s {measured.cpu:6.2f} CPU s", err=True)
    at = "a real server" if "ZITADEL_TEST_URL" in os.environ else "the emulator"
    click.echo(f"\n{count // 2} organizations and {count // 2} user grants on {at}, {rounds} rounds. {_machine()}\n")
    click.echo(table(results))


@contextmanager
def cleared(admin: AdminClient) -> Iterator[str]:
    """Yield a text for names, and remove all organizations with it in their names afterwards."""
    tag = uuid.uuid4().hex[:8]
    search = {
        "query": {"limit": 1000},
        "queries": [{"nameQuery": {"name": tag, "method": "TEXT_QUERY_METHOD_CONTAINS"}}],
    }
    try:
        yield tag
    finally:
        # A list lags behind: it can still show what is removed, and not show yet what was created.
        for _ in range(3):
            time.sleep(1)
            for each in admin.call("POST", "/admin/v1/orgs/_search", search).get("result", []):
                with suppress(httpx.HTTPStatusError):
                    admin.remove_organization(each["id"])


def table(results: Results) -> str:
    """Return the medians as a Markdown table, and the ratios beside their limits."""
    names = [name for name in CONTENDERS if any(name in row for row in results.values())]
    lines = [f"| seconds (CPU seconds) | {' | '.join(names)} |", "|---" * (len(names) + 1) + "|"]
    for command, row in results.items():
        cells = (f"{_seconds(row[name]):.1f} ({_cpu(row[name]):.1f})" if name in row else "" for name in names)
        lines.append(f"| {command} | {' | '.join(cells)} |")
    lines += ["", "| command | | ratio | at most |", "|---|---|---|---|"]
    for (one, other), limits in LIMITS.items():
        for command, limit in limits.items():
            row = results.get(command, {})
            if one in row and other in row:
                ratio = _seconds(row[one]) / _seconds(row[other])
                lines.append(f"| {command} | {one} / {other} | {ratio:.2f} | {limit} |")
    return "\n".join(lines) + "\n"


def _seconds(measured: Sequence[Measured]) -> float:
    return median(each.seconds for each in measured)


def _cpu(measured: Sequence[Measured]) -> float:
    return median(each.cpu for each in measured)


def _take_turns(contenders: Mapping[str, Contender]) -> Iterator[tuple[str, str, Measured]]:
    """Run all commands, and yield the contender, the command and what it took."""
    for turn in TURNS:
        for name, contender in contenders.items():
            for command in turn:
                if command in contender:
                    yield name, command, contender[command]()


@contextmanager
def _server(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield the address and the token of the real server that the variables name, or else of an emulator."""
    if "ZITADEL_TEST_URL" in os.environ:
        yield os.environ["ZITADEL_TEST_URL"], os.environ["ZITADEL_TEST_TOKEN"]
    else:
        with emulator(folder, 0) as server:
            yield server.url, server.token


def _furnish(admin: AdminClient, url: str, token: str, tag: str, folder: Path, users: int) -> Server:
    """Create an organization with a project and so many users."""
    org = admin.create_organization(f"Home {tag}")
    project = admin.create_project(org, "Portal", ["viewer"])
    folder.mkdir()
    file = folder / "users.txt"
    file.write_text(
        "\n".join(admin.create_user(org, f"user-{number}-{tag}") for number in range(users)), encoding="utf-8"
    )
    return Server(url, token, org, project, file)


def _machine() -> str:
    return f"{datetime.now(timezone.utc):%Y-%m-%d}, {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"


if __name__ == "__main__":
    main()

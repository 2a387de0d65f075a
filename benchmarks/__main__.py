"""Measures the commands of Pulumi and `zorg drift`, beside a provider that calls nothing: `make bench`.

For each number of resources and each delay of the server, it runs all commands on a stack of this package and on a stack of a
dynamic provider that calls nothing (the floor). The ratio of the two is what this package and the server cost.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from benchmarks.measure import Measured
from benchmarks.report import plot, table
from benchmarks.stacks import Stack, emulator

COMMANDS: dict[str, tuple[str, ...]] = {
    "up": ("pulumi", "up", "--yes", "--skip-preview", "--non-interactive"),
    "preview": ("pulumi", "preview", "--non-interactive"),
    "refresh": ("pulumi", "refresh", "--yes", "--skip-preview", "--non-interactive"),
    "drift": ("zorg", "drift"),
    "destroy": ("pulumi", "destroy", "--yes", "--skip-preview", "--non-interactive"),
}


@dataclass(frozen=True)
class Row:
    """One command, measured.

    :param count: the number of resources, half of them organizations and half user grants.
    :param delay: how long the server waited before each call, in milliseconds.
    :param ours: with this package.
    :param floor: with the provider that calls nothing. None for a command that it does not have.
    """

    count: int
    delay: int
    command: str
    ours: Measured
    floor: Measured | None


@click.command()
@click.option("--count", "counts", type=int, multiple=True, default=(20, 200, 1000), show_default=True)
@click.option(
    "--delay", "delays", type=int, multiple=True, default=(0, 25, 100), show_default=True, help="Milliseconds."
)
@click.option(
    "--command",
    "names",
    type=click.Choice(list(COMMANDS)),
    multiple=True,
    default=tuple(COMMANDS),
    help="By default, all.",
)
@click.option("--plot/--no-plot", "with_plot", default=True, help="Draw plot.svg; this needs matplotlib.")
@click.option("--repeat", type=int, default=1, show_default=True, help="Measure so often, and keep the shortest time.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("build/benchmarks"),
    show_default=True,
    help="The folder for results.json, table.md and plot.svg.",
)
def main(
    counts: tuple[int, ...], delays: tuple[int, ...], names: tuple[str, ...], with_plot: bool, repeat: int, out: Path
) -> None:
    """Measure all commands, and write the results."""
    out.mkdir(parents=True, exist_ok=True)
    rows: list[Row] = []
    machine = f"{datetime.now(timezone.utc):%Y-%m-%d}, {platform.machine()}, {_cores()} cores, Python {platform.python_version()}"
    for count in counts:
        for delay in delays:
            best: dict[str, Row] = {}
            for _ in range(repeat):
                for row in _measure(count, delay, names):
                    before = best.get(row.command)
                    best[row.command] = row if before is None else _shorter(before, row)
                    click.echo(_line(row))
            rows += best.values()
            results = {"machine": machine, "rows": [asdict(row) for row in rows]}
            (out / "results.json").write_text(json.dumps(results, indent=1), encoding="utf-8")
    (out / "table.md").write_text(table(rows), encoding="utf-8")
    if with_plot:
        plot(rows, machine, out / "plot.svg")
    click.echo(f"\n{machine}\n\n{table(rows)}\nThe results are in {out}.")


def _measure(count: int, delay: int, names: tuple[str, ...]) -> Iterator[Row]:
    """Run each command with both programs, one after the other, on an emulator of their own."""
    with TemporaryDirectory() as folder, emulator(Path(folder), count // 2) as server:
        server.set_delay(delay)
        ours = Stack(Path(folder) / "zorg", "zorg", server, count)
        floor = Stack(Path(folder) / "floor", "floor", server, count)
        for name in names:
            command = COMMANDS[name]
            nothing = floor.measure(*command) if name != "drift" else None
            found = ours.measure(*command)
            yield Row(count, delay, name, found, nothing)
            if name == "up":
                click.echo(
                    f"{count:5} resources: {ours.state_bytes()} bytes of state each, floor {floor.state_bytes()}"
                )


def _shorter(one: Row, other: Row) -> Row:
    floor = one.floor
    if floor is not None and other.floor is not None:
        floor = min(floor, other.floor, key=lambda measured: measured.seconds)
    ours = min(one.ours, other.ours, key=lambda measured: measured.seconds)
    return Row(one.count, one.delay, one.command, ours, floor)


def _line(row: Row) -> str:
    text = f"{row.count:5} resources, {row.delay:3} ms, {row.command:8} {row.ours.seconds:7.2f} s {row.ours.cpu:7.2f} CPU s"
    if row.floor is not None:
        text += f", floor {row.floor.seconds:7.2f} s {row.floor.cpu:7.2f} CPU s, ratio {row.ours.seconds / row.floor.seconds:.2f}"
    return f"{text}, {row.ours.calls} calls, {row.ours.memory:.0f} MiB"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


if __name__ == "__main__":
    main()

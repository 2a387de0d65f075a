"""The results as a table and as a plot."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from benchmarks.__main__ import Row

__all__ = ["plot", "table"]


def table(rows: Sequence[Row]) -> str:
    """Return a Markdown table."""
    lines = [
        "| resources | delay | command | seconds | floor | ratio | calls | MiB | floor MiB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in rows:
        floor = row.floor
        lines.append(
            f"| {row.count} | {row.delay} ms | {row.command} | {row.ours.seconds:.1f} "
            f"| {f'{floor.seconds:.1f}' if floor else ''} | {f'{row.ours.seconds / floor.seconds:.2f}' if floor else ''} "
            f"| {row.ours.calls} | {row.ours.memory:.0f} | {f'{floor.memory:.0f}' if floor else ''} |"
        )
    return "\n".join(lines) + "\n"


def plot(rows: Sequence[Row], title: str, file: Path) -> None:
    """Draw time and calls over the number of resources, one column for each command."""
    import matplotlib as mpl

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "zorg"
    from matplotlib import pyplot as plt

    commands = list(dict.fromkeys(row.command for row in rows))
    delays = sorted({row.delay for row in rows})
    figure, axes = plt.subplots(2, len(commands), figsize=(3.2 * len(commands), 6), sharex=True, squeeze=False)
    for column, command in enumerate(commands):
        of_command = [row for row in rows if row.command == command]
        for delay in delays:
            of_delay = [row for row in of_command if row.delay == delay]
            counts = [row.count for row in of_delay]
            axes[0][column].plot(counts, [row.ours.seconds for row in of_delay], marker="o", label=f"{delay} ms a call")
            axes[1][column].plot(counts, [row.ours.calls for row in of_delay], marker="o")
        floor = [(row.count, row.floor.seconds) for row in of_command if row.floor and row.delay == delays[0]]
        axes[0][column].plot(
            *zip(*floor, strict=True), linestyle="--", color="black", label="calls nothing"
        ) if floor else None
        axes[0][column].set_title(command)
        axes[1][column].set_xlabel("resources")
    for axis in axes.flat:
        axis.set_ylim(bottom=0)
    axes[0][0].set_ylabel("seconds")
    axes[1][0].set_ylabel("calls")
    axes[0][0].legend(fontsize="small")
    figure.suptitle(title, fontsize="small")
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})

"""Measures the engine's own share of `pulumi up` and `pulumi refresh`, with and without PULUMI_SKIP_CHECKPOINTS.

    python -m benchmarks.engine                                     # 2,000 resources, with the pulumi on PATH
    python -m benchmarks.engine --count 10000 --skip-checkpoints    # 10,000, only with PULUMI_SKIP_CHECKPOINTS
    python -m benchmarks.engine --engine /opt/a/bin /opt/b/bin      # the engines in these folders

Beside the stack of this package, a stack of a provider that calls nothing does the same: that is the engine's share, with the SDK and the
processes that it starts. The two are measured in turn, each command once. It prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.stacks import Stack, emulator

_OPTIONS = ("--yes", "--skip-preview", "--non-interactive")
#: `up` creates all resources. The second one changes nothing.
_COMMANDS = {
    "up": ("pulumi", "up", *_OPTIONS),
    "refresh": ("pulumi", "refresh", *_OPTIONS),
    "up, nothing to change": ("pulumi", "up", *_OPTIONS),
}


def compare(count: int, *, skips: bool) -> None:
    """Print the rows of one engine, the one on PATH."""
    version = subprocess.run(["pulumi", "version"], capture_output=True, text=True, check=True).stdout.strip()  # noqa: S607
    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder), count // 2) as server:
        floor = Stack(Path(folder) / "floor", "floor", server, count)
        ours = Stack(Path(folder) / "zorg", "zorg", server, count)
        if skips:
            floor.env["PULUMI_SKIP_CHECKPOINTS"] = ours.env["PULUMI_SKIP_CHECKPOINTS"] = "true"
        for name, command in _COMMANDS.items():
            nothing, found = floor.measure(*command), ours.measure(*command)
            print(
                f"| {version} | {count:,} | {'yes' if skips else 'no'} | {name} | {found.seconds:.0f} | {nothing.seconds:.0f} "
                f"| {nothing.seconds / found.seconds:.0%} | {found.cpu:.0f} | {nothing.cpu:.0f} | {found.calls:,} "
                f"| {found.memory:.0f} | {nothing.memory:.0f} |",
                flush=True,
            )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure the engine's own share.")
    parser.add_argument("--count", type=int, nargs="+", default=[2_000])
    parser.add_argument("--engine", nargs="+", default=[""], help="folders with `pulumi`, each put first on PATH")
    parser.add_argument("--skip-checkpoints", action="store_true", help="only with PULUMI_SKIP_CHECKPOINTS")
    given = parser.parse_args(arguments)
    print(
        "| engine | resources | skips checkpoints | command | seconds | that calls nothing | its share | CPU s | CPU s that calls nothing "
        "| calls | MiB | MiB that calls nothing |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    path = os.environ["PATH"]
    for engine in given.engine:
        os.environ["PATH"] = os.pathsep.join(filter(None, [engine, path]))
        assert shutil.which("pulumi")  # noqa: S101
        for count in given.count:
            for skips in (True,) if given.skip_checkpoints else (True, False):
                compare(count, skips=skips)


if __name__ == "__main__":
    main()

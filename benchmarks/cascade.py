"""Measures an organization that is deactivated with all its users, and reactivated with exactly those.

    python -m benchmarks.cascade                  # 10,000 users, on the emulator with the real engine
    python -m benchmarks.cascade --users 1000

It prints a table in Markdown. "Writes" and "reads by id" are calls for each user. Memory is that of all processes of `pulumi up`
together; the last column is what is beyond an `up` that changes nothing.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks.measure import Measured
from benchmarks.stacks import Stack, emulator


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure an organization that is deactivated with all its users.")
    parser.add_argument("--users", type=int, nargs="+", default=[10_000])
    given = parser.parse_args(arguments)
    print("| users | | writes | reads by id | other calls | seconds | MiB of all processes | MiB beyond |")
    print("|---|---|---|---|---|---|---|---|")
    for users in given.users:
        with tempfile.TemporaryDirectory() as folder, emulator(Path(folder), users) as server:
            stack = Stack(Path(folder) / "stack", "cascade", server, 1)
            up = ("pulumi", "--non-interactive", "up", "--yes", "--skip-preview")
            stack.measure(*up)
            idle = stack.measure(*up)
            for active in (False, True):
                stack.set("active", str(active).lower())
                measured = stack.measure(*up)
                _show(users, "reactivated" if active else "deactivated", measured, idle, server.paths())


def _show(users: int, what: str, measured: Measured, idle: Measured, calls: Sequence[tuple[str, str]]) -> None:
    verb = "/_reactivate" if what == "reactivated" else "/_deactivate"
    writes = sum(path.startswith("/management/v1/users/") and path.endswith(verb) for _, path in calls)
    reads = sum(method == "GET" and path.startswith("/management/v1/users/") for method, path in calls)
    print(
        f"| {users:,} | {what} | {writes / users:.3f} | {reads / users:.3f} | {len(calls) - writes - reads} | {measured.seconds:.1f} "
        f"| {measured.memory:.0f} | {measured.memory - idle.memory:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()

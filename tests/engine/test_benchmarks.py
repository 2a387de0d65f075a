"""The benchmark runs, and its calls stay few. Times depend on the machine: they are never asserted."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.stack import ROOT, cheap


def test_the_benchmark_counts_few_calls(tmp_path: Path) -> None:
    options = ["--count", "20", "--delay", "0", "--no-plot", "--out", str(tmp_path)]
    commands = [f"--command={name}" for name in ("up", "refresh", "drift", "destroy")]
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", *options, *commands],
        cwd=ROOT,
        env={**os.environ, **cheap()},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    rows = json.loads((tmp_path / "results.json").read_text())["rows"]
    calls = {row["command"]: row["ours"]["calls"] for row in rows}
    # 10 organizations and 10 user grants. A few calls are made once in a run.
    assert calls["up"] <= 20 * 2 + 5
    assert calls["refresh"] <= 20
    assert calls["drift"] <= 20 + 2
    # The first deletions of a run read before, and four run at a time.
    assert calls["destroy"] <= 20 * 2 + 10
    assert all(row["floor"]["calls"] == 0 for row in rows if row["floor"])
    assert "| 20 | 0 ms | up |" in (tmp_path / "table.md").read_text()

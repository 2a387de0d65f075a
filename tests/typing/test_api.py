"""The types of the public surface, as a typed program sees them: mypy strict over api.py beside this file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_a_typed_program_passes_mypy_strict() -> None:
    """api.py marks wrong uses with `type: ignore`; one that is no error would be reported as unused."""
    here = Path(__file__).parent
    checked = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(here.parents[1] / "pyproject.toml"), str(here / "api.py")],
        cwd=here.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout

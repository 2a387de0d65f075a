"""Draws docs/pictures/access.png, the page of `zorg access --format html`: `make pictures`. It needs chromium on PATH."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from pulumi_zorg.access.page import page

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "pictures" / "access.png"
WIDTH, HEIGHT = 1240, 1342


def main() -> None:
    """Draw the page of the report that the tests use, with who gained and who lost access."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        sys.exit("no chromium on PATH: apt-get install --no-install-recommends chromium fonts-dejavu-core")
    report = json.loads((ROOT / "tests" / "fixtures" / "access-report.json").read_text(encoding="utf-8"))
    report["compared"] |= {"changed": [], "unknown": [], "projects": []}
    options = ["--headless", "--disable-gpu", "--hide-scrollbars", "--blink-settings=preferredColorScheme=1"]
    # In a container there is only root, whom chromium's sandbox refuses.
    options += ["--no-sandbox"] if os.geteuid() == 0 else []
    with tempfile.TemporaryDirectory(prefix="zorg-pictures-") as folder:
        file = Path(folder) / "access.html"
        file.write_text(page(report), encoding="utf-8")
        options += [f"--user-data-dir={folder}/profile", f"--window-size={WIDTH},{HEIGHT}", f"--screenshot={PICTURE}"]
        done = subprocess.run([chromium, *options, file.as_uri()], capture_output=True, text=True, check=False)  # noqa: S603 - a fixed command
    if done.returncode or not PICTURE.exists():
        sys.exit(f"chromium ended with {done.returncode}:\n{done.stderr}")
    print(f"docs/pictures/{PICTURE.name}")


if __name__ == "__main__":
    main()

"""What scripts/engine builds, and what it keeps. ``go`` and ``pulumi`` are stand-ins here."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.stack import ROOT

#: Serves no version of ``$REFUSED``, and builds a command that prints the version that it was built with.
_GO = """#!/usr/bin/env bash
set -eu
for version in $REFUSED; do
  case "$*" in *"@v$version") echo "go: v$version: invalid version: not served" >&2; exit 1 ;; esac
done
case "$*" in
  build*)
    while [ $# -gt 2 ]; do [ "$1" = -o ] && output=$2; case "$2" in *Version=*) version=${2##*=} ;; esac; shift; done
    printf '#!/bin/sh\\necho %s\\n' "$version" >"$output"
    chmod +x "$output" ;;
  "mod download"*)
    mkdir -p "$SDK/python/cmd" "$SDK/python/dist"
    touch "$SDK/python/cmd/pulumi-language-python-exec" "$SDK/python/dist/pulumi-resource-pulumi-python"
    printf '{\\n\\t"Dir": "%s",\\n\\t"Version": "v"\\n}\\n' "$SDK" ;;
esac
"""


class Checkout:
    """A checkout with scripts/engine, where the engine is built from source."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "scripts").mkdir(parents=True)
        (folder / "bin").mkdir()
        for name in ("engine", "engine.versions"):
            shutil.copy(ROOT / "scripts" / name, folder / "scripts")
        self._command(folder / "bin" / "go", _GO)

    def versions(self, lowest: str, built: str) -> None:
        """Set what scripts/engine.versions says."""
        text = f'lowest={lowest}\nbuilt="{built}"\nlanguage_host=3.79.0\n'
        (self.folder / "scripts" / "engine.versions").write_text(text)

    def has_built(self, version: str) -> None:
        """Leave an engine as an earlier run did."""
        self._engine(self.folder / ".engine" / "built" / "bin", version)

    def has_on_path(self, version: str) -> Path:
        """Have an engine on PATH, and return its folder."""
        self._engine(self.folder / "bin", version)
        return self.folder / "bin"

    def _engine(self, folder: Path, version: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        scripts = ("pulumi-language-python", "pulumi-language-python-exec", "pulumi-resource-pulumi-python")
        for name in ("pulumi", *scripts):
            self._command(folder / name, f"#!/bin/sh\necho v{version}\n")

    def run(self, refused: str = "", wanted: str = "built") -> subprocess.CompletedProcess[str]:
        """Run it, with a proxy that does not serve these versions."""
        return subprocess.run(
            [self.folder / "scripts" / "engine"],
            env={
                "PATH": f"{self.folder / 'bin'}:{os.defpath}",
                "HOME": str(self.folder),
                "ZORG_ENGINE": wanted,
                "REFUSED": refused,
                "SDK": str(self.folder / "sdk"),
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    @staticmethod
    def _command(file: Path, text: str) -> None:
        file.write_text(text)
        file.chmod(0o755)


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    found = Checkout(tmp_path / "checkout")
    found.versions("3.200.0", "3.300.0 3.290.0 3.280.0")
    return found


def test_the_newest_is_built(checkout: Checkout) -> None:
    done = checkout.run()
    assert (done.returncode, done.stdout) == (0, f"{checkout.folder}/.engine/built/bin\n"), done.stderr
    assert "(v3.300.0)" in done.stderr
    again = checkout.run()
    assert again.stderr == "engine: using the pulumi in .engine/built (v3.300.0)\n"


def test_a_version_that_cannot_be_had_is_passed_over_with_the_reason(checkout: Checkout) -> None:
    done = checkout.run(refused="3.300.0 3.290.0")
    assert done.returncode == 0, done.stderr
    assert "pulumi 3.300.0 cannot be had or does not work" in done.stderr
    assert "v3.290.0: invalid version: not served" in done.stderr
    assert done.stderr.rstrip().endswith("(v3.280.0)")


def test_without_any_the_error_says_what_to_install_and_nothing_stays(checkout: Checkout) -> None:
    done = checkout.run(refused="3.300.0 3.290.0 3.280.0")
    assert (done.returncode, done.stdout) == (1, "")
    assert (
        "none of these versions can be built: 3.300.0 3.290.0 3.280.0. Install Pulumi 3.200.0 or newer" in done.stderr
    )
    assert not (checkout.folder / ".engine" / "built").exists()


def test_an_engine_that_was_built_before_stays_while_it_is_new_enough(checkout: Checkout) -> None:
    checkout.has_built("3.250.0")
    done = checkout.run()
    assert done.returncode == 0
    assert (
        "the pulumi in .engine/built is not 3.300.0, which a build would take today: remove .engine/built to get it"
        in done.stderr
    )
    assert done.stderr.endswith("engine: using the pulumi in .engine/built (v3.250.0)\n")


def test_the_folder_of_an_engine_on_path_is_printed_because_an_empty_part_of_path_is_the_working_directory(
    checkout: Checkout,
) -> None:
    folder = checkout.has_on_path("3.250.0")
    done = checkout.run(wanted="path")
    assert (done.returncode, done.stdout) == (0, f"{folder}\n"), done.stderr
    assert done.stderr == "engine: using the pulumi on PATH (v3.250.0)\n"


def test_an_engine_that_is_too_old_is_built_anew(checkout: Checkout) -> None:
    checkout.has_built("3.199.0")
    done = checkout.run()
    assert done.returncode == 0
    assert done.stderr.rstrip().endswith("(v3.300.0)")

"""The built wheel, installed in a new environment, where a program runs."""

from __future__ import annotations

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.servers import World
from tests.support.stack import ROOT, Stack, org


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of this checkout."""
    out = tmp_path_factory.mktemp("dist")
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (built,) = out.glob("*.whl")
    return built


def test_the_wheel_holds_what_users_need(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "pulumi_zorg/py.typed" in names
    assert "pulumi_zorg/pulumi-plugin.json" in names, "without it the language host tries to download a plugin"
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if not name.startswith(("pulumi_zorg/", "pulumi_zorg-"))]


@pytest.mark.engine
def test_a_program_runs_with_the_wheel_in_a_new_environment(wheel: Path, world: World, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=True)
    python = home / "bin" / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", str(wheel)], check=True)

    stack = Stack(tmp_path / "stack", world.proxy.url, world.token)
    here = str(Path(sys.executable).parent)
    stack.env["PATH"] = ":".join([str(home / "bin"), *(part for part in stack.env["PATH"].split(":") if part != here)])
    stack.declare(acme=org("Acme"))
    stack.up()
    assert world.console.organization(stack.id("acme"))["name"] == "Acme"
    stack.destroy()

    zorg = subprocess.run([home / "bin" / "zorg", "emulator"], capture_output=True, text=True, check=False)
    assert zorg.returncode != 0
    assert "pip install 'pulumi-zorg[emulator]'" in zorg.stderr, "the extra is named where it is missing"

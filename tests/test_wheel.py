"""The built wheel, installed in a new environment, where a program runs."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from tests.support.servers import Server
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


@pytest.mark.slow
def test_the_wheel_holds_what_users_need(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert "pulumi_zorg/py.typed" in names
    assert "pulumi_zorg/pulumi-plugin.json" in names, "without it the language host tries to download a plugin"
    assert {"pulumi_zorg/access/page.css", "pulumi_zorg/access/page.js"} <= set(names), "`zorg access --format html`"
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert not [name for name in names if not name.startswith(("pulumi_zorg/", "pulumi_zorg-"))]


@pytest.mark.engine
def test_a_program_runs_with_the_wheel_in_a_new_environment(wheel: Path, server: Server, tmp_path: Path) -> None:
    home = tmp_path / "venv"
    venv.create(home, with_pip=False)
    python = home / "bin" / "python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", str(wheel)], check=True)
    # The dependencies are those of this environment. A .pth file adds its packages, and not its editable installs.
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    where = [str(python), "-c", "import pulumi_zorg; print(pulumi_zorg.__file__)"]
    found = subprocess.run(where, cwd=tmp_path, capture_output=True, text=True, check=True).stdout
    assert Path(found.strip()).is_relative_to(home), "the wheel is used, and not the checkout"

    stack = Stack(tmp_path / "stack", server.proxy.url, server.token)
    stack.start_python_anew()
    here = str(Path(sys.executable).parent)
    stack.env["PATH"] = ":".join([str(home / "bin"), *(part for part in stack.env["PATH"].split(":") if part != here)])
    stack.declare(acme=org("Acme"))
    stack.up()
    assert server.admin.organization(stack.id("acme"))["name"] == "Acme"

    without = "import sys; sys.modules['starlette'] = None; from pulumi_zorg.cli import main; main()"
    zorg = subprocess.run(
        [python, "-c", without, "emulator"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert zorg.returncode != 0
    assert "pip install 'pulumi-zorg[emulator]'" in zorg.stderr, "the extra is named where it is missing"
    assert subprocess.run([home / "bin" / "zorg", "--version"], check=False).returncode == 0

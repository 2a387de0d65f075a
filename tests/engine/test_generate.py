"""What `zorg generate` writes is adopted by the real engine without one write, here and on a real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

from tests.support.command import run_zorg
from tests.support.servers import Server
from tests.support.stack import ROOT, Stack


def test_an_instance_is_generated_adopted_and_in_sync_without_a_write(
    any_server: Server, any_stack: Stack, tmp_path: Path
) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    acme, globex, initech = (admin.create_organization(server.name(name)) for name in ("Acme", "Globex", "Initech"))
    admin.deactivate_organization(initech)
    shop = admin.create_project(acme, "Shop", ["viewer", "admin"])
    admin.set_project_flags(acme, shop, projectRoleAssertion=True, projectRoleCheck=True)
    wiki = admin.create_project(globex, "Wiki", ["reader"])
    granted = admin.grant_project(acme, shop, globex, ["viewer"])
    users = [admin.create_user(globex, f"user{number}{server.tag}") for number in range(20)]
    for user in users:
        admin.create_grant(globex, user, shop, ["viewer"], granted)
        admin.create_grant(globex, user, wiki, ["reader"])
    inactive = next(iter(admin.grants(globex)))
    admin.deactivate_grant(globex, admin.grants(globex)[inactive]["userId"], inactive)
    assert server.shows(lambda: len(admin.grants(globex)) == 40)

    options = [option for each in (acme, globex, initech) for option in ("--org", each)]
    made = run_zorg("generate", *options, "--out", str(tmp_path / "tenants"), cwd=stack.folder, env=stack.env)
    assert made.code == 0, made.err
    again = run_zorg("generate", "--org", acme, "--out", str(tmp_path / "tenants"), cwd=stack.folder, env=stack.env)
    assert (again.code, "exists: give another folder" in again.err) == (1, True)

    _move_into(stack, tmp_path / "tenants")
    server.proxy.clear()
    stack.up()
    assert server.proxy.writes == []
    assert len(stack.resources()) == 3 + len(users) + 2 + 1 + 40
    assert stack.preview("--refresh") == {}
    drift = run_zorg("drift", "--format", "json", cwd=stack.folder, env=stack.env)
    assert drift.code == 0, drift.err
    assert json.loads(drift.out)["drifted"] == []
    strict = subprocess.run(
        [
            sys.executable,
            "-m",
            "mypy",
            f"--config-file={ROOT}/pyproject.toml",
            f"--cache-dir={ROOT}/.mypy_cache",
            "__main__.py",
        ],
        cwd=stack.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert strict.returncode == 0, strict.stdout


def _move_into(stack: Stack, generated: Path) -> None:
    """Run the generated project: its options of the runtime too, with the environment of the tests as its own."""
    project = yaml.safe_load((generated / "Pulumi.yaml").read_text())
    options = {"toolchain": "pip", "virtualenv": "venv"}
    assert project == {"name": "tenants", "runtime": {"name": "python", "options": options}}
    (generated / "Pulumi.yaml").write_text(yaml.safe_dump({**project, "name": "tests"}))  # as the stack has it
    shutil.copytree(generated, stack.folder, dirs_exist_ok=True)
    (stack.folder / "venv").symlink_to(sys.prefix)


def test_a_repository_keeps_what_it_has_beside_the_program(stack: Stack, server: Server, tmp_path: Path) -> None:
    out = tmp_path / "tenants"
    out.mkdir()
    (out / ".gitignore").write_text("mine\n")
    made = run_zorg("generate", "--org", server.home, "--out", str(out), cwd=stack.folder, env=stack.env)
    assert made.code == 0, made.err
    assert f"{out / '.gitignore'} exists and was not changed. It would have been:\n/venv/" in made.err
    assert (out / ".gitignore").read_text() == "mine\n"
    assert sorted(each.name for each in out.iterdir()) == [
        ".gitignore",
        "Pulumi.yaml",
        "__main__.py",
        "requirements.txt",
    ]
    *_, line = (out / "requirements.txt").read_text().splitlines()
    # pip reads it, and what is installed here is what it asks for.
    checked = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--dry-run",
        "--no-deps",
        "--no-index",
        "--no-build-isolation",
        "-r",
    ]
    done = subprocess.run([*checked, str(out / "requirements.txt")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
    assert "Would install pulumi-zorg" in done.stdout

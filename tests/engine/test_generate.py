"""What `zorg generate` writes is adopted by the real engine without one write, here and on a real server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.command import run_zorg
from tests.support.servers import Server
from tests.support.stack import Stack


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

    shutil.copy(tmp_path / "tenants" / "__main__.py", stack.folder / "__main__.py")
    server.proxy.clear()
    stack.up()
    assert server.proxy.writes == []
    assert len(stack.resources()) == 3 + 2 + 1 + 40
    assert stack.preview("--refresh") == {}
    drift = run_zorg("drift", "--format", "json", cwd=stack.folder, env=stack.env)
    assert drift.code == 0, drift.err
    assert json.loads(drift.out)["drifted"] == []
    strict = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "__main__.py"],
        cwd=stack.folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert strict.returncode == 0, strict.stdout

"""The installed command `zorg doctor`, with the real command `pulumi`."""

from __future__ import annotations

import subprocess

from tests.support.servers import Server
from tests.support.stack import Stack


def test_the_installed_command_reads_the_stack_and_the_engine(server: Server, stack: Stack) -> None:
    stack.configure(url=stack.env.pop("ZITADEL_URL"), token=stack.env.pop("ZITADEL_TOKEN"))
    before = {each: each.stat().st_mtime_ns for each in stack.folder.iterdir()}
    command = ["zorg", "doctor", "--org", server.home]
    run = subprocess.run(
        command, cwd=stack.folder, env=stack.env, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout
    assert run.stderr == ""
    lines = run.stdout.splitlines()
    # The emulated server has the version of a real one that an advisory is about.
    assert {line.split()[0] for line in lines[:-1] if line.split()[1] != "version"} == {"ok"}
    assert lines[0].startswith("ok      engine      pulumi v3.")
    assert "The credential was read from zorg:token." in run.stdout
    assert f"UserGrant in organization {server.home}: read, find, create, change, " in run.stdout
    assert f"pending creates are kept in {stack.env['PULUMI_HOME']}/zorg/journal/" in run.stdout
    assert server.token not in run.stdout
    assert server.proxy.writes == []
    assert {each: each.stat().st_mtime_ns for each in stack.folder.iterdir()} == before

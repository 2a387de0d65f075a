"""One stack's life with two Python environments: what one has made, the other previews, refreshes and destroys without a difference.

`make test-versions` runs it with the lowest supported version of each dependency in one environment, and the newest in the other. The
second environment's folder is in ``ZORG_OTHER_ENVIRONMENT``; the first one is the environment that runs pytest.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import Server
from tests.support.stack import ROOT, Stack, grant, org, project, project_grant


def _environments() -> tuple[Path, Path]:
    here, other = Path(sys.prefix), ROOT / os.environ.get("ZORG_OTHER_ENVIRONMENT", ".venv-lowest")
    assert (other / "bin" / "python3").exists(), f"there is no Python environment in {other}: run `make test-versions`"
    return here, other


def _use(stack: Stack, environment: Path) -> None:
    """Let the engine find this environment's Python first, as in a shell where it is activated."""
    stack.env["PATH"] = os.pathsep.join((str(environment / "bin"), os.environ["PATH"]))


def _in(stack: Stack, environment: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [environment / "bin" / command[0], *command[1:]],
        cwd=stack.folder, env=stack.env, capture_output=True, text=True, check=False, timeout=240,
    )  # fmt: skip


def _versions(stack: Stack, environment: Path) -> str:
    """What the environment has, for the report."""
    script = (
        "import sys, importlib.metadata as m; "
        "print('Python', sys.version.split()[0], *(f'{n} {m.version(n)}' for n in ('pulumi', 'dill', 'protobuf', 'pydantic')))"
    )
    done = _in(stack, environment, "python3", "-c", script)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def _properties(stack: Stack) -> dict[str, Any]:
    """The inputs and outputs of what the stack manages, as the state has them. A secret is encrypted anew in each run."""

    def without_ciphertexts(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: without_ciphertexts(each) for key, each in value.items() if key != "ciphertext"}
        return value

    managed = {name: each for name, each in stack.resources().items() if not each.get("external")}
    return {
        name: without_ciphertexts({kind: each[kind] for kind in ("inputs", "outputs")})
        for name, each in managed.items()
    }


def _tenant(server: Server, *, renamed: bool = False) -> dict[str, Any]:
    """Declare each type, and a lookup by id, with flags, lists, secrets and texts that are not ASCII."""
    name = server.name("Bücher & Söhne" if renamed else "Bücher")
    roles = {"reader": "Leser für Ärzte", "editor": {"display_name": "Editor", "group": "staff"}}
    return {
        "acme": org(name),
        "asleep": org("!" + server.name("Asleep"), active=False, deletion_policy="deactivate", adopt=True),
        "shop": project("@acme", server.name("Shop"), roles=roles, project_role_check=True, has_project_check=False),
        "plain": project("@acme", server.name("Plain")),
        "shared": project_grant("@acme", "@shop", "@asleep", ["reader"]),
        "ann": grant("@acme", server.ann, "@shop", ["reader", "editor"]),
        "bob": grant(server.home, server.bob, server.project, ["viewer"], active=False),
        "home": {"kind": "org", "args": {}, "get": server.home},
    }  # fmt: skip


@pytest.mark.parametrize("first", ["here", "other"])
def test_what_one_environment_made_another_keeps_and_destroys(server: Server, stack: Stack, first: str) -> None:
    here, other = _environments()
    makes, takes_over = (here, other) if first == "here" else (other, here)
    _use(stack, makes)
    print("made with", _versions(stack, makes))
    print("taken over with", _versions(stack, takes_over))
    stack.declare(**_tenant(server))
    stack.up()
    made = _properties(stack)
    assert len(made) == 7

    _use(stack, takes_over)
    server.proxy.clear()
    assert stack.preview() == {}
    stack.must("refresh", "--preview-only", "--expect-no-changes")
    stack.must("refresh", "--yes", "--skip-preview", "--expect-no-changes")
    stack.must("up", "--yes", "--skip-preview", "--expect-no-changes")
    assert _properties(stack) == made
    drift = _in(stack, takes_over, "zorg", "drift", "--format", "json")
    assert drift.returncode == 0, drift.stdout + drift.stderr
    assert json.loads(drift.stdout)["in_sync"] is True
    assert server.proxy.writes == []

    # A change is a change of that property alone, and the first environment agrees with what the second one leaves.
    stack.declare(**_tenant(server, renamed=True))
    assert stack.preview() == {"acme": ["update", "name"]}
    stack.up()
    _use(stack, makes)
    stack.assert_settled()
    stack.must("up", "--yes", "--skip-preview", "--expect-no-changes")

    _use(stack, takes_over)
    before = server.organizations()
    stack.destroy()
    assert stack.resources() == {}
    assert len(before - server.organizations()) == 1, "the other one is deactivated, not removed"

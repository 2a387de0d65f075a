"""What `benchmarks.peers` measures: stacks of a build of this package and of the floor, and a folder of Terraform."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import httpx

from benchmarks.__main__ import COMMANDS
from benchmarks.measure import Measured, measure
from benchmarks.stacks import Server, Stack

__all__ = ["Contender", "environment_with", "pulumi", "terraform"]

_PULUMI = ("up", "refresh", "preview", "destroy")
#: What it can run, by the command's name.
Contender = Mapping[str, Callable[[], Measured]]


def pulumi(
    folder: Path, program: str, server: Server, count: int, tag: str, env: Mapping[str, str] | None = None
) -> Contender:
    """Make a stack of one of the programs.

    :param tag: a part of the organizations' names.
    """
    stack = Stack(folder, program, server, count, env)
    stack.set("tag", tag)

    def run(command: str) -> Measured:
        return measure(COMMANDS[command], stack.folder, stack.env)

    def switch(active: bool) -> Measured:
        stack.set("active", str(active).lower())
        return run("up")

    contender: dict[str, Callable[[], Measured]] = {name: partial(run, name) for name in _PULUMI}
    return {**contender, "deactivate": partial(switch, False), "reactivate": partial(switch, True)}


def environment_with(wheel: Path, folder: Path) -> dict[str, str]:
    """Make a virtual environment that has the wheel, and its dependencies from the present environment where that has them.

    :returns: the variables with which a stack uses it.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    (packages,) = folder.glob("lib/*/site-packages")
    # What a .pth file names comes after the folder itself, and an editable install in there has no effect.
    (packages / "present.pth").write_text("\n".join(path for path in sys.path if path.endswith("site-packages")))
    pip: list[str | Path] = [folder / "bin" / "python", "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "--no-index", "--no-deps", "--target", packages, wheel], check=True)
    # The dependencies that the present environment does not have.
    subprocess.run([*pip, wheel], check=True)
    return {"PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}"}


def terraform(folder: Path, command: str, provider: Path, server: Server, count: int, tag: str) -> Contender:
    """Make a folder in which Terraform declares as many organizations and user grants as the programs.

    :param provider: the binary of Terraform's provider for ZITADEL.
    """
    url, half = httpx.URL(server.url), count // 2
    port = url.port or (443 if url.scheme == "https" else 80)
    access = {"domain": url.host, "port": str(port), "insecure": url.scheme == "http", "access_token": server.token}
    grant = {"org_id": server.org, "project_id": server.project, "role_keys": ["viewer"]}
    program = {
        "terraform": {"required_providers": {"zitadel": {"source": "zitadel/zitadel"}}},
        "provider": {"zitadel": access},
        "locals": {"users": server.users.read_text(encoding="utf-8").split()},
        "resource": {
            "zitadel_org": {"tenant": {"count": half, "name": f"Tenant ${{count.index}} {tag}"}},
            "zitadel_user_grant": {"grant": {"count": half, "user_id": "${local.users[count.index]}", **grant}},
        },
    }
    (folder / "provider").mkdir(parents=True)
    (folder / "provider" / "terraform-provider-zitadel").symlink_to(provider.resolve())
    (folder / "main.tf.json").write_text(json.dumps(program), encoding="utf-8")
    overrides = f'dev_overrides {{ "zitadel/zitadel" = {json.dumps(str(folder / "provider"))} }}'
    (folder / "cli.tfrc").write_text(f"provider_installation {{\n{overrides}\ndirect {{}}\n}}\n", encoding="utf-8")
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    env = {**kept, "TF_CLI_CONFIG_FILE": str(folder / "cli.tfrc"), "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}

    def run(*arguments: str) -> Measured:
        return measure([command, *arguments, "-no-color", "-input=false"], folder, env)

    return {
        "up": partial(run, "apply", "-auto-approve"),
        "refresh": partial(run, "plan"),
        "destroy": partial(run, "destroy", "-auto-approve"),
    }

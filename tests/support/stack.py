"""A stack of the real Pulumi engine, in a folder of its own, on a backend of files."""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.replay import Replay
from tests.support.servers import Server
from tests.support.vault import vault, write_pulumi
from tests.support.warm import commands

ROOT = Path(__file__).resolve().parents[2]
TOKENS = {
    "org": "pulumi-python:dynamic/zorg:Organization",
    "machine": "pulumi-python:dynamic/zorg:MachineUser",
    "human": "pulumi-python:dynamic/zorg:HumanUser",
    "project": "pulumi-python:dynamic/zorg:Project",
    "project_grant": "pulumi-python:dynamic/zorg:ProjectGrant",
    "grant": "pulumi-python:dynamic/zorg:UserGrant",
    "manager": "pulumi-python:dynamic/zorg:Manager",
}


ZORG_SETTINGS = {"url", "token", "audience", "clientId", "jwtProfileFile", "jwtProfileJson"}


@dataclass(frozen=True)
class Run:
    """What one command of the engine said."""

    code: int
    out: str

    def shows(self, *texts: str) -> bool:
        """Whether all these texts were shown to the user, whatever the line breaks."""
        shown = " ".join(self.out.split()).replace(" :", ":")  # the engine aligns the names of properties
        return all(" ".join(text.split()) in shown for text in texts)


def org(name: str | None = None, *, opts: dict[str, Any] | None = None, **args: Any) -> dict[str, Any]:
    """Declares an organization."""
    given = args if name is None else {"name": name, **args}
    return {"kind": "org", "args": given, "opts": opts or {}}


def grant(
    org_id: str, user_id: str, project_id: str, roles: list[str], *, opts: dict[str, Any] | None = None, **args: Any
) -> dict[str, Any]:
    """Declares a user grant."""
    given = {"org_id": org_id, "user_id": user_id, "project_id": project_id, "role_keys": roles, **args}
    return {"kind": "grant", "args": given, "opts": opts or {}}


def machine(
    org_id: str, user_name: str, name: str = "Robot", *, opts: dict[str, Any] | None = None, **args: Any
) -> dict[str, Any]:
    """Declares a machine user."""
    return {
        "kind": "machine",
        "args": {"org_id": org_id, "user_name": user_name, "name": name, **args},
        "opts": opts or {},
    }


def human(org_id: str, user_name: str, *, opts: dict[str, Any] | None = None, **args: Any) -> dict[str, Any]:
    """Declares a human user."""
    names = {"given_name": "Ann", "family_name": "Berg", "email": f"{user_name}@example.com"}
    return {"kind": "human", "args": {"org_id": org_id, "user_name": user_name, **names, **args}, "opts": opts or {}}


def project(org_id: str, name: str, *, opts: dict[str, Any] | None = None, **args: Any) -> dict[str, Any]:
    """Declares a project."""
    return {"kind": "project", "args": {"org_id": org_id, "name": name, **args}, "opts": opts or {}}


def project_grant(
    org_id: str,
    project_id: str,
    granted_org_id: str,
    roles: list[str],
    *,
    opts: dict[str, Any] | None = None,
    **args: Any,
) -> dict[str, Any]:
    """Declares a project grant."""
    given = {"org_id": org_id, "project_id": project_id, "granted_org_id": granted_org_id, "role_keys": roles, **args}
    return {"kind": "project_grant", "args": given, "opts": opts or {}}


def manager(user_id: str, roles: list[str], *, opts: dict[str, Any] | None = None, **args: Any) -> dict[str, Any]:
    """Declares a manager."""
    return {"kind": "manager", "args": {"user_id": user_id, "roles": roles, **args}, "opts": opts or {}}


@cache
def _scratch() -> Path:
    """A folder of this process."""
    folder = tempfile.mkdtemp(prefix="pulumi-zorg-tests-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return Path(folder)


@cache
def _warm() -> str:
    """The folder with the commands that cost less than those of a user's machine."""
    folder = commands(_scratch() / "warm")
    write_pulumi(folder)
    return str(folder)


def cheap() -> dict[str, str]:
    """The environment in which a command of the engine costs less than on a user's machine."""
    path = os.pathsep.join((_warm(), str(Path(sys.executable).parent), os.environ["PATH"]))
    return {"PATH": path, "GOGC": "400", **vault()}  # GOGC: memory for CPU time


@cache
def _new_stack(name: str) -> Path:
    """Return a folder with the backend and the configuration of a new stack, as `pulumi stack init` writes them."""
    folder = _scratch() / f"stack-{name}"
    stack = Stack(folder, "", "", name, initialized=False)
    stack.must("stack", "init", name)
    return folder


class Stack:
    """A stack whose program declares what the test says.

    :param initialized: the stack exists in the backend. It is copied, because `pulumi stack init` takes half a second.
    """

    def __init__(self, folder: Path, url: str, token: str, name: str = "test", *, initialized: bool = True) -> None:
        self.folder = folder
        self.name = name
        folder.mkdir(parents=True, exist_ok=True)
        if initialized:
            new = _new_stack(name)
            shutil.copytree(new / "backend", folder / "backend")
            shutil.copy(new / f"Pulumi.{name}.yaml", folder)
        (folder / "backend").mkdir(exist_ok=True)
        (folder / "Pulumi.yaml").write_text("name: tests\nruntime: python\n")
        shutil.copy(ROOT / "tests" / "support" / "program.py", folder / "__main__.py")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("PULUMI_", "ZITADEL_", "ZORG_"))}
        kept.pop("PYTHONPATH", None)  # Python processes that begin with their imports done do not look at it
        kept.pop("PYTHONDONTWRITEBYTECODE", None)  # compiling all modules anew in each command takes a second
        self.env = {
            **kept,
            **cheap(),
            "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_STACK": name,  # as selected; without it, `pulumi stack select` counts
            "PULUMI_CONFIG_PASSPHRASE": "test",  # of a state that a release wrote, and where `pulumi` is the real one
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "NO_COLOR": "1",
            "ZITADEL_URL": url,
            "ZITADEL_TOKEN": token,
        }

    def start_python_anew(self) -> None:
        """Start the program and the provider's host as a user's machine does, with all their imports."""
        self.env["PATH"] = self.env["PATH"].removeprefix(_warm() + os.pathsep)

    def replay(self) -> Replay:
        """Repeat the engine's answers to questions that were asked before (:class:`Replay`)."""
        replay = Replay(self.folder.with_name("answers"), self.folder, self._state_file, self.env["PATH"])
        self.env["PATH"] = f"{replay.bin}{os.pathsep}{self.env['PATH']}"
        return replay

    def configure(self, **settings: str) -> None:
        """Set settings in the stack's configuration with one command. Those named `token` or `...Json` are secrets."""
        given = []
        for name, value in settings.items():
            kind = "secret" if name == "token" or name.endswith("Json") else "plaintext"
            key = f"zorg:{name}" if name in ZORG_SETTINGS else name
            given.append(f"--{kind}={key}={value}")
        self.must("config", "set-all", *given)

    def declare(self, **resources: dict[str, Any]) -> None:
        """What the program declares from now on, in this order."""
        (self.folder / "declared.json").write_text(json.dumps(resources))

    def run(self, *args: str, timeout: float = 240) -> Run:
        """Runs a command of the engine."""
        done = subprocess.run(
            ["pulumi", "--non-interactive", *args],
            cwd=self.folder,
            env=self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout,
            check=False,
        )
        return Run(done.returncode, done.stdout)

    def must(self, *args: str) -> Run:
        """Runs a command that must succeed."""
        run = self.run(*args)
        assert run.code == 0, f"pulumi {' '.join(args)} ended with {run.code}:\n{run.out}"
        return run

    def has_option(self, command: str, option: str) -> bool:
        """Whether this engine has an option. A test of a newer one asserts what older engines do instead."""
        return option in self.must(command, "--help").out

    def up(self, *args: str) -> Run:
        """Brings the objects on the server to what is declared."""
        return self.must("up", "--yes", "--skip-preview", *args)

    def fails(self, *args: str) -> Run:
        """An ``up`` that must fail, with a message and without a traceback."""
        run = self.run("up", "--yes", "--skip-preview", *args)
        assert run.code != 0, f"that should have failed:\n{run.out}"
        assert "Traceback" not in run.out, run.out
        return run

    def destroy(self, *args: str) -> Run:
        """Deletes all resources."""
        return self.must("destroy", "--yes", "--skip-preview", *args)

    def preview(self, *args: str) -> dict[str, list[str]]:
        """What would happen: the operations by resource, with the properties that differ; nothing where all is the same."""
        run = self.must("preview", "--json", *args)
        steps = json.loads(run.out[run.out.index("{") :]).get("steps", [])
        found: dict[str, list[str]] = {}
        for step in steps:
            if step["op"] in ("same", "read", "refresh") or "pulumi:pulumi" in step["urn"]:
                continue
            name = step["urn"].rsplit("::", 1)[1]
            found.setdefault(name, []).append(step["op"])
            differing = {*(step.get("diffReasons") or ()), *(step.get("detailedDiff") or ())}
            found[name] += sorted({re.split(r"[.\[]", each)[0] for each in differing})
        return found

    def assert_settled(self) -> None:
        """Nothing to do, and nothing changed behind the state."""
        assert self.preview("--refresh") == {}

    def state(self) -> dict[str, Any]:
        """The state, as `pulumi stack export` would show it."""
        checkpoint = json.loads(self._state_file.read_text())["checkpoint"]
        return {"version": 3, "deployment": checkpoint.get("latest", {})}

    @property
    def _state_file(self) -> Path:
        return self.folder / "backend" / ".pulumi" / "stacks" / "tests" / f"{self.name}.json"

    def resources(self) -> dict[str, dict[str, Any]]:
        """Our resources in the state, by name."""
        found = self.state()["deployment"].get("resources", [])
        return {each["urn"].rsplit("::", 1)[1]: each for each in found if each["type"] in TOKENS.values()}

    def load(self, state: dict[str, Any]) -> None:
        """Replaces the state."""
        file = self.folder / "state.json"
        file.write_text(json.dumps(state))
        self.must(
            "stack", "import", "--force", "--file", str(file)
        )  # what was changed outside Pulumi has no valid magic

    def id(self, name: str) -> str:
        """The id of a resource in the state."""
        return str(self.resources()[name]["id"])

    def outputs(self, name: str) -> dict[str, Any]:
        """The outputs of a resource in the state, without the provider."""
        found: dict[str, Any] = self.resources()[name]["outputs"]
        return {key: value for key, value in found.items() if key != "__provider"}


def twins(server: Server, stack: Stack) -> tuple[str, str]:
    """Makes a state with two resources of one object, and gives their URNs: the old and the new one.

    A resource is renamed in the program, adopts what it managed, and the run has only the new one as its target.
    """
    stack.declare(old=org(server.name("Acme"), adopt=True))
    stack.up()
    old = str(stack.resources()["old"]["urn"])
    new = f"{old.removesuffix('old')}new"
    stack.declare(new=org(server.name("Acme"), adopt=True))
    stack.up("--target", new)
    assert stack.id("old") == stack.id("new")
    server.proxy.clear()
    return old, new

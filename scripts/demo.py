"""`make demo`: create, deactivate, correct, reactivate and remove tenants, with the Pulumi engine on PATH and the emulator.

It runs examples/quickstart and examples/onboarding in a temporary folder, with a Pulumi home and a backend of their own. It
checks each step on the server, and exits with 0 only if every check passed. It leaves no process and no file behind.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from pulumi_zorg.testing import AdminClient

ROOT = Path(__file__).resolve().parents[1]
TOKEN = "demo-token"  # noqa: S105 - the token of an emulator on loopback, which runs for a minute
# The vendor is the tenant that the first step creates, and the people are those that `Server` creates in it.
TENANTS = """\
project: {name: Portal, organization: Vendor, roles: [admin, editor, viewer]}
people: {ann: ann, bob: bob}
tenants:
  acme:
    name: Acme
    active: true
    people: {ann: [admin], bob: [editor, viewer]}
"""
COLORED = sys.stdout.isatty() and "NO_COLOR" not in os.environ
# Variables that are not passed on: the user's own settings, and one that makes each command compile all modules again.
LEFT_OUT = ("PULUMI_", "ZITADEL_", "PYTHONDONTWRITEBYTECODE")
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Unexpected(Exception):
    """A check of the demo failed."""


def paint(text: str, color: int) -> None:
    """Print, in colour on a terminal."""
    print(f"\033[{color}m{text}\033[0m" if COLORED else text, flush=True)


def tell(sentence: str) -> None:
    """Print what the next commands do."""
    paint("\n" + textwrap.fill(sentence, 100), 1)


def show(command: str) -> None:
    """Print a command as the user could type it."""
    paint(f"$ {command}", 36)


def expect(wanted: str, is_so: bool) -> None:
    """Print the result of a check.

    :raises Unexpected: if the check failed.
    """
    if not is_so:
        raise Unexpected(f"expected: {wanted}")
    paint(f"✔ {wanted}", 32)


@contextmanager
def process(args: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """Run a process, and end it and its children at the end of the block.

    They have a session of their own, so that Ctrl-C reaches only the demo and the engine is interrupted exactly once. A
    second interrupt would make the engine stop without ending its children.
    """
    options |= {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "start_new_session": True, "text": True}
    # mypy knows the options only as objects, so it cannot select an overload.
    started = subprocess.Popen(args, **options)  # type: ignore[call-overload]  # noqa: S603 - a fixed command
    try:
        yield started
    finally:
        for way_to_end in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if started.poll() is None:
                started.send_signal(way_to_end)
                with suppress(subprocess.TimeoutExpired):
                    started.wait(timeout=15)
        # An engine that is interrupted early leaves its language host running.
        listed = subprocess.run(["sh", "-c", "ps -A -o pid= || ls /proc"], capture_output=True, text=True, check=False)  # noqa: S607
        for pid in (int(word) for word in listed.stdout.split() if word.isdigit()):
            with suppress(OSError):
                if os.getsid(pid) == started.pid:
                    os.kill(pid, signal.SIGKILL)


class Demo:
    """Two Pulumi projects in a temporary folder: the checkout's own, which runs the quickstart, and the onboarding example."""

    def __init__(self, folder: Path, url: str) -> None:
        without_stacks = shutil.ignore_patterns("Pulumi.*.yaml")
        for name in ("Pulumi.yaml", "__main__.py"):
            shutil.copy(ROOT / name, folder)
        for name in ("quickstart", "onboarding"):
            shutil.copytree(ROOT / "examples" / name, folder / "examples" / name, ignore=without_stacks)
        # The projects' Pulumi.yaml expect the virtual environment there.
        (folder / ".venv").symlink_to(sys.prefix, target_is_directory=True)
        (folder / "backend").mkdir()
        self.folder = self.project = folder
        self.tenants = folder / "examples" / "onboarding" / "tenants.yaml"
        settings = {
            "PULUMI_BACKEND_URL": (folder / "backend").as_uri(),
            "PULUMI_HOME": str(folder / "home"),
            "PULUMI_CONFIG_PASSPHRASE": "demo",
            "PULUMI_SKIP_UPDATE_CHECK": "true",
            "ZITADEL_URL": url,
            "ZITADEL_TOKEN": TOKEN,
        }
        kept = {key: value for key, value in os.environ.items() if not key.startswith(LEFT_OUT)}
        self.environment = {**kept, **settings}
        for key, value in settings.items():
            show(f"export {key}={value}")
        self.enter("", "a copy of the checkout")

    def enter(self, project: str, what: str) -> None:
        """Change the folder of the next commands."""
        self.project = self.folder / project
        show(f"cd {self.project}  # {what}")

    def pulumi(self, command: str, code: int = 0, shows: str = "") -> None:
        """Run a command, show its output, and check its exit code and a text in its output."""
        show(f"pulumi {command}")
        args, output = ["pulumi", *command.split(), "--color", "always" if COLORED else "never"], list[str]()
        with process(args, stdout=subprocess.PIPE, cwd=self.project, env=self.environment) as engine:
            for line in engine.stdout or ():
                output.append(re.sub("\033\\[[0-9;]*m", "", line))
                if output[-1].strip() and not output[-1].startswith("@"):  # lines with @ only show progress
                    print("  " + line, end="", flush=True)
            ended = engine.wait()
        if ended != code or shows not in "".join(output):
            raise Unexpected(
                f"pulumi {command}: expected exit code {code} and the output {shows!r}, not exit code {ended}"
            )
        if "--expect-no-changes" in args:
            print(f"  (exit code {ended})")

    def switch(self, old: str, new: str) -> None:
        """Change the flag `active` in the data file."""
        show(f"sed -i 's/active: {old}/active: {new}/' {self.tenants.name}")
        text = self.tenants.read_text(encoding="utf-8")
        self.tenants.write_text(text.replace(f"active: {old}", f"active: {new}"), encoding="utf-8")


def main() -> None:
    """Start the emulator, run the demo, and end the emulator."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    if not (shutil.which("pulumi") and shutil.which("zorg")):
        raise Unexpected("pulumi and zorg must be on PATH. Run `make demo`, which puts them there.")
    with tempfile.TemporaryDirectory(prefix="zorg-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        tell("Start the emulator, with a temporary Pulumi home and backend. No account is needed.")
        command = f"zorg emulator --port {port} --token {TOKEN}"
        show(f"{command} &")
        with (folder / "log").open("w+") as log, process(command.split(), stdout=log) as emulator:
            wait_until_ready(url, emulator, folder / "log")
            with AdminClient(url, TOKEN) as admin:
                play(Demo(folder, url), admin)


def wait_until_ready(url: str, emulator: subprocess.Popen[str], log: Path) -> None:
    """Wait until the emulator answers."""
    deadline = time.monotonic() + 30
    while emulator.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/debug/ready", timeout=1).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise Unexpected(f"the emulator does not answer:\n{log.read_text()}")


class Server:
    """The tenants as the server has them, and what is changed there outside Pulumi.

    :param vendor: the organization that owns the project.
    """

    def __init__(self, admin: AdminClient, vendor: str) -> None:
        self.admin, self.vendor = admin, vendor
        (self.project,) = admin.projects(vendor)
        self.ann, self.bob = admin.create_user(vendor, "ann"), admin.create_user(vendor, "bob")
        self.before = set(admin.organizations())

    def found(self, key: str) -> list[Any]:
        """Return a property of the new organization, of Ann's grant and of Bob's grant."""
        new = {id_: each for id_, each in self.admin.organizations().items() if id_ not in self.before}
        grants = [each for org_id in new for each in self.admin.grants(org_id).values()]
        grants.sort(key=lambda each: bool(each["userId"] != self.ann))
        return [each.get(key) for each in (*new.values(), *grants)]

    def states(self) -> list[str]:
        return [state.rsplit("_", 1)[1] for state in self.found("state")]

    def granted_roles(self) -> list[list[str]]:
        """Return the roles of each grant of the project."""
        return [each["grantedRoleKeys"] for each in self.admin.project_grants(self.vendor).values()]


def play(demo: Demo, admin: AdminClient) -> None:
    """Run the steps of the demo."""
    tell("Create a tenant from nothing: an organization, a project with roles, and a person with a role.")
    existing = set(admin.organizations())
    demo.pulumi("stack init demo")
    demo.pulumi("config set name Vendor")
    demo.pulumi("up --yes --skip-preview")
    created = set(admin.organizations()) - existing
    expect("the server has one new organization", len(created) == 1)
    (vendor,) = created
    server = Server(admin, vendor)
    roles_in_project = sorted(admin.project_roles(vendor, server.project))
    expect("its project has the roles admin, editor and viewer", roles_in_project == ["admin", "editor", "viewer"])
    expect("a user grant gives the role viewer", [g["roleKeys"] for g in admin.grants(vendor).values()] == [["viewer"]])

    onboard(demo, server)

    demo.enter("", "a copy of the checkout")
    tell("Remove what the first step created. The organization is removed for good.")
    demo.pulumi("destroy --yes --skip-preview")
    expect("the server has the organizations that it had before", set(admin.organizations()) == existing)


def onboard(demo: Demo, server: Server) -> None:
    """Create, change and remove a customer of the vendor."""
    tell("Onboard a customer of the vendor: an organization, the project granted to it, and the roles of two users.")
    demo.enter("examples/onboarding", "a copy of examples/onboarding")
    demo.tenants.write_text(TENANTS, encoding="utf-8")
    show("cat tenants.yaml")
    print(textwrap.indent(TENANTS, "  "), end="")
    demo.pulumi("stack init demo")
    demo.pulumi("config set deletion_policy remove")
    demo.pulumi("up --yes --skip-preview")
    expect("the server has the organization Acme and two user grants, all active", server.states() == ["ACTIVE"] * 3)
    expect("the project is granted to Acme", server.granted_roles() == [["admin", "editor", "viewer"]])
    ids, roles = server.found("id"), server.found("roleKeys")

    tell("Acme has not paid. Deactivate it in the data file. The preview shows three updates and no deletion.")
    demo.switch("true", "false")
    demo.pulumi("preview --diff", shows="active: true => false")
    expect("the preview has changed nothing: all three are still active", server.states() == ["ACTIVE"] * 3)

    tell("Apply it. Nothing is deleted: the organization keeps its users, the user grants keep their roles.")
    demo.pulumi("up --yes --skip-preview")
    expect("the organization and both user grants are inactive on the server", server.states() == ["INACTIVE"] * 3)
    expect("the user grants have the same roles as before", server.found("roleKeys") == roles)

    tell("Somebody reactivates Ann's grant in ZITADEL's console. Pulumi does not know about it.")
    server.admin.reactivate_grant(ids[0], server.ann, ids[1])
    expect("Ann's grant is active on the server", server.states() == ["INACTIVE", "ACTIVE", "INACTIVE"])

    tell("A nightly job detects the drift. Exit code 7 means drift, 0 means in sync.")
    demo.pulumi("refresh --preview-only --expect-no-changes --diff", code=7, shows="active: false => true")

    tell("A preview with --refresh compares with the server and shows the correction. Then apply it.")
    demo.pulumi("preview --refresh --diff", shows="active: true => false")
    demo.pulumi("up --refresh --yes --skip-preview")
    expect("all three are inactive again on the server", server.states() == ["INACTIVE"] * 3)
    demo.pulumi("refresh --preview-only --expect-no-changes")

    tell("Acme has paid. Reactivate it.")
    demo.switch("false", "true")
    demo.pulumi("up --yes --skip-preview")
    expect("all three are active on the server", server.states() == ["ACTIVE"] * 3)
    expect("they have the same ids as at the beginning", server.found("id") == ids)

    tell("Remove the customer. Its organization is removed for good, because the demo set deletion_policy to remove.")
    demo.pulumi("destroy --yes --skip-preview")
    expect("the organization and the user grants no longer exist on the server", server.found("id") == [])
    expect("the project is granted to nobody", server.granted_roles() == [])


def interrupted(*_: object) -> None:
    """End the demo, and ignore a second Ctrl-C during the clean-up."""
    for each in INTERRUPTIONS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt("interrupted; no process and no file is left behind")


if __name__ == "__main__":
    for each in INTERRUPTIONS:
        signal.signal(each, interrupted)
    began = time.monotonic()
    try:
        main()
    except (Unexpected, httpx.HTTPError, KeyboardInterrupt) as error:
        sys.exit(f"\ndemo: {error}")
    print(f"\nAll checks passed in {time.monotonic() - began:.0f} s. No process and no file is left behind.")

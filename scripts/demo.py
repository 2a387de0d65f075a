"""`make demo`: the life of a tenant, on an emulated ZITADEL and with the engine that is on PATH.

It runs examples/onboarding in a temporary folder, with a Pulumi home and backend of its own, checks on the server what
it says, and leaves nothing behind: no process, no file. It ends with 0 only if all went as told.
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

EXAMPLE = Path(__file__).resolve().parents[1] / "examples" / "onboarding"
TOKEN = "demo-token"  # noqa: S105 - of an emulator that lives for a minute, on loopback
COLORED = sys.stdout.isatty() and "NO_COLOR" not in os.environ
LEFT_OUT = ("PULUMI_", "ZITADEL_", "PYTHONDONTWRITEBYTECODE")  # of the environment: what is the user's own, or slow
INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Unexpected(Exception):
    """Something is not as the demo says."""


def paint(text: str, color: int) -> None:
    """Prints, in a colour where there is a terminal."""
    print(f"\033[{color}m{text}\033[0m" if COLORED else text, flush=True)


def tell(sentence: str) -> None:
    """A step, in plain words."""
    paint("\n" + textwrap.fill(sentence, 100), 1)


def show(command: str) -> None:
    """A command line, as the user could type it."""
    paint(f"$ {command}", 36)


def expect(wanted: str, is_so: bool) -> None:
    """Checks what was said."""
    if not is_so:
        raise Unexpected(f"expected: {wanted}")
    paint(f"✔ {wanted}", 32)


@contextmanager
def process(args: list[str], **options: object) -> Iterator[subprocess.Popen[str]]:
    """A process that does not outlive the block, nor does what it starts: they have a session of their own. So Ctrl-C
    reaches the demo alone, and the engine is interrupted once; the second time it would drop everything."""
    options |= {"stdin": subprocess.DEVNULL, "stderr": subprocess.STDOUT, "start_new_session": True, "text": True}
    # The options that a caller adds are only known to be objects; which overload they fit is not.
    started = subprocess.Popen(args, **options)  # type: ignore[call-overload]  # noqa: S603 - our own words
    try:
        yield started
    finally:
        for way_to_end in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            if started.poll() is None:
                started.send_signal(way_to_end)
                with suppress(subprocess.TimeoutExpired):
                    started.wait(timeout=15)
        # An engine that is interrupted early forgets its language host.
        listed = subprocess.run(["sh", "-c", "ps -A -o pid= || ls /proc"], capture_output=True, text=True, check=False)  # noqa: S607
        for pid in (int(word) for word in listed.stdout.split() if word.isdigit()):
            with suppress(OSError):
                if os.getsid(pid) == started.pid:
                    os.kill(pid, signal.SIGKILL)


class Demo:
    """The engine, in a temporary folder."""

    def __init__(self, folder: Path, url: str) -> None:
        self.project = folder / "examples" / "onboarding"
        shutil.copytree(EXAMPLE, self.project, ignore=shutil.ignore_patterns("Pulumi.*.yaml"))
        (folder / ".venv").symlink_to(sys.prefix, target_is_directory=True)  # where the example's Pulumi.yaml has it
        (folder / "backend").mkdir()
        self.tenants = self.project / "tenants.yaml"
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
        show(f"cd {self.project}  # a copy of examples/onboarding")

    def pulumi(self, command: str, code: int = 0, shows: str = "") -> None:
        """Runs a command, shows what it says, and checks how it ends."""
        show(f"pulumi {command}")
        args, output = ["pulumi", *command.split(), "--color", "always" if COLORED else "never"], list[str]()
        with process(args, stdout=subprocess.PIPE, cwd=self.project, env=self.environment) as engine:
            for line in engine.stdout or ():
                output.append(re.sub("\033\\[[0-9;]*m", "", line))
                if output[-1].strip() and not output[-1].startswith("@"):  # the latter are signs of life
                    print("  " + line, end="", flush=True)
            ended = engine.wait()
        if ended != code or shows not in "".join(output):
            raise Unexpected(f"pulumi {command}: expected exit code {code} (it is {ended}) and the words {shows!r}")
        if "--expect-no-changes" in args:
            print(f"  (exit code {ended})")

    def switch(self, old: str, new: str) -> None:
        """Edits the data file."""
        show(f"sed -i 's/active: {old}/active: {new}/' {self.tenants.name}")
        text = self.tenants.read_text(encoding="utf-8")
        self.tenants.write_text(text.replace(f"active: {old}", f"active: {new}"), encoding="utf-8")


def main() -> None:
    """Starts what the demo needs, and ends it."""
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = "127.0.0.1"
    if not (shutil.which("pulumi") and shutil.which("zorg")):
        raise Unexpected("pulumi and zorg must be on PATH: run `make demo`, which sees to it")
    with tempfile.TemporaryDirectory(prefix="zorg-demo-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        tell("A ZITADEL in memory, and a Pulumi home and backend of the demo's own. No account anywhere is needed.")
        command = f"zorg emulator --port {port} --token {TOKEN}"
        show(f"{command} &")
        with (folder / "log").open("w+") as log, process(command.split(), stdout=log) as emulator:
            wait_until_ready(url, emulator, folder / "log")
            with AdminClient(url, TOKEN) as console:
                play(Demo(folder, url), Furniture(console))


def wait_until_ready(url: str, emulator: subprocess.Popen[str], log: Path) -> None:
    """Until the emulator answers."""
    deadline = time.monotonic() + 30
    while emulator.poll() is None and time.monotonic() < deadline:
        try:
            if httpx.get(f"{url}/debug/ready", timeout=1).is_success:
                return
        except httpx.TransportError:
            time.sleep(0.05)
    raise Unexpected(f"the emulator does not answer:\n{log.read_text()}")


class Furniture:
    """What there is before the tenant comes, made by hand; and the tenant, as the server has it."""

    def __init__(self, console: AdminClient) -> None:
        self.console = console
        self.vendor = console.create_organization("Vendor")
        self.project = console.create_project(self.vendor, "Portal", ["admin", "editor", "viewer"])
        self.ann, self.bob = console.create_user(self.vendor, "ann"), console.create_user(self.vendor, "bob")
        self.before = set(console.organizations())
        self.tenants = textwrap.dedent(f"""\
            project: {{id: "{self.project}", organization: "{self.vendor}", roles: [admin, editor, viewer]}}
            people: {{ann: "{self.ann}", bob: "{self.bob}"}}
            tenants:
              acme:
                name: Acme
                active: true
                people: {{ann: [admin], bob: [editor, viewer]}}
            """)

    def found(self, key: str) -> list[Any]:
        """A property of the new organization, of Ann's grant and of Bob's."""
        organizations = [each for id_, each in self.console.organizations().items() if id_ not in self.before]
        grants = sorted(self.console.grants(self.vendor).values(), key=lambda each: bool(each["userId"] != self.ann))
        return [each.get(key) for each in (*organizations, *grants)]

    def states(self) -> list[str]:
        return [state.rsplit("_", 1)[1] for state in self.found("state")]


def play(demo: Demo, server: Furniture) -> None:
    """The story."""
    tell("The tenant: an organization, and the roles of two people in a project that somebody made by hand.")
    demo.tenants.write_text(server.tenants, encoding="utf-8")
    show("cat tenants.yaml")
    print(textwrap.indent(server.tenants, "  "), end="")
    demo.pulumi("stack init demo")
    demo.pulumi("config set deletion_policy remove")
    demo.pulumi("up --yes --skip-preview")
    expect("on the server: the organization Acme and two grants, all active", server.states() == ["ACTIVE"] * 3)
    ids, roles = server.found("id"), server.found("roleKeys")

    tell("Acme has not paid. The file says so, and the preview says what will happen: three updates, nothing deleted.")
    demo.switch("true", "false")
    demo.pulumi("preview --diff", shows="active: true => false")
    expect("a preview changes nothing: all three are active still", server.states() == ["ACTIVE"] * 3)

    tell("Switched off. Nobody loses anything: the organization keeps what is in it, the grants keep their roles.")
    demo.pulumi("up --yes --skip-preview")
    expect("on the server: the organization and both grants are inactive", server.states() == ["INACTIVE"] * 3)
    expect("and the grants have the roles they had", server.found("roleKeys") == roles)

    tell("Somebody means well and switches Ann's grant on by hand, in ZITADEL's console. Pulumi knows nothing of it.")
    server.console.reactivate_grant(server.vendor, server.ann, ids[1])
    expect("on the server: Ann's grant is active", server.states() == ["INACTIVE", "ACTIVE", "INACTIVE"])

    tell("A job that runs every night would notice: exit code 7 means drift, 0 that all is as declared.")
    demo.pulumi("refresh --preview-only --expect-no-changes --diff", code=7, shows="active: false => true")

    tell("A preview that looks at the server first tells how it would be put right; then it is.")
    demo.pulumi("preview --refresh --diff", shows="active: true => false")
    demo.pulumi("up --refresh --yes --skip-preview")
    expect("on the server: all three are inactive again", server.states() == ["INACTIVE"] * 3)
    demo.pulumi("refresh --preview-only --expect-no-changes")

    tell("Acme has paid.")
    demo.switch("false", "true")
    demo.pulumi("up --yes --skip-preview")
    expect("on the server: all three are active", server.states() == ["ACTIVE"] * 3)
    expect("and they are the ones from the beginning, by their ids", server.found("id") == ids)

    tell("And away with it all. The organization goes for good, because the demo has set deletion_policy to remove.")
    demo.pulumi("destroy --yes --skip-preview")
    expect("on the server: neither the organization nor a grant is left", server.found("id") == [])


def interrupted(*_: object) -> None:
    """Ends the demo once; a second Ctrl-C does not disturb the cleaning up."""
    for each in INTERRUPTIONS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt("interrupted; nothing is left behind")


if __name__ == "__main__":
    for each in INTERRUPTIONS:
        signal.signal(each, interrupted)
    began = time.monotonic()
    try:
        main()
    except (Unexpected, httpx.HTTPError, KeyboardInterrupt) as error:
        sys.exit(f"\ndemo: {error}")
    print(f"\nAll as told, in {time.monotonic() - began:.0f} s; nothing is left running, and no file is left.")

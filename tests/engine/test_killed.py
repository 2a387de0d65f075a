"""A process that dies in the middle of a create: the next `up` ends with exactly one object, in the state, as declared."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest

from pulumi_zorg.testing import Fault
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org

#: The calls of an organization that is born inactive: who am I, create, read, deactivate, read.
STEPS = 5
#: Before or after the server has the call. For a read it is the same.
KILLS = [
    pytest.param(step, effect, id=f"{step}-{when} the server")
    for step in range(STEPS)
    for effect, when in (("cut", "before"), ("drop", "after"))
    if effect == "drop" or step in (1, 3)
]


def _processes_of(stack: Stack) -> Iterator[tuple[int, list[bytes]]]:
    """The processes that run in the stack's folder."""
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError):
                if (entry / "cwd").resolve() == stack.folder.resolve():
                    yield int(entry.name), (entry / "cmdline").read_bytes().split(b"\0")


def _kill_provider(stack: Stack) -> bool:
    """The engine starts it in a process group of its own."""
    victims = {os.getpgid(pid) for pid, command in _processes_of(stack) if b"pulumi.dynamic" in command}
    for group in victims:
        os.killpg(group, signal.SIGKILL)
    return bool(victims)


def _kill_all(stack: Stack) -> bool:
    victims = [pid for pid, _ in _processes_of(stack)]
    for pid in victims:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return bool(victims)


def _up(stack: Stack) -> subprocess.Popen[bytes]:
    command = ["pulumi", "--non-interactive", "up", "--yes", "--skip-preview"]
    return subprocess.Popen(
        command, cwd=stack.folder, env=stack.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


def _ends_with_one(server: Server, stack: Stack, before: set[str]) -> None:
    again = stack.run("up", "--yes", "--skip-preview")
    assert again.code == 0, again.out
    assert set(server.admin.organizations()) - before == {stack.id("acme")}
    assert server.admin.organization(stack.id("acme"))["state"] == "ORG_STATE_INACTIVE"
    assert stack.outputs("acme")["state"] == "ORG_STATE_INACTIVE"


def test_the_steps_of_a_create_are_all_that_there_are(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme", active=False))
    created = stack.run("up", "--yes", "--skip-preview")
    assert created.code == 0, created.out
    assert len(server.proxy.exchanges) == STEPS


@pytest.mark.parametrize(("step", "effect"), KILLS)
def test_the_provider_killed_at_any_step_of_a_create(server: Server, stack: Stack, step: int, effect: str) -> None:
    before = set(server.admin.organizations())
    stack.declare(acme=org("Acme", active=False))
    killed = threading.Event()

    def kill(method: str, path: str) -> None:
        if len(server.proxy.exchanges) == step and not killed.is_set() and _kill_provider(stack):
            killed.set()

    server.proxy.add(Fault("cut" if effect == "cut" else "drop", skip=step))
    server.proxy.before = kill
    up = _up(stack)
    assert up.wait(60) != 0
    server.proxy.before = lambda method, path: None
    assert killed.is_set()
    assert len(server.proxy.exchanges) == step + 1
    _ends_with_one(server, stack, before)


@pytest.mark.parametrize("step", [1, 4])
def test_everything_killed_while_the_server_works(server: Server, stack: Stack, step: int) -> None:
    before = set(server.admin.organizations())
    stack.declare(acme=org("Acme", active=False))
    killed = threading.Event()

    def kill(method: str, path: str) -> None:
        if len(server.proxy.exchanges) == step and not killed.is_set() and _kill_all(stack):
            killed.set()

    server.proxy.before = kill
    up = _up(stack)
    assert up.wait(60) != 0
    server.proxy.before = lambda method, path: None
    assert killed.is_set()
    stack.run("cancel", "--yes")  # the lock of a process that is no more
    _ends_with_one(server, stack, before)


def test_the_engine_interrupted_while_creations_run(server: Server, stack: Stack) -> None:
    """As Ctrl-C does it: the engine is asked to stop while four creations wait for their answers."""
    before = set(server.admin.organizations())
    declared = {f"org{i}": org(f"Tenant {i}", active=i % 2 == 0) for i in range(6)}
    declared["ann"] = grant(server.home, server.ann, server.project, ["viewer"], active=False)
    stack.declare(**declared)
    server.proxy.add(Fault("delay", method="POST", path=r"/orgs$|/grants$", times=None, seconds=1.5))
    asked = threading.Event()

    def interrupt(method: str, path: str) -> None:
        if method == "POST" and not asked.is_set():
            asked.set()
            up.send_signal(signal.SIGINT)

    server.proxy.before = interrupt
    up = _up(stack)
    assert up.wait(90) != 0
    server.proxy.before = lambda method, path: None
    server.proxy.clear()
    again = stack.run("up", "--yes", "--skip-preview")
    assert again.code == 0, again.out
    assert set(server.admin.organizations()) - before == {stack.id(f"org{i}") for i in range(6)}
    assert list(server.admin.grants(server.home)) == [stack.id("ann")]
    assert stack.preview("--refresh") == {}


def test_an_engine_killed_between_the_answer_and_its_checkpoint_takes_a_decision_to_adopt(
    server: Server, stack: Stack
) -> None:
    """The engine writes its checkpoint after the provider's answer. What was returned to it is never resumed."""
    before = set(server.admin.organizations())
    stack.declare(acme=org("Acme"))
    stopped = threading.Event()

    def stop(method: str, path: str) -> None:
        # The last call of the create: the provider answers an engine that does nothing any more.
        if len(server.proxy.exchanges) == 2 and not stopped.is_set():
            (engine,) = (pid for pid, command in _processes_of(stack) if command[0].endswith(b"pulumi"))
            os.kill(engine, signal.SIGSTOP)
            _wait(lambda: b"State:\tT" in Path(f"/proc/{engine}/status").read_bytes())
            stopped.set()

    server.proxy.before = stop
    up = _up(stack)
    assert stopped.wait(60)
    pending = stack.folder / "home" / "zorg" / "journal"
    _wait(lambda: len(server.proxy.exchanges) == 3 and not list(pending.rglob("*.json")))
    _kill_all(stack)
    up.wait()
    server.proxy.before = lambda method, path: None
    stack.run("cancel", "--yes")
    assert not stack.resources(), "the engine wrote its checkpoint: this test proves nothing"
    (acme,) = set(server.admin.organizations()) - before
    assert stack.fails().shows(f"It is organization {acme}", "this credential's own user", "adopt=True")
    stack.declare(acme=org("Acme", adopt=True))
    stack.up()
    assert set(server.admin.organizations()) - before == {stack.id("acme")} == {acme}


def test_without_checkpoints_a_killed_run_leaves_what_the_next_one_does_not_take(server: Server, stack: Stack) -> None:
    stack.env |= {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
    stack.declare(first=org("First"), second=org("Second", opts={"depends_on": ["first"]}))
    _killed_at_write(server, stack, ["up", "--yes", "--skip-preview"], 1)
    assert not stack.resources(), "the engine wrote its state: this test proves nothing"
    server.proxy.clear()
    assert stack.fails().shows("this credential's own user", "adopt=True")
    stack.declare(first=org("First", adopt=True), second=org("Second", adopt=True))
    stack.up()
    names = [each["name"] for each in server.admin.organizations().values()]
    assert [names.count(name) for name in ("First", "Second")] == [1, 1]


def _wait(until: Callable[[], bool]) -> None:
    for _ in range(600):
        if until():
            return
        time.sleep(0.1)
    raise AssertionError("waited a minute in vain")


@pytest.mark.parametrize("checkpoints", [True, False], ids=["checkpoints", "no checkpoints"])
def test_everything_killed_again_and_again_ends_with_each_object_once_where_it_is_adopted(
    server: Server, stack: Stack, checkpoints: bool
) -> None:
    """With PULUMI_SKIP_CHECKPOINTS a killed engine leaves a state that knows nothing of what it was given."""
    many, kills = int(os.environ.get("ZORG_KILLED_RESOURCES", "20")), int(os.environ.get("ZORG_KILLS", "3"))
    if not checkpoints:
        stack.env |= {"PULUMI_EXPERIMENTAL": "true", "PULUMI_SKIP_CHECKPOINTS": "true"}
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(many)]
    organizations, grants = set(server.admin.organizations()), set(server.admin.grants(server.home))
    stack.declare(
        **{f"org{number}": org(f"Tenant {number}", adopt=True) for number in range(many)},
        **{
            f"grant{number}": grant(server.home, user, server.project, ["viewer"], adopt=True)
            for number, user in enumerate(users)
        },
    )
    for _ in range(kills):
        # Writes that are under way when the engine is killed are made too: the last run must have enough left.
        _killed_at_write(server, stack, ["up", "--yes", "--skip-preview"], many // (kills + 2))
        assert bool(stack.resources()) is checkpoints
    stack.up()
    made = {name: each["id"] for name, each in stack.resources().items()}
    assert len(made) == 2 * many
    assert set(server.admin.organizations()) - organizations == {made[f"org{number}"] for number in range(many)}
    assert set(server.admin.grants(server.home)) - grants == {made[f"grant{number}"] for number in range(many)}
    _killed_at_write(server, stack, ["destroy", "--yes", "--skip-preview"], many)
    stack.destroy()
    assert set(server.admin.organizations()) == organizations
    assert set(server.admin.grants(server.home)) == grants


def _killed_at_write(server: Server, stack: Stack, command: list[str], number: int) -> None:
    """Run a command, and kill all its processes at the first call that is no GET, after so many writes of the command.

    To adopt what an earlier run made takes no write.
    """
    server.proxy.clear()
    killed = threading.Event()

    def kill(method: str, path: str) -> None:
        if method != "GET" and not killed.is_set() and len(server.proxy.writes) >= number and _kill_all(stack):
            killed.set()

    server.proxy.before = kill
    process = subprocess.Popen(
        ["pulumi", "--non-interactive", *command],
        cwd=stack.folder,
        env=stack.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    process.wait()
    _restore_checkpoint(stack)
    server.proxy.before = lambda method, path: None
    assert killed.is_set()
    stack.run("cancel", "--yes")


def _restore_checkpoint(stack: Stack) -> None:
    """Do what a user does whose engine was killed while it wrote its checkpoint into a folder (measured on engine 3.250).

    The engine then says "failed to load checkpoint: EOF". The file with the attributes of the checkpoint is empty, and is not
    needed. Of the checkpoint itself there is a backup.
    """
    for attributes in (stack.folder / "backend" / ".pulumi" / "stacks").rglob("*.attrs"):
        if not attributes.read_bytes():
            attributes.unlink()
    for checkpoint in (stack.folder / "backend" / ".pulumi" / "stacks").rglob("*.json"):
        try:
            json.loads(checkpoint.read_text(encoding="utf-8"))
        except ValueError:
            shutil.copy(checkpoint.with_name(f"{checkpoint.name}.bak"), checkpoint)


@pytest.mark.parametrize("active", [False, True])
def test_the_provider_killed_again_and_again_while_users_go_along_with_their_organization(
    server: Server, stack: Stack, active: bool
) -> None:
    """Each run comes a few users further. The last one finishes, and exactly those come back who were active before."""
    admin = server.admin
    acme = admin.create_organization("Acme")
    users = [admin.create_user(acme, f"user-{number}") for number in range(24)]
    admin.change_user_state(acme, users[0], "deactivate")

    def working() -> set[str]:
        return {each for each in users if admin.user(acme, each)["state"] == "USER_STATE_ACTIVE"}

    def declare(active: bool) -> None:
        stack.declare(acme=org("Acme", adopt=True, active=active, cascade="users"))

    declare(active=True)
    stack.up()
    for then in (False, True)[: 1 + active]:
        declare(active=then)
        is_last = then is active
        for _ in range(3 if is_last else 0):
            calls, killed = count(), threading.Event()

            def kill(method: str, path: str) -> None:
                if path.endswith("activate") and "/users/" in path and next(calls) == 2 and _kill_provider(stack):  # noqa: B023
                    killed.set()  # noqa: B023

            server.proxy.before = kill
            assert _up(stack).wait(60) != 0
            server.proxy.before = lambda method, path: None
            assert killed.is_set()
            assert working() not in (set(), {*users[1:]}), "it was killed in the middle"
        stack.up("--skip-preview")
        assert working() == ({*users[1:]} if then else set())
    stack.assert_settled()

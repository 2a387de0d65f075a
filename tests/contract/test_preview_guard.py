"""`zorg preview-guard` with a plan from a file, without the engine. tests/engine/test_preview_guard.py has its plans."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.command import Zorg, run_zorg
from tests.support.plans import plan_text
from tests.support.schema import fits_schema
from tests.support.servers import Server
from tests.support.types import ORGANIZATION

WITHIN, ERROR, EXCEEDED = 0, 1, 7
FORMS = ["table", "json", "markdown", "github"]


@pytest.fixture
def zorg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Zorg:
    """The command, in a folder without a project."""
    return Zorg(tmp_path / "elsewhere", monkeypatch, capsys)


def settings(server: Server) -> dict[str, str]:
    return {"ZITADEL_URL": server.proxy.url, "ZITADEL_TOKEN": server.token}


def organization(op: str, name: str, *, id: str | None = None, **inputs: Any) -> dict[str, Any]:
    """A step of the engine's plan."""
    values = {"name": name, "active": True, **inputs}
    before = {"oldState": {"id": id, "inputs": {"name": name, "active": True}}} if id else {}
    after = {} if op == "delete" else {"newState": {"inputs": values}}
    return {"op": op, "urn": f"urn:pulumi:dev::shop::{ORGANIZATION}::{name}", **before, **after}


def write_plan(zorg: Zorg, *steps: dict[str, Any]) -> str:
    (zorg.folder / "plan.json").write_text(plan_text(*steps))
    return "plan.json"


def deactivated(zorg: Zorg, *args: str, **more: Any) -> int:
    run = zorg.run("preview-guard", *args, "--format", "json", **more)
    shown = json.loads(run.out)
    assert fits_schema("preview-guard", shown)
    return next(int(each["found"]) for each in shown["limits"] if each["option"] == "--max-deactivate")


@pytest.mark.slow
@pytest.mark.parametrize("args", [(), ("-",)])
def test_an_empty_standard_input_is_an_error(zorg: Zorg, args: tuple[str, ...]) -> None:
    """A preview before the pipe failed, for example with a wrong passphrase. No preview is run instead."""
    command = [str(Path(sys.executable).parent / "zorg"), "preview-guard", *args, "--max-remove", "0"]
    done = subprocess.run(command, input="", capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == ERROR
    assert "standard input is empty: the preview that was piped in failed" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    "args", [["--max-remove", "some"], ["--max-remove", "-1"], ["no-such-file"], ["--format", "x"]]
)
def test_a_mistake_in_the_options_is_an_error(zorg: Zorg, args: list[str]) -> None:
    assert zorg.run("preview-guard", *args).code == ERROR


def test_an_adoption_that_deactivates_is_counted(any_server: Server, zorg: Zorg) -> None:
    server = any_server
    server.admin.create_organization(server.name("Acme"))
    steps = [organization("create", server.name(each), active=False, adopt=True) for each in ("Acme", "New")]
    file = write_plan(zorg, *steps)
    assert deactivated(zorg, file, env=settings(server)) == 1
    # Without the instance, each of them may exist.
    assert deactivated(zorg, file, "--offline", env=settings(server)) == 2


@pytest.mark.slow
def test_without_the_instance_it_still_counts(server: Server, zorg: Zorg) -> None:
    acme, beta = (server.admin.create_organization(name) for name in ("Acme", "Beta"))
    file = write_plan(
        zorg, organization("update", "Acme", id=acme, active=False), organization("delete", "Beta", id=beta)
    )
    server.proxy.add(Fault("answer", times=None, status=503))
    run = zorg.run("preview-guard", file, "--max-remove", "0", env=settings(server))
    assert run.code == EXCEEDED
    assert run.shows(
        f"removes organization Beta ({beta}) and all its projects, users and grants", "the server did not answer"
    )
    run = zorg.run("preview-guard", file, "--max-remove", "0")
    assert run.code == EXCEEDED
    assert run.shows("The instance was not read: no address of a ZITADEL is given")
    run = zorg.run("preview-guard", file, "--max-remove", "0", "--offline")
    assert run.code == EXCEEDED
    assert run.shows("The instance was not read: --offline was given")


@pytest.mark.slow
def test_neither_an_encoding_nor_a_reader_that_leaves_changes_the_exit_code(zorg: Zorg) -> None:
    file = write_plan(zorg, organization("delete", "Żubr", id="1"))
    command = f"{Path(sys.executable).parent / 'zorg'} preview-guard {file} --offline --max-remove 0"
    env = {**os.environ, "PATH": "/usr/bin:/bin"}
    piped = ["bash", "-c", f"{command} | true; exit ${{PIPESTATUS[0]}}"]
    assert subprocess.run(piped, cwd=zorg.folder, env=env, check=False, timeout=120).returncode == EXCEEDED
    for form in FORMS:
        guarded = run_zorg(*command.split()[1:], "--format", form, cwd=zorg.folder, env=env, encoding="cp1252")
        assert guarded.code == EXCEEDED

"""The command `zorg`, as a process where that makes a difference."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from pulumi_zorg.emulator import Emulator
from tests.support.command import run_zorg

ZORG = str(Path(sys.executable).parent / "zorg")
FIXTURES = Path(__file__).parents[1] / "fixtures"


@pytest.mark.slow
def test_the_emulator_prints_its_address_and_runs_until_it_is_interrupted() -> None:
    command = [ZORG, "emulator", "--port", "0", "--token", "try-me"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            shown = re.search(r"http://127\.0\.0\.1:\d+", running.stderr.readline())
            assert shown is not None
            with httpx.Client(
                base_url=shown.group(), trust_env=False, transport=httpx.HTTPTransport(retries=20)
            ) as http:
                assert http.get("/debug/ready").status_code == 200
                bearer = {"Authorization": "Bearer try-me"}
                assert http.get("/management/v1/orgs/me", headers=bearer).json()["org"]["name"] == "ZITADEL"
        finally:
            running.send_signal(signal.SIGINT)
        running.wait(20)


@pytest.mark.slow
def test_a_port_in_use_is_an_error() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        run = subprocess.run(
            [ZORG, "emulator", "--port", str(port)], capture_output=True, text=True, check=False, timeout=60
        )
    assert run.returncode == 1
    assert f"port {port} on 127.0.0.1 cannot be used" in run.stderr


@pytest.mark.parametrize("wrong", [["--like", "2019"], ["--port", "x"], ["--nonsense"]])
def test_a_wrong_option_is_an_error(wrong: list[str], tmp_path: Path) -> None:
    run = run_zorg("emulator", *wrong, cwd=tmp_path, env={})
    assert run.code == 1
    assert "Error:" in run.err


def test_a_token_that_drift_is_refused_with_has_no_hint_of_another_command(tmp_path: Path) -> None:
    """`zorg drift` reads the present configuration, and has no option `--run-program`."""
    pulumi = tmp_path / "pulumi"
    with Emulator() as emulator:
        config = {"zorg:url": {"value": emulator.url}, "zorg:token": {"value": "a-revoked-token", "secret": True}}
        pulumi.write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(config)}\nEND\n")
        pulumi.chmod(0o755)
        command = ["drift", "--stack", "test", "--state", str(FIXTURES / "state-0.1.0.json")]
        run = run_zorg(*command, cwd=tmp_path, env={"PATH": f"{tmp_path}:/bin:/usr/bin"})
    assert run.code == 1
    assert "The credential was read from zorg:token." in run.err
    assert "--run-program" not in run.out + run.err

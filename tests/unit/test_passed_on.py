"""What `zorg preview-guard --run -- OPTIONS` passes on to pulumi, and what it refuses."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from pulumi_zorg.cli.options import verify_passed_on
from pulumi_zorg.cli.stack import Stack
from pulumi_zorg.errors import ConfigurationError
from tests.support.command import Zorg


@pytest.fixture
def zorg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Zorg:
    """The command, without a pulumi on PATH."""
    return Zorg(tmp_path / "elsewhere", monkeypatch, capsys)


REFUSED = {
    "another stack": (["--stack", "prod"], ["--stack=prod"], ["-s", "prod"], ["-sprod"], ["-s=prod"], ["-rsprod"]),
    "another folder": (["--cwd", "/other"], ["-C", "/other"], ["-C/other"], ["-dC/other"]),
    "other settings": (["--config-file", "x.yaml"], ["--config-file=x.yaml"], ["--override-env", "a=b"]),
    "settings that are written": (["--config", "zorg:url=x"], ["-c", "zorg:url=x"], ["-czorg:url=x"], ["--config-path"]),
    "another form": (["--json=false"], ["-j"], ["--output", "json"], ["--show-replacement-steps=false"]),
    "a run": (["--skip-preview"], ["-f"], ["--preview-only=false"], ["--yes"], ["-yf"], ["-dy"], ["--remove"]),
    "another machine": (["--remote"], ["--remote-env", "A=b"], ["--remote-git-branch=main"]),
    "after another one": (["--target", "x", "--stack", "prod"], ["--message", "--stack"], ["--diff", "-y"]),
}  # fmt: skip


@pytest.mark.parametrize("options", [each for group in REFUSED.values() for each in group])
def test_an_option_that_breaks_the_guard_is_refused(options: list[str]) -> None:
    with pytest.raises(ConfigurationError, match=r"cannot be passed on to pulumi \(--"):
        verify_passed_on(options)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--ignore-protect"],
        ["--target", "urn:pulumi:dev::shop::t::n", "--target-dependents", "--exclude=x", "-tx", "-x", "y"],
        ["--refresh", "-r", "--refresh=false", "-r=true", "-dr"],
        ["--parallel", "2", "-p2", "-m", "why", "-mcjy: a message", "-pvs", "-v=9", "-ts"],
        ["--replace", "x", "--save-plan", "plan", "--import-file=x", "--policy-pack", "p", "--policy-pack-config", "c"],
        ["--show-secrets", "--show-sames", "--expect-no-changes", "--diff", "--color", "always", "--suppress-outputs"],
        ["--an-option-of-a-later-engine", "stack", "yes"],
    ],
)
def test_all_other_options_are_passed_on(options: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    called = []

    def run(command: list[str], **more: object) -> subprocess.CompletedProcess[str]:
        called.append(command)
        return subprocess.CompletedProcess(command, 0, "{}", "")

    monkeypatch.setattr(subprocess, "run", run)
    verify_passed_on(options)
    Stack(Path(), "dev").preview(destroy=True, options=options)
    (command,) = called
    own = ["destroy", "--preview-only", "--json", "--show-replacement-steps", "--stack", "dev"]
    assert command[command.index("destroy") :] == [*own, *options]


def test_nothing_is_called_with_a_refused_option(zorg: Zorg) -> None:
    run = zorg.run("preview-guard", "--run", "--max-remove", "0", "--", "--diff", "-c", "zorg:url=http://localhost")
    assert (run.code, run.shows("'-c' cannot be passed on to pulumi (--config)", "`pulumi config set`")) == (1, True)
    run = zorg.run("preview-guard", "--max-remove", "0", "--", "--stack", "prod")
    assert (run.code, run.shows("Give it to `zorg preview-guard`, before the `--`")) == (1, True)
    run = zorg.run("preview-guard", "--", "--diff")
    assert (run.code, run.shows("the command `pulumi` is not found")) == (1, True), "an option of pulumi runs a preview"


def test_a_plan_after_the_options_is_an_error(zorg: Zorg) -> None:
    (zorg.folder / "plan.json").write_text("{}")
    run = zorg.run("preview-guard", "--run", "--", "plan.json")
    assert (run.code, run.shows("'plan.json' is not an option of pulumi", "A PLAN is given before it")) == (1, True)
    run = zorg.run("preview-guard", "plan.json", "--", "--diff")
    assert (run.code, run.shows("PLAN, and an option that runs a preview here")) == (1, True)

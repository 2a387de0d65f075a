"""What all commands of `zorg` have in common: exit codes, options, help, formats, and output that can be copied."""

from __future__ import annotations

import json
import os
import pty
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import click
import pytest

from pulumi_zorg.cli import COMMANDS as LISTED
from pulumi_zorg.cli import load_command
from pulumi_zorg.cli.doctor import FORMATS as DOCTOR_FORMATS
from pulumi_zorg.cli.drift import FORMATS as DRIFT_FORMATS
from pulumi_zorg.cli.preview_guard import FORMATS as GUARD_FORMATS
from pulumi_zorg.doctor.findings import Diagnosis, error, ok, skipped, warning
from pulumi_zorg.drift.report import Change, Drift, Report
from pulumi_zorg.guard.report import Verdict
from tests.support.command import Zorg, run_zorg
from tests.support.types import ORGANIZATION

ZORG = str(Path(sys.executable).parent / "zorg")
COMMANDS = {name: load_command(name) for name in LISTED}
URN = f"urn:pulumi:production::customers-of-the-shop::{ORGANIZATION}::a-customer-with-quite-a-long-name-0123456789"
WHEN = datetime(2026, 11, 23, 8, tzinfo=timezone.utc)


def options(command: click.Command) -> Iterator[click.Option]:
    yield from (each for each in command.params if isinstance(each, click.Option))


def wrong_values() -> Iterator[tuple[str, ...]]:
    """Each option of each command with a value that it cannot have, as far as its type is checked by the parser."""
    for name, command in COMMANDS.items():
        for option in options(command):
            flag = option.opts[0]
            if not option.is_flag:
                yield name, flag  # without its value, except where that may be left out
            if isinstance(option.type, click.Choice | click.IntRange):
                yield name, f"{flag}=x"
            if isinstance(option.type, click.Path) and option.type.exists:
                yield name, f"{flag}=/does/not/exist"


WRONG = [
    (),
    ("--nonsense",),
    ("nonsense",),
    *((name, "--nonsense") for name in COMMANDS),
    *((name, "one", "two", "three", "four", "five") for name in COMMANDS),
    ("import",),
    ("import", "Project"),
    ("import", "Project", "portal"),
    ("import", "Projekt", "portal", "1"),
    ("drift", "--only", "Projekt"),
    ("doctor", "--only", "Projekt"),
    ("doctor", "--org", "x y"),
    ("generate",),
    ("preview-guard", "--max-remove", "-1"),
    ("preview-guard", "--", "--stack", "dev"),
    *(each for each in wrong_values() if each != ("drift", "--unmanaged")),
]


@pytest.mark.parametrize("wrong", WRONG, ids=" ".join)
def test_what_is_wrong_with_the_arguments_is_exit_code_1(
    wrong: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As with the engine's commands. click's own code is 2."""
    run = Zorg(tmp_path / "elsewhere", monkeypatch, capsys).run(*wrong)
    assert run.code == 1, run.out
    assert ("Error: " if wrong else "Commands:") in run.out


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_no_error(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    zorg = Zorg(tmp_path / "elsewhere", monkeypatch, capsys)
    for option in ("-h", "--help"):
        assert zorg.run(name, option).code == zorg.run(option).code == 0
    assert zorg.run("--version").code == 0


def test_what_a_command_does_is_not_cut_in_the_list_of_commands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    listed = (
        Zorg(tmp_path / "elsewhere", monkeypatch, capsys).run("--help").out.partition("Commands:\n")[2].splitlines()
    )
    assert len(listed) == len(COMMANDS)
    assert [line for line in listed if not line.endswith(".") or line.endswith("...")] == []


def test_the_list_of_commands_has_what_each_says_of_itself() -> None:
    """It is shown without the modules of the commands."""
    assert {name: line for name, (_, line) in LISTED.items()} == {
        name: command.get_short_help_str(limit=200) for name, command in COMMANDS.items()
    }
    assert {name: command.name for name, command in COMMANDS.items()} == {name: name for name in LISTED}


def test_help_and_wrong_arguments_load_neither_pulumi_nor_what_calls_need() -> None:
    """Loading them takes longer than all the rest that these do."""
    program = """
import json, sys
from pulumi_zorg.cli import main
loaded = {}
for arguments in json.loads(sys.argv[1]):
    try:
        main.main(arguments, prog_name="zorg")
    except SystemExit:
        loaded[" ".join(arguments)] = sorted({"pulumi", "httpx", "pydantic"} & set(sys.modules))
print(json.dumps(loaded))
"""
    used = [
        ["--version"],
        ["--help"],
        ["nonsense"],
        *([name, each] for name in LISTED for each in ("--help", "--nonsense")),
    ]
    command = [sys.executable, "-c", program, json.dumps(used)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout.splitlines()[-1]) == {" ".join(each): [] for each in used}


def test_the_same_option_is_the_same_in_all_commands() -> None:
    """`--only` can be given more than once, and `--format` has the same four values, but for a report that is no finding."""
    by_name: dict[str, list[tuple[bool, Any]]] = {}
    for command in COMMANDS.values():
        for option in options(command):
            kind = tuple(option.type.choices) if isinstance(option.type, click.Choice) else None
            by_name.setdefault(option.opts[0], []).append((option.multiple, kind))
    assert by_name["--only"] == [(True, None)] * 2
    of_access = (False, ("table", "json", "csv", "html"))
    assert by_name["--format"] == [of_access, *[(False, ("table", "json", "markdown", "github"))] * 3]
    for same in ("--stack", "--cwd"):
        assert len(set(by_name[same])) == 1


#: Numbers that are never 1.
AT_LEAST_2 = (
    "{len(found)} matches",
    "{len(self.urns)} resources",
    "{_PAGES} calls",
    "{count} resources take",
    "{repeated} calls",
)


def test_no_message_has_a_number_with_a_fixed_plural() -> None:
    """`1 resources`: `impact.count_text` makes singular and plural."""
    nouns = (
        "resources|grants|projects|users|organizations|people|accounts|roles|calls|objects|tokens|days|changes|matches"
    )
    number = re.compile(rf"\{{(?!what|whose)[^{{}}]*\}} (user |project |service )?({nouns})\b")
    package = Path(__file__).parents[2] / "pulumi_zorg"
    lines = [
        line.strip()
        for file in package.rglob("*.py")
        if "emulator" not in file.parts
        for line in file.read_text(encoding="utf-8").splitlines()
    ]
    found = [line for line in lines if number.search(line)]
    assert len(found) >= len(AT_LEAST_2), "the pattern finds what is there"
    assert [line for line in found if not any(each in line for each in AT_LEAST_2)] == []


def diagnosis() -> Diagnosis:
    named = warning("organization ::error::x | `@admin`\nis odd")
    return Diagnosis((ok("all is well"), named, warning("late"), error("refused"), skipped("credential")))


def test_the_doctor_in_markdown(capsys: pytest.CaptureFixture[str]) -> None:
    DOCTOR_FORMATS.write("markdown", diagnosis())
    assert capsys.readouterr().out.splitlines() == [
        "**doctor: 1 ok, 2 warnings, 1 error, 1 skipped**",
        "",
        "| result | check | what |",
        "|---|---|---|",
        "| ok |  | `all is well` |",
        "| warning |  | `` organization ::error::x \\| `@admin` is odd `` |",
        "| warning |  | `late` |",
        "| error |  | `refused` |",
        "| skipped |  | `not checked, because the check credential failed` |",
    ]


def test_the_doctor_as_annotations(capsys: pytest.CaptureFixture[str]) -> None:
    DOCTOR_FORMATS.write("github", diagnosis())
    shown = capsys.readouterr().out.splitlines()
    assert [line.split(" ")[0] for line in shown] == ["::warning", "::warning", "::error", "::notice", "::error"]
    assert shown[-1].endswith("::doctor: 1 ok, 2 warnings, 1 error, 1 skipped")
    DOCTOR_FORMATS.write("github", Diagnosis((ok("all is well"),)))
    assert capsys.readouterr().out == "::notice title=zorg doctor::doctor: 1 ok\n"


def report() -> Report:
    roles = {f"role-{number}": {"display_name": f"Role number {number}"} for number in range(40)}
    changes = (Change("active", True, False, WHEN, "Ann"), Change("roles", roles, {}, WHEN, "Ann"))
    return Report("production", (Drift(URN, ORGANIZATION, "648249731989988966", changes, when=WHEN, by="Ann"),))


def verdict() -> Verdict:
    return Verdict("production", (), (), {"delete": 1}, allowed=frozenset(), not_allowed=(URN,))


SHOW = """
from tests.unit.test_command import *
DRIFT_FORMATS.write("table", report())
GUARD_FORMATS.write("table", verdict())
DOCTOR_FORMATS.write("table", Diagnosis((warning("run `pulumi state delete '" + URN + "'` " + "and then look at it again " * 9 + "END"),)))
"""


def at_a_terminal(columns: int) -> str:
    """Return what a terminal of this width is sent, without colours."""
    primary, secondary = pty.openpty()
    env = {**os.environ, "COLUMNS": str(columns), "LINES": "24", "TERM": "xterm-256color"}
    root = Path(__file__).parents[2]
    with subprocess.Popen([sys.executable, "-c", SHOW], stdout=secondary, env=env, cwd=root) as running:
        os.close(secondary)
        sent = b""
        while True:
            try:
                block = os.read(primary, 65536)
            except OSError:  # Linux reports the end of a terminal so
                break
            if not block:
                break
            sent += block
        assert running.wait(60) == 0
    os.close(primary)
    return re.sub(r"\x1b\[[0-9;]*m", "", sent.decode()).replace("\r\n", "\n")


def test_nothing_is_torn_or_cut_at_a_terminal_of_80_columns(capsys: pytest.CaptureFixture[str]) -> None:
    """A line that is longer than the terminal is left to the terminal: what is copied from it is what was printed."""
    DRIFT_FORMATS.write("table", report())
    GUARD_FORMATS.write("table", verdict())
    piped = capsys.readouterr().out
    shown = at_a_terminal(80)
    assert shown.startswith(piped), "a pipe gets the same lines"
    lines = shown.splitlines()
    assert URN in lines, "on a line of its own"
    assert f"not allowed: {URN}" in lines
    assert "Organization 648249731989988966" in lines
    assert "  deactivated: true → false (at 2026-11-23 08:00:00Z by Ann)" in lines
    assert any("Role number 39" in line and line.endswith("→ {} (at 2026-11-23 08:00:00Z by Ann)") for line in lines)
    assert any(f"pulumi state delete '{URN}'" in line and line.endswith("END") for line in lines)
    assert "production: 1 drifted" in lines
    assert lines[-1] == "doctor: 1 warning"


COMPLETIONS = [
    ("bash", "zorg d", ["doctor", "drift"]),
    ("bash", "zorg drift --form", ["--format"]),
    ("bash", "zorg doctor --format m", ["markdown"]),
    ("bash", "zorg drift --only Pro", ["Project", "ProjectGrant"]),
    ("bash", "zorg import User", ["UserGrant"]),
    ("zsh", "zorg preview-guard --max-losing", ["--max-losing-access"]),
    ("fish", "zorg em", ["emulator"]),
]


@pytest.mark.parametrize(("shell", "typed", "found"), COMPLETIONS)
def test_a_shell_completes_commands_options_and_values(
    tmp_path: Path, shell: str, typed: str, found: list[str]
) -> None:
    words = typed.split()
    # Each shell gives the words in a form of its own.
    asked = {"COMP_WORDS": " ".join(words) if shell != "fish" else typed, "COMP_CWORD": str(len(words) - 1)}
    if shell == "fish":
        asked["COMP_CWORD"] = words[-1]
    run = run_zorg(cwd=tmp_path, env={"_ZORG_COMPLETE": f"{shell}_complete", **asked})
    assert run.code == 0, run.err
    lines = run.out.splitlines()
    values = lines[1::3] if shell == "zsh" else [line.split(",", 1)[1].split("\t")[0] for line in lines]
    assert values == found


@pytest.mark.slow
def test_bash_completes_after_the_line_of_the_document() -> None:
    """The line in README.md is run in a real bash, and then what that bash runs for a press of the tab key."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    (line,) = re.findall(r"`(eval \"\$\(_ZORG_COMPLETE=bash_source zorg\)\")`", text)
    script = f"""{line}
complete -p zorg
COMP_WORDS=(zorg drift --only Us)
COMP_CWORD=3
_zorg_completion zorg
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    env = {"PATH": f"{Path(ZORG).parent}{os.pathsep}{os.environ['PATH']}", "HOME": "/nonexistent"}
    run = subprocess.run(
        [bash, "--norc", "-c", script], capture_output=True, text=True, check=True, timeout=60, env=env
    )
    assert run.stdout.splitlines()[0].endswith("-F _zorg_completion zorg")
    assert run.stdout.splitlines()[1:] == ["UserGrant"], run.stderr

"""The command `zorg` in the process of the test, which takes milliseconds where a process takes a second."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from pulumi_zorg.cli import main
from tests.support.stack import Run

__all__ = ["Ended", "Zorg", "run_zorg"]


@dataclass(frozen=True)
class Ended:
    """How a command of `zorg` ended."""

    code: int
    out: str
    err: str


def run_zorg(*args: str, cwd: Path, env: Mapping[str, str], encoding: str = "utf-8") -> Ended:
    """Run `zorg` in the process of the test, in that folder and environment, without a standard input."""
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2))
    with _elsewhere(cwd, env), redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main.main(list(args), prog_name="zorg")
    code = ended.value.code
    assert isinstance(code, int)
    shown = []
    for stream in (out, err):
        stream.flush()
        shown.append(stream.detach().getvalue().decode(encoding))
    return Ended(code, *shown)


@contextmanager
def _elsewhere(cwd: Path, env: Mapping[str, str]) -> Iterator[None]:
    before, folder, stdin = dict(os.environ), Path.cwd(), sys.stdin
    with open(os.devnull, encoding="utf-8") as nothing:
        try:
            os.chdir(cwd)
            os.environ.clear()
            os.environ.update(env)
            sys.stdin = nothing
            yield
        finally:
            sys.stdin = stdin
            os.environ.clear()
            os.environ.update(before)
            os.chdir(folder)


class Zorg:
    """Runs `zorg` in a folder without a project, and in an environment without settings or the command `pulumi`."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        folder.mkdir()
        self._monkeypatch, self._capsys = monkeypatch, capsys
        monkeypatch.chdir(folder)
        for name in [each for each in os.environ if each.startswith(("ZITADEL_", "PULUMI_"))]:
            monkeypatch.delenv(name)
        monkeypatch.setenv("PATH", str(folder))

    def run(self, *args: str, env: Mapping[str, str] | None = None, stdin: str | None = None) -> Run:
        """Run a command. The output has standard error only where the exit code is 1.

        :param stdin: what is piped in; None is an empty file.
        """
        with self._monkeypatch.context() as patch:
            for name, value in (env or {}).items():
                patch.setenv(name, value)
            patch.setattr(sys, "stdin", io.StringIO(stdin or ""))
            with pytest.raises(SystemExit) as ended:
                main.main(list(args), prog_name="zorg")
        shown = self._capsys.readouterr()
        token = (env or {}).get("ZITADEL_TOKEN")
        assert token is None or token not in shown.out + shown.err
        code = ended.value.code
        assert isinstance(code, int)
        return Run(code, shown.out + (shown.err if code == 1 else ""))

"""The command `zorg` in the process of the test, which takes milliseconds where a process takes a second."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from pulumi_zorg.cli import main
from tests.support.stack import Run

__all__ = ["Zorg"]


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

"""Runs the commands of the READMEs of examples/, and compares what they show.

A command is a line of a block of the kind `console` that begins with `$`. The lines after it are a part of its output.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
#: What differs from run to run: ids, times of day, seconds.
_VARYING = re.compile(r"\d{15,}|\d\d:\d\d:\d\d|\b\d+(?:\.\d+)? ?(?=s\b)|\b\d+\.\d\b")


@dataclass
class Command:
    """A command, and what the README shows of its output.

    :ivar section: the heading that it is below.
    """

    text: str
    section: str
    shown: list[str] = field(default_factory=list)

    @property
    def fails(self) -> bool:
        """Whether the README shows that it fails."""
        return any(re.search(r"\berror:|FAILED|refused", line) for line in self.shown)

    def missing_in(self, output: str) -> list[str]:
        """Return the shown lines that the output does not have, whatever the white space. `…` is any text."""
        found = _normal(output)
        return [
            line
            for line in self.shown
            if not re.search(".*?".join(re.escape(_normal(part)) for part in re.split("…|<any>", line)), found)
        ]


def _normal(text: str) -> str:
    return " ".join(_VARYING.sub("", text).split()).replace(" :", ":")


def blocks(file: Path, kind: str) -> list[str]:
    """Return the contents of the blocks of this kind."""
    return [found[2] for found in _BLOCK.finditer(file.read_text(encoding="utf-8")) if found[1] == kind]


def commands(file: Path) -> list[Command]:
    """Return the commands of a README, in their order."""
    text, found = file.read_text(encoding="utf-8"), list[Command]()
    for block in _BLOCK.finditer(text):
        if block[1] != "console":
            continue
        section = re.findall(r"^#+ (.*)$", text[: block.start()], re.MULTILINE)[-1]
        for line in block[2].splitlines():
            if line.startswith("$ "):
                found.append(Command(line[2:], section))
            elif line.strip():
                found[-1].shown.append(line)
    return found


def run(given: Sequence[Command], folder: Path, env: Mapping[str, str], after_source: str) -> None:
    """Run commands in one shell, as a user types them.

    :param after_source: a command that runs after each `source`.
    :raises AssertionError: where a command does not end or show what the README says.
    """
    marks = [f"@@{number}@@" for number in range(len(given) + 1)]
    script = [f"echo {marks[0]}"]
    for command, mark in zip(given, marks[1:], strict=True):
        script += [
            command.text,
            f"code=$?; echo; echo {mark} $code",
            *([after_source] if command.text.startswith("source") else []),
        ]
    done = subprocess.run(
        ["bash", "-c", "\n".join(script)],
        cwd=folder,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    rest = done.stdout.partition(marks[0])[2]
    for command, mark in zip(given, marks[1:], strict=True):
        output, _, rest = rest.partition(mark)
        code, _, rest = rest.partition("\n")
        said = f"$ {command.text}\n{output}"
        assert command.fails == (code.strip() != "0"), f"ended with {code}:\n{said}"
        assert command.missing_in(output) == [], f"not shown:\n{said}"

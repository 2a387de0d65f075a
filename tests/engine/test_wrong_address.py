"""A wrong address, as a user meets it: every command ends soon, with few lines, and names `zorg doctor`.

tests/provider/test_wrong_address.py has the other kinds of wrong addresses, and counts the attempts. The deadline here is the
default of two minutes, and no command may take half of that.
"""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import closing

import pytest

from tests.support.command import run_zorg
from tests.support.servers import Server
from tests.support.stack import Stack, org

DOCTOR = "`zorg doctor` finds out what is wrong."
PROGRAM = """
import pulumi_zorg as zorg

zorg.Organization("acme", name=zorg.get_organization(name="Acme").name)
"""


@pytest.fixture
def refused() -> Iterator[str]:
    """An address at which nothing listens."""
    with closing(socket.socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"


def test_every_command_with_a_wrong_address_ends_soon(server: Server, stack: Stack, refused: str) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.env["ZITADEL_URL"] = refused
    stack.declare(acme=org("Acme", active=False), **{f"o{number}": org(f"Org {number}") for number in range(6)})
    preview = stack.run("preview", timeout=60)
    assert preview.code == 0, "whether the server can be reached at the time of the update is another question"
    assert preview.shows("zorg: warning: the credential was not checked", "Connection refused", DOCTOR)
    up = stack.run("up", "--yes", "--skip-preview", timeout=60)
    assert up.code != 0
    assert up.shows("Connection refused", DOCTOR)
    told = up.out.partition("Diagnostics:")[2].splitlines()
    assert sum(line.strip().startswith("zorg: ") for line in told) == 0, "the errors say it"
    for args in (("drift",), ("generate", "--all"), ("preview-guard", "--run", "--max-remove", "0")):
        ended = run_zorg(*args, cwd=stack.folder, env=stack.env)
        said = " ".join((ended.out + ended.err).split())
        assert "Connection refused" in said, said
        assert DOCTOR in said, said
        assert ended.code == (0 if args[0] == "preview-guard" else 1), "nothing of the plan is removed"
    (stack.folder / "__main__.py").write_text(PROGRAM)
    lookup = stack.run("preview", timeout=60)
    assert lookup.code != 0
    assert lookup.shows("Connection refused", DOCTOR)

"""An address at which no ZITADEL answers: every command ends after few attempts, and the error names `zorg doctor`.

The servers here are real sockets, and the deadline is the default of two minutes.
"""

from __future__ import annotations

import json
import logging
import re
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

import pulumi_zorg as zorg
from pulumi_zorg.errors import ZorgError
from tests.support.command import run_zorg
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import grant, org
from tests.unit.test_transport import certificate

DOCTOR = "`zorg doctor` finds out what is wrong."
NOTHING = b""
PAGE = b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 6\r\nConnection: close\r\n\r\n<html>"
#: What servers written in Go, ZITADEL among them, answer to plain http at a port for https.
HTTPS_WANTED = (
    b"HTTP/1.0 400 Bad Request\r\nContent-Type: text/plain\r\n\r\nClient sent an HTTP request to an HTTPS server.\n"
)


@contextmanager
def listening(answer: bytes, context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server that reads once, writes the answer and closes; its port."""
    listener = socket.create_server(("127.0.0.1", 0))
    ended = threading.Event()

    def serve() -> None:
        while True:
            connection, _ = listener.accept()
            if ended.is_set():
                connection.close()
                return
            try:
                connection.settimeout(10)
                if context is not None:
                    connection = context.wrap_socket(connection, server_side=True)
                connection.recv(65_536)
                connection.sendall(answer)
            except OSError:
                pass
            finally:
                connection.close()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        ended.set()
        socket.create_connection(listener.getsockname()).close()
        thread.join()
        listener.close()


@pytest.fixture(
    params=["refused", "unknown host", "https to http", "https, cut", "http to https", "http, 400", "other server"]
)
def wrong(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, str]]:
    """A wrong address, and what the error says of it."""
    kind = request.param
    if kind == "refused":
        with closing(socket.socket()) as bound:  # it does not listen
            bound.bind(("127.0.0.1", 0))
            yield f"http://127.0.0.1:{bound.getsockname()[1]}", "Connection refused"
        return
    if kind == "unknown host":
        look_up = socket.getaddrinfo

        def getaddrinfo(host: Any, *args: Any, **more: Any) -> Any:
            if host in ("zitadel.invalid", b"zitadel.invalid"):
                raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
            return look_up(host, *args, **more)

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        yield "https://zitadel.invalid", "Name or service not known"
        return
    if kind == "http to https":
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        folder = tmp_path / "tls"
        folder.mkdir()
        context.load_cert_chain(*certificate(folder))
        with listening(NOTHING, context) as port:
            yield (
                f"http://127.0.0.1:{port}",
                "If the server answers https at this port, the address begins with https://.",
            )
        return
    scheme, answer, said = {
        "https to http": ("https", HTTPS_WANTED, "the address begins with http://."),
        "https, cut": ("https", NOTHING, "the address begins with http://."),
        "http, 400": ("http", HTTPS_WANTED, "the address begins with https://."),
        "other server": ("http", PAGE, "Check zorg:url, and what is in front of the server."),
    }[kind]
    with listening(answer) as port:
        yield f"{scheme}://127.0.0.1:{port}", said


@pytest.fixture
def attempts(caplog: pytest.LogCaptureFixture) -> Callable[[], list[str]]:
    """The attempts of all calls, as the log has them."""
    caplog.set_level(logging.DEBUG, logger="pulumi_zorg")
    return lambda: [each for each in caplog.messages if re.search(r", attempt \d+$", each)]


def _end(text: str, wrong: tuple[str, str]) -> None:
    said = " ".join(text.split())
    assert wrong[1] in said, text
    assert said.endswith(DOCTOR), text


@pytest.mark.parametrize(
    "command", [["drift", "--state", "state.json"], ["generate", "--all"]], ids=["drift", "generate"]
)
def test_a_command_with_a_wrong_address_ends_at_once(
    server: Server,
    stack: InProcessStack,
    tmp_path: Path,
    wrong: tuple[str, str],
    attempts: Callable[[], list[str]],
    command: list[str],
) -> None:
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    (tmp_path / "state.json").write_text(json.dumps(stack.state()))
    before = len(attempts())
    ended = run_zorg(*command, cwd=tmp_path, env={**stack.env, "ZITADEL_URL": wrong[0], "PATH": ""})
    assert ended.code == 1
    assert 1 <= len(attempts()) - before <= 7
    _end(ended.err, wrong)


def test_an_update_with_a_wrong_address_ends_at_once(
    server: Server, stack: InProcessStack, wrong: tuple[str, str], attempts: Callable[[], list[str]]
) -> None:
    stack.env["ZITADEL_URL"] = wrong[0]
    stack.declare(**{f"o{number}": org(f"Org {number}") for number in range(4)})
    run = stack.fails()
    lines = run.out.partition("Diagnostics:")[2].strip().splitlines()
    assert len(lines) <= 5, "an error for each resource, and at most one line about the outage"
    for line in lines[-4:]:
        _end(line, wrong)
    assert 4 <= len(attempts()) <= 9, "whose credential it is is asked for in both versions of the API"


def test_a_preview_with_a_wrong_address_ends_at_once(
    server: Server, stack: InProcessStack, wrong: tuple[str, str], attempts: Callable[[], list[str]]
) -> None:
    stack.env["ZITADEL_URL"] = wrong[0]
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    preview = stack.must("preview")
    assert len(attempts()) <= 3, "the same"
    warning = next(each for each in preview.out.splitlines() if "the credential was not checked" in each)
    _end(warning, wrong)


def test_a_lookup_with_a_wrong_address_ends_at_once(
    wrong: tuple[str, str], attempts: Callable[[], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZITADEL_URL", wrong[0])
    monkeypatch.setenv("ZITADEL_TOKEN", "token")
    with pytest.raises(ZorgError) as caught:
        zorg.get_organization(name="Acme")
    assert len(attempts()) <= 3
    _end(str(caught.value), wrong)

"""A proxy in front of a server. It records the calls and injects faults.

It uses sockets and threads of the standard library, because a fault can end the connection in the middle of an answer. Web
frameworks do not allow that.
"""

from __future__ import annotations

import contextlib
import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPConnection, HTTPSConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal
from urllib.parse import urlsplit

__all__ = ["Exchange", "Fault", "FaultProxy"]

Effect = Literal["answer", "replace", "cut", "drop", "strip", "require", "delay"]


@dataclass
class Fault:
    """A fault that calls meet.

    :param effect: what happens.

        - ``answer``: the proxy answers with ``status``, ``headers`` and ``body``. The server does not see the call.
        - ``replace``: the server performs the call, and the proxy replaces the answer.
        - ``cut``: the connection ends before the server sees the call.
        - ``drop``: the server performs the call, and the connection ends without an answer.
        - ``strip``: the header ``header`` is removed from the call.
        - ``require``: a call with the header ``header`` of the value ``value`` goes on without that header, as through an
          identity-aware proxy. Others are answered like ``answer``.
        - ``delay``: the call is delayed by ``seconds``.
    :param method: only calls with this method. None for all methods.
    :param path: only calls whose path contains a match of this regular expression.
    :param times: the number of calls that meet the fault. None for all calls.
    :param skip: the number of matching calls that pass before the first one that meets the fault.
    """

    effect: Effect
    method: str | None = None
    path: str = ""
    times: int | None = 1
    skip: int = 0
    status: int = 503
    headers: dict[str, str] = field(default_factory=dict)
    body: str = "<html><body>Service Unavailable</body></html>"
    header: str = "x-zitadel-orgid"
    value: str = field(default="", repr=False)
    seconds: float = 0.0
    #: How many calls have met the fault.
    happened: int = 0

    def wants(self, method: str, path: str) -> bool:
        """Whether the fault applies to a call with this method and path."""
        return self.method in (None, method) and re.search(self.path, path) is not None


@dataclass(frozen=True)
class Exchange:
    """A recorded call.

    :param status: the status of the server's answer. None if the server did not see the call.
    :param fault: the effect of the fault that the call met. None if it met none.
    """

    method: str
    path: str
    org: str | None
    status: int | None
    fault: str | None
    authorization: str | None = field(default=None, repr=False)

    @property
    def writes(self) -> bool:
        """Whether the call can change something."""
        # POST /v2/users lists users; the calls that create one have longer paths.
        searches = self.path.endswith(("/_search", "/search", "/v2/users")) or "Service/List" in self.path
        searches = searches or "Service/Get" in self.path
        return self.method != "GET" and not searches and not self.path.startswith("/oauth/")


class FaultProxy:
    """A proxy on a free port of 127.0.0.1.

    :param target: the address of the server.
    :param before: called with the method and the path before a call is handled. The call waits until it returns.
    """

    def __init__(self, target: str, before: Callable[[str, str], None] = lambda method, path: None) -> None:
        self.target = target
        self.before = before
        self.exchanges: list[Exchange] = []
        self._faults: list[Fault] = []
        self._lock = threading.Lock()
        self._closed = False
        self._server = _Server(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)

    @property
    def url(self) -> str:
        """The address of the proxy, to use instead of that of the server."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def writes(self) -> list[str]:
        """The recorded calls that can change something, as ``METHOD path``."""
        with self._lock:
            return [f"{each.method} {each.path}" for each in self.exchanges if each.writes]

    def add(self, *faults: Fault) -> None:
        """Add faults. A call meets the first fault that applies to it."""
        with self._lock:
            self._faults.extend(faults)

    def clear(self) -> None:
        """Remove all faults and all recorded calls."""
        with self._lock:
            self._faults.clear()
            self.exchanges.clear()

    def __enter__(self) -> FaultProxy:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closed = True
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _fault_for(self, method: str, path: str) -> Fault | None:
        with self._lock:
            for fault in self._faults:
                if not fault.wants(method, path) or fault.times == 0:
                    continue
                if fault.skip > 0:
                    fault.skip -= 1
                    continue
                if fault.times is not None:
                    fault.times -= 1
                fault.happened += 1
                return fault
        return None

    def _record(self, exchange: Exchange) -> None:
        with self._lock:
            self.exchanges.append(exchange)


class _Upstream:
    """A connection to the server, for one connection of a client.

    httpx takes three times as much CPU time, and tests make many calls.
    """

    def __init__(self, target: str) -> None:
        address = urlsplit(target)
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        self._connection = kind(address.hostname or "", address.port, timeout=60)

    def send(self, method: str, path: str, headers: dict[str, str], body: bytes) -> _Answer:
        """Send a call, and read the whole answer."""
        idle = self._connection.sock
        if idle is not None and select.select([idle], [], [], 0)[0]:
            self._connection.close()  # the server has closed it; the next call opens a new one
        self._connection.request(method, path, body, headers)
        response = self._connection.getresponse()
        return _Answer(response.status, response.getheaders(), response.read())

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    # Do not wait for the threads of open connections.
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Print nothing: faults cut connections on purpose."""


_HOP_BY_HOP = frozenset(
    {"connection", "host", "content-length", "transfer-encoding", "keep-alive", "content-encoding", "accept-encoding"}
)


def _handler(proxy: FaultProxy) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = 60
        # Headers and body are two writes. With Nagle's algorithm, the second waits until the first is acknowledged.
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:
            """Print nothing."""

        def setup(self) -> None:
            super().setup()
            self._upstream = _Upstream(proxy.target)

        def finish(self) -> None:
            self._upstream.close()
            super().finish()

        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP_BY_HOP}
            path = self.path.split("?", 1)[0]
            proxy.before(self.command, path)
            fault = proxy._fault_for(self.command, path)
            effect = fault.effect if fault else None
            status: int | None = None
            response: _Answer | None = None
            if fault is not None and effect == "delay":
                time.sleep(fault.seconds)
            if fault is not None and effect in ("strip", "require"):
                headers = {k: v for k, v in headers.items() if k.lower() != fault.header.lower()}
            if fault is not None and effect == "require":
                effect = None if self.headers.get(fault.header) == fault.value else "answer"
            if proxy._closed:  # while the fault delayed the call
                effect = "cut"
            if effect not in ("answer", "cut"):
                response = self._upstream.send(self.command, self.path, headers, body)
                status = response.status
            org = self.headers.get("x-zitadel-orgid")
            proxy._record(Exchange(self.command, path, org, status, effect, self.headers.get("Authorization")))
            if effect in ("cut", "drop"):
                self._cut()
            elif response is None or effect == "replace":
                assert fault is not None  # noqa: S101 - without an answer of the server, there is a fault that answers
                self._reply(fault.status, {"Content-Type": "text/html", **fault.headers}, fault.body.encode())
            else:
                kept = {k: v for k, v in response.headers if k.lower() not in _HOP_BY_HOP}
                self._reply(response.status, kept, response.body)

        def _reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response_only(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _cut(self) -> None:
            # Linger 0: the client sees a reset, as if the machine had disappeared.
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            with contextlib.suppress(OSError):
                self.connection.close()
            self.close_connection = True

        do_GET = do_POST = do_PUT = do_DELETE = _serve

    return Handler

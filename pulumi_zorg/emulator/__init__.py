"""A ZITADEL in memory, over HTTP, for tests and for trying things out.

It answers the calls on organizations, users, projects, roles, project grants, user grants and managers (v1, v2 and
Connect), tokens and the event search as the real server does, down to status, error id, message and sequence numbers. Not
served are logins in a browser, policies, applications, identity providers, actions and changes of a user's profile; each
module's calls are all there is, and tests/emulator/README.md lists what ZITADEL's own client finds. It is event-sourced
like the real server, and imports nothing of the rest of this package, so that no wrong idea can stand on both sides of a
test.

    with Emulator() as zitadel:
        httpx.get(f"{zitadel.url}/management/v1/orgs/me", headers={"Authorization": f"Bearer {zitadel.token}"})

A new instance has the organization `ZITADEL` and in it the service account `iac` with the role IAM_OWNER, whose personal
access token is `Emulator.token`.

Controls that the real server does not have, without authentication:

- `POST /debug/phantoms {"ids": [...]}` makes those user grants phantoms: reads answer 404 or leave them out, while
  commands and the event search know them.
- `POST /debug/lag {"seconds": s}` makes lists (not reads by id, not events) show what was s seconds ago.
- `GET /debug/calls` lists the calls served so far, `DELETE /debug/calls` forgets them.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import uvicorn

from .likeness import LIKENESSES, Like
from .server import Api
from .world import World

__all__ = ["DEFAULT_TOKEN", "LIKENESSES", "Emulator", "Like", "run"]

DEFAULT_TOKEN = "emulator-iac-token"  # noqa: S105  (guards nothing: the emulator listens on loopback only)

_HOST = "127.0.0.1"


class Emulator:
    """An emulated ZITADEL on 127.0.0.1, in a thread of its own.

    :param port: port to listen on; 0 takes a free one, which stays the same over `stop` and `start`.
    :param token: personal access token of the service account `iac`.
    :param like: which server to be like: `2026-07` and `2025-12` are the recorded ones; `seeds` is one without v2.
    :param data: SQLite file that keeps the events; without it `stop` forgets everything.
    """

    def __init__(
        self, *, port: int = 0, token: str = DEFAULT_TOKEN, like: Like = "2026-07", data: Path | None = None
    ) -> None:
        self.port = port
        self.token = token
        self.like = like
        self.data = data
        self._world: World | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens: `http://127.0.0.1:PORT`."""
        return f"http://{_HOST}:{self.port}"

    def start(self) -> Emulator:
        """Start, and return when calls are answered.

        :raises RuntimeError: it runs already, or could not start.
        :raises OSError: the port is taken.
        """
        if self._server is not None:
            raise RuntimeError(f"the emulator on {self.url} runs already")
        listener = _listener(self.port)
        try:
            self._world = World(self.like, self.token, self.data)
        except BaseException:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        server = uvicorn.Server(_config(self._world, self.port))
        self._server = server
        self._thread = threading.Thread(target=server.run, args=([listener],), name="zitadel-emulator", daemon=True)
        self._thread.start()
        while not server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the emulator ended while starting")
            time.sleep(0.002)
        return self

    def stop(self) -> None:
        """Stop and give the port free. Doing it twice is no mistake."""
        server, thread, world = self._server, self._thread, self._world
        self._server = self._thread = self._world = None
        if server is not None and thread is not None and world is not None:
            # Idle connections of clients are not waited for.
            server.should_exit = True
            server.force_exit = True
            thread.join()
            world.store.close()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def run(
    port: int,
    token: str = DEFAULT_TOKEN,
    like: Like = "2026-07",
    data: Path | None = None,
    announce: Callable[[str], None] = lambda url: None,
) -> None:
    """Serve in the foreground until interrupted; `GET /debug/ready` answers 200 as soon as calls are answered.

    :param announce: is told the address once the port is taken.
    :raises OSError: the port is taken by somebody else.
    """
    listener = _listener(port)
    try:
        world = World(like, token, data)
        try:
            taken: int = listener.getsockname()[1]
            announce(f"http://{_HOST}:{taken}")
            uvicorn.Server(_config(world, taken)).run([listener])
        finally:
            world.store.close()
    finally:
        listener.close()


def _listener(port: int) -> socket.socket:
    # asyncio switches Nagle's algorithm off only for sockets that say they are TCP; with it every call takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError:
        listener.close()
        raise
    listener.listen(2048)
    return listener


def _config(world: World, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        Api(world).app(), host=_HOST, port=port, log_level="warning", access_log=False, lifespan="off", ws="none"
    )

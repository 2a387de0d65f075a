"""A ZITADEL in memory, over HTTP, for tests and for trying things out.

It answers the calls on organizations, users, projects, roles, applications, project grants, user grants and members (v1, v2 and
Connect, users by SCIM too), logins (authorization endpoint, sessions, tokens, refresh tokens, userinfo, introspection) and the event
search as the real server does, including status, error id, message and sequence numbers. It does not serve login pages, policies
(only whether login names end with the domain), identity providers, actions, second factors, and of SCIM what was not recorded (filters,
bulk, patches of anything but the state). tests/emulator/README.md lists what ZITADEL's own client finds.

It is event-sourced like the real server. It imports nothing from the rest of `pulumi_zorg`, so that a wrong assumption
cannot be in the client and in the emulator at the same time. README.md in this folder is the map of the modules.

    with Emulator() as zitadel:
        httpx.get(f"{zitadel.url}/management/v1/orgs/me", headers={"Authorization": f"Bearer {zitadel.token}"})

A new instance has the organization `ZITADEL` with the service account `iac`. This account has the role IAM_OWNER, and
`Emulator.token` is its personal access token.

Controls that the real server does not have (no authentication needed):

- `POST /debug/phantoms {"ids": [...]}` turns these users, user grants, projects and project grants into phantoms: reads answer
  404 and lists leave them out, while commands and the event search know them.
- `POST /debug/missed-by-cascades {"ids": [...]}` makes the removal of a role from a project miss these project grants, as a
  real server misses one that was made a moment before. The role stays in them and in the user grants made by them.
- `POST /debug/lost-changes {"next": n}` makes reads and lists never show the next n changes of an object's state, as a server of
  July 2026 under load: each is answered 200, the event store and commands have it, and the same call again changes nothing
  (200 for user grants and project grants, 400 with code 9 for the others). The opposite change and then the wanted one show again.
  Of a user, tokens follow the event store, while all reads, lists and the session API's check of the user have the old state.
  Roles in userinfo are those of what reads show. `"events": ["user.grant.changed", ...]` names other types of event. A read of an
  organization by its id is always right: the server makes that answer from the events.
- `POST /debug/lag {"seconds": s}` makes lists show the state of s seconds ago. Reads by id and events do not lag. With `"since": time`
  lists show the state of that time, as if the projections stood still. With `"tables": ["user_grants", ...]` tokens, logins and
  permissions see these tables of `ReadModels` as late as lists do: the first call after a change can do so on a real server.
- `POST /debug/delay {"seconds": s}` makes each call wait s seconds before it is handled.
- `POST /debug/rate-limit {"calls": n}` answers n calls in each second, and others with 429. Null ends it.
- `POST /debug/hosts {"hosts": [...]}` makes the instance known by these host names alone. Calls with another one, in `Host` or
  `x-zitadel-instance-host`, are answered as for an instance that does not exist. An empty list ends it.
- `GET /debug/calls` lists the calls that were served. `DELETE /debug/calls` empties that list.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from pulumi_zorg.emulator.eventstore.store import EventStore
from pulumi_zorg.emulator.http.app import Api
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.profiles import PROFILES, ProfileName, ServerProfile
from pulumi_zorg.emulator.seed import seed as plant

__all__ = ["DEFAULT_TOKEN", "PROFILES", "Emulator", "ProfileName", "ServerProfile", "Snapshot", "run"]

DEFAULT_TOKEN = "emulator-iac-token"  # noqa: S105  (protects nothing: the emulator listens on loopback only)

_HOST = "127.0.0.1"


@dataclass(frozen=True)
class Snapshot:
    """What had happened on an emulator at some time."""

    store: EventStore


class Emulator:
    """An emulated ZITADEL on 127.0.0.1, in its own thread.

    :param port: the port to listen on. 0 takes a free one, which `stop` and `start` do not change.
    :param token: the personal access token of the service account `iac`.
    :param like: the name of the server profile: `2026-07` and `2025-12` were recorded, `seeds` has no v2 API.
    :param data: SQLite file that stores the events. Without it, `stop` loses all data.
    :param without_v1: the status of the answers to all calls of the v1 API (`/management`, `/admin` and `/auth`), as of a server that
        does not have it; 0 for one that has it.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        token: str = DEFAULT_TOKEN,
        like: ProfileName = "2026-07",
        data: Path | None = None,
        without_v1: Literal[0, 404, 501] = 0,
    ) -> None:
        self.port = port
        self.token = token
        self.like = like
        self.data = data
        self.without_v1 = without_v1
        self._instance: Instance | None = None
        self._app: _PresentApp | None = None
        self._server: uvicorn.Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """The address: `http://127.0.0.1:PORT`."""
        return f"http://{_HOST}:{self.port}"

    def start(self) -> Emulator:
        """Start, and return as soon as calls are answered.

        :raises RuntimeError: if it runs already, or could not start.
        :raises OSError: if the port is in use.
        """
        if self._server is not None:
            raise RuntimeError(f"the emulator on {self.url} runs already")
        listener = _listener(self.port)
        try:
            self._instance = Instance(self.like, self.token, EventStore(self.data), self.without_v1)
        except BaseException:
            listener.close()
            raise
        self.port = listener.getsockname()[1]
        self._app = _PresentApp(Api(self._instance).app())
        server = uvicorn.Server(_config(self._app, self.port))
        self._server = server
        self._thread = threading.Thread(target=server.run, args=([listener],), name="zitadel-emulator", daemon=True)
        self._thread.start()
        while not server.started:
            if not self._thread.is_alive():
                raise RuntimeError("the emulator ended while starting")
            time.sleep(0.002)
        return self

    def snapshot(self) -> Snapshot:
        """Return what has happened so far, for :meth:`reset`.

        :raises RuntimeError: if it does not run.
        """
        if self._instance is None:
            raise RuntimeError("the emulator does not run")
        return Snapshot(self._instance.store.copy())

    def reset(self, to: Snapshot | None = None) -> None:
        """Forget everything, as if it had just started. This takes less time than to stop and to start.

        :param to: what to have again, as if it had happened just now.
        :raises RuntimeError: if it does not run, or stores its data in a file.
        """
        if self._app is None or self.data is not None:
            raise RuntimeError("only an emulator that runs and keeps its data in memory can be reset")
        store = to.store.copy() if to else EventStore()
        self._instance = Instance(self.like, self.token, store, self.without_v1)
        self._app.app = Api(self._instance).app()

    def stop(self) -> None:
        """Stop, and release the port. A second call does nothing."""
        server, thread, instance = self._server, self._thread, self._instance
        self._server = self._thread = self._instance = self._app = None
        if server is not None and thread is not None and instance is not None:
            # Do not wait for idle connections of clients.
            server.should_exit = True
            server.force_exit = True
            thread.join()
            instance.store.close()

    def __enter__(self) -> Emulator:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def run(
    port: int,
    token: str = DEFAULT_TOKEN,
    like: ProfileName = "2026-07",
    data: Path | None = None,
    announce: Callable[[str], None] = lambda url: None,
    seed: bool = False,
    without_v1: Literal[0, 404, 501] = 0,
) -> None:
    """Serve in the foreground until interrupted. `GET /debug/ready` answers 200 as soon as calls are answered.

    :param seed: create a vendor, its projects and its people, unless they exist.
    :param without_v1: see :class:`Emulator`.
    :param announce: called with the address once the port is open.
    :raises OSError: if the port is in use.
    """
    listener = _listener(port)
    try:
        instance = Instance(like, token, EventStore(data), without_v1)
        try:
            bound: int = listener.getsockname()[1]
            app = Api(instance).app()
            if seed:
                plant(instance)
            announce(f"http://{_HOST}:{bound}")
            uvicorn.Server(_config(app, bound)).run([listener])
        finally:
            instance.store.close()
    finally:
        listener.close()


def _listener(port: int) -> socket.socket:
    # asyncio disables Nagle's algorithm only for sockets with the protocol TCP. With the algorithm, every call takes 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError:
        listener.close()
        raise
    listener.listen(2048)
    return listener


class _PresentApp:
    """Passes each call to the application of the present instance."""

    def __init__(self, app: Starlette) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.app(scope, receive, send)


def _config(app: Starlette | _PresentApp, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=_HOST,
        port=port,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        # ZITADEL keeps idle connections for minutes. A call that is sent at the moment when one ends would fail.
        timeout_keep_alive=600,
    )

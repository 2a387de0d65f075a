"""Routes: which function answers which call, with the permission and the request message.

Endpoints register themselves with the decorators `rest`, `connect` and `scim`, as ZITADEL's service definitions describe them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from pulumi_zorg.emulator.http.schema import Message
from pulumi_zorg.emulator.profiles import ServerProfile

if TYPE_CHECKING:
    from pulumi_zorg.emulator.call import Call

Handler = Callable[["Call"], Any]

#: The permission of endpoints that need a token and check permissions themselves, or need none.
AUTHENTICATED = "authenticated"


@dataclass(frozen=True)
class Route:
    """One endpoint."""

    method: str
    path: str
    permission: str
    message: Message
    handler: Handler
    #: Field of the request with the object's id. A permission that is bound to objects must be bound to this one.
    check: str = ""
    #: Field of the request with the organization in which the caller needs the permission.
    org_field: str = ""
    status: int = 200
    connect: bool = False
    #: SCIM: the organization is in the path, and errors have a form of their own.
    scim: bool = False
    #: Attribute of the server profile. Without it the endpoint does not exist.
    requires: str = ""
    #: Whether the fields of the request are in the body. Otherwise they are in the query string, and the body is ignored.
    body: bool = True


ROUTES: list[Route] = []


def rest(
    method: str,
    path: str,
    permission: str,
    message: Message,
    *,
    check: str = "",
    org_field: str = "",
    status: int = 200,
    requires: str = "",
    body: bool = True,
) -> Callable[[Handler], Handler]:
    """Register an endpoint of the REST gateway.

    :param path: `{name}` is a field of the request. `{name=**}` is a field that takes the rest of the path.
    :param permission: what the caller needs in the organization of the call, or `AUTHENTICATED`.
    :param check: see `Route`. The same is true for `org_field` and `requires`.
    :param status: the HTTP status of a success.
    :param body: see `Route`. A `GET` has no body.
    """
    with_body = body and method != "GET"

    def register(handler: Handler) -> Handler:
        ROUTES.append(
            Route(
                method,
                path,
                permission,
                message,
                handler,
                check,
                org_field,
                status,
                requires=requires,
                body=with_body,
            )
        )
        return handler

    return register


def connect(
    procedure: str, permission: str, message: Message, *, org_field: str = "", requires: str = "v2"
) -> Callable[[Handler], Handler]:
    """Register an endpoint of the Connect protocol. The parameters are those of `rest`.

    :param procedure: service and method, such as `zitadel.user.v2.UserService/GetUserByID`.
    """

    def register(handler: Handler) -> Handler:
        path = "/" + procedure
        ROUTES.append(
            Route("POST", path, permission, message, handler, org_field=org_field, connect=True, requires=requires)
        )
        return handler

    return register


def scim(
    method: str, path: str, permission: str, message: Message, *, status: int = 200
) -> Callable[[Handler], Handler]:
    """Register an endpoint of SCIM. The parameters are those of `rest`. `{org_id}` in the path is the organization of the call."""

    def register(handler: Handler) -> Handler:
        body = method not in ("GET", "DELETE")
        ROUTES.append(
            Route(method, path, permission, message, handler, status=status, scim=True, requires="v2", body=body)
        )
        return handler

    return register


@dataclass
class _Node:
    fixed: dict[str, _Node] = field(default_factory=dict)
    name: str = ""
    variable: _Node | None = None
    routes: dict[str, Route] = field(default_factory=dict)
    tails: dict[str, Route] = field(default_factory=dict)


class Router:
    """Finds the route of a path. Fixed parts take precedence over variables."""

    def __init__(self, profile: ServerProfile) -> None:
        self._root = _Node()
        for route in ROUTES:
            if not route.requires or getattr(profile, route.requires):
                self._add(route)

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
        """Return the route, the variables of the path, and whether the path exists for some method."""
        # As on the real server, a `/` that is escaped in a variable separates parts too.
        parts = unquote(path).split("/")[1:]
        known = False
        for node, variables, tail in self._walk(self._root, parts, 0, {}):
            routes = node.tails if tail else node.routes
            known = known or bool(routes)
            if method in routes:
                return routes[method], variables, True
        return None, {}, known

    def _add(self, route: Route) -> None:
        node = self._root
        for part in route.path.split("/")[1:]:
            if not part.startswith("{"):
                node = node.fixed.setdefault(part, _Node())
                continue
            _, _, rest_of_path = part[1:-1].partition("=")
            node.variable = node.variable or _Node()
            node = node.variable
            # Routes can have different names for the same variable. `path_fields` takes the names of the route.
            if rest_of_path:
                node.tails[route.method] = route
                return
        node.routes[route.method] = route

    def _walk(self, node: _Node, parts: list[str], at: int, values: dict[str, str]) -> Any:
        if at == len(parts):
            yield node, values, False
            return
        part = parts[at]
        if part in node.fixed:
            yield from self._walk(node.fixed[part], parts, at + 1, values)
        if node.variable is not None and part:
            extended = {**values, str(at): part}
            yield from self._walk(node.variable, parts, at + 1, extended)
            if node.variable.tails:
                yield node.variable, {**values, str(at): "/".join(parts[at:])}, True


@cache
def router(profile: ServerProfile) -> Router:
    """Return the router for servers with this profile. It holds no state, so all instances share it."""
    return Router(profile)


def path_fields(route: Route, values: dict[str, str]) -> dict[str, str]:
    """Return the variables of a path, under the names that the route gives them."""
    fields = {}
    for at, part in enumerate(route.path.split("/")[1:]):
        if part.startswith("{"):
            fields[part[1:-1].partition("=")[0]] = values[str(at)]
    return fields

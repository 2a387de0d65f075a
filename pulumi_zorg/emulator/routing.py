"""Which call is answered by which function: paths, permissions and requests, as ZITADEL's service definitions say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from .likeness import Likeness
from .schema import Message

if TYPE_CHECKING:
    from .world import Call

Handler = Callable[["Call"], Any]

AUTHENTICATED = "authenticated"


@dataclass(frozen=True)
class Route:
    """One call of the API."""

    method: str
    path: str
    permission: str
    message: Message
    handler: Handler
    #: Field of the request that a permission on a single object must name.
    check: str = ""
    #: Field of the request with the organization the caller must have the permission in.
    org_field: str = ""
    status: int = 200
    connect: bool = False
    #: Attribute of the likeness without which the call does not exist.
    needs: str = ""


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
    needs: str = "",
) -> Callable[[Handler], Handler]:
    """Register a function for a REST call; `{name}` in the path is a field of the request, `{name=**}` the rest."""

    def register(handler: Handler) -> Handler:
        ROUTES.append(Route(method, path, permission, message, handler, check, org_field, status, False, needs))
        return handler

    return register


def connect(
    procedure: str, permission: str, message: Message, *, org_field: str = "", needs: str = "v2"
) -> Callable[[Handler], Handler]:
    """Register a function for a call of the Connect protocol."""

    def register(handler: Handler) -> Handler:
        path = "/" + procedure
        ROUTES.append(Route("POST", path, permission, message, handler, org_field=org_field, connect=True, needs=needs))
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
    """Finds the route of a path. Fixed parts win over variables."""

    def __init__(self, likeness: Likeness) -> None:
        self._root = _Node()
        for route in ROUTES:
            if not route.needs or getattr(likeness, route.needs):
                self._add(route)

    def find(self, method: str, path: str) -> tuple[Route | None, dict[str, str], bool]:
        """The route, the variables of the path, and whether the path exists at least for another method."""
        parts = path.split("/")[1:]
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
            # Calls that share a place in the path may call it by different names: the route's own path decides.
            if rest_of_path:
                node.tails[route.method] = route
                return
        node.routes[route.method] = route

    def _walk(self, node: _Node, parts: list[str], at: int, taken: dict[str, str]) -> Any:
        if at == len(parts):
            yield node, taken, False
            return
        part = parts[at]
        if part in node.fixed:
            yield from self._walk(node.fixed[part], parts, at + 1, taken)
        if node.variable is not None and part:
            values = {**taken, str(at): unquote(part)}
            yield from self._walk(node.variable, parts, at + 1, values)
            if node.variable.tails:
                yield node.variable, {**taken, str(at): unquote("/".join(parts[at:]))}, True


def path_fields(route: Route, taken: dict[str, str]) -> dict[str, str]:
    """The variables of a path under the names the route gives them."""
    fields = {}
    for at, part in enumerate(route.path.split("/")[1:]):
        if part.startswith("{"):
            fields[part[1:-1].partition("=")[0]] = taken[str(at)]
    return fields

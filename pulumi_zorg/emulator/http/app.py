"""The HTTP application. It answers ZITADEL's REST gateway, the Connect protocol and OAuth, for one instance."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route as WebRoute

from pulumi_zorg.emulator import bootstrap, endpoints  # noqa: F401  (endpoints registers all routes)
from pulumi_zorg.emulator.call import Call, Caller
from pulumi_zorg.emulator.errors import (
    INTERNAL,
    INVALID_ARGUMENT,
    NOT_FOUND,
    UNAUTHENTICATED,
    UNIMPLEMENTED,
    ApiError,
    denied,
    not_found,
    unauthenticated,
)
from pulumi_zorg.emulator.eventstore.events import parse_timestamp
from pulumi_zorg.emulator.http.routing import AUTHENTICATED, ROUTES, Route, path_fields, router
from pulumi_zorg.emulator.http.schema import MessageDict, decode, decode_query, validate
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.oauth.authorize import authorize
from pulumi_zorg.emulator.oauth.discovery import configuration
from pulumi_zorg.emulator.oauth.errors import OAuthError
from pulumi_zorg.emulator.oauth.introspection import introspect
from pulumi_zorg.emulator.oauth.oidc import Oidc, basic_credentials
from pulumi_zorg.emulator.oauth.signing import public_keys
from pulumi_zorg.emulator.oauth.tokens import api_token
from pulumi_zorg.emulator.oauth.userinfo import userinfo
from pulumi_zorg.emulator.organizations.queries import named_organization, require_known_organization

_SWITCHES = ("deactivated", "reactivated")
#: The events that change the state of an object.
_STATE_EVENTS = (
    *(f"{each}.{what}" for each in ("org", "project", "project.grant", "user.grant", "user") for what in _SWITCHES),
    "user.locked",
    "user.unlocked",
)
_GRPC_ENDS = ("", "+json", "+json; charset=utf-8", "+proto")
_CONNECT_TYPES = ("application/json", "application/json; charset=utf-8")
#: What the real server takes. The emulator takes JSON alone.
_ACCEPT_POST = ", ".join(
    [
        *(f"application/{name}{end}" for name in ("grpc", "grpc-web") for end in _GRPC_ENDS),
        *_CONNECT_TYPES,
        "application/proto",
    ]
)
#: The paths of the v1 API.
_V1 = ("/management/", "/admin/", "/auth/")
_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]
#: The services of the Connect protocol. Their answer to an unknown procedure is not JSON.
_SERVICES = {route.path.split("/")[1] for route in ROUTES if route.connect}


#: Headers that name the instance, and the host name in its issuer, instead of the host name of the call.
_INSTANCE_HOST = "x-zitadel-instance-host"
_PUBLIC_HOST = "x-zitadel-public-host"
_NO_INSTANCE = (
    "unable to set instance using origin {origin} (ExternalDomain is {external}): ID=QUERY-1kIjX Message=Instance not found. Make sure "
    "you got the domain right. Check out https://zitadel.com/docs/apis/introduction#domains"
)
_BAD_PATH = 'header key "zitadel-activity-path" contains value with non-printable ASCII characters'


def _without_v1(status: int) -> Response:
    """Return the answer of a gateway without the services of v1: it has no such path, or no such service behind it."""
    code, text = (NOT_FOUND, "Not Found") if status == 404 else (UNIMPLEMENTED, "unknown service")
    return _Json({"code": code, "message": text}, status)


class _Json(JSONResponse):
    def render(self, content: Any) -> bytes:
        return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


class Api:
    """Answers the calls on one instance.

    Every call is answered completely before the next one starts, so no locks are needed.
    """

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        bootstrap.start(instance)
        self.oidc = Oidc(instance)
        self.router = router(instance.profile)

    def app(self) -> Starlette:
        """Return the ASGI application."""
        fixed = [
            WebRoute("/debug/healthz", _healthz),
            WebRoute("/debug/ready", _ready),
            WebRoute("/debug/phantoms", self._phantoms, methods=["POST"]),
            WebRoute("/debug/missed-by-cascades", self._missed_by_cascades, methods=["POST"]),
            WebRoute("/debug/lost-changes", self._lost_changes, methods=["POST"]),
            WebRoute("/debug/lag", self._lag, methods=["POST"]),
            WebRoute("/debug/delay", self._delay, methods=["POST"]),
            WebRoute("/debug/rate-limit", self._rate_limit, methods=["POST"]),
            WebRoute("/debug/hosts", self._hosts, methods=["POST"]),
            WebRoute("/debug/calls", self._calls, methods=["GET", "DELETE"]),
            WebRoute("/debug/{rest:path}", _no_page, methods=_METHODS),
            WebRoute("/.well-known/openid-configuration", self._recorded(self._configuration)),
            WebRoute("/oauth/v2/keys", self._recorded(self._keys)),
            WebRoute("/oauth/v2/token", self._recorded(self._token), methods=["POST"]),
            WebRoute("/oauth/v2/authorize", self._recorded(self._authorize), methods=["GET", "POST"]),
            WebRoute("/oauth/v2/introspect", self._recorded(self._introspect), methods=["POST"]),
            WebRoute("/oidc/v1/userinfo", self._recorded(self._userinfo), methods=["GET", "POST"]),
        ]
        return Starlette(routes=[*fixed, WebRoute("/{rest:path}", self._recorded(self._api), methods=_METHODS)])

    def _recorded(self, answer: Any) -> Any:
        async def endpoint(request: Request) -> Response:
            body = await request.body()
            if self.instance.delay:
                await asyncio.sleep(self.instance.delay)
            response: Response
            if not self.instance.takes_call():
                response = _too_many_calls()
            elif not self.instance.has_host(_host(request)):
                response = self._no_instance(request)
            else:
                response = answer(request, body)
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            org = request.headers.get("x-zitadel-orgid")
            self.instance.calls.append(
                {"method": request.method, "path": path, "org": org, "status": response.status_code}
            )
            return response

        return endpoint

    def _no_instance(self, request: Request) -> Response:
        """Return the answer to a call with a host name that no instance has. It comes before everything else is checked."""
        route, _, known = self.router.find(request.method, request.url.path)
        origin = f"&{{{_host(request)} {request.headers.get(_PUBLIC_HOST, '')} {request.url.scheme}}}"
        text = _NO_INSTANCE.format(origin=origin, external=self.instance.hosts[0])
        if request.url.path.startswith(("/oauth/", "/oidc/", "/.well-known/")):
            return PlainTextResponse(text, 404)
        if route is None:
            return _unknown(request.url.path, known=known)
        return _Json({"code": "not_found" if route.connect else NOT_FOUND, "message": text}, 404)

    def _api(self, request: Request, body: bytes) -> Response:
        path = request.scope["raw_path"].decode().partition("?")[0]
        texts = self.instance.profile.texts
        if path in ("/admin/v1/healthz", "/management/v1/healthz", "/auth/v1/healthz"):
            return _Json({})
        if self.instance.without_v1 and path.startswith(_V1):
            return _without_v1(self.instance.without_v1)
        route, variables, known = self.router.find(request.method, path)
        if route is None:
            return _unknown(path, known=known)
        if route.connect and request.headers.get("content-type", "").lower() not in _CONNECT_TYPES:
            return Response(status_code=415, headers={"accept-post": _ACCEPT_POST})
        try:
            status, answer = route.status, self._answer(route, request, body, variables)
        except ApiError as error:
            form = error.as_connect if route.connect else error.as_scim if route.scim else error.as_gateway
            status, answer = form(texts)
        if answer is None:
            return Response(status_code=status)
        return _Json(answer, status, media_type="application/scim+json" if route.scim else None)

    def _answer(self, route: Route, request: Request, body: bytes, variables: dict[str, str]) -> Any:
        _check_envelope(route, request, body)
        try:
            message = decode(route.message, body) if route.body else decode_query(route.message, request.url.query)
        except ApiError as error:
            if route.connect:
                package = route.path[1:].split(".")[1]
                error.key = f"unmarshal message: unmarshal into *{package}.{route.message.name}: {error.key}"
            raise
        message.update(path_fields(route, variables))
        caller = self._caller(route, request, message)
        validate(route.message, message)
        return route.handler(Call(self.instance, caller, message, _origin(request)))

    def _caller(self, route: Route, request: Request, message: MessageDict) -> Caller:
        header = request.headers.get("authorization", "")
        if not header:
            raise ApiError(UNAUTHENTICATED, "auth header missing")
        before, separator, text = header.partition("Bearer ")
        if before or not separator or "Bearer " in text:
            raise unauthenticated("AUTH-toLo1", "invalid auth header")
        token = api_token(self.instance, text)
        org_id = message["org_id"] if route.scim else request.headers.get("x-zitadel-orgid", "")
        if route.org_field and message[route.org_field]:
            org_id = named_organization(self.instance, message[route.org_field]) or org_id
        org_id = org_id or token.owner
        require_known_organization(self.instance, org_id)
        caller = Caller(token.user_id, org_id, token.owner)
        if route.permission == AUTHENTICATED:
            return caller
        items = self.instance.memberships(caller.user_id, org_id)
        if not items:
            raise not_found("AUTHZ-cdgFk", "membership not found")
        caller.permissions = self.instance.permissions(items, route.permission)
        if not caller.permissions:
            raise denied("AUTH-5mWD2", "No matching permissions found")
        if route.check and not caller.is_global and message[route.check] not in caller.object_ids:
            raise denied("AUTH-3jknH", "No matching permissions found")
        return caller

    def _token(self, request: Request, body: bytes) -> Response:
        form, authorization = _form(body.decode()), request.headers.get("authorization", "")
        return _oauth(lambda: _Json(self.oidc.grant(form, authorization, _origin(request))))

    def _authorize(self, request: Request, body: bytes) -> Response:
        form = {**_form(request.url.query), **_form(body.decode())}
        return _oauth(lambda: Response(status_code=302, headers={"location": authorize(self.instance, form)}))

    def _introspect(self, request: Request, body: bytes) -> Response:
        form, authorization = _form(body.decode()), request.headers.get("authorization", "")
        credentials = basic_credentials(authorization)
        if not authorization:
            credentials = form.get("client_id", ""), form.get("client_secret", "")
        text = form.get("token", "")
        return _oauth(lambda: _Json(introspect(self.instance, *credentials, text, _origin(request))))

    def _userinfo(self, request: Request, _: bytes) -> Response:
        text = request.headers.get("authorization", "").removeprefix("Bearer ")
        return _oauth(lambda: _Json(userinfo(self.instance, text)))

    def _keys(self, _request: Request, _: bytes) -> Response:
        return _Json(public_keys(self.instance))

    def _configuration(self, request: Request, _: bytes) -> Response:
        return _Json(configuration(self.instance, _origin(request)))

    # Controls of the emulator that the real server does not have.

    async def _phantoms(self, request: Request) -> Response:
        self.instance.phantoms = set((await request.json())["ids"])
        return _Json({})

    async def _missed_by_cascades(self, request: Request) -> Response:
        self.instance.missed_by_cascades = set((await request.json())["ids"])
        return _Json({})

    async def _lost_changes(self, request: Request) -> Response:
        asked = await request.json()
        self.instance.miss(int(asked["next"]), asked.get("events", _STATE_EVENTS))
        return _Json({})

    async def _lag(self, request: Request) -> Response:
        sent = await request.json()
        since = parse_timestamp(sent["since"]) if sent.get("since") else None
        self.instance.set_lag(float(sent.get("seconds", 0)), since=since, tables=sent.get("tables", ()))
        return _Json({})

    async def _delay(self, request: Request) -> Response:
        self.instance.delay = float((await request.json())["seconds"])
        return _Json({})

    async def _rate_limit(self, request: Request) -> Response:
        self.instance.calls_a_second = (await request.json())["calls"]
        return _Json({})

    async def _hosts(self, request: Request) -> Response:
        self.instance.hosts = (await request.json())["hosts"]
        return _Json({})

    async def _calls(self, request: Request) -> Response:
        if request.method == "DELETE":
            self.instance.calls.clear()
        return _Json(self.instance.calls)


def _unknown(path: str, *, known: bool) -> Response:
    """Return the answer to a path that no route has, or not with this method."""
    if path.split("/")[1] in _SERVICES:
        return PlainTextResponse("404 page not found\n", 404)
    if known:
        return _Json({"code": UNIMPLEMENTED, "message": "Method Not Allowed"}, 405)
    return _Json({"code": NOT_FOUND, "message": "Not Found"}, 404)


def _check_envelope(route: Route, request: Request, body: bytes) -> None:
    """Check what the layers above ZITADEL's services do not pass on.

    :raises ApiError: 500 of the REST gateway for a path that is not ASCII, 400 of Connect for an empty body.
    """
    if route.connect:
        if not body:
            raise ApiError(INVALID_ARGUMENT, "unmarshal message: zero-length payload is not a valid JSON object")
    elif not unquote(request.scope["raw_path"].decode()).isascii():
        # The gateway passes the path on in a header.
        raise ApiError(INTERNAL, _BAD_PATH)


def _form(text: str) -> dict[str, str]:
    return dict(parse_qsl(text))


def _oauth(answer: Callable[[], Response]) -> Response:
    try:
        return answer()
    except OAuthError as error:
        return _Json(error.body, error.status)


def _too_many_calls() -> Response:
    return PlainTextResponse("too many requests\n", 429, {"Retry-After": "1"})


def _host(request: Request) -> str:
    """Return the host name, with a port if it has one, by which a call names the instance."""
    return request.headers.get(_INSTANCE_HOST) or request.headers.get("host", request.url.netloc)


def _origin(request: Request) -> str:
    return f"{request.url.scheme}://{request.headers.get(_PUBLIC_HOST) or _host(request)}"


async def _healthz(_: Request) -> Response:
    return PlainTextResponse("ok")


async def _ready(_: Request) -> Response:
    return _Json("ok")


async def _no_page(_: Request) -> Response:
    return PlainTextResponse("404 page not found\n", 404)

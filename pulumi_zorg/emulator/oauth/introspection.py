"""Introspection of tokens by API applications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from pulumi_zorg.emulator.applications.queries import active_client
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.oauth.errors import OAuthError
from pulumi_zorg.emulator.oauth.scopes import ROLE_PREFIX
from pulumi_zorg.emulator.oauth.tokens import Token, find_token
from pulumi_zorg.emulator.oauth.userinfo import claims
from pulumi_zorg.emulator.users.passwords import secret_matches

_INACTIVE: dict[str, Any] = {"active": False}

#: Method of an authentication, as events have it -> its name in tokens.
_METHODS = {1: "pwd"}


def amr(methods: Iterable[int]) -> list[str]:
    """Return the names of the methods of an authentication."""
    return [_METHODS[method] for method in methods if method in _METHODS]


def introspect(instance: Instance, client_id: str, secret: str, text: str, issuer: str) -> dict[str, Any]:
    """Return what an API application learns about a token. Roles are those of its own project.

    :raises OAuthError: 400, if the application is not known, not active, or its secret is wrong.
    """
    if not client_id:
        raise OAuthError(400, "invalid_request", "client_id or client_assertion must be provided")
    app = active_client(instance, client_id, "api")
    if app is None or not secret_matches(secret, app.secret):
        raise OAuthError(400, "unauthorized_client")
    token = find_token(instance, text)
    user = instance.seen.users.get(token.user_id) if token else None
    if token is None or user is None or user.state != "ACTIVE":
        return _INACTIVE
    if token.personal:
        # A personal access token is valid for every application, with all roles of its project.
        roles = [ROLE_PREFIX + role.key for role in instance.seen.roles.where("id", app.project_id)]
        token = replace(token, audience=(client_id, app.project_id), scopes=(*token.scopes, *roles))
    if client_id not in token.audience and app.project_id not in token.audience:
        return _INACTIVE
    info = claims(instance, user, token, app.project_id, [app.project_id])
    if "preferred_username" in info:
        info["username"] = info["preferred_username"]
    return {**_about(token, issuer), **info}


def _about(token: Token, issuer: str) -> dict[str, Any]:
    found = {
        "scope": " ".join(token.scopes),
        "client_id": token.client_id,
        "token_type": "Bearer",
        "exp": token.expires,
        "iat": token.created,
        "auth_time": token.auth_time,
        "nbf": token.created,
        "aud": list(token.audience),
        "amr": amr(token.methods),
        "iss": issuer,
        "jti": token.id,
    }
    return {"active": True, **{name: value for name, value in found.items() if value}}

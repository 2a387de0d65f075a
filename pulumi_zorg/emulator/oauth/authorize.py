"""The authorization endpoint, where an application starts a login."""

from __future__ import annotations

from pulumi_zorg.emulator.applications.queries import active_client
from pulumi_zorg.emulator.auth_requests.commands import add
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.oauth.errors import OAuthError
from pulumi_zorg.emulator.oauth.scopes import requested_projects

_LOGIN = "/ui/v2/login/login?authRequest="
_CONTACT = " If you have any questions, you may contact the administrator of the application."


def authorize(instance: Instance, form: dict[str, str]) -> str:
    """Add an authorization request, and return the address of the login page.

    All applications use the V2 login, as on an instance with the default settings.

    :raises OAuthError: 400, if the client is not known or not active, or asks for what it may not.
    """
    client_id, redirect_uri = form.get("client_id", ""), form.get("redirect_uri", "")
    if not client_id:
        raise OAuthError(400, "invalid_request", "auth request is missing client_id")
    app = active_client(instance, client_id, "oidc")
    if app is None:
        raise OAuthError(400, "invalid_request", "Errors.App.NotFound")
    if not redirect_uri:
        raise OAuthError(500, "server_error", "auth request is missing redirect_uri")
    if redirect_uri not in app.config.get("redirectUris", []):
        text = "The requested redirect_uri is missing in the client configuration."
        raise OAuthError(400, "invalid_request", text + _CONTACT)
    scopes = form.get("scope", "").split()
    if not scopes:
        text = "The scope of your request is missing. Please ensure some scopes are requested."
        raise OAuthError(400, "invalid_request", text + _CONTACT)
    if not form.get("response_type"):
        raise OAuthError(400, "invalid_request", "The response type is missing in your request." + _CONTACT)
    if form["response_type"] != "code":
        text = "The requested response type is not supported by this emulator. It supports code."
        raise OAuthError(400, "unsupported_response_type", text)
    return _LOGIN + add(instance, app.project_id, requested_projects(instance, scopes), scopes, form)

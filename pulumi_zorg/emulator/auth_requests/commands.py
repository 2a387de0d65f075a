"""Commands on authorization requests: a client starts a login, and the login finishes it with a session."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from pulumi_zorg.emulator.applications.queries import client_ids, of_client
from pulumi_zorg.emulator.auth_requests.aggregate import AuthRequestWriteModel
from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.credentials.tokens import ids_of, token_of
from pulumi_zorg.emulator.errors import denied, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.eventstore.events import NewEvent
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.sessions.aggregate import SessionWriteModel

_ROLE = "urn:zitadel:iam:org:project:role:"


def _event(model_id: str, instance: Instance, name: str, payload: dict[str, Any] | None = None) -> NewEvent:
    return NewEvent("auth_request", model_id, instance.instance_id, f"auth_request.{name}", payload or {})


def add(instance: Instance, project_id: str, extra_audience: list[str], scopes: list[str], form: dict[str, str]) -> str:
    """Add a request of a client to let a person log in, and return its id.

    :param project_id: the project of the client.
    :param extra_audience: the projects that the scopes name.
    """
    audience = dict.fromkeys([*client_ids(instance, project_id), project_id, *extra_audience])
    payload: dict[str, Any] = {
        "clientId": form["client_id"],
        "redirectUri": form["redirect_uri"],
        "state": form.get("state", ""),
        "scope": _with_role_scopes(instance, project_id, scopes),
        "audience": list(audience),
    }
    if form.get("code_challenge"):
        payload["codeChallenge"] = {
            "Challenge": form["code_challenge"],
            "Method": form.get("code_challenge_method", "plain"),
        }
    request_id = "V2_" + instance.store.new_id()
    instance.store.push("", [_event(request_id, instance, "added", payload)])
    return request_id


def _with_role_scopes(instance: Instance, project_id: str, scopes: list[str]) -> list[str]:
    """Add a scope for each role of a project that asserts roles, unless the client asks for some itself."""
    project = instance.read_models.projects.get(project_id)
    asserts = project is not None and project.flags.get("projectRoleAssertion")
    if not asserts or any(scope.startswith(_ROLE) for scope in scopes):
        return scopes
    return [*scopes, *(_ROLE + role.key for role in instance.read_models.roles.where("id", project_id))]


def finish(call: Call) -> tuple[Details, str]:
    """Let the user of a session log in, and return the address to send the browser to, with a code.

    The state of the user does not matter here: the exchange of the code checks it.

    :raises ApiError: 403 OIDC-foSyH49RvL, if the project's settings shut the user out.
    """
    instance, sent = call.instance, call.request["session"]
    model = AuthRequestWriteModel(instance.store, call.request["auth_request_id"])
    if not model.exists:
        raise not_found("COMMAND-jae5P", "Errors.AuthRequest.NotExisting")
    if model.state != "ADDED":
        raise precondition("COMMAND-Sx208nt", "Errors.AuthRequest.AlreadyHandled")
    call.check("session.link", instance.instance_id, "")
    session = SessionWriteModel(instance.store, sent["session_id"])
    if not session.state:
        raise precondition("COMMAND-Flk38", "Errors.Session.NotExisting")
    if session.state != "ACTIVE":
        raise precondition("COMMAND-Hewfq", "Errors.Session.Terminated")
    if ids_of(instance, sent["session_token"]) != (session.token_id, session.id):
        raise denied("COMMAND-sGr42", "Errors.Session.Token.Invalid")
    _check_project(instance, model.client_id, session.user_id)
    methods = [1] if session.password else []
    payload = {"sessionId": session.id, "userId": session.user_id, "authTime": session.checked, "authMethods": methods}
    model.apply(call.push(_event(model.id, instance, "session.linked", payload)))
    details = model.details
    call.push(_event(model.id, instance, "code.added"))
    return details, _callback(model, code=token_of(instance, model.id, session.user_id))


def _check_project(instance: Instance, client_id: str, user_id: str) -> None:
    """Check the settings of the client's project: the user's own organization is granted the project, the user has a user grant."""
    app = of_client(instance, client_id)
    project = instance.seen.projects.get(app.project_id) if app else None
    if project is None:
        return
    owner = instance.read_models.owner_of.get(user_id, "")
    grants = instance.seen.project_grants.where("project_id", project.id)
    granted = {grant.granted_org_id for grant in grants if grant.state == "ACTIVE"}
    if project.flags.get("hasProjectCheck") and owner not in {project.owner, *granted}:
        raise denied("OIDC-foSyH49RvL", "Errors.User.ProjectRequired")
    user_grants = instance.shown(instance.seen.user_grants.where("user_id", user_id))
    has_grant = any(grant.project_id == project.id and grant.state == "ACTIVE" for grant in user_grants)
    if project.flags.get("projectRoleCheck") and not has_grant:
        raise denied("OIDC-foSyH49RvL", "Errors.User.GrantRequired")


def fail(call: Call) -> tuple[Details, str]:
    """Refuse a login, and return the address to send the browser to, with the error."""
    instance, error = call.instance, call.request["error"]
    model = AuthRequestWriteModel(instance.store, call.request["auth_request_id"])
    if model.state != "ADDED":
        raise precondition("COMMAND-Sx202nt", "Errors.AuthRequest.AlreadyHandled")
    call.check("session.link", instance.instance_id, "")
    model.apply(call.push(_event(model.id, instance, "failed")))
    name = (error["error"] or "ERROR_REASON_UNSPECIFIED").removeprefix("ERROR_REASON_").lower()
    return model.details, _callback(model, error=name, error_description=error["error_description"])


def _callback(model: AuthRequestWriteModel, **fields: str) -> str:
    shown = {name: value for name, value in {**fields, "state": model.client_state}.items() if value}
    separator = "&" if "?" in model.redirect_uri else "?"
    return f"{model.redirect_uri}{separator}{urlencode(shown)}"

"""The claims about a user: profile, email and roles. They are read when they are asked for, not when the token is issued."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.applications.queries import of_client
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.oauth.errors import OAuthError
from pulumi_zorg.emulator.oauth.scopes import RESOURCE_OWNER, ROLE_PREFIX, ROLES, requested_projects
from pulumi_zorg.emulator.oauth.tokens import Token, find_token
from pulumi_zorg.emulator.users.projection import UserReadModel


def userinfo(instance: Instance, text: str) -> dict[str, Any]:
    """Return the claims about the user of a token, as its scopes request.

    :raises OAuthError: 401, if the token is not valid or the user is not active. A personal access token that is added to an
        inactive user is valid, but not here.
    """
    token = find_token(instance, text)
    if token is None:
        raise OAuthError(401, "access_denied", "access token invalid")
    user = instance.seen.users.get(token.user_id)
    if user is None or user.state != "ACTIVE":
        raise OAuthError(401, "access_denied", "no active user")
    project_id, asserts = project_of(instance, token.client_id)
    return claims(instance, user, token, project_id, _role_audience(instance, token.scopes, project_id, asserts))


def project_of(instance: Instance, client_id: str) -> tuple[str, bool]:
    """Return the project of a client, and whether it asserts roles.

    An application that was deactivated is found. A service account is no application, and has no project.
    """
    app = of_client(instance, client_id) if client_id else None
    project = instance.seen.projects.get(app.project_id) if app else None
    return app.project_id if app else "", project is not None and bool(project.flags.get("projectRoleAssertion"))


def role_claims(instance: Instance, user: UserReadModel, scopes: tuple[str, ...], client_id: str) -> dict[str, Any]:
    """Return the roles that a token of a client has itself, if it is a JWT that asserts them."""
    project_id, asserts = project_of(instance, client_id)
    return _roles(instance, user, scopes, project_id, _role_audience(instance, scopes, project_id, asserts))


def _role_audience(instance: Instance, scopes: tuple[str, ...], project_id: str, asserts: bool) -> list[str]:
    """Return the projects whose roles are told: those that the scopes name, and the client's own."""
    roles = any(scope.startswith(ROLE_PREFIX) for scope in scopes)
    found = requested_projects(instance, scopes) if roles or ROLES in scopes else []
    if project_id and project_id not in found and (asserts or found or roles):
        found.append(project_id)
    return found


def claims(
    instance: Instance, user: UserReadModel, token: Token, project_id: str, role_audience: list[str]
) -> dict[str, Any]:
    """Return the claims that the scopes of a token request.

    :param project_id: the project of the client that asks.
    :param role_audience: the projects whose roles are told.
    """
    info: dict[str, Any] = {"sub": user.id}
    if "profile" in token.scopes:
        info.update(_profile(user))
    if "email" in token.scopes and user.human:
        info.update(email=user.profile["email"], email_verified=bool(user.profile.get("emailVerified")))
    org = instance.seen.orgs.get(user.owner)
    if RESOURCE_OWNER in token.scopes and org is not None:
        info[f"{RESOURCE_OWNER}:id"], info[f"{RESOURCE_OWNER}:name"] = org.id, org.name
        info[f"{RESOURCE_OWNER}:primary_domain"] = org.primary_domain
    return {**info, **_roles(instance, user, token.scopes, project_id, role_audience)}


def _roles(
    instance: Instance, user: UserReadModel, scopes: tuple[str, ...], project_id: str, audience: list[str]
) -> dict[str, Any]:
    wanted = [scope.removeprefix(ROLE_PREFIX) for scope in scopes if scope.startswith(ROLE_PREFIX)]
    found: dict[str, dict[str, Any]] = {}
    for grant in instance.shown(instance.seen.user_grants.where("user_id", user.id)):
        if grant.state != "ACTIVE" or grant.project_id not in audience:
            continue
        org = instance.seen.orgs.get(grant.owner)
        for key in grant.role_keys:
            if not wanted or key in wanted:
                roles = found.setdefault(grant.project_id, {})
                roles.setdefault(key, {})[grant.owner] = org.primary_domain if org else ""
    result: dict[str, Any] = {f"urn:zitadel:iam:org:project:{project}:roles": roles for project, roles in found.items()}
    if project_id in found:
        result["urn:zitadel:iam:org:project:roles"] = found[project_id]
    return result


def _profile(user: UserReadModel) -> dict[str, Any]:
    profile = user.profile
    result = {"name": profile.get("displayName") or user.name, "preferred_username": user.username}
    result.update(updated_at=user.changed // 1_000_000)
    if user.human:
        result.update(given_name=profile["firstName"], family_name=profile["lastName"])
    return result

"""ZITADEL's own Python client works on the emulator. It has its own model of requests, answers and errors."""

from __future__ import annotations

import base64
import importlib
import re
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_zorg.emulator import Emulator, ProfileName

pytestmark = pytest.mark.slow

#: The calls of the client's services that the emulator does not serve. It serves all others.
NOT_SERVED = {
    "authorization": set[str](),
    "organization": {
        *("AddOrganizationDomain", "DeleteOrganizationDomain", "GenerateOrganizationDomainValidation"),
        *("ListOrganizationDomains", "VerifyOrganizationDomain"),
    },
    "project": set[str](),
    "user": {
        *("SendEmailCode", "ResendEmailCode", "VerifyEmail", "ResendPhoneCode", "VerifyPhone"),
        *("PasswordReset", "SetPassword", "CreateInviteCode", "ResendInviteCode", "VerifyInviteCode"),
        *("AddIDPLink", "ListIDPLinks", "RemoveIDPLink", "RetrieveIdentityProviderIntent"),
        *("StartIdentityProviderIntent", "HumanMFAInitSkipped"),
        *("ListAuthenticationFactors", "ListAuthenticationMethodTypes"),
        *("AddOTPEmail", "AddOTPSMS", "RemoveOTPEmail", "RemoveOTPSMS", "GenerateRecoveryCodes", "RemoveRecoveryCodes"),
        *("RegisterTOTP", "RemoveTOTP", "VerifyTOTPRegistration", "RegisterU2F", "RemoveU2F", "VerifyU2FRegistration"),
        *("CreatePasskeyRegistrationLink", "ListPasskeys", "RegisterPasskey", "RemovePasskey"),
        "VerifyPasskeyRegistration",
    },
}

#: What the server of December 2025 lacks, by its recordings.
NOT_IN_2025_12 = {
    *("ActivateOrganization", "DeactivateOrganization", "DeleteOrganization", "UpdateOrganization"),
    *("DeleteOrganizationMetadata", "ListOrganizationMetadata", "SetOrganizationMetadata"),
}


@pytest.fixture(scope="module")
def zc() -> Any:
    """The module of the client. The import is here because it takes seconds, and warns about a library."""
    with warnings.catch_warnings(record=True):
        import zitadel_client
    return zitadel_client


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture
def client(zc: Any) -> Iterator[Callable[..., Any]]:
    """Create clients, and close their connections at the end."""
    made = []

    def make(how: str, emulator: Emulator, *credentials: str) -> Any:
        made.append(getattr(zc.Zitadel, how)(emulator.url, *credentials))
        return made[-1]

    yield make
    for one in made:
        one.projects.api_client.rest_client.pool_manager.clear()


@pytest.fixture
def admin(client: Callable[..., Any], emulator: Emulator) -> Any:
    """The client with the administrator's personal access token."""
    return client("with_access_token", emulator, emulator.token)


def _person(name: str) -> dict[str, Any]:
    return {
        "profile": {"givenName": name, "familyName": "Berg"},
        "email": {"email": f"{name.lower()}@example.com", "isVerified": True},
    }


def _names(found: list[Any] | None, attribute: str = "name") -> list[str]:
    return [getattr(item, attribute) for item in found or []]


def test_a_tenant_from_beginning_to_end(admin: Any) -> None:
    acme = admin.organizations.add_organization({"name": "Acme"}).organization_id
    owner = admin.organizations.add_organization({"name": "Owner"}).organization_id

    project = admin.projects.create_project({"organizationId": owner, "name": "Portal"}).project_id
    admin.projects.update_project({"projectId": project, "projectRoleAssertion": True})
    for key in ("viewer", "admin"):
        admin.projects.add_project_role({"projectId": project, "roleKey": key, "displayName": key.title()})
    admin.projects.update_project_role({"projectId": project, "roleKey": "admin", "displayName": "Chief"})
    granted = {"projectId": project, "grantedOrganizationId": acme}
    admin.projects.create_project_grant({**granted, "roleKeys": ["viewer", "admin"]})

    ann = admin.users.add_human_user({"organization": {"orgId": acme}, "username": "ann", **_person("Ann")}).user_id
    bob = admin.users.create_user({"organizationId": acme, "username": "bob", "human": _person("Bob")}).id
    bot = admin.users.create_user({"organizationId": acme, "username": "bot", "machine": {"name": "Bot"}}).id
    admin.users.set_user_metadata({"userId": ann, "metadata": [{"key": "team", "value": "b3Bz"}]})
    grant = admin.authorizations.create_authorization(
        {"userId": ann, "projectId": project, "organizationId": acme, "roleKeys": ["viewer", "admin"]}
    ).id

    [portal, as_granted] = admin.projects.list_projects(
        {"pagination": {"asc": True}, "filters": [{"inProjectIdsFilter": {"ids": [project]}}]}
    ).projects
    assert (portal.name, portal.organization_id, portal.project_role_assertion) == ("Portal", owner, True)
    assert (as_granted.granted_organization_name, as_granted.granted_state.value) == (
        "Acme",
        "GRANTED_PROJECT_STATE_ACTIVE",
    )
    assert admin.projects.get_project({"projectId": project}).project == portal
    roles = admin.projects.list_project_roles({"projectId": project, "pagination": {"asc": True}}).project_roles
    assert _names(roles, "display_name") == ["Viewer", "Chief"]
    users = admin.users.list_users(
        {
            "query": {"asc": True},
            "sortingColumn": "USER_FIELD_NAME_USER_NAME",
            "queries": [{"organizationIdQuery": {"organizationId": acme}}],
        }
    ).result
    assert _names(users, "user_id") == [ann, bob, bot]
    assert (users[0].human.profile.display_name, users[2].machine.name) == ("Ann Berg", "Bot")
    by_metadata = admin.users.list_users({"queries": [{"metadataKeyFilter": {"key": "team"}}]}).result
    assert _names(by_metadata, "user_id") == [ann]
    [entry] = admin.users.list_user_metadata({"userId": ann}).metadata
    assert (entry.key, entry.value) == ("team", "b3Bz")

    admin.users.deactivate_user({"userId": bob})
    assert admin.users.get_user_by_id({"userId": bob}).user.state.value == "USER_STATE_INACTIVE"
    admin.users.reactivate_user({"userId": bob})
    admin.users.delete_user_metadata({"userId": ann, "keys": ["team"]})
    assert admin.users.list_user_metadata({"userId": ann}).metadata is None

    # The authorization loses the roles that the project or the project grant loses.
    mine = {"filters": [{"authorizationIds": {"ids": [grant]}}]}
    admin.projects.remove_project_role({"projectId": project, "roleKey": "viewer"})
    assert _names(admin.authorizations.list_authorizations(mine).authorizations[0].roles, "key") == ["admin"]
    admin.projects.update_project_grant({**granted, "roleKeys": []})
    assert not admin.authorizations.list_authorizations(mine).authorizations[0].roles

    admin.projects.deactivate_project_grant(granted)
    [project_grant] = admin.projects.list_project_grants(
        {"filters": [{"grantedOrganizationIdFilter": {"id": acme}}]}
    ).project_grants
    assert (project_grant.project_name, project_grant.state.value) == ("Portal", "PROJECT_GRANT_STATE_INACTIVE")
    admin.projects.activate_project_grant(granted)
    admin.projects.deactivate_project({"projectId": project})
    assert admin.projects.get_project({"projectId": project}).project.state.value == "PROJECT_STATE_INACTIVE"
    admin.projects.activate_project({"projectId": project})

    admin.projects.delete_project_grant(granted)
    assert admin.authorizations.list_authorizations(mine).authorizations is None
    admin.users.delete_user({"userId": bot})
    admin.projects.delete_project({"projectId": project})
    assert admin.projects.delete_project({"projectId": project}).deletion_date is not None
    admin.organizations.delete_organization({"organizationId": acme})
    assert admin.users.list_users({"queries": [{"inUserIdsQuery": {"userIds": [ann, bob, bot]}}]}).result is None


@pytest.mark.parametrize("kind", ["token", "key", "secret"])
def test_a_service_account_logs_in_with_each_kind_of_credential(
    client: Callable[..., Any], admin: Any, emulator: Emulator, zc: Any, tmp_path: Path, kind: str
) -> None:
    org = admin.organizations.add_organization({"name": "Acme"}).organization_id
    bot = admin.users.create_user({"organizationId": org, "username": "bot", "machine": {"name": "Bot"}}).id
    named = {"userId": bot, "expirationDate": "2999-01-01T00:00:00Z"}
    if kind == "token":
        made = admin.users.add_personal_access_token(named)
        account = client("with_access_token", emulator, made.token)
        [found] = admin.users.list_personal_access_tokens({"filters": [{"userIdFilter": {"id": bot}}]}).result
        assert (found.id, found.organization_id) == (made.token_id, org)
    elif kind == "key":
        made = admin.users.add_key(named)
        content = tmp_path / "key.json"
        content.write_bytes(base64.b64decode(made.key_content))
        account = client("with_private_key", emulator, str(content))
        [found] = admin.users.list_keys({"filters": [{"organizationIdFilter": {"id": org}}]}).result
        assert (found.id, found.user_id) == (made.key_id, bot)
    else:
        account = client(
            "with_client_credentials", emulator, "bot", admin.users.add_secret({"userId": bot}).client_secret
        )

    assert account.users.get_user_by_id({"userId": bot}).user.username == "bot"
    # Without a manager role, nothing else is visible.
    assert _names(account.users.list_users({}).result, "user_id") == [bot]
    assert account.organizations.list_organizations({}).result is None

    admin.users.deactivate_user({"userId": bot})
    with pytest.raises(zc.ApiError) as refused:
        account.users.get_user_by_id({"userId": bot})
    assert refused.value.code == 401


def test_errors_have_the_code_and_id_of_the_server(admin: Any, zc: Any) -> None:
    org = admin.organizations.add_organization({"name": "Acme"}).organization_id
    project = admin.projects.create_project({"organizationId": org, "name": "Portal"}).project_id
    calls: list[tuple[Callable[[], Any], int, str, str]] = [
        (
            lambda: admin.projects.create_project({"organizationId": org, "name": "Portal"}),
            409,
            "already_exists",
            "Project already exists on organization (V3-DKcYh)",
        ),
        (
            lambda: admin.projects.create_project({"organizationId": org, "projectId": project, "name": "Other"}),
            409,
            "already_exists",
            "Errors.Project.AlreadyExisting (COMMAND-opamwu)",
        ),
        (lambda: admin.projects.get_project({"projectId": "1"}), 404, "not_found", "Project not found (QUERY-fk2fs)"),
        (
            lambda: admin.projects.activate_project({"projectId": project}),
            400,
            "failed_precondition",
            "Project is not deactivated (COMMAND-5M9bs)",
        ),
        (
            lambda: admin.projects.add_project_role({"projectId": "1", "roleKey": "r", "displayName": "R"}),
            400,
            "failed_precondition",
            "Project not found (COMMAND-EbFMN)",
        ),
        (
            lambda: admin.projects.create_project_grant({"projectId": project, "grantedOrganizationId": org}),
            400,
            "failed_precondition",
            "Project Grant is invalid (PROJECT-ckUpbvboAH)",
        ),
        (
            lambda: admin.users.add_secret({"userId": "1"}),
            404,
            "not_found",
            "Errors.NotFound (COMMAND-4g3xq)",
        ),
        (
            lambda: admin.projects.list_projects({"pagination": {"limit": 1001}}),
            400,
            "invalid_argument",
            "Limit exceeded (QUERY-4M0fs)",
        ),
    ]
    for call, status, code, message in calls:
        with pytest.raises(zc.ApiError) as refused:
            call()
        body = refused.value.response_body
        assert (refused.value.code, body["code"], body["message"]) == (status, code, message)


def _paths(service: str) -> set[str]:
    """Return the paths of all calls of one service, from the client's source. The client has no list of them."""
    source = importlib.import_module(f"zitadel_client.api.{service}_service_api").__file__
    assert source is not None
    return set(re.findall(r"resource_path='(/[\w.]+/\w+)'", Path(source).read_text("utf-8")))


def _not_served(emulator: Emulator, paths: set[str]) -> set[str]:
    """Return the calls that are unknown. All others answer an empty request in JSON."""
    headers = {"authorization": f"Bearer {emulator.token}"}
    with httpx.Client(base_url=emulator.url, headers=headers) as http:
        answers = {path.rpartition("/")[2]: http.post(path, json={}) for path in paths}
    return {name for name, answer in answers.items() if answer.text == "404 page not found\n"}


@pytest.mark.usefixtures("zc")
@pytest.mark.parametrize("like", ["2026-07", "2025-12"])
def test_every_call_of_these_services_is_served_or_listed_here(like: ProfileName) -> None:
    """Each call of the client is served, or is in `NOT_SERVED`. The README lists the same by subject."""
    with Emulator(like=like) as emulator:
        for service, expected in NOT_SERVED.items():
            lacking = NOT_IN_2025_12 if (like, service) == ("2025-12", "organization") else set()
            assert _not_served(emulator, _paths(service)) == expected | lacking

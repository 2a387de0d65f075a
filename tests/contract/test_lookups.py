"""What each lookup finds on each server, and what it says where it finds nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import pulumi_zorg as zorg
from pulumi_zorg.testing import Fault
from tests.conftest import EVERY, started
from tests.support.lookups import Program, program
from tests.support.servers import Server


@pytest.fixture
def every_program(every_server: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A program with the instance owner's credential, on a server of each kind."""
    with program(every_server, monkeypatch) as started_program:
        yield started_program


@pytest.fixture(params=[each for each in EVERY if each != "seeds"])
def v2_program(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """The same, on servers that have the v2 API."""
    with started(request.param) as server, program(server, monkeypatch) as started_program:
        yield started_program


def _token(server: Server, name: str, *roles: str) -> str:
    """The token of a new service account that has these roles in the organization with the furniture."""
    user = server.admin.create_user(server.home, f"{name}{server.tag}")
    if roles:
        server.admin.add_member(server.home, user, *roles)
    token = server.admin.create_token(server.home, user)
    return server.wait_for_rights(token, server.home) if roles else token


def test_an_organization_is_found_by_name_domain_and_id(every_program: Program) -> None:
    server, name = every_program.server, every_program.server.name("Acme")
    acme = server.admin.create_organization(name)
    server.admin.deactivate_organization(acme)
    by_id = zorg.get_organization(id=acme)
    assert (by_id.id, by_id.name, by_id.active, by_id.state) == (acme, name, False, "ORG_STATE_INACTIVE")
    assert server.shows(lambda: every_program.listed(lambda: zorg.get_organization(name=name)) == by_id)
    assert zorg.get_organization(domain=by_id.primary_domain) == by_id
    assert [each.id for each in zorg.get_organizations(name_contains=name.upper(), state="inactive")] == [acme]
    with pytest.raises(zorg.NoMatch, match=f'Similar names: "{name}" \\({acme}, inactive\\)'):
        zorg.get_organization(name=name.lower())
    server.admin.remove_organization(acme)
    every_program.begin(server.token)
    with pytest.raises(zorg.NoMatch, match="the server shows it as it shows removed ones"):
        zorg.get_organization(id=acme)


def test_a_person_and_a_service_account_are_found(v2_program: Program) -> None:
    server, home = v2_program.server, v2_program.server.home
    name = f"cleo{server.tag}"
    cleo = server.create_person(home, name)
    by_id = zorg.get_user(id=cleo)
    assert (by_id.user_name, by_id.org_id, by_id.email) == (name, home, f"{name}@example.com")
    assert (by_id.type, by_id.active, by_id.display_name) == ("human", False, f"{name} Berg")
    assert by_id.state == "USER_STATE_INITIAL", "without a password"
    assert v2_program.listed(lambda: zorg.get_user(user_name=name)) == by_id
    assert zorg.get_user(email=f"{name}@example.com", org_id=home) == by_id
    with pytest.raises(zorg.UntrustedMatch, match=f"{cleo} in organization {home}.+ not in the credential's own"):
        zorg.get_user(email=f"{name}@example.com")
    mallory = server.create_person(home, f"mallory{server.tag}", verified=False)
    email = f"mallory{server.tag}@example.com"
    found = v2_program.listed(lambda: zorg.get_user(email=email, org_id=home, allow_unverified=True))
    assert (found.id, found.email_verified) == (mallory, False)
    with pytest.raises(zorg.UntrustedMatch, match="the address is not verified"):
        zorg.get_user(email=email, org_id=home)
    server.admin.remove_user(home, mallory)
    assert zorg.get_user(login_name=by_id.preferred_login_name, org_id=home) == by_id
    bob = zorg.get_user(id=server.bob)
    assert (bob.id, bob.type, bob.email, bob.org_id) == (server.bob, "machine", None, home)
    assert {each.id for each in zorg.get_users(org_id=home)} == {cleo, server.ann, server.bob}
    assert [each.id for each in zorg.get_users(org_id=home, type="human")] == [cleo]
    with pytest.raises(
        zorg.NoMatch, match=f'Similar names: "{name}" {name}@example.com \\({cleo} in organization {home}'
    ):
        zorg.get_user(user_name=name.upper())
    with pytest.raises(zorg.NoMatch, match='no user with the id "424242"'):
        zorg.get_user(id="424242")


def test_a_project_is_found_in_an_organization_and_in_all(v2_program: Program) -> None:
    server, name = v2_program.server, v2_program.server.name("Shop")
    admin, home = server.admin, server.home
    shop = admin.create_project(home, name)
    by_id = zorg.get_project(id=shop)
    assert (by_id.id, by_id.name, by_id.org_id, by_id.active) == (shop, name, home, True)
    assert zorg.get_project(id=shop, org_id=home) == by_id
    assert v2_program.listed(lambda: zorg.get_project(name=name, org_id=home)) == by_id
    assert v2_program.listed(lambda: zorg.get_project(name=name)) == by_id
    other = admin.create_organization(server.name("Other"))
    near = f'Similar names: "{name}" \\({shop} in organization {home}\\)'
    with pytest.raises(zorg.NoMatch, match=near):
        zorg.get_project(name=name, org_id=other)
    with pytest.raises(zorg.NoMatch, match=near):
        zorg.get_project(id=shop, org_id=other)
    with pytest.raises(zorg.NoMatch, match=near):
        zorg.get_project(name=name.upper())
    twin = admin.create_project(other, name)
    v2_program.listed(lambda: zorg.get_project(name=name, org_id=other))

    def are_several() -> bool:
        v2_program.begin(server.token)
        try:
            return zorg.get_project(name=name) is None
        except zorg.SeveralMatches as error:
            return twin in str(error) and shop in str(error)

    assert server.shows(are_several)


def _role(name: str, group: str = "") -> dict[str, str]:
    return {"display_name": name, "group": group}


def test_a_project_is_found_with_its_roles(v2_program: Program) -> None:
    server, name = v2_program.server, v2_program.server.name("Shop")
    admin, home = server.admin, server.home
    shop = admin.create_project(home, name, ["viewer", "Admin"])
    admin.change_project_role(home, shop, "viewer", "Viewer", "staff")
    roles = {"Admin": _role("Admin"), "viewer": _role("Viewer", "staff")}
    assert zorg.get_project(id=shop).roles == zorg.get_project(id=shop, org_id=home).roles == roles
    assert list(zorg.get_project_roles(project_id=shop)) == ["Admin", "viewer"]
    by_name = v2_program.listed(lambda: zorg.get_project_roles(project_name=name, org_id=home))
    assert by_name == zorg.get_project_roles(project_id=shop, org_id=home) == roles
    assert v2_program.listed(lambda: zorg.get_project_roles(project_name=name)) == roles
    v2_program.begin(_token(server, "viewer", "ORG_OWNER_VIEWER"))  # it may not read the event store
    assert server.shows(lambda: zorg.get_project(id=shop).roles == roles)


def test_a_project_without_roles_is_no_project_that_does_not_exist(v2_program: Program) -> None:
    """The list of roles is empty for both."""
    server, home = v2_program.server, v2_program.server.home
    empty, gone = (
        server.admin.create_project(home, server.name(name), roles) for name, roles in (("A", ()), ("B", "r"))
    )
    server.admin.remove_project(home, gone)
    for token in (server.token, _token(server, "viewer", "ORG_OWNER_VIEWER")):
        v2_program.begin(token)
        assert zorg.get_project_roles(project_id=empty) == zorg.get_project(id=empty, org_id=home).roles == {}
        for project_id in (gone, "424242"):
            for org_id in (None, home):
                with pytest.raises(zorg.NoMatch, match=f'no project with the id "{project_id}"'):
                    pytest.fail(f"{org_id}: {zorg.get_project_roles(project_id=project_id, org_id=org_id)}")


def test_a_customer_sees_the_roles_that_its_project_grant_gives(v2_program: Program) -> None:
    """Not the others: the list of all roles is empty to it."""
    server = v2_program.server
    admin, home, portal = server.admin, server.home, server.project
    acme, other = (admin.create_organization(server.name(name)) for name in ("Acme", "Other"))
    admin.grant_project(home, portal, acme, ["viewer", "admin"])
    admin.grant_project(home, portal, other, ["editor"])
    admin.grant_project(home, admin.create_project(home, server.name("Empty")), acme, [])
    roles = {"admin": _role("admin"), "viewer": _role("viewer")}
    find = lambda: zorg.get_project_roles(project_id=portal, granted_org_id=acme)  # noqa: E731
    assert v2_program.listed(find) == roles
    near = f'similar names: .*"Portal" \\({portal} in organization {home}\\)'
    with pytest.raises(zorg.NoMatch, match=f"(?i)granted to organization {acme} that this credential .+{near}"):
        zorg.get_project_roles(project_id="424242", granted_org_id=acme)
    user = admin.create_user(acme, f"customer{server.tag}")
    admin.add_member(acme, user, "ORG_OWNER")
    v2_program.begin(server.wait_for_rights(admin.create_token(acme, user), acme))
    assert find() == zorg.get_project_roles(project_name="Portal", granted_org_id=acme) == roles
    assert zorg.get_project_roles(project_name="Portal", org_id=home, granted_org_id=acme) == roles
    assert zorg.get_project_roles(project_name=server.name("Empty"), granted_org_id=acme) == {}
    with pytest.raises(zorg.NoMatch, match=f'"Portal" in organization {acme} that is granted to organization {acme}'):
        zorg.get_project_roles(project_name="Portal", org_id=acme, granted_org_id=acme)
    for organization in (home, other):
        with pytest.raises(zorg.PermissionDenied):
            zorg.get_project_roles(project_id=portal, granted_org_id=organization)
    with pytest.raises((zorg.PermissionDenied, zorg.UnexpectedAnswer)):
        zorg.get_project_roles(project_id=portal)


def test_a_project_grant_is_found_by_its_organizations_and_by_id(v2_program: Program) -> None:
    server = v2_program.server
    admin, home, portal = server.admin, server.home, server.project
    acme = admin.create_organization(server.name("Acme"))
    granted = admin.grant_project(home, portal, acme, ["viewer", "admin"])
    found = v2_program.listed(lambda: zorg.get_project_grant(org_id=home, project_id=portal, granted_org_id=acme))
    assert (found.id, found.org_id, found.project_id, found.granted_org_id) == (granted, home, portal, acme)
    assert (found.role_keys, found.active, found.state) == (("admin", "viewer"), True, "PROJECT_GRANT_STATE_ACTIVE")
    assert v2_program.listed(lambda: zorg.get_project_grant(project_id=portal, granted_org_id=acme)) == found
    assert zorg.get_project_grant(id=granted, org_id=home) == found
    assert zorg.get_project_grant(id=granted, project_id=portal) == found
    with pytest.raises(
        zorg.NoMatch, match=f"grant of project {portal} to organization {home} .+ Other project grants: {granted}"
    ):
        zorg.get_project_grant(project_id=portal, granted_org_id=home)
    with pytest.raises(
        zorg.NoMatch, match=f"no grant 424242 of a project of organization {home} .+ Other project grants: {granted}"
    ):
        zorg.get_project_grant(id="424242", org_id=home)


def test_user_grants_are_found_with_their_project_grants(v2_program: Program) -> None:
    server = v2_program.server
    admin, home, portal = server.admin, server.home, server.project
    acme = admin.create_organization(server.name("Acme"))
    granted = admin.grant_project(home, portal, acme, ["viewer"])
    cleo = admin.create_user(acme, f"cleo{server.tag}")
    own = admin.create_grant(home, server.ann, portal, ["viewer"])
    body = {"projectId": portal, "projectGrantId": granted, "roleKeys": ["viewer"]}
    by_grant = str(admin.call("POST", f"/management/v1/users/{cleo}/grants", body, org=acme)["userGrantId"])
    (first,) = v2_program.listed(lambda: zorg.get_user_grants(org_id=home, user_id=server.ann))
    assert (first.id, first.org_id, first.project_id, first.project_grant_id) == (own, home, portal, None)
    (second,) = v2_program.listed(lambda: zorg.get_user_grants(org_id=acme))
    assert (second.id, second.user_id, second.project_grant_id) == (by_grant, cleo, granted)
    assert v2_program.listed(lambda: zorg.get_user_grants(user_id=cleo)) == (second,)
    found = zorg.get_user_grants(project_id=portal)
    assert {each.id: each for each in found} == {own: first, by_grant: second}
    assert zorg.get_user_grants(user_id=server.bob) == zorg.get_user_grants(org_id=home, user_id=server.bob) == ()


def _lookups_in(org_id: str, server: Server) -> dict[str, Callable[[], object]]:
    """The lookups that name an organization in the header."""
    return {
        "a project by name": lambda: zorg.get_project(name="Portal", org_id=org_id),
        "a project by id": lambda: zorg.get_project(id="424242", org_id=org_id),
        "roles": lambda: zorg.get_project_roles(project_id="424242", org_id=org_id),
        "granted roles": lambda: zorg.get_project_roles(project_id="424242", granted_org_id=org_id),
        "a project grant": lambda: zorg.get_project_grant(
            project_id=server.project, granted_org_id="424242", org_id=org_id
        ),
        "user grants": lambda: zorg.get_user_grants(org_id=org_id),
    }


def test_a_server_that_searches_another_organization_is_an_error(every_program: Program) -> None:
    every_program.server.proxy.add(Fault("strip", times=None))
    for what, find in _lookups_in(every_program.server.home, every_program.server).items():
        with pytest.raises(zorg.HeaderIgnored):
            pytest.fail(f"{what}: {find()}")


def test_a_removed_organization_is_not_an_empty_one(every_program: Program) -> None:
    server = every_program.server
    gone = server.admin.create_organization(server.name("Gone"))
    server.admin.remove_organization(gone)
    for what, find in _lookups_in(gone, server).items():
        with pytest.raises(zorg.NoMatch, match=f"organization {gone} as it shows removed ones"):
            pytest.fail(f"{what}: {find()}")


def test_a_credential_without_membership_is_not_told_that_there_is_nothing(v2_program: Program) -> None:
    server, home = v2_program.server, v2_program.server.home
    server.admin.create_grant(home, server.ann, server.project, ["viewer"])
    v2_program.listed(lambda: zorg.get_user_grants(user_id=server.ann))
    v2_program.begin(_token(server, "nobody"))
    lookups = {
        **_lookups_in(home, server),
        "organizations": zorg.get_organizations,
        "an organization": lambda: zorg.get_organization(id=home),
        "users": zorg.get_users,
        "users of an organization": lambda: zorg.get_users(org_id=home),
        "a project": lambda: zorg.get_project(id=server.project),
        "roles of a project": lambda: zorg.get_project_roles(project_id=server.project),
        "user grants of a user": lambda: zorg.get_user_grants(user_id=server.ann),
    }
    for what, find in lookups.items():
        with pytest.raises((zorg.PermissionDenied, zorg.UnexpectedAnswer, zorg.LookupFailed)) as caught:
            pytest.fail(f"{what}: {find()}")
        assert not isinstance(caught.value, zorg.NoMatch), what
    with pytest.raises(zorg.NoMatch, match="that this credential may see"):
        zorg.get_user(id=server.ann)


def test_a_credential_of_one_organization_finds_what_is_there(v2_program: Program) -> None:
    server, home = v2_program.server, v2_program.server.home
    other = server.admin.create_organization(server.name("Other"))
    v2_program.begin(_token(server, "viewer", "ORG_OWNER_VIEWER"))
    assert zorg.get_organization(id=home).id == home
    assert zorg.get_project(id=server.project) == zorg.get_project(id=server.project, org_id=home)
    assert {server.ann, server.bob} <= {each.id for each in zorg.get_users()}
    with pytest.raises(zorg.LookupFailed, match=f"lacks user.read in organization {other}"):
        zorg.get_users(org_id=other)
    with pytest.raises(zorg.PermissionDenied):
        zorg.get_user_grants(org_id=other)

"""Who loses access by a change, on each server: the counts of the sentences, and ``Facts.losing``.

The scene has the users of access.md: O of the organization that owns the project, C of a customer's organization with a project
grant, X of a third organization with a user grant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_zorg.engine.preview_impact import PreviewImpact
from pulumi_zorg.errors import HeaderIgnored, PermissionDenied
from pulumi_zorg.resource_types.impact import (
    OPEN,
    ORGANIZATIONS,
    PEOPLE,
    PEOPLE_OF_ORGANIZATIONS,
    SERVICE_ACCOUNTS,
    Facts,
    Planned,
)
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.tokens import type_token
from tests.support.servers import Server
from tests.unit.clients import Clients

ORGANIZATION, PROJECT, PROJECT_GRANT, USER_GRANT = map(
    type_token, ("Organization", "Project", "ProjectGrant", "UserGrant")
)


class Scene:
    """The project *CRM* of the organization *Owner*, which is granted to *Customer*."""

    def __init__(self, server: Server) -> None:
        self.server, admin = server, server.admin
        self.owner, self.customer, self.third = (
            admin.create_organization(server.name(name)) for name in ("Owner", "Customer", "Third")
        )
        self.project = admin.create_project(self.owner, "CRM", ["admin", "viewer"])
        self.project_grant = admin.grant_project(self.owner, self.project, self.customer, ["viewer"])
        self.o, self.c, self.x = (
            server.create_person(org_id, f"{name}{server.tag}")
            for name, org_id in (("o", self.owner), ("c", self.customer), ("x", self.third))
        )
        self.bot = admin.create_user(self.customer, f"customersbot{server.tag}")
        self.without = server.create_person(self.customer, f"without{server.tag}")
        shared = self.project_grant
        self.grant_of_o = admin.create_grant(self.owner, self.o, self.project, ["admin"])
        self.grant_of_c = admin.create_grant(self.customer, self.c, self.project, ["viewer"], shared)
        self.grant_of_x = admin.create_grant(self.customer, self.x, self.project, [], shared)
        self.grant_of_bot = admin.create_grant(self.customer, self.bot, self.project, ["viewer"], shared)
        assert server.shows(lambda: len(admin.grants(self.customer)) == 3 and len(admin.grants(self.owner)) == 1)

    def check(self, *, role: bool = False, project: bool = False) -> None:
        """Set the project's checks."""
        self.server.admin.set_project_flags(self.owner, self.project, projectRoleCheck=role, hasProjectCheck=project)
        admin = self.server.admin
        listed = {"projectRoleCheck": role, "hasProjectCheck": project}
        assert self.server.shows(
            lambda: all(admin.projects(self.owner)[self.project].get(name, False) is on for name, on in listed.items())
        )

    def crm(self, **values: Any) -> dict[str, Any]:
        """The project's properties."""
        return {"org_id": self.owner, "name": "CRM", "active": True, **values}

    def shared(self, **values: Any) -> dict[str, Any]:
        """The project grant's properties."""
        return {
            "org_id": self.owner,
            "project_id": self.project,
            "granted_org_id": self.customer,
            "role_keys": ["viewer"],
            "active": True,
            **values,
        }

    def grant(self, user_id: str, *roles: str, **values: Any) -> dict[str, Any]:
        """The properties of a user grant in the customer's organization."""
        ids = {"org_id": self.customer, "user_id": user_id, "project_id": self.project}
        return {**ids, "role_keys": list(roles), "active": True, **values}


@pytest.fixture
def scene(any_server: Server) -> Scene:
    return Scene(any_server)


@pytest.fixture
def preview(any_server: Server) -> Iterator[PreviewImpact]:
    credential = PersonalAccessToken(Secret(any_server.token))
    preview = PreviewImpact(Settings(any_server.proxy.url, credential, any_server.proxy.target), calls=100)
    yield preview
    preview.close()


def facts(
    preview: PreviewImpact, type_: str, id: str | None, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Facts:
    resource_type = RESOURCE_TYPES[type_]
    effect = resource_type.impact.effect(Planned(type_, id, before, after))
    assert effect.is_significant
    return preview.facts(resource_type, effect)


def test_users_and_grants_are_listed(any_server: Server, scene: Scene, clients: Clients) -> None:
    access = clients.owner(any_server).access
    assert any_server.shows(lambda: access.users(scene.customer).total == 3)
    users = access.users(scene.customer)
    assert (users.people, users.service_accounts) == ({scene.c, scene.without}, {scene.bot})
    kinds = access.kinds({scene.c, scene.bot, scene.x})
    assert (kinds.people, kinds.service_accounts, kinds.complete) == ({scene.c, scene.x}, {scene.bot}, True)
    assert not access.kinds({scene.c, "1"}).complete, "the server shows no such user"
    assert any_server.shows(lambda: access.grants(project_id=scene.project).total == 4)
    found = access.grants(project_id=scene.project)
    assert found.complete
    assert {(each.user_id, each.user_org, each.active) for each in found.entries} == {
        (scene.o, scene.owner, True),
        (scene.c, scene.customer, True),
        (scene.x, scene.third, True),
        (scene.bot, scene.customer, True),
    }
    assert {each.user_id for each in access.grants(project_id=scene.project, role="admin").entries} == {scene.o}
    made_by_it = access.grants(project_id=scene.project, project_grant_id=scene.project_grant)
    assert {each.user_id for each in made_by_it.entries} == {scene.c, scene.x, scene.bot}
    assert access.grants(org_id=scene.customer).total == 3
    any_server.admin.deactivate_grant(scene.customer, scene.c, scene.grant_of_c)
    assert any_server.shows(
        lambda: (
            [each.user_id for each in access.grants(project_id=scene.project).entries if not each.active] == [scene.c]
        )
    )


def test_the_settings_of_projects_are_read(any_server: Server, scene: Scene, clients: Clients) -> None:
    access = clients.owner(any_server).access
    scene.check(role=True)
    assert any_server.shows(lambda: access.login(scene.project).role_check)
    login = access.login(scene.project)
    assert (login.owner, login.active, login.project_check) == (scene.owner, True, False)
    scene.check(project=True)
    any_server.admin.deactivate_project(scene.owner, scene.project)
    assert any_server.shows(lambda: not access.login(scene.project).active)
    assert any_server.shows(lambda: not access.projects(scene.owner).entries[0].login.active)
    (found,) = access.projects(scene.owner).entries
    assert (found.id, found.login) == (scene.project, access.login(scene.project))
    assert found.login.project_check
    (shared,) = access.project_grants(scene.owner).entries
    assert (shared.project_id, shared.granted_org_id, shared.active) == (scene.project, scene.customer, True)
    any_server.admin.deactivate_project_grant(scene.owner, scene.project, scene.project_grant)
    assert any_server.shows(lambda: not access.project_grants(scene.owner).entries[0].active)


def test_whether_login_names_end_with_the_domain(every_server: Server, clients: Clients) -> None:
    server, access = every_server, clients.owner(every_server).access
    tenant, other = (server.admin.create_organization(server.name(name)) for name in ("Tenant", "Other"))
    assert access.login_names_have_domain(tenant) is False
    server.admin.make_login_names_end_with_domain(tenant)
    assert server.shows(lambda: access.login_names_have_domain(tenant))
    assert access.login_names_have_domain(other) is False


def test_who_may_not_see_it_is_refused(any_server: Server, clients: Clients) -> None:
    """The domain settings and the features are shown to every user."""
    access = clients.member(any_server).access
    for call in (access.users, access.projects, access.project_grants):
        with pytest.raises(PermissionDenied):
            call(any_server.home)
    assert access.login_names_have_domain(any_server.home) is False
    assert access.login_v2_required() is True


def test_an_answer_about_another_organization_is_noticed(any_server: Server, scene: Scene, clients: Clients) -> None:
    access = clients.owner(any_server).access
    any_server.proxy.add(Fault("strip", times=None))
    for call in (access.users, access.projects, access.project_grants):
        with pytest.raises(HeaderIgnored):
            call(scene.customer)  # which has neither a project nor a project grant


def test_a_deactivated_organization_without_projects(scene: Scene, preview: PreviewImpact) -> None:
    """Nobody loses access where all applications use the V2 login, which is the default."""
    before, after = {"name": "Customer", "active": True}, {"name": "Customer", "active": False}
    found = facts(preview, ORGANIZATION, scene.customer, before, after)
    assert dict(found.counts) == {"users": 3, "service_accounts": 1, "projects": 0, "login v2": 1}
    assert found.losing == frozenset()


@pytest.mark.parametrize("body", ['{"details": {}, "loginV2": {}}', '{"details": {}}'])
def test_who_is_stopped_by_the_old_login_pages_is_not_known(scene: Scene, preview: PreviewImpact, body: str) -> None:
    server, before, after = scene.server, {"name": "Customer", "active": True}, {"name": "Customer", "active": False}
    headers = {"Content-Type": "application/json"}
    server.proxy.add(Fault("answer", path="/v2/features/instance", times=None, status=200, body=body, headers=headers))
    assert facts(preview, ORGANIZATION, scene.customer, before, after).losing is None
    assert facts(preview, ORGANIZATION, scene.customer, after, before).losing == frozenset()
    empty = server.admin.create_organization(server.name("Empty"))
    assert facts(preview, ORGANIZATION, empty, before, after).losing == frozenset(), "nobody lives in it"


def test_a_deactivated_organization_with_a_project(scene: Scene, preview: PreviewImpact) -> None:
    scene.check(role=True)
    found = facts(
        preview, ORGANIZATION, scene.owner, {"name": "Owner", "active": True}, {"name": "Owner", "active": False}
    )
    assert dict(found.counts) == {
        "users": 1,
        "service_accounts": 0,
        "projects": 1,
        "login v2": 1,
        OPEN: 0,
        PEOPLE: 3,
        SERVICE_ACCOUNTS: 1,
        ORGANIZATIONS: 1,
        PEOPLE_OF_ORGANIZATIONS: 2,
    }
    assert found.why_not is None
    assert found.losing == {scene.o, scene.c, scene.x, scene.bot}


def test_a_removed_organization(scene: Scene, preview: PreviewImpact) -> None:
    """X has its user grant from the customer's organization, and loses it."""
    found = facts(preview, ORGANIZATION, scene.customer, {"name": "Customer", "active": True}, None)
    assert (found.counts["users"], found.counts["projects"], found.counts["grants"]) == (3, 0, 3)
    assert found.losing == {scene.c, scene.without, scene.bot, scene.x}


def test_a_removed_organization_with_a_project(scene: Scene, preview: PreviewImpact) -> None:
    scene.check(role=True)
    found = facts(preview, ORGANIZATION, scene.owner, {"name": "Owner", "active": True}, None)
    assert found.losing == {scene.o, scene.c, scene.x, scene.bot}


@pytest.mark.parametrize(
    ("role_check", "project_check", "losing"),
    [
        (True, False, {"o", "c", "x", "bot"}),
        (True, True, {"o", "c", "x", "bot"}),
        (False, True, {"o", "c", "x", "bot", "without"}),
        (False, False, None),
    ],
)
def test_a_deactivated_or_removed_project(
    scene: Scene, preview: PreviewImpact, *, role_check: bool, project_check: bool, losing: set[str] | None
) -> None:
    """Without any check, everybody of the instance could log in: no list has them."""
    flags = {"project_role_check": role_check, "has_project_check": project_check}
    before = scene.crm(**flags)
    found = facts(preview, PROJECT, scene.project, before, {**before, "active": False})
    assert found.counts[PEOPLE] == 3
    assert found.counts[SERVICE_ACCOUNTS] == 1
    assert (found.counts[ORGANIZATIONS], found.counts[PEOPLE_OF_ORGANIZATIONS]) == (1, 2)
    assert found.counts[OPEN] == (not role_check and not project_check)
    expected = None if losing is None else {getattr(scene, each) for each in losing}
    assert found.losing == expected
    assert facts(preview, PROJECT, scene.project, before, None).losing == expected


SWITCHES: dict[str, tuple[tuple[bool, bool], tuple[bool, bool], set[str] | None]] = {
    "role check on": ((False, False), (True, False), None),
    "role check on, in the known organizations": ((False, True), (True, True), {"without"}),
    "role check off": ((True, False), (False, False), set()),
    "project check on": ((False, False), (False, True), None),
    "project check on, for those with a user grant": ((True, False), (True, True), {"x"}),
    "project check off": ((True, True), (True, False), set()),
    "one for the other": ((True, False), (False, True), {"x"}),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_of_the_checks(scene: Scene, preview: PreviewImpact, switch: str) -> None:
    before, after, losing = SWITCHES[switch]
    names = ("project_role_check", "has_project_check")
    found = facts(
        preview,
        PROJECT,
        scene.project,
        scene.crm(**dict(zip(names, before, strict=True))),
        scene.crm(**dict(zip(names, after, strict=True))),
    )
    expected = None if losing is None else {getattr(scene, each) for each in losing}
    assert (found.losing, found.why_not) == (expected, None)


def test_a_removed_role(scene: Scene, preview: PreviewImpact) -> None:
    """An inactive user grant gives no role, so its user loses none."""
    scene.server.admin.deactivate_grant(scene.customer, scene.c, scene.grant_of_c)
    assert scene.server.shows(
        lambda: scene.server.admin.grants(scene.customer)[scene.grant_of_c]["state"] == "USER_GRANT_STATE_INACTIVE"
    )
    has = {key: {"display_name": key, "group": ""} for key in ("admin", "viewer")}
    found = facts(preview, PROJECT, scene.project, scene.crm(roles=has), scene.crm(roles={"admin": has["admin"]}))
    assert (found.counts["grants with viewer"], found.losing) == (2, {scene.bot})
    found = facts(preview, PROJECT_GRANT, scene.project_grant, scene.shared(), scene.shared(role_keys=[]))
    assert (found.counts["viewer"], found.losing) == (2, {scene.bot})


@pytest.mark.parametrize(
    ("role_check", "project_check", "losing"),
    [(False, False, set()), (True, False, set()), (False, True, {"c", "without"}), (True, True, {"c"})],
)
def test_a_deactivated_project_grant(
    scene: Scene, preview: PreviewImpact, *, role_check: bool, project_check: bool, losing: set[str]
) -> None:
    """X is of another organization than the one that it has its user grant from, and was not let in anyway."""
    scene.check(role=role_check, project=project_check)
    found = facts(preview, PROJECT_GRANT, scene.project_grant, scene.shared(), scene.shared(active=False))
    assert found.counts["decides about logins"] == project_check
    assert found.losing == {getattr(scene, each) for each in losing}
    if project_check:
        assert found.counts["people let in"] == len(losing)
    removed = facts(preview, PROJECT_GRANT, scene.project_grant, scene.shared(), None)
    assert removed.counts["grants"] == 3
    assert removed.losing == {scene.c, scene.x, scene.bot} | {getattr(scene, each) for each in losing}


def test_a_user_grant(scene: Scene, preview: PreviewImpact) -> None:
    with_roles, without = scene.grant(scene.c, "viewer"), scene.grant(scene.x)
    off = {"active": False}
    assert facts(preview, USER_GRANT, scene.grant_of_c, with_roles, {**with_roles, **off}).losing == {scene.c}
    assert facts(preview, USER_GRANT, scene.grant_of_x, without, None).losing == frozenset()
    assert facts(preview, USER_GRANT, None, None, without).counts["project_role_check"] == 0
    assert facts(preview, USER_GRANT, None, None, with_roles).losing == frozenset()


def test_a_user_grant_where_the_project_checks_roles(scene: Scene, preview: PreviewImpact) -> None:
    scene.check(role=True)
    without = scene.grant(scene.x)
    assert facts(preview, USER_GRANT, scene.grant_of_x, without, None).losing == {scene.x}
    assert facts(preview, USER_GRANT, None, None, without).counts["project_role_check"] == 1


def test_a_renamed_organization(scene: Scene, preview: PreviewImpact) -> None:
    server = scene.server
    before, after = {"name": "Customer", "active": True}, {"name": "Holding", "active": True}
    found = facts(preview, ORGANIZATION, scene.customer, before, after)
    assert (found.counts["domain in login names"], found.losing) == (0, frozenset())
    server.admin.make_login_names_end_with_domain(scene.third)
    assert facts(preview, ORGANIZATION, scene.third, before, after).counts["domain in login names"] == 1


def test_who_loses_access_is_not_known_where_it_cannot_be_read(
    any_server: Server, scene: Scene, clients: Clients
) -> None:
    """Nothing is counted, and nobody is said to lose nothing."""
    token = any_server.admin.create_token(scene.owner, _owner(any_server, scene))
    any_server.wait_for_rights(token, scene.owner)
    settings = Settings(any_server.proxy.url, PersonalAccessToken(Secret(token)), any_server.proxy.target)
    preview = PreviewImpact(settings, calls=100)
    before = scene.crm(project_role_check=True, has_project_check=False)
    found = facts(preview, PROJECT, scene.project, before, {**before, "active": False})
    preview.close()
    assert found.losing is None
    assert PEOPLE not in found.counts
    assert found.why_not is not None


def _owner(server: Server, scene: Scene) -> str:
    """Create a service account that may see the owner's organization only."""
    user = server.admin.create_user(scene.owner, f"orgowner{server.tag}")
    server.admin.add_member(scene.owner, user, "ORG_OWNER")
    return user

"""Who loses access by a change, on each server: the counts of the sentences, and what the guard counts.

The scene has the users of access.md: O of the organization that owns the project, C of a customer's organization with a project
grant, X of a third organization with a user grant.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from pulumi_zorg.engine.preview_impact import PreviewImpact
from pulumi_zorg.errors import HeaderIgnored, PermissionDenied
from pulumi_zorg.guard.pipeline import review
from pulumi_zorg.guard.plan import Plan, PlannedStep
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


def losing(scene: Scene, type_: str, id: str, before: dict[str, Any], after: dict[str, Any] | None) -> set[str]:
    """Which of the users of the scene the guard counts among those who lose access: the instance has others."""
    op = "delete" if after is None else "update"
    step = PlannedStep(f"urn:pulumi:dev::shop::{type_}::changed", Planned(type_, id, before, after), op)
    credential = PersonalAccessToken(Secret(scene.server.token))
    settings = Settings(scene.server.proxy.url, credential, scene.server.proxy.target)
    people = review(Plan("dev", (step,)), {}, lambda: settings).people
    assert people.why_lost_incomplete is None
    return people.difference.losing & {scene.o, scene.c, scene.x, scene.bot, scene.without}


def users(scene: Scene, *names: str) -> set[str]:
    return {getattr(scene, each) for each in names}


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
    assert losing(scene, ORGANIZATION, scene.customer, before, after) == set()


@pytest.mark.parametrize("body", ['{"details": {}, "loginV2": {}}', '{"details": {}}'])
def test_people_may_be_stopped_by_the_old_login_pages(scene: Scene, body: str) -> None:
    """Which applications have them is not known, so the people count. No page stops a service account."""
    server, before, after = scene.server, {"name": "Customer", "active": True}, {"name": "Customer", "active": False}
    headers = {"Content-Type": "application/json"}
    server.proxy.add(Fault("answer", path="/v2/features/instance", times=None, status=200, body=body, headers=headers))
    assert losing(scene, ORGANIZATION, scene.customer, before, after) == users(scene, "c", "without")
    assert losing(scene, ORGANIZATION, scene.customer, after, before) == set()
    empty = server.admin.create_organization(server.name("Empty"))
    assert losing(scene, ORGANIZATION, empty, before, after) == set(), "nobody lives in it"


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
    before, after = {"name": "Owner", "active": True}, {"name": "Owner", "active": False}
    assert losing(scene, ORGANIZATION, scene.owner, before, after) == users(scene, "o", "c", "x"), "tokens work"


def test_a_removed_organization(scene: Scene, preview: PreviewImpact) -> None:
    """X has its user grant from the customer's organization, and loses it. It gave no roles, and the login needs none."""
    before = {"name": "Customer", "active": True}
    found = facts(preview, ORGANIZATION, scene.customer, before, None)
    assert (found.counts["users"], found.counts["projects"], found.counts["grants"]) == (3, 0, 3)
    assert losing(scene, ORGANIZATION, scene.customer, before, None) == users(scene, "c", "without", "bot")


def test_a_removed_organization_with_a_project(scene: Scene) -> None:
    scene.check(role=True)
    removed = losing(scene, ORGANIZATION, scene.owner, {"name": "Owner", "active": True}, None)
    assert removed == users(scene, "o", "c", "x", "bot")


@pytest.mark.parametrize(
    ("role_check", "project_check", "shut_out"),
    [
        (True, False, {"o", "c", "x"}),
        (True, True, {"o", "c"}),
        (False, True, {"o", "c", "without"}),
        (False, False, {"o", "c", "x", "without"}),
    ],
)
def test_a_deactivated_or_removed_project(
    scene: Scene, preview: PreviewImpact, *, role_check: bool, project_check: bool, shut_out: set[str]
) -> None:
    """A deactivated one leaves service accounts their tokens; a removed one takes the roles out of them."""
    scene.check(role=role_check, project=project_check)
    before = scene.crm(project_role_check=role_check, has_project_check=project_check)
    found = facts(preview, PROJECT, scene.project, before, {**before, "active": False})
    assert found.counts[PEOPLE] == 3
    assert found.counts[SERVICE_ACCOUNTS] == 1
    assert (found.counts[ORGANIZATIONS], found.counts[PEOPLE_OF_ORGANIZATIONS]) == (1, 2)
    assert found.counts[OPEN] == (not role_check and not project_check)
    assert losing(scene, PROJECT, scene.project, before, {**before, "active": False}) == users(scene, *shut_out)
    assert losing(scene, PROJECT, scene.project, before, None) == users(scene, *shut_out, "bot")


SWITCHES: dict[str, tuple[tuple[bool, bool], tuple[bool, bool], set[str]]] = {
    "role check on": ((False, False), (True, False), {"without"}),
    "role check on, in the known organizations": ((False, True), (True, True), {"without"}),
    "role check off": ((True, False), (False, False), set()),
    "project check on": ((False, False), (False, True), {"x"}),
    "project check on, for those with a user grant": ((True, False), (True, True), {"x"}),
    "project check off": ((True, True), (True, False), set()),
    "one for the other": ((True, False), (False, True), {"x"}),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_switch_of_the_checks(scene: Scene, switch: str) -> None:
    before, after, shut_out = SWITCHES[switch]
    scene.check(role=before[0], project=before[1])
    names = ("project_role_check", "has_project_check")
    crm = (scene.crm(**dict(zip(names, each, strict=True))) for each in (before, after))
    assert losing(scene, PROJECT, scene.project, *crm) == users(scene, *shut_out)


def test_a_removed_role(scene: Scene, preview: PreviewImpact) -> None:
    """An inactive user grant gives no role, so its user loses none."""
    scene.server.admin.deactivate_grant(scene.customer, scene.c, scene.grant_of_c)
    assert scene.server.shows(
        lambda: scene.server.admin.grants(scene.customer)[scene.grant_of_c]["state"] == "USER_GRANT_STATE_INACTIVE"
    )
    has = {key: {"display_name": key, "group": ""} for key in ("admin", "viewer")}
    crm = scene.crm(roles=has), scene.crm(roles={"admin": has["admin"]})
    assert facts(preview, PROJECT, scene.project, *crm).counts["grants with viewer"] == 2
    assert losing(scene, PROJECT, scene.project, *crm) == users(scene, "bot")
    shared = scene.shared(), scene.shared(role_keys=[])
    assert facts(preview, PROJECT_GRANT, scene.project_grant, *shared).counts["viewer"] == 2
    assert losing(scene, PROJECT_GRANT, scene.project_grant, *shared) == users(scene, "bot")


@pytest.mark.parametrize(
    ("role_check", "project_check", "deactivated", "removed"),
    [
        (False, False, set(), {"c", "bot"}),
        (True, False, set(), {"c", "bot", "x"}),
        (False, True, {"c", "without"}, {"c", "without", "bot"}),
        (True, True, {"c"}, {"c", "bot"}),
    ],
)
def test_a_deactivated_or_removed_project_grant(
    scene: Scene,
    preview: PreviewImpact,
    *,
    role_check: bool,
    project_check: bool,
    deactivated: set[str],
    removed: set[str],
) -> None:
    """X is of another organization than the one that it has its user grant from, and has_project_check does not let it in."""
    scene.check(role=role_check, project=project_check)
    found = facts(preview, PROJECT_GRANT, scene.project_grant, scene.shared(), scene.shared(active=False))
    assert found.counts["decides about logins"] == project_check
    if project_check:
        assert found.counts["people let in"] == len(deactivated)
    change = scene.shared(), scene.shared(active=False)
    assert losing(scene, PROJECT_GRANT, scene.project_grant, *change) == users(scene, *deactivated)
    assert facts(preview, PROJECT_GRANT, scene.project_grant, scene.shared(), None).counts["grants"] == 3
    assert losing(scene, PROJECT_GRANT, scene.project_grant, scene.shared(), None) == users(scene, *removed)


def test_a_user_grant(scene: Scene, preview: PreviewImpact) -> None:
    with_roles, without = scene.grant(scene.c, "viewer"), scene.grant(scene.x)
    off = {**with_roles, "active": False}
    assert losing(scene, USER_GRANT, scene.grant_of_c, with_roles, off) == users(scene, "c")
    assert losing(scene, USER_GRANT, scene.grant_of_x, without, None) == set()
    assert facts(preview, USER_GRANT, None, None, without).counts["project_role_check"] == 0


def test_a_user_grant_where_the_project_checks_roles(scene: Scene, preview: PreviewImpact) -> None:
    scene.check(role=True)
    without = scene.grant(scene.x)
    assert losing(scene, USER_GRANT, scene.grant_of_x, without, None) == users(scene, "x")
    assert facts(preview, USER_GRANT, None, None, without).counts["project_role_check"] == 1


def test_a_renamed_organization(scene: Scene, preview: PreviewImpact) -> None:
    server = scene.server
    before, after = {"name": "Customer", "active": True}, {"name": "Holding", "active": True}
    found = facts(preview, ORGANIZATION, scene.customer, before, after)
    assert found.counts["domain in login names"] == 0
    server.admin.make_login_names_end_with_domain(scene.third)
    assert facts(preview, ORGANIZATION, scene.third, before, after).counts["domain in login names"] == 1


def test_people_are_not_counted_where_they_cannot_be_read(any_server: Server, scene: Scene, clients: Clients) -> None:
    token = any_server.admin.create_token(scene.owner, _owner(any_server, scene))
    any_server.wait_for_rights(token, scene.owner)
    settings = Settings(any_server.proxy.url, PersonalAccessToken(Secret(token)), any_server.proxy.target)
    preview = PreviewImpact(settings, calls=100)
    before = scene.crm(project_role_check=True, has_project_check=False)
    after = {**before, "active": False}
    found = facts(preview, PROJECT, scene.project, before, after)
    preview.close()
    assert PEOPLE not in found.counts
    assert found.why_not is not None
    step = PlannedStep(
        f"urn:pulumi:dev::shop::{PROJECT}::crm", Planned(PROJECT, scene.project, before, after), "update"
    )
    verdict = review(Plan("dev", (step,)), {"--max-losing-access": 99}, lambda: settings)
    assert verdict.exit_code == 1
    assert "to this credential" in verdict.errors[0]


def _owner(server: Server, scene: Scene) -> str:
    """Create a service account that may see the owner's organization only."""
    user = server.admin.create_user(scene.owner, f"orgowner{server.tag}")
    server.admin.add_member(scene.owner, user, "ORG_OWNER")
    return user

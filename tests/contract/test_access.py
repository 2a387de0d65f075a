"""Who loses access by a change, on each server: the guard, a preview, and a preview of an instance with too many users say the same.

The scene has the users of access.md: O of the organization that owns the project, C of a customer's organization with a project
grant, X of a third organization with a user grant.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import pytest

from pulumi_zorg.access.instance import Instance
from pulumi_zorg.access.read import read_more, read_some
from pulumi_zorg.api.client import Client
from pulumi_zorg.engine.preview_impact import PreviewImpact
from pulumi_zorg.guard.pipeline import review
from pulumi_zorg.guard.plan import Plan, PlannedStep
from pulumi_zorg.resource_types.impact import Effect, Facts, Planned
from pulumi_zorg.resource_types.people import People
from pulumi_zorg.resource_types.planned_access import PlannedChange, people_of
from pulumi_zorg.resource_types.registry import ACCESS, RESOURCE_TYPES
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


def effect_of(type_: str, id: str | None, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Effect:
    return RESOURCE_TYPES[type_].impact.effect(Planned(type_, id, before, after))


def facts(
    preview: PreviewImpact, type_: str, id: str | None, before: dict[str, Any] | None, after: dict[str, Any] | None
) -> Facts:
    effect = effect_of(type_, id, before, after)
    assert effect.is_significant
    return preview.facts(*preview.known_to(effect), effect)


def settings(scene: Scene) -> Settings:
    server = scene.server
    return Settings(server.proxy.url, PersonalAccessToken(Secret(server.token)), server.proxy.target)


def in_a_preview(scene: Scene, effect: Effect) -> People:
    """What a preview knows of an instance whose lists are short."""
    with closing(PreviewImpact(settings(scene))) as preview:
        instance, why_not = preview.known_to(effect)
    assert (instance is not None, why_not) == (True, None)
    return people_of(instance or Instance(), [PlannedChange("changed", "it", effect)])


def in_a_large_instance(scene: Scene, effect: Effect) -> People:
    """What a preview knows of an instance whose lists of users and user grants are too long."""
    with closing(Client.connect(settings(scene), notice=lambda sentence: None)) as client:
        some = replace(read_some(client, 100), users={}, user_grants={})
        some = replace(some, unlisted=dict.fromkeys(("users", "user_grants"), "there are too many"))
        instance = read_more(client, some, 2, **ACCESS[effect.type].reads(some, effect))
    return people_of(instance, [PlannedChange("changed", "it", effect)])


def losing(scene: Scene, type_: str, id: str, before: dict[str, Any], after: dict[str, Any] | None) -> set[str]:
    """Which of the users of the scene the guard counts among those who lose access: the instance has others.

    A preview says the same. Of a large instance it may know less, and then says so.
    """
    op = "delete" if after is None else "update"
    step = PlannedStep(f"urn:pulumi:dev::shop::{type_}::changed", Planned(type_, id, before, after), op)
    people = review(Plan("dev", (step,)), {}, lambda: settings(scene)).people
    assert people.why_lost_incomplete is None
    effect, of_scene = effect_of(type_, id, before, after), {scene.o, scene.c, scene.x, scene.bot, scene.without}
    lost = [
        [each for each in found.difference.lost if each.user_id in of_scene]
        for found in (in_a_preview(scene, effect), people)
    ]
    assert lost[0] == lost[1]
    part = in_a_large_instance(scene, effect)
    assert part.difference.losing <= people.difference.losing
    if after is not None:  # a preview knows nothing of deletions
        assert {each for each in part.difference.lost if each.certain} <= {*people.difference.lost}
        here = [each for each in people.difference.lost if each.project_id == scene.project]
        known = {each for each in here if each.certain and each.user_id in part.difference.losing}
        assert known <= {*part.difference.lost}
    if RESOURCE_TYPES[type_].impact.takes_access(effect):
        assert part.why_lost_incomplete or part.difference.losing == people.difference.losing
    return people.difference.losing & of_scene


def users(scene: Scene, *names: str) -> set[str]:
    return {getattr(scene, each) for each in names}


def test_whether_login_names_end_with_the_domain(every_server: Server, clients: Clients) -> None:
    server, access = every_server, clients.owner(every_server).access
    tenant, other = (server.admin.create_organization(server.name(name)) for name in ("Tenant", "Other"))
    assert access.login_names_have_domain(tenant) is False
    server.admin.make_login_names_end_with_domain(tenant)
    assert server.shows(lambda: access.login_names_have_domain(tenant))
    assert access.login_names_have_domain(other) is False


def test_every_user_may_read_the_policy_and_the_features(any_server: Server, clients: Clients) -> None:
    access = clients.member(any_server).access
    assert access.login_names_have_domain(any_server.home) is False
    assert access.login_v2_required() is True


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
    assert dict(found.counts) == {"users": 1, "service_accounts": 0, "projects": 1, "login v2": 1}
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
    removed = facts(preview, PROJECT, scene.project, before, None)
    assert (removed.counts, removed.why_not) == ({"grants": 4, "project_grants": 1}, None)
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


def test_a_removed_role(scene: Scene) -> None:
    """An inactive user grant gives no role, so its user loses none."""
    scene.server.admin.deactivate_grant(scene.customer, scene.c, scene.grant_of_c)
    assert scene.server.shows(
        lambda: scene.server.admin.grants(scene.customer)[scene.grant_of_c]["state"] == "USER_GRANT_STATE_INACTIVE"
    )
    has = {key: {"display_name": key, "group": ""} for key in ("admin", "viewer")}
    crm = scene.crm(roles=has), scene.crm(roles={"admin": has["admin"]})
    assert losing(scene, PROJECT, scene.project, *crm) == users(scene, "bot")
    shared = scene.shared(), scene.shared(role_keys=[])
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
    change = scene.shared(), scene.shared(active=False)
    assert losing(scene, PROJECT_GRANT, scene.project_grant, *change) == users(scene, *deactivated)
    assert facts(preview, PROJECT_GRANT, scene.project_grant, scene.shared(), None).counts["grants"] == 3
    assert losing(scene, PROJECT_GRANT, scene.project_grant, scene.shared(), None) == users(scene, *removed)


def test_a_user_grant(scene: Scene) -> None:
    with_roles, without = scene.grant(scene.c, "viewer"), scene.grant(scene.x)
    off = {**with_roles, "active": False}
    assert losing(scene, USER_GRANT, scene.grant_of_c, with_roles, off) == users(scene, "c")
    assert losing(scene, USER_GRANT, scene.grant_of_x, without, None) == set()


def test_a_user_grant_concerns_its_user_alone(scene: Scene) -> None:
    """Also where the user neither gains nor loses anything by it."""
    has, keys = scene.grant(scene.c, "viewer"), {"role_keys": ["viewer"], "active": True}
    effect = effect_of(USER_GRANT, None, None, {**has, **keys, "org_id": scene.owner})
    people = in_a_large_instance(scene, effect)
    assert (people.difference.gained, people.gaps) == ((), ())


def test_a_user_grant_where_the_project_checks_roles(scene: Scene) -> None:
    scene.check(role=True)
    without = scene.grant(scene.x)
    assert losing(scene, USER_GRANT, scene.grant_of_x, without, None) == users(scene, "x")


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
    limited = Settings(any_server.proxy.url, PersonalAccessToken(Secret(token)), any_server.proxy.target)
    before = scene.crm(project_role_check=True, has_project_check=False)
    after = {**before, "active": False}
    effect = effect_of(PROJECT, scene.project, before, after)
    with closing(PreviewImpact(limited)) as preview:
        instance, _ = preview.known_to(effect)
    assert instance is not None
    (gap,) = people_of(instance, [PlannedChange("changed", "it", effect)]).gaps
    assert gap.startswith("who else loses access by the change of it is not known: ")
    step = PlannedStep(
        f"urn:pulumi:dev::shop::{PROJECT}::crm", Planned(PROJECT, scene.project, before, after), "update"
    )
    verdict = review(Plan("dev", (step,)), {"--max-losing-access": 99}, lambda: limited)
    assert verdict.exit_code == 1
    assert "to this credential" in verdict.errors[0]


def _owner(server: Server, scene: Scene) -> str:
    """Create a service account that may see the owner's organization only."""
    user = server.admin.create_user(scene.owner, f"orgowner{server.tag}")
    server.admin.add_member(scene.owner, user, "ORG_OWNER")
    return user

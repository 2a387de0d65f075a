"""Projects and project grants that are removed along with other objects, counted once for `zorg preview-guard`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.guard.limits import LOSING_ACCESS, Limit, limit_options
from pulumi_zorg.guard.pipeline import review
from pulumi_zorg.guard.plan import read_plan
from pulumi_zorg.guard.report import Verdict
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.tokens import type_token
from tests.support.command import Zorg
from tests.support.plans import plan_text
from tests.support.schema import fits_schema
from tests.support.servers import Server
from tests.support.types import ORGANIZATION, USER_GRANT

PROJECT, PROJECT_GRANT, MANAGER, MACHINE = (
    type_token(each) for each in ("Project", "ProjectGrant", "Manager", "MachineUser")
)
WITHIN, ERROR, EXCEEDED = 0, 1, 7


def step(type_: str, op: str, id: str, after: dict[str, Any] | None = None, **inputs: Any) -> dict[str, Any]:
    before = {"active": True, **inputs}
    new = {} if op == "delete" else {"newState": {"type": type_, "inputs": {**before, **(after or {})}}}
    urn = f"urn:pulumi:dev::shop::{type_}::r{id}"
    return {"op": op, "urn": urn, "oldState": {"type": type_, "id": id, "inputs": before}, **new}


def deleted(type_: str, id: str, **inputs: Any) -> dict[str, Any]:
    return step(type_, "delete", id, **inputs)


def reviewed(server: Server, *steps: dict[str, Any], token: str | None = None, **most: int) -> Verdict:
    """What the guard finds in a plan of these steps; with the rights of IAM_OWNER, or of who holds the token."""
    credential = PersonalAccessToken(Secret(token or server.token))
    settings = Settings(server.proxy.url, credential, server.proxy.target, retry_deadline=0.1)
    limits = {f"--max-{name.replace('_', '-')}": number for name, number in most.items()}
    assert limits.keys() <= limit_options().keys()
    return review(read_plan(plan_text(*steps)), limits, lambda: settings)


def limit(verdict: Verdict, option: str) -> Limit:
    return next(each for each in verdict.limits if each.option == f"--max-{option}")


def found(verdict: Verdict) -> dict[str, tuple[int, int]]:
    """How often something would be removed, and how often of these along with another object."""
    for each in verdict.limits:
        assert each.why_incomplete is None or each.option == LOSING_ACCESS, each
    shown = {
        each.option.removeprefix("--max-"): (each.found, each.removed_with_parents)
        for each in verdict.limits
        if each.found
    }
    return {option: numbers for option, numbers in shown.items() if option.startswith("remove")}


class Tenant:
    """An organization with two projects. One is granted to another organization, and a project of the home to the first."""

    def __init__(self, server: Server) -> None:
        admin = server.admin
        self.id, self.other = (admin.create_organization(server.name(name)) for name in ("Tenant", "Other"))
        self.crm = admin.create_project(self.id, "CRM", ["viewer"])
        self.wiki = admin.create_project(self.id, "Wiki")
        self.shared = admin.grant_project(self.id, self.crm, self.other, ["viewer"])
        self.received = admin.grant_project(server.home, server.project, self.id, ["viewer"])
        self.inside = admin.create_grant(self.id, server.ann, self.crm, ["viewer"])
        self.by_grant = admin.create_grant(self.other, server.bob, self.crm, ["viewer"], self.shared)
        self.received_grant = admin.create_grant(self.id, server.bob, server.project, ["viewer"], self.received)
        admin.create_grant(server.home, server.ann, server.project, ["viewer"])
        assert server.shows(lambda: len(admin.grants(self.id)) == 2 and len(admin.grants(self.other)) == 1)
        self.as_project = {"org_id": self.id, "name": "CRM"}
        self.as_shared = {"org_id": self.id, "project_id": self.crm, "granted_org_id": self.other}


def test_all_that_goes_with_an_organization_is_counted(any_server: Server) -> None:
    tenant = Tenant(any_server)
    verdict = reviewed(any_server, deleted(ORGANIZATION, tenant.id, name="Tenant"))
    assert found(verdict) == {
        "remove": (1, 0),
        "remove-projects": (2, 2),
        "remove-project-grants": (2, 2),  # of its project, and to it
        "remove-grants": (3, 3),
    }
    admin = any_server.admin
    admin.remove_organization(tenant.id)
    assert any_server.shows(lambda: admin.project_grants(any_server.home) == {})
    assert any_server.shows(lambda: len(admin.grants(any_server.home)) == 1 and not admin.grants(tenant.other))


def test_all_that_goes_with_a_project_is_counted(every_server: Server) -> None:
    tenant = Tenant(every_server)
    verdict = reviewed(every_server, deleted(PROJECT, tenant.crm, **tenant.as_project))
    shown = {
        option: (limit(verdict, option).found, limit(verdict, option).removed_with_parents)
        for option in COUNTED_EVERYWHERE
    }
    assert shown == {"remove-projects": (1, 0), "remove-project-grants": (1, 1)}
    grants = limit(verdict, "remove-grants")
    assert grants.why_incomplete or (grants.found, grants.removed_with_parents) == (2, 2)


COUNTED_EVERYWHERE = ("remove-projects", "remove-project-grants")


def test_what_goes_with_a_project_grant_is_counted(any_server: Server) -> None:
    tenant = Tenant(any_server)
    verdict = reviewed(any_server, deleted(PROJECT_GRANT, tenant.shared, **tenant.as_shared))
    assert found(verdict) == {"remove-project-grants": (1, 0), "remove-grants": (1, 1)}


def test_what_the_plan_removes_by_itself_is_counted_once(any_server: Server) -> None:
    tenant = Tenant(any_server)
    grants = {"org_id": tenant.id, "user_id": any_server.ann, "project_id": tenant.crm}
    by_grant = {
        "org_id": tenant.other,
        "user_id": any_server.bob,
        "project_id": tenant.crm,
        "project_grant_id": tenant.shared,
    }
    verdict = reviewed(
        any_server,
        deleted(ORGANIZATION, tenant.id, name="Tenant"),
        deleted(PROJECT, tenant.crm, **tenant.as_project),
        deleted(PROJECT_GRANT, tenant.shared, **tenant.as_shared),
        deleted(USER_GRANT, tenant.inside, **grants),
        deleted(USER_GRANT, tenant.by_grant, **by_grant),
    )
    assert found(verdict) == {
        "remove": (1, 0),
        "remove-projects": (2, 1),
        "remove-project-grants": (2, 1),
        "remove-grants": (3, 1),
    }


def test_a_replaced_project_takes_along_what_it_has(any_server: Server) -> None:
    """Another organization replaces a project; its grants go, and the program's new ones are others."""
    tenant = Tenant(any_server)
    before = {"active": True, **tenant.as_project}
    replaced = {
        "op": "replace",
        "urn": f"urn:pulumi:dev::shop::{PROJECT}::crm",
        "oldState": {"type": PROJECT, "id": tenant.crm, "inputs": before},
        "newState": {"type": PROJECT, "inputs": {**before, "org_id": tenant.other}},
    }
    assert found(reviewed(any_server, replaced))["remove-project-grants"] == (1, 1)


def test_deactivations_are_counted_and_take_nothing_along(any_server: Server) -> None:
    tenant = Tenant(any_server)
    steps = (
        step(PROJECT, "update", tenant.crm, {"active": False}, **tenant.as_project),
        step(PROJECT_GRANT, "update", tenant.shared, {"active": False}, **tenant.as_shared),
        deleted(PROJECT, tenant.wiki, org_id=tenant.id, name="Wiki", deletion_policy="deactivate"),
    )
    verdict = reviewed(any_server, *steps, deactivate_projects=1, deactivate_project_grants=1)
    assert found(verdict) == {}
    assert (limit(verdict, "deactivate-projects").found, limit(verdict, "deactivate-projects").exceeded) == (2, True)
    assert limit(verdict, "deactivate-project-grants").exceeded is False
    assert verdict.exit_code == EXCEEDED
    assert reviewed(any_server, *steps, deactivate_projects=2, deactivate_project_grants=0).exit_code == EXCEEDED
    assert reviewed(any_server, *steps, deactivate_projects=2, deactivate_project_grants=1).exit_code == WITHIN


def test_an_owner_of_the_organization_alone_cannot_tell(any_server: Server) -> None:
    server, tenant = any_server, Tenant(any_server)
    owner = server.admin.create_user(server.home, f"owner{server.tag}")
    server.admin.add_member(tenant.id, owner, "ORG_OWNER")
    token = server.admin.create_token(server.home, owner)
    removed = deleted(ORGANIZATION, tenant.id, name="Tenant")
    for option in ("remove_projects", "remove_project_grants", "remove_grants"):
        verdict = reviewed(server, removed, token=token, **{option: 10})
        assert verdict.exit_code == ERROR, option
        assert "It is not known whether this exceeds" in verdict.errors[0]
        # What is known to be too much is too much.
        assert (
            reviewed(
                server, removed, deleted(PROJECT, tenant.crm, **tenant.as_project), token=token, remove=0
            ).exit_code
            == EXCEEDED
        )


UNCOUNTABLE = {
    "an outage": Fault("answer", times=None, status=503),
    "the header lost": Fault("strip", times=None),
    "a gateway's page": Fault("answer", path="_search", times=None, status=200),
}


@pytest.mark.parametrize("what", UNCOUNTABLE)
def test_what_cannot_be_counted_is_undecided(server: Server, what: str) -> None:
    tenant = Tenant(server)
    server.proxy.add(UNCOUNTABLE[what])
    verdict = reviewed(
        server, deleted(ORGANIZATION, tenant.id, name="Tenant"), remove_projects=9, remove_project_grants=9
    )
    assert [limit(verdict, option).undecided for option in COUNTED_EVERYWHERE] == [True, True]
    assert verdict.exit_code == ERROR
    assert len(verdict.errors) == 2


def test_few_calls_are_made(any_server: Server) -> None:
    tenant = Tenant(any_server)
    any_server.proxy.clear()
    reviewed(
        any_server, deleted(ORGANIZATION, tenant.id, name="Tenant"), deleted(PROJECT, tenant.crm, **tenant.as_project)
    )
    assert len(any_server.proxy.exchanges) <= 36, [each.path for each in any_server.proxy.exchanges]


def test_more_organizations_than_can_be_listed_are_undecided(server: Server) -> None:
    organizations = [server.home, *(f"9{number}" for number in range(100))]
    steps = [deleted(PROJECT, f"{number}", org_id=each, name="P") for number, each in enumerate(organizations)]
    verdict = reviewed(server, *steps, remove_project_grants=200)
    assert limit(verdict, "remove-project-grants").undecided
    assert "more than 100 calls" in str(limit(verdict, "remove-project-grants").why_incomplete)


def test_the_command_has_the_options_and_the_json(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tenant = Tenant(server)
    zorg = Zorg(tmp_path / "elsewhere", monkeypatch, capsys)
    (zorg.folder / "plan.json").write_text(plan_text(deleted(PROJECT, tenant.crm, **tenant.as_project)))
    env = {"ZITADEL_URL": server.proxy.url, "ZITADEL_TOKEN": server.token}
    run = zorg.run(
        "preview-guard", "plan.json", "--format", "json", "--max-remove-projects", "1", "--max-remove-project-grants", "0",
        "--max-deactivate-projects", "0", "--max-deactivate-project-grants", "0", env=env,
    )  # fmt: skip
    assert run.code == EXCEEDED
    shown = json.loads(run.out)
    assert fits_schema("preview-guard", shown)
    (effect,) = shown["effects"]
    assert (effect["project_grants"], effect["grants"], effect["users"]) == (1, 2, None)
    assert {each["option"] for each in shown["limits"] if each["exceeded"]} == {"--max-remove-project-grants"}
    table = zorg.run("preview-guard", "plan.json", "--max-remove-project-grants", "0", env=env)
    along = "1 project grant would be removed (along with its organization, project or granted organization)"
    assert table.shows(f"refused: {along}, and --max-remove-project-grants is 0")
    offline = zorg.run("preview-guard", "plan.json", "--max-remove-project-grants", "5", "--offline", env=env)
    assert (offline.code, offline.shows("--offline was given")) == (ERROR, True)


# Managers


def test_the_guard_limits_the_removal_of_managers_and_says_who_loses_what(any_server: Server) -> None:
    any_server.admin.add_member(any_server.home, any_server.ann, "ORG_OWNER")
    before = {"user_id": any_server.ann, "org_id": any_server.home, "roles": ["ORG_OWNER"]}
    verdict = reviewed(any_server, deleted(MANAGER, f"organization:{any_server.home}:{any_server.ann}", **before))
    assert limit(verdict, "remove-managers").found == 1
    assert [each.found for each in verdict.limits if each.option == LOSING_ACCESS] == [1]
    assert verdict.people.sentences == (
        f"ann{any_server.tag} loses the role ORG_OWNER as a manager of organization {any_server.name('Furniture')}",
    )


def test_a_plan_that_removes_an_organization_counts_managers_that_were_added_to_it(any_server: Server) -> None:
    """Who created it is one of them, and is not counted."""
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    any_server.admin.add_member(acme, any_server.ann, "ORG_OWNER_VIEWER")
    verdict = reviewed(any_server, deleted(ORGANIZATION, acme, name=any_server.name("Acme")))
    assert limit(verdict, "remove-managers").found == 1


def test_a_plan_that_removes_a_user_counts_what_the_user_administers(any_server: Server) -> None:
    home, ann = any_server.home, any_server.ann
    any_server.admin.add_member(home, ann, "ORG_OWNER_VIEWER")
    verdict = reviewed(any_server, deleted(MACHINE, ann, org_id=home, user_name=f"ann{any_server.tag}", name="Ann"))
    assert limit(verdict, "remove-managers").removed_with_parents == 1

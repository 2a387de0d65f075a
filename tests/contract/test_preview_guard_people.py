"""Who loses and who gains what by a whole plan, as `zorg preview-guard` says it to somebody who must approve a pull request."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.cli.preview_guard import FORMATS
from pulumi_zorg.guard.pipeline import review
from pulumi_zorg.guard.plan import Plan, PlannedStep
from pulumi_zorg.guard.report import Verdict
from pulumi_zorg.resource_types.impact import UNKNOWN, Planned
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.tokens import type_token
from tests.support.command import Zorg
from tests.support.plans import plan_text
from tests.support.schema import fits_schema
from tests.support.servers import Server
from tests.support.types import ORGANIZATION, PROJECT_GRANT, USER_GRANT

WITHIN, ERROR, EXCEEDED = 0, 1, 7
PROJECT = type_token("Project")
V1_POSSIBLE = '{"details": {}, "loginV2": {}}'


class Vendor:
    """A vendor whose project *Shop* is granted to the customer *Acme*, with people of both and a service account of Acme."""

    def __init__(self, server: Server, people: int = 2) -> None:
        self.server, admin = server, server.admin
        self.id, self.acme = (admin.create_organization(server.name(name)) for name in ("Vendor", "Acme"))
        self.name = server.name("Shop")
        self.portal = admin.create_project(self.id, self.name, ["admin", "viewer"])
        self.shared = admin.grant_project(self.id, self.portal, self.acme, ["admin", "viewer"])
        self.people = [self._person(self.acme, f"user{number}") for number in range(people)]
        self.bot = admin.create_user(self.acme, f"bot{server.tag}")
        self.vera = self._person(self.id, "vera")
        grants = {
            each: admin.create_grant(self.acme, each, self.portal, ["viewer"], self.shared) for each in self.people
        }
        self.grants = {
            **grants,
            self.bot: admin.create_grant(self.acme, self.bot, self.portal, ["viewer"], self.shared),
        }
        assert server.shows(lambda: len(admin.grants(self.acme)) == len(self.grants))

    def _person(self, org_id: str, name: str) -> str:
        """Create a person who has a password, and so is active."""
        body = {
            "userName": f"{name}{self.server.tag}",
            "profile": {"firstName": name, "lastName": "Berg"},
            "email": {"email": f"{name}{self.server.tag}@example.com", "isEmailVerified": True},
            "password": "Correct-Horse-1",
        }
        return str(self.server.admin.call("POST", "/management/v1/users/human/_import", body, org=org_id)["userId"])

    def check(self, **flags: bool) -> None:
        """Set the project's checks."""
        self.server.admin.set_project_flags(self.id, self.portal, **flags)
        projects = self.server.admin.projects
        assert self.server.shows(lambda: flags.items() <= projects(self.id)[self.portal].items())

    @property
    def as_portal(self) -> dict[str, Any]:
        """The project's properties."""
        return {"org_id": self.id, "name": self.name, "active": True}

    def grant(self, user_id: Any, *roles: str, **more: Any) -> dict[str, Any]:
        """The properties of a user grant in Acme."""
        ids = {"org_id": self.acme, "user_id": user_id, "project_id": self.portal}
        return {**ids, "role_keys": list(roles), "active": True, **more}


@pytest.fixture
def vendor(any_server: Server) -> Vendor:
    return Vendor(any_server)


def change(type_: str, id: str | None, before: dict[str, Any] | None, after: dict[str, Any] | None) -> PlannedStep:
    op = "delete" if after is None else "create" if before is None else "update"
    return PlannedStep(f"urn:pulumi:dev::shop::{type_}::r{id}", Planned(type_, id, before, after), op)


def deactivated(type_: str, id: str, properties: dict[str, Any]) -> PlannedStep:
    return change(type_, id, {"active": True, **properties}, {**properties, "active": False})


def reviewed(server: Server, *steps: PlannedStep, **most: int) -> Verdict:
    settings = Settings(server.proxy.url, PersonalAccessToken(Secret(server.token)), server.proxy.target)
    limits = {f"--max-{name.replace('_', '-')}": number for name, number in most.items()}
    return review(Plan("dev", steps), limits, lambda: settings)


def about(verdict: Verdict, project: str = "Shop") -> list[str]:
    """The sentences about people that name a project. The instance of a test has others."""
    return [each for each in verdict.people.sentences if project in each]


def test_a_project_whose_name_another_one_has_is_named_with_its_owner(vendor: Vendor) -> None:
    admin = vendor.server.admin
    other = admin.create_project(vendor.acme, vendor.name, ["viewer"])
    admin.create_grant(vendor.acme, vendor.vera, other, ["viewer"])
    role = {"org_id": vendor.acme, "name": vendor.name, "active": True}
    before, after = ({**role, "project_role_check": each} for each in (False, True))
    assert vendor.server.shows(lambda: other in admin.projects(vendor.acme))
    verdict = reviewed(vendor.server, change(PROJECT, other, before, after))
    assert about(verdict)
    assert all(f"login to {vendor.name} ({vendor.server.name('Acme')})" in each for each in about(verdict))


# The four situations that a reviewer has to judge


def test_nobody_loses_a_login_by_a_deactivated_organization_with_the_v2_login(vendor: Vendor) -> None:
    verdict = reviewed(vendor.server, deactivated(ORGANIZATION, vendor.acme, {"name": "Acme"}), losing_access=0)
    assert verdict.exit_code == WITHIN
    assert verdict.people.sentences == ()
    (sentence,) = verdict.reviewed[0].sentences
    assert (
        "which cuts off none of its users. To take access away, deactivate the users or their user grants" in sentence
    )
    assert [*FORMATS.table(verdict)][-1].count("1 organization would be deactivated, nobody would lose access") == 1


def test_people_of_a_deactivated_organization_may_lose_the_login_by_the_v1_pages(vendor: Vendor) -> None:
    headers = {"Content-Type": "application/json"}
    fault = Fault("answer", path="/v2/features/instance", times=None, status=200, body=V1_POSSIBLE, headers=headers)
    vendor.server.proxy.add(fault)
    verdict = reviewed(vendor.server, deactivated(ORGANIZATION, vendor.acme, {"name": "Acme"}), losing_access=1)
    assert verdict.exit_code == EXCEEDED
    (sentence,) = about(verdict)
    assert "may lose the login to" in sentence
    assert sentence.endswith(f": the user's organization {vendor.server.name('Acme')} is deactivated")
    assert "only ZITADEL's old login pages (V1) refuse them" in verdict.reviewed[0].sentences[0]


def test_the_users_of_customers_lose_the_login_to_a_deactivated_project(any_server: Server) -> None:
    vendor = Vendor(any_server, people=80)
    vendor.check(projectRoleCheck=True)
    properties = {**vendor.as_portal, "project_role_check": True}
    verdict = reviewed(any_server, deactivated(PROJECT, vendor.portal, properties), losing_access=79)
    assert verdict.exit_code == EXCEEDED
    (sentence,) = verdict.people.sentences
    assert sentence.startswith("80 people (")
    assert sentence.endswith(f" and 70 more) lose the login to {vendor.name}: the project is deactivated")
    (sentence,) = verdict.reviewed[0].sentences
    assert "No token loses a role, and service accounts still get new ones" in sentence
    assert reviewed(any_server, deactivated(PROJECT, vendor.portal, properties), losing_access=80).exit_code == WITHIN


@pytest.mark.parametrize("setting", ["project_role_check", "has_project_check"])
def test_a_setting_that_is_switched_on_shuts_out_who_does_not_satisfy_it(vendor: Vendor, setting: str) -> None:
    properties = vendor.as_portal
    verdict = reviewed(vendor.server, change(PROJECT, vendor.portal, properties, {**properties, setting: True}))
    lost = {each.user_id for each in verdict.people.difference.lost}
    assert not lost & {*vendor.people, vendor.bot}
    assert (vendor.vera in lost) is (setting == "project_role_check"), "the owner's people need no project grant"


def test_nobody_loses_a_login_where_the_plan_gives_the_grants_that_a_setting_wants(vendor: Vendor) -> None:
    vendor.check(hasProjectCheck=True)
    properties = {**vendor.as_portal, "has_project_check": True}
    switched = change(PROJECT, vendor.portal, properties, {**properties, "project_role_check": True})
    alone = reviewed(vendor.server, switched, losing_access=0)
    assert alone.exit_code == EXCEEDED
    (sentence,) = alone.people.sentences
    assert sentence.endswith(f" loses the login to {vendor.name}: project_role_check, and the user has no user grant")
    granted = change(USER_GRANT, None, None, {**vendor.grant(vendor.vera), "org_id": vendor.id})
    both = reviewed(vendor.server, switched, granted, losing_access=0, gaining_access=0)
    assert (both.exit_code, both.people.sentences) == (WITHIN, ())


def test_an_invited_user_loses_what_the_invitation_would_give(vendor: Vendor) -> None:
    """Nobody has to accept an invitation for the roles to be given, or taken."""
    server = vendor.server
    invited = server.create_person(vendor.acme, f"invited{server.tag}")
    grant = server.admin.create_grant(vendor.acme, invited, vendor.portal, ["viewer"], vendor.shared)
    assert server.shows(lambda: grant in server.admin.grants(vendor.acme))
    verdict = reviewed(server, change(USER_GRANT, grant, vendor.grant(invited, "viewer"), None), losing_access=0)
    assert verdict.exit_code == EXCEEDED
    (lost,) = verdict.people.difference.lost
    assert (lost.user_id, lost.roles, lost.certain) == (invited, {"viewer"}, True)


# What goes together


def test_a_deactivated_organization_and_its_project_count_once(vendor: Vendor) -> None:
    vendor.check(projectRoleCheck=True)
    steps = (
        deactivated(ORGANIZATION, vendor.id, {"name": "Vendor"}),
        deactivated(PROJECT, vendor.portal, {**vendor.as_portal, "project_role_check": True}),
    )
    verdict = reviewed(vendor.server, *steps, losing_access=2)
    (sentence,) = verdict.people.sentences
    owner = f"the project's owner {vendor.server.name('Vendor')} is deactivated"
    assert sentence.endswith(f" lose the login to {vendor.name}: the project is deactivated; {owner}")
    assert verdict.exit_code == WITHIN


def test_a_role_that_moves_to_another_user_grant_is_not_lost(vendor: Vendor) -> None:
    """A user grant is replaced in the program by one of another organization."""
    user, *_ = vendor.people
    removed = change(USER_GRANT, vendor.grants[user], vendor.grant(user, "viewer"), None)
    alone = reviewed(vendor.server, removed, losing_access=0)
    assert alone.exit_code == EXCEEDED
    (sentence,) = alone.people.sentences
    assert sentence.endswith(f" loses the role viewer of {vendor.name}")
    made = change(USER_GRANT, None, None, {**vendor.grant(user, "viewer"), "org_id": vendor.id})
    assert reviewed(vendor.server, removed, made, losing_access=0, gaining_access=0).people.sentences == ()


def test_nobody_loses_what_a_forced_replacement_gives_back(vendor: Vendor) -> None:
    """A project grant takes the user grants along that were made by it, and the plan makes all of them anew."""
    vendor.check(hasProjectCheck=True)
    ids = {"org_id": vendor.id, "project_id": vendor.portal, "granted_org_id": vendor.acme}
    shared = {**ids, "role_keys": ["admin", "viewer"], "active": True}
    steps = [change(PROJECT_GRANT, None, None, shared)]
    made = [change(USER_GRANT, None, None, vendor.grant(each, "viewer")) for each in vendor.grants]
    steps += [replace(each, urn=f"{each.urn}{number}") for number, each in enumerate(made)]
    removed = change(PROJECT_GRANT, vendor.shared, shared, None)
    assert reviewed(vendor.server, *steps, removed, losing_access=0).people.sentences == ()
    alone = reviewed(vendor.server, removed, steps[0], losing_access=2)
    assert alone.people.difference.losing == {*vendor.grants}
    assert alone.exit_code == EXCEEDED


def test_a_removed_organization_takes_its_users_along(vendor: Vendor) -> None:
    removed = change(ORGANIZATION, vendor.acme, {"name": "Acme", "active": True}, None)
    verdict = reviewed(vendor.server, removed, losing_access=2)
    assert verdict.exit_code == EXCEEDED
    (sentence,) = verdict.people.sentences
    assert sentence.endswith(" lose every login and every token: the user was removed")
    assert verdict.people.difference.losing == {*vendor.people, vendor.bot}


# Who gains


def test_who_gains_roles_is_named_and_limited(vendor: Vendor) -> None:
    user, *_ = vendor.people
    more = change(USER_GRANT, vendor.grants[user], vendor.grant(user, "viewer"), vendor.grant(user, "viewer", "admin"))
    new = change(USER_GRANT, None, None, {**vendor.grant(vendor.vera, "admin"), "org_id": vendor.id})
    verdict = reviewed(vendor.server, more, new, gaining_access=1)
    assert verdict.exit_code == EXCEEDED
    (sentence,) = verdict.people.sentences
    assert sentence.endswith(f" gain the role admin of {vendor.name}")
    assert reviewed(vendor.server, more, new, gaining_access=2, losing_access=0).exit_code == WITHIN


def test_a_reactivated_project_lets_its_users_log_in(vendor: Vendor) -> None:
    vendor.check(projectRoleCheck=True)
    vendor.server.admin.deactivate_project(vendor.id, vendor.portal)
    properties = {**vendor.as_portal, "project_role_check": True}
    on = change(PROJECT, vendor.portal, {**properties, "active": False}, properties)
    verdict = reviewed(vendor.server, on, gaining_access=1)
    assert verdict.people.difference.gaining == {*vendor.people}
    assert verdict.exit_code == EXCEEDED


@pytest.mark.parametrize("unknown", ["user_id", "project_id", "role_keys"])
def test_what_the_plan_does_not_know_counts_as_a_gain(vendor: Vendor, unknown: str) -> None:
    """A user, a project or roles that are made in the same run."""
    properties = {**vendor.grant(vendor.vera, "admin"), "org_id": vendor.id, unknown: UNKNOWN}
    verdict = reviewed(vendor.server, change(USER_GRANT, None, None, properties), gaining_access=0)
    assert verdict.exit_code == EXCEEDED
    (sentence,) = verdict.people.sentences
    ends = {
        "user_id": f"a user that is not known yet gains the role admin of {vendor.name}",
        "project_id": "gains the login to a project that is not known yet",
        "role_keys": f"may gain roles that are not known yet of {vendor.name}",
    }
    assert ends[unknown] in sentence
    (gained,) = verdict.people.as_json()["gained"]
    assert (gained["user_id"] is None, gained["project_id"] is None) == (unknown == "user_id", unknown == "project_id")
    assert gained["certain"] is (unknown != "role_keys")


def test_a_new_project_and_a_new_organization_let_nobody_in(vendor: Vendor) -> None:
    """A project has no application yet, also where anybody could log in to one."""
    steps = (
        change(ORGANIZATION, None, None, {"name": "New", "active": True}),
        change(PROJECT, None, None, {**vendor.as_portal, "name": "New"}),
    )
    verdict = reviewed(vendor.server, *steps, gaining_access=0, losing_access=0)
    assert (verdict.exit_code, verdict.people.sentences) == (WITHIN, ())


def test_a_project_grant_lets_people_in_where_the_project_wants_one(vendor: Vendor) -> None:
    vendor.check(hasProjectCheck=True)
    vendor.server.admin.remove_project_grant(vendor.id, vendor.portal, vendor.shared)
    made = {"org_id": vendor.id, "project_id": vendor.portal, "granted_org_id": vendor.acme, "role_keys": []}
    verdict = reviewed(vendor.server, change(PROJECT_GRANT, None, None, {**made, "active": True}), gaining_access=1)
    assert verdict.people.difference.gaining == {*vendor.people}
    assert verdict.exit_code == EXCEEDED


@pytest.mark.parametrize("secret", ["user_id", "project_id", "role_keys"])
def test_a_secret_value_of_the_state_counts_and_is_not_shown(vendor: Vendor, secret: str) -> None:
    user, *_ = vendor.people
    before = {**vendor.grant(user, "viewer"), secret: UNKNOWN}
    verdict = reviewed(vendor.server, change(USER_GRANT, vendor.grants[user], before, None), losing_access=0)
    assert verdict.exit_code == EXCEEDED
    shown = json.dumps([verdict.people.as_json(), verdict.people.sentences])
    hidden = {"user_id": user, "project_id": vendor.portal, "role_keys": "viewer"}[secret]
    assert hidden not in shown
    assert "not known yet" in shown


def test_the_secret_name_of_a_project_is_not_shown(vendor: Vendor) -> None:
    vendor.check(projectRoleCheck=True)
    before = {**vendor.as_portal, "project_role_check": True, "name": UNKNOWN}
    verdict = reviewed(vendor.server, change(PROJECT, vendor.portal, before, {**before, "active": False}))
    (sentence,) = verdict.people.sentences
    assert f"the login to project {vendor.portal}:" in sentence


# The formats


@pytest.mark.parametrize("form", ["table", "json", "markdown", "github"])
def test_people_are_in_every_format_and_their_names_are_harmless(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], form: str
) -> None:
    vendor = Vendor(server, people=1)
    hostile = "|<img>`x`\x1b[31m"
    server.admin.call("PUT", f"/management/v1/projects/{vendor.portal}", {"name": hostile}, org=vendor.id)
    (user,) = vendor.people
    urn = f"urn:pulumi:dev::shop::{USER_GRANT}::user"
    old = {"type": USER_GRANT, "id": vendor.grants[user], "inputs": vendor.grant(user, "viewer")}
    step = {"op": "delete", "urn": urn, "oldState": old}
    zorg = Zorg(tmp_path / "elsewhere", monkeypatch, capsys)
    (zorg.folder / "plan.json").write_text(plan_text(step))
    env = {"ZITADEL_URL": server.proxy.url, "ZITADEL_TOKEN": server.token}
    run = zorg.run("preview-guard", "plan.json", "--format", form, "--max-losing-access", "0", env=env)
    assert run.code == EXCEEDED
    assert "\x1b" not in run.out
    if form == "json":
        shown = json.loads(run.out)
        assert fits_schema("preview-guard", shown)
        (lost,) = shown["people"]["lost"]
        assert (lost["user_id"], lost["what"], lost["roles"], lost["certain"]) == (user, "roles", ["viewer"], True)
        assert lost["project_id"] == vendor.portal
        assert shown["people"]["gained"] == []
        assert shown["effects"][0]["losing_access"] == 1
        return
    begins = {"table": "people: ", "markdown": "| `", "github": "::warning title=Who loses and who gains access::"}[
        form
    ]
    (line,) = [each for each in run.out.splitlines() if "loses the role viewer" in each]
    assert line.startswith(begins)
    if form == "markdown":
        # As code a name is no markup, and neither ends the code nor the cell.
        assert line.startswith("| `` ")
        assert "\\|<img>" in line

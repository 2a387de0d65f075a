"""`zorg access` over HTTP: each format, what it is limited to, what it may not see, and what changed since an earlier report."""

from __future__ import annotations

import csv
import io
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.cli import main
from pulumi_zorg.testing import AdminClient, Fault
from tests.support.command import Ended, run_zorg
from tests.support.schema import fits_schema
from tests.support.servers import Server, emulated

KNOWN, ERROR, CHANGED = 0, 1, 7
EVIL = "=cmd|' /C calc'!A0 \x1b[31m<b>"


@dataclass
class Tenants:
    """What the tests find on the server, and the command with a credential."""

    server: Server
    folder: Path
    acme: str
    vendor: str
    portal: str
    bot: str
    carl: str
    grant: str

    def run(self, *args: str, token: str = "") -> Ended:
        env = {"ZITADEL_URL": self.server.proxy.url, "ZITADEL_TOKEN": token or self.server.token}
        return run_zorg("access", *args, cwd=self.folder, env=env)

    def report(self, *args: str, code: int = KNOWN, token: str = "") -> dict[str, Any]:
        ended = self.run(*args, "--format", "json", token=token)
        assert ended.code == code, ended.err
        found: dict[str, Any] = json.loads(ended.out)
        assert fits_schema("access", found)
        return found


@pytest.fixture
def tenants(tmp_path: Path) -> Iterator[Tenants]:
    """Vendor's project, which Acme has; an account of Acme with an active grant, and one with a deactivated grant."""
    with emulated() as server:
        admin = server.admin
        acme, vendor = admin.create_organization("Acme"), admin.create_organization("Vendor")
        portal = admin.create_project(vendor, "Customers", ["viewer", "admin", "auditor"])
        granted = admin.grant_project(vendor, portal, acme, ["viewer", "admin"])
        bot, carl = (admin.create_user(acme, name) for name in ("bot", "carl"))
        grant = admin.create_grant(acme, bot, portal, ["viewer"], granted)
        admin.deactivate_grant(acme, carl, admin.create_grant(acme, carl, portal, ["admin"], granted))
        admin.add_member(acme, bot, "ORG_OWNER")
        yield Tenants(server, tmp_path, acme, vendor, portal, bot, carl, grant)


def of(report: dict[str, Any], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(each[name] for name in names) for each in report["rows"]]


def test_the_json_has_what_is_in_force_and_with_options_the_rest(tenants: Tenants) -> None:
    found = tenants.report()
    assert of(found, "login_name", "project_name", "org_name", "roles", "in_force") == [
        ("bot", "Customers", "Acme", ["viewer"], True)
    ]
    assert found["rows"][0]["since"] is not None
    assert (found["complete"], found["unknown"], found["login_v2_required"]) == (True, {}, True)
    assert found["instance"] == tenants.server.proxy.url
    everything = tenants.report("--inactive", "--managers")
    rows = of(everything, "login_name", "kind", "roles", "in_force", "reasons")
    assert ("carl", "project", ["admin"], False, ["the user grant is deactivated"]) in rows
    assert ("bot", "manager", ["ORG_OWNER"], True, []) in rows
    assert rows == sorted(rows, key=lambda row: row[0].casefold())


def test_the_calls_are_the_pages_of_the_lists(tenants: Tenants) -> None:
    tenants.report()
    calls = [each.path for each in tenants.server.proxy.exchanges]
    for name in ("/v2/users", "/ListProjects", "/ListAuthorizations", "/ListAdministrators"):
        assert sum(each.endswith(name) for each in calls) == 1, calls
    assert len(calls) == 7, "two of organizations, and one of the instance's features"
    assert tenants.server.proxy.writes == []


def test_who_made_a_change_is_read_where_it_is_asked_for(tenants: Tenants) -> None:
    assert of(tenants.report("--managers", "--org", "Acme"), "by")[0] == (None,)
    admin = tenants.server.admin
    member = {"userId": tenants.bot, "roles": ["PROJECT_GRANT_OWNER"]}
    (granted,) = admin.project_grants(tenants.vendor)
    admin.call("POST", f"/management/v1/projects/{tenants.portal}/grants/{granted}/members", member, tenants.vendor)
    body = {"userId": tenants.bot, "roles": ["PROJECT_OWNER"]}
    admin.call("POST", f"/management/v1/projects/{tenants.portal}/members", body, tenants.vendor)
    admin.add_instance_member(tenants.bot, "IAM_OWNER_VIEWER")
    found = tenants.report("--managers", "--user", "bot", "--history")
    assert {(each["level"], each["by"]) for each in found["rows"]} == {
        (level, "IaC") for level in (None, "instance", "organization", "project", "project grant")
    }


def test_the_newest_change_counts(tenants: Tenants) -> None:
    admin = tenants.server.admin
    (before,) = of(tenants.report("--history"), "since", "by")
    admin.add_member(tenants.acme, tenants.carl, "ORG_OWNER")
    token = admin.create_token(tenants.acme, tenants.carl)
    with AdminClient(tenants.server.proxy.target, token) as carl:
        carl.set_roles(tenants.acme, tenants.bot, tenants.grant, ["viewer", "admin"])
    (after,) = of(tenants.report("--history"), "since", "by")
    assert (before[1], after[1]) == ("IaC", "carl")
    assert after[0] > before[0]


def test_the_table_has_a_person_with_what_the_person_has(tenants: Tenants) -> None:
    ended = tenants.run("--inactive", "--managers", "--org", "Acme")
    assert ended.code == KNOWN
    since = next(each["since"] for each in tenants.report()["rows"])[:10]
    assert ended.out.splitlines()[:7] == [
        "bot, service account of Acme",
        f"  Customers (Vendor): viewer, given by Acme (since {since})",
        f"  manager of organization Acme: ORG_OWNER (since {since})",
        "carl, service account of Acme",
        f"  Customers (Vendor): admin, given by Acme (since {since})",
        "    not in force: the user grant is deactivated",
        "iac (IaC), service account of ZITADEL",
    ]
    assert ended.out.splitlines()[-2:] == [
        "Without a user grant, everybody can log in to: Customers (Vendor), Portal (Furniture), ZITADEL (ZITADEL)",
        "4 rows of 3 users: 3 in force, 1 not in force",
    ]
    assert max(map(len, ended.out.splitlines())) <= 110


def test_a_terminal_shows_the_progress_of_long_reads(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tenants.folder)
    monkeypatch.setenv("ZITADEL_URL", tenants.server.proxy.url)
    monkeypatch.setenv("ZITADEL_TOKEN", tenants.server.token)
    for terminal in (True, False):
        monkeypatch.setattr(sys.stderr, "isatty", lambda terminal=terminal: terminal)
        with pytest.raises(SystemExit):
            main.main(["access"], prog_name="zorg")
        assert ("Reading user grants: 2 of 2" in capsys.readouterr().err) is terminal


def test_csv_is_safe_for_spreadsheets(tenants: Tenants) -> None:
    tenants.server.admin.rename_project(tenants.vendor, tenants.portal, EVIL)
    ended = tenants.run("--format", "csv", "--inactive")
    bot, carl = csv.DictReader(io.StringIO(ended.out))
    assert (bot["login_name"], bot["roles"], bot["in_force"], bot["grants"]) == ("bot", "viewer", "true", tenants.grant)
    assert (carl["in_force"], carl["reasons"], carl["login_v1"]) == ("false", "the user grant is deactivated", "")
    assert bot["project_name"] == "'=cmd|' /C calc'!A0  [31m<b>"
    assert list(bot) == list(tenants.report()["rows"][0])


def test_csv_without_rows_has_the_columns(tenants: Tenants) -> None:
    ended = tenants.run("--format", "csv", "--user", "carl")
    assert (ended.code, len(ended.out.splitlines())) == (KNOWN, 1)


@pytest.mark.parametrize("char", "=+-@")
def test_no_cell_begins_as_a_formula(tenants: Tenants, char: str) -> None:
    tenants.server.admin.rename_organization(tenants.acme, f"{char}1")
    (bot,) = csv.DictReader(io.StringIO(tenants.run("--format", "csv").out))
    assert bot["org_name"] == f"'{char}1"


def test_a_name_cannot_control_the_terminal(tenants: Tenants) -> None:
    tenants.server.admin.rename_project(tenants.vendor, tenants.portal, EVIL)
    for args in ((), ("--user", "bot", "--why")):
        assert "\x1b" not in tenants.run(*args).out


def test_the_page_has_each_row_and_no_markup_of_a_name(tenants: Tenants) -> None:
    evil = tenants.server.admin.create_organization(f"Evil {EVIL}")
    user = tenants.server.admin.create_user(evil, "eve")
    tenants.server.admin.add_member(evil, user, "ORG_OWNER")
    ended = tenants.run("--managers", "--inactive", "--format", "html")
    assert ended.code == KNOWN, ended.err
    assert ended.out.startswith("<!doctype html>")
    assert all(name in ended.out for name in ("Customers", "the user grant is deactivated", "ORG_OWNER", "eve"))
    assert "&lt;b&gt;" in ended.out
    assert "<b>" not in ended.out.partition("Evil")[2].partition("&lt;b&gt;")[0]


def test_a_role_that_nobody_has_gives_an_empty_report(tenants: Tenants) -> None:
    assert tenants.report("--role", "auditor")["rows"] == []
    assert of(tenants.report("--role", "viewer"), "user_id") == [(tenants.bot,)]


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (["--role", "audit"], 'There is no role with the key "audit".+Similar names: "auditor"'),
        (["--org", "acme"], 'There is no organization .+Similar names: "Acme"'),
        (["--project", "Customer"], 'There is no project .+Similar names: "Customers"'),
        (["--user", "bott"], 'There is no user .+Similar names: "bot"'),
    ],
)
def test_a_filter_that_matches_nothing_is_an_error_without_a_report(
    tenants: Tenants, args: list[str], message: str
) -> None:
    ended = tenants.run(*args)
    assert (ended.code, ended.out) == (ERROR, "")
    assert re.search(message, ended.err), ended.err


def test_what_a_caller_may_not_see_is_not_known(tenants: Tenants) -> None:
    """An owner of one organization does not see the others."""
    token = tenants.server.admin.create_token(tenants.acme, tenants.bot)
    found = tenants.report("--history", code=ERROR, token=token)
    assert found["complete"] is False
    assert {*found["unknown"]} == {"organizations", "users", "projects", "project_grants", "user_grants"}
    ended = tenants.run("--history", token=token)
    assert ended.code == ERROR
    assert "Error: not all users are known: the credential has no right on the instance" in ended.err
    assert "the credential may not read the event store, so it is not known who made the changes" in ended.err
    nobody = tenants.server.admin.create_token(tenants.acme, tenants.carl)
    assert tenants.run(token=nobody).code == ERROR


def test_somebody_who_is_invited_is_not_known(tenants: Tenants) -> None:
    eve = tenants.server.create_person(tenants.acme, "eve")
    tenants.server.admin.create_grant(tenants.acme, eve, tenants.portal, ["viewer"], granted(tenants))
    found = tenants.report(code=ERROR)
    assert ("eve", None, ["the user has not accepted the invitation"]) in of(found, "login_name", "in_force", "reasons")
    ended = tenants.run()
    assert "Error: 1 of 2 rows: it is not known whether they are in force" in ended.err


def granted(tenants: Tenants) -> str:
    (found,) = tenants.server.admin.project_grants(tenants.vendor)
    return found


def test_a_server_without_the_v2_api_is_an_error_that_says_so(tmp_path: Path) -> None:
    with emulated("seeds") as server:
        ended = run_zorg("access", cwd=tmp_path, env={"ZITADEL_URL": server.proxy.url, "ZITADEL_TOKEN": server.token})
    assert ended.code == ERROR
    assert "seems not to have AuthorizationService v2, a part of ZITADEL's API. ZITADEL has it since v4" in ended.err


def test_an_error_of_a_proxy_is_no_server_without_the_v2_api(tenants: Tenants) -> None:
    tenants.server.proxy.add(Fault("answer", path="ListAuthorizations", times=None, status=500))
    ended = tenants.run()
    tenants.server.proxy.clear()
    assert ended.code == ERROR
    assert "seems not to have" not in ended.err
    assert "500" in ended.err


# An earlier report.


def written(tenants: Tenants, *args: str) -> str:
    (tenants.folder / "old.json").write_text(tenants.run(*args, "--format", "json").out)
    return "old.json"


def test_nothing_changed(tenants: Tenants) -> None:
    old = written(tenants)
    ended = tenants.run("--compare", old)
    assert ended.code == KNOWN
    assert ended.out.endswith(": nothing changed\n")
    assert tenants.report("--compare", old)["compared"]["gained"] == []


def test_who_gained_and_who_lost_access(tenants: Tenants) -> None:
    admin, old = tenants.server.admin, written(tenants)
    (carls,) = [key for key, each in admin.grants(tenants.acme).items() if each["userId"] == tenants.carl]
    admin.reactivate_grant(tenants.acme, tenants.carl, carls)
    admin.deactivate_grant(tenants.acme, tenants.bot, tenants.grant)
    found = tenants.report("--compare", old, code=CHANGED)["compared"]
    assert [each["login_name"] for each in found["gained"]] == ["carl"]
    assert [(each["login_name"], each["roles"], each["in_force"]) for each in found["lost"]] == [
        ("bot", ["viewer"], False)
    ]
    assert found["with"] == json.loads((tenants.folder / old).read_text())["read_at"]
    ended = tenants.run("--compare", old)
    assert ended.code == CHANGED
    lines = ended.out.splitlines()
    assert lines[0] == "gained: carl, service account of Acme"
    assert lines[2] == "lost: bot, service account of Acme"
    assert lines[4] == "    not in force: the user grant is deactivated"
    assert lines[-1].endswith(": 1 gained, 1 lost")


def test_other_roles_are_a_change(tenants: Tenants) -> None:
    old = written(tenants)
    tenants.server.admin.set_roles(tenants.acme, tenants.bot, tenants.grant, ["viewer", "admin"])
    (change,) = tenants.report("--compare", old, code=CHANGED)["compared"]["changed"]
    assert (change["before"]["roles"], change["after"]["roles"]) == (["viewer"], ["admin", "viewer"])
    assert "changed: bot, service account of Acme\n  Customers (Vendor): viewer" in tenants.run("--compare", old).out


def test_what_is_not_known_is_not_reported_as_gained(tenants: Tenants) -> None:
    old = written(tenants)
    eve = tenants.server.create_person(tenants.acme, "eve")
    tenants.server.admin.create_grant(tenants.acme, eve, tenants.portal, ["viewer"], granted(tenants))
    found = tenants.report("--compare", old, code=ERROR)["compared"]
    assert (found["gained"], [each["row"]["login_name"] for each in found["unknown"]]) == ([], ["eve"])
    assert "not known: eve (eve Berg), person of Acme, initial" in tenants.run("--compare", old).out
    old = written(tenants)
    assert tenants.run("--compare", old).code == KNOWN, "eve is not known in both, for the same reason"


def test_a_project_that_was_opened_to_everybody_is_a_change(tenants: Tenants) -> None:
    tenants.server.admin.set_project_flags(tenants.vendor, tenants.portal, projectRoleCheck=True)
    old = written(tenants)
    tenants.server.admin.set_project_flags(tenants.vendor, tenants.portal, projectRoleCheck=False)
    (change,) = tenants.report("--compare", old, code=CHANGED)["compared"]["projects"]
    assert (change["before"]["open_to"], change["after"]["open_to"]) == ("user grants", "everybody")
    said = "changed: Customers (Vendor)\n  login without a user grant: nobody → everybody\n"
    assert said in tenants.run("--compare", old).out


def test_a_project_of_a_deactivated_organization_is_open_to_nobody(tenants: Tenants) -> None:
    def open_to() -> str:
        (found,) = [each["open_to"] for each in tenants.report()["projects"] if each["project_id"] == tenants.portal]
        return str(found)

    assert open_to() == "everybody"
    assert "everybody can log in to: Customers (Vendor)" in tenants.run().out
    tenants.server.admin.deactivate_organization(tenants.vendor)
    assert open_to() == "nobody"
    assert "log in to: Customers (Vendor)" not in tenants.run().out


def test_a_wrong_file_is_an_error_before_anything_is_called(tenants: Tenants) -> None:
    old = written(tenants, "--managers")
    tenants.server.proxy.clear()
    for args, message in (
        (["--compare", old], "was written with other options (--managers) than this command has (none)"),
        (["--compare", "no.json"], "no.json cannot be read"),
        (["--compare", "-"], "standard input is empty"),
        (["--compare", old, "--format", "csv"], "Give --compare with another format"),
    ):
        ended = tenants.run(*args)
        assert (ended.code, ended.out) == (ERROR, "")
        assert message in ended.err
    assert tenants.server.proxy.exchanges == []


# One user.


def test_one_user_is_explained(tenants: Tenants) -> None:
    ended = tenants.run("--user", "bot", "--why", "--project", "Customers")
    assert ended.code == KNOWN
    assert ended.out.splitlines() == [
        f"bot (bot, {tenants.bot}) is a service account of organization Acme. The user's state is active.",
        "Customers (of organization Vendor): gets tokens with the role viewer.",
        f"  User grant {tenants.grant} of organization Acme gives viewer.",
    ]
    assert "Manager of organization Acme: ORG_OWNER." in tenants.run("--user", "bot", "--why").out
    eve = tenants.server.create_person(tenants.acme, "eve")
    assert tenants.run("--user", eve, "--why").code == ERROR, "whether somebody who is invited gets in is not known"


@pytest.mark.parametrize(
    "args",
    [
        ["--why"],
        ["--why", "--user", "bot", "--user", "carl"],
        ["--why", "--user", "bot", "--format", "json"],
        ["--why", "--user", "bot", "--org", "Acme"],
        ["--why", "--user", "bot", "--compare", "old.json"],
        ["--why", "--user", "bot", "--inactive"],
        ["--why", "--user", "bot", "--managers"],
    ],
)
def test_an_explanation_is_of_one_user_and_nothing_else(tenants: Tenants, args: list[str]) -> None:
    tenants.server.proxy.clear()
    ended = tenants.run(*args)
    assert ended.code == ERROR
    assert "--why explains one user" in ended.err
    assert tenants.server.proxy.exchanges == []

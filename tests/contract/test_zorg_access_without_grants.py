"""`zorg access` about people who need no user grant, and what an earlier report is compared with: who can log in, and what is lost."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.test_zorg_access import CHANGED, ERROR, KNOWN, Tenants, tenants, written

__all__ = ["tenants"]
OPEN = "Without a user grant, everybody can log in"


def test_who_can_log_in_is_not_known_where_the_owner_is_not_shown(tenants: Tenants) -> None:
    """An owner of a project sees it, and not the organization that owns it."""
    admin = tenants.server.admin
    owner = admin.create_user(tenants.vendor, "owner")
    body = {"userId": owner, "roles": ["PROJECT_OWNER"]}
    admin.call("POST", f"/management/v1/projects/{tenants.portal}/members", body, tenants.vendor)
    out = tenants.run(token=admin.create_token(tenants.vendor, owner)).out
    assert OPEN not in out
    assert "it is not known who can log in to: Customers" in out


def test_a_deactivated_owner_closes_its_open_projects(tenants: Tenants) -> None:
    admin, old = tenants.server.admin, written(tenants)
    admin.deactivate_organization(tenants.vendor)
    assert tenants.run("--compare", old).code == CHANGED
    old = written(tenants)
    assert tenants.run("--compare", old).code == KNOWN


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("in_force", "false"),
        ("login_name", None),
        ("roles", "admin"),
        ("roles", [1]),
        ("since", 5),
        ("user_id", ["1"]),
        ("grants", [{}]),
    ],
)
def test_an_edited_report_is_an_error_before_anything_is_called(tenants: Tenants, name: str, value: Any) -> None:
    """A word in place of false counted as true."""
    report = json.loads((tenants.folder / written(tenants)).read_text())
    report["rows"][0][name] = value
    (tenants.folder / "edited.json").write_text(json.dumps(report))
    tenants.server.proxy.clear()
    ended = tenants.run("--compare", "edited.json")
    assert (ended.code, ended.out) == (ERROR, "")
    assert "edited.json is not a whole report of `zorg access`" in ended.err
    assert tenants.server.proxy.exchanges == []


def test_a_report_that_is_nested_too_deep_is_an_error(tenants: Tenants) -> None:
    (tenants.folder / "deep.json").write_text("[" * 100_000)
    ended = tenants.run("--compare", "deep.json")
    assert ended.code == ERROR
    assert "deep.json is not a report of `zorg access --format json`" in ended.err


def test_a_role_that_was_taken_is_lost_also_where_the_report_is_limited_to_it(tenants: Tenants) -> None:
    """The user grant still exists, without the role."""
    admin = tenants.server.admin
    admin.set_roles(tenants.acme, tenants.bot, tenants.grant, ["viewer", "admin"])
    old = written(tenants, "--role", "admin")
    admin.set_roles(tenants.acme, tenants.bot, tenants.grant, ["viewer"])
    (lost,) = tenants.report("--role", "admin", "--compare", old, code=CHANGED)["compared"]["lost"]
    assert (lost["login_name"], lost["reasons"]) == ("bot", ["no user grant gives that any more"])


def test_what_is_in_no_list_for_good_is_not_known_and_no_change(tenants: Tenants) -> None:
    """A server can miss a create in its lists: here of a service account, and of the project that a person has a role of."""
    server = tenants.server
    person = server.create_person(tenants.vendor, "anna")
    server.admin.create_grant(tenants.vendor, person, tenants.portal, ["admin"])
    server.admin.call("POST", "/debug/phantoms", {"ids": [tenants.portal, tenants.bot]})
    report = tenants.report(code=ERROR)
    assert {each["user_id"]: each["in_force"] for each in report["rows"]} == {tenants.bot: None, person: None}
    assert report["unknown"] == {}
    old = tenants.folder / "old.json"
    old.write_text(json.dumps(report))
    assert tenants.run("--compare", str(old)).code == KNOWN

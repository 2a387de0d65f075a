"""The explanation of one user to a caller who may not see all user grants: what is not shown is not said not to be there."""

from __future__ import annotations

from dataclasses import replace

from pulumi_zorg.access.instance import Instance, Project, UserGrant
from pulumi_zorg.access.why import explain
from tests.unit.test_access_report import instance

WHY = "the credential may not see them"


def limited() -> Instance:
    """Bot has roles in one project, and Acme has another one that is open to everybody."""
    found = instance(unlisted={"user_grants": WHY})
    return found.having("projects", Project("o", "a", "Open"))


def said(found: Instance, user_id: str) -> list[str]:
    return [each.text for each in explain(found, user_id, ())]


def test_a_project_without_a_shown_user_grant_may_have_one() -> None:
    shown = said(limited(), "bot")
    assert f"1 other project: no user grant that is shown, and no login without one. Not all are shown: {WHY}." in shown
    everything = replace(limited(), unlisted={})
    assert "1 other project: no user grant, and no login." in said(everything, "bot")


def test_a_user_may_have_roles_that_are_not_shown() -> None:
    shown = said(limited(), "ann")
    assert "Open (of organization Acme): gets in, without roles that are known." in shown
    assert "Portal (of organization Vendor): gets in, with the role viewer." in shown
    assert shown.count(f"  The user may have other user grants: {WHY}.") == 2
    none = "  The user has no user grant: project_role_check of the project is off."
    assert none not in shown
    everything = said(replace(limited(), unlisted={}), "ann")
    assert none in everything
    assert "Open (of organization Acme): gets in, without roles." in everything
    assert not any("other user grants" in each for each in everything)


def test_a_user_grant_that_is_shown_and_deactivated_need_not_be_the_only_one() -> None:
    off = limited().having("user_grants", UserGrant("2", "a", "bot", "p", ("viewer",), False, "p:a"))
    assert "Portal (of organization Vendor): gets tokens without roles that are known." in said(off, "bot")

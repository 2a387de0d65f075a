"""What a planned change of a project or a project grant would do to people: a pure function."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_zorg.resource_types.impact import SECRET, UNKNOWN, Act, Effect, Facts, Planned
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.world.tokens import type_token

PROJECT, PROJECT_GRANT = type_token("Project"), type_token("ProjectGrant")
FAILS = (
    "deactivates project Shop (42): every login to its applications, every refresh and every introspection by its APIs fails, "
    "for the users of all organizations. No token loses a role, and service accounts still get new ones. To take roles away, deactivate "
    "the user grants"
)
NAMES = {"project_id": "Portal", "granted_org_id": "Acme"}


def roles(*keys: str) -> dict[str, dict[str, str]]:
    return {key: {"display_name": key, "group": ""} for key in keys}


def project(**properties: Any) -> dict[str, Any]:
    return {"org_id": "1", "name": "Shop", "active": True, **properties}


def granted(*keys: str, **properties: Any) -> dict[str, Any]:
    return {
        "org_id": "1",
        "project_id": "3",
        "granted_org_id": "5",
        "role_keys": list(keys),
        "active": True,
        **properties,
    }


def effect_of(type_: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Effect:
    planned = Planned(type_, None if before is None else "42", before, after)
    return RESOURCE_TYPES[type_].impact.effect(planned)


def sentences(effect: Effect, facts: Facts | None = None) -> tuple[str, ...]:
    return RESOURCE_TYPES[effect.type].impact.sentences(effect, facts)


def of_project(
    before: dict[str, Any] | None, after: dict[str, Any] | None, why_not: str | None = None, **counts: int
) -> tuple[str, ...]:
    return sentences(effect_of(PROJECT, before, after), Facts(counts, {}, why_not))


def of_grant(
    before: dict[str, Any] | None, after: dict[str, Any] | None, why_not: str | None = None, **counts: int
) -> tuple[str, ...]:
    return sentences(effect_of(PROJECT_GRANT, before, after), Facts(counts, NAMES, why_not))


def test_a_deactivated_project_stops_every_login_and_takes_no_role() -> None:
    """access.md, "project deactivated": A, cl and uc for all; roles stay in old tokens, and in new ones of service accounts."""
    assert of_project(project(), project(active=False)) == (FAILS,)
    assert of_project(project(deletion_policy="deactivate"), None) == (FAILS,)
    assert of_project(project(), project(active=UNKNOWN)) == (f"Possible (known only during the update): {FAILS}",)


def test_what_comes_back_with_a_project() -> None:
    """access.md, "project deactivated", undone: "all back, old refresh tokens too"."""
    assert of_project(project(active=False), project()) == (
        "reactivates project Shop (42): logins to its applications work again, with old refresh tokens too, for the users of "
        "all organizations",
    )


@pytest.mark.parametrize(
    ("name", "only", "need"),
    [
        (
            "project_role_check",
            "only people with an active user grant on it can log in",
            "people need no user grant on it to log in",
        ),
        (
            "has_project_check",
            "only people of its own organization and of those with an active project grant of it can log in",
            "people of every organization can log in",
        ),
    ],
)
def test_a_check_is_explained(name: str, only: str, need: str) -> None:
    """access.md, the checks: G and R at the login, no change elsewhere."""
    off, on, there = project(**{name: False}), project(**{name: True}), "to its applications"
    alone = f"then {only} {there}. It acts at the login alone: refresh tokens and service accounts go on"
    assert of_project(off, on) == (f"enables {name} of project Shop (42): {alone}",)
    assert of_project(off, project(**{name: UNKNOWN})) == (f"may enable {name} of project Shop (42): {alone}",)
    assert of_project(on, off) == (f"disables {name} of project Shop (42): then {need} {there}",)


def test_an_adoption_that_switches_the_checks_off_says_so() -> None:
    """Also where the project could not be read."""
    found = project(project_role_check=True, has_project_check=True)
    declared = project(project_role_check=False, has_project_check=False, adopt=True)
    resource_type = RESOURCE_TYPES[PROJECT]
    read = resource_type.impact.effect(Planned(PROJECT, "42", found, declared))
    assert [each.partition(" of ")[0] for each in sentences(read)] == [
        "disables project_role_check",
        "disables has_project_check",
    ]
    unread = resource_type.impact.effect(resource_type.unresolved(Planned(PROJECT, None, None, declared)))
    assert all(each.startswith("Unless the object already matches: disables") for each in sentences(unread))
    assert len(sentences(unread)) == 2
    without = {name: value for name, value in declared.items() if "check" not in name}
    kept = resource_type.impact.effect(Planned(PROJECT, "42", found, without))
    assert sentences(kept) == (), "a setting that the program leaves out is not changed"


@pytest.mark.parametrize(
    ("before", "after", "takes"),
    [
        ({"has_project_check": False}, {"has_project_check": True}, True),
        ({"project_role_check": False}, {"project_role_check": UNKNOWN}, True),
        ({"project_role_check": UNKNOWN}, {"project_role_check": True}, True),
        ({"project_role_check": True}, {"project_role_check": False}, False),
        ({"project_role_check": True}, {"project_role_check": True}, False),
        ({"active": True}, {"active": False}, True),
        ({"active": False}, {"active": True}, False),
        ({"roles": roles("admin")}, {"roles": roles()}, True),
    ],
)
def test_what_takes_access(before: dict[str, Any], after: dict[str, Any], takes: bool) -> None:
    effect = effect_of(PROJECT, project(**before), project(**after))
    assert RESOURCE_TYPES[PROJECT].impact.takes_access(effect) is takes
    assert not RESOURCE_TYPES[PROJECT].impact.takes_access(effect_of(PROJECT, None, project(**after)))


def test_a_secret_check_is_not_shown() -> None:
    on, off = project(project_role_check=True), project(project_role_check=False)
    for before, after in ((on, off), (off, on)):
        secret = effect_of(PROJECT, before, after).hiding(["project_role_check"])
        assert sentences(secret) == (
            "may change project_role_check of project Shop (42) (the value is secret): who can log in to its applications may "
            "change",
        )


def test_a_removed_project_takes_its_grants_along() -> None:
    assert of_project(project(), None, project_grants=2, grants=1) == (
        "removes project Shop (42) and 2 project grants, 1 user grant",
    )
    whole = "removes project Shop (42) and all its roles, project grants and user grants"
    assert of_project(project(), None) == (whole,)
    assert of_project(project(), None, "the server did not answer", grants=3) == (
        f"{whole}; how many could not be read: the server did not answer",
    )


def test_a_removed_role_is_lost_by_those_who_have_it() -> None:
    before, after = project(roles=roles("admin", "editor", "viewer")), project(roles=roles("viewer"), name="Store")
    assert of_project(before, after) == (
        "removes the roles admin, editor of project Shop (42): every user grant loses them",
    )
    assert of_project(project(roles=roles("admin")), project(roles={}, active=False)) == (
        FAILS,
        "removes the role admin of project Shop (42): every user grant loses it",
    )


@pytest.mark.parametrize(
    ("before", "after", "verb"),
    [(True, False, "disables"), (True, UNKNOWN, "may disable"), (UNKNOWN, False, "may disable"),
     (UNKNOWN, UNKNOWN, "may disable"), (True, None, ""), (UNKNOWN, True, ""), (False, UNKNOWN, ""), (False, True, "")],
)  # fmt: skip
def test_roles_that_are_no_longer_put_into_tokens(before: Any, after: Any, verb: str) -> None:
    """Without project_role_assertion, tokens have the roles where the role scopes are asked for."""
    declared = {} if after is None else {"project_role_assertion": after}
    planned = project(project_role_assertion=before), project(**declared)
    only = (
        "an application then gets the roles only if it asks for them with a scope; introspection by the project's own APIs "
        "still has them"
    )
    shown = () if not verb else (f"{verb} project_role_assertion of project Shop (42): {only}",)
    assert of_project(*planned) == shown
    assert RESOURCE_TYPES[PROJECT].impact.takes_access(effect_of(PROJECT, *planned)) is bool(verb)


def test_roles_that_become_managed_may_be_removed() -> None:
    """The state does not have them, and here they could not be read from the instance."""
    before, after = project(), project(roles=roles("viewer"))
    assert of_project(before, after) == (
        "may remove roles that are not known yet of project Shop (42): every user grant loses them",
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (project(roles=roles("admin")), project()),  # no longer managed: nothing is removed
        (project(roles=roles("admin")), project(roles=roles("admin", "viewer"))),
        (project(roles=roles("admin")), project(roles={"admin": {"display_name": UNKNOWN, "group": "x"}})),
        (project(roles={}), project(roles=UNKNOWN)),
        (project(has_project_check=True), project(name="Store", has_project_check=True)),
        (None, project(roles=roles("admin"), active=False)),
        (project(deletion_policy="retain"), None),
        (project(active=False, deletion_policy="deactivate"), None),
    ],
)
def test_nothing_is_said_where_nobody_loses_anything(before: Any, after: Any) -> None:
    effect = effect_of(PROJECT, before, after)
    assert (effect.is_significant, sentences(effect)) == (False, ())


def test_roles_that_are_not_known_yet_or_secret_may_be_removed() -> None:
    for before, after in (
        (project(roles=roles("admin")), project(roles=UNKNOWN)),
        (project(roles=UNKNOWN), project(roles=roles("admin"))),
    ):
        assert of_project(before, after) == (
            "may remove roles that are not known yet of project Shop (42): every user grant loses them",
        )
    secret = effect_of(PROJECT, project(roles=roles("admin")), project(roles=roles("viewer"))).hiding(["roles"])
    assert sentences(secret) == ("may remove roles that are secret of project Shop (42): every user grant loses them",)
    assert "admin" not in str(sentences(secret))
    unchanged = effect_of(PROJECT, project(roles=roles("admin")), project(roles=roles("admin"))).hiding(["roles"])
    assert sentences(unchanged) == ()


def test_an_adopted_project_that_could_not_be_read_may_have_other_roles() -> None:
    """As in the first preview of a program that adopts the project's organization too."""
    after = project(roles=roles("admin"), org_id=UNKNOWN, adopt=True)
    resource_type = RESOURCE_TYPES[PROJECT]
    planned = resource_type.unresolved(Planned(PROJECT, None, None, after))
    assert sentences(resource_type.impact.effect(planned)) == (
        "Unless the object already matches: removes the roles of project Shop (id not known yet) that are not declared: "
        "every user grant loses them",
    )
    for without in ({"roles": None}, {"adopt": False}):
        kept = Planned(
            PROJECT, None, None, {name: value for name, value in {**after, **without}.items() if value is not None}
        )
        assert sentences(resource_type.impact.effect(resource_type.unresolved(kept) if kept.adopts else kept)) == ()


@pytest.mark.parametrize("type_", [PROJECT, PROJECT_GRANT])
def test_a_secret_flag_is_not_shown_by_there_being_a_sentence(type_: str) -> None:
    one = project if type_ == PROJECT else granted
    for before, after in ((True, False), (False, True)):
        effect = effect_of(type_, one(active=before), one(active=after)).hiding(["active"])
        (sentence,) = sentences(effect, Facts(names=NAMES))
        assert sentence.startswith("changes `active` of ")
        assert sentence.endswith("(42) (the value is secret)")
    assert sentences(effect_of(type_, one(), one()).hiding(["active"])) == ()


def test_a_deactivated_project_grant_stops_logins_only_where_the_project_checks_it() -> None:
    """access.md, "project grant deactivated" (roles everywhere) and "has_project_check switched on" (R for its people)."""
    before, after = granted("viewer"), granted("viewer", active=False)
    assert of_grant(before, after) == (
        "deactivates the grant of Portal to Acme (42): its people then cannot log in where the project has has_project_check, and no "
        "token loses a role. To take roles away, deactivate the user grants or remove the project grant",
    )
    assert of_grant(after, before) == (
        "reactivates the grant of Portal to Acme (42): its people can log in where the project has has_project_check",
    )
    assert RESOURCE_TYPES[PROJECT_GRANT].impact.takes_access(effect_of(PROJECT_GRANT, before, after))


def test_a_removed_project_grant_takes_user_grants_along() -> None:
    """access.md, "project grant removed", undone: only with new user grants."""
    back = "Another project grant does not bring their roles back"
    assert of_grant(granted("viewer"), None, grants=3) == (
        f"removes the grant of Portal to Acme (42) and 3 user grants. {back}",
    )
    assert of_grant(granted("viewer"), None, "it broke off") == (
        "removes the grant of Portal to Acme (42) and all user grants made by it; how many could not be read: it broke off. "
        f"{back}",
    )


def test_roles_given_to_an_organization_and_taken_from_it() -> None:
    assert of_grant(None, granted("viewer", "admin")) == (
        "lets Acme give the roles admin, viewer of Portal to its users",
    )
    assert of_grant(granted("viewer", "editor"), granted("admin")) == (
        "takes the roles editor, viewer from the grant of Portal to Acme (42), and from the user grants made by it",
        "lets Acme give the role admin of Portal to its users",
    )
    # A role that is given while the grant is reactivated.
    assert of_grant(granted(active=False), granted("viewer"))[1:] == (
        "lets Acme give the role viewer of Portal to its users",
    )


def test_what_is_not_known_yet_or_secret_about_a_project_grant() -> None:
    assert of_grant(granted("viewer"), granted() | {"role_keys": UNKNOWN}) == (
        "Possible (known only during the update): takes all roles that are not declared from the grant of Portal to Acme (42), and "
        "from the user grants made by it",
        "Possible (known only during the update): lets Acme give roles that are not known yet of Portal to its users",
    )
    unknown = effect_of(PROJECT_GRANT, None, granted("viewer", project_id=UNKNOWN, granted_org_id=UNKNOWN))
    assert sentences(unknown) == (
        "lets an organization that is not known yet give the role viewer of a project that is not known yet to its users",
    )
    secret = effect_of(PROJECT_GRANT, granted("viewer"), granted("admin")).hiding(["role_keys", "granted_org_id"])
    shown = sentences(secret)
    assert shown == (
        "takes roles that are secret from the grant of project 3 to an organization that is secret (42), and from the user "
        "grants made by it",
        "lets an organization that is secret give roles that are secret of project 3 to its users",
    )
    assert secret.act is Act.CHANGES
    assert SECRET in secret.properties.values()

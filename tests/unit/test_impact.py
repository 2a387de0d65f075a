"""What a planned change would do to people: a pure function, and sentences that state no more than is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.resource_types.impact import (
    SECRET,
    UNKNOWN,
    Act,
    Effect,
    Facts,
    Planned,
)
from pulumi_zorg.resource_types.organization.impact import DOMAIN_IN_LOGIN_NAMES, LOGIN_V2
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from tests.support.types import ORGANIZATION, USER_GRANT

ROLES = ("admin", "editor", "viewer")
NOTHING = object()


def organization(before: Any = NOTHING, after: Any = NOTHING, **more: Any) -> Planned:
    """Acme, by its flag before and after; without one it does not exist."""
    values = [None if flag is NOTHING else {"name": "Acme", "active": flag, **more} for flag in (before, after)]
    return Planned(ORGANIZATION, None if before is NOTHING else "42", values[0], values[1])


def granted(*roles: str, active: Any = True, **more: Any) -> dict[str, Any]:
    return {
        "org_id": "1",
        "user_id": "2",
        "project_id": "3",
        "role_keys": list(roles),
        "active": active,
        **more,
    }


def grant(before: dict[str, Any] | None, after: dict[str, Any] | None) -> Planned:
    return Planned(USER_GRANT, None if before is None else "7", before, after)


def effect_of(planned: Planned) -> Effect:
    return RESOURCE_TYPES[planned.type].impact.effect(planned)


def sentences(effect: Effect, facts: Facts | None = None) -> tuple[str, ...]:
    return RESOURCE_TYPES[effect.type].impact.sentences(effect, facts)


def described(planned: Planned, why_not: str | None = None, names: Any = None, **counts: int) -> tuple[str, ...]:
    return sentences(effect_of(planned), Facts(counts, names or {}, why_not))


@pytest.mark.parametrize(
    ("planned", "act"),
    [
        (organization(after=True), Act.CREATES),
        (organization(after=False), Act.CREATES),
        (organization(True, True), Act.CHANGES),
        (organization(False, False), Act.CHANGES),
        (organization(True, False), Act.DEACTIVATES),
        (organization(False, True), Act.REACTIVATES),
        (organization(True), Act.REMOVES),
        (organization(False), Act.REMOVES),
        (organization(True, deletion_policy="retain"), Act.LEAVES),
        (organization(True, deletion_policy="deactivate"), Act.DEACTIVATES),
        (organization(False, deletion_policy="deactivate"), Act.LEAVES),
        (organization(True, UNKNOWN), Act.DEACTIVATES),
        (organization(False, UNKNOWN), Act.CHANGES),
        (organization(UNKNOWN, False), Act.DEACTIVATES),
        (organization(UNKNOWN, UNKNOWN), Act.DEACTIVATES),
        (organization(UNKNOWN, True), Act.CHANGES),
        (organization("[secret]", False), Act.DEACTIVATES),
    ],
)
def test_what_becomes_of_an_organization(planned: Planned, act: Act) -> None:
    effect = effect_of(planned)
    assert effect.act is act
    flags = [each["active"] for each in (planned.before, planned.after) if each is not None]
    assert effect.maybe is (act is Act.DEACTIVATES and not all(isinstance(flag, bool) for flag in flags))
    assert effect.is_significant is (act in (Act.DEACTIVATES, Act.REACTIVATES, Act.REMOVES))


PAGES = "only ZITADEL's old login pages (V1) refuse them"
CUT_OFF = "To take access away, deactivate the users or their user grants"
FAILS = "every login, refresh and introspection of the applications of"
NOBODY = "deactivates organization Acme (42), which cuts off none of its users"


def test_a_deactivated_organization_without_projects_stops_nobody() -> None:
    """access.md, "own organization deactivated (not the project's owner)": roles in every column, Z at the login."""
    assert described(organization(True, False), projects=0, **{LOGIN_V2: 1}) == (f"{NOBODY}. {CUT_OFF}",)
    for unknown in ({}, {LOGIN_V2: 0}):
        assert described(organization(True, False), projects=0, **unknown) == (f"{NOBODY}: {PAGES}. {CUT_OFF}",)
    assert described(organization(True, UNKNOWN), projects=0, **{LOGIN_V2: 1}) == (
        f"Possible (known only during the update): {NOBODY}. {CUT_OFF}",
    )


@pytest.mark.parametrize(
    ("counts", "projects"),
    [({"projects": 2}, "its 2 projects"), ({"projects": 1}, "its project"), ({}, "its projects, if it owns any,")],
)
def test_a_deactivated_organization_with_projects_stops_the_logins_to_them(
    counts: dict[str, int], projects: str
) -> None:
    """access.md, "organization that owns the project deactivated": A, cl and uc for O, C and X; roles stay in tokens."""
    leaves = "leaves the users of organization Acme (42) their roles, and their access to all other applications"
    assert described(organization(True, False), "the server did not answer", **counts) == (
        f"deactivates organization Acme (42): {FAILS} {projects} fails, for the users of all organizations",
        f"{leaves}: {PAGES}. {CUT_OFF}",
    )


def test_what_comes_back_with_an_organization() -> None:
    assert described(organization(False, True), projects=0, **{LOGIN_V2: 1}) == (
        "reactivates organization Acme (42), whose deactivation stopped nobody",
    )
    assert described(organization(False, True), projects=0) == (
        "reactivates organization Acme (42): ZITADEL's old login pages (V1) accept its users again. Nothing else was stopped",
    )
    assert described(organization(False, True), projects=1) == (
        "reactivates organization Acme (42): logins to the applications of its project work again, for the users of "
        "all organizations; ZITADEL's old login pages (V1) accept its users again",
    )


def test_a_removed_organization_takes_all_along() -> None:
    assert described(organization(True), users=45, projects=3, grants=17) == (
        "removes organization Acme (42) and 3 projects, 45 users, 17 user grants",
        "ends every login to the applications of the 3 projects of organization Acme (42), for the users of all organizations",
    )
    assert described(organization(True), users=1, projects=0, grants=1) == (
        "removes organization Acme (42) and 1 user, 1 user grant",
    )
    assert described(organization(True), users=0, projects=0, grants=0) == (
        "removes organization Acme (42), which is empty",
    )
    assert described(organization(True), "it broke off", users=3) == (
        "removes organization Acme (42) and all its projects, users and grants; how many could not be read: it broke off",
    )


def renamed(to: Any = "Holding") -> Planned:
    return Planned(ORGANIZATION, "42", {"name": "Acme", "active": True}, {"name": to, "active": True})


def test_a_renamed_organization_changes_login_names_where_they_end_with_its_domain() -> None:
    domain = "and they end with its domain (userLoginMustBeDomain)"
    assert described(renamed(), users=45, **{DOMAIN_IN_LOGIN_NAMES: 1}) == (
        f"changes the login names of its 45 users at once: organization Acme (42) is renamed to Holding, {domain}",
    )
    assert described(renamed(UNKNOWN), users=1, **{DOMAIN_IN_LOGIN_NAMES: 1}) == (
        "changes the login names of its user at once: organization Acme (42) is renamed to a name that is not known yet, "
        f"{domain}",
    )
    assert described(renamed(), users=45, **{DOMAIN_IN_LOGIN_NAMES: 0}) == ()
    if_so = "and they change if they end with its domain (userLoginMustBeDomain)"
    assert described(renamed(), why_not="the server did not answer") == (
        f"may change the login names of its users at once: organization Acme (42) is renamed to Holding, {if_so}; that could "
        "not be read: the server did not answer",
    )
    secret = effect_of(renamed()).hiding(["name"])
    assert sentences(secret, Facts({DOMAIN_IN_LOGIN_NAMES: 1})) == (
        "changes the login names of its users at once: organization whose name is secret (42) is renamed to a name that is "
        f"secret, {domain}",
    )


def test_an_organization_is_named_as_people_know_it() -> None:
    before, after = {"name": "Acme", "active": True}, {"name": "Holding", "active": False}
    first, *_ = described(Planned(ORGANIZATION, "42", before, after), projects=0, **{DOMAIN_IN_LOGIN_NAMES: 0})
    assert "organization Acme (42)" in first


def test_sentences_about_a_grant() -> None:
    """What is done to it. Who gains and who loses what by that depends on the user's other grants: the model of access says it."""
    names = {"user_id": "ann", "project_id": "Portal"}
    of_ann, has = "user grant 7 of ann in Portal", "which has the role viewer"
    assert described(grant(None, granted("viewer", "admin")), names=names) == (
        "creates a user grant of ann in Portal with the roles admin, viewer",
    )
    assert described(grant(None, granted()), names=names) == ("creates a user grant of ann in Portal with no roles",)
    assert described(grant(granted("viewer"), granted("admin")), names=names) == (
        f"takes the role viewer from {of_ann}",
        f"gives the role admin to {of_ann}",
    )
    assert described(grant(granted("viewer"), None), names=names) == (f"removes {of_ann}, {has}",)
    assert described(grant(granted(), None), names=names) == (f"removes {of_ann}, which has no roles",)
    off = f"deactivates {of_ann}, {has}"
    assert described(grant(granted("viewer"), granted("viewer", active=False)), names=names) == (off,)
    assert described(grant(granted("viewer", deletion_policy="deactivate"), None), names=names) == (off,)
    on = grant(granted("viewer", active=False), granted("viewer"))
    assert described(on, names=names) == (f"reactivates {of_ann}, {has}",)
    inactive = grant(granted("viewer", active=False), None)
    assert described(inactive, names=names) == (f"removes {of_ann}, which is inactive already",)


def test_an_adopted_phantom_gives_no_roles() -> None:
    planned = replace(grant(granted("viewer"), granted("viewer")), is_phantom=True)
    assert described(planned, names={"user_id": "ann", "project_id": "Portal"}) == (
        "adopts user grant 7 of ann in Portal, which is a phantom: reads and lists of this server do not show it, and it gives "
        "its user no roles. To heal it, recreate it after the update (`pulumi up --replace` its URN)",
    )


def test_what_is_not_known_yet_is_said_to_be_so() -> None:
    assert described(grant(None, granted("viewer", user_id=UNKNOWN, project_id=UNKNOWN))) == (
        "creates a user grant of a user that is not known yet in a project that is not known yet with the role viewer",
    )
    assert described(grant(None, granted() | {"role_keys": UNKNOWN})) == (
        "Possible (known only during the update): "
        "creates a user grant of user 2 in project 3 with roles that are not known yet",
    )
    assert described(
        RESOURCE_TYPES[USER_GRANT].unresolved(grant(None, granted("viewer"))),
        names={"user_id": "ann", "project_id": "P"},
    ) == (
        "Unless the object already matches: takes all other roles from an adopted or a new user grant of ann in P",
        "Unless the object already matches: gives the role viewer to an adopted or a new user grant of ann in P",
    )
    for before, after in ((["viewer"], UNKNOWN), (UNKNOWN, UNKNOWN)):
        assert described(grant(granted() | {"role_keys": before}, granted() | {"role_keys": after})) == (
            "Possible (known only during the update): replaces the roles of user grant 7 of user 2 in project 3 by roles that are "
            "not known yet",
        )


def test_what_is_secret_is_said_to_be_so() -> None:
    def hidden(planned: Planned, *names: str) -> tuple[str, ...]:
        counts = {"projects": 0}
        return sentences(effect_of(planned).hiding(names), Facts(counts))

    assert hidden(organization(True, False), "name") == (
        f"deactivates organization whose name is secret (42), which cuts off none of its users: {PAGES}. {CUT_OFF}",
    )
    for planned in (organization(True, False), organization(False, True)):
        assert hidden(planned, "active") == ("changes `active` of organization Acme (42) (the value is secret)",)
    assert hidden(organization(True, True), "active", "name") == ()
    assert hidden(grant(granted("viewer"), granted("admin")), "user_id", "role_keys") == (
        "takes roles that are secret from user grant 7 of a user that is secret in project 3",
        "gives roles that are secret to user grant 7 of a user that is secret in project 3",
    )
    assert hidden(grant(granted(active=False) | {"role_keys": SECRET, "active": True}, None), "role_keys") == (
        "Possible (it depends on a secret value): "
        "removes user grant 7 of user 2 in project 3, which has roles that are secret",
    )


@pytest.mark.parametrize(
    "planned",
    [
        grant(None, granted(active=False)),
        grant(None, granted("viewer", active=False)),
        grant(granted("viewer"), granted("viewer", "viewer")),
        grant(granted("viewer", active=False), granted("admin", active=False)),
        grant(granted("viewer", deletion_policy="retain"), None),
        grant(granted("viewer", active=False, deletion_policy="deactivate"), None),
    ],
)
def test_nothing_is_said_where_nobody_has_another_role(planned: Planned) -> None:
    assert described(planned) == ()


def test_names_are_cleaned() -> None:
    planned = Planned(ORGANIZATION, "42", {"name": "A\x1b[31m\ncme", "active": True}, None)
    (sentence,) = sentences(effect_of(planned))
    assert sentence.isprintable()


grants = st.none() | st.builds(
    lambda roles, active: granted(*roles, active=active), st.lists(st.sampled_from(ROLES)), st.booleans()
)


@given(before=grants, after=grants)
def test_roles_gained_and_lost_are_the_difference_of_the_effective_ones(
    before: dict[str, Any] | None, after: dict[str, Any] | None
) -> None:
    def effective(each: dict[str, Any] | None) -> set[str]:
        return set(each["role_keys"]) if each and each["active"] else set()

    effect = effect_of(grant(before, after))
    assert set(effect.gains) == effective(after) - effective(before)
    assert set(effect.loses) == effective(before) - effective(after)
    assert not effect.maybe


def test_what_is_zero_is_left_out() -> None:
    assert described(organization(True), users=0, projects=2, grants=0)[0] == (
        "removes organization Acme (42) and 2 projects"
    )
    assert described(renamed(), users=0, **{DOMAIN_IN_LOGIN_NAMES: 1}) == ()

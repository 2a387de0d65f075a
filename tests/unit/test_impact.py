"""What a planned change would do to people: a pure function, and sentences that state no more than is known."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.resource_types.impact import (
    OPEN,
    ORGANIZATIONS,
    PEOPLE,
    PEOPLE_OF_ORGANIZATIONS,
    SECRET,
    SERVICE_ACCOUNTS,
    UNKNOWN,
    Act,
    Effect,
    Facts,
    Planned,
)
from pulumi_zorg.resource_types.organization.impact import DOMAIN_IN_LOGIN_NAMES, LOGIN_V2
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.user_grant.impact import ROLE_CHECK
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


PAGES = "only ZITADEL's old login pages (V1) refuse people of it"
CUT_OFF = "To take access away, deactivate the users or their user grants"
THESE = "the 2 projects of organization Acme (42)"
FAILS = "every login, refresh and introspection of the applications of"


def test_a_deactivated_organization_without_projects_stops_nobody() -> None:
    """access.md, "own organization deactivated (not the project's owner)": roles in every column, Z at the login."""
    counted = {"users": 45, "service_accounts": 3, "projects": 0}
    leaves = "deactivates organization Acme (42), which leaves its 42 people and 3 service accounts their access"
    assert described(organization(True, False), **counted, **{LOGIN_V2: 1}) == (f"{leaves}. {CUT_OFF}",)
    for unknown in ({}, {LOGIN_V2: 0}):
        assert described(organization(True, False), **counted, **unknown) == (f"{leaves}: {PAGES}. {CUT_OFF}",)
    assert described(organization(True, UNKNOWN), users=1, service_accounts=0, projects=0) == (
        "Possible (known only during the update): "
        f"deactivates organization Acme (42), which leaves its only user their access: {PAGES}. {CUT_OFF}",
    )


def test_a_deactivated_organization_with_projects_stops_the_logins_to_them() -> None:
    """access.md, "organization that owns the project deactivated": A, cl and uc for O, C and X; roles stay in tokens."""
    counted = {"users": 45, "service_accounts": 3, "projects": 2, PEOPLE: 12, SERVICE_ACCOUNTS: 1, ORGANIZATIONS: 2}
    assert described(organization(True, False), **counted, **{PEOPLE_OF_ORGANIZATIONS: 40, OPEN: 1}) == (
        f"deactivates organization Acme (42): {FAILS} its 2 projects fails, for the users of all organizations",
        f"shuts out 12 people with an active user grant on {THESE}; 2 organizations have an active grant of them, with 40 "
        "people",
        "shuts out everybody else of the instance: without project_role_check and has_project_check, nobody needs a user "
        f"grant to log in to {THESE}",
        f"takes no role of {THESE} out of any token (1 service account has a user grant on them): to do that, deactivate the "
        "user grants",
        "leaves the 42 people and 3 service accounts of organization Acme (42) their access to all other applications: "
        f"{PAGES}. {CUT_OFF}",
    )
    alone = {
        "users": 1,
        "service_accounts": 0,
        "projects": 1,
        PEOPLE: 1,
        SERVICE_ACCOUNTS: 0,
        ORGANIZATIONS: 0,
        OPEN: 0,
    }
    assert described(organization(True, False), **alone)[1:3] == (
        "shuts out 1 person with an active user grant on the project of organization Acme (42)",
        "takes no role of the project of organization Acme (42) out of any token: to do that, deactivate the user grants",
    )


def test_what_comes_back_with_an_organization() -> None:
    assert described(organization(False, True), users=3, projects=0, **{LOGIN_V2: 1}) == (
        "reactivates organization Acme (42), whose deactivation stopped nobody",
    )
    assert described(organization(False, True), users=3, projects=0) == (
        "reactivates organization Acme (42): ZITADEL's old login pages (V1) accept people of it again. Nothing else was stopped",
    )
    assert described(organization(False, True), users=3, service_accounts=2, projects=1) == (
        "reactivates organization Acme (42): logins to the applications of its project work again, for the users of "
        "all organizations; ZITADEL's old login pages (V1) accept people of it again",
    )


def test_a_removed_organization_takes_all_along() -> None:
    counted = {"users": 45, "service_accounts": 3, "projects": 3, "grants": 17}
    assert described(organization(True), **counted) == (
        "removes organization Acme and 3 projects, 45 users, 17 grants (42)",
        "ends every login to the applications of the 3 projects of organization Acme (42), for the users of all organizations: "
        "everybody with a user grant on them loses the roles",
    )
    assert described(organization(True), users=1, projects=1, grants=1, **{PEOPLE: 5, SERVICE_ACCOUNTS: 1}) == (
        "removes organization Acme and 1 project, 1 user, 1 grant (42)",
        "ends every login to the applications of the project of organization Acme (42), for the users of all organizations: "
        "5 people and 1 service account with an active user grant on it would lose their roles",
    )
    assert described(organization(True), users=1, projects=0, grants=1) == (
        "removes organization Acme and 1 user, 1 grant (42)",
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


@pytest.mark.parametrize(
    ("users", "service_accounts", "who"),
    [
        (2, 0, "its 2 people"),
        (2, 1, "its 1 person and 1 service account"),
        (2, 2, "its 2 service accounts"),
        (0, 1, "its service account"),
    ],
)
def test_a_deactivation_distinguishes_people_from_service_accounts(users: int, service_accounts: int, who: str) -> None:
    """The two may be counted one after the other, and the service account may be the newer one."""
    (sentence,) = described(organization(True, False), users=users, service_accounts=service_accounts, projects=0)
    assert sentence == f"deactivates organization Acme (42), which leaves {who} their access: {PAGES}. {CUT_OFF}"


def test_what_could_not_be_counted_is_said_to_be_so() -> None:
    assert described(organization(True, False), why_not="the server did not answer") == (
        "deactivates organization Acme (42; how many could not be read: the server did not answer): "
        "if it owns projects, every login, refresh and introspection of their applications fails, for the users of all "
        f"organizations. Its users keep their access to all other applications: {PAGES}",
    )
    partly = {"users": 3, "service_accounts": 0, "projects": 9}
    assert described(organization(True, False), why_not="that takes more than 5 calls", **partly)[1:3] == (
        "shuts out everybody with a user grant on the 9 projects of organization Acme (42), and the organizations that have a "
        "grant of them; how many could not be read: that takes more than 5 calls",
        "takes no role of the 9 projects of organization Acme (42) out of any token: to do that, deactivate the user grants",
    )
    assert described(organization(True), users=3, why_not="it broke off") == (
        "removes organization Acme and all its projects, users and grants (42; how many could not be read: it broke off)",
    )


def test_an_organization_is_named_as_people_know_it() -> None:
    before, after = {"name": "Acme", "active": True}, {"name": "Holding", "active": False}
    first, *_ = described(Planned(ORGANIZATION, "42", before, after), projects=0, **{DOMAIN_IN_LOGIN_NAMES: 0})
    assert "organization Acme (42)" in first


def test_sentences_about_a_grant() -> None:
    names = {"user_id": "ann", "project_id": "Portal"}
    assert described(grant(None, granted("viewer", "admin")), names=names) == (
        "gives the roles admin, viewer of Portal to ann (a new user grant)",
    )
    assert described(grant(granted("viewer"), granted("admin")), names=names) == (
        "takes the role viewer of Portal from ann (user grant 7)",
        "gives the role admin of Portal to ann (user grant 7)",
    )
    assert described(grant(granted("viewer"), None), names=names) == (
        "takes the role viewer of Portal from ann (removes user grant 7)",
    )
    assert described(grant(granted("viewer"), granted("viewer", active=False)), names=names) == (
        "takes the role viewer of Portal from ann (deactivates user grant 7)",
    )
    assert described(grant(granted("viewer", deletion_policy="deactivate"), None), names=names) == (
        "takes the role viewer of Portal from ann (deactivates user grant 7)",
    )
    assert described(grant(granted("viewer", active=False), granted("viewer")), names=names) == (
        "gives the role viewer of Portal to ann (reactivates user grant 7)",
    )
    assert described(grant(granted("viewer", active=False), None), names=names) == (
        "removes user grant 7 of ann in Portal, which gives no roles",
    )


CHECKED, UNCHECKED = {ROLE_CHECK: 1}, {ROLE_CHECK: 0}
UNLESS = "unless another active user grant on it lets the user in"


@pytest.mark.parametrize("roles", [(), ("viewer",)])
def test_an_active_user_grant_lets_its_user_in_where_the_project_checks_roles(roles: tuple[str, ...]) -> None:
    """access.md, "project_role_check switched on": an active user grant lets in, also one without roles."""
    names = {"user_id": "ann", "project_id": "Portal"}
    shut = f"shuts ann out of the login to the applications of Portal, which has project_role_check, {UNLESS}"
    for after, how in ((granted(*roles, active=False), "deactivates"), (None, "removes")):
        planned = grant(granted(*roles), after)
        assert described(planned, names=names, **CHECKED)[-1] == f"{shut} ({how} user grant 7)"
        assert not any("log" in each for each in described(planned, names=names, **UNCHECKED))
    takes = ("takes the role viewer of Portal from ann (removes user grant 7)",) if roles else ()
    assert described(grant(granted(*roles), None), names=names, **CHECKED)[:-1] == takes


def test_a_user_grant_without_roles_has_a_sentence_where_it_lets_its_user_in() -> None:
    names = {"user_id": "ann", "project_id": "Portal"}
    lets = "lets ann log in to the applications of Portal, which has project_role_check"
    assert described(grant(None, granted()), names=names, **CHECKED) == (f"{lets} (a new user grant)",)
    reactivated = grant(granted(active=False), granted())
    assert described(reactivated, names=names, **CHECKED) == (f"{lets} (reactivates user grant 7)",)
    assert described(grant(None, granted()), names=names, **UNCHECKED) == ()
    assert described(reactivated, names=names, **UNCHECKED) == ()
    assert described(grant(None, granted()), why_not="the server did not answer", names=names) == (
        "lets ann log in to the applications of Portal if it has project_role_check (a new user grant; that could not be read: "
        "the server did not answer)",
    )
    assert described(grant(granted(), None), names=names) == (
        "removes user grant 7 of ann in Portal, which gives no roles; shuts ann out of the login to the applications of Portal "
        "if it has project_role_check",
    )


def test_an_adopted_phantom_gives_no_roles() -> None:
    planned = replace(grant(granted("viewer"), granted("viewer")), is_phantom=True)
    assert described(planned, names={"user_id": "ann", "project_id": "Portal"}) == (
        "adopts user grant 7 of ann in Portal, which is a phantom: reads and lists of this server do not show it, and it gives "
        "ann no roles. To heal it, recreate it after the update (`pulumi up --replace` its URN)",
    )


def test_what_is_not_known_yet_is_said_to_be_so() -> None:
    assert described(grant(None, granted("viewer", user_id=UNKNOWN, project_id=UNKNOWN))) == (
        "gives the role viewer of a project that is not known yet to a user that is not known yet (a new user grant)",
    )
    assert described(grant(None, granted() | {"role_keys": UNKNOWN})) == (
        "Possible (known only during the update): "
        "gives roles that are not known yet of project 3 to user 2 (a new user grant)",
    )
    assert described(
        RESOURCE_TYPES[USER_GRANT].unresolved(grant(None, granted("viewer"))),
        names={"user_id": "ann", "project_id": "P"},
    ) == (
        "Unless the object already matches: takes all other roles of P from ann (an adopted or a new user grant)",
        "Unless the object already matches: gives the role viewer of P to ann (an adopted or a new user grant)",
    )
    for before, after in ((["viewer"], UNKNOWN), (UNKNOWN, UNKNOWN)):
        assert described(grant(granted() | {"role_keys": before}, granted() | {"role_keys": after})) == (
            "Possible (known only during the update): replaces the roles of project 3 that user 2 has by roles that are not known "
            "yet (user grant 7)",
        )


def test_what_is_secret_is_said_to_be_so() -> None:
    def hidden(planned: Planned, *names: str) -> tuple[str, ...]:
        counts = {"users": 1, "service_accounts": 0, "projects": 0}
        return sentences(effect_of(planned).hiding(names), Facts(counts))

    assert hidden(organization(True, False), "name") == (
        f"deactivates organization whose name is secret (42), which leaves its only user their access: {PAGES}. {CUT_OFF}",
    )
    for planned in (organization(True, False), organization(False, True)):
        assert hidden(planned, "active") == ("changes `active` of organization Acme (42) (the value is secret)",)
    assert hidden(organization(True, True), "active", "name") == ()
    assert hidden(grant(granted("viewer"), granted("admin")), "user_id", "role_keys") == (
        "takes roles that are secret of project 3 from a user that is secret (user grant 7)",
        "gives roles that are secret of project 3 to a user that is secret (user grant 7)",
    )
    assert hidden(grant(granted(active=False) | {"role_keys": SECRET, "active": True}, None), "role_keys") == (
        "Possible (it depends on a secret value): "
        "takes roles that are secret of project 3 from user 2 (removes user grant 7)",
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
    assert described(organization(True), users=0, projects=0, grants=0) == (
        "removes organization Acme (42), which is empty",
    )
    assert described(organization(True), users=0, projects=2, grants=0, **{PEOPLE: 0, SERVICE_ACCOUNTS: 2})[0] == (
        "removes organization Acme and 2 projects (42)"
    )
    nobody = {"users": 0, "service_accounts": 0}
    assert described(organization(True, False), **nobody, projects=0) == (
        "deactivates organization Acme (42), which has no projects and no users",
    )
    shown = described(
        organization(True, False), **nobody, projects=1, **{PEOPLE: 0, SERVICE_ACCOUNTS: 0, ORGANIZATIONS: 0}
    )
    assert "shuts out nobody with an active user grant on the project of organization Acme (42)" in shown
    assert not any(each.startswith("leaves") for each in shown), "nobody is there to keep access"
    assert described(renamed(), users=0, **{DOMAIN_IN_LOGIN_NAMES: 1}) == ()


@pytest.mark.parametrize(
    ("people", "accounts", "who"),
    [
        (0, 0, "nobody has an active user grant on it"),
        (0, 1, "1 service account with an active user grant on it would lose their roles"),
        (1, 0, "1 person with an active user grant on it would lose their roles"),
    ],
)
def test_who_loses_roles_with_the_only_project_of_an_organization(people: int, accounts: int, who: str) -> None:
    counts = {"users": 0, "projects": 1, "grants": 0, PEOPLE: people, SERVICE_ACCOUNTS: accounts}
    assert described(organization(True), **counts)[1].endswith(f"for the users of all organizations: {who}")

"""What a planned change would do to people: a pure function, and sentences that state no more than is known."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.impact import SECRET, UNKNOWN, Act, Effect, Facts, Planned
from pulumi_zorg.resource_registry import RESOURCE_TYPES
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


def test_sentences_about_an_organization() -> None:
    counted = {"users": 45, "service_accounts": 3, "projects": 3, "grants": 17}
    assert described(organization(True, False), **counted) == (
        "deactivates organization Acme (42): its 42 users cannot log in on ZITADEL's pages; 3 service accounts keep working",
    )
    assert described(organization(True), **counted) == (
        "removes organization Acme and 3 projects, 45 users, 17 grants (42)",
    )
    assert described(organization(True), users=1, projects=1, grants=1) == (
        "removes organization Acme and 1 project, 1 user, 1 grant (42)",
    )
    assert described(organization(False, True), users=3, service_accounts=2) == (
        "reactivates organization Acme (42): its 1 user can log in again",
    )
    assert described(organization(True, UNKNOWN), users=1, service_accounts=0) == (
        "may be so, and is known only when it runs: "
        "deactivates organization Acme (42): its 1 user cannot log in on ZITADEL's pages",
    )


@pytest.mark.parametrize(
    ("users", "service_accounts", "what"),
    [
        (2, 0, "its 2 users cannot log in on ZITADEL's pages"),
        (2, 1, "its 1 user cannot log in on ZITADEL's pages; 1 service account keeps working"),
        (2, 2, "its 0 users cannot log in on ZITADEL's pages; 2 service accounts keep working"),
        (0, 1, "its 0 users cannot log in on ZITADEL's pages; 1 service account keeps working"),
    ],
)
def test_a_deactivation_distinguishes_people_from_service_accounts(
    users: int, service_accounts: int, what: str
) -> None:
    """The two are counted one after the other, and the service account may be the newer one."""
    (sentence,) = described(organization(True, False), users=users, service_accounts=service_accounts)
    assert sentence == f"deactivates organization Acme (42): {what}"


def test_what_could_not_be_counted_is_said_to_be_so() -> None:
    assert described(organization(True, False), why_not="the server did not answer") == (
        "deactivates organization Acme (42; how many could not be read: the server did not answer): "
        "its users cannot log in on ZITADEL's pages; service accounts keep working",
    )
    assert described(organization(True), users=3, why_not="it broke off") == (
        "removes organization Acme and all its projects, users and grants (42; how many could not be read: it broke off)",
    )


def test_an_organization_is_named_as_people_know_it() -> None:
    before, after = {"name": "Acme", "active": True}, {"name": "Holding", "active": False}
    (sentence,) = sentences(effect_of(Planned(ORGANIZATION, "42", before, after)))
    assert "organization Acme (42)" in sentence


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


def test_what_is_not_known_yet_is_said_to_be_so() -> None:
    assert described(grant(None, granted("viewer", user_id=UNKNOWN, project_id=UNKNOWN))) == (
        "gives the role viewer of a project that is not known yet to a user that is not known yet (a new user grant)",
    )
    assert described(grant(None, granted() | {"role_keys": UNKNOWN})) == (
        "may be so, and is known only when it runs: "
        "gives roles that are not known yet of project 3 to user 2 (a new user grant)",
    )
    assert described(
        RESOURCE_TYPES[USER_GRANT].unresolved(grant(None, granted("viewer"))),
        names={"user_id": "ann", "project_id": "P"},
    ) == (
        "may be so, unless it exists as declared: gives the role viewer of P to ann (an adopted or a new user grant)",
    )


def test_what_is_secret_is_said_to_be_so() -> None:
    def hidden(planned: Planned, *names: str) -> tuple[str, ...]:
        return sentences(effect_of(planned).hiding(names), Facts({"users": 1, "service_accounts": 0}))

    assert hidden(organization(True, False), "name") == (
        "deactivates organization whose name is secret (42): its 1 user cannot log in on ZITADEL's pages",
    )
    for planned in (organization(True, False), organization(False, True)):
        assert hidden(planned, "active") == (
            "deactivates or reactivates organization Acme (42): which of them is secret",
        )
    assert hidden(organization(True, True), "active", "name") == ()
    assert hidden(grant(granted("viewer"), granted("admin")), "user_id", "role_keys") == (
        "takes roles that are secret of project 3 from a user that is secret (user grant 7)",
        "gives roles that are secret of project 3 to a user that is secret (user grant 7)",
    )
    assert hidden(grant(granted(active=False) | {"role_keys": SECRET, "active": True}, None), "role_keys") == (
        "may be so, and what it depends on is secret: "
        "takes roles that are secret of project 3 from user 2 (removes user grant 7)",
    )


@pytest.mark.parametrize(
    "planned",
    [
        grant(None, granted()),
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

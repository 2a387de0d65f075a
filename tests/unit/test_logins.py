"""Who can log in to the applications of a project: the rules of access.md against one person at a time."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.api.access import FoundGrant, Login
from pulumi_zorg.resource_types.logins import Logins, users_losing

ORGANIZATIONS = ("owner", "customer", "third")
#: Each person by the organization that it lives in.
PEOPLE = {"o": "owner", "o2": "owner", "c": "customer", "c2": "customer", "x": "third"}

logins = st.builds(Login, st.just("owner"), st.booleans(), st.booleans(), st.booleans())
grants = st.lists(
    st.builds(
        lambda user, active: FoundGrant(user, PEOPLE[user], active), st.sampled_from(sorted(PEOPLE)), st.booleans()
    )
)
granted = st.frozensets(st.sampled_from(ORGANIZATIONS[1:]))


def may_log_in(person: str, login: Login, found: list[FoundGrant], inside: frozenset[str]) -> bool:
    """What the table of access.md says about one person."""
    has_grant = any(each.user_id == person and each.active for each in found)
    return (
        login.active
        and (has_grant or not login.role_check)
        and (PEOPLE[person] in inside | {"owner"} or not login.project_check)
    )


def read(login: Login, found: list[FoundGrant], inside: frozenset[str], *, members: bool) -> Logins:
    people = {org_id: frozenset(each for each in PEOPLE if PEOPLE[each] == org_id) for org_id in ORGANIZATIONS}
    those = frozenset(each.user_id for each in found)
    return Logins(login, tuple(found), those, inside, people if members else {})


@given(before=logins, after=logins, found=grants, inside=granted, members=st.booleans())
def test_who_loses_the_login_is_right_wherever_it_is_known(
    before: Login, after: Login, found: list[FoundGrant], inside: frozenset[str], members: bool
) -> None:
    losing = read(before, found, inside, members=members).losing(before, after)
    expected = {
        each
        for each in PEOPLE
        if may_log_in(each, before, found, inside) and not may_log_in(each, after, found, inside)
    }
    if losing is not None:
        assert losing == expected
    else:
        assert before.active
        assert not before.role_check, "everybody whom the settings let in has a user grant, and all of these were read"
        assert not (before.project_check and members), "the people of the organizations were read"


@given(before=logins, found=grants, inside=granted)
def test_nothing_is_known_where_the_user_grants_were_not_read(
    before: Login, found: list[FoundGrant], inside: frozenset[str]
) -> None:
    unread = replace(read(before, found, inside, members=True), grants=None)
    assert users_losing(unread) is None
    if before.active and before.role_check:
        assert unread.losing(before, replace(before, active=False)) is None

"""What a planned change of a user means, in sentences and in the model of access: pure functions."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_zorg.access.compare import compare
from pulumi_zorg.access.instance import Instance, Kind, Organization, Project, User, UserGrant, UserState
from pulumi_zorg.resource_types.impact import SECRET, UNKNOWN, Act, Effect, Planned
from pulumi_zorg.resource_types.registry import ACCESS, RESOURCE_TYPES
from tests.support.types import HUMAN_USER, MACHINE_USER

BOTH = pytest.mark.parametrize("token", [HUMAN_USER, MACHINE_USER])
ANN: dict[str, Any] = {"org_id": "1", "user_name": "ann", "display_name": "Ann", "name": "Ann", "active": True}


def effect_of(token: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> Effect:
    return RESOURCE_TYPES[token].impact.effect(Planned(token, None if before is None else "7", before, after))


def sentences(token: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> tuple[str, ...]:
    return RESOURCE_TYPES[token].impact.sentences(effect_of(token, before, after))


def test_what_a_deactivation_stops_and_what_a_reactivation_brings_back() -> None:
    off = {**ANN, "active": False}
    assert sentences(HUMAN_USER, ANN, off) == (
        "deactivates human user ann (7): every login, refresh, access token and personal access token stops at once",
    )
    (back,) = sentences(HUMAN_USER, off, ANN)
    assert "work again without a password" in back
    assert "access tokens of before never do" in back
    (back,) = sentences(MACHINE_USER, off, ANN)
    assert "personal access tokens of before never work again" in back


def test_the_deletion_policy_decides_what_a_deletion_says() -> None:
    assert sentences(HUMAN_USER, {**ANN, "deletion_policy": "deactivate"}, None)[0].startswith("deactivates human user")
    (removed,) = sentences(MACHINE_USER, {**ANN, "deletion_policy": "remove"}, None)
    assert removed.startswith("removes machine user ann (7) for good, with its user grants")


@BOTH
def test_a_locked_user_that_is_declared_active_stays_locked(token: str) -> None:
    locked = {**ANN, "state": "USER_STATE_LOCKED"}
    (said,) = sentences(token, locked, {**ANN, "user_name": "ann2"})
    assert said.endswith("(7) locked: no update unlocks it")
    assert sentences(token, locked, {**ANN, "active": False})[0].startswith("deactivates")


@BOTH
def test_names_and_new_users_have_no_sentence(token: str) -> None:
    assert sentences(token, ANN, {**ANN, "user_name": "ann2"}) == ()
    assert sentences(token, None, ANN) == ()


# The model of access


def instance(state: UserState = UserState.ACTIVE, kind: Kind = Kind.PERSON) -> Instance:
    return Instance(
        organizations={"1": Organization("1")},
        users={"7": User("7", "1", "ann", "Ann", kind, state)},
        projects={"3": Project("3", "1")},
        user_grants={"9": UserGrant("9", "1", "7", "3", ("viewer",))},
    )


def changed(token: str, before: Instance, was: dict[str, Any] | None, then: dict[str, Any] | None) -> Instance:
    model, effect = ACCESS[token], effect_of(token, was, then)
    return model.applied(model.known(before, "7", effect), "7", effect)


@BOTH
def test_a_deactivated_or_removed_user_loses_access_and_a_reactivated_one_gains_it(token: str) -> None:
    kind = Kind.PERSON if token == HUMAN_USER else Kind.SERVICE_ACCOUNT
    before, off = instance(kind=kind), {**ANN, "active": False}
    after = changed(token, before, ANN, off)
    assert compare(before, after).losing == {"7"}
    assert compare(after, changed(token, after, off, ANN)).gaining == {"7"}
    removed = changed(token, before, {**ANN, "deletion_policy": "remove"}, None)
    assert "7" not in removed.users
    assert "9" not in removed.user_grants
    assert compare(before, removed).losing == {"7"}


@BOTH
def test_a_locked_user_loses_nothing_by_a_deactivation(token: str) -> None:
    before = instance(UserState.LOCKED)
    assert compare(before, changed(token, before, ANN, {**ANN, "active": False})).losing == frozenset()


@BOTH
def test_a_new_user_gains_access(token: str) -> None:
    model, effect = ACCESS[token], effect_of(token, None, ANN)
    before = instance()
    assert compare(before, model.applied(before, "urn", effect)).gaining == {"urn"}


@BOTH
def test_a_flag_that_is_not_known_counts_as_both(token: str) -> None:
    before = instance()
    after = changed(token, before, ANN, {**ANN, "active": UNKNOWN})
    assert after.users["7"].state is None
    assert compare(before, after).losing == {"7"}


@BOTH
def test_a_secret_name_is_in_no_report(token: str) -> None:
    effect = effect_of(token, {**ANN, "user_name": SECRET}, {**ANN, "active": False})
    found = ACCESS[token].known(instance(), "7", effect).users["7"]
    assert (found.login, found.name) == ("", "")


def test_a_change_of_what_one_user_has_is_complete_where_that_user_is_counted() -> None:
    effect, model = effect_of(HUMAN_USER, ANN, {**ANN, "active": False}), ACCESS[HUMAN_USER]
    assert effect.act is Act.DEACTIVATES
    partial = Instance(unlisted={"user_grants": "not all are shown"})
    assert model.why_incomplete(partial, effect, {"7"}) is None
    assert model.why_incomplete(partial, effect, set()) == "not all are shown"

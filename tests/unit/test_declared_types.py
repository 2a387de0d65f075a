"""What follows from a declaration, shown with a type that this release does not have."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

import pytest

from pulumi_zorg.api.records import Details, ObjectRecord, states_of
from pulumi_zorg.errors import UnexpectedAnswer
from pulumi_zorg.resource_types.inputs import ID, Inputs
from pulumi_zorg.resource_types.lifecycle import (
    Action,
    DeletionPolicy,
    Snapshot,
    Step,
    changed_only,
    steps,
    steps_to_delete,
)
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES, in_order_of_references, referred_types
from pulumi_zorg.resource_types.resource_type import ResourceType


class UserRecord(ObjectRecord):
    noun = "user"
    states = states_of("USER_STATE", "LOCKED", "INITIAL")
    shown = ("org_id",)


@dataclass(frozen=True, kw_only=True)
class UserInputs(Inputs):
    unique_by: ClassVar[tuple[str, ...]] = ("org_id",)

    org_id: str = field(metadata=ID)


class UserType(ResourceType[UserInputs]):
    inputs = UserInputs
    token, noun, reference = "zorg:User", "user", "user_id"
    address = ("org_id",)


def user(state: str) -> UserRecord:
    return UserRecord(id="7", details=Details(resource_owner="1"), state=f"USER_STATE_{state}")


@pytest.mark.parametrize(("state", "active"), [("ACTIVE", True), ("INACTIVE", False), ("LOCKED", None)])
def test_a_state_says_whether_an_object_is_active(state: str, active: bool | None) -> None:
    assert user(state).active is active
    properties = user(state).properties()
    assert properties.get("active") is active
    assert ("active" in properties) is (active is not None), "what is not known is not compared with the state"


def test_an_unknown_state_is_an_error() -> None:
    with pytest.raises(UnexpectedAnswer, match="USER_STATE_SUSPENDED"):
        user("SUSPENDED").properties()


def test_an_object_that_is_neither_active_nor_inactive_is_deactivated_and_not_reactivated() -> None:
    locked, deactivate = Snapshot(None, {}), (Step(Action.DEACTIVATE),)
    assert UserType().snapshot(user("LOCKED").properties()) == locked
    assert steps(Snapshot(True, {}), locked) == ()
    assert steps(Snapshot(False, {}), locked) == deactivate
    unchanged = changed_only({"active": True}, Snapshot(True, {}), locked)
    assert steps(unchanged, locked) == ()
    assert steps_to_delete(DeletionPolicy.DEACTIVATE, locked) == deactivate


def test_a_refresh_is_no_get_where_all_required_inputs_are_in_the_address() -> None:
    assert UserType().is_get({"org_id": "1"})
    assert not UserType().is_get({"org_id": "1", "active": True, "adopt": False, "deletion_policy": "remove"})


def test_each_type_comes_after_those_that_it_refers_to() -> None:
    before: set[str] = set()
    for token, each in in_order_of_references():
        assert {other for name in each.inputs.names() for other in referred_types(name)} <= {*before, token}
        before.add(token)
    assert before == set(RESOURCE_TYPES)

"""What a program may declare about machine users and human users: each rule, in a message that names the property."""

from __future__ import annotations

from typing import Any

import pytest
from pulumi.output import Unknown

import pulumi_zorg as zorg
from pulumi_zorg.resource_types.human_user.inputs import HumanUserInputs
from pulumi_zorg.resource_types.inputs import Inputs, check_inputs
from pulumi_zorg.resource_types.machine_user.inputs import MachineUserInputs

MACHINE: dict[str, Any] = {"org_id": "1", "user_name": "bot", "name": "Robot"}
HUMAN: dict[str, Any] = {
    "org_id": "1", "user_name": "ann", "given_name": "Ann", "family_name": "Berg", "email": "ann@example.com",
}  # fmt: skip


def _problems(model: type[Inputs], given: dict[str, Any]) -> dict[str, str]:
    found = check_inputs(model, given, lambda value: isinstance(value, Unknown))[1]
    return {problem.property: problem.reason for problem in found}


def human(**given: Any) -> dict[str, str]:
    return _problems(HumanUserInputs, {**HUMAN, **given})


# The form of the inputs in the state. A change here shows a change in every stack that exists.


def test_users_are_in_the_state_without_what_the_program_leaves_out() -> None:
    common = {"active": True, "adopt": False}
    assert check_inputs(MachineUserInputs, MACHINE) == ({**common, "deletion_policy": "remove", **MACHINE}, [])
    assert check_inputs(HumanUserInputs, HUMAN) == ({**common, "deletion_policy": "deactivate", **HUMAN}, [])


@pytest.mark.parametrize(("given", "kept"), [(True, True), (False, None), (None, None)])
def test_an_address_that_the_person_verifies_is_not_managed(given: bool | None, kept: bool | None) -> None:
    checked, problems = check_inputs(HumanUserInputs, {**HUMAN, "email_verified": given})
    assert (checked.get("email_verified"), problems) == (kept, [])


@pytest.mark.parametrize("given", ["+41791234567", "+41 79 123 45 67", "+41-79-123.45.67", "+41 (79) 123/45/67"])
def test_a_phone_number_is_in_the_state_as_the_server_has_it(given: str) -> None:
    assert check_inputs(HumanUserInputs, {**HUMAN, "phone": given})[0]["phone"] == "+41791234567"


@pytest.mark.parametrize("given", ["0791234567", "", "+1", "+41 (0)79 123 45 67", "+41 79 CALL ME", "+0791234567", 41])
def test_a_phone_number_in_another_form_is_refused(given: Any) -> None:
    assert set(human(phone=given)) == {"phone"}


@pytest.mark.parametrize(
    ("given", "kept"), [("de", "de"), ("DE-ch", "de-CH"), ("zh-hant-tw", "zh-Hant-TW"), ("es-419", "es-419")]
)
def test_a_language_is_in_the_state_as_the_server_has_it(given: str, kept: str) -> None:
    assert check_inputs(HumanUserInputs, {**HUMAN, "preferred_language": given})[0]["preferred_language"] == kept


@pytest.mark.parametrize("given", ["xx", "German", "d", "", "de_CH", "de-", 1])
def test_a_language_that_the_server_does_not_store_is_refused(given: Any) -> None:
    assert set(human(preferred_language=given)) == {"preferred_language"}


@pytest.mark.parametrize("given", ["nobody", "@example.com", "ann@", "a b@example.com", "ann@example.com ", "", 1])
def test_an_email_address_must_be_one(given: Any) -> None:
    assert set(human(email=given)) == {"email"}


@pytest.mark.parametrize("name", ["given_name", "family_name", "nick_name", "display_name", "user_name"])
@pytest.mark.parametrize("given", ["", " ", "Ann ", "a" * 201])
def test_a_name_is_neither_blank_nor_too_long(name: str, given: str) -> None:
    assert set(human(**{name: given})) == {name}


def test_an_unknown_gender_or_kind_of_token_is_refused() -> None:
    assert "GENDER_DIVERSE" in human(gender="GENDER_X")["gender"]
    assert "ACCESS_TOKEN_TYPE_JWT" in _problems(MachineUserInputs, {**MACHINE, "access_token_type": "JWT"})[
        "access_token_type"
    ]  # fmt: skip


def test_a_description_may_be_empty_and_not_too_long() -> None:
    assert _problems(MachineUserInputs, {**MACHINE, "description": ""}) == {}
    assert set(_problems(MachineUserInputs, {**MACHINE, "description": "a" * 501})) == {"description"}


@pytest.mark.parametrize("name", ["given_name", "family_name", "email"])
def test_a_new_person_needs_names_and_an_address_and_an_adopted_one_does_not(name: str) -> None:
    assert human(**{name: None}) == {name: "is missing: only with adopt=True it may be left out"}
    assert human(**{name: None, "adopt": True}) == {}
    assert human(**{name: None, "adopt": Unknown()}) == {}, "it may be known later"


def test_the_constructor_refuses_it_too() -> None:
    with pytest.raises(zorg.InputError, match="HumanUser 'ann': family_name is missing: only with adopt=True"):
        zorg.HumanUser("ann", org_id="1", user_name="ann", given_name="Ann", email="ann@example.com")
    with pytest.raises(zorg.InputError, match="MachineUser 'bot': description must be a string"):
        zorg.MachineUser("bot", org_id="1", user_name="bot", name="Robot", description=1)  # type: ignore[call-overload]

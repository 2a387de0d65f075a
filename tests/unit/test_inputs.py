"""What a program may declare: each rule, in a message that names the property, and one form of the inputs for the state."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi.output import Unknown

from pulumi_zorg.resource_types.inputs import Inputs, check_inputs
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.resource_types.project.inputs import LABELING, ProjectInputs
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs
from pulumi_zorg.resource_types.user_grant.inputs import UserGrantInputs

ORG: dict[str, Any] = {"name": "Acme"}
GRANT: dict[str, Any] = {"org_id": "1", "user_id": "2", "project_id": "3", "role_keys": ["viewer"]}


def unknown(value: Any) -> bool:
    return isinstance(value, Unknown)


def problems_of(model: type[Inputs], **given: Any) -> dict[str, str]:
    """What is wrong, by property."""
    return {problem.property: problem.reason for problem in check_inputs(model, given, unknown)[1]}


def organization(**given: Any) -> dict[str, str]:
    return problems_of(OrganizationInputs, **{**ORG, **given})


def user_grant(**given: Any) -> dict[str, str]:
    return problems_of(UserGrantInputs, **{**GRANT, **given})


# The form in which inputs stand in the state. A change here shows a change in every stack that exists.


def test_the_state_has_the_defaults_of_an_organization() -> None:
    assert check_inputs(OrganizationInputs, ORG) == (
        {"name": "Acme", "active": True, "adopt": False, "deletion_policy": "remove", "allow_lockout": False},
        [],
    )


def test_the_state_has_the_defaults_of_a_user_grant() -> None:
    assert check_inputs(UserGrantInputs, {"org_id": "1", "user_id": "2", "project_id": "3"}) == (
        {
            "org_id": "1",
            "user_id": "2",
            "project_id": "3",
            "role_keys": [],
            "active": True,
            "adopt": False,
            "deletion_policy": "remove",
        },
        [],
    )


def test_what_identifies_a_grant_replaces_it_and_nothing_of_an_organization_does() -> None:
    assert UserGrantInputs.replaces == ("org_id", "user_id", "project_id", "project_grant_id")
    assert OrganizationInputs.replaces == ()


def test_what_is_no_input_is_passed_over() -> None:
    checked, problems = check_inputs(OrganizationInputs, {**ORG, "state": "ORG_STATE_ACTIVE", "__provider": "…"})
    assert problems == []
    assert set(checked) == {*OrganizationInputs.names()} - {"admins", "cascade", "custom_id"}


def test_none_is_not_given() -> None:
    assert check_inputs(UserGrantInputs, {**GRANT, "active": None, "project_grant_id": None}) == check_inputs(
        UserGrantInputs, GRANT
    )


# Each rule.


@pytest.mark.parametrize("name", ["A", "Ümläut & Söhne", 'O\'Neill "x"', "a  b", "名前", "a" * 200])
def test_names_that_zitadel_takes(name: str) -> None:
    assert organization(name=name) == {}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "must not be blank"),
        (" \t ", "must not be blank"),
        (" Acme", "white space"),
        ("Acme\n", "white space"),
        ("a" * 201, "at most 200 characters, not 201"),
        (7, "must be a string"),
        (True, "must be a string"),
        (["Acme"], "must be a string"),
    ],
)
def test_names_that_it_would_refuse_or_change(name: Any, reason: str) -> None:
    problems = organization(name=name)
    assert list(problems) == ["name"]
    assert reason in problems["name"]


def test_a_missing_name_is_an_error() -> None:
    assert problems_of(OrganizationInputs) == {"name": "is missing"}
    assert problems_of(OrganizationInputs, name=None) == {"name": "is missing"}


@pytest.mark.parametrize("property", ["org_id", "user_id", "project_id", "project_grant_id"])
@pytest.mark.parametrize(
    "id", ["", " ", "1 2", "1/2", "1\\2", "1?2", "1#2", "..", ".", "1\n", "١٢٣", "a\u202eb", "1" * 201]
)
def test_ids_that_would_make_another_path(property: str, id: str) -> None:
    assert list(user_grant(**{property: id})) == [property]


@pytest.mark.parametrize("property", ["org_id", "user_id", "project_id", "project_grant_id"])
def test_ids_are_text(property: str) -> None:
    problems = user_grant(**{property: 300123456789012345})
    assert list(problems) == [property]
    assert problems[property].startswith("must be a string")


@pytest.mark.parametrize("id", ["300123456789012345", "tenant-42", "a_b.c~d", "x" * 200])
def test_ids_of_zitadel_and_of_ones_own_choosing(id: str) -> None:
    assert user_grant(org_id=id, user_id=id, project_id=id, project_grant_id=id) == {}


def test_every_id_but_that_of_the_project_grant_is_needed() -> None:
    assert problems_of(UserGrantInputs) == dict.fromkeys(("org_id", "user_id", "project_id"), "is missing")


@pytest.mark.parametrize("property", ["active", "adopt"])
@pytest.mark.parametrize("value", ["true", "false", 1, 0, 1.0, [], "yes"])
def test_flags_are_true_or_false_and_nothing_like_it(property: str, value: Any) -> None:
    for problems in (organization(**{property: value}), user_grant(**{property: value})):
        assert list(problems) == [property]
        assert problems[property].startswith("must be True or False, not ")


def test_allowing_a_lockout_is_a_flag_of_organizations() -> None:
    assert organization(allow_lockout="true")["allow_lockout"].startswith("must be True or False, not a string")


@pytest.mark.parametrize("policy", ["remove", "deactivate", "retain"])
def test_deletion_policies(policy: str) -> None:
    checked, problems = check_inputs(OrganizationInputs, {**ORG, "deletion_policy": policy})
    assert (checked["deletion_policy"], problems) == (policy, [])


@pytest.mark.parametrize("policy", ["", "delete", "REMOVE", "Retain", 1, True, ["remove"], {"remove": 1}])
def test_no_other_deletion_policies(policy: Any) -> None:
    assert organization(deletion_policy=policy) == {"deletion_policy": 'must be "remove", "deactivate" or "retain"'}


@pytest.mark.parametrize("role_keys", ["viewer", b"viewer", {"viewer": 1}, 7, True])
def test_role_keys_are_a_list(role_keys: Any) -> None:
    problems = user_grant(role_keys=role_keys)
    assert list(problems) == ["role_keys"]
    assert problems["role_keys"].startswith('must be a list of strings, like ["viewer"], not ')


@pytest.mark.parametrize(
    ("key", "reason"),
    [
        (7, "has a role key that is a number: it must be a string"),
        ("", "has an empty role key"),
        ("  ", "has an empty role key"),
        (" viewer", "has the role key ' viewer', which begins or ends with white space: remove that"),
        ("viewer\n", "has the role key 'viewer\\n', which begins or ends with white space: remove that"),
    ],
)
def test_role_keys_are_texts_without_white_space_around_them(key: Any, reason: str) -> None:
    """The server keeps the space, and nobody sees it."""
    assert user_grant(role_keys=["viewer", key]) == {"role_keys": reason}


def test_all_that_is_wrong_is_reported_at_once() -> None:
    assert list(user_grant(user_id="", project_id=None, role_keys="viewer", active="no")) == [
        "active",
        "user_id",
        "project_id",
        "role_keys",
    ]


def test_an_email_address_as_the_id_of_a_user_is_doubted_and_is_one_in_the_state() -> None:
    """The v2 API takes any text as the id of a new user, so a grant of such a user exists, is refreshed and is removed."""
    assert user_grant(user_id="ann@acme.example") == {}
    assert [each.property for each in UserGrantInputs.doubts({**GRANT, "user_id": "ann@acme.example"})] == ["user_id"]
    for user_id in ("300123456789012345", "ann", Unknown(), None):
        assert UserGrantInputs.doubts({**GRANT, "user_id": user_id}) == []


# What another resource gives later.


@pytest.mark.parametrize("property", ["org_id", "role_keys", "active", "deletion_policy"])
def test_what_is_not_known_yet_passes_and_the_rest_is_checked(property: str) -> None:
    later = Unknown()
    checked, problems = check_inputs(UserGrantInputs, {**GRANT, property: later, "user_id": "1/2"}, unknown)
    assert checked[property] is later
    assert [problem.property for problem in problems] == ["user_id"]


def test_a_list_with_one_item_that_is_not_known_yet_passes_as_it_is() -> None:
    role_keys = ["viewer", Unknown(), "admin"]
    checked, problems = check_inputs(UserGrantInputs, {**GRANT, "role_keys": role_keys}, unknown)
    assert checked["role_keys"] is role_keys
    assert problems == []


# For all inputs there are.

junk: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.builds(Unknown)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)
ids = st.text("0123456789abcXYZ-_.~", min_size=1, max_size=200).filter(lambda drawn: drawn not in (".", ".."))
keys = st.text(min_size=1, max_size=10).filter(lambda key: bool(key) and key == key.strip())
common = {
    "active": st.booleans(),
    "adopt": st.booleans(),
    "deletion_policy": st.sampled_from(["remove", "deactivate", "retain"]),
}
organizations = st.fixed_dictionaries(
    {"name": st.text(min_size=1, max_size=200).map(str.strip).filter(bool)},
    optional={**common, "allow_lockout": st.booleans(), "cascade": st.sampled_from(["none", "user_grants", "users"])},
)
user_grants = st.fixed_dictionaries(
    {"org_id": ids, "user_id": ids, "project_id": ids},
    optional={**common, "project_grant_id": ids, "role_keys": st.lists(keys)},
)
names = st.text(min_size=1, max_size=200).map(str.strip).filter(bool)
printable = keys.filter(str.isprintable)
projects = st.fixed_dictionaries(
    {"org_id": ids, "name": names},
    optional={
        **common,
        "roles": st.dictionaries(
            printable,
            st.one_of(keys, st.fixed_dictionaries({"display_name": keys}, optional={"group": st.text(max_size=5)})),
        ).filter(lambda roles: len({key.lower() for key in roles}) == len(roles)),
        **dict.fromkeys(("project_role_assertion", "project_role_check", "has_project_check"), st.booleans()),
        "private_labeling_setting": st.sampled_from(LABELING),
    },
)
project_grants = st.fixed_dictionaries(
    {"org_id": ids, "project_id": ids, "granted_org_id": ids}, optional={**common, "role_keys": st.lists(keys)}
)
either = st.one_of(
    st.tuples(st.just(OrganizationInputs), organizations),
    st.tuples(st.just(ProjectInputs), projects),
    st.tuples(st.just(ProjectGrantInputs), project_grants),
    st.tuples(st.just(UserGrantInputs), user_grants),
)


@given(either)
def test_normal_inputs_are_normal_already(case: tuple[type[Inputs], dict[str, Any]]) -> None:
    model, given = case
    once, problems = check_inputs(model, given)
    assert problems == []
    assert check_inputs(model, once) == (once, [])


@given(either)
def test_the_two_ways_into_the_state_agree(case: tuple[type[Inputs], dict[str, Any]]) -> None:
    """``check`` writes what was checked property by property, a hook after that what the model dumps."""
    model, given = case
    assert check_inputs(model, given)[0] == model.of(check_inputs(model, given)[0]).dump()


@given(keys=st.lists(keys), shuffled=st.randoms())
def test_role_keys_are_a_set(keys: list[str], shuffled: Any) -> None:
    other = [*keys, *keys[:2]]
    shuffled.shuffle(other)
    one, two = (check_inputs(UserGrantInputs, {**GRANT, "role_keys": each})[0]["role_keys"] for each in (keys, other))
    assert one == two
    assert set(one) == set(keys)
    assert len(one) == len(set(one))


@given(st.sampled_from([OrganizationInputs, ProjectInputs, ProjectGrantInputs, UserGrantInputs]), st.data())
def test_whatever_is_given_is_either_normal_or_named_as_wrong(model: type[Inputs], data: st.DataObject) -> None:
    given = data.draw(st.fixed_dictionaries({}, optional=dict.fromkeys(model.names(), junk)))
    checked, problems = check_inputs(model, given, unknown)
    for problem in problems:
        assert problem.property in model.names()
        assert problem.property not in checked
        assert problem.reason
    again, later = check_inputs(model, checked, unknown)
    assert {name: again[name] for name in checked} == checked
    assert {problem.property for problem in later} <= {problem.property for problem in problems}

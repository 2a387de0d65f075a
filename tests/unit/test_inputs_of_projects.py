"""What a program may declare about projects and project grants: each rule, in a message that names the property."""

from __future__ import annotations

from typing import Any

import pulumi
import pytest
from pulumi.output import Unknown

import pulumi_zorg as zorg
from pulumi_zorg.resource_types.inputs import Inputs, check_inputs
from pulumi_zorg.resource_types.project.inputs import LABELING, ProjectInputs
from pulumi_zorg.resource_types.project_grant.inputs import ProjectGrantInputs

PROJECT: dict[str, Any] = {"org_id": "1", "name": "Shop"}
GRANT: dict[str, Any] = {"org_id": "1", "project_id": "2", "granted_org_id": "3"}
BAD_IDS = ["", " ", "1 2", "1/2", "1\\2", "1?2", "1#2", "..", ".", "1\n", "١٢٣", "a\u202eb", "1" * 201]


def _problems(model: type[Inputs], given: dict[str, Any]) -> dict[str, str]:
    found = check_inputs(model, given, lambda value: isinstance(value, Unknown))[1]
    return {problem.property: problem.reason for problem in found}


def project(**given: Any) -> dict[str, str]:
    return _problems(ProjectInputs, {**PROJECT, **given})


def project_grant(**given: Any) -> dict[str, str]:
    return _problems(ProjectGrantInputs, {**GRANT, **given})


# The form of the inputs in the state. A change here shows a change in every stack that exists.


def test_a_project_is_in_the_state_without_the_roles_and_flags_that_the_program_leaves_out() -> None:
    declared = {"org_id": "1", "name": "Shop", "active": True, "adopt": False, "deletion_policy": "remove"}
    assert check_inputs(ProjectInputs, PROJECT) == (declared, [])
    flags = {"project_role_check": False, "private_labeling_setting": "PRIVATE_LABELING_SETTING_UNSPECIFIED"}
    assert check_inputs(ProjectInputs, {**PROJECT, **flags}) == ({**declared, **flags}, []), "what is declared is kept"


def test_roles_are_in_the_state_in_one_form_and_in_the_order_of_their_keys() -> None:
    roles = {"viewer": "Viewer", "admin": {"display_name": "Admin", "group": "staff"}, "editor": {"display_name": "Ed"}}
    checked, problems = check_inputs(ProjectInputs, {**PROJECT, "roles": roles})
    assert problems == []
    assert list(checked["roles"].items()) == [
        ("admin", {"display_name": "Admin", "group": "staff"}),
        ("editor", {"display_name": "Ed", "group": ""}),
        ("viewer", {"display_name": "Viewer", "group": ""}),
    ]
    assert check_inputs(ProjectInputs, {**PROJECT, "roles": {}})[0]["roles"] == {}, "no roles are not roles left out"


def test_a_project_grant_is_in_the_state_with_its_defaults() -> None:
    assert check_inputs(ProjectGrantInputs, GRANT) == (
        {**GRANT, "role_keys": [], "active": True, "adopt": False, "deletion_policy": "remove"},
        [],
    )


def test_what_identifies_an_object_replaces_it() -> None:
    assert ProjectInputs.replaces == ("org_id",)
    assert ProjectGrantInputs.replaces == ("org_id", "project_id", "granted_org_id")


# Each rule.


@pytest.mark.parametrize(
    ("roles", "reason"),
    [
        ("viewer", "must be a dictionary of role keys and display names"),
        (["viewer"], "must be a dictionary of role keys and display names"),
        (7, "must be a dictionary of role keys and display names"),
        ({"": "Viewer"}, "has an empty role key"),
        ({"  ": "Viewer"}, "has an empty role key"),
        ({7: "Viewer"}, "has a role key that is a number: it must be a string"),
        ({"viewer ": "Viewer"}, "'viewer ', which begins or ends with white space"),
        ({"k" * 201: "Viewer"}, "has a role key of 201 characters: it must have at most 200"),
        ({"Admin": "Admin", "admin": "Admin"}, "'Admin' and 'admin', which differ only in upper and lower case"),
        ({"a\nb": "Viewer"}, "which has a character that cannot be printed"),
        ({"a\u202eb": "Viewer"}, "which has a character that cannot be printed"),
        ({"viewer": ""}, "must give role 'viewer' a display_name of 1 to 200 characters"),
        ({"viewer": "  "}, "must give role 'viewer' a display_name of 1 to 200 characters"),
        ({"viewer": "v" * 201}, "must give role 'viewer' a display_name of 1 to 200 characters"),
        ({"viewer": {}}, "must give role 'viewer' a display_name"),
        ({"viewer": {"group": "staff"}}, "must give role 'viewer' a display_name"),
        ({"viewer": {"display_name": 7}}, "must give role 'viewer' a display_name"),
        ({"viewer": {"display_name": "V", "group": 7}}, "must give role 'viewer' a group of at most 200 characters"),
        ({"viewer": {"display_name": "V", "group": "g" * 201}}, "must give role 'viewer' a group of at most 200"),
        ({"viewer": {"display_name": "V", "colour": "blue"}}, "must give role 'viewer' a display name, or"),
        ({"viewer": {"displayName": "V"}}, "must give role 'viewer' a display name, or"),
        ({"viewer": None}, "must give role 'viewer' a display name, or"),
        ({"viewer": ["V"]}, "must give role 'viewer' a display name, or"),
    ],
)
def test_roles_that_zitadel_would_refuse_or_could_not_change(roles: Any, reason: str) -> None:
    problems = project(roles=roles)
    assert list(problems) == ["roles"]
    assert reason in problems["roles"]


@pytest.mark.parametrize("key", ["viewer", "a/b", "a b:c", "100%", "...", "a" * 200])
def test_role_keys_that_zitadel_takes(key: str) -> None:
    assert project(roles={key: "Ümläut", "other": {"display_name": "名前", "group": None}}) == {}


@pytest.mark.parametrize("setting", LABELING)
def test_labeling_settings(setting: str) -> None:
    assert project(private_labeling_setting=setting) == {}


@pytest.mark.parametrize("setting", ["", "UNSPECIFIED", "private_labeling_setting_unspecified", 1, True])
def test_no_other_labeling_setting(setting: Any) -> None:
    """The server takes a text that it does not know as UNSPECIFIED, without an error."""
    problems = project(private_labeling_setting=setting)
    assert list(problems) == ["private_labeling_setting"]
    first, second, third = LABELING
    assert problems["private_labeling_setting"] == f'must be "{first}", "{second}" or "{third}"'


@pytest.mark.parametrize(
    "flag", ["project_role_assertion", "project_role_check", "has_project_check", "active", "adopt"]
)
@pytest.mark.parametrize("value", ["true", 1, 0, [], "yes"])
def test_flags_are_true_or_false(flag: str, value: Any) -> None:
    problems = project(**{flag: value})
    assert list(problems) == [flag]
    assert problems[flag].startswith("must be True or False, not ")


@pytest.mark.parametrize("name", ["", " ", " Shop", "Shop ", "s" * 201, 7])
def test_names_that_zitadel_would_refuse_or_that_would_never_be_in_sync(name: Any) -> None:
    assert list(project(name=name)) == ["name"]


@pytest.mark.parametrize("id", BAD_IDS)
def test_ids_that_would_make_another_path(id: str) -> None:
    assert list(project(org_id=id)) == ["org_id"]
    for name in GRANT:
        assert list(project_grant(**{name: id})) == [name]


def test_ids_are_text() -> None:
    assert project(org_id=42)["org_id"].startswith("must be a string")
    for name in GRANT:
        assert project_grant(**{name: 42})[name].startswith("must be a string")


def test_every_id_and_the_name_are_needed() -> None:
    assert _problems(ProjectInputs, {}) == {"org_id": "is missing", "name": "is missing"}
    assert _problems(ProjectGrantInputs, {}) == dict.fromkeys(GRANT, "is missing")


@pytest.mark.parametrize("role_keys", ["viewer", {"viewer": 1}, ["viewer", ""], [7]])
def test_role_keys_are_a_list_of_keys(role_keys: Any) -> None:
    assert list(project_grant(role_keys=role_keys)) == ["role_keys"]


# What another resource gives later.


@pytest.mark.parametrize(
    "roles",
    [
        Unknown(),
        {"viewer": Unknown()},
        {"viewer": {"display_name": Unknown(), "group": "staff"}},
        {"viewer": "Viewer", "admin": {"display_name": "Admin", "group": Unknown()}},
    ],
)
def test_roles_with_a_part_that_is_not_known_yet_pass_as_they_are(roles: Any) -> None:
    given = {**PROJECT, "roles": roles, "name": ""}
    checked, problems = check_inputs(ProjectInputs, given, lambda value: isinstance(value, Unknown))
    assert checked["roles"] is roles
    assert [problem.property for problem in problems] == ["name"], "the rest is checked"


# The constructor, before any call.


@pytest.mark.parametrize(
    ("resource", "given", "property"),
    [
        (zorg.Project, {**PROJECT, "roles": {"viewer": ""}}, "roles"),
        (zorg.Project, {**PROJECT, "private_labeling_setting": "NONE"}, "private_labeling_setting"),
        (zorg.Project, {**PROJECT, "org_id": "1/2"}, "org_id"),
        (zorg.Project, {"org_id": "1"}, "name"),
        (zorg.ProjectGrant, {**GRANT, "granted_org_id": ""}, "granted_org_id"),
        (zorg.ProjectGrant, {**GRANT, "role_keys": "viewer"}, "role_keys"),
        (zorg.ProjectGrant, {**GRANT, "opts": pulumi.ResourceOptions(import_="4")}, "import_"),
    ],
)
def test_the_constructor_names_the_resource_and_the_property(resource: Any, given: Any, property: str) -> None:
    with pytest.raises(zorg.InputError) as wrong:
        resource("shop", **given)
    assert wrong.value.property == property
    assert str(wrong.value).startswith(f"{resource.__name__} 'shop': {property} ")


@pytest.mark.parametrize(
    ("resource", "address"),
    [(zorg.Project, {"org_id": "1/2"}), (zorg.ProjectGrant, {"org_id": "1", "project_id": ".."})],
)
def test_get_checks_ids(resource: Any, address: Any) -> None:
    with pytest.raises(zorg.InputError, match="is not a valid ZITADEL id"):
        resource.get("shop", "4", **address)

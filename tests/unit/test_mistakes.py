"""Mistakes in programs, and the whole message of each: what is wrong, on which resource and argument, and what to write instead.

A message is judged without knowledge of the code. It never shows the value that was given, which may be secret, except for names
and role keys.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pulumi
import pytest

import pulumi_zorg as zorg

GRANT: dict[str, Any] = {"org_id": "1", "user_id": "2", "project_id": "3"}
PROJECT_GRANT: dict[str, Any] = {"org_id": "1", "project_id": "2", "granted_org_id": "3"}
#: A resource of the program, of which the constructor only looks at the class.
ACME = zorg.Organization.__new__(zorg.Organization)
ORGANIZATION_ARGUMENTS = (
    "The arguments are name, active, admins, custom_id, adopt, deletion_policy, allow_lockout, cascade"
)
ORGANIZATION_PROPERTIES = (
    "The properties are name, active, admins, custom_id, adopt, deletion_policy, allow_lockout, cascade, primary_domain, "
    "state"
)
USER_GRANT_ARGUMENTS = (
    "The arguments are org_id, user_id, project_id, role_keys, project_grant_id, active, adopt, deletion_policy"
)
#: A class and functions as a program without a checker sees them.
Organization: Any = zorg.Organization
Project: Any = zorg.Project
ProjectGrant: Any = zorg.ProjectGrant
UserGrant: Any = zorg.UserGrant
find: Any = zorg


def _options(**options: Any) -> dict[str, Any]:
    return {"name": "Acme", "opts": pulumi.ResourceOptions(**options)}


def _project(**given: Any) -> Callable[[], Any]:
    return lambda: Project("shop", **{"org_id": "1", "name": "Shop", **given})


def _granted(**given: Any) -> Callable[[], Any]:
    return lambda: ProjectGrant("granted", **{**PROJECT_GRANT, **given})


def _user_grant(**given: Any) -> Callable[[], Any]:
    return lambda: UserGrant("ann", **{**GRANT, **given})


NUMBER = "must be a string, not a number: put the id in quotes (`pulumi config set --path` stores digits as a number)"
BOOL = "must be True or False, not a string (`pulumi.Config().require_bool` reads a setting as one)"
LOOKUP = "must be an id, which has no white space: to find the id for a name, use a lookup (docs/lookups.md)"
LINE = "must not begin or end with white space: a line of a file ends with a line break, for example"
VALID = "is not a valid ZITADEL id, like 300123456789012345: it must have ASCII characters only, and none of / \\ ? #"
POLICY = 'must be "remove", "deactivate" or "retain"'
FORM = 'a display name, or {"display_name": …, "group": …}'
SPACE = "has the role key 'viewer ', which begins or ends with white space: remove that"
ROLES = 'must be a dictionary of role keys and display names, like {"viewer": "Viewer"}'

OF_AN_OUTPUT = (
    "is made of an output by an f-string, str or format, which gives a warning of Pulumi in place of the output's value"
)

#: Each mistake, and the message: all of it where it is a text, and a part where it is a pattern.
MISTAKES: dict[str, tuple[Callable[[], Any], str | re.Pattern[str]]] = {
    # How a class is called.
    "a positional name": (
        lambda: Organization("acme", "Acme"),
        "Organization 'acme': args (the second argument) must be OrganizationArgs, not a string: give each argument by its "
        "name, like name=…",
    ),
    "a dictionary of arguments": (
        lambda: Organization("acme", {"name": "Acme"}),
        "Organization 'acme': args (the second argument) must be OrganizationArgs, not a dictionary: give each argument by its "
        "name, like name=…",
    ),
    "the arguments of another class": (
        lambda: Organization("acme", zorg.UserGrantArgs(**GRANT)),
        "Organization 'acme': args (the second argument) must be OrganizationArgs, not UserGrantArgs: give each argument by its "
        "name, like name=…",
    ),
    "the class of the arguments": (
        lambda: Organization("acme", zorg.OrganizationArgs),
        "Organization 'acme': args (the second argument) must be OrganizationArgs, not the class OrganizationArgs: write "
        "OrganizationArgs(…)",
    ),
    "options as the second argument": (
        lambda: Organization("acme", pulumi.ResourceOptions(protect=True), name="Acme"),
        "Organization 'acme': args (the second argument) must not be the options: give them as opts=…",
    ),
    "arguments in both forms": (
        lambda: Organization("acme", zorg.OrganizationArgs(name="Acme"), active=False),
        "Organization 'acme': args cannot be given together with active: give all as OrganizationArgs, or all by name",
    ),
    "a required argument is left out": (lambda: Organization("acme"), "Organization 'acme': name is missing"),
    "a required argument is None": (_user_grant(user_id=None), "UserGrant 'ann': user_id is missing"),
    "no name of the resource": (
        lambda: Organization(name="Acme"),
        re.compile(r"__init__\(\) missing 1 required positional argument: 'resource_name'"),
    ),
    # Arguments that do not exist.
    "a slip of the pen": (
        lambda: Organization("acme", name="Acme", actve=False),
        f"Organization 'acme': actve is not an argument. Did you mean active? {ORGANIZATION_ARGUMENTS}",
    ),
    "the long name of an argument": (
        _user_grant(organization_id="1"),
        f"UserGrant 'ann': organization_id is not an argument. Did you mean org_id? {USER_GRANT_ARGUMENTS}",
    ),
    "camel case": (
        _user_grant(projectId="1"),
        f"UserGrant 'ann': projectId is not an argument. Did you mean project_id? {USER_GRANT_ARGUMENTS}",
    ),
    "the argument of another resource": (
        _user_grant(roles=["viewer"]),
        f"UserGrant 'ann': roles is not an argument. Did you mean role_keys? {USER_GRANT_ARGUMENTS}",
    ),
    "nothing like an argument": (
        lambda: Organization("acme", name="Acme", colour="blue"),
        f"Organization 'acme': colour is not an argument. {ORGANIZATION_ARGUMENTS}",
    ),
    "an output": (
        lambda: Organization("acme", name="Acme", primary_domain="acme.example"),
        f"Organization 'acme': primary_domain is an output, which cannot be set. {ORGANIZATION_ARGUMENTS}",
    ),
    "an option as an argument": (
        lambda: Organization("acme", name="Acme", protect=True),
        "Organization 'acme': protect is an option of Pulumi: give opts=pulumi.ResourceOptions(protect=…)",
    ),
    # Options.
    "options as a dictionary": (
        lambda: Organization("acme", name="Acme", opts={"protect": True}),
        "Organization 'acme': opts must be pulumi.ResourceOptions, not a dictionary",
    ),
    "import_": (
        lambda: Organization("acme", **_options(import_="42")),
        re.compile(r"^Organization 'acme': import_ cannot be used: .+ adopt=True"),
    ),
    "a provider": (
        lambda: Organization("acme", **_options(provider=object())),
        "Organization 'acme': provider cannot be used: a stack has one address and one credential, those of its configuration "
        "(zorg:url, …)",
    ),
    "a slip in ignore_changes": (
        lambda: Organization("acme", **_options(ignore_changes=["name", "actve"])),
        "Organization 'acme': ignore_changes names 'actve', which is not a property. Did you mean active? "
        f"{ORGANIZATION_PROPERTIES}",
    ),
    "a string in ignore_changes": (
        lambda: Organization("acme", **_options(ignore_changes="name")),
        "Organization 'acme': ignore_changes must be a list of property names, not a string",
    ),
    "camel case in replace_on_changes": (
        lambda: Organization("acme", **_options(replace_on_changes=["allowLockout"])),
        "Organization 'acme': replace_on_changes names 'allowLockout', which is not a property. Did you mean allow_lockout? "
        f"{ORGANIZATION_PROPERTIES}",
    ),
    # Names.
    "a number as a name": (
        lambda: Organization("acme", name=42),
        "Organization 'acme': name must be a string, not a number",
    ),
    "a resource as a name": (
        lambda: Organization("acme", name=ACME),
        "Organization 'acme': name must be a string, not a resource",
    ),
    "True as a name": (_project(name=True), "Project 'shop': name must be a string, not True"),
    "a list as a name": (_project(name=["Shop"]), "Project 'shop': name must be a string, not a list"),
    "a blank name": (
        lambda: Organization("acme", name=" "),
        "Organization 'acme': name must not be blank: give a name",
    ),
    "a space at the end of a name": (
        lambda: Organization("acme", name="Acme "),
        re.compile("^Organization 'acme': name must not begin or end with white space: "),
    ),
    # Ids.
    "a resource in place of its id": (
        _project(org_id=ACME),
        "Project 'shop': org_id must be an id, not a resource: add `.id` to the resource",
    ),
    "a number as an id": (_granted(granted_org_id=42), f"ProjectGrant 'granted': granted_org_id {NUMBER}"),
    "an id that was a number in YAML": (_user_grant(user_id=4.2e17), f"UserGrant 'ann': user_id {NUMBER}"),
    "True as an id": (_user_grant(user_id=True), "UserGrant 'ann': user_id must be a string, not True"),
    "a function as an id": (
        _user_grant(user_id=zorg.get_user),
        "UserGrant 'ann': user_id must be a string, not a function",
    ),
    "an email address as an id": (
        _user_grant(user_id="ann@acme.example"),
        "UserGrant 'ann': user_id looks like an email address, and must be the user's id: zorg.get_user(email=…).id finds it. "
        "If it is the id, give zorg.get_user_output(id=…).id",
    ),
    "a name as an id": (_user_grant(project_id="Portal of Acme"), f"UserGrant 'ann': project_id {LOOKUP}"),
    "a line of a file as an id": (_user_grant(org_id="42\n"), f"UserGrant 'ann': org_id {LINE}"),
    "an address as an id": (_user_grant(org_id="https://acme.example/org"), f"UserGrant 'ann': org_id {VALID}"),
    "an empty id": (
        _project(org_id=""),
        "Project 'shop': org_id must not be empty: give the id of an existing object, or the output of another resource",
    ),
    # Flags and texts of which there are few.
    "a text as a flag": (
        lambda: Organization("acme", name="Acme", active="false"),
        f"Organization 'acme': active {BOOL}",
    ),
    "a number as a flag": (_user_grant(active=0), "UserGrant 'ann': active must be True or False, not a number"),
    "a text as a project's flag": (_project(project_role_check="yes"), f"Project 'shop': project_role_check {BOOL}"),
    "no deletion policy": (
        lambda: Organization("acme", name="Acme", deletion_policy="keep"),
        f"Organization 'acme': deletion_policy {POLICY}",
    ),
    "a deletion policy in capitals": (
        _granted(deletion_policy="Retain"),
        f"ProjectGrant 'granted': deletion_policy {POLICY}",
    ),
    "no labeling setting": (
        _project(private_labeling_setting="ENFORCE"),
        re.compile('^Project \'shop\': private_labeling_setting must be "PRIVATE_LABELING_SETTING_UNSPECIFIED", "PRIV'),
    ),
    # Roles.
    "a list of roles": (_project(roles=["viewer"]), f"Project 'shop': roles {ROLES}, not a list"),
    "a set of roles": (_project(roles={"viewer"}), f"Project 'shop': roles {ROLES}, not a list"),
    "a text as roles": (_project(roles="viewer"), f"Project 'shop': roles {ROLES}, not a string"),
    "a role without a display name": (
        _project(roles={"viewer": None}),
        f"Project 'shop': roles must give role 'viewer' {FORM}, not None",
    ),
    "a role in camel case": (
        _project(roles={"viewer": {"displayName": "Viewer"}}),
        f"Project 'shop': roles must give role 'viewer' {FORM}: a role has no 'displayName'",
    ),
    "a number as a role key": (
        _project(roles={7: "Seven"}),
        "Project 'shop': roles has a role key that is a number: it must be a string",
    ),
    "an empty role key": (_project(roles={"": "Viewer"}), "Project 'shop': roles has an empty role key"),
    "a space at the end of a role": (_project(roles={"viewer ": "Viewer"}), f"Project 'shop': roles {SPACE}"),
    "a text as role keys": (
        _user_grant(role_keys="viewer,admin"),
        "UserGrant 'ann': role_keys must be a list of strings, like [\"viewer\"], not a string",
    ),
    "a dictionary as role keys": (
        _granted(role_keys={"viewer": "Viewer"}),
        "ProjectGrant 'granted': role_keys must be a list of strings, like [\"viewer\"], not a dictionary",
    ),
    "None among role keys": (
        _user_grant(role_keys=["viewer", None]),
        "UserGrant 'ann': role_keys has a role key that is None: it must be a string",
    ),
    "a list among role keys": (
        _user_grant(role_keys=[["viewer"]]),
        "UserGrant 'ann': role_keys has a role key that is a list: it must be a string",
    ),
    "a space at the end of a role key": (
        _granted(role_keys=["admin", "viewer "]),
        f"ProjectGrant 'granted': role_keys {SPACE}",
    ),
    # Texts that are made of an output.
    **{
        f"an output in an f-string: {name}": (
            lambda make=make: make(f"of {pulumi.Output.from_input('acme')}"),
            re.compile(f" {name} {OF_AN_OUTPUT}: write pulumi.Output.concat"),
        )
        for name, make in {
            "name": lambda text: Organization("acme", name=text),
            "org_id": lambda text: _user_grant(org_id=text)(),
            "role_keys": lambda text: _user_grant(role_keys=["viewer", text])(),
            "roles": lambda text: _project(roles={text: "Viewer"})(),
            "description": lambda text: zorg.MachineUser(
                "bot", org_id="1", user_name="bot", name="Bot", description=text
            ),
        }.items()
    },
    "an output in a text for a lookup": (
        lambda: find.get_project(name=f"Shop of {pulumi.Output.from_input('acme')}"),
        re.compile(rf"^get_project\(\): name {OF_AN_OUTPUT}: use get_project_output\(…\)"),
    ),
    # The arguments as one object.
    "a slip in the arguments object": (
        lambda: find.OrganizationArgs(name="Acme", actve=True),
        re.compile("got an unexpected keyword argument 'actve'"),
    ),
    "a wrong value in the arguments object": (
        lambda: zorg.UserGrant("ann", zorg.UserGrantArgs(**{**GRANT, "org_id": 42})),
        f"UserGrant 'ann': org_id {NUMBER}",
    ),
    # get.
    "get with a number": (lambda: Organization.get("acme", 42), f"Organization.get('acme'): id {NUMBER}"),
    "get with None": (lambda: Organization.get("acme", None), "Organization.get('acme'): id is missing"),
    "get with a name": (lambda: Organization.get("acme", "Acme Inc"), f"Organization.get('acme'): id {LOOKUP}"),
    "get with a resource": (
        lambda: ProjectGrant.get("granted", "1", org_id=ACME, project_id="2"),
        "ProjectGrant.get('granted'): org_id must be an id, not a resource: add `.id` to the resource",
    ),
    "get without an organization": (
        lambda: Project.get("shop", "3", org_id=None),
        "Project.get('shop'): org_id is missing",
    ),
    "get with the organization as options": (
        lambda: UserGrant.get("ann", "3", "1"),
        "UserGrant.get('ann'): opts must be pulumi.ResourceOptions, not a string",
    ),
    # Lookups.
    "an output for a lookup": (
        lambda: find.get_organization(name=pulumi.Output.from_input("Acme")),
        "get_organization(): name must not be an output: use get_organization_output(…), which takes outputs and returns one",
    ),
    "a resource for a lookup": (
        lambda: find.get_project(name="Shop", org_id=ACME),
        "get_project(): org_id must be an id, not a resource: use get_project_output(…), with `.id` after the resource",
    ),
    "a number for a lookup": (lambda: find.get_user(id=42), f"get_user(): id {NUMBER}"),
    "a number as a name for a lookup": (
        lambda: find.get_organization(name=42),
        "get_organization(): name must be a string, not a number",
    ),
    "a blank for a lookup": (lambda: find.get_user(email=" "), "get_user(): email must not be blank"),
    "an unknown state": (
        lambda: find.get_organizations(state="gone"),
        'get_organizations(): state must be "active" or "inactive"',
    ),
    "a flag as a state": (
        lambda: find.get_users(state=True),
        'get_users(): state must be "active" or "inactive"',
    ),
    "an unknown type": (lambda: find.get_users(type="person"), 'get_users(): type must be "human" or "machine"'),
    "two names for a lookup": (
        lambda: find.get_project(name="Shop", id="3"),
        "get_project(): name cannot be given together with id: give exactly one of name, id",
    ),
    "no name for a lookup": (
        find.get_project_roles,
        "get_project_roles(): project_id is missing: give exactly one of project_id, project_name",
    ),
    "a text as a lookup's flag": (
        lambda: find.get_user(email="a@b.c", any_organization="yes"),
        "get_user(): any_organization must be True or False, not a string",
    ),
    "an argument that a lookup does not have": (
        lambda: find.get_user(name="ann"),
        re.compile(r"get_user\(\) got an unexpected keyword argument 'name'"),
    ),
}


@pytest.mark.parametrize(("mistake", "message"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_has_a_message_that_helps(mistake: Callable[[], Any], message: str | re.Pattern[str]) -> None:
    with pytest.raises((zorg.InputError, TypeError)) as caught:
        mistake()
    if isinstance(message, str):
        assert str(caught.value) == message
    else:
        assert message.search(str(caught.value)), str(caught.value)
    if isinstance(caught.value, zorg.InputError):
        assert isinstance(caught.value, pulumi.RunError), "the engine would show a traceback"


@pytest.mark.parametrize(
    "path", ["roles", "roles.viewer", 'roles["viewer"]', '["roles"].viewer', "*", "state", "__provider"]
)
def test_a_path_into_a_property_is_no_mistake(path: str) -> None:
    """The next mistake is reported."""
    with pytest.raises(zorg.InputError, match="name is missing"):
        Project("shop", org_id="1", opts=pulumi.ResourceOptions(ignore_changes=[path]))

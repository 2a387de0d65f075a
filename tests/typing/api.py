"""How a typed program uses what is public. Nobody runs this file: mypy checks it, and that each use marked as wrong is one
(``warn_unused_ignores``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pulumi
from typing_extensions import assert_type

import pulumi_zorg as zorg

# Organizations.

acme = zorg.Organization("acme", name="Acme")
assert_type(acme, zorg.Organization)
assert_type(acme.id, pulumi.Output[str])
assert_type(acme.name, pulumi.Output[str])
assert_type(acme.active, pulumi.Output[bool])
assert_type(acme.adopt, pulumi.Output[bool])
assert_type(acme.deletion_policy, pulumi.Output[str])
assert_type(acme.allow_lockout, pulumi.Output[bool])
assert_type(acme.primary_domain, pulumi.Output[str])
assert_type(acme.state, pulumi.Output[str])
assert_type(acme.primary_domain.apply(len), pulumi.Output[int])
pulumi.export("acme", acme.id)

zorg.Organization(
    "emca",
    name=acme.name.apply(str.upper),
    active=pulumi.Config().get_bool("active") or False,
    adopt=True,
    deletion_policy="retain",
    allow_lockout=False,
    opts=pulumi.ResourceOptions(protect=True, depends_on=[acme]),
)
zorg.Organization("emca", zorg.OrganizationArgs(name="Emca", active=acme.active), pulumi.ResourceOptions())
zorg.Organization("emca", args=zorg.OrganizationArgs(name="Emca"), opts=None)
# A text of which only the run knows what it is, like a setting of the stack, is given as an output.
policy = pulumi.Config().require("policy")
zorg.Organization("emca", name="Emca", deletion_policy=pulumi.Output.from_input(policy))
zorg.Organization("emca", name="Emca", deletion_policy=pulumi.Config().require_secret("policy"))
zorg.Organization("emca", name="Emca", deletion_policy="remove" if policy else acme.deletion_policy)
assert_type(zorg.Organization.get("default", "42"), zorg.Organization)
assert_type(zorg.Organization.get("default", acme.id, pulumi.ResourceOptions()), zorg.Organization)

# Each of these is wrong, and must be said to be: an ignore that ignores nothing is an error here.
zorg.Organization("acme")  # type: ignore[call-overload]
zorg.Organization(name="Acme")  # type: ignore[call-overload]
zorg.Organization("acme", "Acme")  # type: ignore[call-overload]
zorg.Organization("acme", name=7)  # type: ignore[call-overload]
zorg.Organization("acme", name="Acme", active="true")  # type: ignore[call-overload]
zorg.Organization("acme", name="Acme", deletion_policy="keep")  # type: ignore[call-overload]
zorg.Organization("acme", name="Acme", deletion_policy=policy)  # type: ignore[call-overload]
zorg.OrganizationArgs(name="Acme", deletion_policy="keep")  # type: ignore[arg-type]
zorg.Organization("acme", name="Acme", actve=True)  # type: ignore[call-overload]
zorg.Organization("acme", name="Acme", primary_domain="acme.example")  # type: ignore[call-overload]
zorg.Organization("acme", zorg.OrganizationArgs(name="Acme"), active=False)  # type: ignore[call-overload]
zorg.Organization("acme", zorg.UserGrantArgs(org_id="1", user_id="2", project_id="3"))  # type: ignore[call-overload]
zorg.OrganizationArgs("Acme")  # type: ignore[call-arg]
zorg.OrganizationArgs()  # type: ignore[call-arg]
zorg.Organization.get("default")  # type: ignore[call-arg]
acme.primary_domian  # type: ignore[attr-defined]  # noqa: B018

# User grants.

ann = zorg.UserGrant("ann", org_id=acme.id, user_id="2", project_id="3", role_keys=["viewer", acme.name])
assert_type(ann, zorg.UserGrant)
assert_type(ann.id, pulumi.Output[str])
assert_type(ann.org_id, pulumi.Output[str])
assert_type(ann.user_id, pulumi.Output[str])
assert_type(ann.project_id, pulumi.Output[str])
assert_type(ann.project_grant_id, pulumi.Output[str | None])
assert_type(ann.role_keys, pulumi.Output[Sequence[str]])
assert_type(ann.active, pulumi.Output[bool])
assert_type(ann.adopt, pulumi.Output[bool])
assert_type(ann.deletion_policy, pulumi.Output[str])
assert_type(ann.state, pulumi.Output[str])

roles: list[str] = ["viewer"]
zorg.UserGrant("bob", org_id="1", user_id="2", project_id="3", role_keys=roles)
zorg.UserGrant("bob", org_id="1", user_id="2", project_id="3", role_keys=("viewer",))
zorg.UserGrant("bob", org_id="1", user_id="2", project_id="3", role_keys=ann.role_keys)
zorg.UserGrant("bob", org_id="1", user_id="2", project_id="3")
zorg.UserGrant(
    "bob",
    org_id=ann.org_id,
    user_id=ann.user_id,
    project_id=ann.project_id,
    project_grant_id="4",
    active=ann.active,
    adopt=True,
    deletion_policy="deactivate",
    opts=pulumi.ResourceOptions(parent=acme),
)
zorg.UserGrant("bob", zorg.UserGrantArgs(org_id=acme.id, user_id="2", project_id="3", role_keys=roles))
assert_type(zorg.UserGrant.get("old", "43", org_id=acme.id), zorg.UserGrant)
assert_type(zorg.UserGrant.get("old", "43"), zorg.UserGrant)

zorg.UserGrant("bob", org_id="1", user_id="2")  # type: ignore[call-overload]
zorg.UserGrant("bob", org_id=acme, user_id="2", project_id="3")  # type: ignore[call-overload]
zorg.UserGrant("bob", org_id="1", user_id="2", project_id="3", role_keys=[7])  # type: ignore[list-item]
zorg.UserGrant("bob", org_id="1", user_id="2", project_id="3", role_keys={"viewer"})  # type: ignore[call-overload]
zorg.UserGrant("bob", org_id="1", user_id="2", project_id="3", roles=["viewer"])  # type: ignore[call-overload]
zorg.UserGrantArgs(org_id="1", user_id="2")  # type: ignore[call-arg]
zorg.UserGrant.get("old", org_id="1")  # type: ignore[call-arg]

# Projects.

shop = zorg.Project("shop", org_id=acme.id, name="Shop", roles={"viewer": "Viewer"}, project_role_check=acme.active)
assert_type(shop, zorg.Project)
assert_type(shop.id, pulumi.Output[str])
assert_type(shop.org_id, pulumi.Output[str])
assert_type(shop.name, pulumi.Output[str])
assert_type(shop.roles, pulumi.Output[Mapping[str, Mapping[str, str]] | None])
assert_type(shop.project_role_assertion, pulumi.Output[bool])
assert_type(shop.project_role_check, pulumi.Output[bool])
assert_type(shop.has_project_check, pulumi.Output[bool])
assert_type(shop.private_labeling_setting, pulumi.Output[str])
assert_type(shop.active, pulumi.Output[bool])
assert_type(shop.adopt, pulumi.Output[bool])
assert_type(shop.deletion_policy, pulumi.Output[str])
assert_type(shop.state, pulumi.Output[str])

admin: zorg.ProjectRole = {"display_name": acme.name, "group": "staff"}
texts: dict[str, str] = {"viewer": "Viewer"}
mixed: dict[str, str | zorg.ProjectRole] = {"viewer": "Viewer", "admin": admin}
zorg.Project("shop", org_id="1", name="Shop")
zorg.Project("shop", org_id="1", name="Shop", roles={"viewer": acme.name, "admin": admin})
zorg.Project("shop", org_id="1", name="Shop", roles={"viewer": "Viewer", "admin": {"display_name": "Admin"}})
zorg.Project("shop", org_id="1", name="Shop", roles=texts)
zorg.Project("shop", org_id="1", name="Shop", roles=mixed)
zorg.Project("shop", zorg.ProjectArgs(org_id=acme.id, name="Shop", roles={"admin": admin}), pulumi.ResourceOptions())
assert_type(zorg.Project.get("old", "43", org_id=acme.id), zorg.Project)

zorg.Project("shop", org_id="1", name="Shop", private_labeling_setting=shop.private_labeling_setting)
zorg.Project("shop", org_id="1", name="Shop", private_labeling_setting="PRIVATE_LABELING_SETTING_UNSPECIFIED")

zorg.Project("shop", org_id="1", name="Shop", private_labeling_setting=policy)  # type: ignore[call-overload]
zorg.Project("shop", org_id="1", name="Shop", private_labeling_setting="NONE")  # type: ignore[call-overload]
zorg.Project("shop", org_id="1")  # type: ignore[call-overload]
zorg.Project("shop", org_id=acme, name="Shop")  # type: ignore[call-overload]
zorg.Project("shop", org_id="1", name="Shop", roles=["viewer"])  # type: ignore[call-overload]
zorg.Project("shop", org_id="1", name="Shop", roles={"viewer": 7})  # type: ignore[dict-item]
zorg.Project("shop", org_id="1", name="Shop", roles={"admin": {"group": "staff"}})  # type: ignore[dict-item]
zorg.Project("shop", org_id="1", name="Shop", state="PROJECT_STATE_ACTIVE")  # type: ignore[call-overload]
zorg.ProjectArgs(name="Shop")  # type: ignore[call-arg]
zorg.Project.get("old", "43")  # type: ignore[call-arg]

# Users.

bot = zorg.MachineUser("bot", org_id=acme.id, user_name="bot", name="Robot", access_token_type="ACCESS_TOKEN_TYPE_JWT")
assert_type(bot, zorg.MachineUser)
assert_type(bot.user_name, pulumi.Output[str])
assert_type(bot.description, pulumi.Output[str | None])
assert_type(bot.active, pulumi.Output[bool])
assert_type(bot.state, pulumi.Output[str])
zorg.MachineUser("bot", zorg.MachineUserArgs(org_id=acme.id, user_name="bot", name="Robot", active=False))
assert_type(zorg.MachineUser.get("old", "43", org_id="1"), zorg.MachineUser)
carl = zorg.HumanUser(
    "carl", org_id=acme.id, user_name="carl", given_name="Carl", family_name="Berg", email="carl@acme.example",
    email_verified=True, gender="GENDER_DIVERSE", deletion_policy="remove",
)  # fmt: skip
assert_type(carl, zorg.HumanUser)
assert_type(carl.email, pulumi.Output[str | None])
assert_type(carl.email_verified, pulumi.Output[bool | None])
zorg.HumanUser("carl", org_id="1", user_name="carl", adopt=True, active=False)
zorg.HumanUser("carl", zorg.HumanUserArgs(org_id="1", user_name="carl", adopt=True))
zorg.UserGrant("carl", org_id=acme.id, user_id=carl.id, project_id=shop.id)
assert_type(zorg.HumanUser.get("old", "43", org_id=acme.id), zorg.HumanUser)

zorg.MachineUser("bot", org_id="1", user_name="bot")  # type: ignore[call-overload]
zorg.MachineUser("bot", org_id="1", user_name="bot", name="Robot", access_token_type="JWT")  # type: ignore[call-overload]
zorg.HumanUser("carl", org_id="1", given_name="Carl")  # type: ignore[call-overload]
zorg.HumanUser("carl", org_id="1", user_name="carl", gender="F")  # type: ignore[call-overload]
zorg.HumanUser("carl", org_id="1", user_name="carl", password="secret")  # type: ignore[call-overload]
zorg.HumanUser.get("old", "43")  # type: ignore[call-arg]

# Project grants.

granted = zorg.ProjectGrant("granted", org_id="1", project_id=shop.id, granted_org_id=acme.id, role_keys=["viewer"])
assert_type(granted, zorg.ProjectGrant)
assert_type(granted.id, pulumi.Output[str])
assert_type(granted.org_id, pulumi.Output[str])
assert_type(granted.project_id, pulumi.Output[str])
assert_type(granted.granted_org_id, pulumi.Output[str])
assert_type(granted.role_keys, pulumi.Output[Sequence[str]])
assert_type(granted.active, pulumi.Output[bool])
assert_type(granted.adopt, pulumi.Output[bool])
assert_type(granted.deletion_policy, pulumi.Output[str])
assert_type(granted.state, pulumi.Output[str])
zorg.UserGrant("bob", org_id=acme.id, user_id="2", project_id=shop.id, project_grant_id=granted.id)
zorg.ProjectGrant("granted", zorg.ProjectGrantArgs(org_id="1", project_id="2", granted_org_id="3", active=False))
assert_type(zorg.ProjectGrant.get("old", "43", org_id="1", project_id=shop.id), zorg.ProjectGrant)

zorg.ProjectGrant("granted", org_id="1", project_id="2")  # type: ignore[call-overload]
zorg.ProjectGrant("granted", org_id="1", project_id=shop, granted_org_id="3")  # type: ignore[call-overload]
zorg.ProjectGrant("granted", org_id="1", project_id="2", granted_org_id="3", role_keys=[7])  # type: ignore[list-item]
zorg.ProjectGrantArgs(org_id="1", project_id="2")  # type: ignore[call-arg]
zorg.ProjectGrant.get("old", "43", org_id="1")  # type: ignore[call-arg]


# Errors.


def what_went_wrong(error: zorg.ZorgError) -> str:
    """A program that catches what this package raises."""
    assert_type(error.may_have_applied, bool)
    match error:
        case zorg.InputError():
            assert_type(error.property, str)
            assert_type(error.reason, str)
        case zorg.ApiError():
            assert_type(error.operation, str)
            assert_type(error.status, int)
            assert_type(error.code, int | str | None)
            assert_type(error.said, str)
            assert_type(error.advice, str)
        case zorg.NoAnswer():
            assert_type(error.may_have_applied, bool)
    return str(error)


root: type[zorg.ZorgError] = zorg.NotFound
api: type[zorg.ApiError] = zorg.PermissionDenied
unheard: type[zorg.NoAnswer] = zorg.Unreachable
wrong: type[ValueError] = zorg.InputError
unheard = zorg.NotFound  # type: ignore[assignment]  # wrong: NotFound is no NoAnswer

# Lookups. A twin takes outputs and returns one.

found = zorg.get_organization(name="Acme")
assert_type(found, zorg.OrganizationResult)
assert_type(found.primary_domain, str)
assert_type(found.active, bool)
assert_type(zorg.get_organization_output(id=acme.id), pulumi.Output[zorg.OrganizationResult])
assert_type(zorg.get_organizations(name_contains="ac", state="active"), tuple[zorg.OrganizationResult, ...])
assert_type(zorg.get_organizations_output(), pulumi.Output[tuple[zorg.OrganizationResult, ...]])
assert_type(zorg.get_user(email="ann@acme.example", org_id=found.id).email, str | None)
assert_type(zorg.get_user_output(login_name="ann", org_id=acme.id), pulumi.Output[zorg.UserResult])
zorg.get_organizations_output(state=pulumi.Config().require_secret("state"))
zorg.get_users(type=zorg.get_user(id="1").type)
assert_type(zorg.get_user(id="1").login_names, tuple[str, ...])
assert_type(zorg.get_users(org_id="1", type="human"), tuple[zorg.UserResult, ...])
assert_type(zorg.get_users_output(org_id=acme.id), pulumi.Output[tuple[zorg.UserResult, ...]])
assert_type(zorg.get_project(name="Portal").id, str)
assert_type(zorg.get_project_output(id="1", org_id=acme.id), pulumi.Output[zorg.ProjectResult])
portal = zorg.get_project(name="Portal")
assert_type(portal.roles["viewer"]["display_name"], str)
assert_type(zorg.get_project_roles(project_id="1", granted_org_id="2"), Mapping[str, zorg.ProjectRoleResult])
assert_type(
    zorg.get_project_roles_output(project_name="Portal", org_id=acme.id),
    pulumi.Output[Mapping[str, zorg.ProjectRoleResult]],
)
zorg.Project("shop", org_id="1", name="Shop", roles=portal.roles)
zorg.Project("shop", org_id="1", name="Shop", roles={**portal.roles, "auditor": "Auditor"})
zorg.Project("shop", org_id="1", name="Shop", roles={**portal.roles, "auditor": admin})
zorg.Project("shop", org_id="1", name="Shop", roles=zorg.get_project_roles_output(project_id=shop.id))
assert_type(zorg.get_project_grant(project_id="1", granted_org_id="2").role_keys, tuple[str, ...])
assert_type(
    zorg.get_project_grant_output(id="1", project_id=acme.name, org_id=None), pulumi.Output[zorg.ProjectGrantResult]
)
assert_type(zorg.get_user_grants(user_id="1"), tuple[zorg.UserGrantResult, ...])
assert_type(zorg.get_user_grants(user_id="1")[0].project_grant_id, str | None)
assert_type(zorg.get_user_grants_output(org_id=acme.id), pulumi.Output[tuple[zorg.UserGrantResult, ...]])
assert_type(zorg.get_managers(org_id="1"), tuple[zorg.ManagerResult, ...])
assert_type(zorg.get_managers()[0].project_id, str | None)
assert_type(zorg.get_managers_output(org_id=acme.id), pulumi.Output[tuple[zorg.ManagerResult, ...]])
boss = zorg.Manager("ann", org_id=acme.id, user_id="1", roles=["ORG_OWNER"], deletion_policy="retain")
assert_type(boss.roles, pulumi.Output[Sequence[str]])
assert_type(boss.org_id, pulumi.Output[str | None])
assert_type(zorg.Manager.get("ann", "organization:1:2"), zorg.Manager)
boss.active  # type: ignore[attr-defined]  # noqa: B018
zorg.Manager("ann", user_id="1", roles=["IAM_OWNER"], deletion_policy="deactivate")  # type: ignore[call-overload]
zorg.Manager("ann", user_id="1", roles=["IAM_OWNER"], active=False)  # type: ignore[call-overload]
zorg.Organization("acme", name="Acme", admins=["1"])
assert_type(zorg.get_access(project_id="1", managers=True), tuple[zorg.AccessRow, ...])
assert_type(zorg.get_access()[0].in_force, bool | None)
assert_type(zorg.get_access()[0].grants, tuple[zorg.AccessGrant, ...])
assert_type(zorg.get_access_output(org_id=acme.id), pulumi.Output[tuple[zorg.AccessRow, ...]])
zorg.UserGrant("bea", org_id=acme.id, user_id=zorg.get_user_output(email="b@acme.example").id, project_id="3")

zorg.get_organization("Acme")  # type: ignore[call-arg]
zorg.get_organization(name=acme.name)  # type: ignore[arg-type]
zorg.get_organizations(state="gone")  # type: ignore[arg-type]
zorg.get_organizations_output(state="gone")  # type: ignore[arg-type]
zorg.get_users(type="robot")  # type: ignore[arg-type]
zorg.get_users(state="ACTIVE", type="human")  # type: ignore[arg-type]
zorg.get_user(name="ann")  # type: ignore[call-arg]
zorg.get_access(org_id=acme.id)  # type: ignore[arg-type]
zorg.get_project_output(name=7)  # type: ignore[arg-type]
zorg.get_project_roles("1")  # type: ignore[call-arg]
portal.roles["auditor"] = {"display_name": "Auditor", "group": ""}  # type: ignore[index]
found.name = "Emca"  # type: ignore[misc]
found.domain  # type: ignore[attr-defined]  # noqa: B018

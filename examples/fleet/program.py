"""The program of each stack: declares the tenants that the data file gives to this stack. README.md explains the moves."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import pulumi
from layout import Fleet, Tenant, is_stack, load

import pulumi_zorg as zorg


def declare(
    fleet: Fleet,
    project: zorg.ProjectResult | None,
    key: str,
    tenant: Tenant,
    name: pulumi.Input[str],
    *,
    taken: bool,
) -> zorg.Organization:
    """Declare a tenant: its organization, the project granted to it, and the grants of its people.

    :param project: the vendor's project; None where the file has none.
    :param name: the organization's name.
    :param taken: this stack takes the tenant over from another one.
    """
    organization = zorg.Organization(
        key,
        name=name,
        active=tenant.active,
        adopt=tenant.adopt or taken,
        # A tenant that leaves this stack stays in ZITADEL as it is. The policy in the state counts, so it is always there.
        deletion_policy="remove" if tenant.remove else "retain",
        opts=pulumi.ResourceOptions(ignore_changes=["adopt"]),  # matters only when the resource is created
    )
    if fleet.project is None or project is None:
        return organization
    # What leaves the stack together with its organization is not deleted: it stays with the organization, or is removed with it.
    # A grant that leaves the stack alone, like the one of a person who left, is removed.
    child = pulumi.ResourceOptions(deleted_with=organization, ignore_changes=["adopt"])
    # While a tenant moves, its two stacks may create the same grant.
    adopt = tenant.adopt or fleet.giver(key) is not None
    project_grant = zorg.ProjectGrant(
        key,
        org_id=project.org_id,
        project_id=project.id,
        granted_org_id=organization.id,
        role_keys=sorted(fleet.project.roles),
        adopt=adopt,
        opts=child,
    )
    for user, roles in tenant.people.items():
        zorg.UserGrant(
            f"{key}-{user}",
            org_id=organization.id,
            user_id=user if user.isdigit() else zorg.get_user(login_name=user).id,
            project_id=project.id,
            project_grant_id=project_grant.id,
            role_keys=roles,
            active=tenant.active,
            adopt=adopt,
            opts=child,
        )
    return organization


def organization_in(giver: str, org_ids: Mapping[str, str] | None, key: str) -> str:
    """Return the id of a tenant's organization in the stack that the tenant moves away from.

    :param org_ids: that output of the stack.
    """
    if key not in (org_ids or {}):
        raise pulumi.RunError(f"{key} moves from {giver}, which does not have it yet. Run {giver} first.")
    return (org_ids or {})[key]


def same_name(giver: str, live: str, key: str, name: str) -> str:
    """Return the name of a tenant that moves, if it is the same in ZITADEL and in the file.

    An organization is adopted by its name. Under another name it would not be found, and a second one would be created.
    """
    if live != name:
        raise pulumi.RunError(
            f"{key} moves from {giver}, and its organization is called {live!r} in ZITADEL and {name!r} in the file. Run {giver} "
            "first, with --refresh."
        )
    return name


def main() -> None:
    """Declare the tenants of this stack."""
    stack = pulumi.get_stack()
    if not is_stack(stack):
        raise pulumi.RunError(
            f"The stacks of this project are called tenants-0, tenants-1 and so on, and not {stack!r}."
        )
    fleet = load(Path(os.environ.get("FLEET_FILE") or Path(__file__).parent / "fleet.yaml"))
    tenants = fleet.declared_by(stack)
    givers = {key: giver for key in tenants if (giver := fleet.giver(key)) is not None and giver != stack}
    owner = f"{pulumi.get_organization()}/{pulumi.get_project()}"
    org_ids = {
        giver: pulumi.StackReference(f"{owner}/{giver}").get_output("org_ids") for giver in sorted(set(givers.values()))
    }
    project = None
    if fleet.project is not None and tenants:
        vendor = zorg.get_organization(name=fleet.project.organization)
        project = zorg.get_project(name=fleet.project.name, org_id=vendor.id)
    declared = {}
    for key, tenant in tenants.items():
        giver = givers.get(key)
        name: pulumi.Input[str] = tenant.name
        if giver is not None:
            org_id = org_ids[giver].apply(partial(organization_in, giver, key=key))
            moving = zorg.Organization.get(f"{key}-of-{giver}", org_id)
            name = moving.name.apply(partial(same_name, giver, key=key, name=tenant.name))
        declared[key] = declare(fleet, project, key, tenant, name, taken=giver is not None)
    pulumi.export("org_ids", {key: organization.id for key, organization in declared.items()})

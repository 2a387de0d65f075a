"""Declares every tenant of the data file. README.md lists the configuration."""

from pathlib import Path

import pulumi
from tenant import Tenant
from tenants import load

import pulumi_zorg as zorg

config = pulumi.Config()
data = load(Path(__file__).parent / (config.get("tenants") or "tenants.yaml"))

# What the file names, as it exists in ZITADEL. A name that does not exist is an error of the preview.
vendor = zorg.get_organization(name=data.project.organization)
project = zorg.get_project(name=data.project.name, org_id=vendor.id)
user_ids = {person: zorg.get_user(login_name=login_name).id for person, login_name in data.people.items()}

tenants = {
    key: Tenant(
        key,
        name=each.name,
        vendor_id=vendor.id,
        project_id=project.id,
        roles=sorted(data.roles_of(each)),
        people={person: (user_ids[person], roles) for person, roles in each.people.items()},
        active=each.active,
        adopt=each.adopt,
        deletion_policy=pulumi.Output.from_input(config.get("deletion_policy") or "deactivate"),
    )
    for key, each in data.tenants.items()
}

pulumi.export("org_ids", {key: tenant.organization.id for key, tenant in tenants.items()})

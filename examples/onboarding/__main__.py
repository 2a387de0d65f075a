"""Declares every tenant of the data file. README.md lists the configuration."""

from pathlib import Path

import pulumi
from tenant import Tenant
from tenants import load

config = pulumi.Config()
data = load(Path(__file__).parent / (config.get("tenants") or "tenants.yaml"))

tenants = {
    key: Tenant(
        key,
        name=each.name,
        vendor_id=data.project.organization,
        project_id=data.project.id,
        roles=sorted(data.roles_of(each)),
        people={person: (data.people[person], roles) for person, roles in each.people.items()},
        active=each.active,
        adopt=each.adopt,
        deletion_policy=pulumi.Output.from_input(config.get("deletion_policy") or "deactivate"),
    )
    for key, each in data.tenants.items()
}

pulumi.export("org_ids", {key: tenant.organization.id for key, tenant in tenants.items()})

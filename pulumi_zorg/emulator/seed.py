"""A small world to try programs on: a vendor with two projects, and three people. The programs of examples/ use it."""

from __future__ import annotations

from pulumi_zorg.emulator.call import Call, Caller
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.organizations.aggregate import organization_added, organization_member_added
from pulumi_zorg.emulator.project_roles import commands as roles
from pulumi_zorg.emulator.projects import commands as projects
from pulumi_zorg.emulator.users import humans

__all__ = ["DESCRIPTION", "seed"]

_VENDOR = "Vendor"
_PROJECTS = {"Portal": ("admin", "editor", "viewer"), "Billing": ("viewer",)}
_PEOPLE = {"ann": "Ann Berg", "bob": "Bob Lind", "eve": "Eve Dahl"}

DESCRIPTION = (
    f"It has the organization {_VENDOR} with the projects "
    + " and ".join(f"{project} (roles: {', '.join(keys)})" for project, keys in _PROJECTS.items())
    + f", and the people {', '.join(f'{name}@vendor.example' for name in _PEOPLE)}."
)


def seed(instance: Instance) -> None:
    """Create the organization, its projects and its people, unless an organization of that name exists."""
    if any(org.name == _VENDOR for org in instance.read_models.orgs.all()):
        return
    new_id = instance.store.new_id
    vendor = new_id()
    call = Call(instance, Caller(instance.iac_user_id, vendor, instance.default_org_id), {})
    member = organization_member_added(vendor, instance.iac_user_id, ["ORG_OWNER"])
    call.push(*organization_added(vendor, _VENDOR), member)
    for name, keys in _PROJECTS.items():
        project = new_id()
        projects.add(call, project, vendor, name, {"projectRoleAssertion": True})
        for key in keys:
            request = {"project_id": project, "role_key": key, "display_name": key.title(), "group": ""}
            roles.add(call, request, vendor)
    for name, full_name in _PEOPLE.items():
        first, _, last = full_name.partition(" ")
        email = f"{name}@vendor.example"
        human = humans.Human(email, first, last, email, id=new_id(), email_verified=True, password="Password1!")  # noqa: S106
        humans.add_human(call, vendor, human, v1=True)

"""Commands on organizations, for the v1 and v2 APIs."""

from __future__ import annotations

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import already_exists, invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details, details_after
from pulumi_zorg.emulator.eventstore.events import NewEvent, Unique
from pulumi_zorg.emulator.eventstore.store import EventStore
from pulumi_zorg.emulator.organizations.aggregate import OrganizationWriteModel, default_domain, organization_event


def change(call: Call, org_id: str, name: str, *, v2: bool = False) -> Details:
    """Rename an organization and its default domain."""
    name, org_id = name.strip(), org_id.strip()
    if not org_id or not name:
        raise invalid("EVENT-Mf9sd", "Errors.Org.Invalid")
    if v2:
        call.check("org.write", org_id, org_id)
    model = OrganizationWriteModel(call.instance.store, org_id)
    if not model.exists:
        raise not_found("ORG-1MRds", "Errors.Org.NotFound")
    if model.name == name:
        raise precondition("ORG-4VSdf", "Errors.Org.NotChanged")
    uniques = Unique("org_name", model.name), Unique("org_name", name, "Errors.Org.AlreadyExists")
    renamed = organization_event(org_id, "org.changed", {"name": name}, *uniques)
    model.apply(call.push(renamed, *_domain_change(model, name)))
    return model.details


def _domain_change(model: OrganizationWriteModel, name: str) -> list[NewEvent]:
    """Return the events that replace the domain that was generated from the old name, if the organization has it."""
    old = default_domain(model.name)
    if old not in model.domains:
        return []
    new = default_domain(name)
    if new == old:
        return []
    payload = {"domain": new}
    taken = Unique("org_domain", new, "Errors.Org.Domain.AlreadyExists")
    new_events = [
        organization_event(model.id, "org.domain.added", payload),
        organization_event(model.id, "org.domain.verified", payload, taken),
    ]
    if model.primary_domain == old:
        new_events.append(organization_event(model.id, "org.domain.primary.set", payload))
    released = (Unique("org_domain", old),) if model.domains[old] else ()
    return [*new_events, organization_event(model.id, "org.domain.removed", {"domain": old}, *released)]


def deactivate(call: Call, org_id: str, *, v2: bool = False) -> Details:
    """Deactivate an organization."""
    if v2:
        call.check("org.write", org_id, org_id)
    model = OrganizationWriteModel(call.instance.store, org_id)
    if not model.exists:
        raise not_found("ORG-oL9nT", "Errors.Org.NotFound")
    if model.state == "INACTIVE":
        raise precondition("EVENT-Dbs2g", "Errors.Org.AlreadyDeactivated")
    model.apply(call.push(organization_event(org_id, "org.deactivated", {})))
    return model.details


def reactivate(call: Call, org_id: str, *, v2: bool = False) -> Details:
    """Reactivate an organization."""
    if v2:
        call.check("org.write", org_id, org_id)
    model = OrganizationWriteModel(call.instance.store, org_id)
    if not model.exists:
        raise not_found("ORG-Dgf3g", "Errors.Org.NotFound")
    if model.state == "ACTIVE":
        raise precondition("EVENT-bfnrh", "Errors.Org.AlreadyActive")
    model.apply(call.push(organization_event(org_id, "org.reactivated", {})))
    return model.details


def remove(call: Call, org_id: str, *, v2: bool = False) -> Details:
    """Remove an organization with one event. Its users, projects and grants get no events."""
    if v2:
        call.check("org.delete", org_id, org_id)
    if org_id == call.instance.default_org_id:
        raise precondition("COMMA-wG9p1", "Errors.Org.DefaultOrgNotDeletable")
    model = OrganizationWriteModel(call.instance.store, org_id)
    if not model.exists:
        if not v2:
            raise not_found("COMMA-aps2n", "Errors.Org.NotFound")
        return Details()
    released = [Unique("org_name", model.name)]
    released += [Unique("usernames", user.username) for user in call.instance.read_models.users.where("owner", org_id)]
    released += [Unique("org_domain", domain) for domain, is_verified in model.domains.items() if is_verified]
    events = call.push(organization_event(org_id, "org.removed", None, *released))
    return details_after(events[-1], call.instance.instance_id)


def require_new_organization(store: EventStore, org_id: str) -> None:
    """Check that an id is not in use.

    :raises ApiError: 409, if an organization has that id.
    """
    if OrganizationWriteModel(store, org_id).exists:
        raise already_exists("ORG-laho2n", "Errors.Org.AlreadyExisting")

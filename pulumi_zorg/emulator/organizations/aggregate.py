"""Organizations: their events, their transitions, and the write model."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.emulator.errors import invalid
from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event, NewEvent, Unique
from pulumi_zorg.emulator.eventstore.store import EventStore

#: The host name of the instance. The default domain of an organization ends with it.
DOMAIN = "localhost"


@dataclass
class Organization(AggregateState):
    """The state of an organization. `domains` maps each domain to whether it is verified."""

    name: str = ""
    primary_domain: str = ""
    domains: dict[str, bool] = field(default_factory=dict)
    #: The event with its own domain settings; None where it has those of the instance.
    domain_policy: Event | None = None

    def transition(self, event: Event) -> None:
        """Apply an event of the organization."""
        match event.type:
            case "org.added":
                self.name, self.state = event.get("name"), "ACTIVE"
            case "org.changed":
                self.name = event.get("name")
            case "org.deactivated":
                self.state = "INACTIVE"
            case "org.reactivated":
                self.state = "ACTIVE"
            case "org.removed":
                self.state, self.domains = "REMOVED", {}
            case "org.domain.primary.set":
                self.primary_domain = event.get("domain")
            case "org.domain.added" | "org.domain.verified":
                self.domains[event.get("domain")] = event.type == "org.domain.verified"
            case "org.domain.removed":
                self.domains.pop(event.get("domain"), None)
            case "org.policy.domain.added":
                self.domain_policy = event


class OrganizationWriteModel(WriteModel, Organization):
    """An organization as commands see it. It owns itself."""

    aggregate_type = "org"
    types = frozenset(
        {"org.added", "org.changed", "org.deactivated", "org.reactivated", "org.removed", "org.domain.primary.set"}
    )
    silent_types = frozenset(
        {"org.domain.added", "org.domain.verified", "org.domain.removed", "org.policy.domain.added"}
    )

    def __init__(self, store: EventStore, org_id: str) -> None:
        super().__init__(store, org_id, org_id)


def organization_event(org_id: str, event_type: str, payload: dict[str, Any] | None, *uniques: Unique) -> NewEvent:
    """Return a new event of an organization."""
    return NewEvent("org", org_id, org_id, event_type, payload, uniques)


def organization_added(org_id: str, name: str) -> list[NewEvent]:
    """Return the events that create an organization with its default domain."""
    domain = default_domain(name)
    payload = {"domain": domain}
    return [
        organization_event(org_id, "org.added", {"name": name}, Unique("org_name", name, "Errors.Org.AlreadyExists")),
        organization_event(org_id, "org.domain.added", payload),
        organization_event(
            org_id, "org.domain.verified", payload, Unique("org_domain", domain, "Errors.Org.Domain.AlreadyExists")
        ),
        organization_event(org_id, "org.domain.primary.set", payload),
    ]


def organization_member_added(org_id: str, user_id: str, roles: list[str]) -> NewEvent:
    """Return the event that makes a user a member of an organization."""
    return organization_event(
        org_id,
        "org.member.added",
        {"roles": roles, "userId": user_id},
        Unique("member", f"{org_id}:{user_id}", "Errors.Member.AlreadyExists"),
    )


def default_domain(name: str) -> str:
    """Return the domain that ZITADEL generates from an organization's name.

    :raises ApiError: 400, if no character of the name can be part of a domain.
    """
    kept = "".join(
        char for char in name.replace(" ", "-") if char in "-0123456789" or unicodedata.category(char)[0] in "LM"
    )
    label = kept.encode()[:63].decode(errors="ignore")
    label = label.removeprefix("-").removesuffix("-")
    if not label:
        raise invalid("ORG-RrfXY", "Errors.Org.Domain.EmptyString")
    # Lowercased one by one: the only letter that Python makes two of is İ.
    return f"{label}.{DOMAIN}".replace("İ", "i").lower()

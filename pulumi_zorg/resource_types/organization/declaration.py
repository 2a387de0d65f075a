"""The declaration of the resource type Organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, ClassVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import OrganizationRecord
from pulumi_zorg.errors import LockoutRefused, NotFound, PermissionDenied, clean
from pulumi_zorg.resource_types.along import read_taken, with_along
from pulumi_zorg.resource_types.impact import Effect, Planned
from pulumi_zorg.resource_types.lifecycle import NOT_ALL, NOTHING, Action, Snapshot, Step
from pulumi_zorg.resource_types.organization.calls import OrganizationCalls, with_domain_of
from pulumi_zorg.resource_types.organization.impact import (
    DOMAIN_IN_LOGIN_NAMES,
    OrganizationImpact,
    along,
    along_after,
    renames,
)
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.object_events import ORG_REMOVED, ObjectEvents
from pulumi_zorg.world.observed import Address, Observed, Removal
from pulumi_zorg.world.proof import find_organization
from pulumi_zorg.world.tokens import type_token


class OrganizationType(ResourceType[OrganizationInputs]):
    """An organization: a tenant, with its own users, projects and grants."""

    token = type_token("Organization")
    inputs = OrganizationInputs
    calls = OrganizationCalls()
    updatable = ("name", "cascade")
    sent_alone = ("name",)
    only_at_create: ClassVar[Mapping[str, str]] = {"admins": "Declare a zorg.Manager to give or take a manager's roles"}
    remembered = ("cascade",)
    is_created_again = False
    reference = "org_id"
    gives_access = True
    read_permission = "org.read"
    counted = ("users", "service_accounts", "projects", "grants")
    impact = OrganizationImpact()
    events: ClassVar[ObjectEvents] = ObjectEvents(
        created=("org.added",),
        removed=(ORG_REMOVED,),
        changes={
            "name": ("org.changed",),
            "active": ("org.deactivated", "org.reactivated"),
            "primary_domain": ("org.domain.primary.set",),
        },
        payload={"name": "name", "primary_domain": "domain"},
    )

    def remark_on_create(self, client: Client, declared: Mapping[str, Any]) -> str | None:
        if declared.get("admins") is not None:
            return None
        me = clean(client.me.user_name or client.me.id)
        return f"{me}, the credential's own user, becomes ORG_OWNER of each new organization; admins=[…] says who shall be instead"

    def id_holder(self, org_id: str) -> str:
        return "an organization"

    def owner_of_id(self, client: Client, id: str) -> str | None:
        with suppress(NotFound, PermissionDenied):
            return None if client.organizations.read(id).removed else id
        return None

    def title(self, inputs: OrganizationInputs, id: str) -> str:
        return f"Organization {inputs.name!r} ({id})"

    def find(self, client: Client, id: str, address: Address) -> Observed | Removal:
        found = find_organization(client, id)
        if isinstance(found, Removal) or address.along is None:
            return found if isinstance(found, Removal) else self.observed(found)
        return with_along(client, self.observed(found), address.along)

    def address_in(self, properties: Mapping[str, Any]) -> Address:
        along, address = self.along(properties), super().address_in(properties)
        kind = None if along is None or along == NOTHING else along.removeprefix(NOT_ALL)
        # Of an active organization a list shows all that there is. What goes along with an inactive one is read by :attr:`Address.along`.
        return replace(address, along=kind, unwanted=address.unwanted | {"cascade"})

    def along(self, properties: Mapping[str, Any]) -> str | None:
        if "active" not in properties:
            return None
        cascade = str(properties.get("cascade") or NOTHING)
        return cascade if properties["active"] is False or cascade.startswith(NOT_ALL) else NOTHING

    def first_managed(self, planned: Planned) -> tuple[str, ...]:
        return tuple(name for name in super().first_managed(planned) if name != "cascade")

    def desired(self, inputs: OrganizationInputs) -> Snapshot:
        return self._without_cascade(super().desired(inputs))

    def snapshot(self, observed: Observed) -> Snapshot:
        return self._without_cascade(super().snapshot(observed))

    def taken_along(self, client: Client, effect: Effect) -> Mapping[str, frozenset[str]]:
        was, will = along(effect.before), along_after(effect)
        if effect.id is None or was in (NOTHING, will):
            return {}
        return {effect.id: frozenset().union(*read_taken(client, effect.id).ids.values())}

    @staticmethod
    def _without_cascade(snapshot: Snapshot) -> Snapshot:
        """Return it without the input that says what goes along. What does so is a part of it of its own."""
        return replace(
            snapshot, properties={name: each for name, each in snapshot.properties.items() if name != "cascade"}
        )

    def explain_conflict(self, client: Client, inputs: OrganizationInputs) -> str | None:
        """The server makes a domain of the name, and refuses the name where another organization has that domain."""
        return _domain_taken(with_domain_of(client, inputs.name))

    def why_taken(self, client: Client, id: str, inputs: OrganizationInputs) -> str | None:
        named = super().why_taken(client, id, inputs)
        # The organization's own domain is no obstacle.
        others = [each for each in with_domain_of(client, inputs.name) if each.id != id] if named is None else []
        return named or _domain_taken(others)

    def guard(self, client: Client, id: str, inputs: OrganizationInputs, step: Step) -> None:
        if step.action in (Action.DEACTIVATE, Action.REMOVE) and not inputs.allow_lockout:
            reason = client.why_protected(id)
            if reason is not None:
                verb = "Deactivating" if step.action is Action.DEACTIVATE else "Removing"
                raise LockoutRefused(
                    f"{verb} {self.title(inputs, id)} is refused: {reason}, so that it could lock out whoever would have to undo "
                    "it. Nothing was done. If you mean it, set allow_lockout=True on this resource."
                )

    def more_facts(self, client: Client, effect: Effect) -> dict[str, int]:
        if not renames(effect) or effect.id is None:
            return {}
        client.verify_org_header(effect.id)
        return {DOMAIN_IN_LOGIN_NAMES: int(client.access.login_names_have_domain(effect.id))}


def _domain_taken(taken: Sequence[OrganizationRecord]) -> str | None:
    """Return that the domain which ZITADEL makes from a name belongs to other organizations, as a sentence."""
    if not taken:
        return None
    owners = ", ".join(f"organization {clean(each.name)!r} ({each.id})" for each in taken)
    return (
        f"No organization has that name, but the domain that ZITADEL makes from it ({clean(taken[0].primary_domain)}) "
        f"belongs to {owners}. Declare a name that differs in its letters or digits."
    )


TYPE = OrganizationType()

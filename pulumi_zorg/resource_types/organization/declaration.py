"""The declaration of the resource type Organization."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from pulumi_zorg.api.access import Users
from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import OrganizationRecord
from pulumi_zorg.errors import LockoutRefused, clean
from pulumi_zorg.resource_types.impact import Act, Effect, Facts, count_text
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.logins import counts_of, read_logins
from pulumi_zorg.resource_types.organization.calls import OrganizationCalls, with_domain_of
from pulumi_zorg.resource_types.organization.impact import (
    DOMAIN_IN_LOGIN_NAMES,
    LOGIN_V2,
    OrganizationImpact,
    renames,
)
from pulumi_zorg.resource_types.organization.inputs import OrganizationInputs
from pulumi_zorg.resource_types.resource_type import FactReader, ResourceType
from pulumi_zorg.world.object_events import ORG_REMOVED, ObjectEvents
from pulumi_zorg.world.observed import Address, Observed, Removal
from pulumi_zorg.world.proof import find_organization
from pulumi_zorg.world.tokens import type_token


class OrganizationType(ResourceType[OrganizationInputs]):
    """An organization: a tenant, with its own users, projects and grants."""

    token = type_token("Organization")
    noun = "organization"
    inputs = OrganizationInputs
    calls = OrganizationCalls()
    updatable = ("name",)
    only_at_create: ClassVar[Mapping[str, str]] = {"admins": "Declare a zorg.Manager to give or take a manager's roles"}
    reference = "org_id"
    gives_access = True
    read_permission = "org.read"
    limit_suffix = ""
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
        payload={"name": "name"},
    )

    def remark_on_create(self, client: Client, declared: Mapping[str, Any]) -> str | None:
        if declared.get("admins") is not None:
            return None
        me = clean(client.me.user_name or client.me.id)
        return f"{me}, the credential's own user, becomes ORG_OWNER of each new organization; admins=[…] says who shall be instead"

    def title(self, inputs: OrganizationInputs, id: str) -> str:
        return f"Organization {inputs.name!r} ({id})"

    def find(self, client: Client, id: str, address: Address) -> Observed | Removal:
        found = find_organization(client, id)
        return found if isinstance(found, Removal) else self.observed(found)

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

    def facts(self, client: Client, reader: FactReader, effect: Effect) -> Facts:
        if effect.id is None:
            return Facts(why_not="its id is not known yet")
        org_id, access = effect.id, client.access
        # Users first. The caller is a user, so the answer shows whether the server ignores the header.
        users, why = reader.attempt(("users of", org_id), lambda: access.users(org_id))
        if users is None:
            return Facts(why_not=why)
        accounts = len(users.service_accounts)
        if not users.complete:
            accounts = reader.read(lambda: client.searches.service_accounts(org_id))
        found = {"users": users.total, "service_accounts": accounts}
        if renames(effect):
            has_domain, why = reader.attempt(("domain", org_id), lambda: access.login_names_have_domain(org_id))
            if has_domain is not None:
                found[DOMAIN_IN_LOGIN_NAMES] = int(has_domain)
        facts = Facts(found, why_not=why)
        if effect.act is Act.REMOVES:
            return facts | self._facts_of_removal(client, reader, org_id)
        if effect.act in (Act.DEACTIVATES, Act.REACTIVATES):
            return facts | self._facts_of_login_pages(client, reader, effect.act, org_id, users)
        return facts

    def _facts_of_removal(self, client: Client, reader: FactReader, org_id: str) -> Facts:
        """Return what goes with an organization."""
        facts = self._facts_of_projects(client, reader, Act.REMOVES, org_id)
        made_here, why = reader.attempt(("grants in", org_id), lambda: client.access.grants(org_id=org_id))
        return facts | Facts({} if made_here is None else {"grants": made_here.total}, why_not=why)

    def _facts_of_login_pages(self, client: Client, reader: FactReader, act: Act, org_id: str, users: Users) -> Facts:
        """Return what is known of its projects, whose logins an inactive organization stops, and of the login pages in use."""
        facts = self._facts_of_projects(client, reader, act, org_id)
        is_v2 = not users.total or reader.attempt(("login v2",), client.access.login_v2_required)[0]
        return facts | Facts({} if is_v2 is None else {LOGIN_V2: int(is_v2)})

    def _facts_of_projects(self, client: Client, reader: FactReader, act: Act, org_id: str) -> Facts:
        """Return the counts about the projects of an organization."""
        access = client.access
        projects, why = reader.attempt(("projects of", org_id), lambda: access.projects(org_id))
        if projects is None:
            return Facts(why_not=why)
        counts = {"projects": projects.total}
        if act is Act.REACTIVATES or not projects.total:
            return Facts(counts)
        if not projects.complete or projects.total > reader.at_most:
            return Facts(counts, why_not=f"that takes more than {count_text(reader.at_most, 'call')}")
        # The logins to an inactive project are stopped already.
        stopped = [each for each in projects.entries if each.login.active or act is Act.REMOVES]
        logins = [read_logins(access, reader, each.id, each.login, members=True) for each in stopped]
        why = next((each.why_not for each in logins if each.why_not), None)
        return Facts({**counts, **counts_of(logins)}, why_not=why)


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

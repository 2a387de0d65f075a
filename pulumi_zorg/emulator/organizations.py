"""Organizations: what changes them, and how they are read."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Any

from . import messages as m
from .errors import already_exists, denied, invalid, not_found, precondition
from .fields import EMPTY
from .model import Details, WriteModel, added, changed, of_event, pb, viewed
from .queries import all_of, kind_of, listed, matches, ordered, page
from .routing import AUTHENTICATED, rest
from .schema import Msg
from .store import Command, Event, EventStore, Unique
from .tables import OrgRow
from .users_model import require_user
from .world import DOMAIN, Call, World


class OrgModel(WriteModel):
    """An organization as commands see it."""

    aggregate_type = "org"
    types = frozenset(
        {"org.added", "org.changed", "org.deactivated", "org.reactivated", "org.removed", "org.domain.primary.set"}
    )

    def __init__(self, store: EventStore, aggregate_id: str) -> None:
        self.name = ""
        super().__init__(store, aggregate_id, aggregate_id)

    def reduce(self, event: Event) -> None:
        """Name and state."""
        if event.type in ("org.added", "org.changed"):
            self.name = event.get("name")
        if event.type in ("org.added", "org.reactivated"):
            self.state = "ACTIVE"
        elif event.type == "org.deactivated":
            self.state = "INACTIVE"
        elif event.type == "org.removed":
            self.state = "REMOVED"


class DomainsModel(WriteModel):
    """The domains of an organization: name -> verified, for those that are there."""

    aggregate_type = "org"
    types = frozenset(
        {
            "org.added",
            "org.changed",
            "org.removed",
            "org.domain.added",
            "org.domain.verified",
            "org.domain.primary.set",
            "org.domain.removed",
        }
    )

    def __init__(self, store: EventStore, aggregate_id: str) -> None:
        self.name = ""
        self.primary = ""
        self.domains: dict[str, bool] = {}
        super().__init__(store, aggregate_id, aggregate_id)

    def reduce(self, event: Event) -> None:
        """Names and domains."""
        domain = event.get("domain")
        if event.type in ("org.added", "org.changed"):
            self.name = event.get("name")
        elif event.type == "org.removed":
            self.domains = {}
        elif event.type == "org.domain.primary.set":
            self.primary = domain
        elif event.type == "org.domain.removed":
            self.domains.pop(domain, None)
        else:
            self.domains[domain] = event.type == "org.domain.verified"


@dataclass
class OrgView:
    """An organization as reads by id tell it: folded from all its events, removed or not."""

    id: str
    owner: str = ""
    created: int = 0
    changed: int = 0
    sequence: int = 0
    name: str = ""
    state: str = ""
    domain: str = ""


def default_domain(name: str) -> str:
    """The domain ZITADEL makes of an organization's name.

    :raises ApiError: 400, when nothing is left of the name.
    """
    kept = "".join(
        char for char in name.replace(" ", "-") if char in "-0123456789" or unicodedata.category(char)[0] in "LM"
    )
    label = kept.encode()[:63].decode(errors="ignore")
    label = label.removeprefix("-").removesuffix("-")
    if not label:
        raise invalid("ORG-RrfXY", "Errors.Org.Domain.EmptyString")
    return f"{label}.{DOMAIN}".lower()


def event_of(org_id: str, event_type: str, payload: dict[str, Any] | None, *uniques: Unique) -> Command:
    """An event of an organization, which owns itself."""
    return Command("org", org_id, org_id, event_type, payload, uniques)


def creation(org_id: str, name: str) -> list[Command]:
    """The events that make an organization with its default domain."""
    domain = default_domain(name)
    payload = {"domain": domain}
    return [
        event_of(org_id, "org.added", {"name": name}, Unique("org_name", name, "Errors.Org.AlreadyExists")),
        event_of(org_id, "org.domain.added", payload),
        event_of(
            org_id, "org.domain.verified", payload, Unique("org_domain", domain, "Errors.Org.Domain.AlreadyExists")
        ),
        event_of(org_id, "org.domain.primary.set", payload),
    ]


def member_added(org_id: str, user_id: str, roles: list[str]) -> Command:
    """The event that makes a user a member of an organization."""
    return event_of(
        org_id,
        "org.member.added",
        {"roles": roles, "userId": user_id},
        Unique("member", f"{org_id}:{user_id}", "Errors.Member.AlreadyExists"),
    )


def change(call: Call, org_id: str, name: str, *, v2: bool = False) -> Details:
    """Rename an organization, and its default domain with it."""
    name, org_id = name.strip(), org_id.strip()
    if not org_id or not name:
        raise invalid("EVENT-Mf9sd", "Errors.Org.Invalid")
    if v2:
        call.check("org.write", org_id, org_id)
    model = OrgModel(call.world.store, org_id)
    if not model.exists:
        raise not_found("ORG-1MRds", "Errors.Org.NotFound")
    if model.name == name:
        raise precondition("ORG-4VSdf", "Errors.Org.NotChanged")
    uniques = Unique("org_name", model.name), Unique("org_name", name, "Errors.Org.AlreadyExists")
    renamed = event_of(org_id, "org.changed", {"name": name}, *uniques)
    model.apply(call.push(renamed, *_domain_change(call.world, org_id, name)))
    return model.details


def _domain_change(world: World, org_id: str, name: str) -> list[Command]:
    model = DomainsModel(world.store, org_id)
    old = default_domain(model.name)
    if old not in model.domains:
        return []
    new = default_domain(name)
    if new == old:
        return []
    payload = {"domain": new}
    taken = Unique("org_domain", new, "Errors.Org.Domain.AlreadyExists")
    commands = [event_of(org_id, "org.domain.added", payload), event_of(org_id, "org.domain.verified", payload, taken)]
    if model.primary == old:
        commands.append(event_of(org_id, "org.domain.primary.set", payload))
    freed = (Unique("org_domain", old),) if model.domains[old] else ()
    return [*commands, event_of(org_id, "org.domain.removed", {"domain": old}, *freed)]


def deactivate(call: Call, org_id: str, *, v2: bool = False) -> Details:
    """Switch an organization off."""
    if v2:
        call.check("org.write", org_id, org_id)
    model = OrgModel(call.world.store, org_id)
    if not model.exists:
        raise not_found("ORG-oL9nT", "Errors.Org.NotFound")
    if model.state == "INACTIVE":
        raise precondition("EVENT-Dbs2g", "Errors.Org.AlreadyDeactivated")
    model.apply(call.push(event_of(org_id, "org.deactivated", {})))
    return model.details


def reactivate(call: Call, org_id: str, *, v2: bool = False) -> Details:
    """Switch an organization on again."""
    if v2:
        call.check("org.write", org_id, org_id)
    model = OrgModel(call.world.store, org_id)
    if not model.exists:
        raise not_found("ORG-Dgf3g", "Errors.Org.NotFound")
    if model.state == "ACTIVE":
        raise precondition("EVENT-bfnrh", "Errors.Org.AlreadyActive")
    model.apply(call.push(event_of(org_id, "org.reactivated", {})))
    return model.details


def remove(call: Call, org_id: str, *, v2: bool = False) -> Details:
    """Remove an organization. One event, whatever belongs to it: nothing is written to its users, projects or grants."""
    if v2:
        call.check("org.delete", org_id, org_id)
    if org_id == call.world.default_org_id:
        raise precondition("COMMA-wG9p1", "Errors.Org.DefaultOrgNotDeletable")
    model = OrgModel(call.world.store, org_id)
    if not model.exists:
        if not v2:
            raise not_found("COMMA-aps2n", "Errors.Org.NotFound")
        return Details()
    freed = [Unique("org_name", model.name)]
    freed += [Unique("usernames", user.username) for user in call.world.tables.users.by("owner", org_id)]
    verified = DomainsModel(call.world.store, org_id).domains
    freed += [Unique("org_domain", domain) for domain, is_verified in verified.items() if is_verified]
    events = call.push(event_of(org_id, "org.removed", None, *freed))
    return of_event(events[-1], call.world.instance_id)


def by_id(world: World, org_id: str) -> OrgView:
    """Read an organization by id; a removed one is still there, without a state.

    :raises ApiError: 404 for an id that never was.
    """
    events = world.store.aggregate("org", org_id)
    if not events:
        raise not_found("QUERY-leq5Q", "Errors.Org.NotFound")
    view = OrgView(org_id)
    for event in events:
        if event.type == "org.added":
            view.name, view.owner, view.created = event.get("name"), event.resource_owner, event.created_at
            view.state = "ACTIVE"
        elif event.type == "org.changed":
            view.name = event.get("name")
        elif event.type == "org.domain.primary.set":
            view.domain = event.get("domain")
        else:
            view.state = _VIEW_STATES.get(event.type, view.state)
        view.sequence, view.changed = event.sequence, event.created_at
    return view


_VIEW_STATES = {"org.deactivated": "INACTIVE", "org.reactivated": "ACTIVE", "org.removed": ""}


def exists(world: World, org_id: str) -> None:
    """Refuse an organization that never was, as calls do whose header names one."""
    if not world.store.aggregate("org", org_id):
        raise denied("AUTH-Bs7Ds", "Organisation doesn't exist")


def _told(org: OrgView | OrgRow) -> dict[str, Any]:
    return pb(
        id=org.id,
        details=viewed(org),
        state=f"ORG_STATE_{org.state}" if org.state else "",
        name=org.name,
        primaryDomain=org.domain,
    )


def search(world: World, queries: list[Msg], states: dict[str, str]) -> list[OrgRow]:
    """Organizations that match all queries; `states` translates the API's state names to the rows' own."""
    return all_of(world.lists.orgs.rows.values(), [_predicate(world, query, states) for query in queries])


def _predicate(world: World, query: Msg, states: dict[str, str]) -> Any:
    kind, inner = kind_of(query)
    if kind == "name_query":
        return lambda row: matches(inner["method"], row.name, inner["name"])
    if kind == "domain_query":
        return lambda row: any(
            is_verified and matches(inner["method"], domain, inner["domain"])
            for domain, is_verified in row.domains.items()
        )
    if kind == "state_query":
        return lambda row: row.state == states.get(inner["state"])
    if kind == "id_query":
        return lambda row: row.id == inner["id"]
    return lambda row: row.id == world.default_org_id


_STATES = {"ORG_STATE_ACTIVE": "ACTIVE", "ORG_STATE_INACTIVE": "INACTIVE"}


@rest("POST", "/management/v1/orgs", "org.create", m.ADD_ORG)
def _add(call: Call) -> Any:
    default_domain(call.request["name"])
    name = call.request["name"].strip()
    if not name:
        raise invalid("EVENT-Mf9sd", "Errors.Org.Invalid")
    org_id = call.world.store.new_id()
    require_user(call.world.store, call.caller.user_id, call.caller.resource_owner)
    events = call.push(*creation(org_id, name), member_added(org_id, call.caller.user_id, ["ORG_OWNER"]))
    return pb(id=org_id, details=added(of_event(events[-1])))


@rest("GET", "/management/v1/orgs/me", "org.read", EMPTY)
def _get_mine(call: Call) -> Any:
    return {"org": _told(by_id(call.world, call.caller.org_id))}


@rest("PUT", "/management/v1/orgs/me", "org.write", m.UPDATE_ORG)
def _update(call: Call) -> Any:
    # The answer names the moment of the change `creationDate`; the real server does.
    return {"details": added(change(call, call.caller.org_id, call.request["name"]))}


@rest("POST", "/management/v1/orgs/me/_deactivate", "org.write", EMPTY)
def _deactivate(call: Call) -> Any:
    return {"details": changed(deactivate(call, call.caller.org_id))}


@rest("POST", "/management/v1/orgs/me/_reactivate", "org.write", EMPTY)
def _reactivate(call: Call) -> Any:
    return {"details": changed(reactivate(call, call.caller.org_id))}


@rest("DELETE", "/management/v1/orgs/me", "org.delete", EMPTY)
def _remove_mine(call: Call) -> Any:
    return {"details": changed(remove(call, call.caller.org_id))}


@rest("GET", "/management/v1/global/orgs/_by_domain", "org.global.read", m.ORG_BY_DOMAIN)
def _by_domain(call: Call) -> Any:
    for row in call.world.lists.orgs.rows.values():
        if row.domain == call.request["domain"] and row.state == "ACTIVE":
            return {"org": _told(row)}
    raise not_found("QUERY-iTTGJ", "Errors.Org.NotFound")


@rest("GET", "/admin/v1/orgs/{id}", "iam.read", m.GET_ORG)
def _get(call: Call) -> Any:
    return {"org": _told(by_id(call.world, call.request["id"]))}


@rest("GET", "/admin/v1/orgs/default", "iam.read", EMPTY)
def _get_default(call: Call) -> Any:
    return {"org": _told(by_id(call.world, call.world.default_org_id))}


@rest("GET", "/management/v1/iam", AUTHENTICATED, EMPTY)
def _get_instance(call: Call) -> Any:
    default = call.world.default_org_id
    return pb(globalOrgId=default, iamProjectId=call.world.project_id, defaultOrgId=default)


@rest("GET", "/admin/v1/orgs/_is_unique", "iam.read", m.IS_ORG_UNIQUE)
def _is_unique(call: Call) -> Any:
    name, domain = call.request["name"].lower(), call.request["domain"].lower()
    if not name and not domain:
        raise invalid("QUERY-DGqfd", "Errors.Query.InvalidRequest")
    taken = any(
        row.name.lower() == name or domain in (one.lower() for one in row.domains)
        for row in call.world.lists.orgs.rows.values()
    )
    return pb(isUnique=not taken)


@rest("DELETE", "/admin/v1/orgs/{org_id}", "iam.write", m.REMOVE_ORG)
def _remove(call: Call) -> Any:
    return {"details": changed(remove(call, call.request["org_id"]))}


@rest("POST", "/admin/v1/orgs/_search", "iam.read", m.LIST_ORGS)
def _list(call: Call) -> Any:
    found = search(call.world, call.request["queries"], _STATES)
    by_name = call.request["sorting_column"] == "ORG_FIELD_NAME_NAME"
    key = (lambda row: row.name.lower()) if by_name else None
    total, rows = page(ordered(found, key, call.request["query"]), call.request["query"])
    return listed(total, [_told(row) for row in rows], call.world.lists.orgs)


def require_new(store: EventStore, org_id: str) -> None:
    """Refuse an id that is in use."""
    if OrgModel(store, org_id).exists:
        raise already_exists("ORG-laho2n", "Errors.Org.AlreadyExisting")

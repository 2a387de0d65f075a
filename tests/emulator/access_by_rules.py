"""The columns of the table of what each switch stops, as the package's rules of access give them."""

from __future__ import annotations

from pulumi_zorg.access import read
from pulumi_zorg.access.instance import Instance
from pulumi_zorg.access.report import rows_of
from pulumi_zorg.access.rules import Access, Reason, Rule, access_to
from pulumi_zorg.access.selection import Filters, select
from pulumi_zorg.api.client import Client
from tests.emulator.access_reading import read_instance
from tests.emulator.access_world import World

BOTH = ("admin", "viewer")
#: What stops a login, as the column of the table has it.
STOPPED = {
    Rule.USER_NOT_ACTIVE: "none",
    Rule.USER_REMOVED: "none",
    Rule.PROJECT_NOT_ACTIVE: "A",
    Rule.PROJECT_REMOVED: "A",
    Rule.OWNER_NOT_ACTIVE: "A",
    Rule.APPLICATION_NOT_ACTIVE: "A",
    Rule.PROJECT_CHECK: "R",
    Rule.ROLE_CHECK: "G",
}


def shown(access: Access) -> str:
    return {(): "no", ("viewer",): "rest", BOTH: "roles"}[tuple(sorted(access.roles))]


def expected(world: World, name: str, instance: Instance) -> list[str]:
    """The same columns, by the rules."""
    person = access_to(instance, world.ids[f"human.{name}"], world.ids["p"])
    machine = access_to(instance, world.ids[f"machine.{name}"], world.ids["p"])
    assert person.login_v2 is not None
    stops = [STOPPED[each.rule] for each in person.login_v2.reasons]
    by_user = any(each.rule in (Rule.USER_NOT_ACTIVE, Rule.USER_REMOVED) for each in person.introspection.reasons)
    by_project = any(STOPPED[each.rule] == "A" for each in person.introspection.reasons)
    # The server looks at the application first.
    login = shown(person) if person.login_v2.works else next(each for each in ("A", "none", "R", "G") if each in stops)
    refresh = shown(person) if person.token.works else "cl" if "A" in map(_stopped, person.token.reasons) else "refused"
    introspection = "uc" if by_project else "na" if by_user else shown(person)
    return [login, refresh, introspection, shown(machine) if machine.token.works else "refused"]


def _stopped(reason: Reason) -> str:
    return STOPPED[reason.rule]


def agree(world: World, name: str, row: str, instance: Instance | None = None) -> list[tuple[str, str]]:
    """Return the cells in which a row of the table and the rules differ: login, refresh, introspection, new token.

    :param instance: as another reader has read it.

    A token from before a reactivation stays dead, and the server looks at the checks of a user that was removed: the rules do
    not say so.
    """
    login, refresh, _, introspected, new_token, *_ = row.split()
    by_rules = expected(world, name, instance or read_instance(world))
    shown = [login, refresh, introspected, new_token]
    if by_rules[0] == "none" and login in ("R", "G"):
        shown[0] = "none"
    if introspected == "na":
        shown[2] = by_rules[2]
    return [pair for pair in zip(shown, by_rules, strict=True) if pair[0] != pair[1]]


def reported(world: World, client: Client, name: str) -> list[str]:
    """Return the roles that `zorg access` reports as in force, of a person and of a service account."""
    instance = read.read_instance(client)
    rows = {each.user_id: each for each in rows_of(instance, select(instance, Filters())) if each.in_force}
    found = (rows.get(world.ids[f"{kind}.{name}"]) for kind in ("human", "machine"))
    return [{("viewer",): "rest", BOTH: "roles"}.get(each.roles if each else (), "none") for each in found]


def in_force(row: str) -> list[str]:
    """Return the roles that a login and a service account's new token have by a row of the table."""
    login, _, _, _, new_token, *_ = row.split()
    return [cell if cell in ("roles", "rest") else "none" for cell in (login, new_token)]

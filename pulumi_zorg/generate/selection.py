"""What a program is generated for: organizations and all that a resource can manage in them, and what the state of a stack has already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pulumi_zorg import errors
from pulumi_zorg.api.client import Client
from pulumi_zorg.engine.state import every_recorded, every_urn, not_understood
from pulumi_zorg.errors import InputError, ZorgError, clean
from pulumi_zorg.resource_types.along import with_remembered
from pulumi_zorg.resource_types.inputs import LONGEST, wrong_id
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES, referred_types
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.observed import ACTIVE, Address, Key, Observed, Removal, Sought
from pulumi_zorg.world.reader import World
from pulumi_zorg.world.tokens import resource_name, short
from pulumi_zorg.world.unmanaged import find_unmanaged

_ROOT = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Managed:
    """The resources in a stack's state.

    :param resources: the URN of each resource of this package, by the key of its object.
    :param only_read: the objects that the stack reads (``get``) and does not manage.
    :param urns: the URNs of all resources.
    """

    stack: str
    resources: Mapping[Key, str] = field(default_factory=dict)
    only_read: frozenset[Key] = frozenset()
    urns: frozenset[str] = frozenset()

    @classmethod
    def of(cls, stack: str, exported: Mapping[str, Any]) -> Managed:
        """Return what an exported state has.

        :raises ConfigurationError: where the state cannot be read, or has a resource that this release does not understand: it
            may manage any object.
        """
        unknown = next(iter(not_understood(exported)), None)
        if unknown is not None:
            raise errors.ConfigurationError(unknown.why)
        found = every_recorded(exported)
        managed = {each.key: each.urn for each in found if not each.external}
        only_read = {each.key: each.urn for each in found if each.key not in managed}
        return cls(stack, {**only_read, **managed}, frozenset(only_read), frozenset(every_urn(exported)))

    def names(self) -> dict[str, set[str]]:
        """Return the names of the resources, by their type tokens."""
        found: dict[str, set[str]] = defaultdict(set)
        for key, urn in self.resources.items():
            found[key.token].add(resource_name(urn))
        return found

    @cached_property
    def titles(self) -> Mapping[Key, str]:
        """The resources as text, by the type and the id of their objects."""
        return {
            Key(key.token, key.id): f"{short(key.token)} {clean(resource_name(urn))!r} of this stack"
            for key, urn in self.resources.items()
        }

    def refuse(self, observed: Observed, name: str, parent: str | None) -> None:
        """Refuse an import that the state does not allow.

        :param name: the resource's name.
        :param parent: the URN of its parent; None for the stack itself.
        :raises InputError: where the parent is not in the state, another resource has the name, or one manages the object.
        """
        what = f"{short(observed.token)} {clean(name)!r}"
        if parent is not None and parent not in self.urns:
            raise InputError(
                what, "--parent", f"must be the URN of a resource in stack {self.stack}: `pulumi stack --show-urns`"
            )
        managed_by = self.resources.get(observed.key)
        if managed_by is not None and observed.key not in self.only_read:
            raise InputError(
                what,
                "ID",
                f"is that of an object which stack {self.stack} has already, as {clean(managed_by, 1_000)}. Only one resource can "
                "manage it",
            )
        above = [] if parent is None else [_type_in(parent)]
        qualified = "$".join([*(each for each in above if each != _ROOT), observed.token])
        if any((_type_in(urn), resource_name(urn)) == (qualified, name) for urn in self.urns):
            raise InputError(what, "NAME", f"is taken: stack {self.stack} has a resource of that name and type")


def _type_in(urn: str) -> str:
    """Return the type in a URN, with those of its parents."""
    parts = urn.split("::", 3)
    return parts[2] if len(parts) == 4 else ""


@dataclass
class Selection:
    """What exists, and what could not be read.

    :ivar left_out: why an object is not in the program although it could be, as sentences.
    :ivar remarks: what else the user should know.
    :ivar names: the names of objects that the program does not declare, by property and id.
    """

    objects: list[Observed] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    names: dict[tuple[str, str], str] = field(default_factory=dict)


def select(
    world: World,
    wanted: Sequence[str],
    state: str | None,
    *,
    managed: Collection[Key] = (),
    by_id: bool = False,
    on_request: bool = False,
) -> Selection:
    """Return the organizations, and the objects in them.

    :param wanted: ids or names of organizations; none for all that exist.
    :param state: only organizations that are ``active`` or ``inactive``; None for both.
    :param managed: objects to leave out.
    :param by_id: read each object by its id, as a refresh does. Lists lag.
    :param on_request: whether the types are included that are generated only on request (:attr:`ResourceType.on_request`).
    :raises NoMatch: for an organization that does not exist, or that the credential may not see.
    :raises SeveralMatches: for a name that several organizations have.
    :raises PermissionDenied: for all organizations, without a right on the instance.
    """
    organizations = [_organization(world, each) for each in wanted] if wanted else world.organizations()
    unique = {each.id: each for each in organizations}.values()
    kept = [each for each in unique if state is None or each.properties["active"] is (state == "active")]
    selection = Selection()
    if not kept:
        return selection
    types = {
        token for token, each in RESOURCE_TYPES.items() if each.in_organization and (on_request or not each.on_request)
    }
    found, unknown = find_unmanaged(world, (), {each.id for each in kept}, types)
    selection.left_out += [why for _, why in unknown]
    own = {each.key for each in found if RESOURCE_TYPES[each.token].is_own(world.client, each.properties)}
    if own:
        # There is one in each organization that the credential has created.
        noun = RESOURCE_TYPES[min(own).token].noun
        selection.remarks.append(
            f"each {noun} who is the credential's own user is left out: Pulumi itself needs these rights."
        )
    without = {*managed, *own}
    listed = [each for each in (*kept, *found) if each.key not in without]
    for each in sorted(_with_all_properties(world, listed, selection, every=by_id), key=_by_name):
        taken_along = each.token == world.top.token and world.client.why_protected(each.id)
        if taken_along:
            selection.remarks.append(
                f"organization {clean(name_of(each) or '')} ({clean(each.id)}) is taken along, and {taken_along}. Remove it from the "
                "program if Pulumi is not to manage it; --org selects the others. To deactivate or to remove it takes allow_lockout=True."
            )
        why = why_not_managed(world.client, each)
        if why is None:
            selection.objects.append(_with_remembered(world, each, selection))
        else:
            selection.remarks.append(f"{RESOURCE_TYPES[each.token].noun} {clean(each.id)} is left out: {why}.")
    _read_names(world, selection)
    return selection


def select_one(world: World, type: ResourceType[Any], id: str, address: Mapping[str, str]) -> Selection:
    """Return one object, read by its id as a refresh reads it.

    :param address: what else finds the object (:attr:`ResourceType.address`).
    :raises Gone: where it was removed.
    :raises NotProven: where neither the object nor its removal can be shown.
    """
    found = world.find(Sought(type.key(id, address), Address(address)))
    if isinstance(found, Removal):
        raise errors.Gone(f"There is no {type.noun} {clean(id)} to import: {found.describe()}.")
    why = why_not_managed(world.client, found)
    selection = Selection(remarks=[each for each in (found.warning, why and f"Caution: {why}.") if each])
    selection.objects.append(_with_remembered(world, found, selection))
    _read_names(world, selection)
    return selection


def why_not_managed(client: Client, observed: Observed) -> str | None:
    """Return why no program should manage an object, as a clause; None where one may."""
    of_type, own_project = RESOURCE_TYPES[observed.token].reference == "project_id", client.own_project
    if (observed.id if of_type else observed.properties.get("project_id")) == own_project:
        return "it is ZITADEL's own" if of_type else "it is about ZITADEL's own project"
    if RESOURCE_TYPES[observed.token].reference == "user_id" and observed.id == client.me.id:
        return "it is the credential's own user, which Pulumi itself needs"
    if observed.properties.get("user_id") == client.me.id:
        return "it belongs to the credential's own user, and a wrong change could take away what Pulumi itself needs"
    return None


def _organization(world: World, wanted: str) -> Observed:
    """Return the organization with this id, or else with this name. Callers of the v2 API choose ids, so any text may be one."""
    why = ""
    if wrong_id(wanted) is None:
        try:
            found = world.find(Sought(world.top.key(wanted, {}), Address()))
        except errors.NotProven:
            pass  # the instance never had it, or does not show it to this caller
        else:
            if isinstance(found, Observed):
                return found
            why = f": {found.describe()}"
    query = {"nameQuery": {"name": wanted, "method": "TEXT_QUERY_METHOD_EQUALS"}}
    named = world.client.organizations.search(f"Looking for organization {clean(wanted)!r}", query)
    if not named:
        raise errors.NoMatch(
            f"There is no organization with the id or the name {clean(wanted)!r} that this credential may see{why}."
        )
    if len(named) > 1:
        ids = ", ".join(clean(each.id) for each in named)
        raise errors.SeveralMatches(
            f"Several organizations have the name {clean(wanted)!r}: give one of the ids {ids}."
        )
    return world.top.observed(named[0])


def _with_all_properties(
    world: World, found: Sequence[Observed], selection: Selection, *, every: bool
) -> list[Observed]:
    """Return the objects, read by id where a list leaves out what an update changes, like the roles of a project.

    :param every: read all of them by id.
    """
    incomplete = [each for each in found if every or _lacks_properties(each) or _may_be_taken_along(each)]
    whole = [each for each in found if each not in incomplete]

    # One that was deactivated along with its organization has a flag of its own.
    sought = [Sought(each.key, replace(Address.of(each.properties), is_active=True)) for each in incomplete]
    for each, answer in world.read_each(world.find, sought, "Reading by id"):
        if isinstance(answer, ZorgError):
            selection.left_out.append(
                f"{RESOURCE_TYPES[each.key.token].noun} {clean(each.key.id)} is left out. {answer}"
            )
        elif isinstance(answer, Observed):
            whole.append(answer)
            if answer.warning and every:
                selection.remarks.append(answer.warning)
    return whole


def _may_be_taken_along(observed: Observed) -> bool:
    """Whether an object may have been deactivated along with an organization."""
    return bool(RESOURCE_TYPES[observed.token].goes_along) and observed.properties.get(ACTIVE) is False


def _with_remembered(world: World, observed: Observed, selection: Selection) -> Observed:
    """Return a deactivated organization with `cascade`, without which the program could not bring back what went along with it."""
    if observed.token != world.top.token or observed.properties.get(ACTIVE) is not False:
        return observed
    try:
        return with_remembered(world.client, observed)
    except ZorgError as error:
        selection.remarks.append(f"`cascade` of organization {clean(observed.id)} is left out. {error}")
        return observed


def _lacks_properties(observed: Observed) -> bool:
    of_type = RESOURCE_TYPES[observed.token]
    return bool({*of_type.updatable} - {*of_type.remembered} - observed.properties.keys())


def _read_names(world: World, selection: Selection) -> None:
    """Read the names of the objects that the selection refers to and does not have."""
    own = {(each.token, each.id) for each in selection.objects}
    wanted = {
        (name, str(each.properties[name])): each.properties.get("org_id")
        for each in selection.objects
        for name in each.properties
        if name.endswith("_id") and each.properties[name]
        if not any((token, each.properties[name]) in own for token in referred_types(name))
    }

    def read(item: tuple[str, str]) -> str | None:
        for call in world.client.searches.names(*item, wanted[item]):
            try:
                name = call()
            except ZorgError:  # it is only for a comment
                continue
            if name:
                return name
        return None

    for item, answer in world.read_each(read, list(wanted), "Reading names"):
        if isinstance(answer, str):
            selection.names[item] = answer


def name_of(observed: Observed) -> str | None:
    """Return the name of an object; None for one that has none."""
    name = observed.properties.get("name")
    return name if isinstance(name, str) else None


def _by_name(observed: Observed) -> tuple[str, str, str]:
    return str(observed.properties.get("org_id") or ""), name_of(observed) or "", observed.id


def verify(wanted: Sequence[str]) -> None:
    """Verify the ids or names of organizations before anything is called.

    :raises InputError: for one that can be neither.
    """
    for each in wanted:
        if len(each) > LONGEST:
            raise InputError("zorg generate", "--org", f"must have at most {LONGEST} characters, not {len(each)}")
        if not each.strip():
            raise InputError("zorg generate", "--org", "must not be blank")

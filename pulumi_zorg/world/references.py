"""Whether the objects exist that a resource names by their ids."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import NotFound, PermissionDenied, ZorgError, clean
from pulumi_zorg.world.object_events import ORG_REMOVED, ObjectEvents, Parent

_ORGANIZATION = Parent("org_id", "organization", ORG_REMOVED, created=("org.added",))


@dataclass(frozen=True)
class Missing:
    """An object that a resource names, and that does not exist.

    :param property: the property that has its id.
    :param reason: what is wrong with it, as the end of a sentence.
    :param certain: whether the event store says so. Else the object may exist, and the credential may not see it.
    """

    property: str
    reason: str
    certain: bool


def find_missing(
    client: Client,
    events: ObjectEvents,
    properties: Mapping[str, Any],
    shown: Callable[[str, str, str | None], bool],
) -> Missing | None:
    """Return the first object that does not exist; None where all exist, or where nothing is known about them.

    :param events: those of the type of the resource. Its parents are what the resource names.
    :param properties: what the resource declares.
    :param shown: whether a read shows the object; it is given the property, the id, and the resource's organization.
    """
    named = {name: value for name, value in properties.items() if isinstance(value, str)}
    for parent in (_ORGANIZATION, *events.parents):
        object_id, none = named.get(parent.property), f"there is no such {parent.noun}"
        if not object_id:
            continue
        if parent.aggregate is not None:
            within = named.get(parent.aggregate, "")
            owner = client.roles.known(within) if within else None
            if owner is not None and object_id not in owner.grants:
                # It may have been made since the project was read.
                owner = client.roles.read(within)
            if owner is not None and object_id not in owner.grants:
                return Missing(parent.property, f"is {clean(object_id)}: {none} of {clean(owner.name)}", True)
            continue
        if shown(parent.property, object_id, named.get("org_id")):
            continue
        try:
            found = client.events.of(object_id, (*(parent.created or _ORGANIZATION.created), parent.removed))
        except (PermissionDenied, NotFound):
            return Missing(parent.property, f"is {clean(object_id)}: {none}, or this credential may not see it", False)
        if not found:
            return Missing(parent.property, f"is {clean(object_id)}: {none}. {_HOW}", True)
        if found[-1].kind == parent.removed:
            return Missing(parent.property, f"is {clean(object_id)}: that {parent.noun} was removed", True)
    return None


_HOW = "An id is in ZITADEL's console, and the lookups of this package find it by a name"


def may_exist(client: Client, property: str, id: str, org_id: str | None) -> bool:
    """Whether a read shows the object that a property names, or refuses to say whether it exists."""
    for call in client.searches.names(property, id, org_id):
        try:
            if call():
                return True
        except NotFound:
            continue
        except PermissionDenied as refused:
            if not refused.no_organization:
                return True
        except ZorgError:
            return True
    return False

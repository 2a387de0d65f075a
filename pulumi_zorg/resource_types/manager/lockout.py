"""Refuses what could leave nobody to administer the instance or an organization, or take the credential's own right."""

from __future__ import annotations

from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import ApiError, LockoutRefused, NotProven, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.manager.calls import managers_of
from pulumi_zorg.resource_types.manager.inputs import ManagerInputs
from pulumi_zorg.resource_types.manager.place import OWNERS, Place


def refuse_lockout(client: Client, id: str, inputs: ManagerInputs, step: Step) -> None:
    """Raise where a step takes a role from the credential's own user, or the last owner's role.

    Lists lag, and two resources of a run may take the role from two users at once. So what this process takes is remembered, and
    does not count as an owner for the next one.

    :raises LockoutRefused: where it does, and where the list of managers that would show the opposite cannot be read.
    """
    place, user_id = inputs.place, inputs.user_id
    owner = OWNERS.get(place.level, "")
    left = () if step.action is Action.REMOVE else inputs.roles
    with client.owners.lock:
        if not inputs.allow_lockout:
            reason = _why_refused(client, place, user_id, owner, left)
            if reason is not None:
                verb = "Removing" if step.action is Action.REMOVE else "Changing the roles of"
                raise LockoutRefused(
                    f"{verb} manager {clean(id)} is refused: {reason}. Nothing was done. If you mean it, set allow_lockout=True on "
                    "this resource, run `pulumi up`, and repeat it."
                )
        if owner and owner not in left:
            client.owners.taken.add(id)
        else:
            client.owners.taken.discard(id)


def _why_refused(client: Client, place: Place, user_id: str, owner: str, left: tuple[str, ...]) -> str | None:
    """Return why a user must not be left with only these roles, as a clause; None where that locks nobody out."""
    is_own = user_id == client.me.id
    if not is_own and (not owner or owner in left):
        return None
    try:
        managers = managers_of(client, place)
    except (ApiError, NotProven, UnexpectedAnswer) as error:
        return f"whom it would lock out is not known, because the list of managers cannot be read ({error})"
    taken = [role for each in managers if each.user_id == user_id for role in each.roles if role not in left]
    if is_own and taken:
        return f"it would take {', '.join(map(clean, taken))} on {clean(str(place))} from the credential's own user"
    others = (each for each in managers if each.user_id != user_id and each.id not in client.owners.taken)
    if owner not in taken or any(owner in each.roles for each in others):
        return None
    return f"the user is the last one with the role {owner} on {clean(str(place))}, so nobody there could undo it"

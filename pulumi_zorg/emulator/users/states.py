"""The commands that change the state of users, and that remove users, for the v1 and v2 APIs.

v1 passes the organization of the header as the owner. v2 passes none.
"""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details
from pulumi_zorg.emulator.eventstore.events import NewEvent, Unique
from pulumi_zorg.emulator.members.aggregate import cascade_member_removals
from pulumi_zorg.emulator.user_grants.aggregate import cascade_user_grant_removals
from pulumi_zorg.emulator.users.aggregate import UserWriteModel, user_event


@dataclass(frozen=True)
class StateChange:
    """A change of a user's state: its event, the states in which it is allowed, and its errors.

    :param missing: the error ids of v1 and v2 when the user does not exist.
    :param wrong: the error ids of v1 and v2 when the state does not allow the change.
    :param wrong_key: the message key of that error.
    """

    event: str
    missing: tuple[str, str]
    wrong: tuple[str, str]
    wrong_key: str
    allowed: frozenset[str]


DEACTIVATE = StateChange(
    "user.deactivated",
    ("COMMAND-3M9ds", "COMMAND-5gp2p62iin"),
    ("COMMAND-5M0sf", "COMMAND-5gunjw0cd7"),
    "Errors.User.AlreadyInactive",
    frozenset({"ACTIVE", "LOCKED"}),
)
REACTIVATE = StateChange(
    "user.reactivated",
    ("COMMAND-4M0sd", "COMMAND-9hy5kzbuk6"),
    ("COMMAND-6M0sf", "COMMAND-s5qqcz97hf"),
    "Errors.User.NotInactive",
    frozenset({"INACTIVE"}),
)
LOCK = StateChange(
    "user.locked",
    ("COMMAND-5M9fs", "COMMAND-450yxuqrh1"),
    ("COMMAND-3NN8v", "COMMAND-lgws8wtsqf"),
    "Errors.User.ShouldBeActiveOrInitial",
    frozenset({"ACTIVE", "INITIAL"}),
)
UNLOCK = StateChange(
    "user.unlocked",
    ("COMMAND-M0dos", "COMMAND-x377t913pw"),
    ("COMMAND-4M0ds", "COMMAND-olb9vb0oca"),
    "Errors.User.NotLocked",
    frozenset({"LOCKED"}),
)


def change_state(call: Call, change: StateChange, user_id: str, owner: str = "") -> Details:
    """Deactivate, reactivate, lock or unlock a user."""
    v2 = not owner
    model = UserWriteModel(call.instance.store, user_id, owner)
    if not model.exists:
        raise not_found(change.missing[v2], "Errors.User.NotFound")
    if change is DEACTIVATE and model.state == "INITIAL":
        if v2:
            raise precondition("COMMAND-gvx4kct9r2", "Errors.User.CantDeactivateInitial")
        raise not_found("COMMAND-ke0fw", "Errors.User.CantDeactivateInitial")
    if model.state not in change.allowed:
        raise precondition(change.wrong[v2], change.wrong_key)
    if v2:
        call.check("user.write", model.owner, user_id)
    model.apply(call.push(user_event(user_id, model.owner, change.event)))
    return model.details


def remove(call: Call, user_id: str, owner: str = "") -> Details:
    """Remove a user, with an event for each of its grants and memberships in all organizations."""
    instance = call.instance
    model = UserWriteModel(instance.store, user_id, owner)
    if not model.exists:
        raise not_found("COMMAND-m9od" if owner else "COMMAND-bd4ir1mblj", "Errors.User.NotFound")
    if not owner:
        call.check("user.delete", model.owner, user_id)
    removed = user_event(user_id, model.owner, "user.removed", None, Unique("usernames", model.username))
    grants = instance.read_models.user_grants.where("user_id", user_id)
    new_events: list[NewEvent] = [
        removed,
        *cascade_user_grant_removals(instance, grants),
        *cascade_member_removals(instance, user_id),
    ]
    model.apply(call.push(*new_events))
    return model.details

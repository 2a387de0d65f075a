"""What the declarations of human users and machine users have in common."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import USER_CHANGES
from pulumi_zorg.api.records import Event
from pulumi_zorg.errors import LockoutRefused, ZorgError, clean
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.resource_type import AnyInputs, ResourceType
from pulumi_zorg.resource_types.user.calls import UserCalls, UserRecord
from pulumi_zorg.world.object_events import ObjectEvents

#: The states that are neither active nor inactive and take access away, and what a user is in each.
HALTED = {"USER_STATE_LOCKED": "locked"}


def user_events(
    created: tuple[str, ...], payload: Mapping[str, str], changes: Mapping[str, tuple[str, ...]]
) -> ObjectEvents:
    """Return the events of users of one type.

    :param created: those that create one.
    :param payload: the fields of the payloads that are properties, besides the user name.
    :param changes: the events that change a property, by property, besides the user name and the state.
    """
    return ObjectEvents(
        created=created,
        removed=("user.removed",),
        changes={
            "user_name": ("user.username.changed",),
            **changes,
            "active": ("user.deactivated", "user.reactivated", "user.locked", "user.unlocked"),
        },
        halts=("user.locked",),
        payload={"user_name": "userName", **payload},
        log=USER_CHANGES,
    )


class UserType(ResourceType[AnyInputs]):
    """Users of one type. Their names are unique together, whatever the upper and lower case."""

    calls: UserCalls[AnyInputs, Any]
    address = ("org_id",)
    reference = "user_id"
    read_permission = "user.read"
    halted: ClassVar[Mapping[str, str]] = HALTED

    def title(self, inputs: AnyInputs, id: str) -> str:
        noun = f"{self.noun[0].upper()}{self.noun[1:]}"
        return f"{noun} {clean(str(inputs.dump()['user_name']))!r} ({id})"

    def has_unique_key(self, properties: Mapping[str, Any], inputs: AnyInputs) -> bool:
        return _key(self.unique_key(properties)) == _key(self.unique_key(inputs.dump()))

    def may_be(self, event: Event, inputs: AnyInputs) -> bool:
        shown = {**self.unique_key(inputs.dump()), **self.events.properties_in(event)}
        return self.has_unique_key(shown, inputs)

    def explain_conflict(self, client: Client, inputs: AnyInputs) -> str | None:
        return super().explain_conflict(client, inputs) or self._why_name_taken(client, inputs)

    def why_taken(self, client: Client, id: str, inputs: AnyInputs) -> str | None:
        return self._why_name_taken(client, inputs, but=id)

    def _why_name_taken(self, client: Client, inputs: AnyInputs, but: str = "") -> str | None:
        """Return who has the user name, as a sentence; None where that cannot be seen.

        :param but: the id of a user who may have it.
        """
        unique = self.unique_key(inputs.dump())
        org_id, found = unique["org_id"], list[UserRecord]()
        for place in (org_id, None):
            try:
                found += self.calls.named(client, place, unique["user_name"])
            except ZorgError:  # a server without the v2 API, or a caller without the right
                continue
        # Names are unique on the instance, or, where login names end with a domain, in an organization.
        others = sorted((each for each in found if each.id != but), key=lambda each: each.org_id != org_id)
        for each in others:
            place = "" if each.org_id == org_id else f" of organization {clean(each.org_id)}"
            kind = self.noun if each.is_of_type else each.other.partition(":")[0]
            way = "" if each.is_of_type else f" It is {each.other}."
            return f"User {clean(each.id)}{place}, a {kind.removeprefix('a ')}, has the user name {clean(each.user_name)!r}.{way}"
        return None

    def guard(self, client: Client, id: str, inputs: AnyInputs, step: Step) -> None:
        """Refuse to deactivate or to remove the credential's own user."""
        if step.action in (Action.DEACTIVATE, Action.REMOVE) and id == client.me.id:
            verb = "Deactivating" if step.action is Action.DEACTIVATE else "Removing"
            raise LockoutRefused(
                f"{verb} {self.title(inputs, id)} is refused: it is the credential's own user, and the next call would be refused "
                "with 401. Nothing was done. Use another credential, or take the resource out of the stack with `pulumi state "
                "delete`."
            )


def _key(unique: Mapping[str, str]) -> dict[str, str]:
    return {name: value.lower() if name == "user_name" else value for name, value in unique.items()}

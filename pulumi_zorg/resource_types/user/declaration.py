"""What the declarations of human users and machine users have in common."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, ClassVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.events import USER_CHANGES
from pulumi_zorg.api.records import Event
from pulumi_zorg.errors import LockoutRefused, NameTaken, NotFound, PermissionDenied, ZorgError, clean
from pulumi_zorg.resource_types.along import types_of
from pulumi_zorg.resource_types.declared_type import AnyInputs
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.resource_types.user.calls import UserCalls, UserRecord
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.observed import Observed

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
    sent_alone = ("user_name",)
    reference = "user_id"
    read_permission = "user.read"
    goes_along = "users"
    halted: ClassVar[Mapping[str, str]] = HALTED

    def title(self, inputs: AnyInputs, id: str) -> str:
        noun = f"{self.noun[0].upper()}{self.noun[1:]}"
        return f"{noun} {clean(str(inputs.dump()['user_name']))!r} ({id})"

    @property
    def life_of_id(self) -> tuple[str, ...]:
        """People and service accounts share their ids."""
        of_kind: Sequence[Any] = types_of(self.goes_along)
        return tuple(kind for each in of_kind for kind in (*each.events.created, *each.events.removed))

    def owner_of_id(self, client: Client, id: str) -> str | None:
        with suppress(NotFound, PermissionDenied):
            return client.searches.user(f"Reading user {clean(id)}", id).details.resource_owner
        return None

    def has_unique_key(self, properties: Mapping[str, Any], inputs: AnyInputs) -> bool:
        return _key(self.unique_key(properties)) == _key(self.unique_key(inputs.dump()))

    def may_be(self, event: Event, inputs: AnyInputs) -> bool:
        shown = {**self.unique_key(inputs.dump()), **self.events.properties_in(event)}
        return self.has_unique_key(shown, inputs)

    def before_new(self, client: Client, inputs: AnyInputs) -> None:
        """Refuse to create a user whose name one of the other type has, before the server does."""
        namesakes = self._namesakes(client, "", inputs) if inputs.adopt else []
        if any(not each.is_of_type for each in namesakes):
            raise NameTaken(f"There is no {self.noun} to adopt. {self.why_taken(client, '', inputs)}")
        super().before_new(client, inputs)

    def explain_conflict(self, client: Client, inputs: AnyInputs) -> str | None:
        return super().explain_conflict(client, inputs) or self.why_taken(client, "", inputs)

    def before_changes(self, client: Client, id: str, inputs: AnyInputs, plan: Sequence[Step]) -> None:
        # Only the server knows whether a user of another organization may have the same name.
        org_id = self.unique_key(inputs.dump())["org_id"]
        if any(each.org_id == org_id for each in self._namesakes(client, id, inputs)):
            super().before_changes(client, id, inputs, plan)

    def why_taken(self, client: Client, id: str, inputs: AnyInputs) -> str | None:
        """Return who has the user name, as a sentence; None where that cannot be seen."""
        org_id = self.unique_key(inputs.dump())["org_id"]
        found = sorted(self._namesakes(client, id, inputs, org_id, None), key=lambda each: each.org_id != org_id)
        for each in found:
            where = "" if each.org_id == org_id else f" of organization {clean(each.org_id)}"
            who = f"User {clean(each.id)}{where} has the user name {clean(each.user_name)!r}"
            return f"{who}." if each.is_of_type else f"{who}, and is {each.other}."
        return None

    def _namesakes(self, client: Client, id: str, inputs: AnyInputs, *places: str | None) -> list[UserRecord]:
        """Return the other users of both types that have the user name, as far as the caller may see them.

        :param places: the organizations that are searched, by default the declared one; None is all of them.
        """
        unique, found = self.unique_key(inputs.dump()), dict[str, UserRecord]()
        for place in places or (unique["org_id"],):
            with suppress(ZorgError):  # a server without the v2 API, or a caller without the right
                found |= {each.id: each for each in self.calls.named(client, place, unique["user_name"])}
        return [each for each in found.values() if each.id != id and self._has_name(client, each)]

    @staticmethod
    def _has_name(client: Client, listed: UserRecord) -> bool:
        """Whether a user that a list shows has that name now. A list may lag."""
        try:
            now = client.searches.user(f"Reading user {clean(listed.id)}", listed.id)
        except NotFound:
            return False
        except ZorgError:
            return True
        return now.username.lower() == listed.user_name.lower()

    def list_along(self, client: Client, org_id: str) -> Sequence[Observed]:
        of_kind: Sequence[Any] = types_of(self.goes_along)
        types = {each.calls.record.type: each for each in of_kind}
        found = ((types[each.type_of_user], each) for each in self.calls.list_working(client, org_id))
        return [of.observed(of.calls.record.model_validate(dict(each))) for of, each in found]

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

"""The errors of a create, or a rename, that is refused because of an object that exists: which one it is, who made it, and what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic

from pulumi_zorg import errors
from pulumi_zorg.engine.context import ProviderContext
from pulumi_zorg.engine.managed_objects import display_name
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types.declared_type import AnyInputs
from pulumi_zorg.resource_types.inputs import CHOSEN_ID
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world.proof import creation_of


@dataclass
class Conflict(Generic[AnyInputs]):
    """What a resource declares, and what exists.

    :param resource: as :class:`ManagedObjects` names it.
    """

    type: ResourceType[AnyInputs]
    context: ProviderContext
    inputs: AnyInputs
    resource: str

    def error(self, refused: errors.AlreadyExists, renamed: str | None = None) -> errors.NameTaken:
        """Return the error for an object that cannot be created, or renamed, because of one that exists.

        :param renamed: the id of the object that cannot be renamed.
        """
        existing, reason, event = None, None, None
        try:
            found = self.type.find_by_unique_key(self.context.client, self.inputs)
            if found not in (None, renamed):
                existing = found
                address = self.type.address_in(self.inputs.dump())
                event = creation_of(self.context.client, self.type.events, str(found), address)
            elif renamed is None:
                reason = self.type.explain_conflict(self.context.client, self.inputs)
            else:
                reason = self.type.why_taken(self.context.client, renamed, self.inputs)
        except (errors.PermissionDenied, errors.NotFound, errors.NotProven):
            existing = None
        except ZorgError as failure:
            return errors.NameTaken(f"{refused} What exists there could not be read ({failure}) Run `pulumi up` again.")
        if reason is not None:
            return errors.NameTaken(f"{refused} {reason}")
        if existing is None and self.inputs.adopt and renamed is None:
            return errors.NameTaken(
                f"{refused} The credential cannot see what exists there, so it is not adopted. If another resource gave it up a moment "
                "ago, run `pulumi up` again. Else the credential lacks a right to see it, or no read and no list of the server shows it. A "
                "credential that has IAM_OWNER_VIEWER on the instance as well finds it in the event store and adopts it."
            )
        # A resource that has an object already cannot adopt another one.
        other = "Rename or remove that one first"
        if existing is None:
            adopt = "To adopt it, set adopt=True on this resource and use a credential that may see it"
            return errors.NameTaken(
                f"{refused} The credential cannot see what exists there. If another resource gave it up a moment ago, run `pulumi up` "
                f"again. Else look for it in the console. {adopt if renamed is None else other}."
            )
        holder = self.holder(existing)
        if holder is not None:
            swap = " Two resources cannot swap their names in one run: give one of them a third name first."
            return errors.NameTaken(f"{refused} {self.managed(existing, holder)}{swap if renamed else ''}")
        by = ""
        if event is not None:
            mine = " (this credential's own user)" if event.editor.user_id == self.context.client.me.id else ""
            by = f", created by {event.by}{mine} at {event.creation_date:%Y-%m-%d %H:%M:%S} UTC"
        take_over = "To take it over and bring it to what is declared, set adopt=True on this resource"
        if self.inputs.chosen_id not in (None, existing):
            take_over = f"It has another id than {CHOSEN_ID} declares, so it is not adopted. To take it over, leave {CHOSEN_ID} out"
        return errors.NameTaken(
            f"{refused} It is {self.type.noun} {existing}{by}, which this resource did not make, as far as this machine knows. "
            f"{take_over if renamed is None else other}; else declare another one. If another resource of this program gives it up in "
            "the same run, run `pulumi up` again."
        )

    def id_error(self, refused: ZorgError) -> errors.NameTaken:
        """Return the error for an object that is not created because the id that the program chooses is taken."""
        chosen = str(self.inputs.chosen_id)
        holder = self.holder(chosen)
        if holder is not None:
            return errors.NameTaken(f"{refused} {self.managed(chosen, holder)}")
        what = f"a {self.type.noun} that has this id and is otherwise what is declared ({', '.join(self.inputs.unique_by)})"
        return errors.NameTaken(
            f"{refused} Declare another {CHOSEN_ID}, or leave it out. adopt=True takes over only {what}. If another resource of this "
            "program gives it up in the same run, run `pulumi up` again."
        )

    def managed(self, id: str, holder: str) -> str:
        """Return that another resource of the program manages the object, as a sentence."""
        return (
            f"{self.type.title(self.inputs, id)} is managed by {display_name(holder)} of this program. If that one gives it up "
            "in this run, let this resource wait for it (depends_on) or run `pulumi up` again; else declare another one."
        )

    def holder(self, id: str) -> str | None:
        """Return the other resource of this run that manages the object, if one does."""
        return self.context.objects.holder(self.type.key(id, self.inputs.dump()), other_than=self.resource)

"""What is the same for all resource types, unless one says otherwise: how objects are found, changed and described. It names no type."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import Event, ObjectRecord
from pulumi_zorg.errors import ApiError, Gone, InputError, NameTaken, NotProven, UnexpectedAnswer, ZorgError, clean
from pulumi_zorg.resource_types.along import as_declared
from pulumi_zorg.resource_types.declared_type import AnyInputs, DeclaredType
from pulumi_zorg.resource_types.impact import UNKNOWN, Effect, Planned
from pulumi_zorg.resource_types.inputs import CHOSEN_ID
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.role_use import why_refused
from pulumi_zorg.world import proof
from pulumi_zorg.world.observed import Address, Observed, Removal


class ResourceType(DeclaredType[AnyInputs]):
    """One type of resource: how its objects are found, changed and described."""

    # Finding an object

    def address_in(self, properties: Mapping[str, Any]) -> Address:
        """Return the address of an object that has these properties. What can change and is not among them is unwanted."""
        return Address.of(properties, self.updatable)

    def is_own(self, client: Client, properties: Mapping[str, Any]) -> bool:
        """Whether an object comes with the credential itself, so that no stack is expected to manage it."""
        return False

    def is_made_with_organization(self, properties: Mapping[str, Any]) -> bool:
        """Whether an object is made with its organization, so that it needs no resource, where both have the same moment of creation."""
        return False

    def find(self, client: Client, id: str, address: Address) -> Observed | Removal:
        """Return the object, or the proof that it was removed.

        :param address: it has at least the ids that :attr:`address` names.
        :raises NotProven: where neither can be shown.
        """
        found = proof.find_record(client, self, id, address)
        return found if isinstance(found, Removal) else self.observed(found)

    def find_declared(self, client: Client, id: str, address: Address) -> Observed | Removal:
        """Return the same, of an object that was deactivated along with its organization with the flag that it has by itself."""
        found = self.find(client, id, address)
        return as_declared(client, self, found) if self.goes_along and address.is_active else found

    def find_visible(self, client: Client, id: str, address: Address) -> Observed | None:
        """Return the object if reads or events show it. For an id that came from a list or an event, which may be old."""
        try:
            found = self.find(client, id, address)
        except NotProven:
            return None
        return found if isinstance(found, Observed) else None

    def read(self, client: Client, id: str, address: Address) -> ObjectRecord:
        """Return the object as a read by its id shows it."""
        found: ObjectRecord = self.calls.read(client, id, address)
        return found

    def record_from(self, events: tuple[Event, ...]) -> ObjectRecord | None:
        """Return the object as its events show it; None for a type that has no phantoms.

        :param events: oldest first; the first one created the object.
        """
        return None

    def is_listed(self, client: Client, id: str, address: Address) -> bool | None:
        """Whether a list shows the object; None where too little is known of it."""
        if any(each.id == id for each in self.listed_beside(client, address)):
            return True
        try:
            return any(each.id == id for each in self.calls.list_ids(client, [id]) or ())
        except (ApiError, UnexpectedAnswer):  # older servers do not have that list
            return False

    def listed_beside(self, client: Client, address: Address) -> Sequence[ObjectRecord]:
        """Return the entries of the shortest list that has to have the object."""
        found: Sequence[ObjectRecord] = self.calls.list_organization(client, address.ids["org_id"])
        return found

    def permissions_to_read(self, id: str | None = None) -> frozenset[str]:
        """Return the permissions without which a caller is not shown an object, or some objects of an organization.

        :param id: None for all objects of an organization.
        """
        return frozenset({self.read_permission})

    def is_newer_listed(self, client: Client, id: str, org_id: str) -> bool | None:
        """Whether a list shows an object of the organization that was created later. The server numbers ids by time.

        None for a type whose ids do not show that.
        """
        newest = self.calls.list_newest(client, org_id)
        return id.isdecimal() and any(int(each.id) > int(id) for each in newest if each.id.isdecimal())

    def find_by_unique_key(self, client: Client, inputs: AnyInputs) -> str | None:
        """Return the id of the object that exists where this one would be created; None where none can be seen.

        Lists may lag, and no list has phantoms, so the event store is read too where the caller may read it.
        """
        declared = inputs.dump()

        def is_it(id: str) -> bool:
            found = self.find_visible(client, id, self.address_in(declared))
            return found is not None and self.has_unique_key(found.properties, inputs)

        # Lists lag: what they show may be removed or changed by now.
        listed: str | None = next((each.id for each in self.calls.search(client, inputs) if is_it(each.id)), None)
        if listed is not None:
            return listed
        renamed = (kind for name in self.unique_key(declared) for kind in self.events.changes.get(name, ()))
        org_id = getattr(inputs, "org_id", None)
        newest = proof.list_events(client, (*self.events.created, *renamed), org_id)
        ids = dict.fromkeys(self.events.subject(event) for event in newest if self.may_be(event, inputs))
        return next(filter(is_it, ids), None)

    def find_existing(self, client: Client, inputs: AnyInputs) -> str | None:
        """Return the id of the object that exists where this one would be created: it has the declared unique key, and the id that
        the program chooses, if it does. None where none can be seen."""
        chosen = inputs.chosen_id
        if chosen is None:
            return self.find_by_unique_key(client, inputs)
        found = self.find_visible(client, chosen, self.address_in(inputs.dump()))
        return chosen if found is not None and self.has_unique_key(found.properties, inputs) else None

    def why_id_taken(self, client: Client, inputs: AnyInputs) -> str | None:
        """Return who has the id that the program chooses, as a sentence; None where nothing is known against it.

        The server does not refuse each id that is taken. It creates a project with the id of another organization's project, and a
        service account with that of a person: the events of both are then those of one object, and the server shows one of them.

        An id stays with its organization, also after its object was removed: older servers put what gets the id again into the first
        organization, whatever the call says.
        """
        chosen, org_id = inputs.chosen_id, getattr(inputs, "org_id", None)
        if chosen is None:
            return None
        its = f"{CHOSEN_ID} declares {clean(chosen)}, which is the id of"
        events = proof.history_of(client, chosen, self.life_of_id)
        if events is None:
            owner = self.owner_of_id(client, chosen)
            return None if owner is None else f"{its} {self.id_holder(owner)}."
        if not events:
            return None
        last = events[-1]
        owner = last.aggregate.resource_owner
        if last.kind not in self.events.removed:
            created = f"created by {last.by} at {last.creation_date:%Y-%m-%d %H:%M:%S} UTC"
            return f"{its} {self.id_holder(owner)}, {created}. It exists, or was removed along with its organization."
        if org_id in (None, owner):
            return None
        return f"{CHOSEN_ID} declares {clean(chosen)}, which was the id of {self.id_holder(owner)}. An id stays with its organization."

    @property
    def life_of_id(self) -> tuple[str, ...]:
        """The types of the events that create or remove an object whose ids are those of this type."""
        return (*self.events.created, *self.events.removed)

    def id_holder(self, org_id: str) -> str:
        """Return what has an id, in a sentence: "a user of organization 300"."""
        return f"a {self.inputs.id_space} of organization {clean(org_id)}"

    def owner_of_id(self, client: Client, id: str) -> str | None:
        """Return the organization of the object with this id, whatever its organization and its type; None where none can be seen."""
        raise NotImplementedError

    def has_unique_key(self, properties: Mapping[str, Any], inputs: AnyInputs) -> bool:
        """Whether an object has the declared unique key. What the program leaves to the server is not compared."""
        found = self.unique_key(properties)
        return all(found.get(name) == value for name, value in self.unique_key(inputs.dump()).items() if value)

    def may_be(self, event: Event, inputs: AnyInputs) -> bool:
        """Whether an event that creates an object, or gives it its name, can describe the declared object."""
        shown = self.events.properties_in(event)
        whole = event.kind in self.events.created  # else it shows only what it changes
        wanted = {name: value for name, value in self.unique_key(inputs.dump()).items() if value}
        return all(shown.get(name) == value for name, value in wanted.items() if whole or name in self.updatable)

    def explain_conflict(self, client: Client, inputs: AnyInputs) -> str | None:
        """Return why the server refuses to create the object although no object has its unique key, as a sentence."""
        try:
            # The server keeps an object unique even after its organization was removed.
            return self._why_no_organization(client, inputs)
        except ZorgError:
            return None

    # Changing an object

    def before_new(self, client: Client, inputs: AnyInputs) -> None:
        """Verify what must hold before an object is created, and need not where one is adopted."""
        missing = next((name for name in self.inputs.needed_to_create if getattr(inputs, name) is None), None)
        if missing is not None:
            why = self.explain_conflict(client, inputs) or f"No {self.noun} is found that could be adopted"
            reason = f"is missing, which a new one needs. {why.rstrip('.')}."
            raise InputError(f"The new {self.noun}", missing, reason)

    def before_create(self, client: Client, inputs: AnyInputs) -> None:
        """Verify what must hold before the first write."""
        org_id = getattr(inputs, "org_id", None)
        if org_id is not None and self.calls.needs_header(client, "create") and not client.verify_org_header(org_id):
            reason = self._why_no_organization(client, inputs)
            if reason is not None:
                raise Gone(reason)
        self.verify_roles(client, inputs, f"The new {self.noun}")

    def verify_roles(self, client: Client, inputs: AnyInputs, what: str) -> None:
        """Verify that the project has the roles that the object gives, as far as the caller may know.

        :param what: the object, as the beginning of a sentence.
        :raises InputError: where it does not. The server does not always refuse that.
        """
        use = self.inputs.used_roles(inputs.dump())
        reason = None if use is None else why_refused(client, use)
        if reason is not None:
            raise InputError(what, "role_keys", f"cannot be given: {reason}")

    def before_changes(self, client: Client, id: str, inputs: AnyInputs, plan: Sequence[Step]) -> None:
        """Refuse a change of several calls of which a later one is known to be refused. Nothing is changed before this.

        :param inputs: what the object is to be.
        :raises NameTaken: where it would get the unique key of another object.
        """
        changed = {name for step in plan for name in step.changed}
        if not changed.intersection(self.inputs.unique_by):
            return
        try:
            reason = self.why_taken(client, id, inputs)
        except ZorgError:
            return  # the caller may not see what exists; the server decides
        if reason is not None:
            raise NameTaken(
                f"{self.title(inputs, id)} is not changed, and nothing was done to it. {reason} If another resource of this "
                "program gives it up in the same run, run `pulumi up` again."
            )

    def why_taken(self, client: Client, id: str, inputs: AnyInputs) -> str | None:
        """Return why the object cannot get this unique key, as a sentence; None where nothing is known against it."""
        existing = self.find_by_unique_key(client, inputs)
        if existing in (None, id):
            return None
        return f"{self.title(inputs, str(existing))} exists. Declare another name, or rename or remove that one first."

    def guard(self, client: Client, id: str, inputs: AnyInputs, step: Step) -> None:
        """Raise where a step must not be taken. Called before each step."""
        if step.action is Action.UPDATE and "role_keys" in step.changed:
            self.verify_roles(client, inputs, self.title(inputs, id))

    def create(self, client: Client, inputs: AnyInputs) -> str:
        """Create an active object and return its id."""
        with client.writing(self.token):
            made = self.calls.create(client, inputs)
        client.operations.made.add(made)
        return made

    def perform(self, client: Client, id: str, inputs: AnyInputs, step: Step) -> None:
        """Perform one step."""
        implementations, removes = self.calls.implementations[step.action.value], step.action is Action.REMOVE
        with client.writing(self.token):
            try:
                with client.removals.of(id) if removes and self.is_organization else nullcontext():
                    client.operations.first(implementations, client, id, inputs, step.changed)
            finally:
                if removes:
                    client.operations.made.discard(id)

    def lost_roles(self, client: Client, id: str, inputs: AnyInputs, known: Mapping[str, Any]) -> frozenset[str]:
        """Return the roles that a change takes out of the object, and so out of others.

        :param inputs: what the object is to be.
        :param known: what the state had of the object before the change.
        """
        declared, had = self.inputs.offered_roles(inputs.dump()), self.inputs.offered_roles(known)
        if declared is None:
            return frozenset()
        return frozenset(client.roles.taken(self.reference, id)).union(had.keys if had else ()) - declared.keys

    def settle(self, client: Client, id: str, inputs: AnyInputs, known: Mapping[str, Any]) -> None:
        """Verify what a change of the object did to other objects, and bring that about where it is not so.

        :param known: what the state had of the object before the change.
        :raises ZorgError: where it cannot be brought about.
        """

    # Describing a change

    def remark_on_create(self, client: Client, declared: Mapping[str, Any]) -> str | None:
        """Return what a reviewer should know of each new object of the type, as a sentence; None for nothing."""
        return None

    def unused_changes(self, before: Mapping[str, Any], declared: Mapping[str, Any]) -> str | None:
        """Return that a program changes what only a create uses, as a sentence; None where it does not."""
        changed = next((name for name in self.only_at_create if before.get(name) != declared.get(name)), None)
        if changed is None:
            return None
        return f"{changed} is used only where the {self.noun} is created, so this change of it does nothing. {self.only_at_create[changed]}"

    def first_managed(self, planned: Planned) -> tuple[str, ...]:
        """Return the properties that a change of an object begins to manage. The state does not have what they are now."""
        before, after = planned.before, planned.after
        if before is None or after is None:
            return ()
        return tuple(name for name in self.updatable if after.get(name) is not None and before.get(name) is None)

    def unresolved(self, planned: Planned) -> Planned:
        """Return a planned change of an object not yet fetched.

        What it begins to manage may have any value. An object that it adopts may be active or not, and differ in all that can
        change.
        """
        if planned.before is not None:
            unknown = dict.fromkeys(self.first_managed(planned), UNKNOWN)
            return replace(planned, before={**planned.before, **unknown})
        return planned.unresolved([name for name in self.updatable if name not in self.inputs.unique_by])

    def taken_along(self, client: Client, effect: Effect) -> Mapping[str, frozenset[str]]:
        """Return the ids of the objects that a change reactivates along with an organization, by its id; none where it reactivates none."""
        return {}

    def more_facts(self, client: Client, effect: Effect) -> dict[str, int]:
        """Return the counts that the sentences about a change show and that are not in the model of access.

        :raises ZorgError: where they cannot be read.
        """
        return {}

    def removed_along(
        self, client: Client, removed: Mapping[str, Mapping[str, Mapping[str, Any]]], at_most: int
    ) -> Collection[str] | None:
        """Return the ids of the objects that are removed along with objects of other types.

        :param removed: the objects that are removed: their properties by id, by the property by which others name them
            (:attr:`reference`).
        :param at_most: how many calls it may take; None is returned where that is not enough.
        :raises ZorgError: where they cannot be read.
        """
        organizations = removed.get("org_id", {}).keys()
        parents = {parent.property: _named_by(parent.property, removed) for parent in self.events.parents}
        owners = {str(each.get("org_id")) for by_id in parents.values() for each in by_id.values()} - organizations
        # An organization has no property with its own id. What is removed with it is listed in it.
        owners.discard("None")
        if len(owners) + len(organizations) > at_most:
            return None
        for org_id in (*organizations, *owners):  # a list of another organization would show none of them
            client.verify_org_header(org_id)
        found = {each.id for org_id in organizations for each in self.calls.list_removed_with(client, org_id)}
        listed = (each for org_id in owners for each in self.calls.list_organization(client, org_id))
        return found | {each.id for each in listed if self.is_removed_with(each, removed)}

    def is_removed_with(self, record: ObjectRecord, removed: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> bool:
        """Whether a parent of the object is among what is removed (:meth:`removed_along`)."""
        properties = record.properties()
        return any(properties.get(each.property) in _named_by(each.property, removed) for each in self.events.parents)

    def _why_no_organization(self, client: Client, inputs: AnyInputs) -> str | None:
        """Return that the organization of the object was removed, as a sentence; None where it exists, or where it needs none."""
        org_id = getattr(inputs, "org_id", None)
        removal = None if org_id is None else proof.find_organization(client, org_id)
        if not isinstance(removal, Removal):
            return None
        return (
            f"The {self.noun} cannot be made in organization {org_id}, which does not exist any more: {removal.describe()}. "
            f"Declare the {self.noun} in another organization (org_id)."
        )


def _named_by(property: str, objects: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """Return those objects that a property may name: of ``granted_org_id``, the organizations.

    :param objects: by id, by the property by which others name them (:attr:`ResourceType.reference`).
    """
    return next((by_id for name, by_id in objects.items() if _refers_to(property, name)), {})


def _refers_to(property: str, reference: str) -> bool:
    """Whether a property names an object of a type: ``org_id`` and ``granted_org_id`` name organizations.

    :param reference: see :attr:`ResourceType.reference`.
    """
    return property == reference or property.endswith(f"_{reference}")

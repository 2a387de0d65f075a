"""What a resource type declares: what it is, what its programs declare, and what the server shows of its objects."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, TypeVar

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import ObjectRecord
from pulumi_zorg.resource_types.calls import Calls
from pulumi_zorg.resource_types.impact import Impact
from pulumi_zorg.resource_types.inputs import Inputs
from pulumi_zorg.resource_types.lifecycle import NOTHING, Snapshot
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.observed import Key, Observed

AnyInputs = TypeVar("AnyInputs", bound=Inputs)


class DeclaredType(Generic[AnyInputs]):
    """The declarations of one type of resource."""

    #: The type token, as it is in the state and in URNs.
    token: ClassVar[str]
    inputs: type[AnyInputs]
    #: The calls that this release makes about the type.
    calls: Calls[AnyInputs, Any]
    #: The events of an object.
    events: ClassVar[ObjectEvents]
    #: How changes are described to a reviewer.
    impact: ClassVar[Impact]
    #: The name of the property by which objects of other types name an object of this type, like ``org_id``.
    reference: ClassVar[str]
    #: Whether an object gives people access. Unmanaged ones are reported even where the stack manages none of the type.
    gives_access: ClassVar[bool] = False
    #: What an object that the server does not show fails to do, as a verb: "gives no roles".
    phantom_effect: ClassVar[str] = "has no effect"
    #: The permission to read all objects of an organization, like ``user.grant.read``.
    read_permission: ClassVar[str]
    #: The counts of :class:`.Facts` that a machine reads in the JSON of `zorg preview-guard`: what goes with an object, in the plural.
    counted: ClassVar[tuple[str, ...]] = ()
    #: Whether a new object that reads by its id do not show is removed and created again.
    is_created_again: ClassVar[bool] = True
    #: The inputs that an update changes in place, besides ``active``.
    updatable: ClassVar[tuple[str, ...]] = ()
    #: Of these, those that no read of an object shows, because they are remembered elsewhere.
    remembered: ClassVar[tuple[str, ...]] = ()
    #: The inputs that a create cannot set. An update sets them afterwards.
    set_after_create: ClassVar[tuple[str, ...]] = ()
    #: Inputs that only a create uses, and what to declare instead of changing them later, as a sentence without its end.
    only_at_create: ClassVar[Mapping[str, str]] = {}
    #: Inputs that are left to the server where a program leaves them out. That is then no drift, and no update changes them.
    server_defaults: ClassVar[tuple[str, ...]] = ()
    #: Whether the state has what the server has for them. It has no personal data that the program does not declare.
    records_server_defaults: ClassVar[bool] = True
    #: The properties that an update sends as they were read where a program leaves them out, because the server would reset or
    #: demands them; None for all.
    sent_as_read: ClassVar[tuple[str, ...] | None] = None
    #: The properties whose update sends nothing else of the object, and replaces the value whatever it is.
    sent_alone: ClassVar[tuple[str, ...]] = ()
    #: Of the states that are neither active nor inactive, those that take an object's access away, and what the object is in each.
    halted: ClassVar[Mapping[str, str]] = {}
    #: Whether objects come and go without a program, so that `zorg generate` and unmanaged objects have the type only on request.
    on_request: ClassVar[bool] = False
    #: The inputs that `zorg generate` does not write, because whoever the object is changes them.
    not_generated: ClassVar[tuple[str, ...]] = ()
    #: The input with the roles that objects of other types may have because of this one; None for a type without such.
    gives_roles: ClassVar[str | None] = None
    #: What `get` needs besides the id, and what a refresh needs to find the object.
    address: ClassVar[tuple[str, ...]] = ()
    #: What of :attr:`address` is found out from the id where it is not given.
    looked_up: ClassVar[tuple[str, ...]] = ()
    #: The kind of what is deactivated along with an organization that these objects are; empty for none.
    goes_along: ClassVar[str] = ""

    @property
    def noun(self) -> str:
        """What an object of this type is called in a sentence."""
        return self.inputs.noun

    @property
    def is_organization(self) -> bool:
        """Whether the objects are organizations, and not objects in one."""
        return self.reference == "org_id"

    @property
    def in_organization(self) -> bool:
        """Whether an object is created in an organization, which its input ``org_id`` names."""
        return "org_id" in self.inputs.names()

    @property
    def has_states(self) -> bool:
        """Whether objects can be active and inactive. Else they exist or they do not."""
        return "active" in self.inputs.names()

    def title(self, inputs: AnyInputs, id: str) -> str:
        """The object in a sentence."""
        raise NotImplementedError

    def unique_key(self, properties: Mapping[str, Any]) -> dict[str, str]:
        """The properties that make the object unique on the server; empty where one of them is not known yet."""
        return self.inputs.unique_key(properties)

    def key(self, id: str, properties: Mapping[str, Any]) -> Key:
        """Return what is unique of an object.

        :param properties: what is known of it.
        """
        return self.inputs.key(self.token, id, properties)

    def as_written(self, name: str, value: Any) -> Any:
        """Return an input in the form in which a person writes it."""
        return value

    # What the program declares, and what the server shows

    def desired(self, inputs: AnyInputs) -> Snapshot:
        """What the program declares. An input that it leaves out is not changed."""
        declared = inputs.dump()
        values = {name: declared[name] for name in self.updatable if name in declared}
        return Snapshot(declared.get("active"), values, self.along(declared) or NOTHING)

    def snapshot(self, observed: Observed) -> Snapshot:
        """The part of an object that steps can change."""
        properties = observed.properties
        values = {name: properties.get(name) for name in self.updatable}
        return Snapshot(properties.get("active"), values, observed.along)

    def along(self, properties: Mapping[str, Any]) -> str | None:
        """Return what is deactivated along with an object that has these properties, like ``users``; None where that is not known."""
        return NOTHING

    def taken_with(self, client: Client, observed: Observed) -> str:
        """Return the id of the organization along with which an object is deactivated."""
        return str(observed.properties.get("org_id", ""))

    def is_working(self, observed: Observed) -> bool:
        """Whether an object is neither inactive nor in a state that takes its access away."""
        return (
            observed.properties.get("active") is not False and str(observed.properties.get("state")) not in self.halted
        )

    def list_along(self, client: Client, org_id: str) -> Sequence[Observed]:
        """Return the objects of all types of this kind (:attr:`goes_along`) that go along with an organization and may be active."""
        return ()

    def is_get(self, known: Mapping[str, Any]) -> bool:
        """Whether a read is for `get`, which gives the address alone, and not for a resource in the state.

        :param known: what the engine gives to the read, without None.
        """
        return known.keys().isdisjoint(set(self.inputs.names()) - set(self.address))

    def observed(self, record: ObjectRecord) -> Observed:
        """Return the object that a record of the API shows.

        :raises UnexpectedAnswer: for a state that this release does not know.
        """
        created, properties = record.details.creation_date, record.properties()
        within = self.key(record.id, vars(record)).within
        shown = Observed(self.token, record.id, properties, created, record.warning, record.is_phantom, within)
        return shown if record.removed_with is None else replace(shown, removed_with=record.removed_with)

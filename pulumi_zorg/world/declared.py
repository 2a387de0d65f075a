"""What this package needs to know of a resource type. The declarations of the types are given to it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import Event, ObjectRecord
from pulumi_zorg.world.object_events import ObjectEvents
from pulumi_zorg.world.observed import Address, Observed, Removal
from pulumi_zorg.world.tokens import Key


class Lists(Protocol):
    """The lists of one type. Each of them may lag, and leaves out what the caller may not see.

    ``at_most`` is how many calls a list may take; None is any number. ``TooLong`` is raised where it takes more.
    """

    def list_organization(self, client: Client, org_id: str, at_most: int | None = None) -> Sequence[ObjectRecord]:
        """Return the objects in an organization."""

    def list_instance(self, client: Client, at_most: int | None = None) -> Sequence[ObjectRecord] | None:
        """Return the objects of the whole instance; None where no call lists them."""

    def list_ids(self, client: Client, ids: Sequence[str]) -> Sequence[ObjectRecord] | None:
        """Return the objects with these ids; None where no call lists them."""

    def complete(self, client: Client, records: Sequence[ObjectRecord], at_most: int) -> Sequence[ObjectRecord]:
        """Return entries of lists with the properties that lists leave out."""


class Declared(Protocol):
    """A resource type."""

    @property
    def token(self) -> str:
        """The type token."""

    @property
    def noun(self) -> str:
        """What an object is called in a sentence."""

    @property
    def is_organization(self) -> bool:
        """Whether the objects are organizations. All others are made in one."""

    @property
    def in_organization(self) -> bool:
        """Whether an object is made in an organization."""

    @property
    def events(self) -> ObjectEvents:
        """The events of an object."""

    @property
    def read_permission(self) -> str:
        """The permission to read all objects of an organization."""

    @property
    def updatable(self) -> Collection[str]:
        """The properties that can change, besides ``active``."""

    @property
    def calls(self) -> Lists:
        """The lists of the type."""

    def key(self, id: str, properties: Mapping[str, Any]) -> Key:
        """Return what is unique of an object."""

    def address_in(self, properties: Mapping[str, Any]) -> Address:
        """Return the address of an object that has these properties. What can change and is not among them is unwanted."""

    def observed(self, record: ObjectRecord) -> Observed:
        """Return the object that a record shows."""

    def find(self, client: Client, id: str, address: Address) -> Observed | Removal:
        """Return the object, or the proof that it was removed."""

    def read(self, client: Client, id: str, address: Address) -> ObjectRecord:
        """Return the object as a read by its id shows it."""

    def record_from(self, events: tuple[Event, ...]) -> ObjectRecord | None:
        """Return the object as its events show it; None for a type that has no phantoms."""

    def is_listed(self, client: Client, id: str, address: Address) -> bool | None:
        """Whether a list shows the object; None where too little is known of it."""

    def is_newer_listed(self, client: Client, id: str, org_id: str) -> bool:
        """Whether a list shows an object of the organization that was created later."""

    def removed_along(
        self, client: Client, removed: Mapping[str, Mapping[str, Mapping[str, Any]]], at_most: int
    ) -> Collection[str] | None:
        """Return the ids of the objects that are removed along with objects of other types; None where that takes more calls."""


#: The resource types, by their tokens.
Types = Mapping[str, Declared]

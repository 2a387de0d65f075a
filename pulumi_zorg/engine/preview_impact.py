"""Reads from the instance what a planned change means to people.

It makes few calls and waits little, because a preview must neither fail nor be much slower for it. Where something cannot
be read, the sentences say why.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any, TypeVar

from pulumi_zorg import errors
from pulumi_zorg.access.instance import Instance
from pulumi_zorg.access.read import read_instance, read_more, read_some
from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types.impact import Effect, Facts, Planned
from pulumi_zorg.resource_types.inputs import RoleUse, check_inputs
from pulumi_zorg.resource_types.lifecycle import NOTHING
from pulumi_zorg.resource_types.registry import ACCESS, RESOURCE_TYPES
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.resource_types.role_use import lacking
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.world.observed import Observed
from pulumi_zorg.world.proof import Missing, find_missing

#: HTTP calls in one preview, those for a token included.
_CALLS = 20
#: Of these, the calls that one list may take.
_PAGES = 2
#: How many objects are looked for that exist where one with a deletion policy is created.
_KEPT = 5
#: How many objects that resources name are looked for.
_NAMED = 8
#: Seconds that one of them may take.
_TIMEOUT = 5.0
#: Seconds after which a call that fails is given up: it is not repeated.
_NO_RETRY = 0.001

#: The key of what is known of the instance.
_SOME = ("some",)

T = TypeVar("T")


class _NotRead(Exception):
    """No more calls are made in this preview. The message says why."""


class PreviewImpact:
    """The impact of the changes of one preview.

    :param settings: the instance and the credential.
    :param calls: how many HTTP calls may be made, whatever makes them.
    """

    def __init__(self, settings: Settings, calls: int = _CALLS) -> None:
        self._settings = replace(settings, timeout=min(settings.timeout, _TIMEOUT), retry_deadline=_NO_RETRY)
        self._left = calls
        self._kept_left = _KEPT
        self._named: set[tuple[str, str]] = set()  # property and id of each that was looked for
        self._stopped: str | None = None  # why no more calls are made
        self._answers: dict[tuple[str, ...], Any] = {}
        self._lock = threading.Lock()
        self._reading = threading.Lock()
        self._client = Client.connect(self._settings, notice=lambda sentence: None, before_request=self._take_call)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _take_call(self) -> None:
        """Count an HTTP call.

        :raises _NotRead: where this preview may make no more.
        """
        with self._lock:
            if self._left <= 0:
                raise _NotRead("this preview has made enough calls")
            self._left -= 1

    def check_credential(self) -> str | None:
        """Use the credential once. Return what the user should know where the server does not answer, as a sentence.

        :raises CredentialError: where the server gives no token for the credential.
        :raises Unauthenticated: where the server refuses it, and
        :raises PermissionDenied: where it may not even read its own user.
        """
        try:
            self.read(lambda: self._client.me)
        except (errors.CredentialError, errors.Unauthenticated, errors.PermissionDenied):
            raise
        except (ZorgError, _NotRead) as error:
            return f"the credential was not checked: {error}"
        return None

    def remark_on_create(self, resource_type: ResourceType[Any], declared: Mapping[str, Any]) -> str | None:
        """Return what a reviewer should know of each new object of a type; None for nothing, and where that cannot be read."""
        return self._try(lambda: resource_type.remark_on_create(self._client, declared))

    def missing_roles(self, use: RoleUse, offered: Mapping[tuple[str, str], Collection[str]]) -> str | None:
        """Return which roles a project or a project grant does not have, as a sentence; None for none, and where it is not known.

        :param offered: see :func:`lacking`.
        """
        return lacking(self._try(lambda: self._client.roles.known(use.project_id)), use, offered)

    def missing(self, resource_type: ResourceType[Any], properties: Mapping[str, Any]) -> Missing | None:
        """Return an object that a resource names and that certainly does not exist; None where that is not known."""
        found = self._try(lambda: find_missing(self._client, resource_type.events, properties, self._is_shown))
        return found if found is not None and found.certain else None

    def _is_shown(self, property: str, id: str, org_id: str | None) -> bool:
        """Return whether a read shows an object that a resource names, or too many were looked for already."""
        read, _ = self.known
        if read is not None and any(id in each for each in (read.users, read.projects, read.organizations)):
            return True
        if (property, id) not in self._named and len(self._named) >= _NAMED:
            return True
        self._named.add((property, id))
        return self.name((property, org_id or "", id), *self._client.searches.names(property, id, org_id)) is not None

    def resolve(self, resource_type: ResourceType[Any], planned: Planned) -> Planned:
        """Return a planned change with what the state does not have: the object that it adopts, and what the properties are
        that it begins to manage."""
        try:
            return (
                self._resolve_adoption(resource_type, planned) if planned.adopts else self._read(resource_type, planned)
            )
        except (ZorgError, _NotRead):
            return resource_type.unresolved(planned)

    def _read(self, resource_type: ResourceType[Any], planned: Planned) -> Planned:
        """Return a planned change with what the properties are that it begins to manage."""
        new, object_id = resource_type.first_managed(planned), planned.id
        if not new or object_id is None:
            return planned
        before, after = planned.before or {}, planned.after or {}
        address = resource_type.address_in({**before, **{name: after[name] for name in new}})
        found = self.read(lambda: resource_type.find_declared(self._client, object_id, address))
        if not isinstance(found, Observed):
            return planned  # the update says that it is gone
        return replace(planned, before={**before, **{name: found.properties.get(name) for name in new}})

    def _resolve_adoption(self, resource_type: ResourceType[Any], planned: Planned) -> Planned:
        """Return a planned create with ``adopt=True`` as the change that it is, where an object exists."""
        after = planned.after or {}
        checked, problems = check_inputs(resource_type.inputs, after)
        if problems:
            return resource_type.unresolved(planned)  # a part of it is not known yet
        inputs = resource_type.inputs.of(checked)
        existing = self.read(lambda: resource_type.find_existing(self._client, inputs))
        address = resource_type.address_in(after)
        found = (
            None
            if existing is None
            else self.read(lambda: resource_type.find_declared(self._client, existing, address))
        )
        if not isinstance(found, Observed):
            return planned
        # What the program leaves out stays as it is.
        left = {name: found.properties[name] for name in resource_type.server_defaults if name in found.properties}
        return replace(
            planned, id=found.id, before=found.properties, after={**left, **after}, is_phantom=found.is_phantom
        )

    def kept(self, resource_type: ResourceType[Any], declared: Mapping[str, Any]) -> str | None:
        """Return what happens to an object that exists where one with a deletion policy that keeps it is created, as a sentence;
        None where none can be seen."""
        checked, problems = check_inputs(resource_type.inputs, declared)
        if problems or self._kept_left <= 0:
            return None  # a part of it is not known yet, or the calls are for what the other changes mean
        self._kept_left -= 1
        inputs = resource_type.inputs.of(checked)
        existing = self._try(lambda: resource_type.find_existing(self._client, inputs))
        if existing is None:
            return None
        stays = "is deactivated" if inputs.deletion_policy == "deactivate" else "stays"
        return (
            f"{resource_type.title(inputs, existing)} exists. If this resource is replaced, the object {stays}, because "
            f'deletion_policy is "{inputs.deletion_policy}", and the resource takes the same object back and changes it to what '
            "is declared. If this resource is new, its create is refused without adopt=True."
        )

    def everything(self) -> tuple[Instance | None, str | None]:
        """Return all that decides who can get in to the instance; or None and why it could not be read. It never raises."""
        return self.attempt(("everything",), lambda: read_instance(self._client))

    @property
    def known(self) -> tuple[Instance | None, str | None]:
        """What :meth:`known_to` has read for all changes together; or None and why it was not read."""
        found: tuple[Instance | None, str | None] = self._answers.get(_SOME, (None, "it was not needed"))
        return found

    def known_to(self, effect: Effect) -> tuple[Instance | None, str | None]:
        """Return what decides who is concerned by a change, as far as few calls read it; or None and why not. It never raises."""
        with self._reading:
            found, why = self.attempt(_SOME, lambda: read_some(self._client, _PAGES))
            if found is None:
                return found, why
            found = self.with_taken(found, effect)
            self._answers[_SOME] = found, why
            if not found.unlisted:
                return found, why
            known, reads = found, ACCESS[effect.type].reads(found, effect)
            key = ("more", repr(reads))
            if key not in self._answers:
                more, _ = self.attempt(key, lambda: read_more(self._client, known, _PAGES, **reads))
                self._answers[_SOME] = more or found, why
            return self.known

    def with_taken(self, instance: Instance, effect: Effect) -> Instance:
        """Return the instance with what a change reactivates along with an organization, and whom it leaves. It never raises."""
        resource_type = RESOURCE_TYPES[effect.type]
        if resource_type.along(effect.after or {}) not in (None, NOTHING):
            own, _ = self.attempt(("own user",), lambda: self._client.me.id)
            instance = replace(instance, own_user=own or "")
        read = resource_type.taken_along
        taken, _ = self.attempt(("taken", effect.type, str(effect.id)), lambda: read(self._client, effect))
        return replace(instance, taken={**instance.taken, **taken}) if taken else instance

    def facts(self, instance: Instance | None, why_not: str | None, effect: Effect) -> Facts:
        """Return the counts and names that the sentences show. It never raises.

        :param instance: the instance; None where it was not read.
        :param why_not: why it was not.
        """
        found = Facts(why_not=why_not) if instance is None else ACCESS[effect.type].facts(instance, effect)
        read = RESOURCE_TYPES[effect.type].more_facts
        more, why = self.attempt(("facts", effect.type, str(effect.id)), lambda: read(self._client, effect))
        # A name may have been read to find out whether the object exists.
        ids = {name: each for name, each in effect.properties.items() if isinstance(each, str)}
        names = {name: self._answers.get(("name", name, ids.get("org_id", ""), each)) for name, each in ids.items()}
        named = {name: each for name, each in names.items() if each}
        return Facts({**found.counts, **(more or {})}, {**named, **found.names}, why or found.why_not)

    def name(self, key: tuple[str, ...], *calls: Callable[[], str | None]) -> str | None:
        """Return the first name that a call gives, read once in a preview. Without one the sentence shows the id."""

        def first() -> str | None:
            for call in calls:
                try:
                    name = self.read(call)
                except errors.NotFound:
                    continue
                except (ZorgError, _NotRead):
                    break
                if name:
                    return name
            return None

        return self._once(("name", *key), first)

    def attempt(self, key: tuple[str, ...], call: Callable[[], T]) -> tuple[T | None, str | None]:
        """Return what the call returns, read once in a preview; or None and why it could not be read. It never raises."""

        def answer() -> tuple[T | None, str | None]:
            try:
                return self.read(call), None
            except (ZorgError, _NotRead) as error:
                return None, _why(error)

        return self._once(key, answer)

    def _once(self, key: tuple[str, ...], read: Callable[[], T]) -> T:
        if key not in self._answers:
            self._answers[key] = read()
        answer: T = self._answers[key]
        return answer

    def _try(self, call: Callable[[], T]) -> T | None:
        """Return what the call returns; None where it cannot be read."""
        try:
            return self.read(call)
        except (ZorgError, _NotRead):
            return None

    def read(self, call: Callable[[], T]) -> T:
        """Return what the call returns, if this preview may still make one.

        It may make several HTTP calls. Each of them is counted.
        """
        if self._stopped is not None:
            raise _NotRead(self._stopped)
        try:
            return call()
        except (errors.NoAnswer, errors.CredentialError, errors.Unauthenticated) as error:
            # A server that does not answer gets no more calls: each would cost the whole time-out.
            self._stopped = _why(error)
            raise


def _why(error: ZorgError | _NotRead) -> str:
    if isinstance(error, _NotRead):
        return str(error)
    if isinstance(error, errors.PermissionDenied | errors.NotProven):
        return "the credential may not see that"
    if isinstance(error, errors.HeaderIgnored):
        return "the server ignores the header x-zitadel-orgid"
    if isinstance(error, errors.CredentialError | errors.Unauthenticated):
        return "the credential is not accepted"
    return f"ZITADEL answered {error.status}" if isinstance(error, errors.ApiError) else "the server did not answer"

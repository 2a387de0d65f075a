"""Reads a stack's exported state (``pulumi stack export``). Pure: no I/O."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from pulumi_zorg.engine.exported import NOT_A_STATE, resources_in
from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.resource_types.inputs import SIGNATURE
from pulumi_zorg.resource_types.registry import INPUTS, is_known
from pulumi_zorg.world.observed import Address, Key
from pulumi_zorg.world.tokens import is_ours, short

# The mark of a secret (pulumi/sdk/go/common/resource/sig).
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - no secret, but the mark of one


@dataclass(frozen=True)
class Recorded:
    """A resource of this package in the state.

    :param properties: the properties that a comparison covers: the inputs, or the outputs of a resource that the stack only
        reads.
    :param all_properties: everything that the state has of the object: inputs and outputs.
    :param ignored: the property paths of the option ``ignore_changes``; ``*`` is all of them.
    :param secret: the properties whose values the state keeps secret.
    :param external: whether the stack only reads the object (``get``) and does not manage it.
    :param pending: whether the object is pending deletion: an earlier run replaced it and failed to delete it.
    :param protected: whether the engine refuses to delete the object (``protect``). It deletes one that is pending deletion all
        the same, and all of them with ``--ignore-protect``.
    :param retained: whether the engine never deletes the object (``retain_on_delete``).
    :param to_be_made: whether the resource is pending replacement: an earlier run deleted the object on purpose, and did not
        create the one in its place.
    """

    urn: str
    token: str
    id: str
    properties: Mapping[str, Any]
    all_properties: Mapping[str, Any] = field(default_factory=dict)
    ignored: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    external: bool = False
    pending: bool = False
    protected: bool = False
    retained: bool = False
    to_be_made: bool = False

    @cached_property
    def address(self) -> Address:
        """By what the object is found. What the state does not have is not read."""
        return Address.of(self.all_properties, INPUTS[self.token].names())

    @cached_property
    def key(self) -> Key:
        """What is unique of the object."""
        return INPUTS[self.token].key(self.token, self.id, {**self.properties, **self.all_properties})


@dataclass(frozen=True)
class SharedObject:
    """An object that more than one resource of a state manages. Deleting one of them removes what the others declare.

    :param urns: the resources, in the state's order. The same URN twice means that one of the two is pending deletion.
    """

    token: str
    id: str
    urns: tuple[str, ...]

    @property
    def error(self) -> str:
        """What is wrong, and the way out."""
        commands = [f"pulumi state delete '{urn}'" for urn in dict.fromkeys(self.urns)]
        which = "" if len(commands) > 1 else " (run it at a terminal, and choose the one that is pending deletion)"
        return (
            f"{short(self.token)} {self.id} is managed by {len(self.urns)} resources of the state. Deleting one of them can "
            "remove the object that the other still declares. Remove one of them from the state: "
            f"{' or '.join(commands)}{which}"
        )

    def as_json(self) -> dict[str, Any]:
        """Return the object for programs."""
        return {"type": self.token, "id": self.id, "urns": list(self.urns), "error": self.error}


@dataclass(frozen=True)
class Undetermined:
    """An object of which nothing can be said.

    :param urn: the resource; None where no resource of the stack manages the object.
    :param id: empty where the state has none.
    :param why: a sentence.
    """

    urn: str | None
    token: str
    id: str
    why: str

    @property
    def title(self) -> str:
        """What people know it by."""
        return self.urn or f"{short(self.token)} {self.id}"

    def as_json(self) -> dict[str, Any]:
        """Return the object for programs."""
        return {"urn": self.urn, "type": self.token, "id": self.id, "why": self.why}


@dataclass(frozen=True)
class State:
    """What a comparison needs of an exported state.

    :param resources: the resources of this package, in the state's order, without those pending deletion or replacement.
    :param to_be_made: the URNs of those pending replacement.
    :param not_understood: those that this release does not understand.
    :param shared: the objects that more than one resource manages. See :func:`shared`.
    """

    resources: tuple[Recorded, ...]
    to_be_made: tuple[str, ...] = ()
    not_understood: tuple[Undetermined, ...] = ()
    shared: tuple[SharedObject, ...] = ()

    @classmethod
    def of(cls, exported: Mapping[str, Any]) -> State:
        """Return that of an exported state. It keeps nothing of what the engine has for itself.

        :param exported: with its secrets in plain text (``--show-secrets``).
        :raises ConfigurationError: where the state cannot be read, or does not show a secret.
        """
        every = tuple(_recorded(exported, require_secrets=True))
        return cls(
            tuple(each for each in every if not (each.pending or each.to_be_made)),
            tuple(each.urn for each in every if each.to_be_made),
            not_understood(exported),
            _shared(every),
        )


def find_shared(managed: Iterable[tuple[str, Key]]) -> tuple[SharedObject, ...]:
    """Return the objects that more than one resource manages.

    :param managed: the URN of each managed resource, and the key of its object.
    """
    urns: dict[Key, list[str]] = {}
    for urn, key in managed:
        urns.setdefault(key, []).append(urn)
    return tuple(SharedObject(key.token, key.id, tuple(found)) for key, found in urns.items() if len(found) > 1)


def every_recorded(exported: Mapping[str, Any]) -> tuple[Recorded, ...]:
    """Return the resources of this package in an exported state, also those pending deletion or replacement.

    :raises ConfigurationError: where the state cannot be read.
    """
    return tuple(_recorded(exported))


def every_urn(exported: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the URNs of all resources in an exported state.

    :raises ConfigurationError: where the state cannot be read.
    """
    return tuple(each["urn"] for each in resources_in(exported))


def shared(exported: Mapping[str, Any]) -> tuple[SharedObject, ...]:
    """Return the objects that more than one resource of an exported state manages.

    A resource that only reads its object (``get``) does not manage it, nor does one whose object was deleted for a replacement.
    A resource that is pending deletion still does.

    :raises ConfigurationError: where the state cannot be read.
    """
    return _shared(_recorded(exported))


def _shared(every: Iterable[Recorded]) -> tuple[SharedObject, ...]:
    return find_shared((each.urn, each.key) for each in every if not (each.external or each.to_be_made))


def pending_deletions(exported: Mapping[str, Any]) -> tuple[Recorded, ...]:
    """Return the objects that the engine deletes in the next run, whatever the program declares.

    ``all_properties`` has no secret ones.

    :raises ConfigurationError: where the state cannot be read.
    """
    return tuple(
        replace(
            each, all_properties={name: value for name, value in each.all_properties.items() if name not in each.secret}
        )
        for each in _recorded(exported)
        if each.pending and not each.external and not each.retained
    )


def not_understood(exported: Mapping[str, Any]) -> tuple[Undetermined, ...]:
    """Return the resources of this package that this release does not understand.

    :raises ConfigurationError: where the state cannot be read.
    """
    found = []
    for resource in resources_in(exported):
        why = why_not_understood(resource["urn"], resource.get("type"), resource.get("inputs"), resource.get("outputs"))
        if why is not None:
            found.append(Undetermined(resource["urn"], str(resource.get("type")), str(resource.get("id") or ""), why))
    return tuple(found)


def why_not_understood(urn: str, type: object, *properties: Mapping[str, Any] | None) -> str | None:
    """Return why this release does not understand a resource of this package, as a sentence.

    None for a resource that it understands, and for those of other packages.

    :param properties: the resource's inputs and outputs, as a state or a plan has them.
    """
    if is_known(type):
        return None
    if is_ours(type):
        return f"This release does not know the type of {clean(urn, 1_000)}. Install the release that wrote it, or a newer one."
    if any(_has_own_provider(each or {}) for each in properties):
        return (
            f"{clean(urn, 1_000)} is of this package, as its provider shows, but its type {clean(str(type), 200)} is not. An earlier "
            "release gave this type to subclasses of a resource class. `pulumi up` with this release corrects it."
        )
    return None


def _has_own_provider(properties: Mapping[str, Any]) -> bool:
    """Whether the pickled provider of a dynamic resource names this package. It is not unpickled."""
    pickled = properties.get("__provider")
    if not isinstance(pickled, str):
        return False
    try:
        return b"pulumi_zorg." in base64.b64decode(pickled, validate=True)
    except ValueError:
        return False


def pending_replacements(exported: Mapping[str, Any]) -> tuple[Recorded, ...]:
    """Return the resources whose object an earlier run deleted, and for which it did not create another one.

    The engine creates it in the next run. ``all_properties`` may have secret ones.

    :raises ConfigurationError: where the state cannot be read.
    """
    return tuple(each for each in _recorded(exported) if each.to_be_made)


def has_resources(exported: Mapping[str, Any]) -> bool:
    """Whether an exported state has resources of any kind, besides providers.

    :raises ConfigurationError: where the state cannot be read.
    """
    return any(not str(each.get("type")).startswith("pulumi:providers:") for each in resources_in(exported))


def _recorded(exported: Mapping[str, Any], *, require_secrets: bool = False) -> Iterator[Recorded]:
    for resource in resources_in(exported):
        type_, urn, object_id = resource.get("type"), resource["urn"], resource.get("id")
        if not is_known(type_):
            continue
        if not isinstance(object_id, str) or not object_id:
            raise ConfigurationError(f"The state has {clean(urn, 300)} without an id")
        secret: set[str] = set()
        inputs = _plain_properties(resource.get("inputs"), secret, require_secrets)
        outputs = _plain_properties(resource.get("outputs"), secret, require_secrets)
        filled = (resource.get("outputs") or {}).get("__filled")
        external = bool(resource.get("external"))
        yield Recorded(
            urn=urn,
            token=str(type_),
            id=object_id,
            # A resource that was read by its id has no inputs; the engine then compares its outputs. `active` has what
            # `state` has.
            properties={name: value for name, value in outputs.items() if name != "state"} if external else inputs,
            all_properties={**inputs, **(filled if isinstance(filled, Mapping) else {}), **outputs},
            ignored=frozenset(resource.get("ignoreChanges") or ()),
            secret=frozenset(secret),
            external=external,
            pending=bool(resource.get("delete")),
            protected=bool(resource.get("protect")),
            retained=bool(resource.get("retainOnDelete")),
            to_be_made=bool(resource.get("pendingReplacement")),
        )


def _plain_properties(properties: Mapping[str, Any] | None, secret: set[str], require_secrets: bool) -> dict[str, Any]:
    """Return the properties with their secrets in plain text, without internal ones and without encrypted ones.

    Adds the names of the secret properties to ``secret``.
    """
    found: dict[str, Any] = {}
    for name, value in (properties or {}).items():
        if name.startswith("__") or value is None:
            continue
        if isinstance(value, str | bool):
            found[name] = value
            continue
        try:
            found[name], is_secret = _unwrap(value)
        except _EncryptedError:
            if require_secrets:
                raise ConfigurationError(
                    "The state has an encrypted secret. Export it with `pulumi stack export --show-secrets`."
                ) from None
            is_secret = True
        if is_secret:
            secret.add(name)
    return found


class _EncryptedError(Exception):
    """A secret is not in plain text."""


def _unwrap(value: Any) -> tuple[Any, bool]:
    """Return a value without the engine's marks of secrets, and whether it had one.

    :raises _EncryptedError: where a secret is not in plain text.
    """
    if isinstance(value, Mapping):
        if value.get(SIGNATURE) == _SECRET:
            if not isinstance(value.get("plaintext"), str):
                raise _EncryptedError
            try:
                return json.loads(value["plaintext"]), True
            except (ValueError, RecursionError):
                raise ConfigurationError(NOT_A_STATE) from None
        parts = {name: _unwrap(each) for name, each in value.items()}
        return {name: each for name, (each, _) in parts.items()}, any(hidden for _, hidden in parts.values())
    if isinstance(value, list):
        items = [_unwrap(each) for each in value]
        return [each for each, _ in items], any(hidden for _, hidden in items)
    return value, False

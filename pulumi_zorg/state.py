"""A stack's state, as ``pulumi stack export --show-secrets`` tells it, read for :mod:`pulumi_zorg.drift`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import Any

from pulumi_zorg.drift import ORGANIZATION, USER_GRANT, Recorded, SharedObject, find_shared
from pulumi_zorg.errors import ConfigurationError, clean

__all__ = ["Standing", "last_update", "parse_time", "read_export", "recorded", "shared", "standing"]

# How the engine marks a value of its own kinds, and the mark of a secret (pulumi/sdk/go/common/resource/sig).
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - no secret, but the mark of one


def recorded(exported: Mapping[str, Any]) -> tuple[Recorded, ...]:
    """The organizations and user grants of an exported state, in its order.

    :raises ConfigurationError: where it cannot be read.
    """
    found = []
    for resource in _resources(exported):
        # What is only still to be deleted is not what the resource is about any more.
        if resource.get("type") not in (ORGANIZATION, USER_GRANT) or resource.get("delete"):
            continue
        secret: set[str] = set()
        inputs = _shown(resource.get("inputs"), secret)
        outputs = _shown(resource.get("outputs"), secret)
        filled = outputs.pop("__filled", None) or {}
        found.append(
            Recorded(
                urn=str(resource["urn"]),
                type=str(resource["type"]),
                id=_id(resource),
                # What was got by its id has no inputs; the engine then compares outputs. `active` says what `state` says.
                properties={name: value for name, value in outputs.items() if name != "state"}
                if resource.get("external")
                else inputs,
                known={**inputs, **filled, **outputs},
                ignored=frozenset(resource.get("ignoreChanges") or ()),
                secret=frozenset(secret),
                external=bool(resource.get("external")),
            )
        )
    return tuple(found)


def shared(exported: Mapping[str, Any]) -> tuple[SharedObject, ...]:
    """Return the organizations and user grants that more than one resource of an exported state manages.

    What is only read (``get``) is not managed. A resource that is pending deletion still is.

    :raises ConfigurationError: where the state cannot be read.
    """
    return find_shared(
        (str(resource["urn"]), (str(resource["type"]), _id(resource)))
        for resource in _resources(exported)
        if resource.get("type") in (ORGANIZATION, USER_GRANT) and not resource.get("external")
    )


@dataclass(frozen=True)
class Standing:
    """An object that the stack manages, and would do away with if nothing declared it.

    :param known: its properties, but for those that are secret.
    :param pending: whether the engine has yet to delete it, whatever is declared: an earlier run failed to.
    :param secret: the names of these.
    """

    urn: str
    type: str
    id: str
    known: Mapping[str, Any]
    pending: bool = False
    secret: frozenset[str] = frozenset()


def standing(exported: Mapping[str, Any]) -> tuple[Standing, ...]:
    """The organizations and user grants of an exported state that the engine would delete if they left the program."""
    found = []
    for resource in _resources(exported):
        kept = resource.get("external") or resource.get("retainOnDelete") or resource.get("protect")
        if resource.get("type") not in (ORGANIZATION, USER_GRANT) or kept:
            continue
        properties = {**(resource.get("inputs") or {}), **(resource.get("outputs") or {})}
        told = {name: value for name, value in properties.items() if not name.startswith("__")}
        secret = frozenset(name for name, value in told.items() if _is_hidden(value))
        known = {name: value for name, value in told.items() if name not in secret}
        pending = bool(resource.get("delete"))
        found.append(Standing(str(resource["urn"]), str(resource["type"]), _id(resource), known, pending, secret))
    return tuple(found)


def _is_hidden(value: Any) -> bool:
    if isinstance(value, Mapping):
        return _SIGNATURE in value
    return isinstance(value, list) and any(_is_hidden(each) for each in value)


def read_export(text: str) -> Mapping[str, Any]:
    """What ``pulumi stack export`` has printed.

    :raises ConfigurationError: where it cannot be read.
    """
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise ConfigurationError("`pulumi stack export` gave no state that this release can read")
    return found


def last_update(exported: Mapping[str, Any]) -> datetime:
    """When the state was last written.

    :raises ConfigurationError: where it does not tell.
    """
    manifest = (exported.get("deployment") or {}).get("manifest") or {}
    times = [manifest.get("time"), *(resource.get("modified") for resource in _resources(exported))]
    known = [parse_time(time) for time in times if isinstance(time, str)]
    if not known:
        raise ConfigurationError("The state does not tell when it was last updated: give a time to --since")
    return max(known)


def parse_time(text: str) -> datetime:
    """A moment in ISO 8601; without an offset it is UTC.

    :raises ValueError: where it is none.
    """
    # Python 3.10 knows neither Z nor nanoseconds.
    text = text.strip().replace("Z", "+00:00").replace("z", "+00:00")
    head, point, rest = text.partition(".")
    if point:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        text = f"{head}.{digits[:6]:0<6}{rest[len(digits) :]}"
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def _id(resource: Mapping[str, Any]) -> str:
    found = resource.get("id")
    if not isinstance(found, str) or not found:
        raise ConfigurationError(f"The state has {clean(str(resource.get('urn')), 300)} without an id")
    return found


def _resources(exported: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    deployment = exported.get("deployment")
    if not isinstance(deployment, Mapping):
        raise ConfigurationError("`pulumi stack export` gave no state that this release can read")
    resources = deployment.get("resources") or []
    if not isinstance(resources, list) or not all(isinstance(each, Mapping) and "urn" in each for each in resources):
        raise ConfigurationError("`pulumi stack export` gave no state that this release can read")
    yield from resources


def _shown(properties: Mapping[str, Any] | None, secret: set[str]) -> dict[str, Any]:
    """The properties without the engine's own, secrets unwrapped; adds the names of these to ``secret``."""
    found = {}
    for name, value in (properties or {}).items():
        if name == "__provider" or value is None:
            continue
        found[name], hidden = _unwrapped(value)
        if hidden:
            secret.add(name)
    return found


def _unwrapped(value: Any) -> tuple[Any, bool]:
    if isinstance(value, Mapping):
        if value.get(_SIGNATURE) == _SECRET:
            if not isinstance(value.get("plaintext"), str):
                raise ConfigurationError(
                    "The state holds a secret that `pulumi stack export --show-secrets` did not show"
                )
            return json.loads(value["plaintext"]), True
        parts = {name: _unwrapped(each) for name, each in value.items()}
        return {name: each for name, (each, _) in parts.items()}, any(hidden for _, hidden in parts.values())
    if isinstance(value, list):
        items = [_unwrapped(each) for each in value]
        return [each for each, _ in items], any(hidden for _, hidden in items)
    return value, False

"""Reads the text of an exported state (``pulumi stack export``): its resources, its stack's name, and when it was written. Pure: no I/O."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import datetime, timezone
from typing import Any

from pulumi_zorg.errors import ConfigurationError

#: What the engine keeps of each resource for itself: three quarters of a state, of which nothing is read.
_NOT_READ = ("stackTrace", "sourcePosition", "propertyDependencies", "dependencies", "parent", "provider")

NOT_A_STATE = "This is not a state that this release can read. `pulumi stack export --show-secrets` prints one."


def parsed(text: str) -> Any:
    """Return the JSON of a text, without what is not read of a state.

    :raises ValueError: where it is not JSON.
    """
    return json.loads(text, object_hook=_without_unread)


def _without_unread(found: dict[str, Any]) -> dict[str, Any]:
    if "urn" in found and "type" in found:
        for name in _NOT_READ:
            found.pop(name, None)
    return found


def read_export(text: str) -> Mapping[str, Any]:
    """Return the state in the output of ``pulumi stack export``.

    :raises ConfigurationError: where the text is something else.
    """
    try:
        found = parsed(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ConfigurationError(NOT_A_STATE)
    return found


def resources_in(exported: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return the resources of an exported state, of all packages.

    :raises ConfigurationError: where the state cannot be read.
    """
    deployment = exported.get("deployment")
    if not isinstance(deployment, Mapping):
        raise ConfigurationError(NOT_A_STATE)
    resources = deployment.get("resources") or []
    if not isinstance(resources, list) or not all(_is_resource(each) for each in resources):
        raise ConfigurationError(NOT_A_STATE)
    yield from resources


def _is_resource(value: Any) -> bool:
    if not isinstance(value, Mapping) or not isinstance(value.get("urn"), str):
        return False
    ignored = value.get("ignoreChanges") or []
    return (
        isinstance(value.get("inputs") or {}, Mapping)
        and isinstance(value.get("outputs") or {}, Mapping)
        and isinstance(ignored, list)
        and all(isinstance(path, str) for path in ignored)
    )


def stack_name(exported: Mapping[str, Any]) -> str | None:
    """Return the name of the stack in the URNs of an exported state; None where the state has no resources.

    :raises ConfigurationError: where the state cannot be read.
    """
    urns = (resource["urn"].split(":") for resource in resources_in(exported))
    return next((parts[2] for parts in urns if len(parts) > 2), None)


def last_update(exported: Mapping[str, Any]) -> datetime:
    """Return the time at which an exported state was last written.

    :raises ConfigurationError: where the state does not have it.
    """
    resources = list(resources_in(exported))
    manifest = exported["deployment"].get("manifest")
    times = [manifest.get("time")] if isinstance(manifest, Mapping) else []
    times += [resource.get("modified") for resource in resources]
    try:
        known = [parse_time(time) for time in times if isinstance(time, str)]
    except ValueError:
        raise ConfigurationError(NOT_A_STATE) from None
    if not known:
        raise ConfigurationError("The state does not say when it was last updated. Give a time to --since.")
    return max(known)


def parse_time(text: str) -> datetime:
    """Return a time in ISO 8601. Without an offset it is UTC.

    :raises ValueError: where the text is not such a time.
    """
    # Python 3.10 knows neither Z nor nanoseconds.
    text = text.strip().replace("Z", "+00:00").replace("z", "+00:00")
    head, point, rest = text.partition(".")
    if point:
        digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
        text = f"{head}.{digits[:6]:0<6}{rest[len(digits) :]}"
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)

"""What the resources and the lookups of a program share: its errors, and the instances that it makes lookups on.

Lookups run in the program's process and resources in the provider's. Each reads the environment of its own. So the program sends the
instances to the provider, with the internal input :data:`pulumi_zorg.resource_types.inputs.LOOKED_UP`, and the provider verifies that
its resources are on the same one.
"""

from __future__ import annotations

from functools import cache
from typing import Any, TypeVar

import pulumi

from pulumi_zorg.errors import ZorgError

Error = TypeVar("Error", bound=ZorgError)


def without_traceback(error: Error) -> Error:
    """Return the error as one that the engine shows without a traceback."""
    kind: Any = type(error)
    if issubclass(kind, pulumi.RunError):
        return error
    shown_kind = type(kind.__name__, (kind, pulumi.RunError), {})
    shown: Error = shown_kind.__new__(shown_kind, *error.args)
    shown.__dict__.update(vars(error))
    return shown


def remember_lookup(url: str, name: str) -> None:
    """Remember that the program makes lookups on this instance.

    :param name: the name under which the address was given: ``zorg:url`` or ``ZITADEL_URL``.
    """
    _of(pulumi.runtime.settings.get_monitor())[url] = name


def looked_up() -> dict[str, str]:
    """Return the addresses that lookups of the program have used so far, with the names under which they were given."""
    return dict(_of(pulumi.runtime.settings.get_monitor()))


@cache
def _of(monitor: object) -> dict[str, str]:
    """Return what is known of the run of an engine. One process can have several, with the automation API."""
    return {}

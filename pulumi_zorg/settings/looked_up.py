"""Which instances the lookups of a program use. Its resources must be on the same one.

Lookups run in the program's process and resources in the provider's. Each reads the environment of its own. So a program tells the
provider, with the internal input :data:`pulumi_zorg.resource_types.inputs.LOOKED_UP`, and the provider compares.
"""

from __future__ import annotations

from functools import cache

import pulumi

__all__ = ["looked_up", "remember"]


def remember(url: str, name: str) -> None:
    """The program that runs now makes lookups on this instance.

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

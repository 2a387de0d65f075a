"""Tools for testing programs that use this package, and the package itself.

- :class:`~pulumi_zorg.emulator.Emulator` (from :mod:`pulumi_zorg.emulator`): a ZITADEL in memory, over HTTP.
- :class:`AdminClient`: makes changes outside Pulumi, as an administrator would.
- :class:`FaultProxy`: a proxy in front of a server. It records the calls and injects faults.

The emulator needs the extra ``emulator``: ``pip install pulumi-zorg[emulator]``.
"""

from pulumi_zorg.testing.admin_client import AdminClient
from pulumi_zorg.testing.proxy import Exchange, Fault, FaultProxy

__all__ = ["AdminClient", "Exchange", "Fault", "FaultProxy"]

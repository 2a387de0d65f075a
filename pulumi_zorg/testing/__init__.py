"""The kit for testing programs that use this package, and the package itself.

- :class:`~pulumi_zorg.emulator.Emulator` (from :mod:`pulumi_zorg.emulator`): a ZITADEL in memory, over HTTP.
- :class:`Console`: changes made by hand, as somebody would make them beside Pulumi.
- :class:`FaultProxy`: stands in front of any server, records the calls, and lets them go wrong.

Needs the extra ``emulator`` (``pip install pulumi-zorg[emulator]``) where the emulator is used.
"""

from pulumi_zorg.testing.console import Console
from pulumi_zorg.testing.proxy import Exchange, Fault, FaultProxy

__all__ = ["Console", "Exchange", "Fault", "FaultProxy"]

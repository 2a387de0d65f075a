"""The provider of :class:`pulumi_zorg.MachineUser`. Its path and class name are the state's format."""

from __future__ import annotations

from pulumi_zorg.providers.base import StatefulProvider
from pulumi_zorg.world.tokens import type_token


class MachineUserProvider(StatefulProvider):
    """The provider of machine users."""

    token = type_token("MachineUser")

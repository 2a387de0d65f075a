"""The provider of :class:`pulumi_zorg.Manager`. Its path and class name are the state's format."""

from __future__ import annotations

from pulumi_zorg.providers.base import StatefulProvider
from pulumi_zorg.world.tokens import type_token


class ManagerProvider(StatefulProvider):
    """The provider of managers."""

    token = type_token("Manager")

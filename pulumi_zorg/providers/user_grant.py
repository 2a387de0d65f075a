"""The provider of :class:`pulumi_zorg.UserGrant`. Its path and class name are the state's format."""

from __future__ import annotations

from pulumi_zorg.providers.base import StatefulProvider
from pulumi_zorg.world.tokens import type_token


class UserGrantProvider(StatefulProvider):
    """The provider of user grants."""

    token = type_token("UserGrant")

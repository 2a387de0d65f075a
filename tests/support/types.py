"""The type tokens that tests name."""

from __future__ import annotations

from pulumi_zorg.tokens import type_token

ORGANIZATION, USER_GRANT = type_token("Organization"), type_token("UserGrant")

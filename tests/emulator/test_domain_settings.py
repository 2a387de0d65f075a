"""The domain settings of organizations and the features of the instance, as a real server of July 2026 answers."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.support.servers import Server

_POLICY = "/management/v1/policies/domain"


def _settings(server: Server, org_id: str) -> dict[str, Any]:
    found: dict[str, Any] = server.admin.call("GET", _POLICY, org=org_id)["policy"]
    return found


def test_an_organization_has_the_settings_of_the_instance_or_its_own(any_server: Server) -> None:
    tenant = any_server.admin.create_organization(any_server.name("Tenant"))
    default = _settings(any_server, tenant)
    assert default["isDefault"] is True
    assert "userLoginMustBeDomain" not in default
    assert default["details"]["resourceOwner"] != tenant
    any_server.admin.make_login_names_end_with_domain(tenant)
    assert any_server.shows(lambda: "isDefault" not in _settings(any_server, tenant))
    own = _settings(any_server, tenant)
    assert (own["userLoginMustBeDomain"], own["details"]["resourceOwner"]) == (True, tenant)
    with pytest.raises(httpx.HTTPStatusError, match="409"):
        any_server.admin.make_login_names_end_with_domain(tenant)


def test_every_application_uses_the_v2_login_by_default(any_server: Server) -> None:
    assert any_server.admin.call("GET", "/v2/features/instance")["loginV2"]["required"] is True

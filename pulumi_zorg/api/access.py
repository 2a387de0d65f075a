"""Policies and features of the instance that decide about logins.

Documents: https://zitadel.com/docs/apis/resources/mgmt (Get Domain Settings), for servers without v1
https://zitadel.com/docs/apis/resources/settings_service_v2 (GetDomainSettings), and
https://zitadel.com/docs/apis/resources/feature_service_v2 (GetInstanceFeatures).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import AliasPath, Field

from pulumi_zorg.api.operations import Call, Endpoint, Implementation, Operations, Proves
from pulumi_zorg.api.records import Wire
from pulumi_zorg.errors import clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport


class _Policy(Wire):
    user_login_must_be_domain: bool = False


class _Features(Wire):
    v2_required: bool = Field(False, validation_alias=AliasPath("loginV2", "required"))


class _Settings(Wire):
    login_name_includes_domain: bool = False


def _policy(transport: Transport, operation: str, org_id: str) -> bool:
    call = _POLICY.call(operation, org=org_id, reads=True)
    return transport.fetch(_Policy, call, "policy").user_login_must_be_domain


def _settings(transport: Transport, operation: str, org_id: str) -> bool:
    # The right to read them counts in the organization of the header, and without one in that of the caller.
    call = _SETTINGS.call(operation, org=org_id, body={"ctx": {"orgId": org_id}}, reads=True)
    return transport.fetch(_Settings, call, "settings").login_name_includes_domain


_POLICY = Endpoint("GET", "/management/v1/policies/domain", "policy.read")
_SETTINGS = Endpoint("POST", "/zitadel.settings.v2.SettingsService/GetDomainSettings", "policy.read")
_READ_DOMAIN_SETTINGS = (Implementation((_POLICY,), _policy), Implementation((_SETTINGS,), _settings, Proves.ID))


class Access:
    """What decides about logins besides objects."""

    def __init__(self, transport: Transport, operations: Operations) -> None:
        self._transport, self._operations = transport, operations

    def login_names_have_domain(self, org_id: str) -> bool:
        """Whether the login names of the organization's users end with its domain (``userLoginMustBeDomain``)."""
        operation = f"Reading the domain settings of organization {clean(org_id)}"
        return self._operations.first(_READ_DOMAIN_SETTINGS, self._transport, operation, org_id)

    def login_v2_required(self) -> bool:
        """Whether all applications of the instance use the V2 login, whatever they are set to.

        :raises NotFound: on servers without the v2 API.
        """
        call = Call("Reading the features of the instance", "GET", "/v2/features/instance", reads=True)
        return self._transport.fetch(_Features, call).v2_required

"""When the caller's own key or personal access tokens expire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.pages import all_pages, v1_query
from pulumi_zorg.api.records import ListDetails, NonEmpty, UserRecord, Wire, parse
from pulumi_zorg.errors import clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

__all__ = ["Credentials"]


_TOKENS = Endpoint("POST", "/management/v1/users/{user_id}/pats/_search", "user.read")
_KEY = Endpoint("GET", "/management/v1/users/{user_id}/keys/{id}", "user.read")


class _Credential(Wire):
    id: NonEmpty
    expiration_date: datetime | None = None


class _Tokens(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[_Credential, ...] = ()


class _Key(Wire):
    key: _Credential


class Credentials:
    """The calls about a user's keys and tokens. They need ``user.read`` in the user's organization.

    Document: https://zitadel.com/docs/apis/resources/mgmt (Search Personal-Access-Tokens, Get Key By ID).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def token_expiries(self, user: UserRecord) -> tuple[datetime | None, ...]:
        """Return when each personal access token of the user expires; None stands for never."""
        operation = f"Listing the personal access tokens of user {clean(user.id)}"

        def page(offset: int) -> tuple[int, tuple[_Credential, ...]]:
            answer = self._send(operation, _TOKENS, user, {"user_id": user.id}, {"query": v1_query(offset)})
            found = parse(_Tokens, answer, operation)
            return found.details.total_result, found.result

        return tuple(each.expiration_date for each in all_pages(page, operation))

    def key_expiry(self, user: UserRecord, key_id: str) -> datetime | None:
        """Return when a key of the user expires; None for never."""
        operation = f"Reading key {clean(key_id)} of user {clean(user.id)}"
        return parse(
            _Key, self._send(operation, _KEY, user, {"user_id": user.id, "id": key_id}), operation
        ).key.expiration_date

    def _send(
        self,
        operation: str,
        endpoint: Endpoint,
        user: UserRecord,
        ids: Mapping[str, str],
        body: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        org = user.details.resource_owner
        call = Call(operation, endpoint.method, endpoint.at(ids), org=org, body=body, reads=True)
        return self._transport.send(call)

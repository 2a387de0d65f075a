"""The metadata of organizations: values that other programs keep with them, by key.

Documents: https://zitadel.com/docs/apis/resources/mgmt (Get, Set and Remove Organization Metadata), and for servers without v1
https://zitadel.com/docs/apis/resources/org_service_v2 (List, Set and Delete Organization Metadata). They need ``org.read`` and
``org.write``. An organization that is deactivated has them too.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import TYPE_CHECKING

from pulumi_zorg.api.operations import Endpoint, Implementation, Proves
from pulumi_zorg.api.records import ListDetails, Wire
from pulumi_zorg.errors import NotFound, UnexpectedAnswer, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client

#: The longest value, in bytes.
LONGEST = 500_000

_PATH = "/management/v1/metadata/{key}"
READ_METADATA = Endpoint("GET", _PATH, "org.read")
SET_METADATA = Endpoint("POST", _PATH, "org.write")
REMOVE_METADATA = Endpoint("DELETE", _PATH, "org.write")
# For servers without v1. Those before July 2026 do not have them.
_PATH_V2 = "/v2/organizations/{id}/metadata"
_SEARCH_V2 = Endpoint("POST", f"{_PATH_V2}/search", "org.read")
_SET_V2 = Endpoint("POST", _PATH_V2, "org.write")
_REMOVE_V2 = Endpoint("DELETE", f"{_PATH_V2}?keys={{key}}", "org.write")


class _Metadata(Wire):
    key: str = ""
    value: str = ""


class _Answer(Wire):
    metadata: _Metadata


class _Answers(Wire):
    pagination: ListDetails
    metadata: tuple[_Metadata, ...] = ()


def read_metadata(client: Client, org_id: str, key: str) -> bytes | None:
    """Return a value; None where the organization has no such key.

    :raises HeaderIgnored: where the server answers for another organization.
    """
    operation = f"Reading the metadata {key} of organization {clean(org_id)}"
    value = client.operations.first(_READ, client, operation, org_id, key)
    try:
        return None if value is None else b64decode(value, validate=True)
    except (NotBase64, ValueError):
        raise UnexpectedAnswer(f"{operation}: the value is not Base64.", may_have_applied=False) from None


def _read(client: Client, operation: str, org_id: str, key: str) -> str | None:
    client.verify_org_header(org_id)
    try:
        return client.read(_Answer, READ_METADATA, operation, org=org_id, ids={"key": key}).metadata.value
    except NotFound as refused:
        if refused.is_missing_call:
            raise
        return None


def _read_v2(client: Client, operation: str, org_id: str, key: str) -> str | None:
    # A list of an organization that the caller may not see is empty too.
    client.organizations.read(org_id)
    body = {"filters": [{"keyFilter": {"key": key, "method": "TEXT_FILTER_METHOD_EQUALS"}}]}
    found = client.read(_Answers, _SEARCH_V2, operation, ids={"id": org_id}, body=body).metadata
    return next((each.value for each in found if each.key == key), None)


def set_metadata(client: Client, org_id: str, key: str, value: bytes) -> None:
    """Set a value. It may be new, or replace another one."""
    operation = f"Setting the metadata {key} of organization {clean(org_id)}"
    client.operations.first(_SET, client, operation, org_id, key, b64encode(value).decode())


def _set(client: Client, operation: str, org_id: str, key: str, value: str) -> None:
    client.write(SET_METADATA, operation, org=org_id, ids={"key": key}, body={"value": value})


def _set_v2(client: Client, operation: str, org_id: str, key: str, value: str) -> None:
    client.change(Wire, _SET_V2, operation, ids={"id": org_id}, body={"metadata": [{"key": key, "value": value}]})


def remove_metadata(client: Client, org_id: str, key: str) -> None:
    """Remove a value. That it is not there is success."""
    operation = f"Removing the metadata {key} of organization {clean(org_id)}"
    try:
        client.operations.first(_REMOVE, client, operation, org_id, key)
    except NotFound as refused:
        if refused.is_missing_call:
            raise


def _remove(client: Client, operation: str, org_id: str, key: str) -> None:
    client.write(REMOVE_METADATA, operation, org=org_id, ids={"key": key})


def _remove_v2(client: Client, operation: str, org_id: str, key: str) -> None:
    client.change(Wire, _REMOVE_V2, operation, ids={"id": org_id, "key": key})


_READ = (Implementation((READ_METADATA,), _read), Implementation((_SEARCH_V2,), _read_v2, Proves.ID))
_SET = (Implementation((SET_METADATA,), _set), Implementation((_SET_V2,), _set_v2, Proves.ID))
_REMOVE = (Implementation((REMOVE_METADATA,), _remove), Implementation((_REMOVE_V2,), _remove_v2, Proves.ID))

"""The metadata of organizations: values that other programs keep with them, by key.

Document: https://zitadel.com/docs/apis/resources/mgmt (Get, Set and Remove Organization Metadata). They need ``org.read`` and
``org.write``. An organization that is deactivated has them too.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from binascii import Error as NotBase64
from typing import TYPE_CHECKING

from pulumi_zorg.api.operations import Endpoint
from pulumi_zorg.api.records import Wire
from pulumi_zorg.errors import NotFound, UnexpectedAnswer, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client

#: The longest value, in bytes.
LONGEST = 500_000

_PATH = "/management/v1/metadata/{key}"
READ_METADATA = Endpoint("GET", _PATH, "org.read")
SET_METADATA = Endpoint("POST", _PATH, "org.write")
REMOVE_METADATA = Endpoint("DELETE", _PATH, "org.write")


class _Metadata(Wire):
    value: str = ""


class _Answer(Wire):
    metadata: _Metadata


def read_metadata(client: Client, org_id: str, key: str) -> bytes | None:
    """Return a value; None where the organization has no such key.

    :raises HeaderIgnored: where the server answers for another organization.
    """
    operation = f"Reading the metadata {key} of organization {clean(org_id)}"
    client.verify_org_header(org_id)
    try:
        answer = client.read(_Answer, READ_METADATA, operation, org=org_id, ids={"key": key})
    except NotFound:
        return None
    try:
        return b64decode(answer.metadata.value, validate=True)
    except (NotBase64, ValueError):
        raise UnexpectedAnswer(f"{operation}: the value is not Base64.", may_have_applied=False) from None


def set_metadata(client: Client, org_id: str, key: str, value: bytes) -> None:
    """Set a value. It may be new, or replace another one."""
    operation = f"Setting the metadata {key} of organization {clean(org_id)}"
    body = {"value": b64encode(value).decode()}
    client.write(SET_METADATA, operation, org=org_id, ids={"key": key}, body=body)


def remove_metadata(client: Client, org_id: str, key: str) -> None:
    """Remove a value. That it is not there is success."""
    operation = f"Removing the metadata {key} of organization {clean(org_id)}"
    try:
        client.write(REMOVE_METADATA, operation, org=org_id, ids={"key": key})
    except NotFound:
        return

"""Service-account keys as ZITADEL hands them out."""

from __future__ import annotations

import json
from functools import cache

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


@cache
def private_key() -> rsa.RSAPrivateKey:
    """One key for all tests: to make one takes a while."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem() -> str:
    """The key in the form that ZITADEL writes."""
    return (
        private_key()
        .private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        .decode()
    )


def key_json(**changed: object) -> str:
    """The JSON of a key; a field that is changed to None is left out."""
    fields = {"type": "serviceaccount", "keyId": "key-77", "userId": "user-42", "key": pem(), **changed}
    return json.dumps({name: value for name, value in fields.items() if value is not None})


def parts_of(secret: str) -> set[str]:
    """Pieces of a secret that must not show up anywhere."""
    lines = [line for line in secret.splitlines() if line and "-----" not in line]
    return {line[:12] for line in lines} | {line[-12:] for line in lines}

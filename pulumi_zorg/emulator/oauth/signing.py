"""The key that signs id tokens, and access tokens that are JWTs."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pulumi_zorg.emulator.instance import Instance

if TYPE_CHECKING:
    from jwt.types import Options


@cache
def _new_key() -> str:
    """Generate a key for the first token that needs one. All instances of this process that have none yet share it."""
    key = rsa.generate_private_key(65537, 2048)
    encoding, layout = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8
    return key.private_bytes(encoding, layout, serialization.NoEncryption()).decode()


@cache
def _loaded(pem: str) -> rsa.RSAPrivateKey:
    key = serialization.load_pem_private_key(pem.encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise TypeError("the stored signing key is not an RSA key")
    return key


def _key(instance: Instance) -> rsa.RSAPrivateKey:
    return _loaded(instance.store.meta("signing_key", _new_key))


def sign(instance: Instance, claims: dict[str, Any]) -> str:
    """Return a signed token with these claims."""
    return jwt.encode(claims, _key(instance), "RS256", {"kid": instance.instance_id})


def ids_of_jwt(instance: Instance, text: str) -> tuple[str, str]:
    """Return the token id and the user id of an access token of this instance that is a JWT. For any other text, both are empty."""
    if text.count(".") != 2:
        return "", ""
    try:
        # Only the signature counts here: the session of the token says whether it is valid.
        options: Options = {"verify_aud": False, "verify_exp": False, "verify_iat": False, "verify_nbf": False}
        claims = jwt.decode(text, _key(instance).public_key(), ["RS256"], options=options)
    except jwt.PyJWTError:
        return "", ""
    return claims.get("jti", ""), claims.get("sub", "")


def public_keys(instance: Instance) -> dict[str, Any]:
    """Return the public keys that verify tokens."""
    key = jwt.algorithms.RSAAlgorithm.to_jwk(_key(instance).public_key(), as_dict=True)
    return {"keys": [{**key, "use": "sig", "kid": instance.instance_id, "alg": "RS256"}]}

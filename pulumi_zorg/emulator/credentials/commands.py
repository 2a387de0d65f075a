"""Commands on secrets, keys and personal access tokens of service accounts.

v1 passes the organization of the header as the owner. v2 passes none, and checks the permission on the user.
"""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.credentials.aggregate import MachineKey, PersonalAccessToken, credential_exists
from pulumi_zorg.emulator.credentials.tokens import PAT_SCOPES
from pulumi_zorg.emulator.errors import invalid, not_found, precondition
from pulumi_zorg.emulator.eventstore.aggregate import Details, details_after
from pulumi_zorg.emulator.eventstore.events import format_timestamp, now_micros, parse_timestamp
from pulumi_zorg.emulator.users.aggregate import ServiceAccountWriteModel, UserWriteModel, check_user_write, user_event
from pulumi_zorg.emulator.users.passwords import hash_secret

_NEVER = parse_timestamp("9999-12-31T23:59:59Z")

#: The usual size of an RSA key.
_KEY_BITS = 2048


def _expiry(sent: int | None) -> int:
    if sent is None:
        return _NEVER
    if sent < now_micros():
        raise invalid("DOMAIN-dv3t5", "Errors.AuthNKey.ExpireBeforeNow")
    return sent


def _check(call: Call, user_id: str, owner: str) -> None:
    if not owner:
        check_user_write(call, user_id)


def add_secret(call: Call, user_id: str, owner: str = "") -> tuple[str, Details]:
    """Generate a new secret for a service account. It replaces an earlier one."""
    _check(call, user_id, owner)
    model = ServiceAccountWriteModel(call.instance.store, user_id, owner)
    if not model.exists:
        raise precondition("COMMAND-x8910n", "Errors.User.NotExisting")
    secret = secrets.token_urlsafe(48)
    payload = {"hashedSecret": hash_secret(secret)}
    [event] = call.push(user_event(user_id, model.owner, "user.machine.secret.set", payload))
    return secret, details_after(event)


def remove_secret(call: Call, user_id: str, owner: str = "") -> Details:
    """Remove the secret of a service account."""
    _check(call, user_id, owner)
    model = ServiceAccountWriteModel(call.instance.store, user_id, owner)
    if not model.exists:
        raise precondition("COMMAND-x7s802", "Errors.User.NotExisting")
    if not model.secret:
        raise precondition("COMMAND-coi82n", "Errors.User.Machine.Secret.NotExisting")
    [event] = call.push(user_event(model.id, model.owner, "user.machine.secret.removed", {}))
    return details_after(event)


@dataclass(frozen=True)
class NewKey:
    """A key that was added.

    :param content: the key file in base64. It is empty if the request contained the public key.
    """

    id: str
    content: str
    details: Details


def add_key(call: Call, owner: str = "") -> NewKey:
    """Add the key that the request describes."""
    user_id, public = call.request["user_id"], call.request["public_key"]
    key_id = call.instance.store.new_id()
    if public:
        _check_public(public)
    expires = _expiry(call.request["expiration_date"])
    if not ServiceAccountWriteModel(call.instance.store, user_id, owner).exists:
        raise precondition("COMMAND-bnipwm1", "Errors.User.NotFound")
    _check(call, user_id, owner)
    content = b""
    if not public:
        private = rsa.generate_private_key(65537, _KEY_BITS)
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        key_file = {
            "type": "serviceaccount",
            "keyId": key_id,
            "key": pem.decode(),
            "expirationDate": format_timestamp(expires),
        }
        content = json.dumps({**key_file, "userId": user_id}).encode()
    payload = {
        "keyId": key_id,
        "type": 1,
        "expirationDate": format_timestamp(expires),
        "publicKey": base64.b64encode(public).decode(),
    }
    [event] = call.push(user_event(user_id, owner, "user.machine.key.added", payload))
    return NewKey(key_id, base64.b64encode(content).decode(), details_after(event))


def _check_public(pem: bytes) -> None:
    try:
        good = isinstance(serialization.load_pem_public_key(pem), rsa.RSAPublicKey)
    except (ValueError, UnsupportedAlgorithm):
        good = False
    if not good:
        raise invalid("COMMAND-5F3h1", "Errors.User.Machine.Key.Invalid")


def remove_key(call: Call, owner: str = "") -> Details:
    """Remove the key that the request names."""
    key_id, missing = call.request["key_id"], "Errors.User.Machine.Key.NotFound"
    return _remove(call, owner, MachineKey(), key_id, "user.machine.key.removed", {"keyId": key_id}, missing)


def remove_token(call: Call, owner: str = "") -> Details:
    """Remove the personal access token that the request names."""
    token_id, missing = call.request["token_id"], "Errors.User.PAT.NotFound"
    return _remove(call, owner, PersonalAccessToken(), token_id, "user.pat.removed", {"tokenId": token_id}, missing)


def _remove(
    call: Call,
    owner: str,
    credential: MachineKey | PersonalAccessToken,
    credential_id: str,
    event_type: str,
    payload: dict[str, str],
    missing: str,
) -> Details:
    user_id = call.request["user_id"]
    _check(call, user_id, owner)
    if not credential_exists(call.instance.store, user_id, owner, credential, credential_id):
        raise not_found("COMMAND-4m77G", missing)
    [removed] = call.push(user_event(user_id, owner, event_type, payload))
    return details_after(removed)


def add_token(call: Call, owner: str = "") -> tuple[str, Details]:
    """Add a personal access token for the service account that the request names, and return its id."""
    user_id, token_id = call.request["user_id"], call.instance.store.new_id()
    expires = _expiry(call.request["expiration_date"])
    model = UserWriteModel(call.instance.store, user_id, owner)
    if not model.exists:
        raise precondition("COMMAND-Dggw2", "Errors.User.NotFound")
    if model.human:
        raise precondition("COMMAND-Df2f1", "Errors.User.WrongType")
    _check(call, user_id, owner)
    payload = {"tokenId": token_id, "expiration": format_timestamp(expires), "scopes": PAT_SCOPES}
    [event] = call.push(user_event(user_id, model.owner, "user.pat.added", payload))
    return token_id, details_after(event)

"""What service accounts log in with: secrets, keys and personal access tokens, and the calls of the v1 API on them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import messages_users as m
from .errors import invalid, not_found, precondition
from .model import Details, added, changed, of_event, pb, viewed, when
from .queries import listed, page
from .routing import rest
from .store import moment, now_micros, stamp
from .tables import KeyRow, PatRow
from .user_reads import mine
from .users import hash_secret
from .users_model import MachineModel, UserModel, check_write, event_of, machine_exists
from .world import Call, World

_NEVER = moment("9999-12-31T23:59:59Z")

#: The keys of the emulator's accounts guard nothing: one of the usual size, made quickly.
_KEY_BITS = 2048


def _expiry(sent: int | None) -> int:
    if sent is None:
        return _NEVER
    if sent < now_micros():
        raise invalid("DOMAIN-dv3t5", "Errors.AuthNKey.ExpireBeforeNow")
    return sent


# Commands. v1 names the organization of its header as the owner, v2 names none and checks the permission on the user.


def _check(call: Call, user_id: str, owner: str) -> None:
    if not owner:
        check_write(call, user_id)


def add_secret(call: Call, user_id: str, owner: str = "") -> tuple[str, Details]:
    """Make a new secret for a service account; an earlier one is of no use any more."""
    _check(call, user_id, owner)
    model = MachineModel(call.world.store, user_id, owner)
    if not model.exists:
        raise precondition("COMMAND-x8910n", "Errors.User.NotExisting")
    secret = secrets.token_urlsafe(48)
    payload = {"hashedSecret": hash_secret(secret)}
    [event] = call.push(event_of(user_id, model.owner, "user.machine.secret.set", payload))
    return secret, of_event(event)


def remove_secret(call: Call, user_id: str, owner: str = "") -> Details:
    """Remove the secret of a service account."""
    _check(call, user_id, owner)
    model = MachineModel(call.world.store, user_id, owner)
    if not model.exists:
        raise precondition("COMMAND-x7s802", "Errors.User.NotExisting")
    if not model.secret:
        raise precondition("COMMAND-coi82n", "Errors.User.Machine.Secret.NotExisting")
    [event] = call.push(event_of(model.id, model.owner, "user.machine.secret.removed", {}))
    return of_event(event)


@dataclass(frozen=True)
class NewKey:
    """A key that was added. `content` is the file for its holder, empty where the holder sent the public key."""

    id: str
    content: str
    details: Details


def add_key(call: Call, owner: str = "") -> NewKey:
    """Add the key that the request describes."""
    user_id, public = call.request["user_id"], call.request["public_key"]
    key_id = call.world.store.new_id()
    if public:
        _check_public(public)
    expires = _expiry(call.request["expiration_date"])
    if not machine_exists(call.world.store, user_id, owner):
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
        told = {"type": "serviceaccount", "keyId": key_id, "key": pem.decode(), "expirationDate": stamp(expires)}
        content = json.dumps({**told, "userId": user_id}).encode()
    payload = {
        "keyId": key_id,
        "type": 1,
        "expirationDate": stamp(expires),
        "publicKey": base64.b64encode(public).decode(),
    }
    [event] = call.push(event_of(user_id, owner, "user.machine.key.added", payload))
    return NewKey(key_id, base64.b64encode(content).decode(), of_event(event))


def _check_public(pem: bytes) -> None:
    try:
        good = isinstance(serialization.load_pem_public_key(pem), rsa.RSAPublicKey)
    except (ValueError, UnsupportedAlgorithm):
        good = False
    if not good:
        raise invalid("COMMAND-5F3h1", "Errors.User.Machine.Key.Invalid")


def remove_key(call: Call, owner: str = "") -> Details:
    """Remove the key that the request names."""
    return _remove(call, owner, "machine.key", "keyId", call.request["key_id"], "Errors.User.Machine.Key.NotFound")


def remove_token(call: Call, owner: str = "") -> Details:
    """Remove the personal access token that the request names."""
    return _remove(call, owner, "pat", "tokenId", call.request["token_id"], "Errors.User.PAT.NotFound")


def _remove(call: Call, owner: str, kind: str, field: str, credential_id: str, missing: str) -> Details:
    user_id, exists = call.request["user_id"], False
    _check(call, user_id, owner)
    for event in call.world.store.aggregate("user", user_id):
        if owner in ("", event.resource_owner):
            if event.type == f"user.{kind}.added" and event.get(field) == credential_id:
                exists = True
            elif event.type == "user.removed" or event.get(field) == credential_id:
                exists = False
    if not exists:
        raise not_found("COMMAND-4m77G", missing)
    [removed] = call.push(event_of(user_id, owner, f"user.{kind}.removed", {field: credential_id}))
    return of_event(removed)


PAT_SCOPES = ["openid", "profile", "urn:zitadel:iam:user:metadata", "urn:zitadel:iam:user:resourceowner"]


def add_token(call: Call, owner: str = "") -> tuple[str, Details]:
    """Add a personal access token for the service account that the request names, and return its id."""
    user_id, token_id = call.request["user_id"], call.world.store.new_id()
    expires = _expiry(call.request["expiration_date"])
    model = UserModel(call.world.store, user_id, owner)
    if not model.exists:
        raise precondition("COMMAND-Dggw2", "Errors.User.NotFound")
    if model.human:
        raise precondition("COMMAND-Df2f1", "Errors.User.WrongType")
    _check(call, user_id, owner)
    payload = {"tokenId": token_id, "expiration": stamp(expires), "scopes": PAT_SCOPES}
    [event] = call.push(event_of(user_id, model.owner, "user.pat.added", payload))
    return token_id, of_event(event)


def token_of(world: World, token_id: str, user_id: str) -> str:
    """The token itself: its ids, sealed with the secret of the instance."""
    ids = f"{token_id}:{user_id}"
    seal = hmac.new(world.secret.encode(), ids.encode(), hashlib.sha256).hexdigest()[:32]
    return base64.urlsafe_b64encode(f"{ids}:{seal}".encode()).decode().rstrip("=")


def ids_of(world: World, token: str) -> tuple[str, str]:
    """Token id and user id of a token of this instance; empty for any other text."""
    try:
        token_id, user_id, _ = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().split(":")
    except ValueError:
        return "", ""
    return (token_id, user_id) if hmac.compare_digest(token_of(world, token_id, user_id), token) else ("", "")


# v1: secrets.


@rest("PUT", "/management/v1/users/{user_id}/secret", "user.write", m.GENERATE_SECRET)
def _generate_secret(call: Call) -> Any:
    user = mine(call, call.request["user_id"])
    secret, details = add_secret(call, user.id, call.caller.org_id)
    return pb(clientId=user.username, clientSecret=secret, details=added(details))


@rest("DELETE", "/management/v1/users/{user_id}/secret", "user.write", m.REMOVE_SECRET)
def _remove_secret(call: Call) -> Any:
    return {"details": changed(remove_secret(call, call.request["user_id"], call.caller.org_id))}


# v1: keys.


@rest("POST", "/management/v1/users/{user_id}/keys", "user.write", m.ADD_KEY)
def _add_key(call: Call) -> Any:
    key = add_key(call, call.caller.org_id)
    return pb(keyId=key.id, keyDetails=key.content, details=added(key.details))


@rest("DELETE", "/management/v1/users/{user_id}/keys/{key_id}", "user.write", m.REMOVE_KEY)
def _remove_key(call: Call) -> Any:
    return {"details": changed(remove_key(call, call.caller.org_id))}


def _told_key(row: KeyRow) -> dict[str, Any]:
    return pb(id=row.id, details=viewed(row), type="KEY_TYPE_JSON", expirationDate=when(row.expires))


@rest("GET", "/management/v1/users/{user_id}/keys/{key_id}", "user.read", m.GET_KEY)
def _get_key(call: Call) -> Any:
    row = call.world.tables.keys.get(call.request["key_id"])
    if row is None or row.owner != call.caller.org_id or row.user_id != call.request["user_id"]:
        raise not_found("QUERY-Dgr3g", "Errors.AuthNKey.NotFound")
    return {"key": _told_key(row)}


@rest("POST", "/management/v1/users/{user_id}/keys/_search", "user.read", m.LIST_KEYS)
def _list_keys(call: Call) -> Any:
    keys = call.world.lists.keys
    found = [row for row in keys.by("user_id", call.request["user_id"]) if row.owner == call.caller.org_id]
    total, rows = page(found, call.request["query"])
    return listed(total, [_told_key(row) for row in rows], keys)


# v1: personal access tokens.


@rest("POST", "/management/v1/users/{user_id}/pats", "user.write", m.ADD_PAT)
def _add_pat(call: Call) -> Any:
    token_id, details = add_token(call, call.caller.org_id)
    token = token_of(call.world, token_id, call.request["user_id"])
    return pb(tokenId=token_id, token=token, details=added(details))


@rest("DELETE", "/management/v1/users/{user_id}/pats/{token_id}", "user.write", m.REMOVE_PAT)
def _remove_pat(call: Call) -> Any:
    return {"details": changed(remove_token(call, call.caller.org_id))}


def _told_pat(row: PatRow) -> dict[str, Any]:
    return pb(id=row.id, details=viewed(row), expirationDate=when(row.expires), scopes=row.scopes)


@rest("GET", "/management/v1/users/{user_id}/pats/{token_id}", "user.read", m.GET_PAT)
def _get_pat(call: Call) -> Any:
    row = call.world.tables.pats.get(call.request["token_id"])
    if row is None or row.owner != call.caller.org_id or row.user_id != call.request["user_id"]:
        raise not_found("QUERY-fRunu", "Errors.PersonalAccessToken.NotFound")
    return {"token": _told_pat(row)}


@rest("POST", "/management/v1/users/{user_id}/pats/_search", "user.read", m.LIST_PATS)
def _list_pats(call: Call) -> Any:
    pats = call.world.lists.pats
    found = [row for row in pats.by("user_id", call.request["user_id"]) if row.owner == call.caller.org_id]
    total, rows = page(found, call.request["query"])
    return listed(total, [_told_pat(row) for row in rows], pats)

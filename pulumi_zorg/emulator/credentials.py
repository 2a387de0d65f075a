"""What service accounts log in with: secrets, keys and personal access tokens; and the marks on users."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from . import messages_users as m
from .errors import invalid, not_found, precondition
from .model import added, changed, of_event, pb, viewed, when
from .queries import listed, page
from .routing import rest
from .store import moment, now_micros, stamp
from .tables import KeyRow, PatRow
from .user_reads import mine
from .users import hash_secret
from .users_model import MachineModel, UserModel, event_of, machine_exists
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


# Secrets.


@rest("PUT", "/management/v1/users/{user_id}/secret", "user.write", m.GENERATE_SECRET)
def _generate_secret(call: Call) -> Any:
    user = mine(call, call.request["user_id"])
    model = MachineModel(call.world.store, user.id, call.caller.org_id)
    if not model.exists:
        raise precondition("COMMAND-x8910n", "Errors.User.NotExisting")
    secret = secrets.token_urlsafe(48)
    payload = {"hashedSecret": hash_secret(secret)}
    events = call.push(event_of(user.id, model.owner, "user.machine.secret.set", payload))
    return pb(clientId=user.username, clientSecret=secret, details=added(of_event(events[-1])))


@rest("DELETE", "/management/v1/users/{user_id}/secret", "user.write", m.REMOVE_SECRET)
def _remove_secret(call: Call) -> Any:
    model = MachineModel(call.world.store, call.request["user_id"], call.caller.org_id)
    if not model.exists:
        raise precondition("COMMAND-x7s802", "Errors.User.NotExisting")
    if not model.secret:
        raise precondition("COMMAND-coi82n", "Errors.User.Machine.Secret.NotExisting")
    events = call.push(event_of(model.id, model.owner, "user.machine.secret.removed", {}))
    return {"details": changed(of_event(events[-1]))}


# Keys.


@rest("POST", "/management/v1/users/{user_id}/keys", "user.write", m.ADD_KEY)
def _add_key(call: Call) -> Any:
    user_id, public = call.request["user_id"], call.request["public_key"]
    key_id = call.world.store.new_id()
    if public:
        _check_public(public)
    expires = _expiry(call.request["expiration_date"])
    if not machine_exists(call.world.store, user_id, call.caller.org_id):
        raise precondition("COMMAND-bnipwm1", "Errors.User.NotFound")
    details = b""
    if not public:
        private = rsa.generate_private_key(65537, _KEY_BITS)
        public = private.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        pem = private.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
        content = {"type": "serviceaccount", "keyId": key_id, "key": pem.decode(), "expirationDate": stamp(expires)}
        details = json.dumps({**content, "userId": user_id}).encode()
    payload = {
        "keyId": key_id,
        "type": 1,
        "expirationDate": stamp(expires),
        "publicKey": base64.b64encode(public).decode(),
    }
    events = call.push(event_of(user_id, call.caller.org_id, "user.machine.key.added", payload))
    return pb(keyId=key_id, keyDetails=base64.b64encode(details).decode(), details=added(of_event(events[-1])))


def _check_public(pem: bytes) -> None:
    try:
        good = isinstance(serialization.load_pem_public_key(pem), rsa.RSAPublicKey)
    except (ValueError, UnsupportedAlgorithm):
        good = False
    if not good:
        raise invalid("COMMAND-5F3h1", "Errors.User.Machine.Key.Invalid")


@rest("DELETE", "/management/v1/users/{user_id}/keys/{key_id}", "user.write", m.REMOVE_KEY)
def _remove_key(call: Call) -> Any:
    return _remove_credential(call, "machine.key", "keyId", call.request["key_id"], "Errors.User.Machine.Key.NotFound")


def _remove_credential(call: Call, kind: str, field: str, credential_id: str, missing: str) -> Any:
    user_id, exists = call.request["user_id"], False
    for event in call.world.store.aggregate("user", user_id):
        if event.resource_owner == call.caller.org_id:
            if event.type == f"user.{kind}.added" and event.get(field) == credential_id:
                exists = True
            elif event.type == "user.removed" or event.get(field) == credential_id:
                exists = False
    if not exists:
        raise not_found("COMMAND-4m77G", missing)
    events = call.push(event_of(user_id, call.caller.org_id, f"user.{kind}.removed", {field: credential_id}))
    return {"details": changed(of_event(events[-1]))}


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


# Personal access tokens.


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


PAT_SCOPES = ["openid", "profile", "urn:zitadel:iam:user:metadata", "urn:zitadel:iam:user:resourceowner"]


@rest("POST", "/management/v1/users/{user_id}/pats", "user.write", m.ADD_PAT)
def _add_pat(call: Call) -> Any:
    user_id, world = call.request["user_id"], call.world
    token_id = world.store.new_id()
    expires = _expiry(call.request["expiration_date"])
    model = UserModel(world.store, user_id, call.caller.org_id)
    if not model.exists:
        raise precondition("COMMAND-Dggw2", "Errors.User.NotFound")
    if model.human:
        raise precondition("COMMAND-Df2f1", "Errors.User.WrongType")
    payload = {"tokenId": token_id, "expiration": stamp(expires), "scopes": PAT_SCOPES}
    events = call.push(event_of(user_id, model.owner, "user.pat.added", payload))
    return pb(tokenId=token_id, token=token_of(world, token_id, user_id), details=added(of_event(events[-1])))


@rest("DELETE", "/management/v1/users/{user_id}/pats/{token_id}", "user.write", m.REMOVE_PAT)
def _remove_pat(call: Call) -> Any:
    return _remove_credential(call, "pat", "tokenId", call.request["token_id"], "Errors.User.PAT.NotFound")


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

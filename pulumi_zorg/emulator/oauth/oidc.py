"""Access tokens, id tokens and userinfo."""

from __future__ import annotations

import base64
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pulumi_zorg.emulator.credentials.projection import KeyReadModel
from pulumi_zorg.emulator.credentials.tokens import ids_of, token_of
from pulumi_zorg.emulator.errors import unauthenticated
from pulumi_zorg.emulator.eventstore.events import NewEvent, format_timestamp, now_micros
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.projects.commands import milestone
from pulumi_zorg.emulator.users.passwords import secret_matches
from pulumi_zorg.emulator.users.projection import UserReadModel

#: Lifetime of access tokens, in seconds. Answers report one second less.
_LIFETIME = 43_200
JWT_PROFILE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_PROJECT = "urn:zitadel:iam:org:project:id:"
_ENDS_TOKENS = ("user.deactivated", "user.locked", "user.removed")


class OAuthError(Exception):
    """An error that the OAuth endpoints answer with."""

    def __init__(self, status: int, error: str, description: str) -> None:
        super().__init__(description)
        self.status = status
        self.body = {"error": error, "error_description": description}


@dataclass(frozen=True)
class Token:
    """The user, the scopes and the audience of a token. `owner` is the organization of the user."""

    user_id: str
    owner: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]


class Oidc:
    """Issues and checks the tokens of an instance."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance
        self._signing_key: rsa.RSAPrivateKey | None = None

    # Checks of tokens.

    def api_token(self, text: str) -> Token:
        """Return the token of an API call.

        :raises ApiError: 401, if it is not a valid token, or the API is not in its audience.
        """
        token = self.token(text)
        if token is None or (self.instance.project_id not in token.audience):
            raise unauthenticated("AUTH-7fs1e", "Errors.Token.Invalid")
        return token

    def token(self, text: str) -> Token | None:
        """Return the token with that text, or None if it is not valid."""
        instance = self.instance
        if text == instance.token:
            return self._iac()
        token_id, user_id = ids_of(instance, text)
        if token_id.startswith("V2_"):
            return self._session_token(token_id, user_id)
        pat = instance.read_models.pats.get(token_id)
        if pat is None or pat.state != "ACTIVE" or pat.user_id != user_id or pat.expires <= now_micros():
            return None
        return Token(user_id, pat.owner, tuple(pat.scopes), (instance.project_id,))

    def _iac(self) -> Token | None:
        # `Emulator.token` represents the personal access token of `iac`, and ends with it.
        for pat in self.instance.read_models.pats.where("user_id", self.instance.iac_user_id):
            if pat.state == "ACTIVE" and pat.expires > now_micros():
                return Token(pat.user_id, pat.owner, tuple(pat.scopes), (self.instance.project_id,))
        return None

    def _session_token(self, token_id: str, user_id: str) -> Token | None:
        session_id = token_id.partition("-at_")[0]
        events = self.instance.store.aggregate("oidc_session", session_id)
        if len(events) < 2 or events[1].created_at + _LIFETIME * 1_000_000 <= now_micros():
            return None
        born = events[0]
        for event in reversed(self.instance.store.aggregate("user", user_id)):
            if event.position < born.position:
                break
            if event.type in _ENDS_TOKENS:
                return None
        return Token(user_id, born.get("userResourceOwner"), tuple(born.get("scope")), tuple(born.get("audience")))

    # The token endpoint.

    def grant(self, form: dict[str, str], authorization: str, issuer: str) -> dict[str, Any]:
        """Answer the token endpoint.

        :raises OAuthError: if no token is issued.
        """
        grant_type = form.get("grant_type", "")
        if grant_type == "client_credentials":
            user, method = self._by_secret(form, authorization), 1
        elif grant_type == JWT_PROFILE:
            user, method = self._by_assertion(form.get("assertion", ""), issuer), 5
        elif not grant_type:
            raise OAuthError(400, "invalid_request", "grant_type missing")
        else:
            raise OAuthError(400, "unsupported_grant_type", f"{grant_type} not supported")
        if user.state != "ACTIVE":
            raise OAuthError(400, "invalid_request", "Errors.User.NotActive")
        return self._open_session(user, form.get("scope", "").split(), method, issuer)

    def _by_secret(self, form: dict[str, str], authorization: str) -> UserReadModel:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.startswith("Basic "):
            pair = base64.b64decode(authorization[6:] + "==").decode().partition(":")
            client_id, secret = unquote_plus(pair[0]), unquote_plus(pair[2])
        user = self.instance.read_models.user_by_login_name(client_id)
        if user is None:
            raise OAuthError(400, "invalid_client", "client not found")
        if user.human or not user.secret:
            raise OAuthError(400, "invalid_request", "Errors.User.Machine.Secret.NotExisting")
        if not secret_matches(secret, user.secret):
            raise OAuthError(400, "invalid_request", "Errors.User.Machine.Secret.Invalid")
        return user

    def _by_assertion(self, assertion: str, issuer: str) -> UserReadModel:
        refused = OAuthError(*self.instance.profile.refused_assertion)
        try:
            header = jwt.get_unverified_header(assertion)
            claims = jwt.decode(assertion, options={"verify_signature": False})
            key = self._key(header.get("kid", ""), claims.get("sub", ""), claims.get("iss", ""))
            if key is None:
                raise refused
            public = serialization.load_pem_public_key(base64.b64decode(key.public_key))
            if not isinstance(public, rsa.RSAPublicKey):
                raise refused
            # Checks expiry, audience and signature.
            jwt.decode(
                assertion,
                public,
                algorithms=["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
                audience=issuer,
                options={"require": ["exp", "iat", "aud", "iss", "sub"], "verify_iat": False},
            )
        except (jwt.PyJWTError, ValueError):
            raise refused from None
        now = time.time()
        if claims["iat"] > now + 1 or claims["iat"] < now - 3600:
            raise refused
        user = self.instance.read_models.users.get(key.user_id)
        if user is None:
            raise refused
        return user

    def _key(self, key_id: str, subject: str, issuer: str) -> KeyReadModel | None:
        key = self.instance.read_models.keys.get(key_id)
        if key is None or key.user_id != subject or subject != issuer or key.expires <= now_micros():
            return None
        return key

    def _open_session(self, user: UserReadModel, scopes: list[str], method: int, issuer: str) -> dict[str, Any]:
        instance, now = self.instance, now_micros()
        session_id = "V2_" + instance.store.new_id()
        at_id = "at_" + instance.store.new_id()
        audience = self._audience(scopes)
        opened = {
            "userID": user.id,
            "userResourceOwner": user.owner,
            "sessionID": "",
            "clientID": user.username,
            "audience": audience,
            "scope": scopes,
            "authMethods": [method],
            "authTime": format_timestamp(now),
        }
        token = {"id": at_id, "scope": scopes, "lifetime": _LIFETIME * 1_000_000_000, "reason": 1}
        new_events = [
            NewEvent("oidc_session", session_id, user.owner, "oidc_session.added", opened),
            NewEvent("oidc_session", session_id, user.owner, "oidc_session.access_token.added", token),
            *milestone(instance, "AuthenticationSucceededOnInstance"),
        ]
        instance.store.push(user.id, new_events)
        answer = {
            "access_token": token_of(instance, f"{session_id}-{at_id}", user.id),
            "token_type": "Bearer",
            "expires_in": _LIFETIME - 1,
        }
        if "openid" in scopes:
            answer["id_token"] = self._id_token(user, [user.username, *audience], issuer, now // 1_000_000)
        return answer

    def _audience(self, scopes: list[str]) -> list[str]:
        found: dict[str, None] = {}
        for scope in scopes:
            if scope.startswith(_PROJECT) and scope.endswith(":aud"):
                project = scope[len(_PROJECT) : -len(":aud")]
                found[self.instance.project_id if project == "zitadel" else project] = None
        return list(found)

    def _id_token(self, user: UserReadModel, audience: list[str], issuer: str, now: int) -> str:
        claims = {
            "iss": issuer,
            "sub": user.id,
            "aud": audience,
            "exp": now + _LIFETIME,
            "iat": now,
            "auth_time": now,
            "azp": user.username,
            "client_id": user.username,
        }
        return jwt.encode(claims, self._key_pair(), "RS256", {"kid": self.instance.instance_id})

    def _key_pair(self) -> rsa.RSAPrivateKey:
        # Generated for the first id token, so that an emulator without one starts faster.
        if self._signing_key is None:
            self._signing_key = rsa.generate_private_key(65537, 2048)
        return self._signing_key

    # Keys and userinfo.

    def keys(self) -> dict[str, Any]:
        """Return the public keys that verify id tokens."""
        key = jwt.algorithms.RSAAlgorithm.to_jwk(self._key_pair().public_key(), as_dict=True)
        return {"keys": [{**key, "use": "sig", "kid": self.instance.instance_id, "alg": "RS256"}]}

    def userinfo(self, text: str) -> dict[str, Any]:
        """Return the claims about the user of a token, as its scopes request: profile, email, and roles in the projects of the audience.

        :raises OAuthError: 401, if the token is not valid or the user is not active.
        """
        token = self.token(text)
        if token is None:
            raise OAuthError(401, "access_denied", "access token invalid")
        read_models = self.instance.read_models
        user = read_models.users.get(token.user_id)
        if user is None or user.state != "ACTIVE":
            raise OAuthError(401, "access_denied", "no active user")
        info: dict[str, Any] = {"sub": user.id}
        if "profile" in token.scopes:
            info.update(_profile(user))
        if "email" in token.scopes and user.human:
            info.update(email=user.profile["email"], email_verified=bool(user.profile.get("emailVerified")))
        if "urn:zitadel:iam:org:projects:roles" in token.scopes:
            info.update(self._roles(user, self._audience(list(token.scopes))))
        return info

    def _roles(self, user: UserReadModel, projects: list[str]) -> dict[str, Any]:
        read_models = self.instance.read_models
        claims: dict[str, dict[str, Any]] = {}
        for grant in read_models.user_grants.where("user_id", user.id):
            if grant.state != "ACTIVE" or grant.project_id not in projects or grant.id in self.instance.phantoms:
                continue
            org = read_models.orgs.get(grant.owner)
            roles = claims.setdefault(f"urn:zitadel:iam:org:project:{grant.project_id}:roles", {})
            for key in grant.role_keys:
                roles.setdefault(key, {})[grant.owner] = org.primary_domain if org else ""
        return {name: roles for name, roles in claims.items() if roles}


def _profile(user: UserReadModel) -> dict[str, Any]:
    profile = user.profile
    result = {"name": profile.get("displayName") or user.name, "preferred_username": user.username}
    result.update(updated_at=user.changed // 1_000_000)
    if user.human:
        result.update(given_name=profile["firstName"], family_name=profile["lastName"])
    return result

"""The token endpoint: logins of persons and service accounts, refresh tokens, id tokens and their keys."""

from __future__ import annotations

import base64
import hashlib
import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from pulumi_zorg.emulator.applications.projection import ApplicationReadModel
from pulumi_zorg.emulator.applications.queries import active_client
from pulumi_zorg.emulator.auth_requests.aggregate import AuthRequestWriteModel
from pulumi_zorg.emulator.credentials.projection import KeyReadModel
from pulumi_zorg.emulator.credentials.tokens import ids_of
from pulumi_zorg.emulator.eventstore.events import NewEvent, now_micros
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.oauth.errors import OAuthError
from pulumi_zorg.emulator.oauth.introspection import amr
from pulumi_zorg.emulator.oauth.scopes import OFFLINE_ACCESS, requested_projects
from pulumi_zorg.emulator.oauth.sessions import (
    LIFETIME,
    NewSession,
    OidcSessionWriteModel,
    access_token_text,
    of_refresh_token,
    open_session,
    refresh,
    refresh_token_text,
)
from pulumi_zorg.emulator.oauth.signing import sign
from pulumi_zorg.emulator.oauth.userinfo import role_claims
from pulumi_zorg.emulator.sessions.aggregate import SessionWriteModel
from pulumi_zorg.emulator.users.aggregate import UserWriteModel
from pulumi_zorg.emulator.users.passwords import secret_matches
from pulumi_zorg.emulator.users.projection import UserReadModel

JWT_PROFILE = "urn:ietf:params:oauth:grant-type:jwt-bearer"


def basic_credentials(authorization: str) -> tuple[str, str]:
    """Return the client id and the secret of an `Authorization: Basic` header, or two empty texts."""
    if not authorization.startswith("Basic "):
        return "", ""
    client_id, _, secret = base64.b64decode(authorization[6:] + "==").decode().partition(":")
    return unquote_plus(client_id), unquote_plus(secret)


class Oidc:
    """Issues the tokens of an instance."""

    def __init__(self, instance: Instance) -> None:
        self.instance = instance

    def grant(self, form: dict[str, str], authorization: str, issuer: str) -> dict[str, Any]:
        """Answer the token endpoint.

        :raises OAuthError: if no token is issued.
        """
        grant_type = form.get("grant_type", "")
        if grant_type == "client_credentials":
            return self._for_service_account(self._by_secret(form, authorization), form, 1, issuer)
        if grant_type == JWT_PROFILE:
            return self._for_service_account(self._by_assertion(form.get("assertion", ""), issuer), form, 5, issuer)
        if grant_type == "authorization_code":
            return self._by_code(self._client(form, authorization), form, issuer)
        if grant_type == "refresh_token":
            return self._by_refresh_token(self._client(form, authorization), form, issuer)
        if not grant_type:
            raise OAuthError(400, "invalid_request", "grant_type missing")
        raise OAuthError(400, "unsupported_grant_type", f"{grant_type} not supported")

    # Service accounts.

    def _by_secret(self, form: dict[str, str], authorization: str) -> UserReadModel:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.startswith("Basic "):
            client_id, secret = basic_credentials(authorization)
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

    def _for_service_account(
        self, user: UserReadModel, form: dict[str, str], method: int, issuer: str
    ) -> dict[str, Any]:
        self._check_active(user.id)
        scopes = form.get("scope", "").split()
        audience = requested_projects(self.instance, scopes)
        new = NewSession(user.id, user.owner, user.username, scopes, audience, [method], now_micros())
        session = open_session(self.instance, new)
        style = _Style(issuer, bool(user.token_type), access_roles=True, id_roles=True)
        answer = self._answer(session, user, style)
        if "openid" in scopes:
            answer["id_token"] = self._id_token(
                session, user, [user.username, *audience], style, answer["access_token"]
            )
        return answer

    # Persons, who log in to an application.

    def _client(self, form: dict[str, str], authorization: str) -> ApplicationReadModel:
        client_id, secret = form.get("client_id", ""), form.get("client_secret", "")
        if authorization.startswith("Basic "):
            client_id, secret = basic_credentials(authorization)
        app = active_client(self.instance, client_id, "oidc")
        if app is None:
            raise OAuthError(400, "invalid_client", "no active client not found")
        if app.by_secret and not secret_matches(secret, app.secret):
            raise OAuthError(400, "invalid_client", "invalid secret")
        return app

    def _by_code(self, app: ApplicationReadModel, form: dict[str, str], issuer: str) -> dict[str, Any]:
        instance = self.instance
        model = AuthRequestWriteModel(instance.store, ids_of(instance, form.get("code", ""))[0])
        if not model.exists:
            raise OAuthError(400, "invalid_request", "Errors.User.Code.Invalid")
        if model.state != "CODE" or model.client_id != app.client_id:
            raise OAuthError(400, "invalid_request", "Errors.AuthRequest.NoCode")
        session = SessionWriteModel(instance.store, model.session_id)
        if session.state != "ACTIVE":
            raise OAuthError(400, "invalid_request", "Errors.Session.Terminated")
        _check_challenge(model, app, form.get("code_verifier", ""))
        if form.get("redirect_uri") != model.redirect_uri:
            raise OAuthError(400, "invalid_grant", "redirect_uri does not correspond")
        self._check_active(session.user_id)
        handled = [
            NewEvent("auth_request", model.id, model.owner, f"auth_request.{name}", {})
            for name in ("code.exchanged", "succeeded")
        ]
        new = NewSession(
            session.user_id,
            session.user_owner,
            app.client_id,
            model.scopes,
            model.audience,
            [1] if session.password else [],
            model.auth_time,
            session.id,
            OFFLINE_ACCESS in model.scopes,
            handled,
        )
        return self._for_person(app, open_session(instance, new), issuer)

    def _by_refresh_token(self, app: ApplicationReadModel, form: dict[str, str], issuer: str) -> dict[str, Any]:
        model = of_refresh_token(self.instance, form.get("refresh_token", ""))
        scopes = form.get("scope", "").split()
        if not set(scopes) <= set(model.scopes):
            raise OAuthError(400, "invalid_scope")
        self._check_active(model.user_id)
        return self._for_person(app, refresh(self.instance, model, scopes), issuer)

    def _check_active(self, user_id: str) -> None:
        """Check the state that the user's own events say, whatever reads show. The removal of its organization is none of them."""
        if UserWriteModel(self.instance.store, user_id).state not in ("ACTIVE", "INITIAL"):
            raise OAuthError(400, "invalid_request", "Errors.User.NotActive")

    def _for_person(self, app: ApplicationReadModel, session: OidcSessionWriteModel, issuer: str) -> dict[str, Any]:
        # The tokens are stored by now: a refresh token is used up, even if its user is gone.
        user = self.instance.read_models.users.get(session.user_id)
        if user is None:
            raise OAuthError(404, "invalid_request", "Errors.User.NotFound")
        config = app.config
        access_roles, id_roles = (bool(config.get(f"{kind}TokenRoleAssertion")) for kind in ("access", "id"))
        style = _Style(issuer, bool(config.get("accessTokenType")), access_roles=access_roles, id_roles=id_roles)
        answer = self._answer(session, user, style)
        if session.refresh_token:
            answer["refresh_token"] = refresh_token_text(self.instance, session)
        if "openid" in session.scopes:
            answer["id_token"] = self._id_token(session, user, list(session.audience), style, answer["access_token"])
        return answer

    # Answers.

    def _answer(self, session: OidcSessionWriteModel, user: UserReadModel, style: _Style) -> dict[str, Any]:
        if style.jwt:
            more = {"nbf": session.access_created // 1_000_000, "jti": session.token_id}
            text = self._signed(session, user, list(session.audience), style, roles=style.access_roles, **more)
        else:
            text = access_token_text(self.instance, session)
        return {"access_token": text, "token_type": "Bearer", "expires_in": LIFETIME - 1}

    def _id_token(
        self,
        session: OidcSessionWriteModel,
        user: UserReadModel,
        audience: list[str],
        style: _Style,
        access_token: str,
    ) -> str:
        more: dict[str, Any] = {"auth_time": session.auth_time // 1_000_000, "azp": session.client_id}
        more |= {"amr": amr(session.methods), "at_hash": _half_hash(access_token)}
        if session.session_id:
            more["sid"] = session.session_id
        return self._signed(session, user, audience, style, roles=style.id_roles, **more)

    def _signed(
        self,
        session: OidcSessionWriteModel,
        user: UserReadModel,
        audience: list[str],
        style: _Style,
        *,
        roles: bool,
        **more: Any,
    ) -> str:
        now = session.access_created // 1_000_000
        claims = {
            "iss": style.issuer,
            "sub": user.id,
            "aud": audience,
            "exp": now + LIFETIME,
            "iat": now,
            "client_id": session.client_id,
            **more,
        }
        asserted = role_claims(self.instance, user, session.scopes, session.client_id) if roles else {}
        return sign(self.instance, {**claims, **asserted})


@dataclass(frozen=True)
class _Style:
    """How the tokens of a client look: whether access tokens are JWTs, and which tokens have the roles."""

    issuer: str
    jwt: bool
    access_roles: bool
    id_roles: bool


def _half_hash(text: str) -> str:
    """Return the left half of a hash, which ties an id token to its access token."""
    return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode().rstrip("=")


def _check_challenge(model: AuthRequestWriteModel, app: ApplicationReadModel, verifier: str) -> None:
    """Check the proof key of a code. A client without a secret needs one."""
    if not model.challenge and app.by_secret:
        return
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
    shown = digest if model.challenge_method == "S256" else verifier
    if not verifier:
        raise OAuthError(400, "invalid_request", "code_verifier required")
    if shown != model.challenge:
        raise OAuthError(400, "invalid_grant", "invalid code_verifier")

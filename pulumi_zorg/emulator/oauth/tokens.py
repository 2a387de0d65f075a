"""Checks of access tokens and personal access tokens."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi_zorg.emulator.credentials.projection import TokenReadModel
from pulumi_zorg.emulator.credentials.tokens import ids_of
from pulumi_zorg.emulator.errors import INTERNAL, ApiError, unauthenticated
from pulumi_zorg.emulator.eventstore.events import now_micros
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.oauth.sessions import LIFETIME, OidcSessionWriteModel
from pulumi_zorg.emulator.oauth.signing import ids_of_jwt

_ENDS_TOKENS = ("user.deactivated", "user.locked", "user.removed")


@dataclass(frozen=True)
class Token:
    """A valid token: its user, what it may be used for, and its times in seconds since 1970.

    :param owner: the organization of the user.
    :param client_id: the client that it was issued to: that of an application, or the name of a service account.
    :param personal: whether it is a personal access token.
    """

    id: str
    user_id: str
    owner: str
    scopes: tuple[str, ...]
    audience: tuple[str, ...]
    created: int
    expires: int
    client_id: str = ""
    auth_time: int = 0
    methods: tuple[int, ...] = ()
    personal: bool = False


def api_token(instance: Instance, text: str) -> Token:
    """Return the token of an API call.

    :raises ApiError: 401, if it is not a valid token, or the API is not in its audience. 500, if the user of an access token
        was removed with its organization: that leaves such tokens valid.
    """
    token = find_token(instance, text)
    if token is None or (instance.project_id not in token.audience):
        raise unauthenticated("AUTH-7fs1e", "Errors.Token.Invalid")
    if not token.personal and instance.seen.users.get(token.user_id) is None:
        raise ApiError(INTERNAL, "Errors.Internal", "QUERY-Dun75", plain=True)
    return token


def find_token(instance: Instance, text: str) -> Token | None:
    """Return the token with that text, or None if it is not valid."""
    if text == instance.token:
        # `Emulator.token` represents the personal access token of `iac`, and ends with it.
        pats = instance.seen.pats.where("user_id", instance.iac_user_id)
        return next((_personal(instance, pat) for pat in pats if _valid(pat)), None)
    token_id, user_id = ids_of_jwt(instance, text) if "." in text else ids_of(instance, text)
    if token_id.startswith("V2_"):
        return _session_token(instance, token_id, user_id)
    pat = instance.seen.pats.get(token_id)
    return _personal(instance, pat) if pat is not None and _valid(pat) and pat.user_id == user_id else None


def _valid(pat: TokenReadModel) -> bool:
    return pat.state == "ACTIVE" and pat.expires > now_micros()


def _personal(instance: Instance, pat: TokenReadModel) -> Token:
    times = pat.created // 1_000_000, pat.expires // 1_000_000
    return Token(pat.id, pat.user_id, pat.owner, tuple(pat.scopes), (instance.project_id,), *times, personal=True)


def _session_token(instance: Instance, token_id: str, user_id: str) -> Token | None:
    session_id, _, at_id = token_id.partition("-")
    session = OidcSessionWriteModel(instance.store, session_id)
    if not at_id.startswith("at_") or session.access_token != at_id:
        return None
    created = session.access_created // 1_000_000
    if created + LIFETIME <= now_micros() // 1_000_000 or _ended(instance, session, user_id):
        return None
    return Token(
        token_id,
        user_id,
        session.user_owner,
        session.scopes,
        session.audience,
        created,
        created + LIFETIME,
        session.client_id,
        session.auth_time // 1_000_000,
        session.methods,
    )


def _ended(instance: Instance, session: OidcSessionWriteModel, user_id: str) -> bool:
    """Whether the user or the session of the login was ended after the token was issued. A reactivation changes nothing."""
    events = [
        *instance.store.aggregate("user", user_id),
        *(instance.store.aggregate("session", session.session_id) if session.session_id else ()),
    ]
    ends = (*_ENDS_TOKENS, "session.terminated")
    return any(event.position > session.position and event.type in ends for event in events)

"""OIDC sessions: what a login, a refresh token or a service account's credentials have opened. Each has one valid access token.

They have no read model: tokens are checked with the write model.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi_zorg.emulator.credentials.tokens import ids_of, token_of
from pulumi_zorg.emulator.eventstore.aggregate import AggregateState, WriteModel
from pulumi_zorg.emulator.eventstore.events import Event, NewEvent, now_micros
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.oauth.errors import OAuthError
from pulumi_zorg.emulator.projects.commands import milestone

#: Lifetime of access tokens and of refresh tokens that are not used, in seconds.
LIFETIME = 43_200
_REFRESH_IDLE = 2_592_000


@dataclass
class OidcSession(AggregateState):
    """The state of an OIDC session. Times are in microseconds since 1970.

    :param session_id: the session (`sessions/`) of the login, empty for service accounts.
    :param access_token: the id of the last access token. Earlier ones are not valid.
    :param refresh_token: the id of the last refresh token.
    """

    user_id: str = ""
    user_owner: str = ""
    session_id: str = ""
    client_id: str = ""
    scopes: tuple[str, ...] = ()
    audience: tuple[str, ...] = ()
    methods: tuple[int, ...] = ()
    auth_time: int = 0
    access_token: str = ""
    access_created: int = 0
    refresh_token: str = ""
    refresh_created: int = 0
    position: int = 0

    def transition(self, event: Event) -> None:
        """Apply an event of the session."""
        match event.type:
            case "oidc_session.added":
                self.state, self.position = "ACTIVE", event.position
                self.user_id, self.user_owner = event.get("userID"), event.get("userResourceOwner")
                self.session_id, self.client_id = event.get("sessionID"), event.get("clientID")
                self.scopes, self.audience = tuple(event.get("scope")), tuple(event.get("audience"))
                self.methods, self.auth_time = tuple(event.get("authMethods")), event.get("authTime")
            case "oidc_session.access_token.added":
                self.access_token, self.access_created = event.get("id"), event.created_at
                self.position = event.position
            case "oidc_session.refresh_token.added" | "oidc_session.refresh_token.renewed":
                self.refresh_token, self.refresh_created = event.get("id"), event.created_at


class OidcSessionWriteModel(WriteModel, OidcSession):
    """An OIDC session, which the user's organization owns."""

    aggregate_type = "oidc_session"
    types = frozenset(
        f"oidc_session.{name}"
        for name in ("added", "access_token.added", "refresh_token.added", "refresh_token.renewed")
    )

    @property
    def token_id(self) -> str:
        """The id of the session's access token."""
        return f"{self.id}-{self.access_token}"


@dataclass(frozen=True)
class NewSession:
    """What a new OIDC session is about."""

    user_id: str
    user_owner: str
    client_id: str
    scopes: list[str]
    audience: list[str]
    methods: list[int]
    auth_time: int
    session_id: str = ""
    with_refresh_token: bool = False
    events: list[NewEvent] = field(default_factory=list)


def _event(model_id: str, owner: str, name: str, **payload: object) -> NewEvent:
    return NewEvent("oidc_session", model_id, owner, f"oidc_session.{name}", payload)


def _access_token(instance: Instance, model_id: str, owner: str, scopes: list[str], reason: int) -> NewEvent:
    at_id, lifetime = "at_" + instance.store.new_id(), LIFETIME * 1_000_000_000
    return _event(model_id, owner, "access_token.added", id=at_id, scope=scopes, lifetime=lifetime, reason=reason)


def open_session(instance: Instance, new: NewSession) -> OidcSessionWriteModel:
    """Open an OIDC session with an access token, and a refresh token if wanted."""
    model_id, owner = "V2_" + instance.store.new_id(), new.user_owner
    added = _event(
        model_id,
        owner,
        "added",
        userID=new.user_id,
        userResourceOwner=owner,
        sessionID=new.session_id,
        clientID=new.client_id,
        audience=new.audience,
        scope=new.scopes,
        authMethods=new.methods,
        authTime=new.auth_time,
    )
    new_events = [*new.events, added, _access_token(instance, model_id, owner, new.scopes, 1)]
    if new.with_refresh_token:
        new_events.append(_event(model_id, owner, "refresh_token.added", id="rt_" + instance.store.new_id()))
    instance.store.push(new.user_id, [*new_events, *milestone(instance, "AuthenticationSucceededOnInstance")])
    return OidcSessionWriteModel(instance.store, model_id)


def refresh(instance: Instance, model: OidcSessionWriteModel, scopes: list[str]) -> OidcSessionWriteModel:
    """Renew the access token and the refresh token. The earlier ones are not valid any more."""
    new_events = [
        _access_token(instance, model.id, model.owner, scopes or list(model.scopes), 2),
        _event(model.id, model.owner, "refresh_token.renewed", id="rt_" + instance.store.new_id()),
    ]
    instance.store.push(model.user_id, new_events)
    return OidcSessionWriteModel(instance.store, model.id)


def access_token_text(instance: Instance, model: OidcSessionWriteModel) -> str:
    """Return the text of the session's access token."""
    return token_of(instance, model.token_id, model.user_id)


def refresh_token_text(instance: Instance, model: OidcSessionWriteModel) -> str:
    """Return the text of the session's refresh token."""
    return token_of(instance, f"{model.id}-{model.refresh_token}", model.user_id)


def of_refresh_token(instance: Instance, text: str) -> OidcSessionWriteModel:
    """Return the session of a refresh token.

    :raises OAuthError: 400, if the text is no refresh token, or it was used already, or has expired.
    """
    model_id, separator, token_id = ids_of(instance, text)[0].partition("-")
    if not separator:
        raise OAuthError(400, "invalid_request", "Errors.User.RefreshToken.Invalid")
    model = OidcSessionWriteModel(instance.store, model_id)
    if model.refresh_token != token_id or model.refresh_created + _REFRESH_IDLE * 1_000_000 <= now_micros():
        raise OAuthError(400, "invalid_request", "Errors.OIDCSession.RefreshTokenInvalid")
    return model

"""The bearer token of a call, as an :class:`httpx.Auth`.

A personal access token is its own bearer token. A service-account key and client credentials are
exchanged for one at ``/oauth/v2/token`` (https://zitadel.com/docs/apis/openidoauth/endpoints#token_endpoint);
it is kept in the process, renewed before it expires and once after a 401, by one thread at a time. Where that fails, it fails
for all threads that waited for it: the deadline of an outage is waited for once.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Generator
from typing import Protocol

import httpx

from pulumi_zorg.api.foreign import explained, has_no_instance, is_from_proxy, json_of, quoted
from pulumi_zorg.errors import DOCTOR, ConfigurationError, CredentialError, UnexpectedAnswer, ZorgError, clean
from pulumi_zorg.settings.config import ClientCredentials, PersonalAccessToken, Settings
from pulumi_zorg.settings.service_account_key import ServiceAccountKey

__all__ = [
    "ASSERTION_DATED_BACK",
    "ASSERTION_LIVES",
    "SCOPE",
    "BearerAuth",
    "ExchangedToken",
    "FixedToken",
    "TokenSource",
    "bearer_auth",
]

#: Without the audience of ZITADEL's own project the API answers 401 to a token that is otherwise good.
SCOPE = "openid urn:zitadel:iam:org:project:id:zitadel:aud"

_TOKEN_PATH = "/oauth/v2/token"  # noqa: S105 - a path
_RENEW_BEFORE = 60.0  # seconds before a token's end in which a new one is fetched
#: Seconds that an assertion is good for, and by which it is dated back: ZITADEL takes none that was issued in its future.
ASSERTION_LIVES = 300
ASSERTION_DATED_BACK = 10

#: Sends a request for a token: with the transport's retries, and without a bearer token.
SendForToken = Callable[[httpx.Request], httpx.Response]
Clock = Callable[[], float]


class TokenSource(Protocol):
    """A source of bearer tokens."""

    def token(self, send: SendForToken) -> str:
        """Return the token to use now."""
        ...

    def renewed(self, refused: str, send: SendForToken) -> str | None:
        """Return another token than ``refused``, which the API did not accept; None where there is none."""
        ...

    @property
    def life(self) -> float | None:
        """Seconds that a new token is good for; None where that is not known."""
        ...


class FixedToken:
    """A personal access token. One that a file has is read again after a 401, so that a rotated file is used without a restart."""

    #: It has an expiry of its own, which it does not show.
    life: float | None = None

    def __init__(self, credential: PersonalAccessToken) -> None:
        self._value = credential.token.value
        self._file = credential.file
        self._lock = threading.Lock()

    def token(self, send: SendForToken) -> str:
        """Return the token."""
        return self._value

    def renewed(self, refused: str, send: SendForToken) -> str | None:
        """Return the token that the file has now, or that another thread has read since ``refused`` was used.

        :return: None where there is no file. It is ``refused`` again where the file has not changed.
        :raises CredentialError: where the file cannot be read any more, or has no token.
        """
        if self._file is None:
            return None
        with self._lock:
            if self._value == refused:
                try:
                    self._value = self._file.read().value
                except ConfigurationError as error:
                    raise CredentialError(f"ZITADEL refused the personal access token (401), and {error}.") from None
            return self._value

    def __repr__(self) -> str:
        return "FixedToken(**********)"


class ExchangedToken:
    """A token that ZITADEL gives for a service-account key or for client credentials.

    :param url: the address of the instance.
    :param audience: the issuer that a key's assertion is meant for.
    :param clock: seconds since 1970.
    :param origin: where the credential was read from, in sentences for an error.
    :raises CredentialError: from its methods, where ZITADEL refuses the credential.
    """

    def __init__(
        self,
        credential: ServiceAccountKey | ClientCredentials,
        url: str,
        audience: str,
        clock: Clock = time.time,
        origin: str = "",
    ) -> None:
        self._credential = credential
        self._url = url
        self._audience = audience
        self._clock = clock
        self._origin = origin
        self._lock = threading.Lock()
        self._value = ""
        self._renew_at = 0.0
        self._fetches = 0
        self._failure: ZorgError | None = None
        self.life: float | None = None

    def token(self, send: SendForToken) -> str:
        """Return the current token, or a new one shortly before it expires."""
        before = self._fetches
        with self._lock:
            if self._clock() >= self._renew_at:
                self._fetch_or_fail_too(send, before)
            return self._value

    def renewed(self, refused: str, send: SendForToken) -> str:
        """Fetch a new token, unless another thread has fetched one since ``refused`` was used."""
        before = self._fetches
        with self._lock:
            if self._value == refused:
                self._fetch_or_fail_too(send, before)
            return self._value

    def _fetch_or_fail_too(self, send: SendForToken, before: int) -> None:
        """Fetch a token, unless another thread failed to while this one waited for it.

        :param before: how many fetches had ended when this thread began to wait.
        """
        if self._failure is not None and self._fetches != before:
            raise self._failure.with_traceback(None)
        self._failure = None
        try:
            self._fetch(send)
        except ZorgError as failure:
            self._failure = failure
            raise
        finally:
            self._fetches += 1

    def _fetch(self, send: SendForToken) -> None:
        requested_at = self._clock()
        response = send(self._request())
        answer = json_of(response)
        is_moved = 300 <= response.status_code < 400
        if not isinstance(answer, dict) or is_moved or has_no_instance(response) or is_from_proxy(response):
            raise UnexpectedAnswer(
                f"Asking {self._url}{_TOKEN_PATH} for a token: {explained(response)} {DOCTOR}", may_have_applied=False
            )
        value = answer.get("access_token")
        if response.status_code == 200 and isinstance(value, str) and value.isascii() and value.isprintable() and value:
            lives = answer.get("expires_in")
            seconds = float(lives) if isinstance(lives, int | float) and lives > 0 else 0.0
            self._value = value
            self.life = seconds or None
            self._renew_at = requested_at + max(seconds - _RENEW_BEFORE, seconds / 2)
            return
        details = " ".join(str(answer[key]) for key in ("error", "error_description", "message") if answer.get(key))
        raise self._refused(
            f"ZITADEL gave no token for {self._described()}: it answered {response.status_code}: "
            f"{quoted(response, details)}. {self._advice()}"
        )

    def _request(self) -> httpx.Request:
        url = f"{self._url}{_TOKEN_PATH}"
        if isinstance(self._credential, ClientCredentials):
            # In the form rather than as Basic, which needs an encoding that servers may disagree about.
            secret = self._credential.client_secret.value
            form = {
                "grant_type": "client_credentials",
                "scope": SCOPE,
                "client_id": self._credential.client_id,
                "client_secret": secret,
            }
            return httpx.Request("POST", url, data=form)
        form = {
            "grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer",
            "scope": SCOPE,
            "assertion": self._assertion(),
        }
        return httpx.Request("POST", url, data=form)

    def _assertion(self) -> str:
        # Only a service-account key needs it, and with cryptography it takes as long to load as the rest of this package.
        import jwt

        assert isinstance(self._credential, ServiceAccountKey)  # noqa: S101 - narrows the type for the checker
        issued = int(self._clock()) - ASSERTION_DATED_BACK
        claims = {
            "iss": self._credential.user_id,
            "sub": self._credential.user_id,
            "aud": self._audience,
            "iat": issued,
            "exp": issued + ASSERTION_LIVES,
        }
        try:
            return jwt.encode(
                claims,
                self._credential.key.get_secret_value(),
                algorithm="RS256",
                headers={"kid": self._credential.key_id},
            )
        except (ValueError, TypeError, jwt.PyJWTError):
            pass
        # Outside the handler, because the library's own error quotes the key.
        raise self._refused(
            f"the private key in {self._described()} cannot be read; use the JSON as ZITADEL handed it out."
        )

    def _described(self) -> str:
        if isinstance(self._credential, ClientCredentials):
            return f"the client credentials of {clean(self._credential.client_id)}"
        return f"the service-account key {clean(self._credential.key_id)} of user {clean(self._credential.user_id)}"

    def _refused(self, message: str) -> CredentialError:
        return CredentialError(f"{message} {self._origin}".rstrip())

    def _advice(self) -> str:
        if isinstance(self._credential, ClientCredentials):
            return "Check the client id and the client secret, and that the service account is active."
        return (
            "Check that the key still exists and has not expired, that this machine's clock is right, and that the issuer "
            f"is {self._audience} (zorg:audience where it differs from zorg:url)."
        )

    def __repr__(self) -> str:
        return f"ExchangedToken({self._described()})"


class BearerAuth(httpx.Auth):
    """Add the token to each request, and retry once with a new one after a 401."""

    requires_response_body = False

    def __init__(self, source: TokenSource, send: SendForToken) -> None:
        self._source = source
        self._send = send

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send one request, or two where the first token was refused and there is another."""
        token = self._source.token(self._send)
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code != 401:
            return
        other = self._source.renewed(token, self._send)
        if other is not None and other != token:
            request.headers["Authorization"] = f"Bearer {other}"
            yield request

    @property
    def token_life(self) -> float | None:
        """Seconds that a new token is good for; None where that is not known."""
        return self._source.life

    def __repr__(self) -> str:
        return f"BearerAuth({self._source!r})"


def bearer_auth(settings: Settings, send: SendForToken) -> BearerAuth:
    """Return the authentication for the settings."""
    credential = settings.credential
    source: TokenSource = (
        FixedToken(credential)
        if isinstance(credential, PersonalAccessToken)
        else ExchangedToken(credential, settings.url, settings.audience, origin=settings.credential_origin)
    )
    return BearerAuth(source, send)

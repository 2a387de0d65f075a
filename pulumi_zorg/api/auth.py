"""The bearer token of a call, as an :class:`httpx.Auth`.

A personal access token is its own bearer token. A service-account key and client credentials are
exchanged for one at ``/oauth/v2/token`` (https://zitadel.com/docs/apis/openidoauth/endpoints#token_endpoint);
it is kept in the process, renewed before it expires and once after a 401, by one thread at a time. Where that fails, it fails
for all threads that waited for it: the deadline of an outage is waited for once.
"""

from __future__ import annotations

import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping
from typing import TYPE_CHECKING, Any

import httpx

from pulumi_zorg.api.answers import explained, has_no_instance, is_from_proxy, json_of, quoted
from pulumi_zorg.errors import DOCTOR, ConfigurationError, CredentialError, UnexpectedAnswer, ZorgError
from pulumi_zorg.settings.credentials import ClientCredentials, PersonalAccessToken, described

if TYPE_CHECKING:
    from pulumi_zorg.settings.config import Settings
    from pulumi_zorg.settings.service_account_key import ServiceAccountKey

#: Without the audience of ZITADEL's own project the API answers 401 to a token that is otherwise good.
SCOPE = "openid urn:zitadel:iam:org:project:id:zitadel:aud"
TOKEN_PATH = "/oauth/v2/token"  # noqa: S105 - a path

_RENEW_BEFORE = 60.0  # seconds before a token's end in which a new one is fetched
#: Seconds that an assertion is good for, and by which it is dated back: ZITADEL takes none that was issued in its future.
ASSERTION_LIVES = 300
ASSERTION_DATED_BACK = 10

#: Sends the form of a request for a token: with the transport's retries, and without a bearer token.
SendForToken = Callable[[Mapping[str, str]], httpx.Response]
Clock = Callable[[], float]


class BearerAuth(httpx.Auth, ABC):
    """Adds a token to each call, and sends a call again where its token was refused and there is another."""

    #: Seconds that the server gives a token for this credential; None before the first one, and for a personal access token, which is
    #: not exchanged for one.
    token_life: float | None = None

    def __init__(self, value: str = "") -> None:
        self._value = value
        self._lock = threading.Lock()

    def token(self) -> str:
        """Return the token to use now."""
        return self._value

    @abstractmethod
    def renewed(self, refused: str) -> str:
        """Return another token than ``refused``, which the API did not accept; the same one where there is none."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Send one request, or two where the first token was refused and there is another."""
        token = self.token()
        request.headers["Authorization"] = f"Bearer {token}"
        response = yield request
        if response.status_code != 401:
            return
        other = self.renewed(token)
        if other != token:
            request.headers["Authorization"] = f"Bearer {other}"
            yield request


class FixedToken(BearerAuth):
    """A personal access token. One that a file has is read again after a 401, so that a rotated file is used without a restart."""

    def __init__(self, credential: PersonalAccessToken) -> None:
        super().__init__(credential.token.value)
        self._credential = credential

    def renewed(self, refused: str) -> str:
        """Return the token that the file has now, or that another thread has read since ``refused`` was used.

        :return: ``refused`` again where there is no file, or where it has not changed.
        :raises CredentialError: where the file cannot be read any more, or has no token.
        """
        with self._lock:
            if self._value == refused:
                try:
                    self._value = self._credential.read_again() or refused
                except ConfigurationError as error:
                    raise CredentialError(f"ZITADEL refused the personal access token (401), and {error}.") from None
            return self._value


class ExchangedToken(BearerAuth):
    """A token that ZITADEL gives for a service-account key or for client credentials.

    :param credential: that of the settings.
    :param send: sends the form of the request for a token.
    :param clock: returns seconds since 1970.
    :raises CredentialError: from its methods, where ZITADEL refuses the credential.
    """

    def __init__(
        self,
        credential: ServiceAccountKey | ClientCredentials,
        settings: Settings,
        send: SendForToken,
        clock: Clock = time.time,
    ) -> None:
        super().__init__()
        self._credential = credential
        self._settings = settings
        self._send = send
        self._clock = clock
        self._renew_at = 0.0
        self._fetches = 0
        self._failure: ZorgError | None = None

    def token(self) -> str:
        """Return the current token, or a new one shortly before it expires."""
        return self._fetched_if(lambda: self._clock() >= self._renew_at)

    def renewed(self, refused: str) -> str:
        """Return a new token, unless another thread has fetched one since ``refused`` was used."""
        return self._fetched_if(lambda: self._value == refused)

    def _fetched_if(self, is_old: Callable[[], bool]) -> str:
        """Return the token, a new one where it is old. Where another thread failed to fetch it meanwhile, this one fails too."""
        fetches = self._fetches
        with self._lock:
            if is_old():
                if self._failure is not None and self._fetches != fetches:
                    raise self._failure.with_traceback(None)
                self._failure = None
                try:
                    self._fetch()
                except ZorgError as failure:
                    self._failure = failure
                    raise
                finally:
                    self._fetches += 1
            return self._value

    def _fetch(self) -> None:
        requested_at = self._clock()
        response = self._send({"scope": SCOPE, **self._grant()})
        answer = json_of(response)
        is_moved = 300 <= response.status_code < 400
        if not isinstance(answer, dict) or is_moved or has_no_instance(response) or is_from_proxy(response):
            raise UnexpectedAnswer(
                f"Requesting a token at {self._settings.url}{TOKEN_PATH}: {explained(response)} {DOCTOR}",
                may_have_applied=False,
            )
        value = answer.get("access_token")
        if response.status_code == 200 and isinstance(value, str) and value.isascii() and value.isprintable() and value:
            lives = answer.get("expires_in")
            seconds = float(lives) if isinstance(lives, int | float) and lives > 0 else 0.0
            self._value = value
            self.token_life = seconds or None
            self._renew_at = requested_at + max(seconds - _RENEW_BEFORE, seconds / 2)
            return
        details = " ".join(str(answer[key]) for key in ("error", "error_description", "message") if answer.get(key))
        if isinstance(self._credential, ClientCredentials):
            advice = "Check the client id and the client secret, and that the service account is active."
        else:
            advice = (
                "Check that the key still exists and has not expired, that this machine's clock is right, and that the issuer "
                f"is {self._settings.audience} (zorg:audience where it differs from zorg:url)."
            )
        raise self._refused(
            f"ZITADEL gave no token for {described(self._credential)}: it answered {response.status_code}: "
            f"{quoted(response, details)}. {advice}"
        )

    def _grant(self) -> dict[str, str]:
        """Return the fields of the form that have the credential."""
        credential = self._credential
        if isinstance(credential, ClientCredentials):
            # In the form rather than as Basic, which needs an encoding that servers may disagree about.
            return {
                "grant_type": "client_credentials",
                "client_id": credential.client_id,
                "client_secret": credential.client_secret.value,
            }
        # Only a service-account key needs it, and with cryptography it takes as long to load as the rest of this package.
        import jwt

        issued = int(self._clock()) - ASSERTION_DATED_BACK
        subject: dict[str, Any] = {"iss": credential.user_id, "sub": credential.user_id, "aud": self._settings.audience}
        claims = {**subject, "iat": issued, "exp": issued + ASSERTION_LIVES}
        headers, key = {"kid": credential.key_id}, credential.key.get_secret_value()
        try:
            assertion = jwt.encode(claims, key, algorithm="RS256", headers=headers)
        except (ValueError, TypeError, jwt.PyJWTError):
            assertion = None
        if assertion is None:
            # Outside the handler, because the library's own error quotes the key.
            raise self._refused(
                f"the private key in {described(credential)} cannot be read; use the JSON as ZITADEL handed it out."
            )
        return {"grant_type": "urn:ietf:params:oauth:grant-type:jwt-bearer", "assertion": assertion}

    def _refused(self, message: str) -> CredentialError:
        return CredentialError(f"{message} {self._settings.credential_origin}".rstrip())

"""One ``send`` for every call: authentication, retries, the log, and what an answer means.

The rule for repeating: a call that cannot have taken effect is repeated (no connection, 429); a call
that may have taken effect is repeated only if it is a read. After a write whose outcome is unknown, or that met a conflict of
ZITADEL's event store, the caller reads, and then decides; see :mod:`pulumi_zorg.engine.reconcile`.
"""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpx

from pulumi_zorg.api.auth import bearer_auth
from pulumi_zorg.api.call import ORG_HEADER, Call
from pulumi_zorg.api.foreign import (
    OTHER_SCHEME_THAN_HTTP,
    explained,
    has_no_instance,
    is_from_proxy,
    is_refusal,
    json_of,
    quoted,
)
from pulumi_zorg.api.outage import Outage
from pulumi_zorg.api.rate_limit import RateLimit
from pulumi_zorg.api.retry import retry
from pulumi_zorg.errors import (
    DOCTOR,
    AlreadyExists,
    ApiError,
    EventConflict,
    FailedPrecondition,
    InputError,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    UnexpectedAnswer,
    Unreachable,
    clean,
)
from pulumi_zorg.settings.config import Settings, is_loopback
from pulumi_zorg.settings.headers import hide_sent

__all__ = ["Transport", "http_date"]

log = logging.getLogger("pulumi_zorg")

#: Seconds within which a connection is made, if a whole call may take longer.
_CONNECTS_WITHIN = 4.0
#: The extension of a request that has the moment of the monotonic clock at which it was sent.
_BEGAN = "pulumi_zorg.began"
_GATEWAY_STATUSES = frozenset({429, 502, 503, 504})
# Failures before a byte of the request was sent.
_UNSENDABLE = (httpx.LocalProtocolError, httpx.UnsupportedProtocol)
_NOT_CONNECTED = (httpx.ConnectError, httpx.ConnectTimeout, httpx.ProxyError)
_NOT_SENT = (*_NOT_CONNECTED, httpx.PoolTimeout)
#: What to do about a certificate, by OpenSSL's code of what is wrong with it.
_PRIVATE_AUTHORITY = (
    "Where it comes from a private authority, name that one's certificate file in zorg:caFile (ZITADEL_CA_FILE), which is then the only "
    "one that is trusted."
)
_ANOTHER_NAME = "It is for another host name. Set zorg:url to a name that the certificate has; a Host in zorg:headers does not change it."
_CERTIFICATES = {
    9: "Is this machine's clock right?",
    10: "Renew it. Is this machine's clock right?",
    62: _ANOTHER_NAME,
    64: _ANOTHER_NAME,
}

_NOTHING_ANSWERED = "Nothing has answered at this address yet, so the call is not repeated. Check zorg:url."
_OTHER_SCHEME_THAN_HTTPS = "If the server answers plain http at this port, the address begins with http://."


class Transport:
    """Send calls to one instance of ZITADEL, as one user of it, over one pool of connections.

    :param settings: which, as whom, how patiently.
    :param transport: another way to carry requests than the network; for tests.
    :param sleep: waits for that many seconds.
    :param notice: is given a sentence when a call has to wait.
    :param before_request: is called before each HTTP request, those for a token and each repeated one included. What it raises
        is raised by :meth:`send`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        notice: Callable[[str], None] = log.warning,
        before_request: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.sleep = sleep
        self.notice = notice
        self._rate_limit = RateLimit(sleep, notice)
        self._outage = Outage(settings.url, settings.retry_deadline, notice)
        self._ahead = 0.0  # seconds that the server's clock is ahead of this machine's
        verify: ssl.SSLContext | bool = True
        if settings.ca_file is not None:
            verify = ssl.create_default_context(cafile=str(settings.ca_file))
        elif httpx.URL(settings.url).scheme == "http":
            # All calls go to this address. Without TLS, loading the certificates of all authorities is lost time.
            verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._http = httpx.Client(
            base_url=settings.url,
            timeout=httpx.Timeout(settings.timeout, connect=min(settings.timeout, _CONNECTS_WITHIN)),
            verify=verify,
            transport=transport,
            # A proxy that the environment names is meant for other machines than this one.
            trust_env=not is_loopback(httpx.URL(settings.url).host),
            headers=_headers(settings),
            # No other server is given the credential and the headers.
            follow_redirects=False,
            event_hooks={"request": [lambda request: before_request(), _begin]},
        )
        self._auth = bearer_auth(settings, self._send_for_token)

    def send(self, call: Call) -> dict[str, Any]:
        """Return the answer to ``call``.

        :raises ApiError: where ZITADEL refuses the call.
        :raises Unreachable: where the deadline passed without an answer, or where a write may have happened.
        :raises UnexpectedAnswer: where the answer is not ZITADEL's.
        :raises CredentialError: where ZITADEL gives no token.
        """
        if call.org is not None and not (call.org.isascii() and call.org.isprintable() and call.org.strip()):
            raise InputError(
                clean(call.operation), "org_id", "is not a valid ZITADEL id: it has characters that no id has"
            )
        headers = {} if call.org is None else {ORG_HEADER: call.org}
        # The gateway needs a body on POST and PUT; `{}` is the empty message.
        body = call.body if call.body is not None else ({} if call.method in ("POST", "PUT") else None)
        response = self._patiently(
            call.operation,
            lambda: self._receive(
                self._http.build_request(call.method, call.path, headers=headers, json=body), self._auth
            ),
            repeatable=call.reads,
            org=call.org,
        )
        return _answer(call, response, self.settings)

    def get_public(self, operation: str, path: str) -> httpx.Response:
        """Return the answer to a GET without the credential, whatever the answer is.

        :raises Unreachable: where there is none.
        """
        request = self._http.build_request("GET", path)
        return self._patiently(operation, lambda: self._receive(request, None), repeatable=True, org=None)

    @property
    def token_life(self) -> float | None:
        """Seconds that the server gives a token for this credential; None before the first one, and for a personal access
        token, which is not exchanged for one."""
        return self._auth.token_life

    def server_time(self) -> float:
        """Seconds since 1970 by the server's clock, from its last answer, to the second."""
        return time.time() + self._ahead

    def patience(self) -> Callable[[], float]:
        """Return a function that returns the seconds which are left to repeat something that begins now.

        In an outage these are the seconds that are left of the outage, for all calls together.
        """
        began = time.monotonic()
        return lambda: self._outage.left(began)

    def report_repeated(self, error: BaseException, sentence: str) -> None:
        """Report that something is done again after an error. During an outage that is one line for all calls.

        :param error: what failed.
        """
        report = self._outage.repeats if isinstance(error, Unreachable) else self.notice
        report(sentence)

    def close(self) -> None:
        """Close the pool of connections."""
        self._http.close()

    def _send_for_token(self, request: httpx.Request) -> httpx.Response:
        prepared = self._http.build_request(
            request.method,
            request.url,
            headers={"Content-Type": request.headers["Content-Type"]},
            content=request.content,
        )
        try:
            return self._patiently(
                "Asking for a token", lambda: self._receive(prepared, None), repeatable=True, org=None
            )
        except Unreachable as error:
            # The deadline was waited for here. The call that needs the token must not begin it again.
            raise Unreachable(str(error), may_have_applied=False) from None

    def _receive(self, request: httpx.Request, auth: httpx.Auth | None) -> httpx.Response:
        """Send the request and read the whole answer within the time-out, which httpx counts anew with each byte.

        The time that the request waits for a token is not the server's: a write that had waited would be sent, and its answer lost.
        """
        response = self._http.send(request, auth=auth, stream=True)
        ends = response.request.extensions[_BEGAN] + self.settings.timeout
        try:
            assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - narrows the type for the checker
            response.stream = _EndingStream(response.stream, ends)
            response.read()
        finally:
            response.close()
        return response

    def _patiently(
        self, operation: str, send: Callable[[], httpx.Response], *, repeatable: bool, org: str | None
    ) -> httpx.Response:
        """Send until ZITADEL itself answers, or until a retry cannot help."""

        attempt = 0

        def once() -> httpx.Response:
            nonlocal attempt
            attempt += 1
            return self._once(operation, send, org, attempt)

        try:
            return retry(
                once,
                should_retry=lambda error: isinstance(error, _Passing) and self._may_repeat(error, repeatable),
                left=self.patience(),
                sleep=self.sleep,
                notify=self._before_retry,
                retry_after=lambda error: error.retry_after if isinstance(error, _Passing) else None,
            )
        except _Passing as error:
            message = str(error) if self._outage.reached else f"{error} {_NOTHING_ANSWERED} {DOCTOR}"
            raise Unreachable(message, may_have_applied=error.may_have_applied and not repeatable) from None

    def _may_repeat(self, error: _Passing, repeatable: bool) -> bool:
        """Whether a call that failed may be repeated, and may succeed then."""
        harmless = repeatable or not error.may_have_applied
        return harmless and (error.answered or self._outage.is_worth_repeating(connected=error.connected))

    def _before_retry(self, error: BaseException, wait: float) -> None:
        """Report the wait. After a 429 all calls of this client make it together."""
        if isinstance(error, _Passing) and error.rate_limited:
            self._rate_limit.pause(self.settings.url, wait)
        else:
            self._outage.repeats(
                f"{error} All calls are repeated until it answers, for at most {self.settings.retry_deadline:.0f} s."
            )

    def _once(
        self, operation: str, send: Callable[[], httpx.Response], org: str | None, attempt: int
    ) -> httpx.Response:
        self._rate_limit.wait()
        began = time.monotonic()
        failed: Unreachable | None = None
        try:
            response = send()
        except httpx.HTTPError as error:
            log.debug("%s: %s after %.0f ms, attempt %d", operation, type(error).__name__, _since(began), attempt)
            self._outage.failed(answered=False)
            failed = _transport_error(operation, self.settings.url, error)
        if failed is not None:
            # Outside the handler, because the library's own error may quote what the server sent.
            raise failed
        request = response.request
        said = http_date(response.headers.get("Date", ""))
        if said is not None:
            self._ahead = said.timestamp() - time.time()
        log.debug(
            "%s %s org=%s -> %d in %.0f ms, attempt %d",
            request.method, request.url.path, org or "-", response.status_code, _since(began), attempt,
        )  # fmt: skip
        rate_limited = response.status_code == 429
        if response.status_code in _GATEWAY_STATUSES and not rate_limited:
            self._outage.failed(answered=True)
        else:
            self._outage.ended()
        if response.status_code in _GATEWAY_STATUSES:
            raise _Passing(
                f"{operation}: {self.settings.url} answered {response.status_code}.",
                may_have_applied=not rate_limited,  # 429 is sent before a call is processed
                answered=True,
                rate_limited=rate_limited,
                retry_after=_retry_after(response),
            )
        return response


def _begin(request: httpx.Request) -> None:
    """Remember when the request was sent."""
    request.extensions[_BEGAN] = time.monotonic()


def _headers(settings: Settings) -> httpx.Headers:
    """Return the headers that every call has."""
    headers = httpx.Headers({"User-Agent": f"pulumi-zorg/{_version()}", "Accept": "application/json"})
    # One by one: each takes the place of a header whose name differs in upper and lower case only.
    for name, secret in settings.headers:
        headers[name] = secret.value
    return headers


class _EndingStream(httpx.SyncByteStream):
    """The body of an answer, read until a moment of the monotonic clock."""

    def __init__(self, stream: httpx.SyncByteStream, ends: float) -> None:
        self._stream = stream
        self._ends = ends

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._stream:
            if time.monotonic() > self._ends:
                raise httpx.ReadTimeout("the answer took too long")
            yield chunk

    def close(self) -> None:
        self._stream.close()


class _Passing(Unreachable):
    """Unreachable, and a retry may help.

    :param connected: whether a connection was made.
    :param answered: whether anything answered. It was not ZITADEL.
    :param rate_limited: the server answered 429, and so has not processed the call.
    """

    def __init__(
        self,
        message: str,
        *,
        may_have_applied: bool,
        connected: bool = True,
        answered: bool = False,
        rate_limited: bool = False,
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, may_have_applied=may_have_applied)
        self.connected = connected
        self.answered = answered
        self.rate_limited = rate_limited
        self.retry_after = retry_after


def _retry_after(response: httpx.Response) -> float | None:
    value = response.headers.get("Retry-After", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    moment = http_date(value)
    return None if moment is None else max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def http_date(value: str) -> datetime | None:
    """Return the date of an HTTP header; None where it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


def _transport_error(operation: str, url: str, error: httpx.HTTPError) -> Unreachable:
    cause: BaseException | None = error
    other_scheme = OTHER_SCHEME_THAN_HTTP if url.startswith("http:") else ""
    while cause is not None:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return Unreachable(
                f"{operation}: the certificate of {url} is not trusted ({clean(cause.verify_message)}). "
                f"{_CERTIFICATES.get(cause.verify_code, _PRIVATE_AUTHORITY)} {DOCTOR}",
                may_have_applied=False,
            )
        if isinstance(cause, httpx.ProxyError) and str(cause).startswith("407"):
            return Unreachable(
                f"{operation}: the proxy that the environment names for {url} wants a credential ({clean(str(cause))}). Give it in "
                "the proxy's address (HTTPS_PROXY, HTTP_PROXY), or name the server in NO_PROXY. zorg:headers does not reach that proxy. "
                f"{DOCTOR}",
                may_have_applied=False,
            )
        if (
            isinstance(cause, ssl.SSLError)
            and cause.errno == ssl.SSL_ERROR_SSL
            and isinstance(error, httpx.ConnectError)
        ):
            # The server's bytes are no TLS, or it refuses this machine's. A repeated call meets the same.
            return Unreachable(
                f"{operation}: no TLS connection to {url} is possible ({clean(cause.reason or str(cause))}). "
                f"{_OTHER_SCHEME_THAN_HTTPS} {DOCTOR}",
                may_have_applied=False,
            )
        if isinstance(cause, ssl.SSLError):  # the server ends the connection in the handshake
            other_scheme = _OTHER_SCHEME_THAN_HTTPS
        cause = cause.__cause__ or cause.__context__
    if isinstance(error, _UNSENDABLE):
        # The cause is not quoted: it may contain the header with the token.
        return Unreachable(
            f"{operation}: the call cannot be sent to {url} ({type(error).__name__}).", may_have_applied=False
        )
    # It may quote what the server sent.
    what = clean(hide_sent(str(error), _sent_with(error))) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        what = f"no answer in time ({type(error).__name__})"
    connected = not isinstance(error, _NOT_CONNECTED)
    broke = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.ConnectError) and other_scheme
    hint = f" {other_scheme}" if broke and (connected or other_scheme is _OTHER_SCHEME_THAN_HTTPS) else ""
    return _Passing(
        f"{operation}: {url} cannot be reached: {what}.{hint}",
        may_have_applied=not isinstance(error, _NOT_SENT),
        connected=connected,
    )


def _sent_with(error: httpx.HTTPError) -> list[tuple[str, str]]:
    try:
        return error.request.headers.multi_items()
    except RuntimeError:  # it was raised without one
        return []


def _answer(call: Call, response: httpx.Response, settings: Settings) -> dict[str, Any]:
    answer, status = json_of(response), response.status_code
    if status in (200, 201) and isinstance(answer, dict):
        return answer
    if has_no_instance(response) or is_from_proxy(response) or not is_refusal(answer) or status < 400:
        # An answer of 200, or of something that failed inside, may be that of a proxy after the server has acted.
        raise UnexpectedAnswer(
            f"{call.operation}: {explained(response)} {DOCTOR}", may_have_applied=status < 300 or status >= 500
        )
    raise _refusal(call, response, answer, settings)


def _refusal(call: Call, response: httpx.Response, answer: dict[str, Any], settings: Settings) -> ApiError:
    status, code = response.status_code, answer.get("code")
    # What the server says is compared as it is: a header that is hidden in it may be a part of a word.
    message = str(answer.get("message", ""))
    kind: type[ApiError] = ApiError
    if status == 400:
        kind = FailedPrecondition if code in (9, "failed_precondition") else InvalidArgument
    elif status == 401:
        kind = Unauthenticated
    elif status == 403 or (status == 404 and "membership" in message):
        # This decides the wording only. Whether an object is removed takes more than this (proof.py).
        kind = PermissionDenied
    elif status == 404:
        kind = NotFound
    elif status == 409:
        kind = AlreadyExists
    elif status == 500 and not call.reads and code in (2, "unknown"):
        kind = EventConflict
    hint = ""
    if kind is FailedPrecondition:
        hint = call.hint
    elif kind is Unauthenticated:
        hint = settings.credential_origin
    return kind(call.operation, status, code if isinstance(code, int | str) else None, quoted(response, message), hint)


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000


@cache
def _version() -> str:
    try:
        return version("pulumi-zorg")
    except PackageNotFoundError:
        return "0"

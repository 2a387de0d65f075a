"""What it means that a call got no answer of ZITADEL: what failed, whether a repeated call may succeed, and what to do."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

import httpx

from pulumi_zorg.api.answers import OTHER_SCHEME_THAN_HTTP
from pulumi_zorg.errors import DOCTOR, Unreachable, clean
from pulumi_zorg.settings.headers import hide_sent

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
_OTHER_SCHEME_THAN_HTTPS = "If the server answers plain http at this port, the address begins with http://."


class Passing(Unreachable):
    """Unreachable, and a repeated call may succeed.

    :param response: the answer of a gateway, if there was one.
    :param connected: whether a connection was made.
    """

    def __init__(
        self, message: str, *, may_have_applied: bool, response: httpx.Response | None = None, connected: bool = True
    ) -> None:
        super().__init__(message, may_have_applied=may_have_applied)
        self.connected = connected
        self.answered = response is not None
        #: Whether the server answered 429, and so has not processed the call.
        self.rate_limited = response is not None and response.status_code == 429
        #: The seconds that the server requested to wait; None where it did not.
        self.retry_after: float | None = None
        requested = "" if response is None else response.headers.get("Retry-After", "").strip()
        if requested.isascii() and requested.isdigit():
            self.retry_after = float(requested)
        elif (moment := http_date(requested)) is not None:
            self.retry_after = max(0.0, (moment - datetime.now(timezone.utc)).total_seconds())


def http_date(value: str) -> datetime | None:
    """Return the date of an HTTP header; None where it is none."""
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)


def connection_error(operation: str, url: str, error: httpx.HTTPError) -> Unreachable:
    """Return the error of a call whose connection failed."""
    other_scheme = OTHER_SCHEME_THAN_HTTP if url.startswith("http:") else ""
    for cause in _causes(error):
        permanent = _permanent(cause, url, in_handshake=isinstance(error, httpx.ConnectError))
        if permanent:
            return Unreachable(f"{operation}: {permanent} {DOCTOR}", may_have_applied=False)
        if isinstance(cause, ssl.SSLError):  # the server ends the connection in the handshake
            other_scheme = _OTHER_SCHEME_THAN_HTTPS
    if isinstance(error, _UNSENDABLE):
        # The cause is not quoted: it may contain the header with the token.
        return Unreachable(
            f"{operation}: the call cannot be sent to {url} ({type(error).__name__}).", may_have_applied=False
        )
    try:
        sent = error.request.headers.multi_items()
    except RuntimeError:  # it was raised without one
        sent = []
    # It may quote what the server sent.
    what = clean(hide_sent(str(error), sent)) or type(error).__name__
    if isinstance(error, httpx.TimeoutException):
        what = f"no answer in time ({type(error).__name__})"
    connected = not isinstance(error, _NOT_CONNECTED)
    broke = isinstance(error, httpx.RemoteProtocolError | httpx.ReadError | httpx.ConnectError) and other_scheme
    hint = f" {other_scheme}" if broke and (connected or other_scheme is _OTHER_SCHEME_THAN_HTTPS) else ""
    return Passing(
        f"{operation}: {url} cannot be reached: {what}.{hint}",
        may_have_applied=not isinstance(error, _NOT_SENT),
        connected=connected,
    )


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, and those that led to it."""
    cause: BaseException | None = error
    while cause is not None:
        yield cause
        cause = cause.__cause__ or cause.__context__


def _permanent(cause: BaseException, url: str, *, in_handshake: bool) -> str:
    """Return why a repeated call meets the same failure, and what to do; empty where it may succeed."""
    if isinstance(cause, ssl.SSLCertVerificationError):
        advice = _CERTIFICATES.get(cause.verify_code, _PRIVATE_AUTHORITY)
        return f"the certificate of {url} is not trusted ({clean(cause.verify_message)}). {advice}"
    if isinstance(cause, httpx.ProxyError) and str(cause).startswith("407"):
        return (
            f"the proxy that the environment names for {url} wants a credential ({clean(str(cause))}). Give it in "
            "the proxy's address (HTTPS_PROXY, HTTP_PROXY), or name the server in NO_PROXY. zorg:headers does not reach that proxy."
        )
    if isinstance(cause, ssl.SSLError) and cause.errno == ssl.SSL_ERROR_SSL and in_handshake:
        # The server's bytes are no TLS, or it refuses this machine's.
        return (
            f"no TLS connection to {url} is possible ({clean(cause.reason or str(cause))}). {_OTHER_SCHEME_THAN_HTTPS}"
        )
    return ""

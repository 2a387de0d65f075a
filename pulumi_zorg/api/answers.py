"""What the answer to a call means: the JSON of ZITADEL, its refusal as an error, or an answer of something else and what to do about it.

Three kinds of the last are distinguished: the server has no instance with this host name, a proxy in front of it requires a header of
its own, and everything else. The errors of all calls and `zorg doctor` use this.

The rest is about a call without an answer: what failed, whether a repeated call may succeed, and what to do.
"""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx

from pulumi_zorg import errors
from pulumi_zorg.errors import DOCTOR, UnexpectedAnswer, Unreachable, clean
from pulumi_zorg.settings.headers import HOST_HEADERS, hide_sent

if TYPE_CHECKING:
    import httpx

    from pulumi_zorg.api.operations import Call
    from pulumi_zorg.settings.config import Settings

OTHER_SCHEME_THAN_HTTP = "If the server answers https at this port, the address begins with https://."
#: What ZITADEL answers where it has no instance with the host name of the call.
_NO_INSTANCE = "unable to set instance"
#: The statuses with which a proxy refuses a call that lacks what it wants.
_WANTS = frozenset({401, 403, 407})
#: The codes of gRPC, by number. Connect names them.
_CODES = (
    "ok", "canceled", "unknown", "invalid_argument", "deadline_exceeded", "not_found", "already_exists", "permission_denied",
    "resource_exhausted", "failed_precondition", "aborted", "out_of_range", "unimplemented", "internal", "unavailable", "data_loss",
    "unauthenticated",
)  # fmt: skip
_HEADER = "give the header that the proxy wants in zorg:headers (ZITADEL_HEADERS), for example Proxy-Authorization"
_CHECK = "Check zorg:url, and what is in front of the server."


def answer_of(response: httpx.Response, call: Call, settings: Settings) -> dict[str, Any]:
    """Return the JSON object with which ZITADEL answers a call.

    :raises ApiError: where ZITADEL refuses it.
    :raises UnexpectedAnswer: where the answer is not ZITADEL's.
    """
    answer, status = json_of(response), response.status_code
    if status in (200, 201) and isinstance(answer, dict):
        return answer
    if has_no_instance(response) or is_from_proxy(response) or not is_refusal(answer) or status < 400:
        # An answer of 200, or of something that failed inside, may be that of a proxy after the server has acted.
        raise UnexpectedAnswer(
            f"{call.operation}: {explained(response)} {DOCTOR}",
            may_have_applied=status < 300 or (status >= 500 and status != 501),
            status=status,
        )
    # What the server answers is compared as it is: a header that is hidden in it may be a part of a word.
    code, message = answer.get("code"), str(answer.get("message", ""))
    kind, hint = _kind(status, code, message, reads=call.reads), ""
    if kind is errors.FailedPrecondition:
        hint = call.hint
    elif kind is errors.Unauthenticated:
        hint = settings.credential_origin
    shown_code = code if isinstance(code, int | str) else None
    raise kind(call.operation, status, shown_code, quoted(response, message), hint)


def _kind(status: int, code: Any, message: str, *, reads: bool) -> type[errors.ApiError]:
    """Return the class of ZITADEL's refusal."""
    if status == 400:
        return errors.FailedPrecondition if code in (9, "failed_precondition") else errors.InvalidArgument
    if status == 404 and "membership" in message:
        # This decides the wording only. Whether an object is removed takes more than this (world/proof.py).
        return errors.PermissionDenied
    if status == 500 and not reads and code in (2, "unknown"):
        return errors.EventConflict
    return {
        401: errors.Unauthenticated,
        403: errors.PermissionDenied,
        404: errors.NotFound,
        409: errors.AlreadyExists,
    }.get(status, errors.ApiError)


def json_of(response: httpx.Response) -> Any:
    """Return the JSON of an answer; None where it has none."""
    try:
        return response.json()
    except ValueError:
        return None


def is_refusal(answer: Any) -> bool:
    """Whether a JSON may be an error of ZITADEL: it has a code, and not one that gRPC (REST) or Connect does not have, like 404."""
    if not isinstance(answer, dict) or "code" not in answer:
        return False
    code = answer["code"]
    if isinstance(code, str):
        return code in _CODES
    return not isinstance(code, int) or 0 <= code < len(_CODES)


def has_no_instance(response: httpx.Response) -> bool:
    """Whether the server is a ZITADEL without an instance that has this host name."""
    return response.status_code == 404 and _NO_INSTANCE in response.text


def is_from_proxy(response: httpx.Response) -> bool:
    """Whether a proxy in front of the server, and not ZITADEL, refuses the call: by its status, where its JSON is not ZITADEL's."""
    answer = json_of(response)
    is_oauth = isinstance(answer, dict) and "error" in answer
    return response.status_code == 407 or (response.status_code in _WANTS and not is_refusal(answer) and not is_oauth)


def requested_host(response: httpx.Response) -> str:
    """Return the host name by which the call named the instance."""
    sent = response.request.headers
    return clean(next((sent[name] for name in HOST_HEADERS if name in sent), response.request.url.host))


def explained(response: httpx.Response) -> str:
    """Return what an answer is that is not that of an instance of ZITADEL, and what to do, in sentences without the first capital."""
    if has_no_instance(response):
        what = f"the server has no instance with the host name {requested_host(response)} ({content_of(response)})"
    elif 300 <= response.status_code < 400:
        what = f"{response.request.url.host} redirects the call ({response.status_code}, {location(response)})"
    elif response.status_code in (200, 201):
        what = f"the answer is not a JSON object ({content_of(response)}), so it is not ZITADEL's"
    else:
        what = f"the answer {response.status_code} is not a ZITADEL error response ({content_of(response)})"
    return f"{what}. {advice(response)}"


def advice(response: httpx.Response) -> str:
    """Return what to do about an answer that is not that of an instance of ZITADEL, in sentences."""
    if has_no_instance(response):
        return (
            "Set zorg:url to the instance's own address (its ExternalDomain). Where that address is not the one to call, name its host in "
            "zorg:headers (ZITADEL_HEADERS) as x-zitadel-instance-host or Host, or let the proxy in front of the server pass it on."
        )
    if 300 <= response.status_code < 400:
        return f"Set zorg:url to where the instance really is. If that is the login page of a proxy, {_HEADER}."
    if response.status_code in _WANTS:
        wants = [response.headers.get(name, "") for name in ("Proxy-Authenticate", "WWW-Authenticate")]
        requested = ", ".join(clean(quoted(response, each), 100) for each in wants if each)
        shown = f" It requests: {requested}." if requested else ""
        return f"So something in front of the server refuses the call: {_HEADER}.{shown}"
    if response.headers.get("Content-Type", "").startswith("text/html") and response.status_code == 200:
        return f"{_CHECK} If it is the login page of a proxy, {_HEADER}."
    if response.request.url.scheme == "http" and "HTTPS" in response.text:
        return f"{OTHER_SCHEME_THAN_HTTP} {_CHECK}"
    return _CHECK


def content_of(response: httpx.Response) -> str:
    """Return the content of an answer that is not ZITADEL's, for a message: its text, if that is plain, or else its form."""
    form = clean(quoted(response, response.headers.get("Content-Type", "no content type")), 80)
    answer = json_of(response)
    message = answer.get("message") if isinstance(answer, dict) else None
    text = message if isinstance(message, str) else response.text if form.startswith("text/plain") else ""
    return f"{form}: {quoted(response, text)}" if text.strip() else form


def location(response: httpx.Response) -> str:
    """Return where an answer sends the call, as it may be shown."""
    return quoted(response, response.headers.get("Location", "nowhere"))


def quoted(response: httpx.Response, text: str) -> str:
    """Return a text of the server as it may be shown: without the secrets of the call."""
    return clean(hide_sent(text, response.request.headers.multi_items()))


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

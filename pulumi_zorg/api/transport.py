"""One ``send`` for every call: authentication, retries and the log.

The rule for repeating: a call that cannot have taken effect is repeated (no connection, 429); a call
that may have taken effect is repeated only if it is a read. After a write whose outcome is unknown, or that met a conflict of
ZITADEL's event store, the caller reads, and then decides; see :mod:`pulumi_zorg.engine.reconcile`.

What an answer means, or a connection that failed, is in :mod:`pulumi_zorg.api.answers`.
"""

from __future__ import annotations

import itertools
import logging
import ssl
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import httpx

from pulumi_zorg.api.answers import Passing, answer_of, connection_error, http_date
from pulumi_zorg.api.auth import TOKEN_PATH, BearerAuth, ExchangedToken, FixedToken
from pulumi_zorg.api.operations import ORG_HEADER, Call
from pulumi_zorg.api.records import Record, parse
from pulumi_zorg.api.retry import Patience, retry
from pulumi_zorg.errors import DOCTOR, InputError, Unreachable, clean
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken
from pulumi_zorg.settings.values import is_loopback

log = logging.getLogger("pulumi_zorg")

#: Seconds within which a connection is made, if a whole call may take longer.
_CONNECTS_WITHIN = 4.0
#: The extension of a request that has the moment of the monotonic clock at which it was sent.
_BEGAN = "pulumi_zorg.began"
_GATEWAY_STATUSES = frozenset({429, 502, 503, 504})
_NOTHING_ANSWERED = "Nothing has answered at this address yet, so the call is not repeated. Check zorg:url."


class Transport:
    """Send calls to one instance of ZITADEL, as one user of it, over one pool of connections.

    :param settings: which, as whom, how patiently.
    :param transport: another way to carry requests than the network; for tests.
    :param sleep: waits for that many seconds.
    :param notice: is given a sentence when a call has to wait; by default the log is.
    :param before_request: is called before each HTTP request, those for a token and each repeated one included. What it raises
        is raised by :meth:`send`.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
        notice: Callable[[str], None] | None = None,
        before_request: Callable[[], None] = lambda: None,
    ) -> None:
        self.settings = settings
        self.sleep = sleep
        self.notice = notice or log.warning
        self._patience = Patience(settings.url, settings.retry_deadline, sleep, self.notice)
        self._ahead = 0.0  # seconds that the server's clock is ahead of this machine's
        verify: ssl.SSLContext | bool = True
        if settings.ca_file is not None:
            verify = ssl.create_default_context(cafile=str(settings.ca_file))
        elif httpx.URL(settings.url).scheme == "http":
            # All calls go to this address. Without TLS, loading the certificates of all authorities is lost time.
            verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        headers = httpx.Headers({"User-Agent": f"pulumi-zorg/{_version()}", "Accept": "application/json"})
        # One by one: each takes the place of a header whose name differs in upper and lower case only.
        for name, secret in settings.headers:
            headers[name] = secret.value
        self._http = httpx.Client(
            base_url=settings.url,
            timeout=httpx.Timeout(settings.timeout, connect=min(settings.timeout, _CONNECTS_WITHIN)),
            verify=verify,
            transport=transport,
            # A proxy that the environment names is meant for other machines than this one.
            trust_env=not is_loopback(httpx.URL(settings.url).host),
            headers=headers,
            # No other server is given the credential and the headers.
            follow_redirects=False,
            event_hooks={"request": [lambda request: before_request(), _begin]},
        )
        #: It knows how long a token is good for.
        self.auth: BearerAuth
        if isinstance(settings.credential, PersonalAccessToken):
            self.auth = FixedToken(settings.credential)
        else:
            self.auth = ExchangedToken(settings.credential, settings, self._send_for_token)

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

        def request() -> httpx.Request:
            return self._http.build_request(call.method, call.path, headers=headers, json=body)

        return answer_of(
            self._patiently(call.operation, request, self.auth, repeatable=call.reads), call, self.settings
        )

    def fetch(self, model: type[Record], call: Call, inside: str = "") -> Record:
        """Return the answer to ``call``, or the field of it that is named, as a record. It raises what :meth:`send` raises."""
        return parse(model, self.send(call), call.operation, inside)

    def get_public(self, operation: str, path: str) -> httpx.Response:
        """Return the answer to a GET without the credential, whatever the answer is.

        :raises Unreachable: where there is none.
        """
        return self._patiently(operation, lambda: self._http.build_request("GET", path), None)

    def server_time(self) -> float:
        """Seconds since 1970 by the server's clock, from its last answer, to the second."""
        return time.time() + self._ahead

    def patience(self) -> Callable[[], float]:
        """Return a function that returns the seconds which are left to repeat something that begins now.

        In an outage these are the seconds that are left of the outage, for all calls together.
        """
        began = time.monotonic()
        return lambda: self._patience.left(began)

    def report_repeated(self, error: BaseException, sentence: str) -> None:
        """Report that something is done again after an error. During an outage that is one line for all calls.

        :param error: what failed.
        """
        report = self._patience.repeats if isinstance(error, Unreachable) else self.notice
        report(sentence)

    def close(self) -> None:
        """Close the pool of connections."""
        self._http.close()

    def _send_for_token(self, form: Mapping[str, str]) -> httpx.Response:
        request = self._http.build_request("POST", TOKEN_PATH, data=form)
        try:
            return self._patiently("Requesting a token", lambda: request, None)
        except Unreachable as error:
            # The deadline was waited for here. The call that needs the token must not begin it again.
            raise Unreachable(str(error), may_have_applied=False) from None

    def _patiently(
        self, operation: str, request: Callable[[], httpx.Request], auth: httpx.Auth | None, *, repeatable: bool = True
    ) -> httpx.Response:
        """Send until ZITADEL itself answers, or until a retry cannot help.

        :param repeatable: whether the call may be repeated after it may have taken effect.
        """
        attempts = itertools.count(1)

        def may_succeed_later(error: Exception) -> bool:
            if not isinstance(error, Passing) or not (repeatable or not error.may_have_applied):
                return False
            return error.answered or self._patience.is_worth_repeating(connected=error.connected)

        try:
            return retry(
                lambda: self._once(operation, request(), auth, next(attempts)),
                should_retry=may_succeed_later,
                left=self.patience(),
                sleep=self.sleep,
                notify=self._before_retry,
                retry_after=lambda error: error.retry_after if isinstance(error, Passing) else None,
            )
        except Passing as error:
            message = str(error) if self._patience.reached else f"{error} {_NOTHING_ANSWERED} {DOCTOR}"
            raise Unreachable(message, may_have_applied=error.may_have_applied and not repeatable) from None

    def _before_retry(self, error: Exception, wait: float) -> None:
        """Report the wait. After a 429 all calls of this client make it together."""
        if isinstance(error, Passing) and error.rate_limited:
            self._patience.pause(wait)
        else:
            self._patience.repeats(
                f"{error} All calls are repeated until it answers, for at most {self.settings.retry_deadline:.0f} s."
            )

    def _once(self, operation: str, request: httpx.Request, auth: httpx.Auth | None, attempt: int) -> httpx.Response:
        self._patience.wait()
        began = time.monotonic()
        failed: Unreachable | None = None
        try:
            response = self._receive(request, auth)
        except httpx.HTTPError as error:
            log.debug("%s: %s after %.0f ms, attempt %d", operation, type(error).__name__, _since(began), attempt)
            self._patience.failed(answered=False)
            failed = connection_error(operation, self.settings.url, error)
        if failed is not None:
            # Outside the handler, because the library's own error may quote what the server sent.
            raise failed
        server_clock = http_date(response.headers.get("Date", ""))
        if server_clock is not None:
            self._ahead = server_clock.timestamp() - time.time()
        status, sent = response.status_code, response.request
        log.debug(
            "%s %s org=%s -> %d in %.0f ms, attempt %d",
            sent.method, sent.url.path, sent.headers.get(ORG_HEADER, "-"), status, _since(began), attempt,
        )  # fmt: skip
        if status in _GATEWAY_STATUSES - {429}:
            self._patience.failed(answered=True)
        else:
            self._patience.ended()
        if status in _GATEWAY_STATUSES:
            # 429 is sent before a call is processed.
            message = f"{operation}: {self.settings.url} answered {status}."
            raise Passing(message, may_have_applied=status != 429, response=response)
        return response

    def _receive(self, request: httpx.Request, auth: httpx.Auth | None) -> httpx.Response:
        """Send the request and read the whole answer within the time-out, which httpx counts anew with each byte.

        The time that the request waits for a token is not the server's: a write that had waited would be sent, and its answer lost.
        """
        with closing(self._http.send(request, auth=auth, stream=True)) as response:
            ends, content = response.request.extensions[_BEGAN] + self.settings.timeout, bytearray()
            for chunk in response.iter_bytes():
                if time.monotonic() > ends:
                    raise httpx.ReadTimeout("the answer took too long")
                content += chunk
        headers = response.headers.copy()
        headers.pop("Content-Encoding", None)  # the content is decoded
        return httpx.Response(response.status_code, headers=headers, content=bytes(content), request=response.request)


def _begin(request: httpx.Request) -> None:
    """Remember when the request was sent."""
    request.extensions[_BEGAN] = time.monotonic()


def _since(began: float) -> float:
    return (time.monotonic() - began) * 1000


@cache
def _version() -> str:
    try:
        return version("pulumi-zorg")
    except PackageNotFoundError:
        return "0"

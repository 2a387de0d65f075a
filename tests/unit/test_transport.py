"""One ``send`` for every call: what is repeated and what never is, how long, what is reported to the user meanwhile, and what
an answer means."""

from __future__ import annotations

import datetime
import http.server
import ipaddress
import json
import logging
import re
import ssl
import threading
from collections.abc import Iterator
from email.utils import format_datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.api.operations import Call
from pulumi_zorg.api.retry import Patience
from pulumi_zorg.api.transport import Transport
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    FailedPrecondition,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    Unauthenticated,
    UnexpectedAnswer,
    Unreachable,
    ZorgError,
)
from pulumi_zorg.settings.config import Settings, load_settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from tests.unit.keys import pem, private_key
from tests.unit.patience import TOKEN, URL, Answer, Scripted, Waits, answers, refuses, transport_to, words

READ = Call("Reading organization 42", "GET", "/management/v1/orgs/me", org="42", reads=True)
SEARCH = Call("Searching organizations", "POST", "/admin/v1/orgs/_search", body={"queries": []}, reads=True)
WRITE = Call("Renaming organization 42", "PUT", "/management/v1/orgs/me", org="42", body={"name": "Acme"})
FINE = answers(200, {"fine": True})

#: Failures in which the server cannot have done anything.
NOT_PERFORMED = {
    "refused": httpx.ConnectError("[Errno 111] Connection refused"),
    "no connection in time": httpx.ConnectTimeout("timed out"),
    "no free connection": httpx.PoolTimeout("pool"),
    "the proxy": httpx.ProxyError("502 Bad Gateway"),
    "429": answers(429, {"code": 8, "message": "limit"}),
    "429 of a gateway": words(429, "slow down"),
}
#: Failures in which nobody knows.
UNKNOWN = {
    "no answer in time": httpx.ReadTimeout("timed out"),
    "not sent in time": httpx.WriteTimeout("timed out"),
    "cut while reading": httpx.ReadError("reset"),
    "cut while writing": httpx.WriteError("broken pipe"),
    "cut before the answer": httpx.RemoteProtocolError("Server disconnected without sending a response."),
    "502": words(502, "<html>Bad Gateway</html>"),
    "503": words(503, "<html>Service Unavailable</html>"),
    "503 in ZITADEL's words": refuses(503, 14, "unavailable"),
    "504": words(504, "<html>Gateway Timeout</html>"),
}


def named(answers: dict[str, Answer]) -> Any:
    """The answers as parameters, under their names."""
    return pytest.mark.parametrize("failure", answers.values(), ids=answers.keys())


# What is repeated.


def after_an_answer(server: Scripted, waits: Waits, notices: list[str] | None = None, **settings: Any) -> Transport:
    """A transport that has had an answer, so that the address is right."""
    script, server.answers = server.answers, [FINE]
    transport = transport_to(server, waits, notices, **settings)
    transport.send(READ)
    server.answers = script
    server.requests.clear()
    return transport


@named({**NOT_PERFORMED, **UNKNOWN})
@pytest.mark.parametrize("call", [READ, SEARCH], ids=["GET", "search"])
def test_a_read_is_repeated_whatever_happened_to_it(failure: Answer, call: Call, waits: Waits) -> None:
    server, notices = Scripted(failure, failure, FINE), list[str]()
    assert after_an_answer(server, waits, notices).send(call) == {"fine": True}
    assert len(server.requests) == 3
    assert len(waits) == 2
    if any(f"{URL} takes no more calls" in notice for notice in notices):  # see the rate limit below
        return
    begins, ends = notices
    assert begins.startswith(f"{call.operation}: {URL} ")
    assert begins.endswith(" All calls are repeated until it answers, for at most 120 s.")
    assert re.fullmatch(rf"{URL} answers again after \d+\.\d s: 2 calls were repeated\.", ends)


@named(NOT_PERFORMED)
def test_a_write_that_cannot_have_happened_is_repeated(failure: Answer, waits: Waits) -> None:
    server = Scripted(failure, failure, FINE)
    assert after_an_answer(server, waits).send(WRITE) == {"fine": True}
    assert len(server.requests) == 3
    assert [json.loads(request.content) for request in server.requests] == [{"name": "Acme"}] * 3


# Before anything has answered, the address is probably wrong.

NO_CONNECTION = {each: NOT_PERFORMED[each] for each in ("refused", "no connection in time", "the proxy")}
BROKEN = {each: UNKNOWN[each] for each in ("cut while reading", "cut before the answer")}
WRONG = (
    r"Nothing has answered at this address yet, so the call is not repeated\. Check zorg:url\. `zorg doctor` finds out"
)


@named(NO_CONNECTION)
@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
def test_an_address_that_has_never_answered_is_called_once(failure: Answer, call: Call, waits: Waits) -> None:
    server, notices = Scripted(failure), list[str]()
    transport = transport_to(server, waits, notices)
    with pytest.raises(Unreachable, match=WRONG):
        transport.send(call)
    assert (len(server.requests), waits, notices) == (1, [], [])
    with pytest.raises(Unreachable, match=WRONG):
        transport.send(call)
    assert (len(server.requests), waits, notices) == (2, [], [])


@named(BROKEN)
def test_a_connection_that_breaks_at_first_is_made_three_times_in_all(failure: Answer, waits: Waits) -> None:
    server = Scripted(failure)
    transport = transport_to(server, waits)
    for requests in (3, 4, 5):
        with pytest.raises(Unreachable, match=WRONG):
            transport.send(READ)
        assert len(server.requests) == requests
    assert len(waits) == 2
    assert sum(waits) <= 1.5


@named({"503": UNKNOWN["503"], "429": NOT_PERFORMED["429"], "slow": UNKNOWN["no answer in time"]})
def test_a_gateway_and_a_slow_server_are_waited_for_from_the_beginning(failure: Answer, waits: Waits) -> None:
    refused = NOT_PERFORMED["refused"]
    server = Scripted(failure, failure, *([] if isinstance(failure, Exception) else [refused]), FINE)
    assert transport_to(server, waits).send(READ) == {"fine": True}


# An outage is one thing for all calls.


def test_all_calls_of_an_outage_share_its_deadline(waits: Waits) -> None:
    server, notices = Scripted(NOT_PERFORMED["refused"]), list[str]()
    transport = after_an_answer(server, waits, notices)
    with pytest.raises(Unreachable):
        transport.send(READ)
    assert len(server.requests) > 3
    assert sum(waits) < 120.0
    waited, requests = len(waits), len(server.requests)
    for _ in range(4):
        with pytest.raises(Unreachable):
            transport.send(READ)
    assert sum(waits) < 120.0, "the next calls do not begin the deadline again"
    assert len(server.requests) - requests - 4 == len(waits) - waited
    assert len(notices) == 1
    server.answers = [FINE]
    transport.send(READ)
    assert len(notices) == 2, "one line that counts"
    server.answers = [NOT_PERFORMED["refused"]]
    with pytest.raises(Unreachable):
        transport.send(READ)
    assert 120.0 < sum(waits) < 240.0, "another outage has a deadline of its own"


def test_calls_that_meet_one_outage_at_a_time_make_two_lines(waits: Waits) -> None:
    lines = list[str]()
    outage = Patience(URL, 120.0, waits, lines.append)
    outage.ended()
    for number in range(16):
        outage.failed(answered=False)
        outage.repeats(f"call {number}")
    assert lines == ["call 0"]
    outage.ended()
    outage.ended()
    assert len(lines) == 2
    assert lines[1].endswith(": 16 calls were repeated.")
    for number in range(2, 10):
        outage.failed(answered=True)
        outage.repeats(f"outage {number}.")
        outage.ended()
    told = [each for each in lines[2:] if each.startswith("outage")]
    assert told == [f"outage {number}. This is outage {number} of this run." for number in (2, 4, 8)]


@named(UNKNOWN)
def test_a_write_that_may_have_happened_is_not_repeated(failure: Answer, waits: Waits) -> None:
    server, notices = Scripted(failure, FINE), list[str]()
    with pytest.raises(Unreachable) as caught:
        transport_to(server, waits, notices).send(WRITE)
    assert caught.value.may_have_applied
    assert str(caught.value).startswith(f"Renaming organization 42: {URL} ")
    assert (len(server.requests), waits, notices) == (1, [], [])


@named(
    {
        **{
            str(status): refuses(status, code, "no")
            for status, code in ((400, 3), (401, 16), (403, 7), (404, 5), (409, 6), (412, 9), (500, 13), (501, 12))
        },
        "html 500": words(500, "<html>"),
        "html 404": words(404, "<html>"),
        "html 200": words(200, "<html>"),
    }
)
@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
def test_what_was_answered_is_never_repeated(failure: Answer, call: Call, waits: Waits) -> None:
    server, notices = Scripted(failure, FINE), list[str]()
    with pytest.raises(ZorgError):
        transport_to(server, waits, notices).send(call)
    assert (len(server.requests), waits, notices) == (1, [], [])


@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
def test_what_cannot_be_sent_at_all_is_not_repeated(call: Call, waits: Waits) -> None:
    """A value that no header can carry is not going to pass."""
    server, notices = Scripted(httpx.LocalProtocolError("Illegal header value"), FINE), list[str]()
    with pytest.raises(ZorgError) as caught:
        transport_to(server, waits, notices).send(call)
    assert not caught.value.may_have_applied
    assert (len(server.requests), waits, notices) == (1, [], [])


# How long.


@pytest.mark.parametrize("call", [READ, WRITE], ids=["read", "write"])
def test_after_the_deadline_the_last_failure_is_raised(call: Call, waits: Waits) -> None:
    server = Scripted(httpx.ConnectError("[Errno 111] Connection refused"))
    with pytest.raises(
        Unreachable, match=re.escape(f"{URL} cannot be reached: [Errno 111] Connection refused")
    ) as caught:
        after_an_answer(server, waits, retry_deadline=120.0).send(call)
    assert not caught.value.may_have_applied
    assert sum(waits) < 120.0
    assert len(server.requests) == len(waits) + 1 > 3


def test_the_error_of_the_end_is_one_that_a_program_can_import(waits: Waits) -> None:
    with pytest.raises(Unreachable) as caught:
        transport_to(Scripted(words(503, "busy")), waits, retry_deadline=1.0).send(READ)
    assert type(caught.value) is Unreachable, "its name is what the user sees"


def test_the_waits_grow_up_to_a_limit_and_differ(waits: Waits) -> None:
    with pytest.raises(Unreachable):
        transport_to(Scripted(words(503, "busy")), waits, retry_deadline=3600.0).send(READ)
    for number, wait in enumerate(waits):
        assert 0 <= wait <= min(0.5 * 2**number, 15.0)
    assert max(waits) > 5.0
    assert len(set(waits)) > len(waits) / 2, "without jitter all resources come again at the same moment"


@pytest.mark.parametrize("status", [429, 503])
def test_the_seconds_of_retry_after_are_waited(status: int, waits: Waits) -> None:
    server = Scripted(answers(status, {}, Retry_After="7"), FINE)
    assert transport_to(server, waits).send(READ) == {"fine": True}
    assert 7.0 <= waits[0] <= 8.0


def test_retry_after_may_be_a_date(waits: Waits) -> None:
    moment = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=40)
    server = Scripted(answers(429, {}, Retry_After=format_datetime(moment, usegmt=True)), FINE)
    assert transport_to(server, waits).send(WRITE) == {"fine": True}
    assert 20.0 <= waits[0] <= 41.0


@pytest.mark.parametrize(
    "value", ["", "soon", "-5", "1.5", "Wed, 21 Oct 2015 07:28:00 GMT", "Wed, 99 Oct 2015 07:28:00 GMT", "\xb2", "0"]
)
def test_a_moment_that_is_none_or_past_makes_nobody_wait_longer(value: str, waits: Waits) -> None:
    def busy(request: httpx.Request) -> httpx.Response:
        return httpx.Response(429, json={}, headers=[(b"retry-after", value.encode("latin-1"))])

    assert transport_to(Scripted(busy, FINE), waits).send(READ) == {"fine": True}
    assert waits[0] <= 0.5


dates = st.builds(
    "{}, {} {} {} {}:{}:{} {}".format,
    st.sampled_from(["Wed", "Xyz", ""]),
    st.integers(-1, 99),
    st.sampled_from(["Oct", "Feb", "Foo"]),
    st.sampled_from([0, 1, 99, 1969, 2026, 9999, 10_000]),
    st.integers(-1, 99),
    st.integers(-1, 99),
    st.integers(-1, 99),
    st.sampled_from(["GMT", "+0000", "-2359", "+9999", "-99999999999", "EST", "é", ""]),
)


@given(value=st.one_of(dates, st.text(st.characters(min_codepoint=32, max_codepoint=255, exclude_characters="\x7f"))))
def test_no_header_that_holds_a_moment_can_break_a_call(value: str) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        headers = [(b"retry-after", value.encode("latin-1")), (b"date", value.encode("latin-1"))]
        return httpx.Response(429 if len(server.requests) < 2 else 200, json={}, headers=headers)

    server = Scripted(answer)
    transport = Transport(
        Settings(URL, PersonalAccessToken(Secret(TOKEN)), URL, retry_deadline=1e300),
        transport=httpx.MockTransport(server),
        sleep=lambda seconds: None,
        notice=lambda sentence: None,
    )
    assert transport.send(READ) == {}


def test_the_servers_clock_is_taken_from_its_answers(waits: Waits) -> None:
    an_hour_ahead = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=1)
    transport = transport_to(Scripted(answers(200, {}, Date=format_datetime(an_hour_ahead, usegmt=True))), waits)
    assert transport.server_time() < an_hour_ahead.timestamp() - 1800
    transport.send(READ)
    assert abs(transport.server_time() - an_hour_ahead.timestamp()) < 600


def test_calls_that_begin_in_a_pause_of_the_rate_limit_wait_for_its_end(waits: Waits) -> None:
    """Else a call could be refused until its deadline, while calls that came later are answered."""
    notices: list[str] = []
    limit = Patience(URL, 120.0, waits, notices.append)
    limit.pause(3.0)
    limit.pause(5.0)  # of another call at the same time
    limit.wait()
    assert 4.9 <= sum(waits) <= 5.0
    limit.wait()
    assert len(waits) == 1
    assert notices == [f"{URL} takes no more calls for 3.0 s (429): waiting."]


def test_few_lines_report_the_pauses_of_a_long_run(waits: Waits) -> None:
    notices: list[str] = []
    limit = Patience(URL, 120.0, waits, notices.append)
    for _ in range(100):
        limit.pause(1.0)
        limit.wait()
    assert len(notices) == 7
    assert notices[-1] == f"{URL} takes no more calls for 1.0 s (429): waiting. This is pause 64 of this run."


@pytest.mark.parametrize("value", ["121", "99999999999", "9" * 400])
def test_a_moment_after_the_deadline_is_not_waited_for(value: str, waits: Waits) -> None:
    server = Scripted(answers(429, {}, Retry_After=value), FINE)
    with pytest.raises(Unreachable, match="answered 429"):
        transport_to(server, waits, retry_deadline=120.0).send(READ)
    assert (len(server.requests), waits) == (1, [])


def test_without_a_receiver_a_notice_goes_to_the_log(waits: Waits, caplog: pytest.LogCaptureFixture) -> None:
    transport = Transport(
        Settings(URL, PersonalAccessToken(Secret(TOKEN)), URL),
        transport=httpx.MockTransport(Scripted(words(503, "busy"), FINE)),
        sleep=waits,
    )
    transport.send(READ)
    record, _ = [each for each in caplog.records if each.levelno == logging.WARNING]
    assert record.name == "pulumi_zorg"
    assert record.getMessage().startswith("Reading organization 42: ")


# What something else than ZITADEL answers.

STRANGE = {
    "html": words(200, "<html>Sign in</html>"),
    "nothing": words(200, "", "application/json"),
    "nothing at all": lambda request: httpx.Response(200),
    "a list": words(200, "[]", "application/json"),
    "a text": words(200, '"fine"', "application/json"),
    "null": words(200, "null", "application/json"),
    "cut JSON": words(200, '{"org": {"id":', "application/json"),
    "no UTF-8": lambda request: httpx.Response(
        200, content=b'{"a":"\xff"}', headers={"content-type": "application/json"}
    ),
    "201": words(201, "<html>"),
}


@named(STRANGE)
def test_an_answer_that_is_no_object_is_not_zitadels(failure: Answer, waits: Waits) -> None:
    with pytest.raises(UnexpectedAnswer, match="Check zorg:url") as caught:
        transport_to(Scripted(failure), waits).send(WRITE)
    assert caught.value.may_have_applied, "the write may have gone through all the same"
    assert str(caught.value).startswith("Renaming organization 42: the answer is not a JSON object (")


@pytest.mark.parametrize("status", [204, 202, 206])
def test_no_other_success_is_zitadels(status: int, waits: Waits) -> None:
    with pytest.raises(UnexpectedAnswer):
        transport_to(Scripted(words(status, "")), waits).send(READ)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 407, 409, 418])
@pytest.mark.parametrize(
    "answer", ["<html>Not Found</html>", "", "[]", '"gone"', '{"error": "not found"}', '{"message": "not found"}']
)
def test_a_refusal_in_other_words_is_not_zitadels(status: int, answer: str, waits: Waits) -> None:
    """A gateway's 404 must not look like an object that is gone."""
    with pytest.raises(UnexpectedAnswer, match=f"the answer {status} is not a ZITADEL error response") as caught:
        transport_to(Scripted(words(status, answer)), waits).send(WRITE)
    assert not caught.value.may_have_applied


NO_INSTANCE = "unable to set instance using origin http://acme.example (ExternalDomain is other.example): no instance"


@pytest.mark.parametrize(
    "answer",
    [words(404, NO_INSTANCE, "text/plain; charset=utf-8"), refuses(404, 5, NO_INSTANCE)],
    ids=["plain", "JSON"],
)
def test_a_host_name_that_the_instance_does_not_have_is_told_apart(answer: Answer, waits: Waits) -> None:
    """It is neither another server than a ZITADEL, nor does it say that an object is gone."""
    with pytest.raises(UnexpectedAnswer, match=r"no instance with the host name acme\.example") as caught:
        transport_to(Scripted(answer), waits).send(READ)
    assert "ExternalDomain is other.example" in str(caught.value)
    assert not caught.value.may_have_applied


def test_the_text_of_an_answer_that_is_not_zitadels_is_shown_without_the_token(waits: Waits) -> None:
    plain = words(400, f"Client sent an HTTP request to an HTTPS server. ({TOKEN})", "text/plain")
    with pytest.raises(
        UnexpectedAnswer, match=r"text/plain: Client sent an HTTP request to an HTTPS server\. \(\*\*\*\)"
    ):
        transport_to(Scripted(plain), waits).send(READ)
    with pytest.raises(UnexpectedAnswer, match=r"response \(application/json: no route\)"):
        transport_to(Scripted(words(404, '{"message": "no route"}', "application/json")), waits).send(READ)


def test_after_an_error_inside_of_something_nobody_knows_whether_it_happened(waits: Waits) -> None:
    with pytest.raises(UnexpectedAnswer) as caught:
        transport_to(Scripted(words(500, "<html>Oops</html>")), waits).send(WRITE)
    assert caught.value.may_have_applied


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_an_error_and_the_credential_does_not_follow_it(status: int, waits: Waits) -> None:
    server = Scripted(words(status, "", Location="https://evil.example/x"), FINE)
    with pytest.raises(UnexpectedAnswer, match=r"redirects the call \(\d+, https://evil\.example/x\)") as caught:
        transport_to(server, waits).send(WRITE)
    assert not caught.value.may_have_applied
    assert "zorg:url" in str(caught.value)
    assert [request.url.host for request in server.requests] == ["acme.example"]


# ZITADEL's errors.


@pytest.mark.parametrize(
    ("status", "code", "message", "kind"),
    [
        (400, 3, "invalid AddOrgRequest.Name", InvalidArgument),
        (400, "invalid_argument", "Limit exceeded (QUERY-4M0fs)", InvalidArgument),
        (400, 9, "Organisation is already deactivated (EVENT-Dbs2g)", FailedPrecondition),
        (400, "failed_precondition", "no changes", FailedPrecondition),
        (401, 16, "Errors.Token.Invalid (AUTH-7fs1e)", Unauthenticated),
        (401, "unauthenticated", "auth header missing", Unauthenticated),
        (403, 7, "No matching permissions found (AUTH-5mWD2)", PermissionDenied),
        (403, 7, "Organisation doesn't exist (AUTH-Bs7Ds)", PermissionDenied),
        (404, 5, "membership not found (AUTHZ-cdgFk)", PermissionDenied),
        (404, 5, "Organisation not found (ORG-1)", NotFound),
        (404, "not_found", "User grant not found", NotFound),
        (404, 5, "", NotFound),
        (409, 6, "Organisation's name already taken (V2-oH7lb)", AlreadyExists),
        (409, "already_exists", "exists", AlreadyExists),
        (412, 9, "odd", ApiError),
        (500, 13, "An internal error occurred", ApiError),
        (501, 12, "Not Implemented", ApiError),
    ],
)
def test_a_refusal_is_an_error_of_its_kind(
    status: int, code: int | str, message: str, kind: type[ApiError], waits: Waits
) -> None:
    with pytest.raises(ApiError) as caught:
        transport_to(Scripted(refuses(status, code, message)), waits).send(WRITE)
    error = caught.value
    assert type(error) is kind
    assert (error.operation, error.status, error.code, error.said) == (
        "Renaming organization 42",
        status,
        code,
        message,
    )
    assert error.may_have_applied == (status >= 500 and status != 501)
    text = f"Renaming organization 42 failed: ZITADEL answered {status}, code {code}" + (
        f": {message}." if message else "."
    )
    no_organization = "No organization of this instance has the id that the call names: check it."
    without_v1 = "Servers without the v1 API do not have all calls (docs/without-v1.md)."
    advice = no_organization if "doesn't exist" in message else without_v1 if status == 501 else kind.advice
    assert str(error) == f"{text} {advice}".strip()


@pytest.mark.parametrize(
    ("status", "message", "advice"),
    [
        (401, "Errors.Token.Invalid", "check that it belongs to this instance"),
        (403, "No matching permissions found", "says nothing about whether the object exists"),
        (404, "membership not found (AUTHZ-cdgFk)", "says nothing about whether the object exists"),
    ],
)
def test_what_the_user_can_do_is_said(status: int, message: str, advice: str, waits: Waits) -> None:
    with pytest.raises(ApiError, match=advice):
        transport_to(Scripted(refuses(status, 0, message)), waits).send(READ)


@pytest.mark.parametrize("code", [None, [5], {"a": 1}, 1.5])
def test_a_code_of_another_sort_is_left_out(code: object, waits: Waits) -> None:
    with pytest.raises(NotFound) as caught:
        transport_to(Scripted(answers(404, {"code": code, "message": "no"})), waits).send(READ)
    assert caught.value.code is None
    assert str(caught.value) == "Reading organization 42 failed: ZITADEL answered 404: no."


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "[31mred [0m"),
        ("two\r\nlines\tand\x00more", "two lines and more"),
        ("abc\u202egnp.exe", "abc gnp.exe"),
        ("a\u2028b\u2029c\u2066d\u2069", "a b c d"),
        ("\x9b31mred", "31mred"),
        ("  spaced  ", "spaced"),
    ],
)
def test_nothing_that_a_terminal_obeys_is_repeated(value: str, shown: str, waits: Waits) -> None:
    with pytest.raises(ApiError) as caught:
        transport_to(Scripted(refuses(409, 6, value)), waits).send(WRITE)
    assert caught.value.said == shown
    assert f": {shown}." in str(caught.value)


def test_a_credential_that_comes_back_in_the_answer_is_not_shown(waits: Waits) -> None:
    """Something in front of the server may repeat what it received."""
    with pytest.raises(ApiError) as caught:
        transport_to(Scripted(refuses(409, 6, f"bad header: Bearer {TOKEN}")), waits).send(WRITE)
    assert TOKEN not in str(caught.value) + caught.value.said
    assert "bad header: Bearer ***" in str(caught.value)


def test_a_long_message_is_cut(waits: Waits) -> None:
    with pytest.raises(ApiError) as caught:
        transport_to(Scripted(refuses(409, 6, "x" * 100_000)), waits).send(WRITE)
    assert caught.value.said == "x" * 299 + "…"


@pytest.mark.parametrize("message", [["a", "list"], {"an": "object"}, 7, None])
def test_a_message_that_is_no_text_breaks_nothing(message: object, waits: Waits) -> None:
    with pytest.raises(NotFound):
        transport_to(Scripted(answers(404, {"code": 5, "message": message})), waits).send(READ)


# What is sent.


@pytest.mark.parametrize(
    ("call", "method", "body"),
    [
        (Call("x", "GET", "/x"), "GET", None),
        (Call("x", "DELETE", "/x"), "DELETE", None),
        (Call("x", "POST", "/x"), "POST", {}),
        (Call("x", "PUT", "/x"), "PUT", {}),
        (Call("x", "POST", "/x", body={"roleKeys": ["ä"]}), "POST", {"roleKeys": ["ä"]}),
    ],
)
def test_a_post_has_a_body_and_a_get_has_none(call: Call, method: str, body: Any, waits: Waits) -> None:
    server = Scripted(FINE)
    transport_to(server, waits).send(call)
    (request,) = server.requests
    assert (request.method, str(request.url)) == (method, f"{URL}/x")
    if body is None:
        assert request.content == b""
        assert "content-type" not in request.headers
    else:
        assert json.loads(request.content) == body
        assert request.headers["content-type"] == "application/json"


def test_the_headers_name_the_client_and_the_organization(waits: Waits) -> None:
    server = Scripted(FINE)
    transport = transport_to(server, waits)
    transport.send(READ)
    transport.send(SEARCH)
    with_org, without = server.requests
    assert with_org.headers["x-zitadel-orgid"] == "42"
    assert "x-zitadel-orgid" not in without.headers
    for request in server.requests:
        assert request.headers["authorization"] == f"Bearer {TOKEN}"
        assert request.headers["accept"] == "application/json"
        assert request.headers["user-agent"] == f"pulumi-zorg/{version('pulumi-zorg')}"


@pytest.mark.parametrize("org", ["é", "42\n", "4\x002", "42\u202e"])
def test_an_id_that_no_header_can_carry_is_an_error(org: str, waits: Waits) -> None:
    """Over a real connection, which is where such a thing would be noticed."""
    transport = Transport(
        Settings("http://127.0.0.1:9", PersonalAccessToken(Secret(TOKEN)), URL, retry_deadline=0.001), sleep=waits
    )
    try:
        with pytest.raises(ZorgError) as caught:
            transport.send(Call("Reading", "GET", "/x", org=org, reads=True))
    finally:
        transport.close()
    assert TOKEN not in str(caught.value)


# The log.


def test_each_attempt_is_a_line_of_the_log(waits: Waits, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="pulumi_zorg")
    server = Scripted(httpx.ReadTimeout("slow"), words(503, "busy"), FINE, answers(200, {}))
    transport = transport_to(server, waits)
    transport.send(READ)
    transport.send(SEARCH)
    lines = [record.getMessage() for record in caplog.records if record.name == "pulumi_zorg"]
    assert len(lines) == 4
    assert re.fullmatch(r"Reading organization 42: ReadTimeout after \d+ ms, attempt 1", lines[0])
    assert re.fullmatch(r"GET /management/v1/orgs/me org=42 -> 503 in \d+ ms, attempt 2", lines[1])
    assert re.fullmatch(r"GET /management/v1/orgs/me org=42 -> 200 in \d+ ms, attempt 3", lines[2])
    assert re.fullmatch(r"POST /admin/v1/orgs/_search org=- -> 200 in \d+ ms, attempt 1", lines[3])
    assert TOKEN not in caplog.text


# Certificates.


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "zorg tests")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(private_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(private_key(), hashes.SHA256())
    )
    cert_file, key_file = folder / "cert.pem", folder / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_text(pem())
    return cert_file, key_file


class _Fine(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Write no log."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"fine": true}')


class _Quiet(http.server.ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write no error: the tests make clients close the connection."""


@pytest.fixture
def https(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate of its own making: its address, and the certificate's file."""
    cert_file, key_file = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert_file, key_file)
    server = _Quiet(("127.0.0.1", 0), _Fine)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"https://127.0.0.1:{server.server_address[1]}", cert_file
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def over_tls(url: str, ca_file: Path | None, waits: Waits) -> dict[str, Any]:
    settings = Settings(url, PersonalAccessToken(Secret(TOKEN)), url, ca_file=ca_file)
    transport = Transport(settings, sleep=waits, notice=lambda sentence: None)
    try:
        return transport.send(READ)
    finally:
        transport.close()


def test_a_certificate_that_is_not_trusted_is_an_error_at_once(https: tuple[str, Path], waits: Waits) -> None:
    url, _ = https
    with pytest.raises(Unreachable, match=r"is not trusted \(self.signed certificate\)") as caught:
        over_tls(url, None, waits)
    assert "zorg:caFile" in str(caught.value)
    assert not caught.value.may_have_applied
    assert waits == []


@pytest.mark.parametrize(
    ("code", "message", "says"),
    [
        (20, "unable to get local issuer certificate", "private authority, name that one's certificate file in zorg:caFile"),
        (18, "self-signed certificate", "zorg:caFile"),
        (62, "Hostname mismatch, certificate is not valid for 'x'.", "It is for another host name. Set zorg:url to a name"),
        (64, "IP address mismatch", "It is for another host name. Set zorg:url to a name"),
        (10, "certificate has expired", "Renew it. Is this machine's clock right?"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_certificate_is_told_apart(code: int, message: str, says: str, waits: Waits) -> None:
    cause = ssl.SSLCertVerificationError(1, message)
    cause.verify_code, cause.verify_message = code, message
    error = httpx.ConnectError(message)
    error.__cause__ = cause
    with pytest.raises(Unreachable, match=rf"is not trusted \({re.escape(message)}\)") as caught:
        transport_to(Scripted(error), waits).send(WRITE)
    assert says in str(caught.value)
    assert ("caFile" in str(caught.value)) is ("caFile" in says)
    assert not caught.value.may_have_applied
    assert waits == []


def test_a_proxy_of_the_environment_that_wants_a_credential_is_an_error_at_once(waits: Waits) -> None:
    """Headers of a call do not reach it: for https it only opens a connection."""
    with pytest.raises(Unreachable, match=r"wants a credential \(407 .* \(HTTPS_PROXY, .* does not reach") as caught:
        transport_to(Scripted(httpx.ProxyError("407 Proxy Authentication Required")), waits).send(WRITE)
    assert not caught.value.may_have_applied
    assert waits == []


def test_an_https_address_of_a_port_that_answers_plain_http_is_an_error_at_once(waits: Waits) -> None:
    server = _Quiet(("127.0.0.1", 0), _Fine)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        with pytest.raises(Unreachable, match=r"no TLS connection to .+ the address begins with http://") as caught:
            over_tls(f"https://127.0.0.1:{server.server_address[1]}", None, waits)
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
    assert not caught.value.may_have_applied
    assert waits == []


def test_a_certificate_of_a_private_authority_is_trusted_where_it_is_named(
    https: tuple[str, Path], waits: Waits
) -> None:
    url, cert_file = https
    assert over_tls(url, cert_file, waits) == {"fine": True}


def test_the_error_for_a_ca_file_without_a_certificate_names_the_setting(tmp_path: Path, waits: Waits) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate")
    given = {"url": "https://127.0.0.1:9", "token": TOKEN, "caFile": str(file)}
    with pytest.raises(ConfigurationError, match="zorg:caFile"):
        Transport(load_settings(given.get, {}), sleep=waits)


@pytest.mark.parametrize("host", ["acme..invalid", f"{'x' * 70}.invalid"])
def test_an_impossible_host_name_is_an_error(host: str, waits: Waits) -> None:
    """Python raises another type of error than for a host that does not exist."""
    given = {"url": f"https://{host}", "token": TOKEN}
    with pytest.raises(ZorgError):
        over_tls(load_settings(given.get, {}).url, None, waits)

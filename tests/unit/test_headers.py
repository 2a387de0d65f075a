"""Extra headers of the calls: which ones may be given, where they are sent, and that no message shows a value."""

from __future__ import annotations

import base64
import json
import logging
import pickle
import string
from collections.abc import Mapping
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.api.transport import Transport
from pulumi_zorg.errors import ConfigurationError, CredentialError, PermissionDenied, UnexpectedAnswer, ZorgError
from pulumi_zorg.providers.organization import OrganizationProvider
from pulumi_zorg.settings.config import Settings, load_settings
from pulumi_zorg.settings.credentials import ClientCredentials, PersonalAccessToken, Secret
from tests.unit.patience import URL, Answer, Scripted, Waits, answers, refuses, words
from tests.unit.test_auth import PAIR, READ, WRITE, Issuer, shown

SECRET = "Basic b3BlbjpzZXNhbWU"
HIDDEN = "b3BlbjpzZXNhbWU"
#: A value for each way to give one: the engine gives an object of the stack's configuration as JSON.
GIVEN = {"Proxy-Authorization": SECRET, "X-Tenant": "blue-42"}


def settings(stack: object = None, environment: object = None, **more: str) -> Settings:
    """Settings with headers, as an object or as a text."""
    in_stack = {"url": URL, "token": "pat-1", **more}
    in_environment: dict[str, str] = {}
    if stack is not None:
        in_stack["headers"] = stack if isinstance(stack, str) else json.dumps(stack)
    if environment is not None:
        in_environment["ZITADEL_HEADERS"] = environment if isinstance(environment, str) else json.dumps(environment)
    return load_settings(in_stack.get, in_environment)


def headers_of(found: Settings) -> dict[str, str]:
    return {name: secret.value for name, secret in found.headers}


def refusal(headers: object) -> str:
    """The message with which headers are refused, the same in both places but for the name of the setting."""
    with pytest.raises(ConfigurationError) as of_stack:
        settings(headers)
    with pytest.raises(ConfigurationError) as of_environment:
        settings(None, headers)
    message = str(of_stack.value)
    assert message.startswith("zorg:headers")
    assert str(of_environment.value) == "ZITADEL_HEADERS" + message.removeprefix("zorg:headers")
    for error in (of_stack.value, of_environment.value):
        assert error.__cause__ is None
        assert error.__suppress_context__ or error.__context__ is None, "the cause would show the value"
    return message


# Which ones may be given.


def test_headers_are_a_json_object() -> None:
    assert headers_of(settings(GIVEN)) == GIVEN
    assert headers_of(settings(None, GIVEN)) == GIVEN
    assert settings().headers == settings("").headers == settings({}).headers == ()


def test_headers_of_both_places_are_sent_and_the_stack_comes_before_the_environment() -> None:
    """A name without a secret belongs in the configuration, and the secret of the job in the environment."""
    found = settings({"Host": "acme.example", "x-tenant": "blue"}, {"X-Tenant": "red", "Proxy-Authorization": SECRET})
    assert headers_of(found) == {"Host": "acme.example", "x-tenant": "blue", "Proxy-Authorization": SECRET}


@pytest.mark.parametrize("text", ["Proxy-Authorization: s3cr3t", "[]", '"s3cr3t"', '{"A": "s3cr3t"', "[" * 100_000])
def test_what_is_no_json_object_is_refused_without_repeating_it(text: str) -> None:
    message = refusal(text)
    assert "must be a JSON object of headers" in message
    assert "pulumi config set --path 'zorg:headers.Proxy-Authorization' --secret" in message
    assert "s3cr3t" not in message


REFUSED = {
    "Authorization": "it has the credential",
    "x-zitadel-orgid": "every change would hit one organization",
    **dict.fromkeys(("Content-Type", "Content-Length", "Transfer-Encoding", "Content-Encoding"), "the body of a call"),
    **dict.fromkeys(("Accept", "Accept-Encoding", "TE", "Trailer", "Expect", "Range", "If-None-Match"), "the body of a call"),
    **dict.fromkeys(("Connection", "Keep-Alive", "Proxy-Connection", "Upgrade"), "about the connection"),
    **dict.fromkeys(("X-HTTP-Method-Override", "X-Method-Override"), "another one than was meant"),
    # The gateway passes the first one on as the header without its beginning.
    **dict.fromkeys(("Grpc-Metadata-x-zitadel-orgid", "grpc-timeout", "Connect-Timeout-Ms"), "as a part of the call"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
def test_a_header_that_would_make_a_call_another_one_is_refused_with_the_reason(name: str) -> None:
    for written in (name, name.upper(), name.lower(), name.replace("-", "_")):
        message = refusal({written: "s3cr3t"})
        assert f"must not have {written}: " in message
        assert REFUSED[name] in message
        assert "s3cr3t" not in message


@pytest.mark.parametrize("name", ["", " ", "X Y", "X:Y", "X\r\nAuthorization", "Ünder", "X\x00", "X\n", "s3cr3t value"])
def test_a_name_that_no_header_can_have_is_refused_without_repeating_it(name: str) -> None:
    message = refusal({name: "s3cr3t"})
    assert "has a name that no header can have" in message
    assert "s3cr3t" not in message


@pytest.mark.parametrize(
    "value", ["s3cr3t\r\nX-Evil: 1", "s3cr3t\nx", "s3cr3t\x00", "s3cr3t\x7f", "s3cr3tü", "s3cr3t\u2028x", "s3cr3t\tx"]
)
def test_a_value_that_no_header_can_have_is_refused_without_repeating_it(value: str) -> None:
    message = refusal({"X-Tenant": value})
    assert "the value of X-Tenant has characters that no header can have" in message
    assert "s3cr3t" not in message


@given(st.text(), st.text())
def test_every_header_is_refused_or_can_be_sent(name: str, value: str) -> None:
    try:
        found = settings({name: value})
    except ConfigurationError:
        return
    ((sent, secret),) = found.headers
    assert sent == name
    assert set(sent) <= {*string.ascii_letters, *string.digits, *"!#$%&'*+.^_`|~-"}
    assert secret.value == value.strip()
    assert secret.value.isascii()
    assert secret.value.isprintable()


@pytest.mark.parametrize("value", ["", " ", "\n"])
def test_an_empty_value_is_refused(value: str) -> None:
    """What a pipeline makes of a secret that it does not have."""
    assert "the value of X-Tenant is empty" in refusal({"X-Tenant": value})


def test_a_value_has_no_line_break_at_its_end() -> None:
    """What a file that was read into it has."""
    assert headers_of(settings({"X-Tenant": " blue\n"})) == {"X-Tenant": "blue"}


@pytest.mark.parametrize(
    ("value", "sent"), [(12, "12"), (-5, "-5"), (True, "true"), (401653836127210534, "401653836127210534")]
)
def test_a_number_that_the_engine_made_of_a_text_is_taken(value: object, sent: str) -> None:
    """`pulumi config set --path` stores "12" as a number, and "true" as a boolean."""
    assert headers_of(settings({"X-Tenant": value})) == {"X-Tenant": sent}


@pytest.mark.parametrize("value", [12345678901234567000, 1.5, 1e19, None, ["s3cr3t"], {"x": "s3cr3t"}])
def test_another_value_than_a_text_is_refused(value: object) -> None:
    """A larger number has lost its last digits before it gets here."""
    message = refusal({"X-Tenant": value})
    assert "the value of X-Tenant must be text" in message
    assert "--type string" in message
    assert "s3cr3t" not in message


@pytest.mark.parametrize(
    "text",
    ['{"X-A": "1", "X-A": "2"}', '{"X-A": "1", "x-a": "2"}', '{"X-A": "1", "X_A": "2"}'],
    ids=["same", "case", "_"],
)
def test_a_header_that_is_there_twice_is_refused(text: str) -> None:
    assert "twice" in refusal(text)


@pytest.mark.parametrize("name", ["Host", "x-zitadel-instance-host", "X-Zitadel-Public-Host"])
def test_a_host_is_a_host_name(name: str) -> None:
    for value in ("acme.example", "acme.example:8443", "[::1]:8080", "10.0.0.1"):
        assert headers_of(settings({name: value})) == {name: value}
    for value in ("https://acme.example", "acme.example/", "acme.example, evil.example", "ann@acme.example"):
        assert f"the value of {name} must be a host name" in refusal({name: value})


# Where they are sent.


def transport(
    server: Any, headers: Mapping[str, str], waits: Waits, credential: Any = None, notices: list[str] | None = None
) -> Transport:
    named = tuple((name, Secret(value)) for name, value in headers.items())
    found = Settings(URL, credential or PersonalAccessToken(Secret("pat-1")), URL, headers=named, retry_deadline=3.0)
    received = [] if notices is None else notices
    return Transport(found, transport=httpx.MockTransport(server), sleep=waits, notice=received.append)


@pytest.mark.parametrize("credential", [PAIR, None], ids=["exchanged", "fixed"])
def test_each_call_has_the_headers_also_that_for_a_token_and_a_public_one(
    credential: ClientCredentials | None, waits: Waits
) -> None:
    seen: list[httpx.Request] = []
    issuer = Issuer(accepts=lambda token: token != "token-1")

    def server(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(200, text="ok") if request.url.path == "/debug/healthz" else issuer(request)

    headers = {**GIVEN, "host": "acme.internal:8443", "user-agent": "corp/1"}
    with_headers = transport(server, headers, waits, credential)
    with_headers.send(WRITE)
    with_headers.get_public("Reading the health", "/debug/healthz")
    assert {request.url.path for request in seen} >= {"/management/v1/orgs/me/_deactivate", "/debug/healthz"}
    assert len([each for each in seen if each.url.path == "/oauth/v2/token"]) == (2 if credential else 0)
    for request in seen:
        assert {name: request.headers[name] for name in headers} == headers
        assert [len(request.headers.get_list(name)) for name in headers] == [1] * len(headers)
    write = next(each for each in seen if each.method == "POST" and "orgs" in each.url.path)
    assert (write.headers["x-zitadel-orgid"], write.headers["Accept"]) == ("42", "application/json")
    assert write.headers["Authorization"].startswith("Bearer ")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_header_follows_a_redirect(status: int, waits: Waits) -> None:
    for credential in (None, PAIR):
        server = Scripted(words(status, "", Location="https://login.example/?next=x"))
        with pytest.raises(UnexpectedAnswer, match=r"login\.example") as caught:
            transport(server, GIVEN, waits, credential).send(WRITE)
        assert [each.url.host for each in server.requests] == ["acme.example"]
        assert (
            "Set zorg:url to where the instance really is. If that is the login page of a proxy, give the header"
            in str(caught.value)
        )


# What an answer means.


@pytest.mark.parametrize("credential", [PAIR, None], ids=["exchanged", "fixed"])
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (words(407, "no"), "something in front of the server refuses the call: give the header that the proxy wants in zorg:headers"),
        (words(403, "<html>Forbidden</html>"), "give the header that the proxy wants in zorg:headers"),
        (words(401, "Jwt is missing", "text/plain"), r"text/plain: Jwt is missing\b.* give the header that the proxy wants"),
        (answers(401, {"message": "No API key found in request"}), "No API key found in request.* give the header"),
        (answers(403, {"code": 403, "message": "denied"}), "give the header that the proxy wants"),
        (refuses(407, 7, "no"), "give the header that the proxy wants"),
        (words(407, "", Proxy_Authenticate="x"), "give the header that the proxy wants"),
        (words(401, "", **{"WWW-Authenticate": 'Basic realm="corp"'}), 'It requests: Basic realm="corp"'),
        (words(200, "<html>Sign in</html>"), "Check zorg:url, .* If it is the login page of a proxy, give the header"),
        (words(404, "<html>Not found</html>"), "Check zorg:url, and what is in front of the server"),
        (words(404, "unable to set instance using origin", "text/plain"), "no instance with the host name acme.example"),
    ],
)  # fmt: skip
def test_a_proxy_that_wants_a_header_is_told_apart(
    answer: Answer, says: str, credential: ClientCredentials | None, waits: Waits
) -> None:
    with pytest.raises(UnexpectedAnswer, match=says) as caught:
        transport(Scripted(answer), {}, waits, credential).send(WRITE)
    is_ok = "<html>Sign in" in answer(httpx.Request("GET", URL)).text if callable(answer) else False
    assert caught.value.may_have_applied is (is_ok and credential is None)


@pytest.mark.parametrize("name", ["Host", "x-zitadel-instance-host"])
def test_an_unknown_instance_is_named_by_the_header_that_was_sent(name: str, waits: Waits) -> None:
    server = Scripted(
        refuses(404, 5, "unable to set instance using origin &{acme.internal  http} (ExternalDomain is acme.example)")
    )
    with pytest.raises(UnexpectedAnswer, match=r"no instance with the host name acme\.internal ") as caught:
        transport(server, {name: "acme.internal"}, waits).send(READ)
    assert "&{acme.internal  http} (ExternalDomain is acme.example)" in str(caught.value)
    assert "in zorg:headers (ZITADEL_HEADERS) as x-zitadel-instance-host or Host" in str(caught.value)


def test_what_zitadel_refuses_is_no_proxy(waits: Waits) -> None:
    with pytest.raises(PermissionDenied):
        transport(Scripted(refuses(403, 7, "No matching permissions found")), GIVEN, waits).send(READ)
    with pytest.raises(CredentialError, match="invalid_client"):
        transport(Issuer(token_answer=answers(401, {"error": "invalid_client"})), GIVEN, waits, PAIR).send(READ)


def test_a_header_that_is_hidden_in_an_answer_does_not_change_what_the_answer_means(waits: Waits) -> None:
    server = Scripted(refuses(404, 5, "membership not found (AUTHZ-cdgFk)"))
    with pytest.raises(PermissionDenied, match=r"\*\*\* not found") as caught:
        transport(server, {"X-Tenant": "membership"}, waits).send(READ)
    assert "membership" not in caught.value.said


# No value shows up.


ECHOES: tuple[Answer, ...] = (
    refuses(409, 6, f"bad header {SECRET} of blue-42"),
    words(400, f"bad header {SECRET} of blue-42", "text/plain"),
    words(302, "", Location=f"https://login.example/?from={HIDDEN}&t=blue-42"),
    words(401, "", **{"WWW-Authenticate": f'Basic realm="{HIDDEN} blue-42"'}),
    words(200, f"<html>{SECRET}</html>", f"text/html; x={HIDDEN}; t=blue-42"),
    answers(401, {"error": "invalid_client", "error_description": f"{SECRET} blue-42"}),
    words(404, f"unable to set instance {SECRET} blue-42", "text/plain"),
    httpx.RemoteProtocolError(f"illegal status line: {SECRET} blue-42"),
    words(503, f"{SECRET} blue-42"),
)


@pytest.mark.parametrize("credential", [PAIR, None], ids=["exchanged", "fixed"])
def test_no_value_is_in_an_error_a_repr_a_notice_or_a_log(
    credential: ClientCredentials | None, waits: Waits, caplog: pytest.LogCaptureFixture
) -> None:
    """Something in front of the server may repeat what it received."""
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    for answer in ECHOES:
        of = transport(Scripted(answer), {**GIVEN, "Cookie": "session=c00k1e; other=x9y8"}, waits, credential, seen)
        for call in (READ, WRITE):
            with pytest.raises(ZorgError) as caught:
                of.send(call)
            seen.append(shown(caught.value))
        seen.append(f"{of!r} {of.settings!r} {vars(of.settings)} {of.auth!r}")
    everything = "\n".join([*seen, caplog.text, *(repr(record.args) for record in caplog.records)])
    assert "***" in everything
    assert "Proxy-Authorization" in everything, "the settings show the names"
    secrets = (HIDDEN, "blue-42", "c00k1e", "x9y8")
    assert not [line for line in everything.splitlines() if any(value in line for value in secrets)]


def test_the_log_of_each_call_has_no_value(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], waits: Waits
) -> None:
    """ZORG_LOG=debug, as the provider sets it up."""
    from pulumi_zorg.engine.reporter import Reporter

    monkeypatch.setenv("ZORG_LOG", "debug")
    log = logging.getLogger("pulumi_zorg")
    before = (log.level, list(log.handlers), log.propagate)
    try:
        Reporter().set_up_log()
        transport(Scripted(answers(200)), GIVEN, waits).send(READ)
    finally:
        log.setLevel(before[0])
        log.handlers[:], log.propagate = before[1], before[2]
    err = capfd.readouterr().err
    assert "/management/v1/orgs/me" in err
    assert not [value for value in (HIDDEN, "blue-42") if value in err]


def test_the_pickled_provider_has_no_header(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pulumi keeps it in the state."""
    monkeypatch.setenv("ZITADEL_HEADERS", json.dumps(GIVEN))
    provider = OrganizationProvider()
    pickled = pickle.dumps(provider)
    assert not [
        each for each in (HIDDEN, "blue-42", base64.b64encode(HIDDEN.encode()).decode()) if each.encode() in pickled
    ]
    assert vars(provider) == {}

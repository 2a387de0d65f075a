"""Bearer tokens: how one is requested from ZITADEL, how long it is kept, when it is renewed, and that no secret shows
up in an error, a repr or the log."""

from __future__ import annotations

import logging
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import httpx
import jwt
import pytest

from pulumi_zorg.api.auth import SCOPE, BearerAuth, ExchangedToken, FixedToken, SendForToken
from pulumi_zorg.api.operations import Call
from pulumi_zorg.errors import CredentialError, Unauthenticated, UnexpectedAnswer, Unreachable, ZorgError
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import ClientCredentials, Credential, PersonalAccessToken, Secret
from pulumi_zorg.settings.service_account_key import ServiceAccountKey
from tests.unit.keys import key_json, parts_of, pem, private_key
from tests.unit.patience import URL, Answer, Waits, answers, refuses, transport_to, words

ISSUER = "https://issuer.example"
SECRET = "secret-9f8e7d6c"
PAIR = ClientCredentials("iac", Secret(SECRET))
UNAUTHENTICATED = refuses(401, 16, "Errors.Token.Invalid (AUTH-7fs1e)")
READ = Call("Reading organization 42", "GET", "/management/v1/orgs/me", org="42", reads=True)
WRITE = Call("Deactivating organization 42", "POST", "/management/v1/orgs/me/_deactivate", org="42")


def key() -> ServiceAccountKey:
    return ServiceAccountKey.model_validate_json(key_json())


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


class Issuer:
    """A ZITADEL that gives the tokens ``token-1``, ``token-2``, … and accepts some of them.

    :param accepts: whether the API accepts a token; all of them by default.
    :param token_answer: the answer to a request for a token, instead.
    """

    def __init__(
        self,
        accepts: Callable[[str], bool] = lambda token: True,
        expires_in: object = 43_199,
        token_answer: Answer | None = None,
    ) -> None:
        self.accepts = accepts
        self.expires_in = expires_in
        self.token_answer = token_answer
        self.requested: list[httpx.Request] = []
        self.used: list[str] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/v2/token":
            return self.gives(request)
        token = request.headers["authorization"].removeprefix("Bearer ")
        self.used.append(token)
        if not self.accepts(token):
            assert callable(UNAUTHENTICATED)
            return UNAUTHENTICATED(request)
        return httpx.Response(200, json={"org": {}})

    def gives(self, request: httpx.Request) -> httpx.Response:
        self.requested.append(request)
        if isinstance(self.token_answer, Exception):
            raise self.token_answer
        if self.token_answer is not None:
            return self.token_answer(request)
        answer = {"access_token": f"token-{len(self.requested)}", "token_type": "Bearer", "expires_in": self.expires_in}
        return httpx.Response(200, json={name: value for name, value in answer.items() if value is not None})


def form_of(request: httpx.Request) -> dict[str, str]:
    return {name: value for name, (value,) in parse_qs(request.content.decode(), strict_parsing=True).items()}


def http(issuer: Issuer, auth: BearerAuth) -> httpx.Client:
    """A client of the issuer."""
    if isinstance(auth, ExchangedToken):
        auth._send = plain(issuer)
    return httpx.Client(base_url=URL, transport=httpx.MockTransport(issuer), auth=auth)


def plain(issuer: Issuer) -> SendForToken:
    """Send requests for a token to the issuer."""
    client = httpx.Client(base_url=URL, transport=httpx.MockTransport(issuer))
    return lambda form: client.post("/oauth/v2/token", data=dict(form))


def exchanged(credential: ServiceAccountKey | ClientCredentials = PAIR, clock: Clock | None = None) -> ExchangedToken:
    return ExchangedToken(credential, Settings(URL, credential, ISSUER), plain(Issuer()), clock or Clock())


# The requests for a token.


def test_a_key_signs_an_assertion_for_a_token() -> None:
    clock, issuer = Clock(), Issuer()
    http(issuer, exchanged(key(), clock)).get("/x")
    (request,) = issuer.requested
    assert (request.method, str(request.url)) == ("POST", f"{URL}/oauth/v2/token")
    assert request.headers["content-type"] == "application/x-www-form-urlencoded"
    assert "authorization" not in request.headers
    form = form_of(request)
    assert form.pop("grant_type") == "urn:ietf:params:oauth:grant-type:jwt-bearer"
    assert form.pop("scope") == SCOPE
    assertion = form.pop("assertion")
    assert form == {}
    assert jwt.get_unverified_header(assertion) == {"alg": "RS256", "kid": "key-77", "typ": "JWT"}
    claims = jwt.decode(
        assertion,
        private_key().public_key(),
        algorithms=["RS256"],
        audience=ISSUER,
        options={"verify_exp": False, "verify_iat": False, "require": ["iss", "sub", "aud", "iat", "exp"]},
    )
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("user-42", "user-42", ISSUER)
    assert claims["iat"] <= clock.now < claims["exp"] <= claims["iat"] + 3600, "ZITADEL takes none of its future"


def test_each_token_gets_an_assertion_of_its_own_time() -> None:
    clock, issuer = Clock(), Issuer()
    client = http(issuer, exchanged(key(), clock))
    client.get("/x")
    clock.now += 50_000
    client.get("/x")
    first, second = (
        jwt.decode(form_of(each)["assertion"], options={"verify_signature": False}) for each in issuer.requested
    )
    assert second["iat"] - first["iat"] == 50_000


def test_client_credentials_go_in_the_form() -> None:
    issuer = Issuer()
    awkward = ClientCredentials("iac & co", Secret("a+b/c=d&e%f g"))
    http(issuer, exchanged(awkward)).get("/x")
    assert form_of(issuer.requested[0]) == {
        "grant_type": "client_credentials",
        "scope": SCOPE,
        "client_id": "iac & co",
        "client_secret": "a+b/c=d&e%f g",
    }
    assert "authorization" not in issuer.requested[0].headers


def test_the_scope_requests_the_audience_of_the_api() -> None:
    assert "urn:zitadel:iam:org:project:id:zitadel:aud" in SCOPE.split()


# How long a token is kept.


def test_a_token_is_kept() -> None:
    issuer = Issuer()
    client = http(issuer, exchanged())
    for _ in range(3):
        assert client.get("/x").status_code == 200
    assert len(issuer.requested) == 1
    assert issuer.used == ["token-1"] * 3


def test_a_token_is_renewed_a_minute_before_it_expires() -> None:
    clock, issuer = Clock(), Issuer()
    client = http(issuer, exchanged(clock=clock))
    client.get("/x")
    clock.now += 43_199 - 61
    client.get("/x")
    clock.now += 2
    client.get("/x")
    assert issuer.used == ["token-1", "token-1", "token-2"]


@pytest.mark.parametrize("expires_in", [1, 30, 90])
def test_a_token_of_a_short_life_is_used_for_half_of_it(expires_in: int) -> None:
    clock, issuer = Clock(), Issuer(expires_in=expires_in)
    client = http(issuer, exchanged(clock=clock))
    client.get("/x")
    clock.now += expires_in * 0.3
    client.get("/x")
    clock.now += expires_in * 0.3
    client.get("/x")
    assert issuer.used == ["token-1", "token-1", "token-2"]


@pytest.mark.parametrize("expires_in", [None, 0, -5, "soon"])
def test_a_token_that_does_not_say_how_long_it_lives_is_used_once(expires_in: object) -> None:
    issuer = Issuer(expires_in=expires_in)
    client = http(issuer, exchanged())
    client.get("/x")
    client.get("/x")
    assert issuer.used == ["token-1", "token-2"]


def test_threads_that_wait_for_a_token_during_an_outage_fail_together() -> None:
    """Each of them would else wait for the whole deadline, one after the other."""
    source, sent = exchanged(), list[int]()

    def unreachable(form: Mapping[str, str]) -> httpx.Response:
        sent.append(len(sent))
        time.sleep(0.3)
        raise Unreachable("Requesting a token: no answer.", may_have_applied=False)

    source._send = unreachable
    with ThreadPoolExecutor(4) as pool:
        failures = [each.exception() for each in [pool.submit(source.token) for _ in range(4)]]
    assert sent == [0]
    assert [str(each) for each in failures] == ["Requesting a token: no answer."] * 4
    source._send = plain(Issuer())
    # Who asks after the outage does not get the old failure.
    assert source.token() == "token-1"


# After a 401.


def test_a_refused_token_is_renewed_once() -> None:
    issuer = Issuer(accepts=lambda token: token == "token-2")
    client = http(issuer, exchanged())
    assert client.get("/x").status_code == 200
    assert client.get("/x").status_code == 200
    assert issuer.used == ["token-1", "token-2", "token-2"]


def test_a_second_refusal_is_the_answer() -> None:
    issuer = Issuer(accepts=lambda token: False)
    assert http(issuer, exchanged()).get("/x").status_code == 401
    assert issuer.used == ["token-1", "token-2"]
    assert len(issuer.requested) == 2


def test_the_same_token_is_not_tried_twice() -> None:
    issuer = Issuer(accepts=lambda token: False)
    client = http(issuer, exchanged())
    issuer.token_answer = answers(200, {"access_token": "token-1", "expires_in": 60})
    assert client.get("/x").status_code == 401
    assert issuer.used == ["token-1"]


def test_a_call_with_a_body_is_sent_again_as_it_was() -> None:
    bodies: list[bytes] = []

    class Keeping(Issuer):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            if request.url.path != "/oauth/v2/token":
                bodies.append(request.content)
            return super().__call__(request)

    issuer = Keeping(accepts=lambda token: token == "token-2")
    assert http(issuer, exchanged()).post("/x", json={"name": "Acme"}).status_code == 200
    assert len(bodies) == 2
    assert bodies[0] == bodies[1] != b""


def test_a_personal_access_token_is_sent_as_it_is_and_never_renewed() -> None:
    issuer = Issuer(accepts=lambda token: False)
    source = FixedToken(PersonalAccessToken(Secret("pat-1")))
    assert http(issuer, source).get("/x").status_code == 401
    assert (issuer.used, issuer.requested) == (["pat-1"], [])


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_no_other_refusal_renews_a_token(status: int) -> None:
    class Refusing(Issuer):
        def __call__(self, request: httpx.Request) -> httpx.Response:
            answer = super().__call__(request)
            return answer if request.url.path == "/oauth/v2/token" else httpx.Response(status, json={"code": 2})

    issuer = Refusing()
    assert http(issuer, exchanged()).get("/x").status_code == status
    assert (len(issuer.requested), len(issuer.used)) == (1, 1)


def test_a_401_that_stays_is_an_error_with_what_to_do(waits: Waits) -> None:
    issuer = Issuer(accepts=lambda token: False)
    with pytest.raises(Unauthenticated, match="belongs to this instance") as caught:
        transport_to(issuer, waits, credential=PAIR).send(WRITE)
    assert not caught.value.may_have_applied
    assert (len(issuer.used), waits) == (2, [])


# One thread at a time.


def test_eight_threads_ask_for_one_token() -> None:
    second = threading.Event()

    class Slow(Issuer):
        def gives(self, request: httpx.Request) -> httpx.Response:
            if self.requested:
                second.set()
            answer = super().gives(request)
            second.wait(0.2)  # time for another thread to request one too, if it may
            return answer

    issuer = Slow()
    client, together = http(issuer, exchanged()), threading.Barrier(8)

    def call(_: int) -> int:
        together.wait(30)
        return client.get("/x").status_code

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(8))) == [200] * 8
    assert len(issuer.requested) == 1
    assert issuer.used == ["token-1"] * 8


def test_eight_threads_with_a_refused_token_ask_for_one_other() -> None:
    together = threading.Barrier(8)

    def accepts(token: str) -> bool:
        if token == "token-1":
            together.wait(30)  # all eight hold the first token when it is refused
        return token == "token-2"

    issuer = Issuer(accepts)
    client = http(issuer, exchanged())
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(lambda _: client.get("/x").status_code, range(8))) == [200] * 8
    assert len(issuer.requested) == 2
    assert sorted(issuer.used) == ["token-1"] * 8 + ["token-2"] * 8


def test_a_thread_that_fails_to_get_a_token_does_not_block_the_others(waits: Waits) -> None:
    issuer = Issuer(token_answer=answers(400, {"error": "invalid_client"}))
    transport = transport_to(issuer, waits, credential=PAIR)
    with pytest.raises(CredentialError):
        transport.send(READ)
    issuer.token_answer = None
    assert transport.send(READ) == {"org": {}}


# What is refused.

REFUSALS = [
    pytest.param(500, {"error": "server_error", "error_description": "Errors.Internal"}, id="an assertion, 2025-12"),
    pytest.param(400, {"error": "invalid_grant", "error_description": "invalid assertion"}, id="an assertion, 2026-07"),
    pytest.param(400, {"error": "invalid_client", "error_description": "client not found"}, id="an unknown client"),
    pytest.param(
        400,
        {"error": "invalid_request", "error_description": "Errors.User.Machine.Secret.Invalid"},
        id="a wrong secret",
    ),
]


@pytest.mark.parametrize(("status", "answer"), REFUSALS)
@pytest.mark.parametrize("credential", [PAIR, key()], ids=["client credentials", "key"])
def test_a_refused_credential_is_an_error_and_is_not_repeated(
    status: int, answer: dict[str, str], credential: Credential, waits: Waits
) -> None:
    issuer = Issuer(token_answer=answers(status, answer))
    with pytest.raises(CredentialError) as caught:
        transport_to(issuer, waits, credential=credential).send(READ)
    message = str(caught.value)
    assert f"it answered {status}: {answer['error']} {answer['error_description']}. " in message
    if credential is PAIR:
        assert "the client credentials of iac" in message
        assert "Check the client id and the client secret" in message
    else:
        assert "the service-account key key-77 of user user-42" in message
        assert "clock" in message
        assert f"the issuer is {URL} (zorg:audience" in message
    assert (len(issuer.requested), issuer.used, waits) == (1, [], [])


ORIGIN = "The credential was read from zorg:token, as it was at the last `pulumi up`."


@pytest.mark.parametrize("credential", [PAIR, key()], ids=["client credentials", "key"])
def test_a_credential_that_gets_no_token_is_refused_with_its_origin(credential: Credential, waits: Waits) -> None:
    issuer = Issuer(token_answer=answers(400, {"error": "invalid_client"}))
    with pytest.raises(CredentialError) as caught:
        transport_to(issuer, waits, credential=credential, credential_origin=ORIGIN).send(READ)
    assert str(caught.value).endswith(f" {ORIGIN}")


def test_an_unreadable_key_is_refused_with_its_origin(waits: Waits) -> None:
    broken = ServiceAccountKey.model_validate_json(key_json(key="no key"))
    with pytest.raises(CredentialError) as caught:
        transport_to(Issuer(), waits, credential=broken, credential_origin=ORIGIN).send(READ)
    assert str(caught.value).endswith(f" {ORIGIN}")


@pytest.mark.parametrize("credential", [PAIR, PersonalAccessToken(Secret("pat-1"))], ids=["exchanged", "fixed"])
def test_a_401_names_the_origin_of_the_credential(credential: Credential, waits: Waits) -> None:
    issuer = Issuer(accepts=lambda token: False)
    with pytest.raises(Unauthenticated) as caught:
        transport_to(issuer, waits, credential=credential, credential_origin=ORIGIN).send(WRITE)
    assert str(caught.value).endswith(f" {ORIGIN}")


def test_a_refusal_without_words_is_an_error_too(waits: Waits) -> None:
    with pytest.raises(CredentialError, match="it answered 400"):
        transport_to(Issuer(token_answer=answers(400, {})), waits, credential=PAIR).send(READ)


@pytest.mark.parametrize("answer", [{}, {"access_token": ""}, {"access_token": 7}, {"access_token": None}])
def test_an_answer_without_a_token_is_none(answer: dict[str, object], waits: Waits) -> None:
    with pytest.raises(CredentialError, match="it answered 200"):
        transport_to(Issuer(token_answer=answers(200, answer)), waits, credential=PAIR).send(READ)


@pytest.mark.parametrize(
    "answer",
    [
        words(200, "<html>Sign in</html>"),
        words(404, "<html>Not Found</html>"),
        words(500, "<html>Oops</html>"),
        words(302, "", Location="https://elsewhere.example/"),
        words(200, ""),
        words(200, "[]", "application/json"),
        words(200, '"token"', "application/json"),
    ],
    ids=["html 200", "html 404", "html 500", "redirect", "empty", "list", "text"],
)
def test_an_answer_of_something_else_than_zitadel_is_an_error(answer: Answer, waits: Waits) -> None:
    issuer = Issuer(token_answer=answer)
    with pytest.raises(UnexpectedAnswer, match=r"(Check|Set) zorg:url") as caught:
        transport_to(issuer, waits, credential=PAIR).send(WRITE)
    assert not caught.value.may_have_applied, "the call itself was never sent"
    assert (len(issuer.requested), issuer.used) == (1, [])


@pytest.mark.parametrize(
    "passing",
    [httpx.ReadTimeout("slow"), answers(429, {}), words(503, "busy"), words(502, "bad")],
    ids=["no answer in time", "429", "503", "502"],
)
def test_asking_for_a_token_is_repeated_even_for_a_write(passing: Answer, waits: Waits) -> None:
    issuer = Issuer(token_answer=passing)
    notices: list[str] = []

    def server(request: httpx.Request) -> httpx.Response:
        if len(issuer.requested) == 2:
            issuer.token_answer = None
        return issuer(request)

    assert transport_to(server, waits, notices, credential=PAIR).send(WRITE) == {"org": {}}
    assert (len(issuer.requested), len(waits), len(issuer.used)) == (3, 2, 1)
    begins = ("Requesting a token: ", f"{URL} takes no more calls for ", f"{URL} answers again after ")
    assert all(notice.startswith(begins) for notice in notices)


def test_patience_for_a_token_is_had_once(waits: Waits) -> None:
    issuer = Issuer(token_answer=words(503, "busy"))
    with pytest.raises(Unreachable, match="Requesting a token") as caught:
        transport_to(issuer, waits, credential=PAIR, retry_deadline=60.0).send(READ)
    assert not caught.value.may_have_applied
    assert sum(waits) <= 60.0


def test_a_token_from_an_address_that_has_never_answered_is_asked_for_once(waits: Waits) -> None:
    issuer = Issuer(token_answer=httpx.ConnectError("refused"))
    with pytest.raises(Unreachable, match=r"Requesting a token.+Check zorg:url. `zorg doctor` finds out"):
        transport_to(issuer, waits, credential=PAIR).send(READ)
    assert (len(issuer.requested), waits) == (1, [])


def test_a_write_that_was_refused_and_finds_no_other_token_was_not_performed(waits: Waits) -> None:
    issuer = Issuer(accepts=lambda token: False)

    def server(request: httpx.Request) -> httpx.Response:
        if issuer.used:
            issuer.token_answer = words(503, "busy")
        return issuer(request)

    with pytest.raises(Unreachable) as caught:
        transport_to(server, waits, credential=PAIR, retry_deadline=5.0).send(WRITE)
    assert not caught.value.may_have_applied
    assert issuer.used == ["token-1"]


# No secret shows up.


def shown(error: BaseException) -> str:
    """All that a traceback, a log or a debugger would print of an error."""
    chain: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in chain:
        chain.append(at)
        at = at.__cause__ or at.__context__
    return "\n".join(
        [*traceback.format_exception(error), *(f"{each!r} {each} {vars(each)} {each.args}" for each in chain)]
    )


@pytest.mark.parametrize(
    "garbage",
    [
        "-----BEGIN RSA PRIVATE KEY-----\nTm90QUtleUF0QWxs\n-----END RSA PRIVATE KEY-----\n",
        "Tm90QUtleUF0QWxs",
        "-----BEGIN RSA PRIVATE KEY-----\nTm90QUtleUF0QWxs",
        "-----BEGIN OPENSSH PRIVATE KEY-----\nTm90QUtleUF0QWxs\n-----END OPENSSH PRIVATE KEY-----\n",
    ],
)
def test_an_unreadable_private_key_is_an_error_that_does_not_show_it(garbage: str, waits: Waits) -> None:
    issuer, credential = Issuer(), ServiceAccountKey.model_validate_json(key_json(key=garbage))
    with pytest.raises(
        CredentialError, match="private key in the service-account key key-77 of user user-42"
    ) as caught:
        transport_to(issuer, waits, credential=credential).send(READ)
    assert "Tm90QUtleUF0QWxs" not in shown(caught.value)
    assert caught.value.__context__ is None
    assert issuer.requested == []


@pytest.mark.parametrize("kind", ["personal access token", "key", "client credentials"])
def test_no_secret_is_in_an_error_a_repr_or_the_log(kind: str, waits: Waits, caplog: pytest.LogCaptureFixture) -> None:
    credential: Credential
    if kind == "key":
        credential, secrets = key(), {*parts_of(pem()), "token-1", "token-2"}
    elif kind == "client credentials":
        credential, secrets = PAIR, {SECRET, "token-1", "token-2"}
    else:
        credential, secrets = PersonalAccessToken(Secret("pat-5a4b3c2d")), {"pat-5a4b3c2d"}
    caplog.set_level(logging.DEBUG)
    seen: list[str] = []
    for issuer in (
        Issuer(),
        Issuer(accepts=lambda token: False),
        Issuer(token_answer=answers(400, {"error": "invalid_grant"})),
        Issuer(token_answer=words(200, "<html>")),
        Issuer(token_answer=httpx.ConnectError("refused")),
    ):
        transport = transport_to(issuer, waits, seen, credential=credential, retry_deadline=3.0)
        for call in (READ, WRITE):
            try:
                seen.append(repr(transport.send(call)))
            except ZorgError as error:
                seen.append(shown(error))
        seen.append(f"{transport!r} {transport.auth!r} {transport.settings!r}")
    everything = "\n".join([*seen, caplog.text, *(repr(record.args) for record in caplog.records)])
    assert "orgs/me" in caplog.text, "the log was looked at"
    assert not [secret for secret in secrets if secret in everything]
    assert "assertion=" not in everything


def test_a_repr_has_no_secret() -> None:
    assert "pat-1" not in repr(FixedToken(PersonalAccessToken(Secret("pat-1"))))
    assert SECRET not in repr(exchanged())
    assert "PRIVATE KEY" not in repr(exchanged(key()))


@pytest.mark.parametrize("call", [READ, WRITE])
def test_the_wait_for_a_token_is_not_counted_as_the_time_of_the_call(waits: Waits, call: Call) -> None:
    """Else a write is sent after the wait, and its answer is thrown away."""
    busy = [answers(503, {}, Retry_After="40")]
    issuer, sent = Issuer(), list[httpx.Request]()

    def server(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/oauth/v2/token":
            answer = busy.pop() if busy else issuer.gives
            assert callable(answer)
            return answer(request)
        sent.append(request)
        return httpx.Response(200, content=iter([b'{"org": {}}']))

    assert transport_to(server, waits, credential=PAIR).send(call) == {"org": {}}
    assert len(sent) == 1
    assert waits
    assert sum(waits) > 30.0

"""Waiting that takes no time, and a server that answers what a test wrote down."""

from __future__ import annotations

import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from pulumi_zorg.api import retry, transport
from pulumi_zorg.api.transport import Transport
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import Credential, PersonalAccessToken, Secret

URL = "https://acme.example"
TOKEN = "pat-1f0c2b7a"

#: What a server does with a request: an answer, or how the connection fails.
Answer = Callable[[httpx.Request], httpx.Response] | Exception


class Waits(list[float]):
    """A ``sleep`` that records the seconds that it was called with, and moves the clock on by them."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        super().__init__()
        # Only where waiting is measured: the emulators of this process have timers that need the real clock.
        moved = SimpleNamespace(monotonic=lambda: time.monotonic() + sum(self), time=time.time, sleep=time.sleep)
        for module in (retry, transport):
            monkeypatch.setattr(module, "time", moved)

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


class Scripted:
    """A server under :class:`httpx.MockTransport`: gives its answers in order, and the last one for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer(request)


def answers(status: int, json: Any = None, **headers: str) -> Answer:
    """An answer in JSON."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request: httpx.Response(status, json={} if json is None else json, headers=named)


def words(status: int, text: str, content_type: str = "text/html", **headers: str) -> Answer:
    """An answer of anything else than ZITADEL."""
    return lambda request: httpx.Response(status, text=text, headers={"content-type": content_type, **headers})


def refuses(status: int, code: int | str, message: str) -> Answer:
    """A refusal in ZITADEL's words."""
    return answers(status, {"code": code, "message": message, "details": []})


def transport_to(
    server: Callable[[httpx.Request], httpx.Response],
    waits: Waits,
    notices: list[str] | None = None,
    *,
    credential: Credential | None = None,
    retry_deadline: float = 120.0,
    credential_origin: str = "",
) -> Transport:
    """A transport that reaches ``server`` and waits in no time."""
    received = [] if notices is None else notices
    return Transport(
        Settings(
            URL,
            credential or PersonalAccessToken(Secret(TOKEN)),
            URL,
            retry_deadline=retry_deadline,
            credential_origin=credential_origin,
        ),
        transport=httpx.MockTransport(server),
        sleep=waits,
        notice=received.append,
    )

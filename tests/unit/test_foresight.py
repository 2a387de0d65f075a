"""What a preview asks: no question holds it for long, whatever the server does."""

from __future__ import annotations

import threading

import pytest
from pydantic import SecretStr

from pulumi_zorg.config import PersonalAccessToken, Settings
from pulumi_zorg.providers import foresight
from pulumi_zorg.providers.kinds import KINDS
from pulumi_zorg.providers.organization import OrganizationKind


def test_an_answer_that_comes_byte_by_byte_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte begins the time-out of a call anew; the question has one of its own, and is the last."""
    ends = threading.Event()
    asked = []

    def find(*args: object) -> None:
        asked.append(args)
        ends.wait(60)

    monkeypatch.setattr(OrganizationKind, "find", find)
    monkeypatch.setattr(foresight, "_SECONDS", 0.05)
    kind = next(each for each in KINDS.values() if isinstance(each, OrganizationKind))
    preview = foresight.Foresight(
        Settings("http://127.0.0.1:9", PersonalAccessToken(SecretStr("t")), "http://127.0.0.1:9")
    )
    try:
        for _ in range(2):
            assert preview.standing(kind, "42", {"name": "Acme"}) == {"name": "Acme"}
        assert preview.standing(kind, "42", {"name": "Acme"}, certain=True) is None
    finally:
        ends.set()
        preview.close()
    assert len(asked) == 1

"""Would the random sequences notice? Five deliberately broken variants of the provider, each of which they must find."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from pulumi_zorg import proof
from pulumi_zorg.client import Client
from pulumi_zorg.client.organizations import Organizations
from pulumi_zorg.client.transport import Call
from pulumi_zorg.errors import NotFound, PermissionDenied, Unreachable
from pulumi_zorg.inputs import Inputs
from pulumi_zorg.models import OrganizationRecord, Wire, parse
from pulumi_zorg.providers import converge, creation, session, user_grant
from pulumi_zorg.providers.journal import Journal, Note, Try
from pulumi_zorg.providers.kind import Kind
from tests.stateful.machine import Server, Stack


class _Shown(Wire):
    org: OrganizationRecord


Broken = Callable[[], AbstractContextManager[Any]]


def takes_any_404_for_gone() -> AbstractContextManager[Any]:
    """As the Terraform provider does."""

    def find(client: Client, org_id: str, grant_id: str, user_id: str | None, project_id: str | None) -> Any:
        try:
            return proof.Found(client.user_grants.read(org_id, grant_id, user_id))
        except (NotFound, PermissionDenied):
            return proof.Removal("404")

    return mock.patch.object(user_grant, "find_user_grant", find)


def trusts_the_header() -> AbstractContextManager[Any]:
    """Without comparing the id in the answer with the one in the header."""

    def read(self: Organizations, org_id: str) -> OrganizationRecord:
        answer = self._transport.send(Call("Reading", "GET", "/management/v1/orgs/me", org=org_id, reads=True))
        record = parse(_Shown, answer, "Reading").org
        return record.model_copy(update={"id": org_id})

    return mock.patch.object(Organizations, "read", read)


def adopts_whatever_stands_there() -> AbstractContextManager[Any]:
    """A name that is taken is taken over, whoever made it."""

    def own(kind: Kind[Any], client: Client, inputs: Inputs, note: Note) -> str | None:
        return kind.find_like(client, inputs)

    def taken(kind: Kind[Any], client: Client, inputs: Inputs, refused: Exception) -> Exception:
        return refused

    class Always(Journal):
        def find(self, url: str, owner: str) -> Note | None:
            identity = session.owners._of_identity
            key = next((dict(each) for each, whose in identity.items() if whose == owner), {})
            return Note(url, owner, key, (Try(session.client().me.id, 0.0),))

    return _all(
        mock.patch.object(creation, "_own", own),
        mock.patch.object(creation, "_taken", taken),
        mock.patch.object(Journal, "find", Always.find),
    )


def keeps_no_note() -> AbstractContextManager[Any]:
    """So that a create that was cut short is a stranger to the next run."""
    return mock.patch.object(Journal, "find", return_value=None)


def takes_a_lost_answer_for_success() -> AbstractContextManager[Any]:
    """Without looking whether the write happened."""
    real = converge._converge

    def hopeful(look: Any, perform: Any, title: str, client: Client, guard: Any) -> Any:
        lost: list[Any] = []

        def attempt(step: Any) -> None:
            try:
                perform(step)
            except Unreachable as failure:
                if not failure.performed:
                    raise
                lost.append(step)

        def seen() -> tuple[Any, tuple[Any, ...]]:
            found, plan = look()
            return found, tuple(step for step in plan if step not in lost)

        return real(seen, attempt, title, client, guard)

    return mock.patch.object(converge, "_converge", hopeful)


def _all(*patches: Any) -> AbstractContextManager[Any]:
    stack = ExitStack()
    for patch in patches:
        stack.enter_context(patch)
    return stack


@pytest.fixture(autouse=True)
def _leaves_no_server() -> Iterator[None]:
    yield
    Server.close()
    session.begin(None)


@pytest.mark.timeout(900)
@pytest.mark.parametrize(
    "broken",
    [
        takes_any_404_for_gone,
        trusts_the_header,
        adopts_whatever_stands_there,
        keeps_no_note,
        takes_a_lost_answer_for_success,
    ],
)
def test_a_broken_provider_is_found(broken: Broken) -> None:
    attempt = settings(
        max_examples=400,
        stateful_step_count=16,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    with broken(), pytest.raises(AssertionError):
        run_state_machine_as_test(Stack, settings=attempt)

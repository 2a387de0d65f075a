"""Would the random sequences notice? Deliberately broken variants of the provider and the guard, each of which they must find."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.operations import Call
from pulumi_zorg.api.organizations import Organizations
from pulumi_zorg.api.records import OrganizationRecord, Wire, parse
from pulumi_zorg.engine import context, create, reconcile
from pulumi_zorg.engine.conflict import Conflict
from pulumi_zorg.engine.pending import Attempt, PendingCreate, PendingCreates
from pulumi_zorg.engine.target import Target
from pulumi_zorg.errors import ApiError, NotFound, PermissionDenied, Unreachable
from pulumi_zorg.guard import pipeline
from pulumi_zorg.guard.limits import LOSING_ACCESS, AccessLimit
from pulumi_zorg.resource_types import lifecycle
from pulumi_zorg.resource_types.inputs import Inputs
from pulumi_zorg.resource_types.lifecycle import Step
from pulumi_zorg.resource_types.project.declaration import ProjectType
from pulumi_zorg.resource_types.project_grant.calls import ProjectGrantCalls
from pulumi_zorg.resource_types.project_grant.declaration import ProjectGrantType
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.world import proof
from pulumi_zorg.world.observed import Address
from tests.stateful.laws import COUNTED
from tests.stateful.machine import Server, Stack


class _Shown(Wire):
    org: OrganizationRecord


Broken = Callable[[], AbstractContextManager[Any]]


def treats_any_404_as_deleted() -> AbstractContextManager[Any]:
    """As the Terraform provider does."""

    def find(client: Client, type: ResourceType[Any], id: str, address: Address) -> Any:
        try:
            return type.read(client, id, address)
        except (NotFound, PermissionDenied):
            return proof.Removal("404")

    return mock.patch.object(proof, "find_record", find)


def trusts_the_header() -> AbstractContextManager[Any]:
    """Without comparing the id in the answer with the one in the header."""

    def read(self: Organizations, org_id: str) -> OrganizationRecord:
        answer = self._transport.send(Call("Reading", "GET", "/management/v1/orgs/me", org=org_id, reads=True))
        record = parse(_Shown, answer, "Reading").org
        return record.model_copy(update={"id": org_id})

    return mock.patch.object(Organizations, "read", read)


def adopts_whatever_exists() -> AbstractContextManager[Any]:
    """A name that is taken is taken over, whoever made it."""

    def find_own(self: create.Creator[Any], inputs: Inputs, pending: PendingCreate) -> str | None:
        return self.type.find_by_unique_key(self.client, inputs)

    def error(self: Conflict[Any], refused: Exception, renamed: str | None = None) -> Exception:
        return refused

    def find(self: PendingCreates, resource: str) -> PendingCreate | None:
        declared = context.current().objects._declared_by
        identity = next((dict(key) for (_, key), name in declared.items() if name == resource), {})
        attempt = Attempt(context.current().client.me.id, 0.0)
        return PendingCreate(self._url, resource, identity, (attempt,))

    return _all(
        mock.patch.object(create.Creator, "_find_own", find_own),
        mock.patch.object(Conflict, "error", error),
        mock.patch.object(PendingCreates, "find", find),
    )


def keeps_no_pending_create() -> AbstractContextManager[Any]:
    """So that the next run takes the object of a create that was cut short for somebody else's."""
    return mock.patch.object(PendingCreates, "find", return_value=None)


def treats_a_lost_answer_as_success() -> AbstractContextManager[Any]:
    """Without reading whether the write happened."""
    real, perform = reconcile._converge, Target.perform

    def hopeful(read: Any, target: Target[Any]) -> None:
        lost: list[Step] = []

        def performed(target: Target[Any], step: Step) -> None:
            try:
                perform(target, step)
            except Unreachable as failure:
                if not failure.may_have_applied:
                    raise
                lost.append(step)

        def seen() -> Step | None:
            step: Step | None = read()
            return None if step in lost else step

        with mock.patch.object(Target, "perform", performed):
            real(seen, target)

    return mock.patch.object(reconcile, "_converge", hopeful)


def takes_roles_out_at_once() -> AbstractContextManager[Any]:
    """One call takes all roles out of a project grant, and nobody reads the user grants afterwards."""

    def set_roles(
        self: ProjectGrantCalls, client: Client, id: str, inputs: Any, found: Sequence[str], wanted: Sequence[str]
    ) -> None:
        self.write(client, "update", "Changing", id, inputs, {"roleKeys": list(wanted)})

    return _all(
        mock.patch.object(Server, "like", "2025-12"),
        mock.patch.object(ProjectGrantCalls, "set_roles", set_roles),
        mock.patch.object(ProjectGrantType, "settle", ResourceType.settle),
    )


def trusts_the_cascade_of_a_role() -> AbstractContextManager[Any]:
    """The project grants are not read after a role was removed."""
    return mock.patch.object(ProjectType, "settle", ResourceType.settle)


def trusts_an_answer_that_reads_do_not_show() -> AbstractContextManager[Any]:
    """A change that the server accepted and lost is not made again."""

    def settle(target: Target[Any], step: Step, read: reconcile.Read, refusal: Exception | None = None) -> None:
        read()
        found, inputs = target.found, target.sent
        if found is not None:
            declared = {"active": inputs.active, "role_keys": list(getattr(inputs, "role_keys", ()))}
            target.found = replace(found, properties={**found.properties, **declared})

    return mock.patch.object(reconcile, "settle", settle)


def counts_nobody_who_loses_access() -> AbstractContextManager[Any]:
    """The guard, which then knows only of deactivations and removals."""
    return mock.patch.object(pipeline, "count_people", return_value=(AccessLimit(LOSING_ACCESS, 0, 0),))


def brings_all_to_what_is_declared() -> AbstractContextManager[Any]:
    """An update also undoes what somebody changed outside and the program did not change."""
    return mock.patch.object(lifecycle, "changed_only", lambda before, declared, *others: declared)


def unlocks_who_is_locked() -> AbstractContextManager[Any]:
    """A user that is to be active is also unlocked before it is changed."""
    real = Target.perform

    def perform(self: Target[Any], step: Step) -> None:
        if self.type.halted and self.inputs.active:
            unlock = Call("Unlocking", "POST", f"/v2/users/{self.id}/unlock")
            with suppress(ApiError):  # it is not locked
                self.client.transport.send(unlock)
        real(self, step)

    return mock.patch.object(Target, "perform", perform)


def _all(*patches: Any) -> AbstractContextManager[Any]:
    stack = ExitStack()
    for patch in patches:
        stack.enter_context(patch)
    return stack


@pytest.fixture(autouse=True)
def _leaves_no_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # A broken provider changes what all examples share, like the credential's own organization: each has a server of its own.
    monkeypatch.setattr(Server, "examples", 1)
    yield
    Server.close()
    context.stop()


#: Each with the fault that is injected in place of every other one; None for all of them.
BROKEN: dict[Broken, str | None] = {
    treats_any_404_as_deleted: None,
    # A write must meet a header that is lost for the whole command, which is one fault of fifteen.
    trusts_the_header: "the header lost",
    keeps_no_pending_create: "lost answers",
    # The answer is lost, and the server has not seen the call.
    treats_a_lost_answer_as_success: "a cut",
    takes_roles_out_at_once: "too many requests",
    trusts_the_cascade_of_a_role: "too many requests",
    trusts_an_answer_that_reads_do_not_show: None,
    brings_all_to_what_is_declared: None,
}


@pytest.mark.timeout(900)
@pytest.mark.parametrize(("broken", "fault"), BROKEN.items())
def test_a_broken_provider_is_found(broken: Broken, fault: str | None, capsys: pytest.CaptureFixture[str]) -> None:
    """At least one law is broken. An exception of a broken provider alone does not count."""
    attempt = settings(
        max_examples=400,
        stateful_step_count=16,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    violations: list[AssertionError] = []
    before = COUNTED["examples"]

    @contextmanager
    def recorded() -> Iterator[None]:
        try:
            yield
        except AssertionError as violation:
            if not violations:
                with capsys.disabled():
                    print(f"\n{broken.__name__}: sequence {COUNTED['examples'] - before}: {violation}")
            violations.append(violation)
            raise

    class Watched(Stack):
        def _under(self, drawn: str, skip: int, command: str) -> None:
            super()._under(fault or drawn, skip, command)

        def _run(self, command: str) -> bool:
            with recorded():
                return super()._run(command)

        def _runs_clean(self) -> None:
            with recorded():
                super()._runs_clean()

        def _ends_well(self) -> None:
            with recorded():
                super()._ends_well()

    # What a broken provider does on four threads need not happen again when the sequence is run a second time.
    with broken(), suppress(AssertionError, Flaky):
        run_state_machine_as_test(Watched, settings=attempt)
    assert violations

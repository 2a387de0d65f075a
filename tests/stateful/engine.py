"""The engine's part of a run, in this process: checks, diffs and steps on four threads, and a state that changes only by
what a provider returned. Random sequences run thousands of times on it; what the real engine does is tested with it."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.transport import Transport
from pulumi_zorg.engine import context
from pulumi_zorg.engine.context import ProviderContext
from pulumi_zorg.engine.pending import PendingCreates
from pulumi_zorg.engine.reporter import Reporter
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.providers.human_user import HumanUserProvider
from pulumi_zorg.providers.machine_user import MachineUserProvider
from pulumi_zorg.providers.organization import OrganizationProvider
from pulumi_zorg.providers.user_grant import UserGrantProvider
from pulumi_zorg.resource_types.inputs import OWNER
from pulumi_zorg.resource_types.manager.provider import ManagerProvider
from pulumi_zorg.resource_types.project.provider import ProjectProvider
from pulumi_zorg.resource_types.project_grant.provider import ProjectGrantProvider
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from pulumi_zorg.world.tokens import short
from tests.support.stack import TOKENS

PROVIDERS: dict[str, Any] = {
    "org": OrganizationProvider,
    "machine": MachineUserProvider,
    "human": HumanUserProvider,
    "project": ProjectProvider,
    "project_grant": ProjectGrantProvider,
    "grant": UserGrantProvider,
    "manager": ManagerProvider,
}


@dataclass
class Declared:
    """A resource of the program."""

    kind: str
    args: dict[str, Any]


@dataclass
class Resource:
    """A resource in the state."""

    kind: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    #: An update of it failed half way: it is updated in the next run, whatever the program declares.
    half_done: bool = False


class Killed(BaseException):
    """The provider's process died."""


@dataclass
class MiniEngine:
    """A stack, without a process of its own for each command.

    :param url: where the provider finds the server.
    :param token: as whom.
    """

    url: str
    token: str
    folder: Path
    program: dict[str, Declared] = field(default_factory=dict)
    state: dict[str, Resource] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    #: What the provider has reported to the user in the last command.
    diagnostics: io.StringIO = field(default_factory=io.StringIO)
    #: The stack's name.
    stack: str = "s"
    #: Is told of each call before it is sent; may raise Killed.
    before: Callable[[httpx.Request], None] = lambda request: None

    def up(self) -> bool:
        """Brings the objects on the server to the program; False where something failed."""
        self._begin()
        checked = self._checked()
        if checked is None:
            return False
        replaced = [name for name in checked if self._replaces(name, checked[name])]
        # Deletions that make room for what is created under the same identity come first, as with deleteBeforeReplace.
        if not self._all([(self._delete, name) for name in replaced]):
            return False
        if not self._all([(self._step, name, checked[name]) for name in checked]):
            return False
        return self._all([(self._delete, name) for name in list(self.state) if name not in self.program])

    def plan(self) -> list[dict[str, Any]] | None:
        """The steps of an ``up``, as `pulumi preview --json` lists them; None where an input is wrong."""
        self._begin()
        checked = self._checked()
        if checked is None:
            return None
        steps = []
        for name, inputs in checked.items():
            have = self.state.get(name)
            if have is None or have.inputs != inputs:
                op = "create" if have is None else "replace" if self._replaces(name, inputs) else "update"
                steps.append(self._planned(op, name, have, {"inputs": inputs}))
        gone = [name for name in self.state if name not in self.program]
        return [*steps, *(self._planned("delete", name, self.state[name], None) for name in gone)]

    def _planned(self, op: str, name: str, have: Resource | None, new: dict[str, Any] | None) -> dict[str, Any]:
        kind = have.kind if have is not None else self.program[name].kind
        old = None if have is None else {"id": have.id, "inputs": have.inputs, "outputs": have.outputs}
        states = {"oldState": old, "newState": new}
        urn = f"urn:pulumi:{self.stack}::p::{TOKENS[kind]}::{name}"
        return {"op": op, "urn": urn, **{key: value for key, value in states.items() if value is not None}}

    def _checked(self) -> dict[str, dict[str, Any]] | None:
        checked: dict[str, dict[str, Any]] = {}
        for name, declared in self.program.items():
            provider = PROVIDERS[declared.kind]()
            olds = self.state[name].inputs if name in self.state else {}
            owner = f"o/p/{self.stack}/{short(provider.token)}/{name}"
            result = provider.check(olds, {**copy.deepcopy(declared.args), OWNER: owner})
            if result.failures:
                self.errors.append(f"{name}: {result.failures[0].property} {result.failures[0].reason}")
                return None
            checked[name] = result.inputs
        return checked

    def _replaces(self, name: str, inputs: dict[str, Any]) -> bool:
        have = self.state.get(name)
        return have is not None and bool(PROVIDERS[have.kind]().diff(have.id, have.outputs, inputs).replaces)

    def refresh(self) -> bool:
        """Reads back what is; False where something failed."""
        self._begin()
        return self._all([(self._read, name) for name in list(self.state)])

    def destroy(self) -> bool:
        """Deletes all; False where something failed."""
        self._begin()
        return self._all([(self._delete, name) for name in list(self.state)])

    def _begin(self) -> None:
        """As a new process."""
        self.errors, self.diagnostics = [], io.StringIO()
        settings = Settings(self.url, PersonalAccessToken(Secret(self.token)), self.url, timeout=10, retry_deadline=6)
        reporter = Reporter(self.diagnostics)
        transport = Transport(settings, sleep=lambda seconds: None, notice=reporter.note)
        transport._http.event_hooks = {"request": [*transport._http.event_hooks["request"], self._sent]}
        pending = PendingCreates(self.url, self.folder, reporter.warn)
        context.start(ProviderContext(transport.settings, lambda: Client(transport), pending, reporter))

    def _sent(self, request: httpx.Request) -> None:
        self.before(request)

    def _all(self, tasks: list[tuple[Any, ...]]) -> bool:
        failed = False
        with ThreadPoolExecutor(4) as pool:
            for future in [pool.submit(task, *args) for task, *args in tasks]:
                try:
                    future.result()
                except ZorgError as error:
                    self.errors.append(f"{type(error).__name__}: {error}")
                    failed = True
                except Killed:
                    self.errors.append("killed")
                    failed = True
        return not failed

    def _step(self, name: str, inputs: dict[str, Any]) -> None:
        provider = PROVIDERS[self.program[name].kind]()
        have = self.state.get(name)
        if have is None:
            made = provider.create(copy.deepcopy(inputs))
            self.state[name] = Resource(self.program[name].kind, made.id, inputs, made.outs)
        elif have.inputs != inputs or have.half_done:
            try:
                updated = provider.update(have.id, copy.deepcopy(have.outputs), copy.deepcopy(inputs))
            except ZorgError as error:
                if error.half_done is not None:
                    # The engine keeps the inputs.
                    self.state[name] = Resource(have.kind, have.id, have.inputs, dict(error.half_done), half_done=True)
                raise
            self.state[name] = Resource(have.kind, have.id, inputs, updated.outs)

    def _read(self, name: str) -> None:
        have = self.state[name]
        result = PROVIDERS[have.kind]().read(have.id, copy.deepcopy(have.outputs))
        if result.id:
            self.state[name] = Resource(have.kind, have.id, result.inputs, result.outs)
        else:
            del self.state[name]

    def _delete(self, name: str) -> None:
        have = self.state[name]
        PROVIDERS[have.kind]().delete(have.id, copy.deepcopy(have.outputs))
        del self.state[name]

"""A stack without the engine: the engine's part of a run in this process, with the methods of :class:`Stack`.

It checks, diffs, creates, updates, reads and deletes in the order of the program, one resource after the other, with a new
provider context for each command. It takes milliseconds where the engine takes seconds. The tests marked ``engine_too``
run on both, so that what is tested here holds there.
"""

from __future__ import annotations

import copy
import io
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pulumi.output import Unknown

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
from pulumi_zorg.resource_types.inputs import DECLARED_BY, IGNORED, OWNER, OWNER_IN_PREVIEW, SECRETS
from pulumi_zorg.resource_types.manager.provider import ManagerProvider
from pulumi_zorg.resource_types.project.provider import ProjectProvider
from pulumi_zorg.resource_types.project_grant.provider import ProjectGrantProvider
from pulumi_zorg.resource_types.registry import INPUTS
from pulumi_zorg.settings.config import load_settings
from pulumi_zorg.world.tokens import short
from tests.support.stack import TOKENS, Run

__all__ = ["InProcessStack"]

_PROVIDERS: dict[str, Any] = {
    "org": OrganizationProvider,
    "machine": MachineUserProvider,
    "human": HumanUserProvider,
    "project": ProjectProvider,
    "project_grant": ProjectGrantProvider,
    "grant": UserGrantProvider,
    "manager": ManagerProvider,
}
_TITLES = {kind: short(token) for kind, token in TOKENS.items()}
#: The resource options that this engine knows.
_OPTIONS = {"ignore_changes", "depends_on", "retain_on_delete"}
#: What `pulumi up --replace` is given before the name of a resource.
_REPLACE = "--replace"
_LONGEST_SLEEP = 0.02  # seconds; waiting is tested with the transport


class _Failed(Exception):
    """A step failed. The message is in the diagnostics."""


@dataclass
class _Resource:
    kind: str
    id: str
    inputs: dict[str, Any]
    outputs: dict[str, Any]
    external: bool = False
    retained: bool = False
    #: An update of it failed half way. The engine updates it in the next run, whatever the program declares.
    half_done: bool = False
    #: It was deleted for a replacement that failed afterwards.
    replacing: bool = False


@dataclass
class _Command:
    """One command of the engine.

    :param ops: the operations by resource, with the properties that differ.
    """

    preview: bool = False
    ops: dict[str, list[str]] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)


class InProcessStack:
    """A stack whose program declares what the test says."""

    def __init__(self, folder: Path, url: str, token: str, name: str = "test") -> None:
        self.folder, self.name = folder, name
        folder.mkdir(parents=True, exist_ok=True)
        self.env = {"ZITADEL_URL": url, "ZITADEL_TOKEN": token}
        self._config: dict[str, str] = {}
        self._declared: dict[str, dict[str, Any]] = {}
        self._state: dict[str, _Resource] = {}

    def declare(self, **resources: dict[str, Any]) -> None:
        """What the program declares from now on, in this order."""
        for each in resources.values():
            assert set(each.get("opts", {})) <= _OPTIONS, "the engine alone knows that option"
        self._declared = resources

    @property
    def declared(self) -> dict[str, dict[str, Any]]:
        """What the program declares, in its order."""
        return dict(self._declared)

    def run(self, *args: str) -> Run:
        """Run a command: up, preview, refresh, destroy, config set, state delete."""
        command, options = args[0], set(args[1:])
        replaced = frozenset(args[args.index(_REPLACE) + 1 :] if _REPLACE in args else ())
        run: dict[str, Callable[[_Command], None]] = {
            "up": lambda command: self._up(command, "--refresh" in options, replaced),
            "preview": lambda command: self._up(command, "--refresh" in options, replaced),
            "refresh": self._refresh,
            "destroy": self._destroy,
        }
        if command == "config":
            self._config[args[-2]] = args[-1]
            return Run(0, "")
        if command == "state":
            self._state.pop(args[-1].rsplit("::", 1)[1])
            return Run(0, "")
        preview = command == "preview" or "--preview-only" in options
        before = copy.deepcopy(self._state)
        done = _Command(preview)
        code, diagnostics = self._in_a_new_process(lambda: run[command](done))
        if preview:
            self._state = before
        if code == 0 and "--expect-no-changes" in options and done.ops:
            code = 7
        return Run(
            code, "\n".join([*done.lines, "Diagnostics:", *(f"    {line}" for line in diagnostics.splitlines())])
        )

    def must(self, *args: str) -> Run:
        """Run a command that must succeed."""
        run = self.run(*args)
        assert run.code == 0, f"{' '.join(args)} ended with {run.code}:\n{run.out}"
        return run

    def up(self, *args: str) -> Run:
        """Bring the objects on the server to what is declared."""
        return self.must("up", *args)

    def fails(self, *args: str) -> Run:
        """An ``up`` that must fail."""
        run = self.run("up", *args)
        assert run.code != 0, f"that should have failed:\n{run.out}"
        return run

    def destroy(self, *args: str) -> Run:
        """Delete all resources."""
        return self.must("destroy", *args)

    def preview(self, *args: str) -> dict[str, list[str]]:
        """The operations by resource, with the properties that differ; nothing where all is the same."""
        before = copy.deepcopy(self._state)
        done = _Command(preview=True)
        code, diagnostics = self._in_a_new_process(lambda: self._up(done, "--refresh" in args))
        self._state = before
        assert code == 0, diagnostics
        return done.ops

    def assert_settled(self) -> None:
        """Nothing to do, and nothing changed behind the state."""
        assert self.preview("--refresh") == {}

    def state(self) -> dict[str, Any]:
        """The state, as `pulumi stack export` would show it."""
        return {"version": 3, "deployment": {"resources": list(copy.deepcopy(self.resources()).values())}}

    def resources(self) -> dict[str, dict[str, Any]]:
        """The resources in the state, by name."""
        return {
            name: {
                "urn": f"urn:pulumi:{self.name}::tests::{TOKENS[each.kind]}::{name}",
                "type": TOKENS[each.kind],
                "id": each.id,
                "inputs": each.inputs,
                "outputs": each.outputs,
                "external": each.external,
            }
            for name, each in self._state.items()
        }

    def load(self, state: dict[str, Any]) -> None:
        """Replace the state."""
        kinds = {token: kind for kind, token in TOKENS.items()}
        self._state = {
            each["urn"].rsplit("::", 1)[1]: _Resource(
                kinds[each["type"]],
                each["id"],
                *(
                    {key: value for key, value in each[part].items() if key != "__provider"}
                    for part in ("inputs", "outputs")
                ),
            )
            for each in state["deployment"]["resources"]
            if each["type"] in kinds
        }

    def id(self, name: str) -> str:
        """The id of a resource in the state."""
        return self._state[name].id

    def outputs(self, name: str) -> dict[str, Any]:
        """The outputs of a resource in the state."""
        return self._state[name].outputs

    def _in_a_new_process(self, work: Callable[[], None]) -> tuple[int, str]:
        """The exit code and the diagnostics of work that begins with an empty provider context."""
        diagnostics = io.StringIO()
        reporter = Reporter(diagnostics)
        failure = ""
        try:
            settings = load_settings(lambda key: self._config.get(f"zorg:{key}"), self.env)
            transport = Transport(
                settings, sleep=lambda seconds: time.sleep(min(seconds, _LONGEST_SLEEP)), notice=reporter.note
            )
            pending = PendingCreates(settings.url, self.folder / "pending", reporter.warn)
            context.start(ProviderContext(transport.settings, lambda: Client(transport), pending, reporter))
            work()
            code = 0
        except ZorgError as raised:
            code, failure = 1, f"error: {type(raised).__name__}: {raised}\n"
        except _Failed:
            code = 1
        finally:
            context.stop()  # as the end of the process
        return code, diagnostics.getvalue() + failure

    # The commands.

    def _up(self, command: _Command, refresh: bool, replaced: frozenset[str] = frozenset()) -> None:
        if refresh:
            self._refresh(_Command(command.preview))
        failed: list[ZorgError] = []
        for name, spec in self._declared.items():
            try:
                self._step(command, name, spec, forced=name in replaced)
            except ZorgError as error:  # the engine makes independent steps at the same time
                failed.append(error)
        for error in failed[:-1]:
            context.current().reporter.note(f"error: {type(error).__name__}: {error}")
        if failed:
            raise failed[-1]
        for name in reversed([each for each in self._state if each not in self._declared]):
            command.ops[name] = ["delete"]
            if not command.preview:
                self._delete(name)

    def _step(self, command: _Command, name: str, spec: dict[str, Any], *, forced: bool) -> None:
        provider, kind, opts = _PROVIDERS[spec["kind"]](), spec["kind"], spec.get("opts", {})
        given, secrets = self._resolved(spec["args"])
        if "get" in spec:
            object_id = self._value(spec["get"])
            found = provider.read(object_id, given)
            self._state[name] = _Resource(kind, found.id, found.inputs, found.outs, external=True)
            command.lines += [f"{name}.{output}: {found.outs[output]}" for output in spec.get("export", ())]
            return
        have = self._state.get(name)
        # As a resource class sends it.
        ignored = [each for path in opts.get("ignore_changes", ()) for each in self._named(kind, path)]
        news = {
            **given,
            OWNER_IN_PREVIEW if command.preview else OWNER: f"o/tests/{self.name}/{_TITLES[kind]}/{name}",
            **({SECRETS: secrets} if secrets else {}),
            **({IGNORED: ignored} if ignored else {}),
        }
        owners = {
            key: f"o/tests/{self.name}/{_TITLES[self._declared[value[1:]]['kind']]}/{value[1:]}"
            for key, value in spec["args"].items()
            if isinstance(value, str) and value[:1] == "@" and "get" not in self._declared[value[1:]]
        }
        if command.preview and owners:
            news[DECLARED_BY] = owners
        if have is None:
            inputs = self._checked(name, provider.check({}, dict(news)))
            command.ops[name] = ["create"]
        elif forced:
            # What is replaced by an option of the engine is checked without what was before, and not compared.
            inputs = self._checked(name, provider.check({}, dict(news)))
            command.ops[name] = ["replace"]
        else:
            processed = {**news, **{each: have.inputs.get(each) for each in ignored}}
            inputs = self._checked(name, provider.check(dict(have.inputs), processed))
            if not self._replaces(command, name, inputs, provider, opts):
                return
            # The engine checks a replacement again, without what was before.
            inputs = self._checked(name, provider.check({}, dict(news)))
        if not command.preview:
            if have is not None:
                self._delete_replaced(name)
            made = provider.create(copy.deepcopy(inputs))
            self._state[name] = _Resource(kind, made.id, inputs, made.outs, retained=_retained(opts))

    def _replaces(
        self, command: _Command, name: str, inputs: dict[str, Any], provider: Any, opts: dict[str, Any]
    ) -> bool:
        """Whether what is declared replaces the resource. Else it is updated, if anything differs."""
        have = self._state[name]
        differing = sorted(each for each in {*inputs, *have.inputs} if inputs.get(each) != have.inputs.get(each))
        found = provider.diff(have.id, copy.deepcopy(have.outputs), copy.deepcopy(inputs))
        replaces, differing = found.replaces, [] if found.changes is False else differing
        if replaces or have.replacing:
            command.ops[name] = ["delete-replaced", "replace", "create-replacement", *differing]
            return True
        outs = have.outputs
        if differing or have.half_done:
            command.ops[name] = ["update", *differing]
            if command.preview:
                return False
            try:
                outs = provider.update(have.id, copy.deepcopy(have.outputs), copy.deepcopy(inputs)).outs
            except ZorgError as error:
                if error.half_done is not None:
                    have.outputs, have.half_done = dict(error.half_done), True
                raise
        self._state[name] = _Resource(have.kind, have.id, inputs, outs, retained=_retained(opts))
        return False

    @staticmethod
    def _named(kind: str, path: str) -> tuple[str, ...]:
        """The properties that an entry of ``ignore_changes`` names."""
        return tuple(INPUTS[TOKENS[kind]].names()) if path == "*" else (path,)

    @staticmethod
    def _checked(name: str, result: Any) -> dict[str, Any]:
        if result.failures:
            first = result.failures[0]
            context.current().reporter.note(f"error: resource {name}: {first.property} {first.reason}")
            raise _Failed
        return dict(result.inputs)

    def _refresh(self, command: _Command) -> None:
        for name, have in list(self._state.items()):
            found = _PROVIDERS[have.kind]().read(have.id, copy.deepcopy(have.outputs))
            if not found.id:
                command.ops[name] = ["delete"]
                del self._state[name]
            elif found.inputs is not None:
                differing = sorted(each for each in found.inputs if found.inputs[each] != have.inputs.get(each))
                if differing:
                    command.ops[name] = ["update", *differing]
                self._state[name] = _Resource(
                    have.kind, have.id, found.inputs, found.outs, have.external, have.retained
                )

    def _destroy(self, command: _Command) -> None:
        for name in reversed(list(self._state)):
            command.ops[name] = ["delete"]
            if not command.preview:
                self._delete(name)

    def _delete_replaced(self, name: str) -> None:
        """Delete it for its replacement. Where that fails, the engine goes on with the create in the next run."""
        have = self._state[name]
        if not have.replacing:
            self._delete(name)
        have.replacing = True
        self._state[name] = have

    def _delete(self, name: str) -> None:
        have = self._state[name]
        if not have.external and not have.retained:
            _PROVIDERS[have.kind]().delete(have.id, copy.deepcopy(have.outputs))
        del self._state[name]

    # What the program declares.

    def _resolved(self, args: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The arguments with the ids of other resources, and the names of those that are secret."""
        secrets = [name for name, value in args.items() if _has_secret(value)]
        return {name: self._value(value) for name, value in args.items()}, secrets

    def _value(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {key: self._value(each) for key, each in value.items()}
        if isinstance(value, list):
            return [self._value(each) for each in value]
        if not isinstance(value, str) or value[:1] not in ("@", "!"):
            return value
        if value[0] == "!":
            return value[1:]
        return self._state[value[1:]].id if value[1:] in self._state else Unknown()


def _has_secret(value: Any) -> bool:
    if isinstance(value, dict | list):
        return any(_has_secret(each) for each in (value.values() if isinstance(value, dict) else value))
    return isinstance(value, str) and value.startswith("!")


def _retained(opts: dict[str, Any]) -> bool:
    return bool(opts.get("retain_on_delete"))

"""Runs the stacks of the fleet, some at once. `python fleet.py --help` lists the commands, and README.md explains them.

Exit codes: 0 for success; 1 if a stack failed, or if nothing was run; 7 if `drift` found drift.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from layout import Fleet, MistakeInFile, is_stack, load
from plan import Part, States, held, merged, parts, refusals, rounds
from pulumi import automation

FOLDER = Path(__file__).resolve().parent
#: Seconds between two lines about the progress of one stack.
PAUSE = 10.0
#: How many keys, or errors of a stack, a line or the report has at most.
MOST = 10
#: The options of `zorg preview-guard` that `up` has. They hold for each stack by itself.
LIMITS = ("--max-deactivate", "--max-remove")
#: Errors of the engine that follow from another one.
FOLLOWING = ("update failed", "program exited with non-zero exit code: 1")


@dataclass
class Outcome:
    """How the run of a stack ended.

    :ivar changes: how many resources were created, updated and so on.
    :ivar errors: why it failed; none where it succeeded.
    """

    stack: str
    changes: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    errors: tuple[str, ...] = ()


class Watch:
    """Follows the events of one stack: prints its progress, and keeps its errors and the numbers of its changes."""

    def __init__(self, stack: str) -> None:
        self.stack = stack
        self.errors: list[str] = []
        self.changes: dict[str, int] = {}
        self._done = 0
        self._began = self._said = time.monotonic()

    def __call__(self, event: automation.EngineEvent) -> None:
        """Take an event of the engine."""
        if event.res_outputs_event is not None:
            self._done += 1
            if time.monotonic() - self._said > PAUSE:
                self._said = time.monotonic()
                say(self.stack, f"{self._done} resources")
        elif event.diagnostic_event is not None and event.diagnostic_event.severity == "error":
            message = re.sub(r"<\{%.*?%\}>|\x1b\[[0-9;]*m", "", event.diagnostic_event.message).strip()
            if message:
                self.errors.append(message)
        elif event.summary_event is not None:
            counts = event.summary_event.resource_changes or {}
            self.changes = {getattr(op, "value", str(op)): count for op, count in counts.items()}

    def outcome(self, failure: Exception | None = None) -> Outcome:
        """Return how the run ended."""
        errors = tuple(each for each in dict.fromkeys(self.errors) if not each.endswith(FOLLOWING)) or tuple(
            self.errors[:1]
        )
        if failure is not None and not errors:
            errors = (reason(failure),)
        return Outcome(self.stack, self.changes, time.monotonic() - self._began, errors if failure is not None else ())


def reason(failure: Exception) -> str:
    """Return the sentence in the output of a failed command that says why it failed."""
    lines = [line.strip() for line in str(failure).splitlines() if line.strip()]
    return next((line for line in lines if "error:" in line), lines[-1] if lines else repr(failure))


class Workspace(automation.LocalWorkspace):
    """The folder of the program. Each command names its stack, so none is selected.

    Selecting one writes a file in Pulumi's home, which the commands for the other stacks read at the same time.
    """

    def select_stack(self, stack_name: str) -> None:
        """Do nothing."""


class Runner:
    """The stacks in the backend that `pulumi` is logged in to.

    :param file: the data file.
    :param parallel: how many stacks run at once.
    :param limits: options of `zorg preview-guard`. With any, an update of a stack is bound to a plan within these limits.
    """

    def __init__(self, file: Path, parallel: int, limits: Sequence[str] = ()) -> None:
        self.parallel = parallel
        self.limits = limits
        self.interrupted = False
        self.workspace = Workspace(work_dir=str(FOLDER), env_vars={"FLEET_FILE": str(file.resolve())})
        self.existing = {
            each.name.rsplit("/", 1)[-1]
            for each in self.workspace.list_stacks()
            if is_stack(each.name.rsplit("/", 1)[-1])
        }

    def read(self) -> tuple[dict[str, Mapping[str, Any]], list[Outcome]]:
        """Return the states of the stacks with their secrets, and the stacks whose states cannot be read."""

        def export(stack: str) -> Mapping[str, Any] | Outcome:
            try:
                return self.workspace.export_stack(stack).deployment or {}
            except Exception as failure:  # noqa: BLE001 - the other stacks are read
                return Watch(stack).outcome(failure)

        with ThreadPoolExecutor(self.parallel) as pool:
            found = dict(zip(sorted(self.existing), pool.map(export, sorted(self.existing)), strict=True))
        return (
            {stack: each for stack, each in found.items() if not isinstance(each, Outcome)},
            [each for each in found.values() if isinstance(each, Outcome)],
        )

    def run(self, command: Literal["preview", "up"], stacks: Sequence[str], *, refresh: bool) -> list[Outcome]:
        """Run a command on these stacks. One that fails does not stop the others."""

        def one(name: str) -> Outcome:
            watch = Watch(name)
            say(name, f"{command} begins")
            try:
                stack = automation.Stack.select(name, self.workspace)
                operation = stack.up if command == "up" else stack.preview
                with TemporaryDirectory() as scratch:
                    plan = self._guarded(name, Path(scratch), refresh=refresh) if self.limits else None
                    operation(on_event=watch, color="never", suppress_outputs=True, refresh=refresh or None, plan=plan)
            except Exception as failure:  # noqa: BLE001 - the other stacks run
                outcome = watch.outcome(failure)
            else:
                outcome = watch.outcome()
            say(
                name, f"{'failed' if outcome.errors else 'done'} in {outcome.seconds:.0f} s: {counted(outcome.changes)}"
            )
            return outcome

        failed = self._create(stacks)
        with ThreadPoolExecutor(self.parallel) as pool:
            futures = [pool.submit(one, name) for name in stacks if name not in failed]
            try:
                wait(futures)
            except KeyboardInterrupt:
                # The engine has got the interrupt too, and ends its runs in order. No other stack begins.
                self.interrupted = True
                pool.shutdown(cancel_futures=True)
        return [*failed.values(), *(each.result() for each in futures if not each.cancelled())]

    def _guarded(self, name: str, scratch: Path, *, refresh: bool) -> str:
        """Return a plan of the stack that is within the limits. The engine stops an update that would do anything else.

        :raises RuntimeError: where a limit is exceeded, or where that is not known.
        """
        plan, shown = scratch / "up.plan", scratch / "plan.json"
        options = ["--json", "--show-replacement-steps", f"--save-plan={plan}", *(["--refresh"] if refresh else [])]
        preview = ["pulumi", "--non-interactive", "preview", "--stack", name, "--cwd", str(FOLDER), *options]
        env = {**os.environ, **self.workspace.env_vars}
        with shown.open("wb") as output:
            code = subprocess.run(preview, stdout=output, env=env, check=False).returncode  # noqa: S603
        guard = ["zorg", "preview-guard", str(shown), "--stack", name, "--cwd", str(FOLDER), *self.limits]
        judged = subprocess.run(guard, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)  # noqa: S603
        for line in judged.stdout.splitlines():
            say(name, line)
        if judged.returncode or code:
            last = (judged.stdout.strip().splitlines() or ["the preview failed"])[-1]
            raise RuntimeError(f"error: nothing was changed in this stack: {last}")
        return str(plan)

    def _create(self, stacks: Sequence[str]) -> dict[str, Outcome]:
        """Create those stacks that do not exist, one after the other. Return those for which that failed."""
        failed = {}
        for name in stacks:
            try:
                if name not in self.existing:
                    self.workspace.create_stack(name)
            except automation.CommandError as failure:
                failed[name] = Watch(name).outcome(failure)
        return failed


def say(stack: str, what: str) -> None:
    """Print a line about the progress."""
    print(f"{time.strftime('%H:%M:%S')} {stack}: {what}", file=sys.stderr, flush=True)


def counted(changes: Mapping[str, int]) -> str:
    """Return numbers of changes as text, like ``2 create, 1 same``."""
    return ", ".join(f"{count} {op}" for op, count in sorted(changes.items()) if count) or "nothing"


def listed(keys: Iterable[str]) -> str:
    """Return keys as text. Many are cut short."""
    every = list(keys)
    return ", ".join(every[:MOST]) + (f" and {len(every) - MOST} more" if len(every) > MOST else "")


def show_plan(plan: Sequence[Part]) -> None:
    """Print what a run does to the tenants of each stack."""
    for part in plan:
        print(f"{part.stack}: {len(part.tenants)} {'tenant' if len(part.tenants) == 1 else 'tenants'}")
        for what, keys in (
            ("new", part.new),
            ("taken over", part.takes),
            ("released, and kept in ZITADEL", part.leaves),
            ("REMOVED from ZITADEL", part.removes),
        ):
            if keys:
                print(f"  {len(keys)} {what}: {listed(keys)}")


def show_report(fleet: Fleet, plan: Sequence[Part], outcomes: Sequence[Outcome], *, done: bool) -> None:
    """Print one report over all stacks.

    :param done: whether the changes were made, and not only previewed.
    """
    of = {part.stack: part for part in plan}
    print(f"\n{'stack':<14}{'tenants':>8}{'seconds':>9}  result")
    total: Counter[str] = Counter()
    for each in outcomes:
        total.update(each.changes)
        result = "FAILED" if each.errors else counted(each.changes)
        tenants = len(of[each.stack].tenants) if each.stack in of else "?"
        print(f"{each.stack:<14}{tenants:>8}{each.seconds:>9.1f}  {result}")
    failed = [each for each in outcomes if each.errors]
    print(f"{len(outcomes)} stacks, {len(failed)} failed: {counted(total)}")
    for each in failed:
        for error in each.errors[:MOST]:
            print(f"\n{each.stack}: {error}")
        if len(each.errors) > MOST:
            print(f"\n{each.stack}: and {len(each.errors) - MOST} more errors")
    if failed or not done or len(outcomes) < len(plan):
        return
    if fleet.previous_stacks is not None:
        print("\nEach tenant that moves is in its new stack. Delete previous_stacks from the file, and run again.")
    for part in plan:
        if not part.tenants and part.stack not in numbered(fleet):
            print(f"\n{part.stack} is empty. Remove it: pulumi stack rm {part.stack}")


def numbered(fleet: Fleet) -> set[str]:
    """Return the stacks that the file has tenants for."""
    return {part.stack for part in parts(fleet, {})}


def update(runner: Runner, fleet: Fleet, given: argparse.Namespace) -> int:
    """Check the moves, and run ``preview`` or ``up`` on the stacks. ``check`` stops after the plan."""
    deployments, unread = runner.read()
    states: States = {stack: held(deployment) for stack, deployment in deployments.items()}
    plan = parts(fleet, states)
    refused = refusals(fleet, states)
    if refused:
        return refuse(refused)
    if given.command != "check" or not given.json:
        show_plan(plan)
    if given.command == "check":
        if given.json:
            print(json.dumps(dict(zip(("first", "then"), rounds(fleet, [each.stack for each in plan]), strict=True))))
        for each in unread:
            print(f"{each.stack}: {each.errors[0]}", file=sys.stderr)
        return 1 if unread else 0
    every = [each.stack for each in plan]
    only = given.only or every
    unknown = sorted(set(only) - set(every))
    if unknown:
        return refuse([f"there is no stack {each}" for each in unknown])
    outcomes = [each for each in unread if each.stack in only]
    failing = {each.stack for each in outcomes}
    wanted = [each for each in every if each in only and each not in failing]
    for stacks in rounds(fleet, wanted):
        if not runner.interrupted:
            outcomes += runner.run(given.command, stacks, refresh=given.refresh)
    show_report(fleet, plan, outcomes, done=given.command == "up")
    # A stack that an interrupt kept from running has no outcome.
    return 1 if any(each.errors for each in outcomes) or len(outcomes) < len(wanted) else 0


def refuse(reasons: Sequence[str]) -> int:
    """Print why nothing was run."""
    print("Nothing was run:", *(f"  - {each}" for each in reasons), sep="\n", file=sys.stderr)
    return 1


def drift(runner: Runner, fleet: Fleet, given: argparse.Namespace) -> int:
    """Compare the states of all stacks with ZITADEL, in one report of `zorg drift`."""
    deployments, unread = runner.read()
    for each in unread:
        print(f"{each.stack} is not compared: {each.errors[0]}", file=sys.stderr)
    unmanaged = [] if given.unmanaged is None else [f"--unmanaged={given.unmanaged}"]
    if unread and unmanaged:
        print("Unmanaged objects are not looked for: they may be in a stack that is not compared.", file=sys.stderr)
        unmanaged = []
    # What two stacks have is taken from the one that takes the tenant over.
    first, then = rounds(fleet, sorted(deployments))
    state = merged({stack: deployments[stack] for stack in (*then, *first)}, "zorg-fleet")
    command = ["zorg", "drift", "--state", "-", "--cwd", str(FOLDER), "--format", given.format, *unmanaged]
    code = subprocess.run(command, input=json.dumps(state), text=True, check=False).returncode  # noqa: S603
    return 1 if unread else code


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    whole = argparse.ArgumentParser(prog="fleet.py", description="Run the stacks of the fleet.")
    commands = whole.add_subparsers(dest="command", required=True)
    for name, what in (
        ("check", "show what a run would do to the tenants, and refuse what would lose one"),
        ("preview", "check, and preview each stack"),
        ("up", "check, and update each stack"),
        ("drift", "compare all stacks with ZITADEL; exit code 7 for drift"),
    ):
        command = commands.add_parser(name, help=what, description=what)
        command.add_argument("--file", type=Path, default=FOLDER / "fleet.yaml", help="the data file")
        command.add_argument(
            "--parallel", type=int, default=os.cpu_count() or 1, help="stacks at once (default: one for each processor)"
        )
        if name == "check":
            command.add_argument(
                "--json", action="store_true", help="print only which stacks run first, and which then"
            )
        elif name == "drift":
            command.add_argument("--format", choices=("table", "json", "markdown", "github"), default="table")
            command.add_argument("--unmanaged", nargs="?", const="stack", choices=("stack", "instance"))
        else:
            command.add_argument(
                "--only", action="append", metavar="STACK", help="run only this stack; may be repeated"
            )
            command.add_argument("--refresh", action="store_true", help="read what changed outside Pulumi first")
        if name == "up":
            for limit in LIMITS:
                command.add_argument(
                    limit, type=int, metavar="N", help="change nothing in a stack that exceeds this limit of the guard"
                )
    return whole


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command, and return the exit code."""
    given = parser().parse_args(arguments)
    try:
        fleet = load(given.file)
        values = ((limit, vars(given).get(limit[2:].replace("-", "_"))) for limit in LIMITS)
        limits = [f"{limit}={value}" for limit, value in values if value is not None]
        runner = Runner(given.file, max(1, given.parallel), limits)
        return (drift if given.command == "drift" else update)(runner, fleet, given)
    except FileNotFoundError as error:
        print(f"error: the command {error.filename} is not found: put it on PATH", file=sys.stderr)
    except (automation.CommandError, automation.InvalidVersionError) as error:
        print(f"`pulumi` failed: {reason(error)}", file=sys.stderr)
    except MistakeInFile as error:
        print(f"error: {error}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

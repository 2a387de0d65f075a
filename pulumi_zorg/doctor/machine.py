"""The checks of this machine: the engine, the SDK, the stack's state, and the pending creates."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pulumi_zorg.doctor.examination import Examination, moment_text, run
from pulumi_zorg.doctor.findings import Finding, error, ok, warning
from pulumi_zorg.engine.managed_objects import display_name
from pulumi_zorg.engine.pending import PendingCreate, PendingCreates, pending_creates_folder
from pulumi_zorg.engine.state import not_understood
from pulumi_zorg.errors import clean
from pulumi_zorg.settings.engine_versions import IMPORTS_SINCE, NO_IMPORT, OLDEST_ENGINE, dotted, version_in

#: Older SDKs drop the internal input that names the resource.
OLDEST_SDK = (3, 235)

_ANSWERS_WITHIN = 60  # seconds


def check_engine(examination: Examination) -> Finding:
    """The command `pulumi` can be run, and is new enough."""
    oldest = f"pulumi {dotted(OLDEST_ENGINE)} or newer"
    try:
        done = run(["pulumi", "version"], examination.folder, _ANSWERS_WITHIN, PULUMI_SKIP_UPDATE_CHECK="true")
    except FileNotFoundError:
        return error(f"the command `pulumi` is not found. Install {oldest}, and put it on PATH.")
    except (OSError, subprocess.TimeoutExpired) as failed:
        return error(f"the command `pulumi` cannot be run ({type(failed).__name__}). Install {oldest}.")
    shown = clean(done.stdout, 100)
    found = version_in(shown)
    if done.returncode != 0 or found is None:
        answer = shown or clean(done.stderr) or "nothing"
        return error(f"`pulumi version` ended with {done.returncode} and shows no version: {answer}. Install {oldest}.")
    if found < OLDEST_ENGINE:
        return error(f"pulumi {shown} is too old. Install {oldest}.")
    if found < IMPORTS_SINCE:
        return ok(
            f"pulumi {shown}. It {NO_IMPORT}. With this one, adopt=True takes over what exists (`zorg generate`)."
        )
    return ok(f"pulumi {shown}, which imports what exists (`zorg generate --import-file`, `zorg import`)")


def check_sdk(examination: Examination) -> Finding:
    """Pulumi's Python SDK of this environment is new enough."""
    way_out = f"Install it with `pip install 'pulumi>={dotted(OLDEST_SDK)}'` in the environment that runs the program."
    try:
        shown = version("pulumi")
    except PackageNotFoundError:
        return error(f"Pulumi's Python SDK is not in {sys.prefix}. {way_out}")
    found = version_in(shown)
    if found is None or found < OLDEST_SDK:
        return error(f"Pulumi's Python SDK {clean(shown)} in {sys.prefix} is too old. {way_out}")
    return ok(f"Pulumi's Python SDK {clean(shown)} in {sys.prefix}")


def check_checkpoints(examination: Examination) -> Finding:
    """The engine writes the state after each step."""
    # Measured on 3.250 and 3.276: it takes effect without PULUMI_EXPERIMENTAL too.
    if os.environ.get("PULUMI_SKIP_CHECKPOINTS", "").lower() not in ("1", "true"):
        return ok("the engine writes the state after each step")
    return warning(
        "PULUMI_SKIP_CHECKPOINTS is set: the engine writes the state once, at the end. A run that is killed before that leaves "
        "a state without the objects that it created. The next run is then refused for each of them that is not declared with "
        "adopt=True (docs/performance.md). Unset it."
    )


def check_state(examination: Examination) -> Sequence[Finding]:
    """This release understands the resources of this package in the stack's state."""
    state = examination.read_state()
    if state.not_read is not None:
        return [warning(f"the stack's state is not read: {state.not_read}")]
    if state.exported is None:
        return [ok("no stack is selected, so there is no state to read")]
    fine = ok("this release understands all resources of pulumi_zorg in the stack's state")
    return [error(each.why) for each in not_understood(state.exported)] or [fine]


def check_pending_folder(examination: Examination) -> Finding:
    """Pending creates can be kept on disk. A run without them works, and cannot be resumed."""
    cost = "A create that is cut short cannot be resumed by the next run, which may need adopt=True."
    folder = pending_creates_folder(examination.folder.resolve())
    if folder is None:
        return warning(
            "pending creates are not kept: the backend is not known, or its path is relative (like file://./state), so it "
            f"cannot be distinguished from another one. {cost} Log in (`pulumi login`), or set PULUMI_BACKEND_URL to an absolute path."
        )
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    if not existing.is_dir():
        why = f"{existing} is not a folder"
    elif not os.access(existing, os.W_OK | os.X_OK):
        why = f"{existing} belongs to {_owner(existing)}, and this user cannot write to it"
    elif existing != folder:
        return ok(f"pending creates are kept in {folder} (will be created in {existing})")
    else:
        return ok(f"pending creates are kept in {folder}, which belongs to {_owner(folder)}")
    return warning(
        f"pending creates cannot be kept in {folder}: {why}. {cost} Name another folder in ZORG_JOURNAL_DIR."
    )


def check_pending(examination: Examination) -> Sequence[Finding]:
    """No create of an earlier run was left unfinished."""
    folder = pending_creates_folder(examination.folder.resolve())
    pending = PendingCreates(examination.settings.url, folder, lambda sentence: None)
    fine = ok("this machine keeps no unfinished create of an earlier run")
    return [warning(_describe(each)) for each in pending.all()] or [fine]


def _describe(pending: PendingCreate) -> str:
    stack = clean("/".join(pending.resource.split("/")[:3]))  # as `pulumi stack select` takes it
    last = max((each.began for each in pending.attempts), default=None)
    since = f", last attempted at {moment_text(datetime.fromtimestamp(last, timezone.utc))}" if last is not None else ""
    made = f"The server has answered with the id {clean(pending.id)}. " if pending.id else ""
    return (
        f"the create of {display_name(pending.resource)} in stack {stack} is "
        f"unfinished{since}. {made}The next `pulumi up` of that stack resumes it, while its program declares the resource. "
        "If it does not any more, look for the object in ZITADEL and remove it there."
    )


def _owner(path: Path) -> str:
    try:
        return path.owner()
    except (KeyError, OSError, NotImplementedError):  # a user without a name, or a system without owners
        return f"user {path.stat().st_uid}"

"""The checks of this machine: the engine, the SDK, the stack's state, and the pending creates."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from pulumi_zorg.doctor.examination import Examination
from pulumi_zorg.doctor.findings import Finding, error, ok, warning
from pulumi_zorg.engine.backend import pending_creates_folder
from pulumi_zorg.engine.managed_objects import display_name
from pulumi_zorg.engine.pending import PendingCreate, PendingCreates
from pulumi_zorg.engine.state import not_understood
from pulumi_zorg.errors import clean
from pulumi_zorg.settings.engine_versions import IMPORTS_SINCE, NO_IMPORT, OLDEST_ENGINE, dotted, version_in

__all__ = [
    "OLDEST_ENGINE",
    "OLDEST_SDK",
    "check_checkpoints",
    "check_engine",
    "check_pending",
    "check_pending_folder",
    "check_sdk",
    "check_state",
]

#: Older SDKs drop the internal input that names the resource.
OLDEST_SDK = (3, 235)

_ANSWERS_WITHIN = 60  # seconds


def check_engine(examination: Examination) -> Iterator[Finding]:
    """The command `pulumi` can be run, and is new enough."""
    oldest = f"pulumi {dotted(OLDEST_ENGINE)} or newer"
    try:
        done = subprocess.run(
            ["pulumi", "version"],  # noqa: S607 - the user's own pulumi
            cwd=examination.folder,
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_ANSWERS_WITHIN,
            check=False,
        )
    except FileNotFoundError:
        yield error(f"the command `pulumi` is not found. Install {oldest}, and put it on PATH.")
        return
    except (OSError, subprocess.TimeoutExpired) as failed:
        yield error(f"the command `pulumi` cannot be run ({type(failed).__name__}). Install {oldest}.")
        return
    shown = clean(done.stdout, 100)
    found = version_in(shown)
    if done.returncode != 0 or found is None:
        answer = shown or clean(done.stderr) or "nothing"
        yield error(f"`pulumi version` ended with {done.returncode} and shows no version: {answer}. Install {oldest}.")
    elif found < OLDEST_ENGINE:
        yield error(f"pulumi {shown} is too old. Install {oldest}.")
    elif found < IMPORTS_SINCE:
        yield ok(f"pulumi {shown}. It {NO_IMPORT}. With this one, adopt=True takes over what exists (`zorg generate`).")
    else:
        yield ok(f"pulumi {shown}, which imports what exists (`zorg generate --import-file`, `zorg import`)")


def check_sdk(examination: Examination) -> Iterator[Finding]:
    """Pulumi's Python SDK of this environment is new enough."""
    way_out = f"Install it with `pip install 'pulumi>={dotted(OLDEST_SDK)}'` in the environment that runs the program."
    try:
        shown = version("pulumi")
    except PackageNotFoundError:
        yield error(f"Pulumi's Python SDK is not in {sys.prefix}. {way_out}")
        return
    found = version_in(shown)
    if found is None or found < OLDEST_SDK:
        yield error(f"Pulumi's Python SDK {clean(shown)} in {sys.prefix} is too old. {way_out}")
    else:
        yield ok(f"Pulumi's Python SDK {clean(shown)} in {sys.prefix}")


def check_checkpoints(examination: Examination) -> Iterator[Finding]:
    """The engine writes the state after each step."""
    # Measured on 3.250 and 3.276: it takes effect without PULUMI_EXPERIMENTAL too.
    if os.environ.get("PULUMI_SKIP_CHECKPOINTS", "").lower() not in ("1", "true"):
        yield ok("the engine writes the state after each step")
        return
    yield warning(
        "PULUMI_SKIP_CHECKPOINTS is set: the engine writes the state once, at the end. A run that is killed before that leaves "
        "a state without the objects that it created. The next run is then refused for each of them that is not declared with "
        "adopt=True (docs/performance.md). Unset it."
    )


def check_state(examination: Examination) -> Iterator[Finding]:
    """This release understands the resources of this package in the stack's state."""
    state = examination.read_state()
    if state.not_read is not None:
        yield warning(f"the stack's state is not read: {state.not_read}")
    elif state.exported is None:
        yield ok("no stack is selected, so there is no state to read")
    else:
        others = not_understood(state.exported)
        for each in others:
            yield error(each.why)
        if not others:
            yield ok("this release understands all resources of pulumi_zorg in the stack's state")


def check_pending_folder(examination: Examination) -> Iterator[Finding]:
    """Pending creates can be kept on disk. A run without them works, and cannot be resumed."""
    cost = "A create that is cut short cannot be resumed by the next run, which may need adopt=True."
    folder = pending_creates_folder(examination.folder.resolve())
    if folder is None:
        yield warning(
            "pending creates are not kept: the backend is not known, or its path is relative (like file://./state), so it "
            f"cannot be distinguished from another one. {cost} Log in (`pulumi login`), or set PULUMI_BACKEND_URL to an absolute path."
        )
        return
    existing = next(each for each in (folder, *folder.parents) if each.exists())
    way_out = f"{cost} Name another folder in ZORG_JOURNAL_DIR."
    if not existing.is_dir():
        yield warning(f"pending creates cannot be kept in {folder}: {existing} is no folder. {way_out}")
    elif not os.access(existing, os.W_OK | os.X_OK):
        yield warning(
            f"pending creates cannot be kept in {folder}: {existing} belongs to {_owner(existing)}, and this user cannot "
            f"write to it. {way_out}"
        )
    elif existing != folder:
        yield ok(f"pending creates are kept in {folder}, which will be made in {existing}")
    else:
        yield ok(f"pending creates are kept in {folder}, which belongs to {_owner(folder)}")


def check_pending(examination: Examination) -> Iterator[Finding]:
    """No create of an earlier run was left unfinished."""
    folder = pending_creates_folder(examination.folder.resolve())
    pending = PendingCreates(examination.settings.url, folder, lambda sentence: None)
    found = pending.all()
    for each in found:
        yield warning(_describe(each))
    if not found:
        yield ok("this machine keeps no unfinished create of an earlier run")


def _describe(pending: PendingCreate) -> str:
    stack = clean("/".join(pending.resource.split("/")[:3]))  # as `pulumi stack select` takes it
    began = (datetime.fromtimestamp(each.began, timezone.utc) for each in pending.attempts)
    when = max(began, default=None)
    since = f", last attempted at {when:%Y-%m-%d %H:%M:%S}Z" if when else ""
    made = f"The server has answered with the id {clean(pending.id)}. " if pending.id else ""
    return (
        f"the create of {display_name(pending.resource)} in stack {stack} is "
        f"unfinished{since}. {made}The next `pulumi up` of that stack resumes it, while its program declares the resource. "
        "If it does not any more, look for the object in ZITADEL and remove it there."
    )


def _owner(path: Path) -> str:
    try:
        return f"{path.owner()}"
    except (KeyError, OSError, NotImplementedError):  # a user without a name, or a system without owners
        return f"user {path.stat().st_uid}"

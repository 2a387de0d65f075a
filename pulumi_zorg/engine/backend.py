"""Which backend a run uses, as far as the provider's process can tell: it decides where pending creates are kept.

Two stacks of one project and name in two backends are two stacks. The engine does not tell a provider which backend it
uses, so this follows the engine's own order: PULUMI_BACKEND_URL, Pulumi.yaml, `pulumi login`.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

import yaml

from pulumi_zorg.settings.pulumi_project import project_file


def pending_creates_folder(program: Path | None = None) -> Path | None:
    """Return the folder for this backend's pending creates; None where the backend cannot be distinguished from another one.

    That is so for a path which is relative to the folder in which `pulumi` was called: the provider does not know it.

    :param program: the program's folder. The default is the current folder, in which the engine starts providers.
    """
    with contextlib.suppress(OSError, RuntimeError, ValueError, AttributeError, yaml.YAMLError):
        home = Path(os.environ.get("PULUMI_HOME") or Path.home() / ".pulumi")
        given = os.environ.get("ZORG_JOURNAL_DIR")
        folder = Path(given).expanduser() if given else home / "zorg" / "journal"
        url = os.environ.get("PULUMI_BACKEND_URL") or _of_project(program or Path.cwd()) or _of_credentials(home)
        path = url.removeprefix("file://") if url and url.startswith("file://") else None
        if url and (path is None or path.startswith("~") or os.path.isabs(path)):
            return folder / hashlib.sha256(url.encode()).hexdigest()[:16]
    return None


def _of_project(program: Path) -> str | None:
    """Return the backend that the project's file names."""
    file = project_file(program)
    if file is None:
        return None
    backend = (yaml.safe_load(file.read_text(encoding="utf-8")) or {}).get("backend") or {}
    return str(backend["url"]) if backend.get("url") else None


def _of_credentials(home: Path) -> str | None:
    folder = Path(os.environ.get("PULUMI_CREDENTIALS_PATH") or home)
    return json.loads((folder / "credentials.json").read_text(encoding="utf-8")).get("current") or None

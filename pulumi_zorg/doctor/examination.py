"""What the checks of one run share: the question, the settings, and what the server has answered so far."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from pulumi_zorg.api.caller import Membership
from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import clean
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import described

#: Seconds that one call may take.
_TIMEOUT = 10.0
#: Seconds after which a call that fails is given up: it is not repeated, because the diagnosis is about this moment.
_NO_RETRY = 0.001
_MOST_NAMED = 5  # organizations in a sentence


@dataclass
class Examination:
    """One run.

    :param folder: the program's folder.
    :param load: reads the settings, and why the stack's configuration was not read, as a sentence with the way out; None where it
        was, or where there is none. It raises a ``ZorgError`` where the settings are missing, doubled or malformed.
    :param org_ids: the organizations in which rights are checked. Without any, those on the instance are.
    :param types: the type tokens of which rights are checked.
    :param read_only: whether only the rights to read are checked.
    :param read_state: reads the stack's state; None where there is no stack. It raises a ``ZorgError`` where that fails.
    """

    folder: Path
    load: Callable[[], tuple[Settings, str | None]]
    org_ids: Sequence[str]
    types: Sequence[str]
    read_only: bool = False
    read_state: Callable[[], Mapping[str, Any] | None] = lambda: None

    @cached_property
    def loaded(self) -> tuple[Settings, str | None]:
        """What ``load`` returns, read once."""
        return self.load()

    @property
    def settings(self) -> Settings:
        """The settings."""
        return self.loaded[0]

    @cached_property
    def client(self) -> Client:
        """A client that waits little and repeats nothing."""
        timeout = min(self.settings.timeout, _TIMEOUT)
        hasty = replace(self.settings, timeout=timeout, retry_deadline=_NO_RETRY)
        return Client.connect(hasty, notice=lambda sentence: None)

    @property
    def credential(self) -> str:
        """The credential in a sentence: its kind, and the part of it that is no secret."""
        return described(self.settings.credential)

    @property
    def own_org(self) -> str:
        """The organization that the credential's user lives in."""
        return self.client.me.details.resource_owner

    @property
    def user(self) -> str:
        """The credential's user in a sentence."""
        me = self.client.me
        return f"user {clean(me.user_name or 'without a name')} ({clean(me.id)})"

    @cached_property
    def memberships(self) -> tuple[Membership, ...]:
        """The memberships of the credential's user, read once."""
        return self.client.caller.memberships()

    def close(self) -> None:
        """Close the connections."""
        if "client" in self.__dict__:
            self.client.close()


def run(command: Sequence[str | Path], folder: Path, within: float, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command of the user's machine, and return what it writes.

    :param folder: the folder that it runs in.
    :param within: seconds after which it is ended.
    :param env: variables of its environment, besides those of this process.
    """
    return subprocess.run(  # noqa: S603 - the user's own pulumi, or the Python that it would run
        command,
        cwd=folder,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=within,
        check=False,
    )


def named(org_ids: Sequence[str]) -> str:
    """Return the first organizations in a sentence, and how many more there are."""
    shown, rest = ", ".join(map(clean, org_ids[:_MOST_NAMED])), len(org_ids) - _MOST_NAMED
    return f"{shown} and {rest} more" if rest > 0 else shown


def moment_text(moment: datetime) -> str:
    """Return a moment in a sentence."""
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}Z"

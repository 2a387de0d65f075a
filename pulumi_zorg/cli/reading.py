"""Connects a command to its instance."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, TypeVar

import click

if TYPE_CHECKING:
    from pulumi_zorg.settings.config import Settings
    from pulumi_zorg.world.reader import World

Item = TypeVar("Item")


def notice(command: str, sentence: str) -> None:
    """Write a sentence to standard error, after the command's name."""
    click.echo(f"{command}: {sentence}", err=True)


@contextmanager
def connected(settings: Settings, command: str) -> Iterator[World]:
    """Return the instance as this run reads it, which shows its progress and notices on standard error.

    :param command: the beginning of the notices.
    """
    # They import the HTTP client, which takes a tenth of a second; --help does not need it.
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
    from pulumi_zorg.world.reader import World

    def show(sentence: str) -> None:
        notice(command, sentence)

    with closing(Client.connect(settings, notice=show)) as client:
        yield World(client, RESOURCE_TYPES, _progress_bar, show)


def _progress_bar(items: Iterable[Item], total: int, what: str) -> Iterable[Item]:
    """Show the progress at a terminal, and nothing elsewhere."""
    if not sys.stderr.isatty():
        return items
    return _shown(items, total, what)


def _shown(items: Iterable[Item], total: int, what: str) -> Iterator[Item]:
    with click.progressbar(items, length=total, label=what, file=sys.stderr) as bar:
        yield from bar

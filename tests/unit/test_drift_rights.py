"""The table of rights in docs/drift.md, cell by cell: each role finds the drift or gets an error, and none "in sync"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pulumi_zorg.affected_by import events_since
from pulumi_zorg.client import Client
from pulumi_zorg.drift.compare import compare
from pulumi_zorg.drift.concurrency import Reader
from pulumi_zorg.drift.observe import observe
from pulumi_zorg.drift.unmanaged import find_unmanaged
from pulumi_zorg.errors import ZorgError
from pulumi_zorg.state import Recorded
from tests.support.servers import World
from tests.support.types import ORGANIZATION, USER_GRANT
from tests.unit.clients import Clients
from tests.unit.test_drift_pipeline import a_grant, an_organization

DOCUMENT = Path(__file__).parents[2] / "docs" / "drift.md"


def table() -> Iterator[tuple[str, list[str]]]:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Rights")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    yield from ((row[0], row[1:]) for row in rows[1:])


def caller(world: World, clients: Clients, role: str, organizations: Sequence[str]) -> Client:
    user = world.console.create_user(world.home, f"caller{world.tag}")
    if role.startswith("IAM_"):
        world.console.add_instance_member(user, role)
    elif role == "PROJECT_OWNER":
        path = f"/management/v1/projects/{world.project}/members"
        world.console.call("POST", path, {"userId": user, "roles": [role]}, org=world.home)
    elif role != "none":
        for org_id in organizations:
            world.console.add_member(org_id, user, role)
    return clients.holder(world, world.console.create_token(world.home, user))


@pytest.mark.parametrize(("role", "cells"), list(table()))
def test_rights(every_world: World, clients: Clients, role: str, cells: list[str]) -> None:
    world, console = every_world, every_world.console
    renamed, removed = an_organization(world, "Renamed"), an_organization(world, "Removed")
    changed, taken = a_grant(world, world.ann), a_grant(world, world.bob)
    client = caller(world, clients, role, [world.home, renamed.id, removed.id])
    console.rename_organization(renamed.id, world.name("Other"))
    console.set_roles(world.home, world.ann, changed.id, ["admin"])
    console.remove_grant(world.home, world.bob, taken.id)
    console.remove_organization(removed.id)
    extra = console.create_grant(world.home, console.create_user(world.home, "extra"), world.project, ["admin"])
    reader = Reader(client)

    def drift(each: Recorded) -> str:
        observation = observe(reader, [each])
        return "yes" if compare([each], observation.objects) else "error" if observation.unknown else "in sync"

    def others(everywhere: bool) -> str:
        found, unknown = find_unmanaged(reader, [changed], whole_instance=everywhere, types=(ORGANIZATION, USER_GRANT))
        return "error" if unknown else "yes" if extra in {each.id for each in found} else "in sync"

    def events() -> str:
        return "yes" if events_since(client, datetime(2020, 1, 1, tzinfo=timezone.utc)) else "in sync"

    questions: list[Callable[[], str]] = [
        *(lambda each=each: drift(each) for each in (renamed, changed, removed, taken)),  # type: ignore[misc]  # mypy infers no type for `each`
        lambda: others(False),
        lambda: others(True),
        events,
    ]
    assert [answered(question) for question in questions] == cells


def answered(question: Callable[[], str]) -> str:
    try:
        return question()
    except ZorgError:
        return "error"

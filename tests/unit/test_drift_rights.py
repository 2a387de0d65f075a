"""The table of rights in docs/drift.md, cell by cell: each role finds the drift or gets an error, and none "in sync"."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timezone
from pathlib import Path

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.drift.compare import compare
from pulumi_zorg.engine.state import Recorded
from pulumi_zorg.errors import ZorgError
from tests.support.servers import Server
from tests.support.types import ORGANIZATION, USER_GRANT
from tests.support.world import World, events_since, find_unmanaged, observe
from tests.unit.clients import Clients
from tests.unit.test_drift_pipeline import a_grant, an_organization

DOCUMENT = Path(__file__).parents[2] / "docs" / "drift.md"


def table() -> Iterator[tuple[str, list[str]]]:
    text = DOCUMENT.read_text(encoding="utf-8").partition("## Rights")[2].partition("\n## ")[0]
    rows = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("| ")]
    yield from ((row[0], row[1:]) for row in rows[1:])


def caller(server: Server, clients: Clients, role: str, organizations: Sequence[str]) -> Client:
    user = server.admin.create_user(server.home, f"caller{server.tag}")
    if role.startswith("IAM_"):
        server.admin.add_instance_member(user, role)
    elif role == "PROJECT_OWNER":
        path = f"/management/v1/projects/{server.project}/members"
        server.admin.call("POST", path, {"userId": user, "roles": [role]}, org=server.home)
    elif role != "none":
        for org_id in organizations:
            server.admin.add_member(org_id, user, role)
    return clients.holder(server, server.admin.create_token(server.home, user))


@pytest.mark.slow
@pytest.mark.parametrize(("role", "cells"), list(table()))
def test_rights(every_server: Server, clients: Clients, role: str, cells: list[str]) -> None:
    server, admin = every_server, every_server.admin
    renamed, removed = an_organization(server, "Renamed"), an_organization(server, "Removed")
    changed, taken = a_grant(server, server.ann), a_grant(server, server.bob)
    client = caller(server, clients, role, [server.home, renamed.id, removed.id])
    admin.rename_organization(renamed.id, server.name("Other"))
    admin.set_roles(server.home, server.ann, changed.id, ["admin"])
    admin.remove_grant(server.home, server.bob, taken.id)
    admin.remove_organization(removed.id)
    extra = admin.create_grant(server.home, admin.create_user(server.home, "extra"), server.project, ["admin"])
    world = World(client)

    def drift(each: Recorded) -> str:
        observation = observe(world, [each])
        return "yes" if compare([each], observation.objects) else "error" if observation.unknown else "in sync"

    def others(everywhere: bool) -> str:
        found, unknown = find_unmanaged(world, [changed], whole_instance=everywhere, types=(ORGANIZATION, USER_GRANT))
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

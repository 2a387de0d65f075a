"""Counts the calls of each kind of change, for docs/performance.md."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from tests.support.in_process import InProcessStack
from tests.support.servers import Server, emulated
from tests.support.stack import TOKENS, grant, human, machine, manager, org, project, project_grant

__all__ = ["kinds", "table"]

#: So many resources of each type: the calls that are made once for all of them do not count much.
MANY = 20
#: Changes, by the heading of their column.
CHANGES = ("create", "create inactive", "update", "deactivate", "reactivate", "delete", "refresh")


@dataclass(frozen=True)
class Kind:
    """How one type is declared.

    :param declare: returns the declaration of the resource with that number.
    :param changed: the arguments that an update changes.
    """

    declare: Callable[..., dict[str, Any]]
    changed: Callable[[int], dict[str, Any]]
    has_states: bool = True


def table() -> str:
    """Return a Markdown table with the calls for one resource, measured with many."""
    rows = []
    for kind in TOKENS:
        measured = _measure(kind)
        cells = " | ".join(f"{measured[change] / MANY:.1f}" if change in measured else "" for change in CHANGES)
        rows.append(f"| `{TOKENS[kind].rsplit(':', 1)[-1]}` | {cells} |")
    head = f"| resource | {' | '.join(CHANGES)} |"
    return "\n".join([head, f"|---|{'---|' * len(CHANGES)}", *rows])


def _measure(kind: str) -> dict[str, int]:
    with _stack() as (server, stack):
        made = kinds(server)[kind]
        found: dict[str, int] = {}

        def run(change: str, command: str = "up", **args: Any) -> None:
            stack.declare(**{f"r{n}": made.declare(n, **args, **_changed(made, n, change)) for n in range(MANY)})
            server.proxy.clear()
            stack.must(command)
            found[change] = len(server.proxy.exchanges)

        run("create")
        run("refresh", "refresh")
        if made.has_states:
            run("deactivate", active=False)
            run("reactivate")
        run("update")
        run("delete", "destroy")
        if made.has_states:
            run("create inactive", active=False)
        return found


def _changed(made: Kind, number: int, change: str) -> dict[str, Any]:
    return made.changed(number) if change in ("update", "delete") else {}


@contextmanager
def _stack() -> Iterator[tuple[Server, InProcessStack]]:
    with emulated() as server, TemporaryDirectory() as folder:
        yield server, InProcessStack(Path(folder) / "stack", server.proxy.url, server.token)


def kinds(server: Server) -> dict[str, Kind]:
    """Return how each type is declared, of which there can be :data:`MANY` resources."""
    admin, home = server.admin, server.home
    users = [admin.create_user(home, f"user{number}") for number in range(MANY)]
    tenants = [admin.create_organization(f"Granted {number}") for number in range(MANY)]

    def an_organization(number: int, **args: Any) -> dict[str, Any]:
        return org(**{"name": f"Tenant {number}", **args})

    def a_machine(number: int, **args: Any) -> dict[str, Any]:
        return machine(home, f"bot{number}", **args)

    def a_person(number: int, **args: Any) -> dict[str, Any]:
        return human(home, f"person{number}", deletion_policy="remove", **args)

    def a_project(number: int, **args: Any) -> dict[str, Any]:
        return project(home, f"Project {number}", **args)

    def a_project_grant(number: int, **args: Any) -> dict[str, Any]:
        return project_grant(home, server.project, tenants[number], **{"roles": ["viewer"], **args})

    def a_grant(number: int, **args: Any) -> dict[str, Any]:
        return grant(home, users[number], server.project, **{"roles": ["viewer"], **args})

    def a_manager(number: int, **args: Any) -> dict[str, Any]:
        return manager(users[number], **{"org_id": home, "roles": ["ORG_OWNER_VIEWER"], **args})

    return {
        "org": Kind(an_organization, lambda number: {"name": f"Renamed {number}"}),
        "machine": Kind(a_machine, lambda number: {"description": "changed"}),
        "human": Kind(a_person, lambda number: {"family_name": "Hill"}),
        "project": Kind(a_project, lambda number: {"project_role_check": True}),
        "project_grant": Kind(a_project_grant, lambda number: {"roles": ["editor"]}),
        "grant": Kind(a_grant, lambda number: {"roles": ["editor"]}),
        "manager": Kind(a_manager, lambda number: {"roles": ["ORG_USER_MANAGER"]}, has_states=False),
    }

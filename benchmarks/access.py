"""Measures `zorg access` on a large instance, beside a bare loop that fetches and parses the same pages.

    python benchmarks/access.py                          # 1,000 organizations, 10,000 users, 1,000 projects, 30,000 user grants
    python benchmarks/access.py --users 100000           # ten times as many users and user grants
    python benchmarks/access.py --url URL --token TOKEN  # an instance that exists; nothing is created

Without --url it starts the embedded emulator and creates the objects, which takes about a minute for 10,000 users. It prints a table
in Markdown. The two are measured in turn, and the shortest time of each counts. CPU seconds are those of `zorg access`.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx

from benchmarks.measure import Measured, measure
from benchmarks.stacks import emulator
from pulumi_zorg.testing import AdminClient

#: User grants of one user.
_GRANTS = 3
_PAGE = 1_000
#: The lists that the report needs: path, field of the entries, name of the page in the request and of the count in the answer.
LISTS = (
    ("/v2/organizations/_search", "result", "query", "details"),
    ("/v2/users", "result", "query", "details"),
    ("/zitadel.project.v2.ProjectService/ListProjects", "projects", "pagination", "pagination"),
    ("/zitadel.authorization.v2.AuthorizationService/ListAuthorizations", "authorizations", "pagination", "pagination"),
    (
        "/zitadel.internal_permission.v2.InternalPermissionService/ListAdministrators",
        "administrators",
        "pagination",
        "pagination",
    ),
)


def pages(url: str, token: str) -> int:
    """Fetch and parse every page of the lists, and return how many there are."""
    number = 0
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        for path, rows, paged, counted in LISTS:
            offset, total = 0, 1
            while offset < total:
                body = {paged: {"offset": str(offset), "limit": _PAGE, "asc": True}}
                answer = json.loads(http.post(path, json=body).raise_for_status().content)
                found = answer.get(rows, [])
                number += 1
                if not found:
                    break
                offset += len(found)
                total = int(answer[counted]["totalResult"])
    return number


@contextmanager
def instance(users: int, organizations: int) -> Iterator[tuple[str, str]]:
    """Start an emulator with these objects: its address and token. There are as many projects as organizations."""
    with tempfile.TemporaryDirectory() as folder, emulator(Path(folder), 0) as server:
        token = "bench-token"  # noqa: S105 - of an emulator on loopback
        with AdminClient(server.url, token) as admin, ThreadPoolExecutor(4) as pool:
            orgs = list(pool.map(lambda number: admin.create_organization(f"Tenant {number}"), range(organizations)))
            projects = list(pool.map(lambda org: (org, admin.create_project(org, "Portal", ["viewer"])), orgs))

            def create_user(number: int) -> None:
                home, own = projects[number % organizations]
                user = admin.create_user(home, f"user-{number}")
                admin.create_grant(home, user, own, ["viewer"])
                for other in range(1, _GRANTS):
                    org, project = projects[(number + other * 7) % organizations]
                    admin.create_grant(org, user, project, ["viewer"])

            for done, _ in enumerate(pool.map(create_user, range(users)), 1):
                if done % 5_000 == 0:
                    print(f"{done:,} users", file=sys.stderr)
        yield server.url, token


def compare(url: str, token: str, repeat: int) -> tuple[int, Measured, Measured]:
    """Return the number of pages, and what `zorg access` and the bare loop took."""
    dropped = ("PULUMI_", "ZITADEL_", "ZORG_", "PYTHONDONTWRITEBYTECODE")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    root = str(Path(__file__).resolve().parents[1])
    env = {**kept, "ZITADEL_URL": url, "ZITADEL_TOKEN": token, "PYTHONPATH": root}
    ours: list[Measured] = []
    bare: list[Measured] = []
    with tempfile.TemporaryDirectory() as folder:
        loop = f"from benchmarks.access import pages; print(pages({url!r}, {token!r}))"
        for _ in range(repeat):
            bare.append(measure([sys.executable, "-c", loop], Path(folder), env))
            number = int((Path(folder) / "output.txt").read_text())
            ours.append(measure(["zorg", "access", "--format", "json"], Path(folder), env))
    return number, _shortest(ours), _shortest(bare)


def _shortest(several: list[Measured]) -> Measured:
    return min(several, key=lambda measured: measured.seconds)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure `zorg access` on a large instance.")
    parser.add_argument("--users", type=int, nargs="+", default=[10_000])
    parser.add_argument("--organizations", type=int, default=1_000)
    parser.add_argument("--repeat", type=int, default=3, help="keep the shortest of so many")
    parser.add_argument("--url", help="an instance that exists, instead of the emulator")
    parser.add_argument("--token", default=os.environ.get("ZITADEL_TOKEN", ""))
    given = parser.parse_args(arguments)
    print("| users | user grants | pages | calls | seconds | of the bare loop | ratio | CPU seconds | MiB |")
    print("|---|---|---|---|---|---|---|---|---|")
    for users in given.users:
        if given.url:
            number, ours, bare = compare(given.url, given.token, given.repeat)
            _show("", "", None, number, ours, bare)
            return
        with instance(users, given.organizations) as (url, token):
            number, ours, bare = compare(url, token, given.repeat)
            httpx.delete(f"{url}/debug/calls").raise_for_status()
            compare(url, token, 1)
            calls = len(httpx.get(f"{url}/debug/calls").raise_for_status().json()) - number  # without the bare loop's
            _show(f"{users:,}", f"{users * _GRANTS:,}", calls, number, ours, bare)


def _show(users: str, grants: str, calls: int | None, number: int, ours: Measured, bare: Measured) -> None:
    ratio = ours.seconds / bare.seconds
    print(
        f"| {users} | {grants} | {number} | {calls or ''} | {ours.seconds:.1f} | {bare.seconds:.1f} | {ratio:.2f} "
        f"| {ours.cpu:.1f} | {ours.memory:.0f} |",
        flush=True,
    )


if __name__ == "__main__":
    main()

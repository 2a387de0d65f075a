"""Measures `zorg drift --state` of many user grants, beside a bare loop that fetches and parses the same pages.

    python -m benchmarks.drift                       # 10,000 and 100,000 user grants in 100 organizations
    python -m benchmarks.drift --grants 10000 --organizations 1
    python -m benchmarks.drift --grants 10000 --changed 5    # five were deactivated: the lists of who can get in are read too

The emulator runs in a process of its own, which also makes the objects and the state. The two commands are measured in turn, and the
shortest time of each counts. It prints a table in Markdown. Memory is the largest that the command had at one moment.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import httpx

from benchmarks import access
from benchmarks.measure import Measured, measure
from pulumi_zorg.emulator import Emulator
from pulumi_zorg.emulator.call import Call, Caller
from pulumi_zorg.emulator.eventstore.events import now_micros
from pulumi_zorg.emulator.http.fields import TOKEN_TYPES
from pulumi_zorg.emulator.organizations.aggregate import organization_added
from pulumi_zorg.emulator.project_roles import commands as roles
from pulumi_zorg.emulator.projects import commands as projects
from pulumi_zorg.emulator.user_grants.commands import add, deactivate, new
from pulumi_zorg.emulator.users.machines import add_machine

ROOT = Path(__file__).resolve().parents[1]
#: In more organizations than this, `zorg drift` does not list each one by itself.
_FEW = 12
_AUTHORIZATIONS = "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations"
_OF_ORGANIZATION = "/management/v1/users/grants/_search"


def pages(url: str, token: str, organizations: Sequence[str], *, changed: bool) -> int:
    """Fetch and parse every page of the lists that `zorg drift` reads, and return how many there are."""
    number = access.pages(url, token) if changed else 0
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=60) as http:
        few = len(organizations) <= _FEW
        for org in organizations if few else [""]:
            path, size, rows, paged, counted = (
                (_OF_ORGANIZATION, 5_000, "result", "query", "details")
                if few
                else (_AUTHORIZATIONS, 1_000, "authorizations", "pagination", "pagination")
            )
            offset, total = 0, 1
            while offset < total:
                body = {paged: {"offset": str(offset), "limit": size, "asc": True}}
                answer = http.post(path, json=body, headers={"x-zitadel-orgid": org} if org else {})
                found = json.loads(answer.raise_for_status().content)
                number += 1
                offset += len(found[rows])
                total = int(found[counted]["totalResult"])
    return number


def serve(grants: int, organizations: int, changed: int, state: str, ready: Connection) -> None:
    """Run the emulator with these objects, write the state of a stack that manages the user grants, and send address and token."""
    with Emulator() as emulator:
        instance = emulator._instance
        assert instance is not None  # noqa: S101
        store, owners, made = instance.store, [], 0
        call = Call(instance, Caller(instance.iac_user_id, instance.default_org_id, instance.default_org_id), {})
        # An hour ago: what was created in the last two minutes is read from the event store too.
        moments = count(now_micros() - 3_600_000_000)
        store._moment = next(moments)

        def add_organization(name: str) -> str:
            org = store.new_id()
            call.push(*organization_added(org, name))
            return org

        def add_user(org: str, name: str) -> str:
            user = store.new_id()
            add_machine(call, org, user, name, {"name": name, "description": "", "access_token_type": TOKEN_TYPES[0]})
            return user

        home = add_organization("Home")
        users = [add_user(home, f"user-{number}") for number in range(math.ceil(grants / organizations))]
        with Path(state).open("w", encoding="utf-8") as file:
            file.write('{"version": 3, "deployment": {"manifest": {"time": "2026-11-29T13:53:05.462Z"}, "resources": [')
            for number in range(organizations):
                org, project = add_organization(f"Tenant {number}"), store.new_id()
                owners.append(org)
                projects.add(call, project, org, "Portal", {})
                roles.add(call, {"project_id": project, "role_key": "viewer", "display_name": "", "group": ""}, org)
                for user in users[: grants - made]:
                    store._moment = next(moments)
                    model = new(call, org, user, project)
                    add(call, model, ["viewer"], _anybody_may)
                    if made < changed:
                        store._moment = next(moments)
                        deactivate(call, model.id, "", _anybody_may)
                    ids = {"org_id": org, "project_id": project, "user_id": user}
                    text = json.dumps(_resource(f"grant-{made}", model.id, ids), indent=4).replace(
                        "\n", "\n            "
                    )
                    file.write(f"{',' if made else ''}\n            {text}")
                    made += 1
            file.write("]}}")
        store._moment = None
        ready.send((emulator.url, emulator.token, owners))
        threading.Event().wait()


def _anybody_may(project_id: str, project_grant_id: str, owner: str) -> None:
    """Check no permission."""


def _resource(name: str, id: str, ids: dict[str, str]) -> dict[str, object]:
    """Return a user grant as `pulumi stack export` has it, with all that the engine adds."""
    beginning, here = "urn:pulumi:bench::zorg", "project:///__main__.py#15"
    inputs = {
        "__provider": "gASVPQAAAAAAAACMIHB1bHVtaV96b3JnLnByb3ZpZGVycy51c2VyX2dyYW50lIwRVXNlckdyYW50UHJvdmlkZXKUk5QpgZQu",
        "active": True,
        "adopt": False,
        "deletion_policy": "remove",
        **ids,
        "role_keys": ["viewer"],
    }
    frame = "project:///../../../usr/lib/python3.11/site-packages/pulumi/runtime/stack.py#"
    return {
        "urn": f"{beginning}::pulumi-python:dynamic/zorg:UserGrant::{name}",
        "custom": True,
        "id": id,
        "type": "pulumi-python:dynamic/zorg:UserGrant",
        "inputs": inputs,
        "outputs": {**inputs, "state": "USER_GRANT_STATE_ACTIVE"},
        "parent": f"{beginning}::pulumi:pulumi:Stack::zorg-bench",
        "provider": f"{beginning}::pulumi:providers:pulumi-python::default::517b9463-8b25-4423-ab7c-a9a0be52f9a0",
        "propertyDependencies": {each: [] for each in ("__owner", *inputs)},
        "created": "2026-11-29T13:53:05.456624059Z",
        "modified": "2026-11-29T13:53:05.456624059Z",
        "sourcePosition": here,
        "stackTrace": [{"sourcePosition": here}, *({"sourcePosition": f"{frame}{line}"} for line in range(231, 241))],
    }


@contextmanager
def instance_with(grants: int, organizations: int, changed: int, state: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Start an emulator with these objects: its address, its token and the ids of the organizations."""
    receiver, sender = get_context("spawn").Pipe(duplex=False)
    process = get_context("spawn").Process(target=serve, args=(grants, organizations, changed, str(state), sender))
    process.start()
    sender.close()
    try:
        yield receiver.recv()
    finally:
        process.terminate()
        process.join()


def compare(grants: int, organizations: int, changed: int, repeat: int) -> str:
    """Return a row of the table."""
    with tempfile.TemporaryDirectory() as folder:
        state, work = Path(folder) / "state.json", Path(folder) / "work"
        work.mkdir()
        with instance_with(grants, organizations, changed, state) as (url, token, owners):
            dropped = ("PULUMI_", "ZITADEL_", "ZORG_", "PYTHONDONTWRITEBYTECODE")
            kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
            env = {**kept, "ZITADEL_URL": url, "ZITADEL_TOKEN": token, "PYTHONPATH": str(ROOT)}
            loop = f"from benchmarks.drift import pages; print(pages({url!r}, {token!r}, {owners!r}, changed={changed > 0}))"
            ours: list[Measured] = []
            bare: list[Measured] = []
            for _ in range(repeat):
                bare.append(measure([sys.executable, "-c", loop], work, env))
                number = int((work / "output.txt").read_text())
                httpx.delete(f"{url}/debug/calls").raise_for_status()
                ours.append(
                    measure(["zorg", "drift", "--state", str(state)], work, env, codes=(7,) if changed else (0,))
                )
            calls = len(httpx.get(f"{url}/debug/calls").raise_for_status().json())
        size = state.stat().st_size / 2**20
    fastest, least = min(ours, key=lambda each: each.seconds), min(bare, key=lambda each: each.seconds)
    ratio = fastest.seconds / least.seconds
    return (
        f"| {grants:,} | {organizations} | {changed} | {size:.0f} | {number} | {calls} | {fastest.seconds:.1f} | {least.seconds:.1f} "
        f"| {ratio:.2f} | {fastest.cpu:.1f} | {max(each.memory for each in ours):.0f} | {least.memory:.0f} |"
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description="Measure `zorg drift --state` of many user grants.")
    parser.add_argument("--grants", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--organizations", type=int, default=100)
    parser.add_argument("--changed", type=int, default=0, help="so many are deactivated outside the stack")
    parser.add_argument("--repeat", type=int, default=3, help="keep the shortest of so many")
    given = parser.parse_args(arguments)
    print(
        "| user grants | organizations | changed | MiB of the state | pages | calls | seconds | of the bare loop | ratio | CPU seconds "
        "| MiB | MiB of the bare loop |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|---|---|")
    for grants in given.grants:
        print(compare(grants, given.organizations, given.changed, given.repeat), flush=True)


if __name__ == "__main__":
    main()

"""Generated programs run: over names that others chose, each is compiled, run under mocks, and applied without a write."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pulumi
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pulumi_zorg.api.client import Client
from pulumi_zorg.generate.pipeline import Generated, generate
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from tests.support.in_process import InProcessStack
from tests.support.servers import Server, emulated
from tests.support.stack import TOKENS
from tests.support.world import World
from tests.unit.clients import Clients

EXAMPLES = int(os.environ.get("ZORG_EXAMPLES", "6"))
#: Names that mean something in Python, in the program that is written, or in its layout.
HOSTILE = (
    "Name", "Role keys", "resource_name", "User id", "opts", "adopt", "class", "None", "zorg", "pulumi", "KEPT", "Acme",
    "acme", "ACME!", "Acme projects", "2day", "-", "東京", '"""', "'''", "\\", "{x}", "# no", "x\ny", "a" * 200, "_", "match",
)  # fmt: skip
NAMES = st.sampled_from(HOSTILE) | st.text(st.characters(codec="utf-8"), min_size=1, max_size=30)
_KINDS = {token: kind for kind, token in TOKENS.items()}


@dataclass(frozen=True)
class Tenant:
    """What exists in an organization.

    :param projects: their names.
    :param roles: the keys of the first project's roles.
    :param grants: the number of user grants on the first project.
    :param granted: whether the first project is granted to the tenant before.
    """

    name: str
    projects: Sequence[str]
    roles: Sequence[str] = ()
    grants: int = 0
    granted: bool = False


TENANTS = st.lists(
    st.builds(
        Tenant,
        NAMES,
        st.lists(NAMES, max_size=8, unique=True),
        st.lists(st.sampled_from(("viewer", "Admin", "a/b", "name", '"')), max_size=3, unique=True),
        st.integers(0, 7),
        st.booleans(),
    ),
    min_size=1,
    max_size=3,
)


@pytest.fixture(scope="module")
def instance() -> Iterator[tuple[Server, Client]]:
    with emulated() as server, Clients() as clients:
        yield server, clients.owner(server)


class _Recorded(pulumi.runtime.Mocks):
    """Mocks that give each resource the id of the object that it would adopt."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self.declared: dict[str, dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str | None, dict[Any, Any]]:
        given = {key: value for key, value in args.inputs.items() if not key.startswith("__") and value is not None}
        name = f"{RESOURCE_TYPES[args.typ].noun} {args.name}"
        assert name not in self.declared, "two resources of one type have one name"
        self.declared[name] = {"kind": _KINDS[args.typ], "args": _plain(given)}
        return self._id(args.typ, given), given

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        raise AssertionError("nothing is looked up")

    def _id(self, token: str, given: dict[str, Any]) -> str:
        resource_type = RESOURCE_TYPES[token]
        inputs = resource_type.inputs.of({**resource_type.inputs.defaults(), **given})
        found = resource_type.find_by_unique_key(self._client, inputs)
        assert found is not None, f"the program declares what does not exist: {given}"
        return found


def _plain(value: Any) -> Any:
    """A value for an :class:`InProcessStack`, in which some characters at the beginning have a meaning."""
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return f"!{value}" if isinstance(value, str) and value[:1] in ("@", "!") else value


def _make(server: Server, tenants: Sequence[Tenant]) -> list[str]:
    """Make the tenants, as far as the server accepts them, and return their ids."""
    admin, made, before = server.admin, list[str](), None
    for tenant in tenants:
        try:
            org_id = admin.create_organization(tenant.name)
        except httpx.HTTPStatusError:
            continue
        made.append(org_id)
        projects = []
        for name in tenant.projects:
            with suppress(httpx.HTTPStatusError):
                projects.append(admin.create_project(org_id, name))
        if projects:
            for key in tenant.roles:
                admin.add_project_role(org_id, projects[0], key, key)
            if tenant.granted and before is not None:
                admin.grant_project(org_id, projects[0], before, list(tenant.roles))
            for number in range(tenant.grants):
                user = admin.create_user(org_id, f"user{number}-{org_id}")
                admin.create_grant(org_id, user, projects[0], list(tenant.roles[: number % 2]))
        before = org_id
    return made


def _run_under_mocks(client: Client, made: Generated) -> dict[str, dict[str, Any]]:
    """Run a program, and return what it declares for an :class:`InProcessStack`."""
    mocks = _Recorded(client)
    pulumi.runtime.set_mocks(mocks)
    program = compile(made.text, "__main__.py", "exec")
    pulumi.runtime.test(lambda: exec(program, {"__name__": "__main__"}))()
    assert len(mocks.declared) == made.resources
    return mocks.declared


def _assert_imported_without_a_change(server: Server, client: Client, organizations: Sequence[str]) -> None:
    """With the state that the import file says, the program that was written with it changes nothing."""
    made = generate(World(client), organizations, None, imports=True)
    with tempfile.TemporaryDirectory() as folder:
        stack = InProcessStack(Path(folder), server.proxy.url, server.token)
        stack.declare(**_run_under_mocks(client, made))
        entries = json.loads(made.import_file)["resources"]
        imported = [
            {**each, "urn": f"urn::{RESOURCE_TYPES[each['type']].noun} {each['logicalName']}"} for each in entries
        ]
        stack.load({"deployment": {"resources": imported}})
        server.proxy.clear()
        assert stack.preview() == {}
        before = stack.state()
        stack.up()
        assert stack.state() == before
        assert server.proxy.exchanges == []


@pytest.mark.slow
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@example([Tenant("Acme", [f"Project {number}" for number in range(7)])])
@example(
    [Tenant("Acme", ["Name", "Role keys"], ["viewer"], 7), Tenant("Globex", ["Name", "Role keys"], ["viewer"], 7, True)]
)
@example(
    [Tenant("2day", [f"p{number}" for number in range(6)]), Tenant("2 day", [f"p{number}" for number in range(6)])]
)
@example([Tenant(name, []) for name in ("Name", "Org id", "resource_name")])
@given(TENANTS)
def test_a_generated_program_compiles_runs_under_mocks_and_is_applied_and_imported_without_a_write(
    instance: tuple[Server, Client], tenants: Sequence[Tenant]
) -> None:
    server, client = instance
    organizations = _make(server, tenants)
    try:
        if not organizations:
            return
        made = generate(World(client), organizations, None)
        declared = _run_under_mocks(client, made)
        with tempfile.TemporaryDirectory() as folder:
            stack = InProcessStack(Path(folder), server.proxy.url, server.token)
            stack.declare(**declared)
            server.proxy.clear()
            stack.up()
            assert server.proxy.writes == []
        _assert_imported_without_a_change(server, client, organizations)
    finally:
        for org_id in organizations:
            server.admin.remove_organization(org_id)

"""`check` in an import, and what an import file has: exactly what the state of a real run has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.engine import checks
from pulumi_zorg.generate.pipeline import generate
from pulumi_zorg.resource_types.inputs import OWNER, SECRETS
from pulumi_zorg.resource_types.registry import INPUTS, RESOURCE_TYPES, resource_class
from tests.support.each_type import EXAMPLES, example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import TOKENS
from tests.support.world import World
from tests.unit.clients import Clients

KINDS = sorted(EXAMPLES)


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    with Clients() as clients:
        yield clients.owner(server)


@pytest.fixture
def stack(server: Server, tmp_path: Path) -> InProcessStack:
    return InProcessStack(tmp_path / "stack", server.proxy.url, server.token)


def _entry(client: Client, id: str) -> dict[str, Any]:
    made = generate(World(client), [], None, imports=True, on_request=True)
    (found,) = (each for each in json.loads(made.import_file)["resources"] if each["id"] == id)
    return dict(found)


def _without_provider(entry: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    provider = entry["inputs"].pop("__provider")
    assert provider == entry["outputs"].pop("__provider")
    return entry["inputs"], entry["outputs"]


def _import(stack: InProcessStack, *entries: tuple[str, dict[str, Any], dict[str, Any]]) -> list[Any]:
    """Check inputs as the engine does it in an import: by kind, the old and the new ones."""
    results = []

    def work() -> None:
        for kind, olds, news in entries:
            provider = checks.Checks(TOKENS[kind])
            results.append(provider.check(olds, news))

    code, diagnostics = stack._in_a_new_process(work)
    assert code == 0, diagnostics
    return results


def test_each_type_has_an_example() -> None:
    assert {TOKENS[kind] for kind in KINDS} == set(RESOURCE_TYPES)


@pytest.mark.slow
@pytest.mark.parametrize("inactive", [False, True])
@pytest.mark.parametrize("changed", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_the_file_has_the_inputs_and_outputs_that_a_real_up_writes(
    server: Server, client: Client, stack: InProcessStack, kind: str, changed: bool, inactive: bool
) -> None:
    it = example(kind, server)
    given = {**it.args, **(it.changed if changed else {}), **(it.inactive if inactive else {})}
    not_generated = {*RESOURCE_TYPES[TOKENS[kind]].not_generated, "deletion_policy"}
    declared = {name: value for name, value in given.items() if name not in not_generated}
    stack.declare(it={"kind": kind, "args": declared})
    stack.up()
    inputs, outputs = _without_provider(_entry(client, stack.id("it")))
    written = stack.resources()["it"]
    assert (inputs, outputs) == (written["inputs"], written["outputs"])
    # What a program can declare of an object is in the file; the rest are settings of the resource alone.
    settings = {"adopt", "deletion_policy", "allow_lockout"}
    left_to_the_server = (
        {"project_id", "project_grant_id", "admins", "cascade", "custom_id", *not_generated}
        - declared.keys()
        - settings
    )
    assert inputs.keys() >= set(INPUTS[TOKENS[kind]].names()) - left_to_the_server >= settings & inputs.keys()


def test_a_user_grant_by_a_project_grant_is_written_as_a_real_up_writes_it(
    server: Server, client: Client, stack: InProcessStack
) -> None:
    granted_to = server.admin.create_organization("Granted")
    project_grant = server.admin.grant_project(server.home, server.project, granted_to, ["viewer"])
    user = server.admin.create_user(granted_to, "cleo")
    args = {
        "org_id": granted_to, "user_id": user, "project_id": server.project, "project_grant_id": project_grant,
        "role_keys": ["viewer"],
    }  # fmt: skip
    stack.declare(it={"kind": "grant", "args": args})
    stack.up()
    written = stack.resources()["it"]
    assert _without_provider(_entry(client, stack.id("it"))) == (written["inputs"], written["outputs"])


@pytest.mark.parametrize("kind", KINDS)
def test_the_file_has_the_provider_of_the_state_and_nothing_internal_or_secret(
    server: Server, client: Client, kind: str
) -> None:
    made = example(kind, server).make()
    text = generate(World(client), [], None, imports=True).import_file
    entry = _entry(client, made)
    assert entry["inputs"]["__provider"] == checks_provider(TOKENS[kind])
    for part in ("inputs", "outputs"):
        assert {name for name in entry[part] if name.startswith("__")} - {"__filled"} == {"__provider"}
    assert server.token not in text
    assert "4dabf18193072939515e22adb298388d" not in text, "no value is marked as secret"


def checks_provider(token: str) -> str:
    from pulumi.dynamic.dynamic import serialize_provider

    return str(serialize_provider(resource_class(token)._dynamic_provider))


@pytest.mark.parametrize("kind", KINDS)
def test_an_entry_is_checked_without_a_call_and_without_the_internal_input(
    server: Server, client: Client, stack: InProcessStack, kind: str
) -> None:
    inputs = _entry(client, example(kind, server).make())["inputs"]
    server.proxy.clear()
    ((result),) = _import(stack, (kind, dict(inputs), dict(inputs)))
    assert (result.failures, server.proxy.exchanges) == ([], [])
    assert result.inputs == {name: value for name, value in inputs.items() if name != "__provider"}


NONSENSE: dict[str, Any] = {"active": "yes", "name": 7, "org_id": "", "role_keys": "viewer", "roles": ["viewer"]}


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind in KINDS for name in NONSENSE])
def test_inputs_that_were_edited_into_nonsense_are_an_error_and_no_failure(
    server: Server, client: Client, stack: InProcessStack, kind: str, name: str
) -> None:
    """The engine shows failures as warnings, and imports all the same."""
    inputs = _entry(client, example(kind, server).make())["inputs"]
    edited = {**inputs, name: NONSENSE[name]}
    with pytest.raises(AssertionError, match=f"InputError: An import of the .*{name} "):
        _import(stack, (kind, dict(edited), dict(edited)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"deletion_policy": None}, "deletion_policy"),
        ({"nmae": "Acme"}, "nmae"),
        ({OWNER + "s": "x"}, OWNER + "s"),
        ({SECRETS: ["name"]}, SECRETS),
    ],
)
def test_inputs_in_another_form_than_the_states_are_an_error(
    server: Server, client: Client, stack: InProcessStack, kind: str, change: dict[str, Any], named: str
) -> None:
    inputs = _entry(client, example(kind, server).make())["inputs"]
    edited = {name: value for name, value in {**inputs, **change}.items() if value is not None}
    with pytest.raises(AssertionError, match=f"{named} is not as the stack's state has it.*zorg import"):
        _import(stack, (kind, dict(edited), dict(edited)))


def test_role_keys_in_another_order_are_an_error(server: Server, client: Client, stack: InProcessStack) -> None:
    """They would be a change in the next preview."""
    inputs = _entry(client, example("grant", server).make())["inputs"]
    edited = {**inputs, "role_keys": ["viewer", "admin"]}
    with pytest.raises(AssertionError, match="role_keys is not as the stack's state has it"):
        _import(stack, ("grant", dict(edited), dict(edited)))


@pytest.mark.parametrize("kind", KINDS)
def test_two_entries_of_one_object_are_an_error(
    server: Server, client: Client, stack: InProcessStack, kind: str
) -> None:
    inputs = _entry(client, example(kind, server).make())["inputs"]
    with pytest.raises(AssertionError, match="is that of another entry of the import file"):
        _import(stack, *[(kind, dict(inputs), dict(inputs))] * 2)


@pytest.mark.parametrize("kind", KINDS)
def test_an_old_sdk_is_still_refused(
    server: Server, client: Client, stack: InProcessStack, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    """It passes no internal input on: neither of a new resource, nor of one that a program declares unchanged."""
    from pulumi.runtime import rpc

    passed_on = rpc.deserialize_properties
    monkeypatch.setattr(
        rpc, "deserialize_properties", lambda given, *more: passed_on(given, *more, keep_internal=False)
    )
    inputs = _entry(client, example(kind, server).make())["inputs"]
    for olds in ({}, inputs):
        with pytest.raises(AssertionError, match=r"Install pulumi 3\.235 or newer"):
            _import(stack, (kind, dict(olds), dict(inputs)))


@pytest.mark.parametrize("kind", KINDS)
def test_a_resource_of_a_program_never_passes_for_an_import(
    server: Server, client: Client, stack: InProcessStack, kind: str
) -> None:
    """A transform took its name away. It is refused before anything is done, also where it is declared as in the state."""
    made = example(kind, server).make()
    entry = _entry(client, made)
    inputs, outputs = entry["inputs"], entry["outputs"]
    flag = {"active": not inputs["active"]} if "active" in inputs else {"allow_lockout": True}
    for olds in ({}, {**inputs, **flag}):
        with pytest.raises(AssertionError, match="ConfigurationError: The resource came without the internal property"):
            _import(stack, (kind, dict(olds), dict(inputs)))

    def run() -> None:
        provider = checks.Checks(TOKENS[kind])
        provider.check(dict(inputs), dict(inputs))
        provider.diff(made, dict(outputs), dict(inputs))

    code, diagnostics = stack._in_a_new_process(run)
    assert (code, "came without the internal property" in diagnostics) == (1, True)
    assert server.proxy.writes == []


@pytest.mark.parametrize("kind", KINDS)
def test_an_imported_resource_is_protected_like_any_other(
    server: Server, client: Client, stack: InProcessStack, kind: str
) -> None:
    """A second resource of its object is an error, and what differs from the file is drift."""
    it = example(kind, server)
    made = it.make()
    _load(stack, _entry(client, made), kind)
    stack.declare(it=it.declare(), twin=it.declare(adopt=True))
    assert "declared twice" in stack.fails().out
    stack.declare(it=it.declare())
    assert stack.preview() == {}
    server.proxy.clear()
    stack.up()
    assert server.proxy.writes == []
    it.change_outside(made)  # the file is older than this change
    assert stack.preview("--refresh") == {"it": ["update", it.drifts]}
    it.remove(made)
    assert stack.run("refresh").shows("does not exist any more")
    assert "it" not in stack.resources()


def _load(stack: InProcessStack, entry: dict[str, Any], kind: str) -> None:
    state = {"urn": f"urn:pulumi:test::tests::{TOKENS[kind]}::it", "type": TOKENS[kind], "id": entry["id"]}
    stack.load({"deployment": {"resources": [{**state, "inputs": entry["inputs"], "outputs": entry["outputs"]}]}})


def test_what_is_in_an_organization_is_deleted_after_it_by_a_caller_whose_rights_went_with_it(
    server: Server, tmp_path: Path, client: Client
) -> None:
    """An imported state has no dependencies before the first `up`: the engine deletes in any order."""
    admin = server.admin
    acme = admin.create_organization("Acme")
    shop = admin.create_project(acme, "Shop", ["viewer"])
    admin.create_grant(acme, server.ann, shop, ["viewer"])
    admin.grant_project(acme, shop, server.home, ["viewer"])
    owner = admin.create_user(server.home, "owner")
    admin.add_member(acme, owner, "ORG_OWNER")
    stack = InProcessStack(tmp_path / "stack", server.proxy.url, admin.create_token(server.home, owner))
    entries = json.loads(generate(World(client), [acme], None, imports=True).import_file)["resources"]
    assert len(entries) == 5
    # Resources are deleted from the last to the first.
    state = [{**each, "urn": f"urn::{each['name']}"} for each in reversed(entries)]
    stack.load({"deployment": {"resources": state}})
    stack.destroy()
    assert stack.resources() == {}
    assert acme not in admin.organizations()

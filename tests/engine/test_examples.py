"""The example onboarding on the real engine, with another data file than its own. test_readmes_of_examples.py runs each example."""

from __future__ import annotations

import shutil
from pathlib import Path

import yaml

from tests.support.servers import Server
from tests.support.stack import ROOT, Stack


def _example(name: str, server: Server, folder: Path) -> Stack:
    """A copy of the example as a stack: the engine writes its configuration beside the program."""
    stack = Stack(folder / "stack", server.proxy.url, server.token, name="dev")
    (stack.folder / "__main__.py").unlink()
    shutil.copytree(ROOT / "examples" / name, stack.folder, dirs_exist_ok=True)
    project = yaml.safe_load((stack.folder / "Pulumi.yaml").read_text())
    assert project["runtime"]["options"]["virtualenv"], "the official distribution finds the environment by this"
    project["runtime"]["options"].pop("virtualenv")  # the copy is elsewhere; PATH has it
    project["name"] = "tests"
    (stack.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
    return stack


def _tenants(server: Server, stack: Stack, *, active: bool = True, reverse: bool = False) -> None:
    people = {"ann": "ann", "bob": "bob"}  # login names, which have no domain on this server
    tenants = [
        {"name": "Acme", "active": active, "people": {"ann": ["viewer", "admin"]}},
        {"name": "Globex", "active": True, "roles": ["viewer"], "people": {"bob": ["viewer"]}},
    ]
    data = yaml.safe_load((ROOT / "examples" / "onboarding" / "tenants.yaml").read_text())
    data["project"] |= {"organization": "Furniture"}
    shape = data["tenants"]
    data["people"] = people
    if isinstance(shape, dict):
        entries = {each["name"].lower(): each for each in tenants}
        data["tenants"] = dict(reversed(entries.items())) if reverse else entries
    else:
        data["tenants"] = tenants[::-1] if reverse else tenants
    (stack.folder / "mine.yaml").write_text(yaml.safe_dump(data, sort_keys=False))


def test_onboarding_makes_tenants_with_grants_from_a_file(server: Server, tmp_path: Path) -> None:
    stack = _example("onboarding", server, tmp_path)
    _tenants(server, stack)
    stack.configure(tenants="mine.yaml", deletion_policy="remove")
    stack.up()
    names = {each["name"] for each in server.admin.organizations().values()}
    assert {"Acme", "Globex"} <= names
    assert _access(server) == {("Acme", server.ann, ("admin", "viewer")), ("Globex", server.bob, ("viewer",))}
    project_grants = server.admin.project_grants(server.home).values()
    assert {(each["grantedOrgName"], tuple(each["grantedRoleKeys"])) for each in project_grants} == {
        ("Acme", ("admin", "editor", "viewer")),
        ("Globex", ("viewer",)),
    }
    _tenants(server, stack, reverse=True)
    assert stack.preview() == {}, "the order of the file does not matter"
    _tenants(server, stack, active=False)
    stack.up()
    states = {each["name"]: each["state"] for each in server.admin.organizations().values()}
    assert (states["Acme"], states["Globex"]) == ("ORG_STATE_INACTIVE", "ORG_STATE_ACTIVE")
    stack.destroy()
    assert server.admin.project_grants(server.home) == {}
    assert _access(server) == set()


def _access(server: Server) -> set[tuple[str, str, tuple[str, ...]]]:
    """Who has which roles of a granted project, and in which organization."""
    return {
        (each["name"], grant["userId"], tuple(sorted(grant["roleKeys"])))
        for org_id, each in server.admin.organizations().items()
        for grant in server.admin.grants(org_id).values()
    }


def test_onboarding_tells_a_mistake_in_the_file_without_a_traceback(server: Server, tmp_path: Path) -> None:
    stack = _example("onboarding", server, tmp_path)
    (stack.folder / "mine.yaml").write_text("tenants: 5\n")
    stack.must("config", "set", "tenants", "mine.yaml")
    failed = stack.fails()
    assert failed.shows("mine.yaml", "cannot be used")
    assert server.proxy.writes == []

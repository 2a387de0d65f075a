"""What `zorg generate --import-file` and `zorg import` write is imported by the real engine, here and on a real server.

With an engine that cannot import dynamic resources, each test verifies that the command says so.
"""

from __future__ import annotations

import json

import pytest

from tests.support.command import run_zorg
from tests.support.imports import entries, graph, import_all, refused
from tests.support.servers import Server
from tests.support.stack import TOKENS, Stack, grant, org, project, project_grant


def _instance(server: Server, grants: int = 20) -> tuple[str, str, str]:
    """Make three organizations, one inactive; projects with roles, a project grant and user grants."""
    admin = server.admin
    acme, globex, initech = (admin.create_organization(server.name(name)) for name in ("Acme", "Globex", "Initech"))
    admin.deactivate_organization(initech)
    shop = admin.create_project(acme, "Shop", ["viewer", "admin"])
    admin.set_project_flags(acme, shop, projectRoleAssertion=True, projectRoleCheck=True)
    wiki = admin.create_project(globex, "Wiki", ["reader"])
    granted = admin.grant_project(acme, shop, globex, ["viewer"])
    for number in range(grants):
        user = admin.create_user(globex, f"user{number}{server.tag}")
        admin.create_grant(globex, user, shop, ["viewer"], granted)
        admin.create_grant(globex, user, wiki, ["reader"])
    inactive = next(iter(admin.grants(globex)))
    admin.deactivate_grant(globex, admin.grants(globex)[inactive]["userId"], inactive)
    assert server.shows(lambda: len(admin.grants(globex)) == 2 * grants)
    return acme, globex, initech


def _options(organizations: tuple[str, ...]) -> list[str]:
    return [option for each in organizations for option in ("--org", each)]


def test_an_instance_is_imported_previewed_and_applied_without_a_change(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    organizations = _instance(server)
    server.proxy.clear()
    file = import_all(stack, *_options(organizations))
    assert server.proxy.writes == []
    if file is None:
        return
    imported = stack.resources()
    assert len(imported) == len(entries(file)) == 3 + 2 + 1 + 40
    server.proxy.clear()
    stack.must("preview", "--expect-no-changes")
    assert stack.preview() == {}
    run = stack.up()
    assert server.proxy.exchanges == [], "a run without changes calls nothing"
    assert run.shows("Resources:", f"{len(imported) + 1} unchanged")
    # Inputs and outputs are those of the file; the `up` added what the program says of dependencies.
    for name, each in stack.resources().items():
        assert (each["inputs"], each["outputs"]) == (imported[name]["inputs"], imported[name]["outputs"])
        assert each["protect"]
    of_type = {urn: found for urn, found in graph(stack).items() if urn.split("::")[2] != TOKENS["org"]}
    assert all(dependencies and above.endswith("tests-test") for dependencies, _, above, _ in of_type.values())
    by_grants = [found for urn, found in of_type.items() if urn.split("::")[2] == TOKENS["grant"]]
    assert all({"org_id", "project_id"} <= by_property.keys() for _, by_property, _, _ in by_grants)
    assert stack.preview("--refresh") == {}
    drift = run_zorg("drift", "--format", "json", cwd=stack.folder, env=stack.env)
    assert drift.code == 0, drift.err


def test_the_state_is_that_of_a_stack_whose_program_created_the_objects(server: Server, stack: Stack) -> None:
    """Inputs, outputs, dependencies, parents and `protect`: after the import, and the first `up`."""
    stack.declare(
        acme=org("Acme"),
        off=org("Off", active=False, opts={"protect": True}),
        shop=project(
            "@acme",
            "Shop",
            roles={"viewer": "Viewer", "admin": {"display_name": "Admin", "group": "staff"}},
            project_role_check=True,
        ),
        shared=project_grant("@acme", "@shop", "@off", ["viewer"]),
        ann=grant("@acme", server.ann, "@shop", ["viewer"], opts={"depends_on": ["shared"], "parent": "tenant"}),
    )
    stack.up()
    created, links = stack.resources(), graph(stack)
    file = stack.folder / "import.json"
    made = run_zorg("generate", "--all", "--import-file", str(file), cwd=stack.folder, env=stack.env)
    if refused(made):
        return
    ids = {each["id"]: name for name, each in created.items()}
    wanted = [
        {**each, "name": ids[each["id"]], "logicalName": ids[each["id"]]}
        for each in entries(file).values()
        if each["id"] in ids
    ]
    assert {each["name"]: (each["inputs"], each["outputs"]) for each in wanted} == {
        name: (each["inputs"], each["outputs"]) for name, each in created.items()
    }
    tenant = next(each["parent"] for each in created.values() if each["urn"].endswith("::ann"))
    wanted = [{**each, "parent": "tenant"} if each["name"] == "ann" else each for each in wanted]
    file.write_text(json.dumps({"nameTable": {"tenant": tenant}, "resources": wanted}))
    for name in reversed(list(created)):
        stack.must("state", "delete", "--yes", "--force", created[name]["urn"])
    server.proxy.clear()
    stack.must("import", "--file", str(file), "--generate-code=false", "--yes")
    stack.must("preview", "--expect-no-changes")
    assert stack.up().shows("7 unchanged")
    assert server.proxy.exchanges == []
    again = stack.resources()
    assert {name: (each["inputs"], each["outputs"], each["id"]) for name, each in again.items()} == {
        name: (each["inputs"], each["outputs"], each["id"]) for name, each in created.items()
    }
    assert graph(stack) == links


@pytest.mark.parametrize("options", [(), ("--skip-preview",)])
def test_a_destroy_before_any_up_deletes_nothing_that_is_protected(
    server: Server, stack: Stack, options: tuple[str, ...]
) -> None:
    organizations = _instance(server, grants=2)
    if import_all(stack, *_options(organizations)) is None:
        return
    before = stack.resources()
    server.proxy.clear()
    run = stack.run("destroy", "--yes", *options)
    assert run.code != 0
    assert run.shows("protect")
    assert server.proxy.writes == []
    assert stack.resources() == before


@pytest.mark.parametrize("options", [(), ("--skip-preview",)])
def test_a_destroy_before_any_up_of_what_is_not_protected_removes_all(
    any_server: Server, any_stack: Stack, options: tuple[str, ...]
) -> None:
    """The state has no dependencies yet, so an organization is removed while its grants are."""
    server, stack = any_server, any_stack
    organizations = _instance(server, grants=4)
    if import_all(stack, *_options(organizations), engine=("--protect=false",)) is None:
        return
    assert len(stack.resources()) == 3 + 2 + 1 + 8
    stack.must("destroy", "--yes", *options)
    assert stack.resources() == {}
    assert server.shows(lambda: not {*organizations} & server.organizations())
    assert server.home in server.admin.organizations()

"""What `zorg generate --import-file` and `zorg import` write is imported by the real engine, here and on a real server.

With an engine that cannot import dynamic resources, each test verifies that the command says so.
"""

from __future__ import annotations

import json
import threading

import pytest

from pulumi_zorg.testing.proxy import Exchange
from tests.support.command import run_zorg
from tests.support.imports import engine_imports, entries, graph, import_all, refused
from tests.support.servers import Server
from tests.support.stack import TOKENS, Stack, grant, org, project, project_grant


def _instance(server: Server, grants: int = 20) -> tuple[str, str, str]:
    """Make three organizations, one inactive; service accounts; projects with roles, a project grant and user grants."""
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
    assert len(imported) == len(entries(file)) == 3 + 2 + 1 + 40 + 20
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
    assert len(stack.resources()) == 3 + 2 + 1 + 8 + 4
    stack.must("destroy", "--yes", *options)
    assert stack.resources() == {}
    assert server.shows(lambda: not {*organizations} & server.organizations())
    assert server.home in server.admin.organizations()


@pytest.mark.parametrize("removed_when", [None, "before", "while"])
def test_a_destroy_before_any_up_ends_for_a_caller_whose_rights_go_with_the_organization(
    server: Server, stack: Stack, removed_when: str | None
) -> None:
    """The organization may be removed before, and while, the removal of an owner verifies which owners are left."""
    admin = server.admin
    acme = admin.create_organization("Acme")
    projects = [admin.create_project(acme, f"Project {number}", ["viewer"]) for number in range(4)]
    for number in range(4):
        admin.create_grant(acme, admin.create_user(acme, f"user{number}"), projects[0], ["viewer"])
    owner = admin.create_user(server.home, "owner")
    admin.add_member(acme, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = admin.create_token(server.home, owner)
    if import_all(stack, "--org", acme, engine=("--protect=false",)) is None:
        return
    assert len(stack.resources()) == 10 + 4
    listed, removed = threading.Event(), threading.Event()

    def before(method: str, path: str) -> None:
        if removed_when and "/orgs/me/members" in path and (listed.is_set() or removed_when == "before"):
            assert removed.wait(10)
        if removed_when == "while" and (method, path) == ("DELETE", f"/v2/organizations/{acme}"):
            assert listed.wait(10)

    class Answered(list[Exchange]):
        def append(self, exchange: Exchange) -> None:
            super().append(exchange)
            if exchange.path.endswith("/orgs/me/members/_search"):
                listed.set()
            if exchange.method == "DELETE" and exchange.path.endswith(f"/{acme}"):
                removed.set()

    server.proxy.before, server.proxy.exchanges = before, Answered()
    stack.destroy()
    assert stack.resources() == {}
    assert acme not in admin.organizations()


@pytest.mark.parametrize("options", [(), ("--skip-preview",)])
def test_a_file_that_was_edited_into_nonsense_is_refused(
    server: Server, stack: Stack, options: tuple[str, ...]
) -> None:
    """The engine takes failures of `check` for warnings, and imports all the same: it is an error of the provider."""
    file = stack.folder / "import.json"
    made = run_zorg("generate", "--org", server.home, "--import-file", str(file), cwd=stack.folder, env=stack.env)
    if refused(made):
        return
    written = json.loads(file.read_text(encoding="utf-8"))
    written["resources"][0]["inputs"]["active"] = "yes"
    file.write_text(json.dumps(written))
    server.proxy.clear()
    run = stack.run("import", "--file", str(file), "--generate-code=false", "--yes", *options)
    assert run.code != 0
    assert run.shows("InputError: An import of the organization Furniture: active must be True or False"), run.out
    assert "Traceback" not in run.out
    assert server.proxy.exchanges == []
    assert written["resources"][0]["id"] not in {each["id"] for each in stack.resources().values()}


def test_a_file_that_is_older_than_a_change_is_noticed(server: Server, stack: Stack) -> None:
    """An import reads nothing. The next refresh and `zorg drift` do, as for any state."""
    admin = server.admin
    acme, globex = admin.create_organization("Acme"), admin.create_organization("Globex")
    file = stack.folder / "import.json"
    options = _options((acme, globex))
    made = run_zorg("generate", *options, "--import-file", str(file), cwd=stack.folder, env=stack.env)
    if refused(made):
        return
    (stack.folder / "__main__.py").write_text(made.out, encoding="utf-8")
    admin.deactivate_organization(acme)
    admin.remove_organization(globex)
    stack.must("import", "--file", str(file), "--generate-code=false", "--yes")
    drift = run_zorg("drift", "--format", "json", cwd=stack.folder, env=stack.env)
    assert drift.code == 7, drift.err
    assert {each["id"]: each["removed"] for each in json.loads(drift.out)["drifted"]} == {acme: False, globex: True}
    assert stack.preview("--refresh") == {"acme": ["update", "active"], "globex": ["create"]}


def test_what_a_state_has_lost_is_imported_into_it(server: Server, stack: Stack) -> None:
    """Two resources were deleted from the state, and a tenant was made in the console. The program declares the two."""
    stack.declare(
        acme=org("Acme"),
        shop=project("@acme", "Shop", roles={"viewer": "Viewer"}),
        ann=grant("@acme", server.ann, "@shop", ["viewer"]),
    )
    stack.up()
    before, links = stack.resources(), graph(stack)
    for name in ("ann", "shop"):
        stack.must("state", "delete", "--yes", before[name]["urn"])
    globex = server.admin.create_organization("Globex")
    file = stack.folder / "import.json"
    options = (*_options((before["acme"]["id"], globex)), "--missing")
    made = run_zorg("generate", *options, "--import-file", str(file), cwd=stack.folder, env=stack.env)
    if refused(made):
        return
    assert {each["logicalName"] for each in entries(file).values()} == {"globex", "shop", "ann-shop"}
    assert f"org_id=\"{before['acme']['id']}\",  # Organization 'acme' of this stack" in made.out
    declared = stack.folder / "__main__.py"
    program = declared.read_text(encoding="utf-8")
    stack.declare(acme=org("Acme"))
    declared.write_text(f"{program}\n{made.out}", encoding="utf-8")
    server.proxy.clear()
    stack.must("import", "--file", str(file), "--generate-code=false", "--yes")
    stack.must("preview", "--expect-no-changes")
    stack.up()
    assert server.proxy.writes == []
    assert graph(stack)[before["acme"]["urn"]] == links[before["acme"]["urn"]]
    again = run_zorg("generate", *options, cwd=stack.folder, env=stack.env)
    assert (again.code, again.out) == (0, "")
    assert "stack test already has all of it" in again.err
    assert run_zorg("generate", *options, "--out", "more", cwd=stack.folder, env=stack.env).code == 1


def test_one_object_is_imported_by_its_id_and_declared_as_printed(server: Server, stack: Stack) -> None:
    """Under a parent, and without a write. It is then in the stack, so that a second import is refused."""
    stack.declare(acme=org("Acme", opts={"parent": "tenant"}))
    stack.up()
    tenant = next(
        each["urn"] for each in stack.state()["deployment"]["resources"] if each["type"] == "test:index:Tenant"
    )
    shop = server.admin.create_project(stack.id("acme"), "Shop", ["viewer"])
    server.proxy.clear()
    command = ("import", "Project", "shop", shop, "--org", stack.id("acme"))
    parent = ("--parent", f"made['tenant']={tenant}")
    made = run_zorg(*command, *parent, cwd=stack.folder, env=stack.env)
    if refused(made):
        return
    assert "1 imported" in made.err
    assert f"org_id=\"{stack.id('acme')}\",  # Organization 'acme' of this stack" in made.out
    program = stack.folder / "__main__.py"
    program.write_text(f"{program.read_text(encoding='utf-8')}\n{made.out}", encoding="utf-8")
    stack.must("preview", "--expect-no-changes")
    stack.up()
    assert server.proxy.writes == []
    imported = stack.resources()["shop"]
    assert (imported["id"], imported["parent"], imported["protect"]) == (shop, tenant, True)
    again = run_zorg(*command, *parent, cwd=stack.folder, env=stack.env)
    assert again.code == 1
    assert f"ID is that of an object which stack test has already, as {imported['urn']}" in again.err


def test_an_import_only_writes_the_file_where_it_is_to(server: Server, stack: Stack) -> None:
    file, acme = stack.folder / "one.json", server.admin.create_organization("Acme")
    command = ("import", "organization", "home", server.home, "--import-file", str(file))
    made = run_zorg(*command, cwd=stack.folder, env=stack.env)
    if refused(made):
        return
    assert stack.resources() == {}
    assert run_zorg(*command, cwd=stack.folder, env=stack.env).code == 1, "the file exists"
    stack.must("import", "--file", str(file), "--generate-code=false", "--yes")
    assert stack.id("home") == server.home
    # The command that it prints is for the stack that was named, whatever stack is selected, and for the program's folder.
    for options, more in (
        (("--stack", "test"), "--stack test"),
        (("--cwd", str(stack.folder)), f"--cwd {stack.folder}"),
    ):
        named = stack.folder / f"{options[0][2:]}.json"
        told = run_zorg(
            "import",
            "organization",
            "again",
            acme,
            "--import-file",
            str(named),
            *options,
            cwd=stack.folder,
            env=stack.env,
        )
        assert f"`pulumi import --file {named} --generate-code=false --yes {more}`" in told.err
    unknown = run_zorg("import", "Robot", "r", "1", cwd=stack.folder, env=stack.env)
    assert unknown.code == 1
    assert "'Robot' is none of Organization, MachineUser, HumanUser, Project, ProjectGrant, UserGrant" in unknown.err


def test_an_import_file_can_be_in_the_new_folder_and_in_no_folder_that_does_not_exist(
    server: Server, stack: Stack
) -> None:
    file = stack.folder / "new" / "import.json"
    command = ("generate", "--org", server.home, "--import-file", str(file))
    made = run_zorg(*command, cwd=stack.folder, env=stack.env)
    if engine_imports():
        assert made.code == 1
        assert f"Error: {file} cannot be written: No such file or directory" in made.err
    if not refused(run_zorg(*command, "--out", str(file.parent), cwd=stack.folder, env=stack.env)):
        assert entries(file)
        assert (file.parent / "__main__.py").exists()


def test_an_object_of_which_the_engine_refuses_the_import_is_an_error(server: Server, stack: Stack) -> None:
    """Its output is shown: somebody else updates the stack, or the settings are wrong for the provider."""
    stack.configure(token="another", url=server.proxy.url)
    del stack.env["ZITADEL_URL"], stack.env["ZITADEL_TOKEN"]
    ended = run_zorg("import", "Organization", "home", server.home, cwd=stack.folder, env=stack.env)
    assert ended.code == 1
    assert ended.out == ""
    assert stack.resources() == {}


def test_doctor_says_which_way_this_engine_has(server: Server, stack: Stack) -> None:
    told = run_zorg("doctor", cwd=stack.folder, env=stack.env).out
    imports = "which imports what exists (`zorg generate --import-file`, `zorg import`)"
    adopts = "It cannot import dynamic resources; pulumi 3.254 or newer can. With this one, adopt=True takes over what exists"
    assert (imports in told, adopts in told) == (engine_imports(), not engine_imports())

"""What a stack's state does not have (`zorg generate --missing`), and one object by its id (`zorg import`)."""

from __future__ import annotations

import ast
import json
from collections.abc import Mapping
from typing import Any

import pytest

from pulumi_zorg.errors import ConfigurationError, Gone, InputError, NotProven, ZorgError
from pulumi_zorg.generate.pipeline import Generated, generate, import_one
from pulumi_zorg.generate.selection import Managed
from tests.support.servers import Server
from tests.support.stack import TOKENS
from tests.support.world import World
from tests.unit.clients import Clients

ROOT = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
TENANT = "urn:pulumi:dev::shop::test:index:Tenant::tenant"


@pytest.fixture
def world(server: Server, clients: Clients) -> World:
    return World(clients.owner(server))


def _urn(kind: str, name: str) -> str:
    return f"urn:pulumi:dev::shop::{TOKENS[kind]}::{name}"


def _resource(kind: str, resource: str, id: str, /, **properties: Any) -> dict[str, Any]:
    return {"urn": _urn(kind, resource), "type": TOKENS[kind], "id": id, "inputs": properties, "outputs": properties}


def _managed(*resources: Mapping[str, Any]) -> Managed:
    others = [{"urn": ROOT, "type": "pulumi:pulumi:Stack"}, {"urn": TENANT, "type": "test:index:Tenant"}]
    return Managed.of("dev", {"deployment": {"resources": [*others, *resources]}})


def _missing(world: World, *resources: Mapping[str, Any], organizations: tuple[str, ...] = ()) -> Generated:
    return generate(world, organizations, None, imports=True, managed=_managed(*resources))


def _entries(made: Generated) -> dict[tuple[str, str], str]:
    """The type and the name of each entry of an import file, with the id."""
    found = json.loads(made.import_file)["resources"]
    return {(each["type"], each["logicalName"]): each["id"] for each in found}


# Only what the state does not have


def test_a_lost_state_is_generated_as_a_whole(server: Server, world: World) -> None:
    whole, missing = generate(world, [], None, imports=True), _missing(world)
    assert missing.import_file == whole.import_file
    assert missing.resources == whole.resources == len(_entries(whole)) > 0


def test_only_what_the_state_does_not_have_is_generated(server: Server, world: World) -> None:
    admin = server.admin
    acme = admin.create_organization("Acme")
    shop, wiki = (admin.create_project(acme, name, ["viewer"]) for name in ("Shop", "Wiki"))
    shared = admin.grant_project(acme, shop, server.home, ["viewer"])
    ann = admin.create_grant(acme, server.ann, shop, ["viewer"])
    state = [
        _resource("org", "acme", acme, name="Acme"),
        _resource("project", "wiki", wiki, org_id=acme, name="Wiki"),
        _resource("project_grant", "shared", shared, org_id=acme, project_id=shop, granted_org_id=server.home),
    ]
    made = _missing(world, *state, organizations=("Acme",))
    assert _entries(made) == {(TOKENS["project"], "shop"): shop, (TOKENS["grant"], "ann-shop"): ann}
    assert f"""    org_id="{acme}",  # Organization 'acme' of this stack\n""" in made.text
    assert "project_id=shop.id" in made.text
    assert "write its variable instead, like `acme.id`" in made.text
    assert "adopt" not in made.text
    ast.parse(made.text)


def test_the_id_of_a_project_grant_is_compared_within_its_project(server: Server, world: World) -> None:
    """Ids of project grants are unique only there."""
    shared = server.admin.grant_project(server.home, server.project, server.admin.create_organization("Acme"), [])
    other = _resource("project_grant", "other", shared, org_id=server.home, project_id="42", granted_org_id="43")
    same = _resource("project_grant", "same", shared, org_id=server.home, project_id=server.project)
    assert shared in _entries(_missing(world, other, organizations=(server.home,))).values()
    assert shared not in _entries(_missing(world, same, organizations=(server.home,))).values()


def test_names_do_not_collide_with_those_of_the_state(server: Server, world: World) -> None:
    acme = server.admin.create_organization("Acme")
    shop = server.admin.create_project(acme, "Shop")
    taken = [_resource("org", "acme", "1", name="Old"), _resource("project", "shop", "2", org_id="1", name="Old")]
    made = _missing(world, *taken, organizations=(acme,))
    assert _entries(made) == {(TOKENS["org"], f"acme-{acme}"): acme, (TOKENS["project"], "acme-shop"): shop}


def test_variables_are_other_ones_than_those_that_the_program_likely_has(server: Server, world: World) -> None:
    """`zorg generate` has given the organization the variable `trade`; its project must not take it over."""
    trade = server.admin.create_organization("Trade")
    project = server.admin.create_project(trade, "Trade", ["viewer"])
    server.admin.create_grant(trade, server.admin.create_user(trade, "trader"), project, ["viewer"])
    made = _missing(world, _resource("org", "trade", trade, name="Trade"), organizations=(trade,))
    assert "\ntrade_ = zorg.Project(" in made.text
    assert "project_id=trade_.id" in made.text


def test_what_the_state_is_about_to_delete_or_only_reads_is_left_out(server: Server, world: World) -> None:
    acme, globex = (server.admin.create_organization(name) for name in ("Acme", "Globex"))
    state = [
        {**_resource("org", "acme", acme, name="Acme"), "delete": True},
        {**_resource("org", "globex", globex, name="Globex"), "external": True},
    ]
    assert _missing(world, *state, organizations=(acme, globex)).resources == 0


def test_many_that_are_missing_are_rows_with_the_resources_of_the_state(server: Server, world: World) -> None:
    shop = server.admin.create_project(server.home, "Shop", ["viewer"])
    for number in range(7):
        server.admin.create_grant(server.home, server.admin.create_user(server.home, f"user{number}"), shop, ["viewer"])
    state = [
        _resource("org", "home", server.home, name="Furniture"),
        _resource("project", "shop", shop, org_id=server.home, name="Shop"),
        _resource("project", "portal", server.project, org_id=server.home, name="Portal"),
    ]
    made = _missing(world, *state, organizations=(server.home,))
    assert made.text.count("zorg.UserGrant(") == 1
    assert f"""    project_id="{shop}",  # Project 'shop' of this stack\n""" in made.text.replace("        ", "    ")


def test_a_state_with_resources_of_a_newer_release_is_refused() -> None:
    """One of them may manage any object."""
    newer = {
        "urn": "urn:pulumi:dev::shop::pulumi-python:dynamic/zorg:Robot::r",
        "type": "pulumi-python:dynamic/zorg:Robot",
    }
    with pytest.raises(ConfigurationError, match="Robot"):
        _managed(newer)


# What an import file says is read by id


def test_an_import_file_has_what_reads_by_id_show(server: Server, world: World) -> None:
    """Lists lag, and nothing reads the object again before the next refresh."""
    acme = server.admin.create_organization("Acme")
    server.admin.create_project(acme, "Shop")
    server.proxy.clear()
    made = generate(world, [acme], None, imports=True)
    read = {each.path for each in server.proxy.exchanges}
    for made_id in _entries(made).values():
        assert any(path.endswith((f"/{made_id}", "/orgs/me")) for path in read), made_id


# One object by its id


def _one(world: World, kind: str, name: str, id: str, *state: Mapping[str, Any], **more: Any) -> Generated:
    address = {key: value for key, value in more.items() if key != "parent"}
    return import_one(world, _managed(*state), TOKENS[kind], name, id, address, more.get("parent"))


def test_one_object_of_each_type_is_imported_by_its_id(server: Server, world: World) -> None:
    admin = server.admin
    acme = admin.create_organization("Acme")
    shared = admin.grant_project(server.home, server.project, acme, ["viewer"])
    ann = admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    for kind, given, address in (
        ("org", acme, {}),
        ("project", server.project, {"org_id": server.home}),
        ("project_grant", shared, {"org_id": server.home, "project_id": server.project}),
        ("grant", ann, {}),
        ("grant", ann, {"org_id": server.home}),
    ):
        made = _one(world, kind, "it", given, **address)
        assert _entries(made) == {(TOKENS[kind], "it"): given}
        assert made.text.startswith("it = zorg.")
        assert (
            made.text.rstrip().endswith("opts=pulumi.ResourceOptions(protect=True),\n)")
            or "protect=True))" in made.text
        )
        ast.parse(made.text)
    assert (
        'roles={"admin": "admin", "editor": "editor", "viewer": "viewer"}'
        in _one(world, "project", "it", server.project, org_id=server.home).text
    )


def test_a_custom_id_and_one_of_two_that_a_name_finds_are_imported(server: Server, world: World) -> None:
    server.admin.call("POST", "/v2/organizations", {"name": "Chosen", "orgId": "my-own-id"})
    assert _entries(_one(world, "org", "chosen", "my-own-id")) == {(TOKENS["org"], "chosen"): "my-own-id"}


def test_a_resource_under_a_parent_names_it(server: Server, world: World) -> None:
    acme = server.admin.create_organization("Acme")
    given_as = ((TENANT, "tenant"), (f"={TENANT}", "tenant"), (f"acme_tenant={TENANT}", "acme_tenant"))
    for given, variable in (*given_as, (f"made['a=b']={TENANT}", "made['a=b']")):
        made = _one(world, "org", "acme", acme, parent=given)
        content = json.loads(made.import_file)
        assert content["nameTable"] == {content["resources"][0]["parent"]: TENANT}
        assert f"parent={variable}" in made.text


def test_the_name_of_a_parent_may_have_an_equals_sign(server: Server, world: World) -> None:
    acme = server.admin.create_organization("Acme")
    urn = "urn:pulumi:dev::shop::test:index:Tenant::a=b"
    for given, variable in ((urn, "a_b"), (f"tenant={urn}", "tenant")):
        made = _one(world, "org", "acme", acme, {"urn": urn, "type": "test:index:Tenant"}, parent=given)
        assert list(json.loads(made.import_file)["nameTable"].values()) == [urn]
        assert f"parent={variable}" in made.text


@pytest.mark.parametrize(
    ("kind", "id", "more", "error", "says"),
    [
        ("org", "42", {}, NotProven, "never had|42"),
        ("org", "no id", {}, InputError, "ID must be an id, which has no white space"),
        ("org", "{home}", {"org_id": "{home}"}, InputError, "--org does not belong to a organization|--org does not belong"),
        ("project", "{project}", {}, InputError, "--org is missing: a project cannot be found by its id alone"),
        ("project", "{project}", {"org_id": "{acme}"}, ZorgError, "{home}"),
        ("project_grant", "1", {"org_id": "{home}"}, InputError, "--project is missing"),
        ("grant", "{ann}", {"org_id": "{acme}"}, ZorgError, "{home}"),
        ("org", "{removed}", {}, Gone, "There is no organization {removed} to import: .*was removed"),
        ("org", "{home}", {"parent": "urn:pulumi:dev::shop::x:y:Z::z"}, InputError, "--parent must be the URN of a resource"),
    ],
)  # fmt: skip
def test_what_cannot_be_imported_is_an_error(
    server: Server, world: World, kind: str, id: str, more: dict[str, str], error: type[Exception], says: str
) -> None:
    admin = server.admin
    acme, removed = admin.create_organization("Acme"), admin.create_organization("Removed")
    admin.remove_organization(removed)
    ann = admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    ids = {"home": server.home, "project": server.project, "acme": acme, "ann": ann, "removed": removed}
    address = {name: value.format(**ids) for name, value in more.items()}
    with pytest.raises(error, match=says.format(**ids)):
        _one(world, kind, "it", id.format(**ids), **address)


def test_an_object_that_the_stack_has_is_refused_and_so_is_a_name(server: Server, world: World) -> None:
    """One manager for each object."""
    acme = server.admin.create_organization("Acme")
    other = _resource("org", "tenant", acme, name="Acme")
    for state in ([other], [{**other, "delete": True}], [other, {**_resource("org", "read", acme), "external": True}]):
        with pytest.raises(InputError, match=f"already, as {_urn('org', 'tenant')}"):
            _one(world, "org", "acme", acme, *state)
    read = {**_resource("org", "read", acme), "external": True}
    assert _one(world, "org", "acme", acme, read).text, "a resource that only reads the object does not manage it"
    taken = _resource("org", "acme", "42", name="Old")
    with pytest.raises(InputError, match="NAME is taken: stack dev has a resource of that name and type"):
        _one(world, "org", "acme", acme, taken)
    # Under another parent, and of another type, a name is another one.
    assert _one(world, "org", "acme", acme, taken, parent=TENANT).text
    assert _one(world, "org", "acme", acme, _resource("project", "acme", "42", org_id="1", name="Old")).text


@pytest.mark.parametrize("name", ["", " ", "a\nb"])
def test_a_name_that_cannot_be_one_is_an_error(server: Server, world: World, name: str) -> None:
    server.proxy.clear()
    with pytest.raises(InputError, match="NAME must be a name that can be printed"):
        _one(world, "org", name, server.home)
    assert server.proxy.exchanges == []


def test_what_a_program_may_not_declare_is_an_error_of_an_import(server: Server, world: World) -> None:
    shop = server.admin.create_project(server.home, "Shop")
    server.admin.add_project_role(server.home, shop, "a\u202eb", "Role")
    with pytest.raises(InputError, match=f"A program cannot declare project {shop}: roles has the role key"):
        _one(world, "project", "shop", shop, org_id=server.home)


def test_an_object_that_pulumi_itself_needs_is_imported_with_a_caution(server: Server, world: World) -> None:
    own = world.client.caller.own_project()
    default = world.client.caller.default_organization()
    assert default is not None
    made = _one(world, "project", "own", own, org_id=default)
    assert made.remarks == ["Caution: it is ZITADEL's own."]


def test_a_phantom_is_imported_with_a_warning(server: Server, world: World) -> None:
    """No list has it, so `zorg generate` does not find an older one."""
    ann = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    server.admin.call("POST", "/debug/phantoms", {"ids": [ann]})
    made = _one(world, "grant", "ann", ann, org_id=server.home)
    assert _entries(made) == {(TOKENS["grant"], "ann"): ann}
    assert any("is a phantom" in each for each in made.remarks)
    assert 'role_keys=["viewer"]' in made.text


def test_each_of_two_objects_that_a_name_finds_is_imported(server: Server, world: World) -> None:
    """Two projects of one name, in two organizations: the id and `--org` say which."""
    acme = server.admin.create_organization("Acme")
    portals = {server.home: server.project, acme: server.admin.create_project(acme, "Portal")}
    for org_id, portal in portals.items():
        made = _one(world, "project", "portal", portal, org_id=org_id)
        assert _entries(made) == {(TOKENS["project"], "portal"): portal}

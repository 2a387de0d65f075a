"""The engine's own options do on our resources what they do on others."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.servers import World
from tests.support.stack import Stack, grant, org


def test_protect_keeps_an_organization(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme", opts={"protect": True}))
    stack.up()
    acme = stack.id("acme")
    stack.declare()
    assert stack.run("up", "--yes", "--skip-preview").code != 0
    assert stack.run("destroy", "--yes", "--skip-preview").code != 0
    assert world.console.organization(acme)["state"] == "ORG_STATE_ACTIVE"
    assert list(stack.resources()) == ["acme"]


def test_ignore_changes_leaves_a_property_alone_also_when_it_drifts(world: World, stack: Stack) -> None:
    ignoring = {"ignore_changes": ["active"]}
    stack.declare(
        acme=org("Acme", opts=ignoring), ann=grant(world.home, world.ann, world.project, ["viewer"], opts=ignoring)
    )
    stack.up()
    world.console.deactivate_organization(stack.id("acme"))
    world.console.deactivate_grant(world.home, world.ann, stack.id("ann"))
    world.proxy.clear()
    stack.up("--refresh")
    assert world.proxy.writes == []
    stack.declare(
        acme=org("Acme B", opts=ignoring),
        ann=grant(world.home, world.ann, world.project, ["editor"], opts=ignoring),
    )
    stack.up()
    assert sorted(call.split()[0] for call in world.proxy.writes) == ["PUT", "PUT"]
    assert world.console.organization(stack.id("acme"))["state"] == "ORG_STATE_INACTIVE"


def test_an_alias_keeps_the_object_under_a_new_name(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    world.proxy.clear()
    stack.declare(tenant=org("Acme", opts={"aliases": ["acme"]}))
    assert stack.preview() == {}
    stack.up()
    assert stack.id("tenant") == acme
    assert world.proxy.writes == []


def test_retain_on_delete_leaves_the_object(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme", opts={"retain_on_delete": True}))
    stack.up()
    acme = stack.id("acme")
    world.proxy.clear()
    stack.destroy()
    assert stack.resources() == {}
    assert world.proxy.writes == []
    assert world.console.organization(acme)["state"] == "ORG_STATE_ACTIVE"


def test_replace_on_changes_makes_another_object_the_old_one_removed_first(world: World, stack: Stack) -> None:
    stack.declare(
        ann=grant(world.home, world.ann, world.project, ["viewer"], opts={"replace_on_changes": ["role_keys"]})
    )
    stack.up()
    first = stack.id("ann")
    world.proxy.clear()
    stack.declare(
        ann=grant(world.home, world.ann, world.project, ["editor"], opts={"replace_on_changes": ["role_keys"]})
    )
    stack.up()
    path = f"/management/v1/users/{world.ann}/grants"
    assert world.proxy.writes == [f"DELETE {path}/{first}", f"POST {path}"]
    assert list(world.console.grants(world.home)) == [stack.id("ann")] != [first]


def test_resources_live_in_a_component(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme", opts={"parent": "tenant"}))
    stack.up()
    acme = stack.resources()["acme"]
    assert "test:index:Tenant$" in acme["urn"]
    # The state has no more of the provider than the name of its class.
    assert len(acme["inputs"]["__provider"]) < 120
    assert world.token not in json.dumps(stack.state())
    stack.destroy()
    assert [each["name"] for each in world.console.organizations().values()].count("Acme") == 0


def test_another_stack_uses_the_outputs(world: World, stack: Stack, tmp_path: Path) -> None:
    stack.declare(home=org("Acme") | {"export": ["id"]})
    stack.up()
    acme = stack.id("home")
    world.console.grant_project(world.home, world.project, acme, ["viewer"])
    other = Stack(tmp_path / "other", world.proxy.url, world.token, "other", initialized=False)
    other.env["PULUMI_BACKEND_URL"] = stack.env["PULUMI_BACKEND_URL"]
    other.must("stack", "init", "other")
    (other.folder / "__main__.py").write_text(
        "import pulumi, pulumi_zorg as zorg\n"
        'org = pulumi.StackReference("organization/tests/test").require_output("home.id")\n'
        f'zorg.UserGrant("ann", org_id=org, user_id={world.ann!r}, project_id={world.project!r}, role_keys=["viewer"])\n'
    )
    other.up()
    assert [each["userId"] for each in world.console.grants(acme).values()] == [world.ann]


def test_no_plugin_is_looked_for_on_the_network(stack: Stack) -> None:
    """A distribution named pulumi-… is taken for a plugin unless its pulumi-plugin.json is found."""
    del stack.env["PYTHONPATH"]  # the real `pip list`
    stack.declare(acme=org("Acme"))
    log = stack.must("preview", "-v=7", "--logtostderr").out
    assert "ensurePluginsAreInstalled()" in log, "the log tells what is done about plugins"
    assert "pulumi-resource-zorg" not in log
    assert "installPlugin(zorg" not in log

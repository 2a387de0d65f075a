"""The engine's own options do on our resources what they do on others."""

from __future__ import annotations

import json
from pathlib import Path

from tests.support.servers import Server
from tests.support.stack import Stack, grant, org


def test_protect_keeps_an_organization(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme", opts={"protect": True}))
    stack.up()
    acme = stack.id("acme")
    stack.declare()
    assert stack.run("up", "--yes", "--skip-preview").code != 0
    assert stack.run("destroy", "--yes", "--skip-preview").code != 0
    assert server.admin.organization(acme)["state"] == "ORG_STATE_ACTIVE"
    assert list(stack.resources()) == ["acme"]


def test_ignore_changes_leaves_a_property_alone_also_when_it_drifts(server: Server, stack: Stack) -> None:
    ignoring = {"ignore_changes": ["active"]}
    stack.declare(
        acme=org("Acme", opts=ignoring), ann=grant(server.home, server.ann, server.project, ["viewer"], opts=ignoring)
    )
    stack.up()
    server.admin.deactivate_organization(stack.id("acme"))
    server.admin.deactivate_grant(server.home, server.ann, stack.id("ann"))
    server.proxy.clear()
    stack.up("--refresh")
    assert server.proxy.writes == []
    stack.declare(
        acme=org("Acme B", opts=ignoring),
        ann=grant(server.home, server.ann, server.project, ["editor"], opts=ignoring),
    )
    stack.up()
    assert sorted(call.split()[0] for call in server.proxy.writes) == ["POST", "PUT"]
    assert server.admin.organization(stack.id("acme"))["state"] == "ORG_STATE_INACTIVE"


def test_an_alias_keeps_the_object_under_a_new_name(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    server.proxy.clear()
    stack.declare(tenant=org("Acme", opts={"aliases": ["acme"]}))
    assert stack.preview() == {}
    stack.up()
    assert stack.id("tenant") == acme
    assert server.proxy.writes == []


def test_retain_on_delete_leaves_the_object(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme", opts={"retain_on_delete": True}))
    stack.up()
    acme = stack.id("acme")
    server.proxy.clear()
    stack.destroy()
    assert stack.resources() == {}
    assert server.proxy.writes == []
    assert server.admin.organization(acme)["state"] == "ORG_STATE_ACTIVE"


def test_replace_on_changes_makes_another_object_the_old_one_removed_first(server: Server, stack: Stack) -> None:
    stack.declare(
        ann=grant(server.home, server.ann, server.project, ["viewer"], opts={"replace_on_changes": ["role_keys"]})
    )
    stack.up()
    first = stack.id("ann")
    server.proxy.clear()
    stack.declare(
        ann=grant(server.home, server.ann, server.project, ["editor"], opts={"replace_on_changes": ["role_keys"]})
    )
    stack.up()
    path = f"/management/v1/users/{server.ann}/grants"
    assert server.proxy.writes == [f"DELETE {path}/{first}", f"POST {path}"]
    assert list(server.admin.grants(server.home)) == [stack.id("ann")] != [first]


def test_resources_live_in_a_component(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme", opts={"parent": "tenant"}))
    stack.up()
    acme = stack.resources()["acme"]
    assert "test:index:Tenant$" in acme["urn"]
    # The state has no more of the provider than the name of its class.
    provider = acme["inputs"]["__provider"]
    assert isinstance(provider, str), "in plain text: a secret is an object"
    assert len(provider) < 120
    assert server.token not in json.dumps(stack.state())
    stack.destroy()
    assert [each["name"] for each in server.admin.organizations().values()].count("Acme") == 0


def test_another_stack_uses_the_outputs(server: Server, stack: Stack, tmp_path: Path) -> None:
    stack.declare(home=org("Acme") | {"export": ["id"]})
    stack.up()
    acme = stack.id("home")
    server.admin.grant_project(server.home, server.project, acme, ["viewer"])
    other = Stack(tmp_path / "other", server.proxy.url, server.token, "other", initialized=False)
    other.env["PULUMI_BACKEND_URL"] = stack.env["PULUMI_BACKEND_URL"]
    other.must("stack", "init", "other")
    (other.folder / "__main__.py").write_text(
        "import pulumi, pulumi_zorg as zorg\n"
        'org = pulumi.StackReference("organization/tests/test").require_output("home.id")\n'
        f'zorg.UserGrant("ann", org_id=org, user_id={server.ann!r}, project_id={server.project!r}, role_keys=["viewer"])\n'
    )
    other.up()
    assert [each["userId"] for each in server.admin.grants(acme).values()] == [server.ann]


def test_no_plugin_is_looked_for_on_the_network(stack: Stack) -> None:
    """A distribution named pulumi-… is taken for a plugin unless its pulumi-plugin.json is found."""
    stack.start_python_anew()  # with the real `pip list`
    stack.declare(acme=org("Acme"))
    log = stack.must("preview", "-v=7", "--logtostderr").out
    assert "ensurePluginsAreInstalled()" in log, "the log tells what is done about plugins"
    assert "pulumi-resource-zorg" not in log
    assert "installPlugin(zorg" not in log


def test_a_replacement_that_the_engine_forces_takes_back_what_its_policy_keeps(server: Server, stack: Stack) -> None:
    """By an option, and by a taint. The user grant in the organization is replaced along with it, as the preview shows."""
    stack.declare(acme=org("Acme", deletion_policy="deactivate"))
    stack.up()
    acme = stack.id("acme")
    server.admin.grant_project(server.home, server.project, acme, ["viewer"])
    resources = {
        "acme": org("Acme", deletion_policy="deactivate"),
        "ann": grant("@acme", server.ann, server.project, ["viewer"]),
    }
    stack.declare(**resources)
    stack.up()
    urn = stack.resources()["acme"]["urn"]

    preview = stack.must("preview", "--replace", urn)
    assert preview.shows(
        f"Organization 'Acme' ({acme}) exists. If this resource is replaced, the object is deactivated"
    )
    run = stack.up("--replace", urn)
    assert run.shows(f"Organization 'Acme' ({acme}) was kept when its resource was replaced, and is taken back by it.")
    assert stack.id("acme") == acme
    assert server.admin.organization(acme)["state"] == "ORG_STATE_ACTIVE"
    assert list(server.admin.grants(acme)) == [stack.id("ann")]
    stack.assert_settled()

    stack.must("state", "taint", urn, "--yes")
    stack.up()
    assert stack.id("acme") == acme
    assert server.admin.organization(acme)["state"] == "ORG_STATE_ACTIVE"
    stack.assert_settled()


def test_a_replacement_trigger_takes_back_what_is_retained(server: Server, stack: Stack) -> None:
    def declare(trigger: str) -> None:
        stack.declare(acme=org("Acme", deletion_policy="retain", opts={"replacement_trigger": trigger}))

    declare("1")
    stack.up()
    acme = stack.id("acme")
    declare("2")
    assert stack.must("preview").shows(
        f"Organization 'Acme' ({acme}) exists. If this resource is replaced, the object stays"
    )
    stack.up()
    assert stack.id("acme") == acme
    stack.assert_settled()

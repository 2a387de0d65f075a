"""The engine's own options do on our resources what they do on others."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project


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


def test_a_destroy_that_runs_the_program_takes_its_options_and_the_policy_of_the_state(
    server: Server, stack: Stack
) -> None:
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    ann = stack.id("ann")
    kept = {"retain_on_delete": True}
    stack.declare(
        acme=org("Acme", deletion_policy="retain"),
        ann=grant(server.home, server.ann, server.project, ["viewer"], opts=kept),
        bluth=org("Bluth"),
    )
    stack.destroy("--run-program")
    assert stack.resources() == {}
    assert not {"Acme", "Bluth"} & {each["name"] for each in server.admin.organizations().values()}
    assert list(server.admin.grants(server.home)) == [ann]


@pytest.mark.parametrize("kind", ["org", "grant"])
def test_a_replacement_of_what_pulumi_retains_takes_a_second_run(server: Server, stack: Stack, kind: str) -> None:
    """The engine shows the provider neither the old object nor its id."""
    kept = {"retain_on_delete": True}
    declared = {
        "org": org("Acme", opts=kept),
        "grant": grant(server.home, server.ann, server.project, ["viewer"], opts=kept),
    }[kind]
    stack.declare(one=declared)
    stack.up()
    one = stack.id("one")
    assert stack.fails("--replace", "**::one").shows("already", one)
    assert stack.up().shows("was kept when its resource was replaced, and is taken back by it")
    assert stack.id("one") == one
    stack.assert_settled()


def test_a_tainted_resource_that_pulumi_retains_takes_its_object_back_by_adoption(server: Server, stack: Stack) -> None:
    kept = {"retain_on_delete": True}
    stack.declare(acme=org("Acme", opts=kept))
    stack.up()
    acme = stack.id("acme")
    stack.must("state", "taint", str(stack.resources()["acme"]["urn"]), "--yes")
    for _ in range(2):
        assert stack.fails().shows("already", acme, "set adopt=True")
    stack.declare(acme=org("Acme", adopt=True, opts=kept))
    stack.up()
    assert stack.id("acme") == acme
    stack.assert_settled()


def test_what_is_deleted_with_an_organization_that_stays_is_in_no_state(server: Server, stack: Stack) -> None:
    def portal(**args: bool) -> dict[str, Any]:
        return project("@acme", "Portal", opts={"deleted_with": "acme"}, **args)

    stack.declare(acme=org("Acme", deletion_policy="deactivate"), portal=portal())
    stack.up()
    acme, first = stack.id("acme"), stack.id("portal")
    stack.declare()
    stack.up()
    assert stack.resources() == {}
    assert (
        server.admin.call("GET", f"/management/v1/projects/{first}", org=acme)["project"]["state"]
        == "PROJECT_STATE_ACTIVE"
    )
    stack.declare(acme=org("Acme", deletion_policy="deactivate", adopt=True), portal=portal(adopt=True))
    stack.up()
    assert (stack.id("acme"), stack.id("portal")) == (acme, first)


def test_a_transform_of_the_program_deactivates_and_its_preview_says_so(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    (stack.folder / "__main__.py").write_text(
        "import pulumi, pulumi_zorg as zorg\n"
        "def off(args):\n"
        '    return pulumi.ResourceTransformResult(props={**args.props, "active": False}, opts=args.opts)\n'
        "pulumi.runtime.register_resource_transform(off)\n"
        'zorg.Organization("acme", name="Acme")\n'
    )
    assert stack.must("preview").shows(f"deactivates organization Acme ({acme})")
    stack.up()
    assert server.admin.organization(acme)["state"] == "ORG_STATE_INACTIVE"
    stack.assert_settled()


def test_another_name_of_the_stack_and_of_a_component_changes_nothing(server: Server, stack: Stack) -> None:
    program = (
        "import pulumi, pulumi_zorg as zorg\n"
        "class Tenant(pulumi.ComponentResource):\n"
        "    def __init__(self, name, opts=None):\n"
        '        super().__init__("test:index:Tenant", name, None, opts)\n'
        '        zorg.Organization(f"{{name}}-org", name="Acme", opts=pulumi.ResourceOptions(parent=self))\n'
        "{}\n"
    )
    (stack.folder / "__main__.py").write_text(program.format('Tenant("one")'))
    stack.up()
    acme = stack.id("one-org")
    server.proxy.clear()
    alias = 'Tenant("two", pulumi.ResourceOptions(aliases=[pulumi.Alias(name="one")]))'
    (stack.folder / "__main__.py").write_text(program.format(alias))
    stack.up("--refresh")
    assert stack.id("two-org") == acme
    stack.must("stack", "rename", "live")
    stack.name = stack.env["PULUMI_STACK"] = "live"
    stack.up("--refresh")
    assert stack.id("two-org") == acme
    assert server.proxy.writes == []

"""What a user reads when something is wrong: one message, no traceback, and nothing called before bad input is told."""

from __future__ import annotations

from pathlib import Path

from pulumi_zorg.testing import Fault
from tests.support.old_sdk import OLD_SDK
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org

BAD_INPUT = [
    (org("   "), "name must not be blank"),
    (org("x" * 201), "name must have at most 200 characters"),
    (org(), "name is missing"),
    (org("Acme", active="yes"), "active must be True or False"),
    (org("Acme", deletion_policy="keep"), 'deletion_policy must be "remove", "deactivate" or "retain"'),
    (org("Acme", actve=True), "actve is not an argument. Did you mean active?"),
    (grant("1", "ann@acme.example", "3", []), "user_id looks like an email address, and must be the user's id"),
    (grant("", "1", "2", []), "org_id must not be empty"),
    (grant("1", "2", "3", [""]), "role_keys has an empty role key"),
]

#: Declares each resource of `declared.json`, prints the errors, and ends with the last one.
EACH_IS_TRIED = """
import json
import pulumi_zorg as zorg

classes = {"org": zorg.Organization, "grant": zorg.UserGrant}
for name, each in json.load(open("declared.json")).items():
    try:
        classes[each["kind"]](name, **each["args"])
    except zorg.ZorgError as error:
        print(f"{name}: {error}")
        last = error
raise last
"""


def test_bad_input_is_told_in_the_preview_before_anything_is_called(server: Server, stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(EACH_IS_TRIED)
    stack.declare(**{f"r{number}": declared for number, (declared, _) in enumerate(BAD_INPUT)})
    preview = stack.run("preview")
    assert preview.code != 0
    for _, said in BAD_INPUT:
        assert preview.shows(said), preview.out
    assert server.proxy.exchanges == []


def test_bad_input_from_an_output_is_told_by_the_check(server: Server, stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(
        'import pulumi, pulumi_zorg as zorg\nzorg.Organization("acme", name=pulumi.Output.from_input(" "))\n'
    )
    preview = stack.run("preview")
    assert preview.code != 0
    assert preview.shows("name", "must not be blank"), preview.out
    assert server.proxy.exchanges == []


def test_an_output_of_another_stack_that_does_not_exist_reactivates_nothing(server: Server, stack: Stack) -> None:
    """Such an output is None, and the default of `active` is True."""
    stack.declare(acme=org("Acme", active=False))
    stack.up()
    acme = stack.id("acme")
    server.proxy.clear()
    (stack.folder / "__main__.py").write_text(
        "import pulumi, pulumi_zorg as zorg\n"
        'other = pulumi.StackReference("organization/tests/test")\n'
        'zorg.Organization("acme", name="Acme", active=other.get_output("acme.actve"))\n'
    )
    for run in (stack.run("preview"), stack.fails()):
        assert run.code != 0
        assert run.shows("property active value", "has no value", "require_output fails instead"), run.out
    assert server.proxy.writes == []
    assert server.admin.organization(acme)["state"] == "ORG_STATE_INACTIVE"


def test_a_new_organization_that_is_no_target_is_told_to_who_needs_it(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    server.proxy.clear()
    stack.declare(acme=org("Acme"), bluth=org("Bluth"), ann=grant("@bluth", server.ann, server.project, ["viewer"]))
    failed = stack.fails("--target", "**::ann")
    assert failed.shows("property org_id", "has no value", "of a new resource that --target or --exclude leaves out")
    assert server.proxy.writes == []


def test_the_source_of_a_resource_is_the_line_of_the_program(server: Server, stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text('import pulumi_zorg as zorg\n\nzorg.Organization("acme", name="Acme")\n')
    stack.up()
    (acme,) = (each for each in stack.state()["deployment"]["resources"] if each["type"].endswith("zorg:Organization"))
    assert acme["sourcePosition"].endswith("/__main__.py#3")
    assert acme["stackTrace"][0]["sourcePosition"] == acme["sourcePosition"]
    assert len(acme["stackTrace"]) <= 4, "all calls on the stack are half of the state"


def test_a_refusal_is_one_message_with_what_zitadel_said(server: Server, stack: Stack) -> None:
    stack.declare(ann=grant(server.home, "424242", server.project, ["viewer"]))
    failed = stack.fails()
    assert failed.shows(
        "InputError: The new user grant: user_id is 424242: there is no such user",
        "ZITADEL answered 400: User could not be found",
    ), failed.out
    assert stack.resources() == {}


def test_a_credential_without_rights_is_told_what_it_lacks(server: Server, stack: Stack) -> None:
    low = server.admin.create_user(server.home, "low")
    stack.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, low)
    stack.declare(acme=org("Acme"))
    failed = stack.fails()
    assert failed.shows("membership not found", "Give its user a role")


def test_wrong_settings_are_told_in_the_preview_before_anything_is_called(server: Server, stack: Stack) -> None:
    """tests/provider/test_previews.py has more of them."""
    stack.env |= {"ZITADEL_CLIENT_ID": "a", "ZITADEL_CLIENT_SECRET": "hush-hush"}
    stack.declare(acme=org("Acme"))
    preview = stack.run("preview")
    assert preview.code != 0
    assert preview.shows("more than one credential is given")
    assert "Traceback" not in preview.out
    assert "hush-hush" not in preview.out
    assert server.proxy.exchanges == []


def test_the_stack_comes_before_the_environment(server: Server, stack: Stack) -> None:
    stack.env |= {"ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_TOKEN": "", "ZITADEL_CLIENT_ID": "nobody"}
    stack.configure(url=server.proxy.url, token=server.token)
    stack.declare(acme=org("Acme"))
    stack.up()
    assert server.admin.organization(stack.id("acme"))["name"] == "Acme"


def test_the_log_shows_each_call_and_nothing_secret(server: Server, stack: Stack, tmp_path: Path) -> None:
    stack.env["ZORG_LOG"] = "debug"
    stack.declare(acme=org("Acme"))
    up = stack.up()
    assert up.shows("POST /management/v1/orgs org=- -> 200 in", "attempt 1")
    assert up.shows(f"GET /management/v1/orgs/me org={stack.id('acme')} -> 200")
    assert server.token not in up.out


def test_nothing_secret_anywhere_with_the_engines_own_debugging(server: Server, stack: Stack) -> None:
    """Not in what is shown, not in the state, not in the notes of creations, also when something goes wrong."""
    del stack.env["ZITADEL_TOKEN"]
    stack.env["ZORG_LOG"] = "debug"
    stack.must("config", "set", "--secret", "zorg:token", server.token)
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["nobody"]))
    failed = stack.run("up", "--yes", "--skip-preview", "--debug")
    assert failed.code != 0
    assert failed.shows("has no role 'nobody'", "debug:")
    assert server.token not in failed.out
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    server.proxy.add(Fault("drop", method="POST", path="/grants$"))
    assert server.token not in stack.up("--debug").out
    written = [file for file in stack.folder.rglob("*") if file.is_file()]
    assert any("backend" in file.parts for file in written)
    assert not [file for file in written if server.token.encode() in file.read_bytes()]


OTHER_PROVIDER = """
import pulumi
import pulumi_zorg as zorg
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Other(ResourceProvider):
    def create(self, props):
        if props["zorg_ran"]:
            return CreateResult("1", {**props, "ratio": 1 / props["zero"]})

class Thing(Resource, module="other", name="Thing"):
    pass

acme = zorg.Organization("acme", name="Acme")
Thing(Other(), "thing", {"zero": 0, "zorg_ran": acme.id})
"""


def test_another_provider_of_the_stack_keeps_its_traceback(stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(OTHER_PROVIDER)
    run = stack.run("up", "--yes", "--skip-preview")
    assert run.code != 0
    assert set(stack.resources()) == {"acme"}
    assert run.shows("ZeroDivisionError", "Traceback (most recent call last)", '1 / props["zero"]'), run.out


def test_renaming_to_a_taken_name_is_one_message(server: Server, stack: Stack) -> None:
    server.admin.create_organization("Taken")
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.declare(acme=org("Taken"))
    failed = stack.fails()
    assert failed.shows("Renaming organization", "which this resource did not make", "Rename or remove that one first")
    assert "adopt=True" not in failed.out
    assert "another exception occurred" not in failed.out
    assert "direct cause" not in failed.out


def test_a_name_whose_domain_is_taken_names_the_organization_that_has_it(server: Server, stack: Stack) -> None:
    holder = server.admin.create_organization("Acme Inc")
    stack.declare(acme=org("Acme, Inc."))
    failed = stack.fails()
    assert failed.shows("the domain that ZITADEL makes from it (acme-inc.", f"organization 'Acme Inc' ({holder})")
    assert "adopt=True" not in failed.out
    stack.declare(acme=org("Acme, Inc.", adopt=True))
    assert stack.fails().shows("the domain that ZITADEL makes from it (acme-inc.")


def test_a_grant_in_a_removed_organization_says_that_the_organization_is_gone(server: Server, stack: Stack) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    server.admin.remove_organization(server.home)
    stack.must("refresh", "--yes")
    assert stack.resources() == {}
    failed = stack.fails()
    assert failed.shows(
        f"cannot be made in organization {server.home}, which does not exist any more", "was removed by"
    )
    assert "adopt=True" not in failed.out


def test_import_is_refused_and_names_the_ways(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme", opts={"import_": server.home}))
    failed = stack.fails()
    assert failed.shows("import_ cannot be used", "`zorg import` (pulumi 3.254 or newer)", "adopt=True")
    assert server.proxy.exchanges == []


def test_an_sdk_that_drops_internal_properties_is_refused_before_anything_is_called(
    server: Server, stack: Stack
) -> None:
    stack.start_python_anew()
    stack.env["PYTHONPATH"] = str(OLD_SDK)
    stack.declare(acme=org("Acme"))
    for command in (("preview",), ("up", "--yes", "--skip-preview")):
        run = stack.run(*command)
        assert run.code != 0
        assert run.shows("does not pass internal properties to dynamic providers", "pip install 'pulumi>=3.235'"), (
            run.out
        )
        assert "Traceback" not in run.out
    assert server.proxy.writes == []

"""The text of generated programs: names, layout, and what others chose to be in it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulumi_zorg.errors import InputError, NoMatch
from pulumi_zorg.generate import python_text, repository
from pulumi_zorg.generate.pipeline import generate
from pulumi_zorg.generate.python_text import Entry, call
from tests.support.servers import Server
from tests.support.world import World
from tests.unit.clients import Clients


@pytest.fixture
def world(server: Server, clients: Clients) -> World:
    return World(clients.owner(server))


@pytest.mark.parametrize(
    ("text", "name"),
    [("Acme", "acme"), ("Müller & Söhne GmbH", "muller-sohne-gmbh"), ("ann.berg@x.example", "ann-berg"), ("東京", "")],
)
def test_a_name_becomes_a_readable_one(text: str, name: str) -> None:
    assert python_text.slug(text) == name


def test_names_and_variables_are_unique() -> None:
    taken: set[str] = set()
    assert [python_text.unique(("shop", "acme-shop", "shop-42"), taken) for _ in range(3)] == [
        "shop",
        "acme-shop",
        "shop-42",
    ]
    variables: set[str] = set()
    assert [python_text.variable(each, variables) for each in ("class", "zorg", "2day", "a-b", "a-b")] == [
        "class_",
        "zorg_",
        "_2day",
        "a_b",
        "a_b_",
    ]


@given(st.text())
def test_every_text_is_a_literal_that_means_the_text(text: str) -> None:
    literal = python_text.literal(text)
    assert isinstance(literal, str)
    assert ast.literal_eval(literal) == text
    assert len(literal.splitlines()) == 1


@given(st.text())
def test_no_text_can_end_a_comment(text: str) -> None:
    written = python_text.assign("", call("f", [Entry("1", "a=", text)]))
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse("f(a=1)"))


def test_a_program_is_formatted_and_has_all_that_exists(server: Server, world: World, tmp_path: Path) -> None:
    admin = server.admin
    acme = admin.create_organization('Acme "Quoted"')
    off = admin.create_organization("Müller & Söhne Gesellschaft mit beschränkter Haftung und einem langen Namen dazu")
    admin.deactivate_organization(off)
    shop = admin.create_project(acme, "Shop", ["viewer", "admin"])
    admin.set_project_flags(acme, shop, projectRoleAssertion=True)
    granted = admin.grant_project(acme, shop, off, ["viewer"])
    inactive = admin.create_grant(acme, server.ann, shop, ["viewer"])
    admin.deactivate_grant(acme, server.ann, inactive)
    for number in range(8):
        admin.create_grant(off, admin.create_user(off, f"user{number}"), shop, ["viewer"], granted)
    made = generate(world, [], None)
    (tmp_path / "generated.py").write_text(made.text, encoding="utf-8")
    checked = [
        [sys.executable, "-m", "ruff", *each, "--isolated", "generated.py"]
        for each in (["check"], ["format", "--check"])
    ]
    for command in checked:
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    assert made.left_out == []
    assert "    active=False,\n    adopt=True,\n    opts=KEPT,\n)\n" in made.text
    assert 'roles={"admin": "admin", "viewer": "viewer"},\n    project_role_assertion=True,\n' in made.text
    assert "ann = zorg.MachineUser(" in made.text
    assert "user_id=ann.id,\n" in made.text
    assert "project_grant_id=shop_muller" in made.text
    assert made.text.count("zorg.UserGrant(") == 2, "eight are rows of a loop"
    assert "it is ZITADEL's own" in made.text


def test_organizations_are_chosen_by_name_id_and_state(server: Server, world: World) -> None:
    admin = server.admin
    acme = admin.create_organization("Acme")
    admin.deactivate_organization(admin.create_organization("Globex"))
    assert [name in generate(world, [acme, "Globex"], None).text for name in ("Acme", "Globex", "Furniture")] == [
        True,
        True,
        False,
    ]
    assert [name in generate(world, [], "inactive").text for name in ("Acme", "Globex")] == [False, True]


def test_what_pulumi_itself_needs_is_left_out(server: Server, world: World) -> None:
    """ZITADEL's own project with what is about it, and the grants of the credential's own user."""
    admin, client = server.admin, world.client
    own, default = client.caller.own_project(), client.caller.default_organization()
    assert default is not None
    about_own = admin.grant_project(default, own, server.home, [])
    of_me = admin.create_grant(server.home, client.me.id, server.project, ["viewer"])
    text = generate(world, [], None).text
    for left_out in (f"project {own}", f"project grant {about_own}", f"user grant {of_me}"):
        assert f"# {left_out} is left out: " in text
    code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
    assert own not in code
    assert client.me.id not in code


def test_zitadels_own_organization_is_not_taken_along_silently(server: Server, world: World) -> None:
    """The default organization, in which the credential's own user lives here: a wrong change locks Pulumi itself out."""
    default = world.client.caller.default_organization()
    made = generate(world, [], None)
    (said,) = (each for each in made.remarks if "is taken along" in each)
    assert said.startswith(
        f"organization ZITADEL ({default}) is taken along, and the credential's own user lives in it."
    )
    assert "allow_lockout=True" in said
    comments = " ".join(line.removeprefix("# ") for line in made.text.splitlines() if line.startswith("# "))
    assert said in comments
    assert not any("taken along" in each for each in generate(world, [server.home], None).remarks)


@pytest.mark.parametrize(
    ("origin", "line"),
    [
        (None, "pulumi-zorg==0.1.0"),
        ({"url": "file:///home/ann/shop", "dir_info": {"editable": True}}, "pulumi-zorg @ file:///home/ann/shop"),
        ({"url": "https://x.example/z.whl", "archive_info": {}}, "pulumi-zorg @ https://x.example/z.whl"),
        (
            {"url": "https://ann:secret@x.example/z.git", "vcs_info": {"vcs": "git", "commit_id": "4f2c1d0"}},
            "pulumi-zorg @ git+https://x.example/z.git@4f2c1d0",
        ),
        (
            {"url": "ssh://git@x.example/z.git", "vcs_info": {"vcs": "git", "commit_id": "4f2c1d0"}},
            "pulumi-zorg @ git+ssh://git@x.example/z.git@4f2c1d0",
        ),
    ],
)
def test_the_requirements_install_what_runs_here(origin: dict[str, Any] | None, line: str) -> None:
    """The package is on no index: its bare name would install nothing, or what a stranger registers under it."""
    *comments, last = repository.requirement(origin, "0.1.0")
    assert last == line
    assert all(each.startswith("# ") for each in comments)
    assert bool(comments) is last.rpartition(" ")[2].startswith("file:"), "a path is good for one machine"


@pytest.mark.parametrize(
    ("given", "error"), [("Acme", NoMatch), ("42", NoMatch), (" ", InputError), ("9" * 300, InputError)]
)
def test_an_organization_that_does_not_exist_is_an_error(world: World, given: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        generate(world, [given], None)


def test_an_organization_with_a_chosen_id_is_found_by_it_and_one_whose_name_is_a_number_by_its_name(
    server: Server, world: World
) -> None:
    """The v2 API lets callers choose ids."""
    for name, chosen in (("Chosen", "my-own-id"), ("2024", "of-2024"), ("my-own-id", "another")):
        server.admin.call("POST", "/v2/organizations", {"name": name, "orgId": chosen})
    assert 'name="Chosen"' in generate(world, ["my-own-id"], None).text
    assert 'name="2024"' in generate(world, ["2024"], None).text
    server.admin.remove_organization("of-2024")
    with pytest.raises(NoMatch, match=r"of-2024.*was removed"):
        generate(world, ["of-2024"], None)


def test_what_a_program_may_not_declare_is_reported(server: Server, world: World) -> None:
    acme = server.admin.create_organization("Acme")
    shop = server.admin.create_project(acme, "Shop")
    server.admin.add_project_role(acme, shop, "a\u202eb", "Role")
    made = generate(world, [acme], None)
    (why,) = made.left_out
    assert f"project {shop} cannot be declared: roles has the role key 'a\\u202eb'" in why
    assert f"# project {shop} cannot be declared" in made.text


def test_a_project_with_a_role_key_that_is_a_mark_of_pulumi_is_named_and_not_declared(
    server: Server, world: World
) -> None:
    """The engine refuses the whole import file for it, and a program that declares it."""
    shop = server.admin.create_project(server.home, "Shop", ["viewer"])
    server.admin.add_project_role(server.home, shop, "4dabf18193072939515e22adb298388d", "Odd")
    made = generate(world, [server.home], None, imports=True)
    (why,) = made.left_out
    assert (
        f"project {shop} cannot be declared: roles has the role key '4dabf18193072939515e22adb298388d', which is a mark"
        in why
    )
    assert "4dabf" not in made.import_file
    ast.parse(made.text)


def test_a_user_whose_id_is_an_email_address_is_reported(server: Server, world: World) -> None:
    """The constructor refuses the id as a text."""
    acme, email = server.admin.create_organization("Acme"), "ann@acme.example"
    body = {
        "userId": email,
        "username": "ann.berg",
        "organization": {"orgId": acme},
        "profile": {"givenName": "Ann", "familyName": "Berg"},
        "email": {"email": email, "isVerified": True},
    }
    server.admin.call("POST", "/v2/users/human", body)
    granted = server.admin.create_grant(acme, email, server.admin.create_project(acme, "Shop", ["viewer"]), ["viewer"])
    (why,) = generate(world, [acme], None).left_out
    assert why.startswith(f"user grant {granted} cannot be declared: user_id looks like an email address")


def test_texts_that_a_checker_knows_are_in_no_table(server: Server, world: World) -> None:
    """A loop over a table would make texts of them that a checker does not know."""
    acme = server.admin.create_organization("Acme")
    for number in range(8):
        shop = server.admin.create_project(acme, f"Shop {number}")
        setting = "ENFORCE_PROJECT_RESOURCE_OWNER" if number % 2 else "ALLOW_LOGIN_USER_RESOURCE_OWNER"
        server.admin.set_project_flags(acme, shop, privateLabelingSetting=f"PRIVATE_LABELING_SETTING_{setting}_POLICY")
    made = generate(world, [acme], None)
    assert made.text.count('private_labeling_setting="PRIVATE_LABELING_SETTING_') == 8, made.text


def test_a_credential_without_rights_in_the_organization_is_reported(server: Server, clients: Clients) -> None:
    acme = server.admin.create_organization("Acme")
    server.admin.create_project(acme, "Shop")
    viewer = server.admin.create_user(server.home, "viewer")
    server.admin.add_member(acme, viewer, "ORG_USER_MANAGER")
    made = generate(World(clients.holder(server, server.admin.create_token(server.home, viewer))), [acme], None)
    assert any("The credential lacks" in why for why in made.left_out)

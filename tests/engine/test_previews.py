"""What only the real engine shows of a preview's sentences: where they are printed, and that nothing of them is kept."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.provider.test_previews import preview, said
from tests.support.servers import Server
from tests.support.stack import Stack, grant, org, project


def test_the_properties_of_a_change_are_shown_beside_the_sentence(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.declare(acme=org("Acme", active=False))
    run = stack.must("preview", "--diff")
    assert run.shows("active: true => false", "zorg: deactivates organization Acme")


def test_an_up_tells_it_in_its_preview_alone(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.declare(acme=org("Acme", active=False))
    server.proxy.clear()
    up = stack.must("up", "--yes", "--skip-preview")
    assert said(up) == []
    stack.declare(acme=org("Acme"))
    up = stack.must("up", "--yes")
    assert up.out.partition("Updating (test)")[0].count("zorg: reactivates organization Acme") >= 1
    assert "reactivates" not in up.out.partition("Updating (test)")[2]


def test_a_resource_is_in_the_state_as_it_was_when_nothing_told_what_is_secret(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("!Classified Acme"), beta=org("Beta"))
    stack.up()
    acme = stack.resources()["acme"]
    depends = acme.pop("propertyDependencies")  # where the engine lists all that it was told
    assert depends["__secrets"] == depends["__owner"] == []
    assert "__secrets" not in json.dumps(acme)
    assert "Classified" not in json.dumps(acme)
    assert all("4dabf18193072939515e22adb298388d" in acme[kind]["name"] for kind in ("inputs", "outputs"))
    assert acme["inputs"].keys() == stack.resources()["beta"]["inputs"].keys()
    assert preview(stack) == []


@pytest.mark.parametrize("how", ["--replace", "replace_on_changes"])
def test_access_to_what_a_replacement_keeps_is_not_counted_as_access_to_something_new(
    server: Server, stack: Stack, how: str
) -> None:
    by_option = how == "--replace"

    def declare(**more: dict[str, Any]) -> None:
        opts = {} if by_option or not more else {"replace_on_changes": ["active"]}
        active = by_option or not more
        stack.declare(
            acme=org("Acme", active=active, deletion_policy="retain", opts=opts),
            shop=project("@acme", "Shop", roles={"admin": "Admin"}, deletion_policy="retain"),
            **more,
        )

    declare()
    stack.up()
    acme, urn = stack.id("acme"), stack.resources()["acme"]["urn"]
    declare(bob=grant("@acme", server.bob, "@shop", ["admin"]))
    args = ("--replace", urn) if by_option else ()
    told = said(stack.must("preview", *args))
    assert [each for each in told if each.startswith("creates a user grant of ")], told
    assert "that this run creates" not in " ".join(told)
    stack.up(*args)
    assert stack.id("acme") == acme


#: A user with an id that the program chooses, and a role, which resources of another package create.
_OF_ANOTHER_PACKAGE = """
import os

import httpx
import pulumi
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

import pulumi_zorg as zorg


class Maker(ResourceProvider):
    def create(self, props):
        headers = {"Authorization": "Bearer " + os.environ["ZITADEL_TOKEN"], "x-zitadel-orgid": props["org_id"]}
        answer = httpx.post(os.environ["ZITADEL_URL"] + props["path"], headers=headers, json=props["body"])
        assert answer.status_code < 300, answer.text
        return CreateResult("made", props)


class Made(Resource):
    user_id: pulumi.Output[str]

    def __init__(self, name, path, body, user_id=None):
        super().__init__(Maker(), name, {"org_id": ORG, "path": path, "body": body, "user_id": user_id})


ORG, PROJECT = os.environ["TEST_ORG"], os.environ["TEST_PROJECT"]
person = {"givenName": "Cleo", "familyName": "C"}
email = {"email": "cleo@acme.example", "isVerified": True}
cleo = Made("cleo", "/v2/users/human", {"userId": "cleo-1", "profile": person, "email": email}, "cleo-1")
role = Made("role", "/management/v1/projects/" + PROJECT + "/roles", {"roleKey": "auditor", "displayName": "Auditor"})
zorg.UserGrant("output", org_id=ORG, user_id=cleo.user_id, project_id=PROJECT, role_keys=["viewer"])
zorg.UserGrant("waits", org_id=ORG, user_id=os.environ["TEST_ANN"], project_id=PROJECT, role_keys=["auditor"],
    opts=pulumi.ResourceOptions(depends_on=role))
if "TEST_WRONG" in os.environ:
    zorg.UserGrant("wrong", org_id=ORG, user_id=pulumi.Output.from_input("cleo-2"), project_id=PROJECT, role_keys=["viewer"])
"""


def test_what_another_package_creates_in_the_same_run_is_not_said_to_be_missing(server: Server, stack: Stack) -> None:
    named = {"TEST_ORG": server.home, "TEST_PROJECT": server.project, "TEST_ANN": server.ann}
    stack.env |= {**named, "TEST_WRONG": "yes"}
    (stack.folder / "__main__.py").write_text(_OF_ANOTHER_PACKAGE)
    assert stack.run("preview").shows("is cleo-2: there is no such user")
    del stack.env["TEST_WRONG"]
    stack.must("preview")
    stack.up()
    assert stack.preview() == {}
    assert not any(name.startswith("__may") for name in stack.resources()["waits"]["inputs"])

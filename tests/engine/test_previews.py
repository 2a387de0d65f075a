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
    assert [each for each in told if "(a new user grant)" in each], told
    assert "that this run creates" not in " ".join(told)
    stack.up(*args)
    assert stack.id("acme") == acme

"""What only the real engine shows of a preview's sentences: where they are printed, and that nothing of them is kept."""

from __future__ import annotations

import json

from tests.provider.test_previews import preview, said
from tests.support.servers import Server
from tests.support.stack import Stack, org


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

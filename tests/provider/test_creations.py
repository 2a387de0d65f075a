"""Creates that went wrong: the next `up` ends with exactly one object, and nobody else's is touched."""

from __future__ import annotations

import json

import pytest

from pulumi_zorg.testing import Fault
from tests.support.servers import World
from tests.support.stack import Stack, grant, org

JSON = {"Content-Type": "application/json"}
GRANTS = r"/users/[^/]+/grants$"


def names(world: World) -> dict[str, str]:
    return {each["name"]: org_id for org_id, each in world.console.organizations().items()}


@pytest.mark.engine_too
def test_a_replacement_whose_answer_is_lost_and_that_is_taken_back_leaves_nothing(world: World, stack: Stack) -> None:
    stack.env["ZITADEL_RETRY_DEADLINE"] = "2"
    declared = grant(world.home, world.ann, world.project, ["viewer"])
    stack.declare(ann=declared)
    stack.up()
    world.proxy.add(Fault("drop", method="POST", path=GRANTS), Fault("answer", method="POST", path=GRANTS, times=None))
    stack.declare(ann=grant(world.home, world.bob, world.project, ["viewer"]))
    stack.fails()
    world.proxy.clear()
    stack.declare(ann=declared)
    stack.up()
    assert list(world.console.grants(world.home)) == [stack.id("ann")]


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("owner", ["its own", "the other's"])
def test_a_wrong_id_in_the_answer_to_a_create_touches_nobody(
    world: World, stack: Stack, active: bool, owner: str
) -> None:
    victim = world.console.create_organization("Victim")
    details = {"sequence": "5", "resourceOwner": victim if owner == "the other's" else world.home}
    body = json.dumps({"id": victim, "details": details})
    world.proxy.add(Fault("replace", method="POST", path="/orgs$", status=200, headers=JSON, body=body, times=None))
    stack.declare(acme=org("Acme", active=active))
    stack.fails()
    assert stack.resources() == {}
    assert world.console.organization(victim)["state"] == "ORG_STATE_ACTIVE"
    world.proxy.clear()
    stack.up()
    assert names(world)["Acme"] == stack.id("acme")
    assert names(world)["Victim"] == victim
    stack.assert_settled()


@pytest.mark.parametrize("status", [202, 204, 302, 404, 408])
def test_what_is_no_answer_after_a_create_does_not_lose_it(world: World, stack: Stack, status: int) -> None:
    body = "" if status == 204 else "<html>please wait</html>"
    world.proxy.add(Fault("replace", method="POST", path="/orgs$", status=status, body=body, times=None))
    stack.declare(acme=org("Acme"))
    stack.fails()
    world.proxy.clear()
    stack.up()
    assert names(world)["Acme"] == stack.id("acme")


def test_what_a_failed_creation_left_goes_when_the_resource_adopts_something_else(world: World, stack: Stack) -> None:
    beta = world.console.create_organization("Beta")
    world.proxy.add(Fault("answer", method="POST", path="_deactivate", times=None, status=403, headers=JSON,
                          body='{"code": 7, "message": "No matching permissions found"}'))  # fmt: skip
    stack.declare(acme=org("Acme", active=False))
    stack.fails()
    world.proxy.clear()
    stack.declare(acme=org("Beta", adopt=True))
    stack.up()
    assert stack.id("acme") == beta
    assert "Acme" not in names(world)


def test_a_role_that_is_not_known_yet_is_no_error_in_a_preview_of_an_adoption(world: World, stack: Stack) -> None:
    stack.declare(new=org("New"), ann=grant(world.home, world.ann, world.project, ["@new", "viewer"], adopt=True))
    assert stack.must("preview").shows("gives roles that are not known yet")
    assert stack.preview() == {"new": ["create"], "ann": ["create"]}

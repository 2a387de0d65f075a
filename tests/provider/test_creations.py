"""Creates that went wrong: the next `up` ends with exactly one object, and nobody else's is touched."""

from __future__ import annotations

import json

import pytest

from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Stack, grant, machine, org

JSON = {"Content-Type": "application/json"}
GRANTS = r"/users/[^/]+/grants$"


def names(server: Server) -> dict[str, str]:
    return {each["name"]: org_id for org_id, each in server.admin.organizations().items()}


@pytest.mark.engine_too
def test_a_replacement_whose_answer_is_lost_and_that_is_taken_back_leaves_nothing(server: Server, stack: Stack) -> None:
    stack.env["ZITADEL_RETRY_DEADLINE"] = "2"
    declared = grant(server.home, server.ann, server.project, ["viewer"])
    stack.declare(ann=declared)
    stack.up()
    server.proxy.add(Fault("drop", method="POST", path=GRANTS), Fault("answer", method="POST", path=GRANTS, times=None))
    stack.declare(ann=grant(server.home, server.bob, server.project, ["viewer"]))
    stack.fails()
    server.proxy.clear()
    stack.declare(ann=declared)
    stack.up()
    assert list(server.admin.grants(server.home)) == [stack.id("ann")]


@pytest.mark.parametrize("active", [True, False])
@pytest.mark.parametrize("owner", ["its own", "the other's"])
def test_a_wrong_id_in_the_answer_to_a_create_touches_nobody(
    server: Server, stack: Stack, active: bool, owner: str
) -> None:
    victim = server.admin.create_organization("Victim")
    details = {"sequence": "5", "resourceOwner": victim if owner == "the other's" else server.home}
    body = json.dumps({"id": victim, "details": details})
    server.proxy.add(Fault("replace", method="POST", path="/orgs$", status=200, headers=JSON, body=body, times=None))
    stack.declare(acme=org("Acme", active=active))
    stack.fails()
    assert stack.resources() == {}
    assert server.admin.organization(victim)["state"] == "ORG_STATE_ACTIVE"
    server.proxy.clear()
    stack.up()
    assert names(server)["Acme"] == stack.id("acme")
    assert names(server)["Victim"] == victim
    stack.assert_settled()


@pytest.mark.parametrize("status", [202, 204, 302, 404, 408])
def test_what_is_no_answer_after_a_create_does_not_lose_it(server: Server, stack: Stack, status: int) -> None:
    body = "" if status == 204 else "<html>please wait</html>"
    server.proxy.add(Fault("replace", method="POST", path="/orgs$", status=status, body=body, times=None))
    stack.declare(acme=org("Acme"))
    stack.fails()
    server.proxy.clear()
    stack.up()
    assert names(server)["Acme"] == stack.id("acme")


def test_what_is_created_before_a_page_is_found_where_another_version_of_the_api_refuses_it(
    server: Server, stack: InProcessStack
) -> None:
    """A gateway replaces the answer of v1, and v1 seems to be missing. v2 then refuses a second object."""
    server.proxy.add(
        Fault("replace", method="POST", path="/users/machine$", status=404, body="<html>not found</html>"),
        Fault(
            "answer", path="^/management/v1/iam$", status=501, headers=JSON, body='{"code": 12, "message": "unknown"}'
        ),
    )
    stack.declare(robot=machine(server.home, "robot"))
    stack.up()
    users = [each["userName"] for each in server.admin.users(server.home).values()]
    assert users.count("robot") == 1
    stack.assert_settled()


@pytest.mark.engine_too
def test_what_was_returned_to_the_engine_is_never_taken_back(server: Server, stack: Stack) -> None:
    """The state forgets it on purpose. A resource that declares the same needs adopt=True, as for any object that exists."""
    stack.declare(acme=org("Acme"))
    stack.up()
    acme = stack.id("acme")
    stack.run("state", "delete", "--yes", stack.resources()["acme"]["urn"])
    server.proxy.clear()
    assert stack.fails().shows(f"organization {acme}", "adopt=True")
    assert server.proxy.writes == ["POST /management/v1/orgs"]


def test_a_secret_name_is_in_no_file_of_a_create(server: Server, stack: InProcessStack) -> None:
    stack.env["ZITADEL_RETRY_DEADLINE"] = "0.1"
    files = list[str]()

    def look(method: str, path: str) -> None:
        files.extend(file.read_text() for file in stack.folder.rglob("pending/*"))

    server.proxy.before = look
    server.proxy.add(Fault("drop", method="POST", path="/orgs$", times=None))
    stack.declare(acme=org("!Project Hush"), other=org("Known"))
    stack.fails()
    assert any("Known" in each for each in files)
    assert not any("Hush" in each for each in files)
    assert not any("Hush" in file.read_text() for file in stack.folder.rglob("*") if file.is_file())
    server.proxy.clear()
    assert stack.fails().shows("which this resource did not make", "adopt=True")


def test_what_a_failed_creation_left_goes_when_the_resource_adopts_something_else(server: Server, stack: Stack) -> None:
    beta = server.admin.create_organization("Beta")
    server.proxy.add(Fault("answer", method="POST", path="deactivate", times=None, status=403, headers=JSON,
                          body='{"code": 7, "message": "No matching permissions found"}'))  # fmt: skip
    stack.declare(acme=org("Acme", active=False))
    stack.fails()
    server.proxy.clear()
    stack.declare(acme=org("Beta", adopt=True))
    stack.up()
    assert stack.id("acme") == beta
    assert "Acme" not in names(server)


def test_a_role_that_is_not_known_yet_is_no_error_in_a_preview_of_an_adoption(server: Server, stack: Stack) -> None:
    stack.declare(new=org("New"), ann=grant(server.home, server.ann, server.project, ["@new", "viewer"], adopt=True))
    assert stack.must("preview").shows("adopts 1 user grant that this preview could not compare with what exists")
    assert stack.preview() == {"new": ["create"], "ann": ["create"]}

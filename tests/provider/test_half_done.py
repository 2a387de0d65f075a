"""An update that fails after it has changed something says so, and the next run does not call the resource unchanged."""

from __future__ import annotations

from typing import Any
from unittest import mock

import pytest

from pulumi_zorg.testing import Fault
from tests.support.each_type import WITH_STATES, example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Run, Stack, org, project

AnyStack = InProcessStack | Stack
NOTHING_DONE = "is not changed, and nothing was done to it"
ERROR = {"status": 500, "body": '{"code": 13, "message": "x"}', "headers": {"Content-Type": "application/json"}}


def _inactive(server: Server, stack: AnyStack, name: str = "acme") -> bool:
    return bool(server.admin.organization(stack.id(name))["state"] == "ORG_STATE_INACTIVE")


def test_a_name_that_is_taken_is_refused_before_anything_is_changed(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack = every_server, every_stack
    taken = server.admin.create_organization(server.name("Taken"))
    stack.declare(acme=org(server.name("Acme")))
    stack.up()
    server.proxy.clear()
    stack.declare(acme=org(server.name("Taken"), active=False))
    run = stack.fails()
    assert server.proxy.writes == []
    assert run.shows("NameTaken", NOTHING_DONE, taken, "Declare another name")
    assert "adopt" not in run.out
    assert not _inactive(server, stack)


def test_a_domain_that_is_taken_is_refused_before_anything_is_changed(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack = every_server, every_stack
    server.admin.create_organization(server.name("Acme Inc"))
    stack.declare(acme=org(server.name("Beta")))
    stack.up()
    server.proxy.clear()
    stack.declare(acme=org(server.name("Acme, Inc."), active=False))
    run = stack.fails()
    assert server.proxy.writes == []
    assert run.shows("NameTaken", NOTHING_DONE, "the domain that ZITADEL makes from it")


def test_roles_stay_where_the_new_name_of_the_project_is_taken(every_server: Server, every_stack: AnyStack) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    admin.create_project(server.home, server.name("Taken").upper())
    stack.declare(shop=project(server.home, server.name("Shop"), roles={"viewer": "Viewer", "admin": "Admin"}))
    stack.up()
    server.proxy.clear()
    stack.declare(shop=project(server.home, server.name("Taken"), roles={"viewer": "Viewer"}))
    run = stack.fails()
    assert server.proxy.writes == []
    assert run.shows("NameTaken", NOTHING_DONE, "ignores upper and lower case", "Declare another name")
    assert set(admin.project_roles(server.home, stack.id("shop"))) == {"viewer", "admin"}


def test_the_advice_for_a_rename_is_not_to_adopt(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    server.admin.create_organization(server.name("Taken"))
    stack.declare(acme=org(server.name("Acme")))
    stack.up()
    stack.declare(acme=org(server.name("Taken")))
    run = stack.fails()
    assert run.shows("NameTaken", "Rename or remove that one first")
    assert "adopt" not in run.out
    assert "not finished" not in run.out, "one call was refused, so nothing has changed"


def _refused_rename(server: Server, stack: AnyStack) -> Run:
    """An organization is deactivated, and its rename is refused."""
    stack.declare(acme=org("Acme"))
    stack.up()
    server.proxy.add(Fault("answer", path=r"/v2/organizations/\d+$", times=None, **ERROR))
    stack.declare(acme=org("Acme B", active=False))
    run = stack.fails()
    server.proxy.clear()
    assert _inactive(server, stack)
    return run


def test_an_error_says_what_has_happened_and_what_the_object_is(server: Server, stack: AnyStack) -> None:
    run = _refused_rename(server, stack)
    assert run.shows(
        "ZITADEL answered 500",
        "Before that, this update changed active from True to False.",
        'The object is now: active False, name "Acme". The update is not finished. Run `pulumi refresh`',
    )
    assert stack.outputs("acme")["active"] is False
    assert stack.outputs("acme")["state"] == "ORG_STATE_INACTIVE"


def test_a_run_that_fails_again_says_what_the_object_is_too(server: Server, stack: InProcessStack) -> None:
    _refused_rename(server, stack)
    server.proxy.add(Fault("answer", path=r"/v2/organizations/\d+$", times=None, **ERROR))
    run = stack.fails()
    assert run.shows('An earlier update of it failed half way. The object is now: active False, name "Acme".')
    assert "Before that, this update changed" not in run.out
    server.proxy.clear()
    stack.declare(acme=org("Acme"))
    stack.up()
    assert not _inactive(server, stack)


@pytest.mark.engine_too
def test_the_next_run_brings_it_back_where_the_program_is_reverted(server: Server, stack: AnyStack) -> None:
    _refused_rename(server, stack)
    stack.declare(acme=org("Acme"))
    preview = stack.must("preview")
    assert preview.shows("an earlier update of organization", "failed half way", "active, name")
    assert stack.preview() == {"acme": ["update"]}
    stack.up()
    assert not _inactive(server, stack)
    assert stack.preview() == {}
    stack.assert_settled()


def test_the_next_run_finishes_it_where_the_program_stays(server: Server, stack: AnyStack) -> None:
    _refused_rename(server, stack)
    assert stack.preview()["acme"][0] == "update"
    stack.up()
    found = server.admin.organization(stack.id("acme"))
    assert (found["name"], found["state"]) == ("Acme B", "ORG_STATE_INACTIVE")
    stack.assert_settled()


@pytest.mark.engine_too
def test_a_refresh_shows_what_the_object_is(server: Server, stack: AnyStack) -> None:
    _refused_rename(server, stack)
    stack.declare(acme=org("Acme"))
    stack.must("refresh", "--yes", "--skip-preview")
    assert stack.preview() == {"acme": ["update", "active"]}
    stack.up()
    assert not _inactive(server, stack)
    stack.assert_settled()


@pytest.mark.parametrize("kind", WITH_STATES)
def test_a_lost_answer_and_an_outage_are_no_unchanged_resource(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    """The deactivation happened, and nobody could read it. Then the program is reverted."""
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.declare(it=it.declare())
    stack.up()
    it_id = stack.id("it")
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.add(Fault("drop", path="deactivate$", times=1))

    def outage(method: str, path: str) -> None:
        if path.endswith("deactivate"):
            server.proxy.add(Fault("answer", method="GET", times=None, status=503))

    with mock.patch.object(server.proxy, "before", outage):
        stack.declare(it=it.declare(active=False))
        run = stack.fails()
    server.proxy.clear()
    assert not it.is_active(it_id)
    assert run.shows("It is not known whether it deactivated it.", "not finished. Run `pulumi refresh`")
    stack.declare(it=it.declare())
    assert stack.preview() == {"it": ["update"]}
    stack.up()
    assert it.is_active(it_id)
    stack.assert_settled()


def test_roles_that_are_removed_before_a_refused_change_are_reported(
    every_server: Server, every_stack: AnyStack
) -> None:
    server, stack, admin = every_server, every_stack, every_server.admin
    name = server.name("Shop")
    roles: dict[str, Any] = {"viewer": "Viewer", "admin": "Admin"}
    stack.declare(shop=project(server.home, name, roles=roles))
    stack.up()
    shop = stack.id("shop")
    server.proxy.add(Fault("answer", method="PUT", path=rf"/projects/{shop}$", times=None, **ERROR))
    stack.declare(shop=project(server.home, name, roles={"viewer": "Viewer"}, has_project_check=True))
    run = stack.fails()
    server.proxy.clear()
    assert run.shows('this update changed roles from ["admin", "viewer"] to ["viewer"]', "not finished")
    stack.declare(shop=project(server.home, name, roles=roles))
    stack.up()
    assert set(admin.project_roles(server.home, shop)) == {"admin", "viewer"}
    stack.assert_settled()


def test_a_create_that_fails_later_says_that_the_object_exists(every_server: Server, every_stack: AnyStack) -> None:
    server, stack = every_server, every_stack
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.add(Fault("answer", path="deactivate$", times=None, **ERROR))
    stack.declare(acme=org(server.name("Acme"), active=False))
    run = stack.fails()
    server.proxy.clear()
    assert run.shows(
        "was created, and is not in the state yet.", "active True", "The next `pulumi up` continues with it."
    )
    stack.up()
    assert _inactive(server, stack)


def test_a_secret_is_not_in_what_is_kept_of_a_failed_update(server: Server, stack: AnyStack) -> None:
    stack.declare(acme=org("!Classified"))
    stack.up()
    server.proxy.add(Fault("answer", path=r"/v2/organizations/\d+$", times=None, **ERROR))
    stack.declare(acme=org("!Hidden", active=False))
    run = stack.fails()
    assert not any(secret in run.out for secret in ("Classified", "Hidden"))
    kept = {name: value for name, value in stack.outputs("acme").items() if name.startswith("__")}
    assert kept == {"__unfinished": ["active", "name"], "__differs": ["active"]}, "names, and no values"


def test_the_live_value_of_a_secret_property_is_not_in_the_error(server: Server, stack: InProcessStack) -> None:
    stack.declare(acme=org("!Acme"))
    stack.up()
    server.admin.rename_organization(stack.id("acme"), "Merger")
    server.proxy.add(Fault("answer", path=r"/v2/organizations/\d+$", times=None, **ERROR))
    stack.declare(acme=org("!Beta", active=False))
    run = stack.fails()
    assert run.shows("this update changed active from True to False", "name [secret]"), run.out
    assert not any(each in run.out for each in ("Merger", "Beta", "Acme"))

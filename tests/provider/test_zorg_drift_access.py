"""`zorg drift` says of each change made outside Pulumi whether it gave or took access, and to whom."""

from __future__ import annotations

from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.provider.test_zorg_drift import DRIFT, FORMS, IN_SYNC, MakeDrift, changed, drift_of  # noqa: F401 - the fixture
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import grant, org, project

LISTS = ("/v2/users", "ListProjects", "ListAuthorizations", "ListAdministrators")


def access(report: dict[str, Any]) -> dict[str, tuple[Any, Any, Any]]:
    """Who lost and who gained which roles, and why more is not known, by resource."""

    def side(changes: list[dict[str, Any]]) -> list[tuple[str, list[str]]]:
        return [(each["user_id"], each["roles"]) for each in changes]

    found = {each["urn"].rsplit("::", 1)[1]: each["access"] for each in report["drifted"]}
    return {
        name: (side(each["lost"]), side(each["gained"]), each["why_lost_incomplete"]) for name, each in found.items()
    }


def lists_read(server: Server) -> int:
    return sum(each.path.endswith(LISTS) for each in server.proxy.exchanges)


def test_each_change_says_who_gained_and_who_lost_access(
    any_server: Server,
    any_stack: InProcessStack,
    drift_of: MakeDrift,  # noqa: F811
) -> None:
    server, admin, stack, drift = any_server, any_server.admin, any_stack, drift_of(any_stack)
    users = [admin.create_user(server.home, f"user{number}{server.tag}") for number in range(4)]
    stack.declare(
        acme=org(server.name("Acme")),
        gone=org(server.name("Gone")),
        more=grant(server.home, users[0], server.project, ["viewer"]),
        off=grant(server.home, users[1], server.project, ["viewer"]),
        on=grant(server.home, users[2], server.project, ["viewer"], active=False),
        removed=grant(server.home, users[3], server.project, ["viewer"]),
    )
    stack.up()
    admin.rename_organization(stack.id("acme"), server.name("Other"))
    admin.remove_organization(stack.id("gone"))
    admin.set_roles(server.home, users[0], stack.id("more"), ["viewer", "admin"])
    admin.deactivate_grant(server.home, users[1], stack.id("off"))
    admin.reactivate_grant(server.home, users[2], stack.id("on"))
    admin.remove_grant(server.home, users[3], stack.id("removed"))
    server.proxy.clear()
    found = access(drift.report(code=DRIFT))
    assert lists_read(server) == len(LISTS), "each list is read once"
    assert found == {
        "acme": ([], [], None),
        "gone": ([], [], "what was removed along with it is in no list"),
        "more": ([], [(users[0], ["admin"])], None),
        "off": ([(users[1], ["viewer"])], [], None),
        "on": ([], [(users[2], ["viewer"])], None),
        "removed": ([(users[3], ["viewer"])], [], None),
    }
    for form in FORMS:
        run = drift.run("--format", form)
        assert form == "json" or run.shows(
            " gained the role admin of ",
            " lost the role viewer of ",
            "who gained or lost access is not known: what was removed along with it is in no list",
        )


def test_who_lost_a_role_that_was_taken_out_of_a_project_is_not_known(
    server: Server,
    stack: InProcessStack,
    drift_of: MakeDrift,  # noqa: F811
) -> None:
    """The user grants do not have it any more, and nothing shows which ones had it."""
    stack.declare(portal=project(server.home, "Shop", roles={"viewer": "Viewer", "buyer": "Buyer"}))
    stack.up()
    server.admin.remove_project_role(server.home, stack.id("portal"), "buyer")
    found = access(drift_of(stack).report(code=DRIFT))
    assert found == {"portal": ([], [], "what was removed along with it is in no list")}


def test_a_login_that_two_changes_took_together_is_lost(
    server: Server,
    stack: InProcessStack,
    drift_of: MakeDrift,  # noqa: F811
) -> None:
    """The undoing of one of them alone would let nobody in."""
    person = {
        "userName": "eve",
        "profile": {"firstName": "Eve", "lastName": "Berg"},
        "email": {"email": "eve@example.com", "isEmailVerified": True},
        "password": "Correct-Horse-1",
    }
    eve = server.admin.call("POST", "/management/v1/users/human/_import", person, org=server.home)["userId"]
    shop = project(server.home, "Shop", roles={"viewer": "Viewer"}, project_role_check=True)
    stack.declare(shop=shop, eve=grant(server.home, eve, "@shop", ["viewer"]))
    stack.up()
    server.admin.deactivate_grant(server.home, eve, stack.id("eve"))
    server.admin.deactivate_project(server.home, stack.id("shop"))
    found = access(drift_of(stack).report(code=DRIFT))
    assert [lost for lost, _, _ in found.values() if lost] == [[(eve, ["viewer"])]]


def test_the_lists_are_read_only_where_a_change_concerns_access(
    server: Server,
    stack: InProcessStack,
    drift_of: MakeDrift,  # noqa: F811
) -> None:
    drift = drift_of(stack)
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    server.proxy.clear()
    drift.report(code=IN_SYNC)
    server.admin.rename_organization(stack.id("acme"), "Other")
    assert access(drift.report(code=DRIFT)) == {"acme": ([], [], None)}
    assert not any("ListProjects" in each.path for each in server.proxy.exchanges)


@pytest.mark.parametrize("why", ["a refused list", "a secret"])
def test_what_cannot_be_told_is_not_known(
    server: Server,
    stack: InProcessStack,
    drift_of: MakeDrift,  # noqa: F811
    why: str,
) -> None:
    drift = drift_of(stack)
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    state = None
    if why == "a secret":
        mark = {"4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", "plaintext": '["viewer"]'}
        inputs = next(
            each["inputs"] for each in stack.state()["deployment"]["resources"] if each["urn"].endswith("::ann")
        )
        state = changed(stack, "ann", inputs={**inputs, "role_keys": mark})
    else:
        server.proxy.add(Fault("answer", path="ListProjects", times=None, status=403))
    server.admin.set_roles(server.home, server.ann, stack.id("ann"), [])
    lost, gained, reason = access(drift.report(code=DRIFT, state=state))["ann"]
    assert (lost, gained) == ([], [])
    assert reason
    assert (why == "a secret") is (reason == "a value of the resource is secret")

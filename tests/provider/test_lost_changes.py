"""Changes that the server accepts and never shows, as a server of July 2026 does under load."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from pulumi_zorg.testing import AdminClient, Fault
from tests.support.each_type import EXAMPLES, WITH_STATES, Example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import grant

#: Of these types, reads follow the projection that misses events. A read of an organization by its id follows the events.
PROJECTED = [kind for kind in WITH_STATES if kind != "org"]


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_zorg.engine.shown.SHOWN_WITHIN", 0.1)


def lose(server: Server, next: int, *events: str) -> None:
    """The server accepts the next changes, and never shows them."""
    server.admin.call("POST", "/debug/lost-changes", {"next": next, **({"events": events} if events else {})})


def as_organization_owner(server: Server, stack: InProcessStack) -> None:
    """The credential may not read the event store from now on."""
    owner = server.admin.create_user(server.home, "owner")
    server.admin.add_member(server.home, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.wait_for_rights(server.admin.create_token(server.home, owner), server.home)


CALLERS: dict[str, Callable[[Server, InProcessStack], None]] = {
    "with events": lambda server, stack: None,
    "without events": as_organization_owner,
}


@pytest.fixture(params=CALLERS)
def caller(request: pytest.FixtureRequest) -> Callable[[Server, InProcessStack], None]:
    """Who applies the change."""
    return CALLERS[request.param]


@pytest.mark.parametrize("kind", PROJECTED)
@pytest.mark.parametrize("active", [False, True])
def test_a_lost_switch_is_made_again(
    server: Server, stack: InProcessStack, kind: str, active: bool, caller: Callable[..., None]
) -> None:
    example: Example = EXAMPLES[kind](server)
    stack.declare(it=example.declare(active=not active))
    stack.up()
    caller(server, stack)
    lose(server, 1)
    stack.declare(it=example.declare(active=active))
    up = stack.up()
    assert up.shows("ZITADEL had accepted the", "and lost it", "was made again"), up.out
    assert example.is_active(stack.id("it")) is active
    assert stack.preview("--refresh") == {}


@pytest.mark.parametrize("kind", PROJECTED)
def test_a_switch_that_was_lost_by_an_earlier_run_is_made_again(
    server: Server, stack: InProcessStack, kind: str, caller: Callable[..., None]
) -> None:
    """The same call again is answered 200 for grants, and 400 with code 9 for the others. Neither changes anything."""
    example: Example = EXAMPLES[kind](server)
    stack.declare(it=example.declare())
    stack.up()
    lose(server, 1)
    example.set_active(stack.id("it"), False)
    assert example.is_active(stack.id("it"))
    caller(server, stack)
    stack.declare(it=example.declare(active=False))
    assert stack.up().shows("was made again")
    assert not example.is_active(stack.id("it"))


@pytest.mark.parametrize("kind", PROJECTED)
@pytest.mark.parametrize("next", [2, 3])
def test_making_it_again_can_be_lost_as_well(server: Server, stack: InProcessStack, kind: str, next: int) -> None:
    example: Example = EXAMPLES[kind](server)
    stack.declare(it=example.declare())
    stack.up()
    lose(server, next)
    stack.declare(it=example.declare(active=False))
    stack.up()
    assert not example.is_active(stack.id("it"))


CHANGED = ("project.changed", "project.grant.changed", "user.grant.changed")
CHANGED += ("user.machine.changed", "user.human.profile.changed")


@pytest.mark.parametrize("kind", PROJECTED)
def test_a_lost_update_is_made_again(
    server: Server, stack: InProcessStack, kind: str, caller: Callable[..., None]
) -> None:
    example: Example = EXAMPLES[kind](server)
    stack.declare(it=example.declare())
    stack.up()
    caller(server, stack)
    # A project grant takes one call for each role, and the next one would show what the last one changed.
    lose(server, 2 if kind == "project_grant" else 1, *CHANGED)
    stack.declare(it=example.declare(example.changed))
    assert stack.up().shows("ZITADEL had accepted the change and lost it")
    assert stack.preview("--refresh") == {}


def test_a_lost_rename_whose_old_name_is_taken_is_an_error_that_says_so(server: Server, stack: InProcessStack) -> None:
    """Making it again needs the old name for a moment."""
    example: Example = EXAMPLES["project"](server)
    stack.declare(it=example.declare(name="Old"))
    stack.up()
    lose(server, 1, "project.changed")
    server.admin.rename_project(server.home, stack.id("it"), "New")
    server.admin.create_project(server.home, "Old", ())
    stack.declare(it=example.declare(name="New"))
    assert stack.fails().shows(
        "ZITADEL accepted the change and does not show it", "its opposite was tried first", "409"
    )


def test_a_deletion_that_only_deactivates_makes_a_lost_deactivation_again(
    server: Server, stack: InProcessStack
) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], deletion_policy="deactivate"))
    stack.up()
    ann = stack.id("ann")
    lose(server, 1)
    assert stack.destroy().shows("was made again")
    assert server.admin.grant(server.home, server.ann, ann)["state"] == "USER_GRANT_STATE_INACTIVE"


def test_access_is_never_wider_than_reads_show_it_while_a_change_is_made_again(
    server: Server, stack: InProcessStack
) -> None:
    """The opposite of a change of roles are the roles that reads show."""
    stack.declare(ann=grant(server.home, server.ann, server.project, ["editor", "viewer"]))
    stack.up()
    server.proxy.clear()
    lose(server, 1, "user.grant.changed")
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    bodies = [set(event["payload"]["roleKeys"]) for event in events(server, stack.id("ann"), "user.grant.changed")]
    assert bodies == [{"viewer"}, {"editor", "viewer"}, {"viewer"}]


def test_a_refusal_for_another_reason_is_an_error_and_nothing_is_changed(
    server: Server, stack: InProcessStack, caller: Callable[..., None]
) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    caller(server, stack)
    server.proxy.clear()
    body = '{"code": 9, "message": "Errors.Locked"}'
    server.proxy.add(Fault("answer", method="PUT", status=400, body=body, headers={"Content-Type": "application/json"}))
    stack.declare(ann=grant(server.home, server.ann, server.project, ["admin"]))
    assert stack.fails().shows("Changing user grant", "400")
    assert len(server.proxy.writes) == 1


def test_a_refused_deactivation_that_the_event_store_does_not_have_is_an_error_at_once(
    server: Server, stack: InProcessStack
) -> None:
    """Nothing is waited for and nothing is undone: no event has changed the state of the object."""
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    server.proxy.clear()
    body = '{"code": 9, "message": "Errors.Locked"}'
    server.proxy.add(
        Fault("answer", path="_deactivate$", status=400, body=body, headers={"Content-Type": "application/json"})
    )
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], active=False))
    assert stack.fails().shows("Deactivating user grant", "400")
    assert len(server.proxy.writes) == 1
    assert len(server.proxy.exchanges) < 10


def test_an_answer_that_is_lost_while_a_change_is_made_again(server: Server, stack: InProcessStack) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    lose(server, 1)
    server.proxy.add(Fault("drop", method="POST", path="_reactivate$", times=1))
    server.proxy.add(Fault("drop", method="POST", path="_deactivate$", times=1, skip=1))
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], active=False))
    stack.up()
    assert server.admin.grant(server.home, server.ann, stack.id("ann"))["state"] == "USER_GRANT_STATE_INACTIVE"


def test_somebody_else_is_named_where_the_event_store_shows_them(server: Server, stack: InProcessStack) -> None:
    """Somebody reactivates the grant after each deactivation."""
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    ann = stack.id("ann")
    oncall = server.admin.create_user(server.home, "oncall")
    server.admin.add_instance_member(oncall, "IAM_OWNER")
    with AdminClient(server.proxy.target, server.admin.create_token(server.home, oncall)) as theirs:

        def undo(method: str, path: str) -> None:
            deactivated = any("_deactivate" in each for each in server.proxy.writes)
            if method == "GET" and path.endswith(ann) and deactivated:
                theirs.reactivate_grant(server.home, server.ann, ann)

        server.proxy.before = undo
        stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], active=False))
        failed = stack.fails()
    assert failed.shows("oncall is changing the object too", "user.grant.reactivated"), failed.out


def test_nobody_is_blamed_where_nobody_else_changed_it(server: Server, stack: InProcessStack) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    lose(server, 100)
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], active=False))
    failed = stack.fails()
    assert failed.shows("ZITADEL accepted the deactivation, and reads still do not show it")
    assert "is changing the object too" not in failed.out
    assert "omebody" not in failed.out


@pytest.mark.parametrize("active", [True, False])
def test_a_create_that_is_never_shown_is_made_again(
    server: Server, stack: InProcessStack, caller: Callable[..., None], active: bool
) -> None:
    caller(server, stack)
    lose(server, 1, "user.grant.added")
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], active=active))
    up = stack.up()
    assert up.shows("the server has lost it", "created again"), up.out
    state = f"USER_GRANT_STATE_{'ACTIVE' if active else 'INACTIVE'}"
    assert server.admin.grant(server.home, server.ann, stack.id("ann"))["state"] == state
    assert stack.preview("--refresh") == {}


def test_a_create_that_is_never_shown_again_is_a_warning(server: Server, stack: InProcessStack) -> None:
    lose(server, 100, "user.grant.added")
    stack.declare(
        ann=grant(server.home, server.ann, server.project, ["viewer"]),
        bob=grant(server.home, server.bob, server.project, ["viewer"]),
    )
    up = stack.up()
    assert up.shows("warning:", "reads do not show it"), up.out
    removals = [each for each in server.proxy.writes if each.startswith("DELETE")]
    assert len(removals) == 1, "what does not help once is not tried for each object"


@pytest.mark.parametrize("refused", ["DELETE", "POST"])
def test_a_lost_create_is_in_no_state_where_it_is_not_known_to_be_removed_or_is_not_made_again(
    server: Server, stack: InProcessStack, caller: Callable[..., None], refused: str
) -> None:
    caller(server, stack)
    lose(server, 1, "user.grant.added")
    page = {"status": 200, "body": "<html>please log in</html>"}
    path, skip = (r"/grants/\d+$", 0) if refused == "DELETE" else (r"/grants$", 1)
    server.proxy.add(
        Fault("replace" if refused == "DELETE" else "answer", refused, path, times=None, skip=skip, **page)
    )
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    assert stack.fails().shows("so it is not ZITADEL's")
    assert stack.resources() == {}
    server.proxy.clear()
    stack.up()
    assert list(server.admin.grants(server.home)) == [stack.id("ann")]
    assert stack.preview("--refresh") == {}


def test_the_answer_to_the_removal_of_a_lost_create_is_lost(
    server: Server, stack: InProcessStack, caller: Callable[..., None]
) -> None:
    caller(server, stack)
    lose(server, 1, "user.grant.added")
    server.proxy.add(Fault("drop", "DELETE"))
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    assert list(server.admin.grants(server.home)) == [stack.id("ann")]
    assert stack.preview("--refresh") == {}


def test_a_lost_create_that_was_made_again_is_in_the_state_where_reads_fail(
    server: Server, stack: InProcessStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    creates: list[str] = []

    def fail_reads_after_two_creates(method: str, path: str) -> None:
        if method == "POST" and path.endswith("/grants"):
            creates.append(path)
            if len(creates) == 2:
                server.proxy.add(Fault("answer", "GET", r"/grants/\d+$", times=None, status=403))

    monkeypatch.setattr(server.proxy, "before", fail_reads_after_two_creates)
    lose(server, 1, "user.grant.added")
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    assert stack.up().shows("was created, but could not be read back")
    server.proxy.clear()
    assert list(server.admin.grants(server.home)) == [stack.id("ann")]


REMOVED = ("user.grant.removed", "project.grant.removed", "project.removed", "user.removed")


@pytest.mark.parametrize("kind", PROJECTED)
def test_a_removal_that_reads_never_show_is_a_warning(server: Server, stack: InProcessStack, kind: str) -> None:
    """Who had access by it may still have it, and nothing removes it again."""
    example: Example = EXAMPLES[kind](server)
    stack.declare(it=example.declare())
    stack.up()
    lose(server, 1, *REMOVED)
    destroyed = stack.destroy()
    assert destroyed.shows("warning:", "ZITADEL removed it and lost that", "it may still give access"), destroyed.out
    assert stack.resources() == {}


@pytest.mark.parametrize("kind", PROJECTED)
def test_what_was_removed_and_is_still_shown_can_be_destroyed(server: Server, stack: InProcessStack, kind: str) -> None:
    example: Example = EXAMPLES[kind](server)
    stack.declare(it=example.declare())
    stack.up()
    lose(server, 1, *REMOVED)
    example.remove(stack.id("it"))
    assert stack.destroy().shows("warning:", "ZITADEL removed it and lost that")
    assert stack.resources() == {}


@pytest.mark.parametrize("kind", WITH_STATES)
def test_a_removal_that_is_shown_is_no_warning(server: Server, stack: InProcessStack, kind: str) -> None:
    example: Example = EXAMPLES[kind](server)
    stack.declare(it=example.declare())
    stack.up()
    assert not stack.destroy().shows("warning:")


@pytest.mark.parametrize("count", [1, 8])
def test_a_refresh_warns_of_what_was_lost(server: Server, stack: InProcessStack, count: int) -> None:
    """Few objects are read by id, and more in a list. The state has what reads show, because access follows that."""
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(count)]
    declared = {f"g{n}": grant(server.home, user, server.project, ["viewer"]) for n, user in enumerate(users)}
    last = f"g{count - 1}"
    off = {last: grant(server.home, users[-1], server.project, ["viewer"], active=False)}
    stack.declare(**declared)
    stack.up()
    lose(server, 1)
    server.admin.deactivate_grant(server.home, users[-1], stack.id(last))
    state = stack.state()
    for each in state["deployment"]["resources"]:
        if each["urn"].endswith(f"::{last}"):  # as a release wrote it that trusted the answer
            for part in ("inputs", "outputs"):
                each[part]["active"] = False
    stack.load(state)
    refreshed = stack.must("refresh")
    assert refreshed.shows("warning:", stack.id(last), "accepted its deactivation", "still gives access"), refreshed.out
    assert stack.outputs(last)["active"] is True
    stack.declare(**declared | off)
    assert stack.up().shows("was made again")
    assert server.admin.grant(server.home, users[-1], stack.id(last))["state"] == "USER_GRANT_STATE_INACTIVE"
    assert not stack.must("refresh").shows("warning:")


def test_a_refresh_in_lists_warns_where_the_state_agrees_with_reads_too(server: Server, stack: InProcessStack) -> None:
    users = [server.admin.create_user(server.home, f"user{number}") for number in range(8)]
    stack.declare(**{f"g{n}": grant(server.home, user, server.project, ["viewer"]) for n, user in enumerate(users)})
    stack.up()
    lose(server, 1)
    server.admin.deactivate_grant(server.home, users[-1], stack.id("g7"))
    refreshed = stack.must("refresh")
    assert refreshed.shows("warning:", stack.id("g7"), "accepted its deactivation"), refreshed.out


def test_a_change_that_is_made_by_somebody_else_is_no_lost_change(server: Server, stack: InProcessStack) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    server.admin.deactivate_grant(server.home, server.ann, stack.id("ann"))
    assert not stack.must("refresh").shows("warning:")
    assert stack.outputs("ann")["active"] is False


def events(server: Server, id: str, kind: str) -> list[dict[str, Any]]:
    body = {"aggregateId": id, "eventTypes": [kind], "asc": True}
    found: list[dict[str, Any]] = server.admin.call("POST", "/admin/v1/events/_search", body)["events"]
    return found

"""The same faults for every resource type. tests/README.md has the table of faults, and of what the user sees.

What a type looks like is in tests/support/each_type.py.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.testing import AdminClient, Fault
from tests.support.each_type import EXAMPLES, WITH_STATES, Example, example
from tests.support.in_process import InProcessStack
from tests.support.servers import Server, emulated
from tests.support.stack import Stack

AnyStack = Stack | InProcessStack

#: Together they take a tenth of the time of all tests that need no engine.
pytestmark = pytest.mark.slow

JSON = {"Content-Type": "application/json"}
HTML = "<html><body>It works!</body></html>"
KINDS = list(EXAMPLES)
EVERY_TYPE = pytest.mark.parametrize("kind", KINDS)
#: The writes about each type.
WRITES = [
    (kind, write)
    for kind in EXAMPLES
    for write in ("create", "update", *(["deactivate"] if kind in WITH_STATES else []), "remove")
]
IN_AN_ORGANIZATION = pytest.mark.parametrize("kind", [each for each in KINDS if each != "org"])


def _made(kind: str, server: Server, stack: AnyStack) -> Example:
    """Create an object as declared, and let the product have little patience from now on."""
    it = example(kind, server)
    stack.declare(it=it.declare())
    stack.up()
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.clear()
    return it


def _nothing_is_forgotten(server: Server, stack: AnyStack, *said: str) -> None:
    """Verify that a refresh, its preview and a destroy are errors that say why, write nothing and keep the state."""
    before = stack.resources()
    for command in (
        ("refresh", "--yes", "--skip-preview"),
        ("refresh", "--preview-only", "--expect-no-changes"),
        ("destroy", "--yes", "--skip-preview"),
    ):
        run = stack.run(*command)
        assert run.code not in (0, 7), run.out
        assert run.shows(*said), run.out
    assert stack.resources() == before
    assert not [each for each in server.proxy.exchanges if each.writes and each.status and each.status < 400]


# The credential


@EVERY_TYPE
def test_a_token_without_membership_forgets_nothing(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    _made(kind, any_server, any_stack)
    low = any_server.admin.create_user(any_server.home, f"low{any_server.tag}")
    any_stack.env["ZITADEL_TOKEN"] = any_server.admin.create_token(any_server.home, low)
    _nothing_is_forgotten(any_server, any_stack, "membership not found", "It stays in the state")


@EVERY_TYPE
def test_a_token_that_is_refused_forgets_nothing(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    _made(kind, any_server, any_stack)
    any_stack.env["ZITADEL_TOKEN"] = "nonsense"
    _nothing_is_forgotten(any_server, any_stack, "ZITADEL answered 401", "The credential is not accepted")


def _as_owner(server: Server, stack: AnyStack) -> None:
    """Go on with the credential of an owner of the organization, who may not read events."""
    owner = server.admin.create_user(server.home, f"owner{server.tag}")
    server.admin.add_member(server.home, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, owner)


@pytest.mark.parametrize("kind", [each for each in WITH_STATES if each != "org"])
def test_without_the_event_store_a_removal_is_proven_by_the_change_log_or_by_a_newer_object_in_the_list(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    """There is no change log of user grants. Of managers, logs name no user, and lists no order: nothing proves it then."""
    server, stack = every_server, every_stack
    it = _made(kind, server, stack)
    _as_owner(server, stack)
    stack.assert_settled()
    stack.declare(it=it.declare(it.changed))
    stack.up()
    stack.assert_settled()
    removed = stack.id("it")
    it.remove(removed)
    if kind == "grant":
        server.admin.create_grant(server.home, server.bob, server.project, ["viewer"])
    refreshed = stack.must("refresh", "--yes", "--skip-preview")
    said = "and a newer one is listed" if kind == "grant" else f"{it.noun} {removed} was removed by "
    assert refreshed.shows(said), refreshed.out
    assert stack.resources() == {}


@IN_AN_ORGANIZATION
def test_without_the_event_store_the_absence_of_everything_forgets_nothing(
    profile_server: Server, kind: str, tmp_path: Path
) -> None:
    """Reads by id answer 404 and lists are empty, until the server's read models have caught up after an upgrade."""
    server, stack = profile_server, InProcessStack(tmp_path / "stack", profile_server.proxy.url, profile_server.token)
    it = _made(kind, server, stack)
    _as_owner(server, stack)
    it.hide(stack.id("it"))
    before = stack.resources()
    for command in (("refresh", "--yes", "--skip-preview"), ("refresh", "--preview-only", "--expect-no-changes")):
        run = stack.run(*command)
        assert run.code not in (0, 7), run.out
        assert run.shows("It stays in the state", "IAM_OWNER_VIEWER"), run.out
    assert stack.resources() == before
    stack.declare(it=it.declare(it.changed))
    assert stack.fails().shows("It stays in the state"), "an update"
    assert stack.resources() == before
    assert server.proxy.writes == []
    it.show()
    stack.up()
    stack.assert_settled()


@IN_AN_ORGANIZATION
@pytest.mark.parametrize("exists", [True, False])
def test_without_the_event_store_a_deletion_of_what_is_not_shown_is_decided_by_the_removal(
    profile_server: Server, kind: str, exists: bool, tmp_path: Path
) -> None:
    """The server looks into its event store for a write."""
    server, stack = profile_server, InProcessStack(tmp_path / "stack", profile_server.proxy.url, profile_server.token)
    it = _made(kind, server, stack)
    _as_owner(server, stack)
    made = stack.id("it")
    if exists:
        it.hide(made)
    else:
        it.remove(made)
    stack.destroy()
    assert stack.resources() == {}
    it.show()
    assert it.is_gone(made)


@IN_AN_ORGANIZATION
def test_without_the_event_store_and_without_the_right_to_read_all_a_removal_is_not_proven(
    any_server: Server, any_stack: AnyStack, kind: str
) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    it = _made(kind, server, stack)
    creator = admin.create_user(server.home, f"creator{server.tag}")
    admin.add_member(server.home, creator, "ORG_PROJECT_CREATOR")
    stack.env["ZITADEL_TOKEN"] = admin.create_token(server.home, creator)
    _nothing_is_forgotten(server, stack, "It is not known whether", "403", "It stays in the state")
    it.remove(stack.id("it"))
    _nothing_is_forgotten(server, stack, "It is not known whether", "403", "It stays in the state")


# The server and the network

NOT_ZITADEL = {
    "HTML with 200": (Fault("answer", status=200, body=HTML), "so it is not ZITADEL's"),
    "HTML with 404": (Fault("answer", status=404, body=HTML), "is not a ZITADEL error response"),
    "HTML with 403": (Fault("answer", status=403, body=HTML), "is not a ZITADEL error response"),
    "an empty object": (Fault("answer", status=200, body="{}", headers=JSON), "has an unexpected format"),
    "an empty 404": (Fault("answer", status=404, body="{}", headers=JSON), "is not a ZITADEL error response"),
    "a redirect": (
        Fault("answer", status=302, headers={"Location": "https://login.example"}),
        "redirects the call",
    ),
    "an outage": (Fault("answer", status=503), "answered 503"),
    "a cut": (Fault("cut"), "cannot be reached"),
}


def _fault(fault: Fault, **changes: Any) -> Fault:
    return Fault(**{**vars(fault), "times": None, "happened": 0, **changes})


@EVERY_TYPE
@pytest.mark.parametrize("answer", NOT_ZITADEL)
def test_what_is_no_answer_of_zitadel_forgets_nothing(server: Server, stack: AnyStack, kind: str, answer: str) -> None:
    fault, said = NOT_ZITADEL[answer]
    _made(kind, server, stack)
    server.proxy.add(_fault(fault))
    _nothing_is_forgotten(server, stack, said)


REFUSED = Fault(
    "answer",
    status=403,
    headers={"Content-Type": "application/json"},
    body='{"code": 7, "message": "No matching permissions found"}',
)


@pytest.mark.parametrize("answer", NOT_ZITADEL)
def test_what_is_no_answer_about_roles_is_not_read_as_no_roles(server: Server, stack: AnyStack, answer: str) -> None:
    fault, said = NOT_ZITADEL[answer]
    it = _made("project", server, stack)
    # A credential that may not read the event store reads the list of the roles.
    server.proxy.add(_fault(REFUSED, path="events/_search$"), _fault(fault, path="roles/_search$"))
    before = stack.resources()
    if answer != "an empty object":  # which is ZITADEL's own answer for a project without roles
        assert stack.run("refresh", "--yes", "--skip-preview").shows(said)
        assert stack.resources() == before
    stack.declare(it=it.declare(it.changed))
    stack.fails()
    server.proxy.clear()
    stack.up()
    stack.assert_settled()


@EVERY_TYPE
def test_another_instance_forgets_nothing(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    _made(kind, any_server, any_stack)
    with emulated() as other:
        any_stack.env |= {"ZITADEL_URL": other.proxy.url, "ZITADEL_TOKEN": other.token}
        _nothing_is_forgotten(any_server, any_stack, "This instance has never had", "is zorg:url")


@EVERY_TYPE
def test_a_server_that_ignores_the_header_is_not_written_to(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack = every_server, every_stack
    it = _made(kind, server, stack)
    server.proxy.add(Fault("strip", times=None))
    before = stack.resources()
    for command in (("refresh", "--yes", "--skip-preview"), ("destroy", "--yes", "--skip-preview")):
        run = stack.run(*command)
        # Servers of 2025-12 show a project grant whatever the header, and the answer says whose it is.
        assert run.shows("x-zitadel-orgid") if run.code else command[0] == "refresh", run.out
    assert stack.resources() == before
    for changed in (it.declare(it.changed), it.declare(it.another)):
        stack.declare(it=changed)
        assert stack.fails().shows("ignores the header x-zitadel-orgid", "Nothing was written")
    if kind != "org":  # an organization is made without the header
        stack.declare(new=it.declare(it.moved))
        assert stack.fails().shows("ignores the header x-zitadel-orgid", "Nothing was written")
    assert server.proxy.writes == []
    assert it.is_active(stack.id("it"))


@pytest.mark.parametrize(("kind", "write"), [each for each in WRITES if each[0] != "org"])
def test_a_header_that_is_lost_on_a_write_only_is_an_error_and_the_next_up_ends_well(
    every_server: Server, every_stack: AnyStack, kind: str, write: str
) -> None:
    server, stack = every_server, every_stack
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    it = example(kind, server)
    if write != "create":
        stack.declare(it=it.declare())
        stack.up()
    strip = {
        "create": Fault("strip", method="POST", path=it.create_path, times=None),
        "update": Fault("strip", path=f"{it.write_path}|_bulk$", times=None),
        "deactivate": Fault("strip", path="_deactivate$", times=None),
        "remove": Fault("strip", method="DELETE", path=it.write_path, times=None),
    }[write]
    desired = {"create": {}, "update": it.changed, "deactivate": {"active": False}, "remove": {}}[write]
    if write == "update":
        strip.method = "PUT" if kind != "project" else None
    server.proxy.add(strip)
    stack.declare(**({} if write == "remove" else {"it": it.declare(desired)}))
    # In a change of a user grant alone, no server compares the header with the object, and the calls that create and change people
    # do not need it. The change is made where it should be.
    ends_well = (kind, write) in (("grant", "update"), ("human", "create"), ("human", "update"))
    run = stack.run("up", "--yes", "--skip-preview")
    assert (run.code == 0) is ends_well
    if write in ("create", "remove"):
        assert ("it" in stack.resources()) is (write == "remove" or ends_well)
    server.proxy.clear()
    if (kind, write) == ("machine", "create"):
        # The names of users are unique on the instance. The error names the one that was made elsewhere.
        refused = stack.fails()
        user_id = re.search(r"User (\d+) of organization (\d+) has the user name", refused.out)
        assert user_id is not None, refused.out
        server.admin.remove_user(user_id[2], user_id[1])
    stack.up()
    stack.assert_settled()
    left = {stack.id("it")} if write != "remove" else set()
    assert server.shows(lambda: it.ids() == left)


@EVERY_TYPE
def test_a_write_that_is_refused_with_500_is_read_again(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    server, stack = any_server, any_stack
    it = _made(kind, server, stack)
    internal = '{"code": 13, "message": "Errors.Internal"}'
    server.proxy.add(Fault("answer", path=it.another_path, times=None, status=500, body=internal, headers=JSON))
    stack.declare(it=it.declare(it.another))
    assert stack.fails().shows("ZITADEL answered 500, code 13: Errors.Internal")
    assert not it.is_another(stack.id("it"))
    server.proxy.clear()
    stack.up()
    stack.assert_settled()


CONFLICT = '{"code": 2, "message": "ERROR: duplicate key value violates unique constraint (SQLSTATE 23505)"}'


@pytest.mark.parametrize(("kind", "write"), WRITES)
def test_a_write_that_meets_a_conflict_of_events_is_repeated(
    any_server: Server, any_stack: AnyStack, kind: str, write: str
) -> None:
    """Several times, as long as the deadline is: the server has written nothing."""
    server, stack, it = any_server, any_stack, example(kind, any_server)
    paths = {"create": it.create_path, "deactivate": "deactivate$"}
    if write != "create":
        stack.declare(it=it.declare())
        stack.up()
    fault = Fault(
        "answer",
        method="DELETE" if write == "remove" else it.update_method if write == "update" else "POST",
        path=paths.get(write, it.write_path),
        times=4,
        status=500,
        body=CONFLICT,
        headers=JSON,
    )
    server.proxy.add(fault)
    it_id = stack.id("it") if write != "create" else ""
    if write == "remove":
        stack.declare()
    else:
        changes = {"update": it.changed, "deactivate": {"active": False}}
        stack.declare(it=it.declare(changes.get(write, {})))
    run = stack.up()
    assert fault.happened == 4
    assert run.shows("ZITADEL answered 500, code 2")
    if write == "remove":
        assert it.is_gone(it_id)
    else:
        assert len(it.ids()) == 1
        stack.assert_settled()


@EVERY_TYPE
def test_a_conflict_of_events_that_does_not_end_is_an_error(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    server, stack = any_server, any_stack
    it = _made(kind, server, stack)
    server.proxy.add(Fault("answer", path=it.another_path, times=None, status=500, body=CONFLICT, headers=JSON))
    stack.declare(it=it.declare(it.another))
    assert stack.fails().shows("EventConflict", "ZITADEL answered 500, code 2")
    assert not it.is_another(stack.id("it"))


@pytest.mark.parametrize("kind", ["project", "project_grant"])
def test_an_object_that_reads_do_not_show_but_events_do_stays_in_the_state(
    server: Server, stack: AnyStack, kind: str
) -> None:
    """A phantom. Only a user grant can be managed as one; none was ever seen of the other types."""
    _made(kind, server, stack)
    server.admin.call("POST", "/debug/phantoms", {"ids": [stack.id("it")]})
    _nothing_is_forgotten(
        server, stack, "event store has no removal of it, so it still exists", "It stays in the state"
    )


# A create that does not end well, and lost answers


@pytest.mark.slow
@EVERY_TYPE
@pytest.mark.parametrize("effect", ["drop", "cut", "503", "429"])
def test_the_first_answer_to_each_write_is_lost(
    every_server: Server, every_stack: AnyStack, kind: str, effect: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    codes: dict[str, dict[str, Any]] = {
        "503": {"effect": "answer", "status": 503},
        "429": {"effect": "answer", "status": 429, "headers": {"Retry-After": "1"}},
    }
    fault = codes.get(effect, {"effect": effect})

    def hit(*paths: str) -> None:
        server.proxy.clear()
        server.proxy.add(*(Fault(**fault, path=path, times=1) for path in paths))

    hit(it.create_path, it.write_path, "_bulk$", "deactivate$")
    stack.declare(it=it.declare(it.inactive))
    assert stack.up().shows("zorg:", "in")
    made = stack.id("it")
    stack.assert_settled()
    hit(it.write_path, "activate$", "_bulk$")
    stack.declare(it=it.declare(it.changed))
    stack.up()
    stack.assert_settled()
    assert stack.outputs("it") == it.outputs(it.changed)
    assert server.shows(lambda: it.ids() == {made})
    hit(f"{it.write_path}|/admin/v1/orgs/")
    stack.destroy()
    assert it.is_gone(made)
    assert server.shows(lambda: it.ids() == set())


@EVERY_TYPE
def test_no_answer_to_a_create_ever_arrives_and_the_next_up_goes_on_with_its_own_object(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.add(Fault("drop", method="POST", path=it.create_path, times=None))
    stack.declare(it=it.declare(it.inactive))
    stack.fails()
    assert stack.resources() == {}
    (own,) = it.ids()
    server.proxy.clear()
    assert stack.up().shows(f"{it.noun} {own}", "was created by an earlier attempt of this resource")
    assert stack.id("it") == own
    assert server.shows(lambda: it.ids() == {own})
    assert stack.outputs("it") == it.outputs(it.inactive)
    stack.assert_settled()


@pytest.mark.parametrize("kind", ["org", "project"])
def test_a_create_without_an_answer_goes_on_under_another_name(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.add(Fault("drop", method="POST", path=it.create_path, times=None))
    stack.declare(it=it.declare())
    stack.fails()
    (own,) = it.ids()
    server.proxy.clear()
    stack.declare(it=it.declare(it.changed))
    assert stack.up().shows(f"resuming the create of {it.noun} {own}")
    assert stack.id("it") == own
    assert stack.outputs("it") == it.outputs(it.changed)
    assert server.shows(lambda: it.ids() == {own})
    stack.assert_settled()


@IN_AN_ORGANIZATION
def test_a_create_without_an_answer_is_undone_if_the_program_then_declares_another_object(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    """As a replacement would."""
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.add(Fault("drop", method="POST", path=it.create_path, times=None))
    stack.declare(it=it.declare())
    stack.fails()
    (own,) = it.ids()
    server.proxy.clear()
    stack.declare(it=it.declare(it.moved))
    assert stack.up().shows(f"removing {it.noun} {own}, which an earlier run created")
    assert server.shows(lambda: it.ids() == {stack.id("it")})
    assert stack.id("it") != own
    stack.assert_settled()


@pytest.mark.parametrize("kind", WITH_STATES)
def test_what_follows_a_create_fails_for_good_and_the_next_up_goes_on_with_the_same_object(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.add(Fault("answer", path="deactivate$", times=None))
    stack.declare(it=it.declare(active=False))
    assert stack.fails().shows("answered 503")
    assert stack.resources() == {}
    (own,) = it.ids()
    server.proxy.clear()
    assert stack.up().shows(f"resuming the create of {it.noun} {own}")
    assert stack.id("it") == own
    assert not [each for each in server.proxy.writes if re.search(f"^POST .*{it.create_path}", each)]
    assert server.shows(lambda: it.ids() == {own})
    stack.assert_settled()


@EVERY_TYPE
@pytest.mark.parametrize("status", [202, 204, 302, 404, 408])
def test_what_is_no_answer_after_a_create_does_not_lose_the_object(
    server: Server, stack: AnyStack, kind: str, status: int
) -> None:
    it = example(kind, server)
    body = "" if status == 204 else "<html>please wait</html>"
    server.proxy.add(Fault("replace", method="POST", path=it.create_path, status=status, body=body, times=None))
    stack.declare(it=it.declare())
    stack.fails()
    assert stack.resources() == {}
    server.proxy.clear()
    stack.up()
    assert it.ids() == {stack.id("it")}
    stack.assert_settled()


# Names, ids and other resources


@EVERY_TYPE
def test_an_object_of_somebody_else_is_not_taken_and_the_error_says_whose_it_is(
    any_server: Server, any_stack: AnyStack, kind: str
) -> None:
    server, stack, it = any_server, any_stack, example(kind, any_server)
    owner = server.admin.create_user(server.home, f"owner{server.tag}")
    server.admin.add_instance_member(owner, "IAM_OWNER")
    with AdminClient(server.proxy.target, server.admin.create_token(server.home, owner)) as it.admin:
        theirs = it.make()
        stack.declare(it=it.declare(it.another))
        failed = stack.fails()
        assert failed.shows(f"It is {it.noun} {theirs}, created by owner{server.tag} at 20", "UTC", "adopt=True"), (
            failed.out
        )
        assert stack.resources() == {}
        assert not it.is_another(theirs)
        stack.declare(it=it.declare(it.another, adopt=True))
        stack.up()
        assert stack.id("it") == theirs
        assert it.is_another(theirs)


@EVERY_TYPE
def test_two_resources_of_the_program_declare_one_object(any_server: Server, any_stack: AnyStack, kind: str) -> None:
    it = example(kind, any_server)
    any_stack.declare(it=it.declare(), that=it.declare())
    preview = any_stack.run("preview")
    assert preview.code != 0
    assert preview.shows("is declared twice"), preview.out
    assert any_server.proxy.writes == []


@IN_AN_ORGANIZATION
def test_an_object_in_an_organization_that_was_removed_is_an_error_that_says_so(
    every_server: Server, every_stack: AnyStack, kind: str
) -> None:
    server, stack, it = every_server, every_stack, example(kind, every_server)
    removed = server.admin.create_organization(server.name("Removed"))
    server.admin.remove_organization(removed)
    stack.declare(it=it.declare(org_id=removed))
    failed = stack.fails()
    assert failed.shows(
        f"The {it.noun} cannot be made in organization {removed}, which does not exist any more",
        "was removed by",
        "(org_id)",
    ), failed.out
    assert "adopt=True" not in failed.out
    assert server.proxy.writes == []


@pytest.mark.parametrize("kind", [kind for kind, each in EXAMPLES.items() if "org_id" in each.address])
def test_a_get_with_the_wrong_organization_is_an_error(every_server: Server, every_stack: AnyStack, kind: str) -> None:
    """Servers of 2025-12 show a project and a project grant to the header of any organization."""
    server, stack, it = every_server, every_stack, example(kind, every_server)
    made = it.make()
    wrong = server.admin.create_organization(server.name("Wrong"))
    got = it.get(made)
    stack.declare(it={**got, "args": {**got["args"], "org_id": wrong}})
    failed = stack.fails()
    assert failed.shows("correct org_id", server.home, wrong), failed.out
    stack.declare(it={**got, "args": {**got["args"], "org_id": "424242"}})
    assert stack.fails().shows("org_id"), "an organization that never was"


def test_a_get_of_a_project_grant_with_the_wrong_project_is_an_error(
    every_server: Server, every_stack: AnyStack
) -> None:
    """The server does not look at the project in the path."""
    server, stack, it = every_server, every_stack, example("project_grant", every_server)
    made = it.make()
    other = server.admin.create_project(server.home, "Other")
    got = it.get(made)
    stack.declare(it={**got, "args": {**got["args"], "project_id": other}})
    assert stack.fails().shows(f"has project_id {server.project}, not {other}", "correct project_id")


@pytest.mark.parametrize(
    ("kind", "lost"), [("project", "org_id"), ("project_grant", "org_id"), ("project_grant", "project_id")]
)
def test_a_state_that_lost_where_the_object_is_says_what_is_missing(
    server: Server, stack: InProcessStack, kind: str, lost: str
) -> None:
    it = _made(kind, server, stack)
    stack.resources()["it"]["outputs"].pop(lost)
    _nothing_is_forgotten(server, stack, f"{lost} is missing")
    assert it.is_active(stack.id("it"))

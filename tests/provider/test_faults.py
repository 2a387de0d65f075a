"""What goes wrong between us and the server, and what the user then sees. tests/README.md has the table of these rows.

The laws: nothing is forgotten that was not proven gone, nothing is lost or doubled, nobody else's organization is
touched, and after a clean `up` the objects are as declared.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.testing import AdminClient, Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server, emulated
from tests.support.stack import Stack, grant, org, project

ORGS, GRANTS = r"/management/v1/orgs$", r"/users/[^/]+/grants$"
JSON = {"Content-Type": "application/json"}
HTML = "<html><body>It works!</body></html>"


@pytest.fixture
def made(any_server: Server, any_stack: Stack) -> Stack:
    """An organization and a grant, as declared; little patience from now on."""
    any_stack.declare(**_declared(any_server))
    any_stack.up()
    any_server.proxy.clear()
    any_stack.env["ZITADEL_RETRY_DEADLINE"] = "3"
    return any_stack


def _declared(
    server: Server, *, active: bool = True, name: str = "Acme", roles: tuple[str, ...] = ("viewer",)
) -> dict[str, dict[str, object]]:
    return {
        "acme": org(server.name(name), active=active),
        "ann": grant(server.home, server.ann, server.project, list(roles), active=active),
    }


def _nothing_is_forgotten(server: Server, stack: Stack, *said: str) -> None:
    """Neither a refresh, nor the preview of one, nor a destroy takes anything for gone; each is an error that says why."""
    before = stack.state()["deployment"]["resources"]
    server.proxy.exchanges.clear()
    for command in (
        ("refresh", "--yes", "--skip-preview"),
        ("refresh", "--preview-only", "--expect-no-changes"),
        ("destroy", "--yes", "--skip-preview"),
    ):
        run = stack.run(*command)
        assert run.code not in (0, 7), run.out
        assert run.shows(*said), run.out
        assert "Traceback" not in run.out
    after = stack.state()["deployment"]["resources"]
    assert [each["urn"] for each in after] == [each["urn"] for each in before]
    assert not [each for each in server.proxy.exchanges if each.writes and each.status and each.status < 400]


def test_a_token_without_rights_forgets_nothing(any_server: Server, made: Stack) -> None:
    low = any_server.admin.create_user(any_server.home, f"low{any_server.tag}")
    made.env["ZITADEL_TOKEN"] = any_server.admin.create_token(any_server.home, low)
    _nothing_is_forgotten(any_server, made, "membership not found", "It stays in the state")


def test_a_token_that_is_refused_forgets_nothing(any_server: Server, made: Stack) -> None:
    made.env["ZITADEL_TOKEN"] = "nonsense"
    _nothing_is_forgotten(any_server, made, "ZITADEL answered 401", "The credential is not accepted")


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault("answer", times=None, status=200, body=HTML), "so it is not ZITADEL's"),
        (Fault("answer", times=None, status=404, body=HTML), "is not a ZITADEL error response"),
        (Fault("answer", times=None, status=403, body=HTML), "is not a ZITADEL error response"),
        (
            Fault("answer", times=None, status=200, body="{}", headers={"Content-Type": "application/json"}),
            "has an unexpected format",
        ),
        (
            Fault("answer", times=None, status=404, body="{}", headers={"Content-Type": "application/json"}),
            "is not a ZITADEL error response",
        ),
        (
            Fault("answer", times=None, status=302, headers={"Location": "https://login.example"}),
            "redirects the call",
        ),
        (Fault("answer", times=None, status=503), "answered 503"),
        (Fault("cut", times=None), "cannot be reached"),
    ],
    ids=[
        "HTML with 200",
        "HTML with 404",
        "HTML with 403",
        "an empty object",
        "an empty 404",
        "a redirect",
        "an outage",
        "a cut",
    ],
)
def test_what_is_no_answer_of_zitadel_forgets_nothing(server: Server, stack: Stack, fault: Fault, said: str) -> None:
    stack.declare(**_declared(server))
    stack.up()
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.add(fault)
    _nothing_is_forgotten(server, stack, said)


def test_a_server_that_is_not_there_forgets_nothing(any_server: Server, made: Stack) -> None:
    made.env |= {"ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_RETRY_DEADLINE": "1"}
    _nothing_is_forgotten(any_server, made, "cannot be reached")


def test_another_instance_forgets_nothing(any_server: Server, made: Stack) -> None:
    with emulated() as other:
        made.env |= {"ZITADEL_URL": other.proxy.url, "ZITADEL_TOKEN": other.token}
        _nothing_is_forgotten(any_server, made, "This instance has never had", "is zorg:url")


def test_a_server_that_ignores_the_header_is_not_written_to(any_server: Server, made: Stack) -> None:
    server = any_server
    server.proxy.add(Fault("strip", times=None))
    _nothing_is_forgotten(server, made, "x-zitadel-orgid")
    made.declare(
        **_declared(server, active=False),
        bob=grant(server.home, server.bob, server.project, ["viewer"]),
    )
    failed = made.fails()
    assert failed.shows("ignores the header x-zitadel-orgid", "Nothing was written")
    assert server.proxy.writes == []
    own = server.admin.call("GET", "/management/v1/orgs/me")["org"]
    assert own["state"] == "ORG_STATE_ACTIVE"


def test_a_header_lost_on_a_write_is_told_with_the_organization_that_was_hit(tmp_path: Path) -> None:
    """On a server whose organizations are not changed by v2, which names them in the path."""
    with emulated("2025-12") as server:
        stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
        stack.declare(acme=org("Acme"))
        stack.up()
        server.proxy.add(Fault("strip", method="PUT", path="orgs/me"))
        stack.declare(acme=org("Acme B"))
        failed = stack.fails()
        own = server.admin.call("GET", "/management/v1/orgs/me")["org"]
    assert own["name"] == "Acme B"
    assert failed.shows(f"the server acted on organization {own['id']} instead", "Look at that organization now")


OUTAGES = {
    "503": Fault("answer", times=2, status=503),
    "502": Fault("answer", times=1, status=502),
    "504": Fault("answer", times=1, status=504),
    "429": Fault("answer", times=2, status=429, headers={"Retry-After": "1"}),
    "cut": Fault("cut", times=2),
    "lost answer": Fault("drop", times=1),
}


@pytest.mark.slow
@pytest.mark.parametrize("outage", OUTAGES)
def test_what_passes_is_waited_for(any_server: Server, any_stack: Stack, outage: str) -> None:
    """The first calls of each kind go wrong: everything is as declared all the same, and made once."""
    server, stack = any_server, any_stack
    before = server.organizations()

    def hit(*paths: str) -> None:
        server.proxy.clear()
        server.proxy.add(*(Fault(**{**vars(OUTAGES[outage]), "path": path, "happened": 0}) for path in paths))

    hit(ORGS, GRANTS, "orgs/me$", "deactivate$")
    stack.declare(**_declared(server, active=False))
    up = stack.up()
    assert up.shows("zorg:", "in")
    stack.assert_settled()
    hit("activate$", "PUT", r"/grants/\d+$", "orgs/me$", "/v2/organizations/")
    stack.declare(**_declared(server, name="Acme B", roles=("editor",)))
    stack.up()
    stack.assert_settled()
    (acme,) = server.organizations() - before
    assert server.admin.organization(acme)["name"] == server.name("Acme B")
    (ann,) = server.admin.grants(server.home).values()
    assert ann["roleKeys"] == ["editor"]
    hit("/v2/organizations/", r"/grants/\d+$")
    stack.destroy()
    assert server.shows(lambda: server.organizations() == before)
    assert server.shows(lambda: server.admin.grants(server.home) == {})


@pytest.mark.engine_too
def test_an_outage_longer_than_the_deadline_is_told_and_the_next_up_ends_well(
    any_server: Server, any_stack: Stack
) -> None:
    """The deactivation never comes through after the create: nothing is in the state, and nothing is lost."""
    server, stack = any_server, any_stack
    before = server.organizations()
    stack.env["ZITADEL_RETRY_DEADLINE"] = "2"
    server.proxy.add(Fault("answer", path="deactivate$", times=None))
    stack.declare(**_declared(server, active=False))
    assert stack.fails().shows("answered 503")
    assert stack.resources() == {}
    server.proxy.clear()
    stack.up()
    (acme,) = server.organizations() - before
    assert acme == stack.id("acme")
    assert list(server.admin.grants(server.home)) == [stack.id("ann")]
    assert [call for call in server.proxy.writes if not call.endswith("deactivate")] == [
        call for call in server.proxy.writes if re.search(f"{ORGS}|{GRANTS}", call)
    ]
    stack.assert_settled()


def test_an_answer_lost_for_good_ends_with_one_object(any_server: Server, any_stack: Stack) -> None:
    """The server commits each create, and no answer ever arrives before the deadline."""
    server, stack = any_server, any_stack
    before = server.organizations()
    stack.env["ZITADEL_RETRY_DEADLINE"] = "1"
    server.proxy.add(
        Fault("drop", method="POST", path=ORGS, times=None), Fault("drop", method="POST", path=GRANTS, times=None)
    )
    stack.declare(**_declared(server))
    stack.fails()
    assert stack.resources() == {}
    server.proxy.clear()
    stack.up()
    assert server.organizations() - before == {stack.id("acme")}
    assert list(server.admin.grants(server.home)) == [stack.id("ann")]
    stack.assert_settled()


def test_a_refused_write_with_500_is_looked_after(server: Server, stack: Stack) -> None:
    internal = json.dumps({"code": 13, "message": "Errors.Internal"})
    headers = {"Content-Type": "application/json"}
    stack.declare(**_declared(server))
    stack.up()
    server.proxy.add(Fault("answer", path="deactivate$", times=None, status=500, body=internal, headers=headers))
    stack.declare(**_declared(server, active=False))
    assert stack.fails().shows("ZITADEL answered 500, code 13: Errors.Internal")
    server.proxy.clear()
    stack.up()
    stack.assert_settled()


def test_the_name_of_somebody_elses_organization_is_not_taken(any_server: Server, any_stack: Stack) -> None:
    """Made by another user, and by this credential's own user: neither was made by this resource."""
    server, stack = any_server, any_stack
    robot = server.admin.create_user(server.home, f"robot{server.tag}")
    server.admin.add_instance_member(robot, "IAM_OWNER")
    with AdminClient(server.proxy.target, server.admin.create_token(server.home, robot)) as other:
        theirs = other.create_organization(server.name("Theirs"))
    mine = server.admin.create_organization(server.name("Mine"))
    stack.declare(theirs=org(server.name("Theirs"), active=False), mine=org(server.name("Mine"), active=False))
    failed = stack.fails()
    assert failed.shows(theirs, mine, "adopt=True", f"created by robot{server.tag}", "this credential's own user")
    assert stack.resources() == {}
    for each in (theirs, mine):
        assert server.admin.organization(each)["state"] == "ORG_STATE_ACTIVE"


@pytest.mark.parametrize("status", [503, 500])
def test_an_outage_after_a_refused_create_is_not_called_a_missing_right(
    server: Server, stack: Stack, status: int
) -> None:
    server.admin.create_organization(server.name("Theirs"))
    stack.env["ZITADEL_RETRY_DEADLINE"] = "0.01"
    body = '{"code": 13, "message": "Errors.Internal"}'
    server.proxy.add(Fault("answer", path="_search", status=status, body=body, headers=JSON, times=None))
    stack.declare(theirs=org(server.name("Theirs")))
    failed = stack.fails()
    assert failed.shows("What exists there could not be read", "Run `pulumi up` again"), failed.out
    assert not failed.shows("cannot see"), failed.out


def test_the_same_object_is_not_declared_twice(server: Server, stack: Stack) -> None:
    stack.declare(a=org("Acme"), b=org("Acme"))
    preview = stack.run("preview")
    assert preview.code != 0
    assert preview.shows("name", "is declared twice"), preview.out
    assert server.proxy.writes == []


def test_a_phantom_stays_in_the_state_and_can_be_changed_and_removed(server: Server, stack: Stack) -> None:
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    ann = stack.id("ann")
    server.admin.call("POST", "/debug/phantoms", {"ids": [ann]})
    refreshed = stack.must("refresh", "--yes", "--skip-preview")
    assert refreshed.shows(f"user grant {ann}", "is a phantom")
    assert stack.id("ann") == ann
    assert stack.preview() == {}
    server.proxy.clear()
    stack.declare(ann=grant(server.home, server.ann, server.project, ["editor"], active=False))
    stack.up()
    path = f"/management/v1/users/{server.ann}/grants/{ann}"
    assert server.proxy.writes == [f"POST {path}/_deactivate", f"PUT {path}"]
    assert stack.preview("--refresh") == {}
    stack.destroy()
    assert server.proxy.writes[-1] == f"DELETE {path}"


def test_without_the_event_store_a_grant_is_gone_if_who_may_read_all_finds_only_a_newer_one(
    any_server: Server, made: Stack
) -> None:
    """An owner of the organizations has no right to read events."""
    server, admin = any_server, any_server.admin
    owner = admin.create_user(server.home, f"owner{server.tag}")
    admin.add_member(server.home, owner, "ORG_OWNER")
    admin.add_member(made.id("acme"), owner, "ORG_OWNER")
    token = admin.create_token(server.home, owner)
    made.env["ZITADEL_TOKEN"] = server.wait_for_rights(token, server.home, made.id("acme"))
    assert made.preview("--refresh") == {}
    admin.remove_grant(server.home, server.ann, made.id("ann"))
    admin.create_grant(server.home, server.bob, server.project, ["viewer"])
    assert made.preview("--refresh") == {"ann": ["create"]}
    admin.remove_organization(made.id("acme"))
    # On a real server, an owner can see for a moment that the organization was removed.
    assert server.shows(lambda: not server.has_rights(token, made.id("acme")))
    refreshed = made.run("refresh", "--yes", "--skip-preview")
    assert refreshed.code != 0
    assert refreshed.shows("It is not known whether", "It stays in the state"), refreshed.out
    assert "acme" in made.resources()


@pytest.mark.parametrize(
    "change",
    [
        {"active": False},
        {"roles": {"viewer": "Viewer"}},
        {"has_project_check": True},
        {"name": "Ours"},
        {"deletion_policy": "remove"},
    ],
)
def test_zitadels_own_project_is_not_changed(server: Server, stack: Stack, change: dict[str, Any]) -> None:
    instance = server.admin.call("GET", "/management/v1/iam")
    org_id, name = (
        instance["defaultOrgId"],
        server.admin.project(instance["defaultOrgId"], instance["iamProjectId"])["name"],
    )
    stack.declare(own=project(org_id, name, adopt=True))
    stack.up()
    if "deletion_policy" in change:
        stack.declare()
    else:
        stack.declare(own=project(org_id, **{"name": name, "adopt": True, **change}))
    assert stack.fails().shows("is ZITADEL's own project", "Nothing was done")
    assert server.proxy.writes == []


def test_zitadels_own_project_is_not_removed_where_reads_do_not_show_it(server: Server, stack: Stack) -> None:
    """Without the event store, a deletion of what no read shows is decided by the removal itself."""
    instance = server.admin.call("GET", "/management/v1/iam")
    org_id, own = instance["defaultOrgId"], instance["iamProjectId"]
    stack.declare(own=project(org_id, server.admin.project(org_id, own)["name"], adopt=True))
    stack.up()
    owner = server.admin.create_user(server.home, "owner")
    server.admin.add_member(org_id, owner, "ORG_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.wait_for_rights(server.admin.create_token(server.home, owner), org_id)
    server.admin.call("POST", "/debug/phantoms", {"ids": [own]})
    server.proxy.clear()
    assert stack.run("destroy", "--yes", "--skip-preview").shows("is ZITADEL's own project", "Nothing was done")
    assert server.proxy.writes == []


def test_the_credentials_own_and_the_default_organization_are_not_deactivated(server: Server, stack: Stack) -> None:
    default = server.admin.call("GET", "/admin/v1/orgs/default")["org"]
    robot = server.admin.create_user(server.home, "robot")
    server.admin.add_instance_member(robot, "IAM_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, robot)
    for name in (default["name"], "Furniture"):
        stack.declare(own=org(name, adopt=True))
        stack.up()
        server.proxy.clear()
        stack.declare(own=org(name, adopt=True, active=False))
        assert stack.fails().shows("is refused", "allow_lockout=True")
        stack.declare()
        assert stack.fails().shows("is refused", "allow_lockout=True")
        assert server.proxy.writes == []
        stack.declare(own=org(name, adopt=True, active=False, allow_lockout=True))
        stack.up()
        assert server.proxy.writes == server.changes_of(stack.id("own"), "deactivate")
        stack.declare(own=org(name, adopt=True, deletion_policy="retain"))
        stack.up()
        stack.declare()
        stack.up()

"""What a preview says it would do to people: a sentence beside the engine's diff where something of weight happens, and
nothing else. It asks little, waits little, and never fails a preview."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable

import pytest

from pulumi_zorg.testing import Fault
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import Run, Stack, grant, org, project, project_grant


def said(run: Run) -> list[str]:
    """The sentences, each once, in order."""
    told = run.out.partition("Diagnostics:")[2].splitlines()
    return sorted(line.strip().removeprefix("zorg: ") for line in told if line.strip().startswith("zorg: "))


#: The remark about organizations that are created without admins.
OWNER = (
    "iac, the credential's own user, becomes ORG_OWNER of each new organization; admins=[…] says who shall be instead"
)
CUT_OFF = "To take access away, deactivate the users or their user grants"


def leaves(name: str, org_id: str, users: str) -> str:
    """The sentence about the deactivation of an organization without projects."""
    return f"deactivates organization {name} ({org_id}), which leaves {users} their access. {CUT_OFF}"


def stops_nobody(name: str, org_id: str) -> str:
    """The sentence about the deactivation of an organization without projects and users."""
    return f"deactivates organization {name} ({org_id}), which has no projects and no users"


def preview(stack: Stack, *args: str) -> list[str]:
    return said(stack.must("preview", *args))


@pytest.fixture
def tenants(any_server: Server, any_stack: Stack) -> Stack:
    """Acme with two people, a service account, two projects and a grant; Beta, inactive; ann with two roles, bob with one,
    inactive."""
    server, stack, admin = any_server, any_stack, any_server.admin
    stack.declare(**declared(server))
    stack.up()
    acme = stack.id("acme")
    users = [server.create_person(acme, f"u{number}{server.tag}") for number in range(2)]
    admin.create_user(acme, f"bot{server.tag}")
    project = admin.create_project(acme, "CRM", ["viewer"])
    admin.create_project(acme, "Wiki")
    admin.create_grant(acme, users[0], project, ["viewer"])
    server.proxy.clear()
    return stack


def declared(server: Server) -> dict[str, dict[str, object]]:
    return {
        "acme": org(server.name("Acme")),
        "beta": org(server.name("Beta"), active=False),
        "ann": grant(server.home, server.ann, server.project, ["viewer", "admin"]),
        "bob": grant(server.home, server.bob, server.project, ["viewer"], active=False),
    }


def test_nothing_is_said_where_nothing_of_weight_happens(any_server: Server, tenants: Stack) -> None:
    server, stack = any_server, tenants
    assert preview(stack) == []
    resources = declared(server)
    resources["acme"] = org(server.name("Acme Holding"))
    resources["bob"] = grant(server.home, server.bob, server.project, ["admin"], active=False)
    stack.declare(**resources, newcomer=org(server.name("Newcomer"), admins=[]))
    assert preview(stack) == []
    assert server.proxy.writes == []


def test_switching_off_and_on(any_server: Server, tenants: Stack) -> None:
    server, stack = any_server, tenants
    stack.declare(
        acme=org(server.name("Acme"), active=False),
        beta=org(server.name("Beta")),
        ann=grant(server.home, server.ann, server.project, ["viewer", "admin"], active=False),
        bob=grant(server.home, server.bob, server.project, ["viewer"]),
    )
    ids = {name: stack.id(name) for name in ("acme", "beta", "ann", "bob")}
    ann, bob = f"ann{server.tag}", f"bob{server.tag}"
    acme, beta = server.name("Acme"), server.name("Beta")
    these = f"the 2 projects of organization {acme} ({ids['acme']})"
    assert preview(stack) == [
        f"deactivates organization {acme} ({ids['acme']}): every login, refresh and introspection of the applications of its "
        "2 projects fails, for the users of all organizations",
        f"gives the role viewer of Portal to {bob} (reactivates user grant {ids['bob']})",
        f"leaves the 2 people and 1 service account of organization {acme} ({ids['acme']}) their access to all other "
        f"applications. {CUT_OFF}",
        f"reactivates organization {beta} ({ids['beta']}), whose deactivation stopped nobody",
        f"shuts out 1 person with an active user grant on {these}",
        "shuts out everybody else of the instance: without project_role_check and has_project_check, nobody needs a user grant "
        f"to log in to {these}",
        f"takes no role of {these} out of any token: to do that, deactivate the user grants",
        f"takes the roles admin, viewer of Portal from {ann} (deactivates user grant {ids['ann']})",
    ]
    assert server.proxy.writes == []


def test_roles_given_and_taken(any_server: Server, tenants: Stack) -> None:
    server, stack = any_server, tenants
    resources = declared(server)
    resources["ann"] = grant(server.home, server.ann, server.project, ["admin", "editor"])
    cleo = server.admin.create_user(server.home, f"cleo{server.tag}")
    stack.declare(**resources, cleo=grant(server.home, cleo, server.project, ["editor"]))
    assert preview(stack) == [
        f"gives the role editor of Portal to ann{server.tag} (user grant {stack.id('ann')})",
        f"gives the role editor of Portal to cleo{server.tag} (a new user grant)",
        f"takes the role viewer of Portal from ann{server.tag} (user grant {stack.id('ann')})",
    ]


def test_an_adoption_is_shown_as_the_change_of_what_exists(any_server: Server, any_stack: Stack) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    acme = admin.create_organization(server.name("Acme"))
    server.create_person(acme, f"u{server.tag}")
    ann = admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    stack.declare(
        acme=org(server.name("Acme"), active=False, adopt=True),
        ann=grant(server.home, server.ann, server.project, ["viewer", "admin"], adopt=True),
        bob=grant(server.home, server.bob, server.project, ["viewer"], adopt=True),
    )
    assert preview(stack) == [
        leaves(server.name("Acme"), acme, "its only user"),
        f"gives the role admin of Portal to ann{server.tag} (user grant {ann})",
        f"gives the role viewer of Portal to bob{server.tag} (a new user grant)",
    ]


def test_a_project_and_a_user_of_other_organizations_have_their_names(any_server: Server, any_stack: Stack) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    tenant = admin.create_organization(server.name("Tenant"))
    admin.grant_project(server.home, server.project, tenant, ["viewer"])
    stack.declare(ann=grant(tenant, server.ann, server.project, ["viewer"]))
    assert preview(stack) == [f"gives the role viewer of Portal to ann{server.tag} (a new user grant)"]


def test_what_is_known_only_later_is_said_to_be_so(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"), ann=grant("@acme", server.ann, server.project, ["viewer"]))
    assert preview(stack) == [
        "gives roles by 1 user grant in organizations or projects that this run creates. They are counted here and not listed",
        OWNER,
    ]


def test_drift_that_is_put_right_is_told_too(any_server: Server, tenants: Stack) -> None:
    server, stack, admin = any_server, tenants, any_server.admin
    admin.reactivate_organization(stack.id("beta"))
    admin.remove_organization(stack.id("acme"))
    beta = stops_nobody(server.name("Beta"), stack.id("beta"))
    told = preview(stack, "--refresh")
    assert [each for each in told if "does not exist any more" not in each] == [beta, OWNER]


SWITCHES: dict[str, Callable[[Stack], object]] = {
    "by the stack's configuration": lambda stack: stack.must("config", "set", "zorg:previewImpact", "false"),
    "by the environment": lambda stack: stack.env.update(ZITADEL_PREVIEW_IMPACT="false"),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_sentences_can_be_turned_off(server: Server, stack: Stack, switch: str) -> None:
    stack.declare(acme=org("Acme"), beta=org("Beta"))
    stack.up()
    stack.declare(acme=org("Acme", active=False))
    SWITCHES[switch](stack)
    server.proxy.clear()
    assert preview(stack) == []
    assert [each.path for each in server.proxy.exchanges] == ["/auth/v1/users/me"], "the credential alone is checked"


def test_a_switch_that_is_neither_is_an_error_before_anything_is_called(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.must("config", "set", "zorg:previewImpact", "perhaps")
    run = stack.run("preview")
    assert run.code != 0
    assert run.shows("zorg:previewImpact must be true or false, not 'perhaps'")
    assert server.proxy.exchanges == []


UNANSWERED = {
    "an outage": (Fault("answer", times=None, status=503), "the server did not answer"),
    "a cut": (Fault("cut", times=None), "the server did not answer"),
    "a gateway's page": (Fault("answer", times=None, status=200), "the server did not answer"),
    "no rights": (
        Fault(
            "answer",
            path="^(?!/auth/v1/users/me)",  # which every user may read
            times=None,
            status=403,
            body='{"code": 7, "message": "No matching permissions found (AUTH-5mWD2)"}',
            headers={"Content-Type": "application/json"},
        ),
        "the credential may not see that",
    ),
    "the header lost": (Fault("strip", times=None), "the server ignores the header x-zitadel-orgid"),
}


@pytest.mark.parametrize("what", UNANSWERED)
def test_a_preview_goes_on_where_nothing_can_be_counted(server: Server, stack: Stack, what: str) -> None:
    stack.declare(acme=org("Acme"), ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    stack.declare(
        acme=org("Acme", active=False), ann=grant(server.home, server.ann, server.project, ["viewer"], active=False)
    )
    fault, why = UNANSWERED[what]
    server.proxy.clear()
    server.proxy.add(fault)
    acme, ann = stack.id("acme"), stack.id("ann")
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    unknown = f"; how many could not be read: {why}"
    assert any(
        each.startswith(f"deactivates organization Acme ({acme}{unknown}): if it owns projects, ") for each in told
    )
    assert any(each.startswith("takes the role viewer of ") and ann in each for each in told)
    assert len(told) == 2


@pytest.mark.slow
def test_a_server_that_is_slow_is_waited_for_once(server: Server, stack: Stack) -> None:
    """Each call has five seconds, and after the first that takes longer none is made."""
    stack.declare(**{f"o{number}": org(f"Org {number}") for number in range(6)})
    stack.up()
    stack.declare(**{f"o{number}": org(f"Org {number}", active=False) for number in range(6)})
    server.proxy.add(Fault("delay", times=None, seconds=30))
    began = time.monotonic()
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    assert time.monotonic() - began < 30
    assert len(told) == 6
    assert all("the server did not answer" in each for each in told)


def test_much_at_once_is_not_all_asked_about(server: Server, stack: Stack) -> None:
    stack.declare(**{f"o{number}": org(f"Org {number}") for number in range(30)})
    stack.up()
    stack.declare(**{f"o{number}": org(f"Org {number}", active=False) for number in range(30)})
    server.proxy.clear()
    told = preview(stack)
    assert len(told) == 30
    assert len(server.proxy.exchanges) == 20
    assert sum("this preview has made enough calls" in each for each in told) >= 10


def test_every_call_of_an_adoption_counts(server: Server, stack: Stack) -> None:
    """To find and read a project takes several calls: its name in a list, itself, its roles, its events."""
    for number in range(15):
        server.admin.create_project(server.home, f"Project {number}", ["viewer"])
    roles = {"editor": "Editor"}
    stack.declare(
        **{f"p{number}": project(server.home, f"Project {number}", roles=roles, adopt=True) for number in range(15)}
    )
    server.proxy.clear()
    told = preview(stack)
    assert len(server.proxy.exchanges) == 20
    assert any(each.startswith("removes the role viewer of project Project") for each in told)
    assert re.search(r"adopts \d+ projects that this preview could not compare with what exists\.", told[0])


def test_a_token_counts_as_a_call(server: Server, stack: Stack) -> None:
    stack.declare(**{f"o{number}": org(f"Org {number}") for number in range(20)})
    stack.up()
    user = server.admin.create_user(server.home, "client")
    server.admin.add_instance_member(user, "IAM_OWNER_VIEWER")
    secret = server.admin.call("PUT", f"/management/v1/users/{user}/secret", org=server.home)
    stack.env |= {
        "ZITADEL_TOKEN": "",
        "ZITADEL_CLIENT_ID": secret["clientId"],
        "ZITADEL_CLIENT_SECRET": secret["clientSecret"],
    }
    stack.declare(**{f"o{number}": org(f"Org {number}", active=False) for number in range(20)})
    server.proxy.clear()
    assert len(preview(stack)) == 20
    assert "/oauth/v2/token" in [each.path for each in server.proxy.exchanges]
    assert len(server.proxy.exchanges) == 20


def test_the_checks_of_a_project_that_is_adopted_are_switched_off_with_a_sentence(
    any_server: Server, any_stack: Stack
) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    crm = admin.create_project(server.home, "CRM")
    admin.set_project_flags(server.home, crm, projectRoleCheck=True, hasProjectCheck=True)
    checks = {"project_role_check": False, "has_project_check": False}
    stack.declare(crm=project(server.home, "CRM", adopt=True, **checks))
    assert preview(stack) == [
        f"disables has_project_check of project CRM ({crm}): people of every organization, also without a project grant, "
        "can log in to its applications",
        f"disables project_role_check of project CRM ({crm}): all people of every organization, also without a user grant, "
        "can log in to its applications",
    ]


def test_a_project_and_its_grant_are_deactivated(any_server: Server, any_stack: Stack) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    customer = admin.create_organization(server.name("Customer"))
    carl = server.create_person(customer, f"carl{server.tag}")
    crm = admin.create_project(server.home, "CRM", ["viewer"])
    shared = admin.grant_project(server.home, crm, customer, ["viewer"])
    admin.create_grant(customer, carl, crm, ["viewer"], shared)
    admin.set_project_flags(server.home, crm, hasProjectCheck=True)

    def declare(*, active: bool) -> None:
        stack.declare(
            crm=project(server.home, "CRM", adopt=True, active=active, has_project_check=True),
            shared=project_grant(server.home, crm, customer, ["viewer"], adopt=True, active=active),
        )

    declare(active=True)
    stack.up()
    declare(active=False)
    name = server.name("Customer")
    advice = "To take roles away, deactivate the user grants or remove the project grant"
    assert preview(stack) == [
        f"deactivates project CRM ({crm}): every login to its applications, every refresh and every introspection by its APIs "
        "fails, for the users of all organizations",
        f"deactivates the grant of CRM to {name} ({shared}), which takes no role out of any token. {advice}",
        f"shuts 1 person of {name} out of the login to the applications of CRM: the project has has_project_check",
        f"shuts out 1 person with an active user grant on project CRM ({crm}); 1 organization has an active grant of it, with 1 "
        "person",
        f"takes no role of project CRM ({crm}) out of any token: to do that, deactivate the user grants",
    ]


def test_a_renamed_organization_changes_login_names(any_server: Server, tenants: Stack) -> None:
    server, stack = any_server, tenants
    server.admin.make_login_names_end_with_domain(stack.id("acme"))
    resources = declared(server)
    resources["acme"], resources["beta"] = (
        org(server.name("Acme Holding")),
        org(server.name("Beta Holding"), active=False),
    )
    stack.declare(**resources)
    assert preview(stack) == [
        f"changes the login names of its 3 users at once: organization {server.name('Acme')} ({stack.id('acme')}) is renamed to "
        f"{server.name('Acme Holding')}, and they end with its domain (userLoginMustBeDomain)",
    ]


def test_an_adopted_phantom_is_no_access(server: Server, stack: Stack) -> None:
    ann = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    server.admin.call("POST", "/debug/phantoms", {"ids": [ann]})
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], adopt=True))
    (sentence,) = preview(stack)
    assert sentence.startswith(f"adopts user grant {ann} of ann in ")
    assert "which is a phantom: reads and lists of this server do not show it, and it gives ann no roles" in sentence


def test_what_is_secret_is_not_shown(server: Server, stack: Stack) -> None:
    """Neither the new value nor the one before, and not where the resource is to adopt something."""
    stack.declare(
        acme=org("!Classified Acme"),
        ann=grant(server.home, f"!{server.ann}", server.project, ["viewer", "!admin"]),
    )
    stack.up()
    acme, ann = stack.id("acme"), stack.id("ann")
    server.admin.create_organization("Classified Gamma")
    stack.declare(
        acme=org("!Classified Corp", active=False),
        gamma=org("!Classified Gamma", active=False, adopt=True),
        ann=grant(server.home, f"!{server.ann}", server.project, ["!editor"]),
    )
    run = stack.must("preview", "--diff")
    lines = [line for line in run.out.splitlines() if "zorg: " in line]
    shown = "\n".join(lines)
    assert stops_nobody("whose name is secret", acme) in shown
    assert shown.count("deactivates organization whose name is secret") == 2
    assert f"takes roles that are secret of Portal from a user that is secret (user grant {ann})" in shown
    assert f"gives roles that are secret of Portal to a user that is secret (user grant {ann})" in shown
    assert not any(each in shown for each in ("Classified", server.ann, "admin", "viewer", "editor"))


def test_what_is_secret_is_in_no_error(server: Server, stack: Stack) -> None:
    server.admin.create_organization("Classified Acme")
    stack.declare(acme=org("!Classified Acme"))
    run = stack.fails()
    assert run.shows("adopt=True", "[secret]")
    assert "Classified" not in run.out


def test_nothing_of_it_gets_into_the_state_or_a_diff(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    shown = stack.must("preview", "--diff").out
    assert "__owner_in_preview" not in shown
    stack.must("up", "--yes")
    assert "__owner_in_preview" not in json.dumps(stack.state())


@pytest.mark.parametrize("impact", ["true", "false"])
def test_a_refused_credential_fails_a_preview_that_has_something_to_do(
    server: Server, stack: Stack, impact: str
) -> None:
    stack.env |= {"ZITADEL_PREVIEW_IMPACT": impact, "ZITADEL_TOKEN": "dead"}
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]), acme=org("Acme"))
    run = stack.run("preview")
    assert run.code != 0
    assert run.shows("ZITADEL answered 401", "The credential is not accepted"), run.out
    assert "Traceback" not in run.out
    assert len(server.proxy.exchanges) <= 4  # the four threads of the host may begin together


def test_a_refused_credential_fails_a_preview_of_a_change_alone(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.env["ZITADEL_TOKEN"] = "dead"
    assert preview(stack) == []
    stack.declare(acme=org("Acme Holding"))
    assert stack.run("preview").shows("ZITADEL answered 401")


def test_a_server_that_cannot_be_reached_is_a_warning_in_a_preview(stack: Stack) -> None:
    stack.env["ZITADEL_URL"] = "http://127.0.0.1:9"
    stack.declare(acme=org("Acme"))
    (warning,) = preview(stack)
    assert warning.startswith("warning: the credential was not checked: ")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"ZITADEL_URL": ""}, "no address of a ZITADEL is given"),
        ({"ZITADEL_TOKEN": ""}, "no credential is given"),
        ({"ZITADEL_CLIENT_ID": "a", "ZITADEL_CLIENT_SECRET": "hush-hush"}, "more than one credential is given"),
        ({"ZITADEL_URL": "http://zitadel.example"}, "plain http"),
        ({"ZITADEL_URL": "https://zitadel.example/ui/console"}, "must not have a path, query or fragment"),
        (
            {"ZITADEL_TOKEN": "", "ZITADEL_JWT_PROFILE_JSON": '{"key": "hush-hush"}'},
            "is not the JSON that ZITADEL hands out",
        ),
        ({"ZITADEL_TOKEN": "", "ZITADEL_JWT_PROFILE_FILE": "/nowhere.json"}, "cannot be read: /nowhere.json"),
    ],
)
def test_wrong_settings_are_told_in_the_preview_before_anything_is_called(
    server: Server, stack: Stack, settings: dict[str, str], said: str
) -> None:
    stack.env |= settings
    stack.declare(acme=org("Acme"))
    preview = stack.run("preview")
    assert preview.code != 0
    assert preview.shows(said), preview.out
    assert "Traceback" not in preview.out
    assert "hush-hush" not in preview.out
    assert server.proxy.exchanges == []


@pytest.mark.engine_too
def test_a_first_preview_of_many_customers_begins_with_whom_it_shuts_out(
    any_server: Server, any_stack: Stack | InProcessStack
) -> None:
    server, stack = any_server, any_stack
    stack.declare(acme=org(server.name("Acme")))
    stack.up()
    acme = stack.id("acme")
    portal = project(server.home, "Shop", roles={"viewer": "Viewer"})
    customers: dict[str, object] = {"portal": portal}
    for number in range(20):
        name = f"c{number}"
        customers |= {
            name: org(server.name(f"Customer {number}")),
            f"{name}-shop": project_grant(server.home, "@portal", f"@{name}", ["viewer"]),
            f"{name}-ann": grant(f"@{name}", server.ann, "@portal", ["viewer"], project_grant_id=f"@{name}-shop"),
        }
    bob = grant(server.home, server.bob, server.project, ["viewer"])
    stack.declare(**customers, bob=bob, acme=org(server.name("Acme"), active=False))
    run = stack.must("preview")
    told = [line.strip() for line in run.out.partition("Diagnostics:")[2].splitlines() if "zorg: " in line]
    assert told == [
        f"zorg: {stops_nobody(server.name('Acme'), acme)}",
        f"zorg: gives the role viewer of Portal to bob{server.tag} (a new user grant)",
        "zorg: gives roles by 20 project grants and 20 user grants in organizations or projects that this run creates. They are "
        "counted here and not listed",
        f"zorg: {OWNER}",
    ]


def test_who_loses_access_comes_first_whatever_the_order_of_the_program(server: Server, stack: Stack) -> None:
    cleo = server.admin.create_user(server.home, "cleo")

    def declare(active: bool, ann: list[str], bob: list[str]) -> None:
        stack.declare(
            cleo=grant(server.home, cleo, server.project, ["viewer"], active=not active),
            ann=grant(server.home, server.ann, server.project, ann),
            acme=org("Acme", active=active),
            bob=grant(server.home, server.bob, server.project, bob),
            beta=org("Beta", active=active),
        )

    declare(True, ["viewer"], ["admin", "viewer"])
    stack.up()
    declare(False, ["admin", "viewer"], ["viewer"])
    lines = stack.must("preview").out.partition("Diagnostics:")[2].splitlines()
    told = [line.strip().removeprefix("zorg: ").split(" ")[0] for line in lines if "zorg: " in line]
    assert told == ["deactivates", "deactivates", "takes", "gives", "gives"]


def test_an_adoption_does_not_begin_with_removals_that_never_happen(server: Server, stack: Stack) -> None:
    """What the ids of the program lead to is read, as far as the calls go. The rest is counted."""
    admin = server.admin
    declared: dict[str, object] = {}
    for number in range(6):
        org_id = admin.create_organization(f"Tenant {number}")
        user = admin.create_user(org_id, f"user{number}")
        shop = admin.create_project(org_id, "Shop", ["viewer"])
        admin.create_grant(org_id, user, shop, ["viewer"])
        declared |= {
            f"t{number}": org(f"Tenant {number}", adopt=True),
            f"p{number}": project(f"@t{number}", "Shop", adopt=True, roles={"viewer": "viewer"}),
            f"g{number}": grant(f"@t{number}", user, f"@p{number}", ["viewer"], adopt=True),
        }
    stack.declare(**declared)
    server.proxy.clear()
    (told,) = said(stack.must("preview"))
    assert re.fullmatch(
        r"adopts \d projects and \d user grants that this preview could not compare with what exists\. Those that are as declared stay "
        r"as they are\. The others are changed, and lose roles that are not declared",
        told,
    )
    assert len(server.proxy.exchanges) == 20
    stack.declare(**{name: declared[name] for name in ("t0", "p0", "g0")})
    assert said(stack.must("preview")) == [], "all is read, and as declared"


def test_a_deactivation_is_told_of_what_is_adopted_without_being_read(server: Server, stack: Stack) -> None:
    names = [f"Tenant {number}" for number in range(30)]
    for name in names:
        server.admin.create_organization(name)
    declared = {name: org(name, adopt=True) for name in names}
    stack.declare(**declared)
    assert "deactivates" not in " ".join(said(stack.must("preview")))
    stack.declare(**{**declared, names[-1]: org(names[-1], adopt=True, active=False)})
    told = said(stack.must("preview"))
    assert told[0].startswith(
        "adopts 1 organization that this preview could not compare with what exists, and deactivates each that is active. "
    )

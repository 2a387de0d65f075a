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
CUT_OFF = 'To take access away, set cascade="users"'


def stops_nobody(name: str, org_id: str) -> str:
    """The sentence about the deactivation of an organization without projects."""
    return f"deactivates organization {name} ({org_id}), which cuts off none of its users. {CUT_OFF}"


NOBODY = "nobody loses access by these creates and updates"


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
    told = preview(stack)
    # The two projects let in everybody of the instance, which is read.
    of_everybody = [each for each in told if " lose the login to " in each]
    assert [each for each in told if each not in of_everybody] == [
        f"{ann} loses the roles admin, viewer of Portal",
        f"{bob} gains the role viewer of Portal",
        f"deactivates organization {acme} ({ids['acme']}): every login, refresh and introspection of the applications of its "
        "2 projects fails, for the users of all organizations",
        f"deactivates user grant {ids['ann']} of {ann} in Portal, which has the roles admin, viewer",
        f"leaves the users of organization {acme} ({ids['acme']}) their roles, and their access to all other applications. {CUT_OFF}",
        f"reactivates organization {beta} ({ids['beta']}), whose deactivation stopped nobody",
        f"reactivates user grant {ids['bob']} of {bob} in Portal, which has the role viewer",
    ]
    assert of_everybody
    for each in of_everybody:
        assert each.endswith(f"the project's owner {acme} is deactivated")
        assert "people (" in each or {f"u0{server.tag}", f"u1{server.tag}"} <= {
            *each.partition(" lose ")[0].split(", ")
        }
    assert server.proxy.writes == []


def test_roles_given_and_taken(any_server: Server, tenants: Stack) -> None:
    server, stack = any_server, tenants
    resources = declared(server)
    resources["ann"] = grant(server.home, server.ann, server.project, ["admin", "editor"])
    cleo = server.admin.create_user(server.home, f"cleo{server.tag}")
    stack.declare(**resources, cleo=grant(server.home, cleo, server.project, ["editor"]))
    assert preview(stack) == [
        f"ann{server.tag} loses the role viewer of Portal",
        f"ann{server.tag}, cleo{server.tag} gain the role editor of Portal",
        f"creates a user grant of cleo{server.tag} in Portal with the role editor",
        f"gives the role editor to user grant {stack.id('ann')} of ann{server.tag} in Portal",
        f"takes the role viewer from user grant {stack.id('ann')} of ann{server.tag} in Portal",
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
        f"ann{server.tag} gains the role admin of Portal",
        f"bob{server.tag} gains the role viewer of Portal",
        f"creates a user grant of bob{server.tag} in Portal with the role viewer",
        stops_nobody(server.name("Acme"), acme),
        f"gives the role admin to user grant {ann} of ann{server.tag} in Portal",
        NOBODY,
    ]


def test_a_project_and_a_user_of_other_organizations_have_their_names(any_server: Server, any_stack: Stack) -> None:
    server, stack, admin = any_server, any_stack, any_server.admin
    tenant = admin.create_organization(server.name("Tenant"))
    admin.grant_project(server.home, server.project, tenant, ["viewer"])
    stack.declare(ann=grant(tenant, server.ann, server.project, ["viewer"]))
    assert preview(stack) == [
        f"ann{server.tag} gains the role viewer of Portal",
        f"creates a user grant of ann{server.tag} in Portal with the role viewer",
    ]


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
    assert [each for each in told if "does not exist any more" not in each] == [beta, OWNER, NOBODY]


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
        "403: No matching permissions found (AUTH-5mWD2)",
    ),
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
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    acme, user, portal = f"organization Acme ({stack.id('acme')})", server.ann, server.project
    assert told[:3] == [
        f"deactivates {acme}: every login, refresh and introspection of the applications of its projects, if it owns any, fails, for "
        "the users of all organizations",
        f"deactivates user grant {stack.id('ann')} of user {user} in project {portal}, which has the role viewer",
        f"leaves the users of {acme} their roles, and their access to all other applications: only ZITADEL's old login pages (V1) "
        f"refuse them. {CUT_OFF}",
    ]
    assert told[3:] == [
        f"user {user} may lose the role viewer of project {portal}",
        f"who else loses access by the change of {acme} is not known: {why}",
    ]


def test_who_loses_access_is_known_where_a_proxy_drops_the_header(server: Server, stack: Stack) -> None:
    """The lists of the instance do not need it."""
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"], active=False))
    server.proxy.add(Fault("strip", times=None))
    assert preview(stack)[0] == "ann loses the role viewer of Portal"


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
    assert len(told) == 2 * 6 + 1
    assert told[-1].startswith("who loses access by the change of organization Org ")
    assert told[-1].endswith("is not known: the server did not answer")


def test_the_instance_is_read_once_for_many_changes(server: Server, stack: Stack) -> None:
    stack.declare(**{f"o{number}": org(f"Org {number}") for number in range(30)})
    stack.up()
    stack.declare(**{f"o{number}": org(f"Org {number}", active=False) for number in range(30)})
    server.proxy.clear()
    told = preview(stack)
    assert (len(told), told[-1]) == (31, NOBODY)
    # The credential, its rights, organizations, users, projects, user grants and features.
    assert len(server.proxy.exchanges) == 7


def test_much_at_once_is_not_all_asked_about(server: Server, stack: Stack) -> None:
    """Each renamed organization has a policy of its own."""
    stack.declare(**{f"o{number}": org(f"Org {number}") for number in range(30)})
    stack.up()
    for number in range(30):
        server.admin.create_user(stack.id(f"o{number}"), f"user{number}")
    stack.declare(**{f"o{number}": org(f"Holding {number}") for number in range(30)})
    server.proxy.clear()
    told = preview(stack)
    assert len(server.proxy.exchanges) == 20
    assert all(each.startswith("may change the login names of its user at once") for each in told)
    assert all(each.endswith("that could not be read: this preview has made enough calls") for each in told)
    assert len(told) >= 20


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
    stack.declare(**{f"o{number}": org(f"Holding {number}") for number in range(20)})
    server.proxy.clear()
    preview(stack)
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
    told = preview(stack)
    disables = [
        f"disables has_project_check of project CRM ({crm}): then people of every organization can log in to its applications",
        f"disables project_role_check of project CRM ({crm}): then people need no user grant on it to log in to its applications",
    ]
    assert [each for each in told if each.startswith("disables")] == disables
    assert [each for each in told if " to CRM" in each and " the login " in each]


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
    advice = "To take roles away, deactivate the user grants"
    told = preview(stack)
    assert told[1:] == [
        f"deactivates project CRM ({crm}): every login to its applications, every refresh and every introspection by its APIs "
        f"fails, for the users of all organizations. No token loses a role, and service accounts still get new ones. {advice}",
        f"deactivates the grant of CRM to {name} ({shared}): its people then cannot log in where the project has has_project_check, "
        f"and no token loses a role. {advice} or remove the project grant",
    ]
    # The people of its own organization need no project grant, if they are active.
    assert told[0].startswith(f"carl{server.tag} ")
    assert "lose" in told[0]
    assert told[0].partition(": ")[2] == (
        f"the project is deactivated; has_project_check, and {name}'s project grant is deactivated"
    )


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
    assert (
        "which is a phantom: reads and lists of this server do not show it, and it gives its user no roles" in sentence
    )


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
    of_ann = f"user grant {ann} of a user that is secret in Portal"
    assert f"takes roles that are secret from {of_ann}" in shown
    assert f"gives roles that are secret to {of_ann}" in shown
    assert f"who loses access by the change of {of_ann} is not known: a value of it is secret" in shown
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
        f"zorg: creates a user grant of bob{server.tag} in Portal with the role viewer",
        "zorg: gives roles by 20 project grants and 20 user grants in organizations or projects that this run creates. They are "
        "counted here and not listed",
        f"zorg: {OWNER}",
        f"zorg: bob{server.tag} gains the role viewer of Portal",
        f"zorg: {NOBODY}",
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
    # Then who loses and who gains what by all of it.
    assert told == ["deactivates", "deactivates", "takes", "reactivates", "gives", "bob", "cleo", "ann"]


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


def test_nobody_is_not_said_to_lose_nothing_beside_an_adoption_that_was_not_read(server: Server, stack: Stack) -> None:
    stack.declare(mine=org("Mine"))
    stack.up()
    names = [f"Tenant {number}" for number in range(30)]
    for name in names:
        server.admin.create_organization(name)
    mine = org("Mine", active=False)
    stack.declare(mine=mine)
    assert said(stack.must("preview"))[-1] == NOBODY
    stack.declare(mine=mine, **{name: org(name, adopt=True, active=False) for name in names})
    told = said(stack.must("preview"))
    assert [each for each in told if each.startswith("deactivates organization Mine")]
    assert not [each for each in told if each == NOBODY or "is not known" in each]

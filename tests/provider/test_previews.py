"""What a preview says it would do to people: a sentence beside the engine's diff where something of weight happens, and
nothing else. It asks little, waits little, and never fails a preview."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import pytest

from pulumi_zorg.testing import Fault
from tests.support.servers import World
from tests.support.stack import Run, Stack, grant, org


def said(run: Run) -> list[str]:
    """The sentences, each once, in order."""
    told = run.out.partition("Diagnostics:")[2].splitlines()
    return sorted(line.strip().removeprefix("zorg: ") for line in told if line.strip().startswith("zorg: "))


def preview(stack: Stack, *args: str) -> list[str]:
    return said(stack.must("preview", *args))


@pytest.fixture
def tenants(any_world: World, any_stack: Stack) -> Stack:
    """Acme with two people, a service account, two projects and a grant; Beta, inactive; ann with two roles, bob with one,
    inactive."""
    world, stack, console = any_world, any_stack, any_world.console
    stack.declare(**declared(world))
    stack.up()
    acme = stack.id("acme")
    users = [world.create_person(acme, f"u{number}{world.tag}") for number in range(2)]
    console.create_user(acme, f"bot{world.tag}")
    project = console.create_project(acme, "CRM", ["viewer"])
    console.create_project(acme, "Wiki")
    console.create_grant(acme, users[0], project, ["viewer"])
    world.proxy.clear()
    return stack


def declared(world: World) -> dict[str, dict[str, object]]:
    return {
        "acme": org(world.name("Acme")),
        "beta": org(world.name("Beta"), active=False),
        "ann": grant(world.home, world.ann, world.project, ["viewer", "admin"]),
        "bob": grant(world.home, world.bob, world.project, ["viewer"], active=False),
    }


def test_nothing_is_said_where_nothing_of_weight_happens(any_world: World, tenants: Stack) -> None:
    world, stack = any_world, tenants
    assert preview(stack) == []
    resources = declared(world)
    resources["acme"] = org(world.name("Acme Holding"))
    resources["bob"] = grant(world.home, world.bob, world.project, ["admin"], active=False)
    stack.declare(**resources, newcomer=org(world.name("Newcomer")))
    assert preview(stack) == []
    assert world.proxy.writes == []


def test_switching_off_and_on(any_world: World, tenants: Stack) -> None:
    world, stack = any_world, tenants
    stack.declare(
        acme=org(world.name("Acme"), active=False),
        beta=org(world.name("Beta")),
        ann=grant(world.home, world.ann, world.project, ["viewer", "admin"], active=False),
        bob=grant(world.home, world.bob, world.project, ["viewer"]),
    )
    ids = {name: stack.id(name) for name in ("acme", "beta", "ann", "bob")}
    ann, bob = f"ann{world.tag}", f"bob{world.tag}"
    acme, beta = world.name("Acme"), world.name("Beta")
    assert preview(stack) == [
        f"deactivates organization {acme} ({ids['acme']}): its 2 users cannot log in on ZITADEL's pages; "
        "1 service account keeps working",
        f"gives the role viewer of Portal to {bob} (reactivates user grant {ids['bob']})",
        f"reactivates organization {beta} ({ids['beta']}): its 0 users can log in again",
        f"takes the roles admin, viewer of Portal from {ann} (deactivates user grant {ids['ann']})",
    ]
    assert world.proxy.writes == []


def test_roles_given_and_taken(any_world: World, tenants: Stack) -> None:
    world, stack = any_world, tenants
    resources = declared(world)
    resources["ann"] = grant(world.home, world.ann, world.project, ["admin", "editor"])
    cleo = world.console.create_user(world.home, f"cleo{world.tag}")
    stack.declare(**resources, cleo=grant(world.home, cleo, world.project, ["editor"]))
    assert preview(stack) == [
        f"gives the role editor of Portal to ann{world.tag} (user grant {stack.id('ann')})",
        f"gives the role editor of Portal to cleo{world.tag} (a new user grant)",
        f"takes the role viewer of Portal from ann{world.tag} (user grant {stack.id('ann')})",
    ]


def test_an_adoption_is_shown_as_the_change_of_what_exists(any_world: World, any_stack: Stack) -> None:
    world, stack, console = any_world, any_stack, any_world.console
    acme = console.create_organization(world.name("Acme"))
    world.create_person(acme, f"u{world.tag}")
    ann = console.create_grant(world.home, world.ann, world.project, ["viewer"])
    stack.declare(
        acme=org(world.name("Acme"), active=False, adopt=True),
        ann=grant(world.home, world.ann, world.project, ["viewer", "admin"], adopt=True),
        bob=grant(world.home, world.bob, world.project, ["viewer"], adopt=True),
    )
    assert preview(stack) == [
        f"deactivates organization {world.name('Acme')} ({acme}): its 1 user cannot log in on ZITADEL's pages",
        f"gives the role admin of Portal to ann{world.tag} (user grant {ann})",
        f"gives the role viewer of Portal to bob{world.tag} (a new user grant)",
    ]


def test_a_project_and_a_user_of_other_organizations_have_their_names(any_world: World, any_stack: Stack) -> None:
    world, stack, console = any_world, any_stack, any_world.console
    tenant = console.create_organization(world.name("Tenant"))
    console.grant_project(world.home, world.project, tenant, ["viewer"])
    stack.declare(ann=grant(tenant, world.ann, world.project, ["viewer"]))
    assert preview(stack) == [f"gives the role viewer of Portal to ann{world.tag} (a new user grant)"]


def test_what_is_known_only_later_is_said_to_be_so(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme"), ann=grant("@acme", world.ann, world.project, ["viewer"]))
    assert preview(stack) == [f"gives the role viewer of project {world.project} to ann (a new user grant)"]


def test_drift_that_is_put_right_is_told_too(any_world: World, tenants: Stack) -> None:
    world, stack, console = any_world, tenants, any_world.console
    console.reactivate_organization(stack.id("beta"))
    console.remove_organization(stack.id("acme"))
    beta = f"deactivates organization {world.name('Beta')} ({stack.id('beta')}): its 0 users cannot log in on ZITADEL's pages"
    told = preview(stack, "--refresh")
    assert [each for each in told if "does not exist any more" not in each] == [beta]


SWITCHES: dict[str, Callable[[Stack], object]] = {
    "by the stack's configuration": lambda stack: stack.must("config", "set", "zorg:previewImpact", "false"),
    "by the environment": lambda stack: stack.env.update(ZITADEL_PREVIEW_IMPACT="false"),
}


@pytest.mark.parametrize("switch", SWITCHES)
def test_the_sentences_can_be_turned_off(world: World, stack: Stack, switch: str) -> None:
    stack.declare(acme=org("Acme"), beta=org("Beta"))
    stack.up()
    stack.declare(acme=org("Acme", active=False))
    SWITCHES[switch](stack)
    world.proxy.clear()
    assert preview(stack) == []
    assert [each.path for each in world.proxy.exchanges] == ["/auth/v1/users/me"], "the credential alone is checked"


def test_a_switch_that_is_neither_is_an_error_before_anything_is_called(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.must("config", "set", "zorg:previewImpact", "perhaps")
    run = stack.run("preview")
    assert run.code != 0
    assert run.shows("zorg:previewImpact must be true or false, not 'perhaps'")
    assert world.proxy.exchanges == []


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
def test_a_preview_goes_on_where_nothing_can_be_counted(world: World, stack: Stack, what: str) -> None:
    stack.declare(acme=org("Acme"), ann=grant(world.home, world.ann, world.project, ["viewer"]))
    stack.up()
    stack.declare(
        acme=org("Acme", active=False), ann=grant(world.home, world.ann, world.project, ["viewer"], active=False)
    )
    fault, why = UNANSWERED[what]
    world.proxy.clear()
    world.proxy.add(fault)
    acme, ann = stack.id("acme"), stack.id("ann")
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    unknown = f"; how many could not be read: {why}"
    deactivated = f"deactivates organization Acme ({acme}{unknown}): its users cannot log in on ZITADEL's pages"
    assert f"{deactivated}; service accounts keep working" in told
    assert any(each.startswith("takes the role viewer of ") and ann in each for each in told)
    assert len(told) == 2


def test_a_server_that_is_slow_is_waited_for_once(world: World, stack: Stack) -> None:
    """Each call has five seconds, and after the first that takes longer none is made."""
    stack.declare(**{f"o{number}": org(f"Org {number}") for number in range(6)})
    stack.up()
    stack.declare(**{f"o{number}": org(f"Org {number}", active=False) for number in range(6)})
    world.proxy.add(Fault("delay", times=None, seconds=30))
    began = time.monotonic()
    told = [each for each in preview(stack) if "the credential was not checked" not in each]
    assert time.monotonic() - began < 30
    assert len(told) == 6
    assert all("the server did not answer" in each for each in told)


def test_much_at_once_is_not_all_asked_about(world: World, stack: Stack) -> None:
    stack.declare(**{f"o{number}": org(f"Org {number}") for number in range(30)})
    stack.up()
    stack.declare(**{f"o{number}": org(f"Org {number}", active=False) for number in range(30)})
    world.proxy.clear()
    told = preview(stack)
    assert len(told) == 30
    assert len(world.proxy.exchanges) == 20
    assert sum("this preview has made enough calls" in each for each in told) >= 10


def test_what_is_secret_is_not_shown(world: World, stack: Stack) -> None:
    """Neither the new value nor the one before, and not where the resource is to adopt something."""
    stack.declare(
        acme=org("!Classified Acme"),
        ann=grant(world.home, f"!{world.ann}", world.project, ["viewer", "!admin"]),
    )
    stack.up()
    acme, ann = stack.id("acme"), stack.id("ann")
    world.console.create_organization("Classified Gamma")
    stack.declare(
        acme=org("!Classified Corp", active=False),
        gamma=org("!Classified Gamma", active=False, adopt=True),
        ann=grant(world.home, f"!{world.ann}", world.project, ["!editor"]),
    )
    run = stack.must("preview", "--diff")
    lines = [line for line in run.out.splitlines() if "zorg: " in line]
    shown = "\n".join(lines)
    assert f"deactivates organization whose name is secret ({acme}): its 0 users cannot log in" in shown
    assert shown.count("deactivates organization whose name is secret") == 2
    assert f"takes roles that are secret of Portal from a user that is secret (user grant {ann})" in shown
    assert f"gives roles that are secret of Portal to a user that is secret (user grant {ann})" in shown
    assert not any(each in shown for each in ("Classified", world.ann, "admin", "viewer", "editor"))


def test_what_is_secret_is_in_no_error(world: World, stack: Stack) -> None:
    world.console.create_organization("Classified Acme")
    stack.declare(acme=org("!Classified Acme"))
    run = stack.fails()
    assert run.shows("adopt=True", "[secret]")
    assert "Classified" not in run.out


def test_nothing_of_it_gets_into_the_state_or_a_diff(world: World, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    shown = stack.must("preview", "--diff").out
    assert "__preview" not in shown
    stack.must("up", "--yes")
    assert "__preview" not in json.dumps(stack.state())


@pytest.mark.parametrize("impact", ["true", "false"])
def test_a_refused_credential_fails_a_preview_that_has_something_to_do(world: World, stack: Stack, impact: str) -> None:
    stack.env |= {"ZITADEL_PREVIEW_IMPACT": impact, "ZITADEL_TOKEN": "dead"}
    stack.declare(ann=grant(world.home, world.ann, world.project, ["viewer"]), acme=org("Acme"))
    run = stack.run("preview")
    assert run.code != 0
    assert run.shows("ZITADEL answered 401", "The credential is not accepted"), run.out
    assert "Traceback" not in run.out
    assert len(world.proxy.exchanges) <= 4  # the four threads of the host may begin together


def test_a_refused_credential_fails_a_preview_of_a_change_alone(world: World, stack: Stack) -> None:
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
        ({"ZITADEL_URL": "https://zitadel.example/ui/console"}, "must end after the host"),
        (
            {"ZITADEL_TOKEN": "", "ZITADEL_JWT_PROFILE_JSON": '{"key": "hush-hush"}'},
            "is not the JSON that ZITADEL hands out",
        ),
        ({"ZITADEL_TOKEN": "", "ZITADEL_JWT_PROFILE_FILE": "nowhere.json"}, "cannot be read: nowhere.json"),
    ],
)
def test_wrong_settings_are_told_in_the_preview_before_anything_is_called(
    world: World, stack: Stack, settings: dict[str, str], said: str
) -> None:
    stack.env |= settings
    stack.declare(acme=org("Acme"))
    preview = stack.run("preview")
    assert preview.code != 0
    assert preview.shows(said), preview.out
    assert "Traceback" not in preview.out
    assert "hush-hush" not in preview.out
    assert world.proxy.exchanges == []

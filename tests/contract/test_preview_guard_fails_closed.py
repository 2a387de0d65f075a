"""`zorg preview-guard` refuses what it cannot know to be harmless: adopted objects, another instance, who loses access."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.errors import ConfigurationError
from pulumi_zorg.guard.limits import LOSING_ACCESS, Limit, limit_options
from pulumi_zorg.guard.pipeline import review
from pulumi_zorg.guard.plan import read_plan
from pulumi_zorg.guard.report import Verdict
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from pulumi_zorg.testing import Fault
from tests.support.command import Zorg
from tests.support.each_type import EXAMPLES, Example, example
from tests.support.plans import plan_text
from tests.support.servers import Server, emulated
from tests.support.stack import TOKENS
from tests.support.types import ORGANIZATION, USER_GRANT

WITHIN, ERROR, EXCEEDED = 0, 1, 7
ALL_AT_0 = dict.fromkeys((*limit_options(), LOSING_ACCESS), 0)


def step(
    token: str,
    op: str,
    name: str,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    id: str = "",
) -> dict[str, Any]:
    """A step of the engine's plan."""
    urn = f"urn:pulumi:dev::shop::{token}::{name}"
    old = {} if before is None else {"oldState": {"type": token, "id": id, "inputs": before}}
    new = {} if after is None else {"newState": {"type": token, "inputs": after}}
    return {"op": op, "urn": urn, **old, **new}


def settings_of(server: Server, **more: Any) -> Settings:
    credential = PersonalAccessToken(Secret(server.token))
    return Settings(server.proxy.url, credential, server.proxy.target, retry_deadline=0.1, **more)


def reviewed(
    server: Server | None, *steps: dict[str, Any], allowed: frozenset[str] | None = None, **most: int | None
) -> Verdict:
    """What the guard finds in a plan of these steps; without a server, with --offline."""
    limits = {f"--max-{name.replace('_', '-')}": number for name, number in most.items()}
    plan = read_plan(plan_text(*steps))
    return review(plan, limits, None if server is None else lambda: settings_of(server), allowed=allowed)


def removals(verdict: Verdict, token: str) -> int:
    options = limit_options()
    return sum(
        each.found - each.removed_with_parents
        for each in verdict.limits
        if "--max-remove" in each.option and options[each.option][0] == token
    )


# What another resource adopts


@pytest.fixture(params=EXAMPLES)
def made(any_server: Server, request: pytest.FixtureRequest) -> tuple[Server, Example, str, str]:
    """An object of each type: the server, the example, the type token and the object's id."""
    server = any_server
    found: Example = example(request.param, server)
    return server, found, TOKENS[found.kind], found.make()


def renamed_in_the_program(found: Example, token: str, id: str, **args: Any) -> list[dict[str, Any]]:
    """The resource ``old`` of the object is not declared any more, and ``new`` adopts what it declares."""
    before = {"active": True, **found.args}
    return [
        step(token, "create", "new", None, {**before, "adopt": True, **args}),
        step(token, "delete", "old", before, None, id),
    ]


def test_a_deletion_is_not_counted_if_the_very_object_is_adopted(made: tuple[Server, Example, str, str]) -> None:
    server, found, token, made_id = made
    verdict = reviewed(server, *renamed_in_the_program(found, token, made_id))
    assert removals(verdict, token) == 0
    assert not any(each.effect.act.value == "removes" for each in verdict.reviewed)


def test_a_deletion_counts_if_the_adopted_object_is_another_one(made: tuple[Server, Example, str, str]) -> None:
    """The state's names and ids may be old."""
    server, found, token, made_id = made
    steps = renamed_in_the_program(found, token, made_id)
    found.remove(made_id)
    other = found.make()
    # The id of what has no states follows from what it is: it is the very object.
    assert (other != made_id) is found.has_states
    assert removals(reviewed(server, *steps), token) == int(found.has_states)


def test_a_deletion_counts_if_nothing_is_adopted(made: tuple[Server, Example, str, str]) -> None:
    server, found, token, made_id = made
    steps = renamed_in_the_program(found, token, made_id)
    found.remove(made_id)
    assert removals(reviewed(server, *steps), token) == 1


def test_a_deletion_counts_if_the_instance_is_not_read(made: tuple[Server, Example, str, str]) -> None:
    server, found, token, made_id = made
    steps = renamed_in_the_program(found, token, made_id)
    assert removals(reviewed(None, *steps), token) == 1
    server.proxy.add(Fault("answer", times=None, status=503))
    assert removals(reviewed(server, *steps), token) == 1


def test_a_replaced_object_is_removed_although_another_resource_adopts_it(
    made: tuple[Server, Example, str, str],
) -> None:
    """The engine deletes it before it creates the others."""
    server, found, token, made_id = made
    adopting, deleted = renamed_in_the_program(found, token, made_id)
    elsewhere = {**deleted["oldState"]["inputs"], **found.moved, "name": "Moved"}
    replaced = {**deleted, "op": "replace", "newState": {"type": token, "inputs": elsewhere}}
    assert removals(reviewed(server, adopting, replaced), token) == 1


def test_an_organization_that_was_renamed_in_the_console_is_removed(any_server: Server) -> None:
    """Its resource was renamed in the program with adopt=True. The name is free, so that nothing is adopted."""
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    server.create_person(acme, f"person{server.tag}")
    server.admin.rename_organization(acme, server.name("Skynet"))
    inputs = {"name": server.name("Acme"), "active": True}
    verdict = reviewed(
        server,
        step(ORGANIZATION, "create", "tenant", None, {**inputs, "adopt": True}),
        step(ORGANIZATION, "delete", "acme", inputs, None, acme),
        remove=0,
    )
    assert verdict.exit_code == EXCEEDED
    assert any("removes organization" in sentence for each in verdict.reviewed for sentence in each.sentences)


# Another instance


def test_nothing_is_counted_on_an_instance_without_the_organizations_of_the_plan(any_server: Server) -> None:
    with emulated() as other:
        acme = other.admin.create_organization("Acme")
        project = {"org_id": acme, "name": "CRM", "active": True}
        plans = [
            [step(ORGANIZATION, "update", "acme", {"name": "Acme"}, {"name": "Acme", "active": False}, acme)],
            [step(ORGANIZATION, "delete", "acme", {"name": "Acme"}, None, acme)],
            [step(TOKENS["project"], "delete", "crm", project, None, "123")],
        ]
        for steps in plans:
            with pytest.raises(ConfigurationError, match=f"an organization of the plan \\({acme}\\)"):
                reviewed(any_server, *steps, remove=9)
            # It is read where it is right, and need not be read.
            assert reviewed(other, *steps, remove=9).exit_code == WITHIN
            assert reviewed(None, *steps, remove=9).exit_code == WITHIN


def test_one_organization_of_the_plan_is_enough(any_server: Server) -> None:
    """Another one may have been removed for good, and a caller need not see all of them."""
    acme, gone = (any_server.admin.create_organization(any_server.name(each)) for each in ("Acme", "Gone"))
    any_server.admin.remove_organization(gone)
    deleted = [step(ORGANIZATION, "delete", each, {"name": each}, None, each) for each in ("7", gone)]
    assert reviewed(any_server, *deleted).exit_code == WITHIN
    deleted = [step(ORGANIZATION, "delete", each, {"name": each}, None, each) for each in ("7", acme)]
    assert reviewed(any_server, *deleted).exit_code == WITHIN


# Who loses access


def limit(verdict: Verdict, option: str = LOSING_ACCESS) -> Limit:
    return next(each for each in verdict.limits if each.option == option)


def taken(server: Server, name: str, user: str) -> tuple[str, dict[str, Any]]:
    """A user grant, and the step that takes its roles."""
    project = server.admin.create_project(server.home, server.name(name), ["viewer"])
    made = server.admin.create_grant(server.home, user, project, ["viewer"])
    before = {"org_id": server.home, "user_id": user, "project_id": project, "role_keys": ["viewer"], "active": True}
    return made, step(USER_GRANT, "update", name, before, {**before, "role_keys": []}, made)


@pytest.mark.parametrize(
    ("changes", "most", "code", "count"),
    [
        ("ann bob", 1, EXCEEDED, 2),
        ("ann bob", 2, WITHIN, 2),
        ("ann ann", 1, WITHIN, 1),
        ("inactive", 0, WITHIN, 0),
        ("ann unknown", 1, ERROR, 1),
        ("ann unknown", 0, EXCEEDED, 1),
        ("unknown", 0, ERROR, 0),
        ("unknown", None, WITHIN, 0),
    ],
)
def test_people_who_lose_access_are_counted_once_over_the_plan(
    server: Server, changes: str, most: int | None, code: int, count: int
) -> None:
    steps = []
    for number, name in enumerate(changes.split()):
        if name == "unknown":
            steps.append(takers(server)["project_role_assertion"])
        else:
            user = server.bob if name == "bob" else server.ann
            grant, change = taken(server, f"project {number}", user)
            steps.append(change)
            if name == "inactive":
                server.admin.deactivate_grant(server.home, user, grant)
    verdict = reviewed(server, *steps, losing_access=most)
    assert (verdict.exit_code, limit(verdict).found) == (code, count)
    if code == ERROR:
        (error,) = verdict.errors
        assert f"It is not known whether this exceeds --max-losing-access {most}" in error
        assert "who loses access by the change of" in error


def test_it_is_said_why_those_who_lose_access_are_not_known(any_server: Server) -> None:
    (error,) = reviewed(any_server, takers(any_server)["project_role_assertion"], losing_access=99).errors
    assert "is not known: which applications ask for the roles with a scope is not known" in error


def test_everybody_of_the_instance_loses_the_login_to_an_open_project(any_server: Server) -> None:
    """Without project_role_check and has_project_check, nobody needs a user grant."""
    change = takers(any_server)["a deactivation"]
    person = any_server.create_person(any_server.home, f"nogrant{any_server.tag}")
    verdict = reviewed(any_server, change, losing_access=0)
    assert verdict.exit_code == EXCEEDED
    lost = verdict.people.difference.lost
    assert person in {each.user_id for each in lost}
    assert any_server.ann not in {each.user_id for each in lost}, "a service account keeps its tokens"
    assert reviewed(any_server, change, losing_access=1_000_000).exit_code == WITHIN


def test_roles_that_the_plan_does_not_show_may_all_be_lost(any_server: Server) -> None:
    secret = takers(any_server)["a project without roles"]
    secret["oldState"]["inputs"]["roles"] = SECRET_VALUE
    verdict = reviewed(any_server, secret, losing_access=2)
    assert verdict.exit_code == WITHIN
    assert {(each.user_id, each.certain) for each in verdict.people.difference.lost} == {
        (any_server.ann, False),
        (any_server.bob, False),
    }
    assert limit(verdict).sentence == "2 people and service accounts would lose access (only possibly)"
    assert reviewed(any_server, secret, losing_access=1).exit_code == EXCEEDED


def test_without_the_instance_it_is_not_known_who_loses_access(server: Server) -> None:
    _, change = taken(server, "one", server.ann)
    offline = reviewed(None, change, losing_access=5)
    assert (offline.exit_code, "--offline was given" in offline.errors[0]) == (ERROR, True)
    server.proxy.add(Fault("answer", times=None, status=503))
    down = reviewed(server, takers(server)["a project without roles"], losing_access=5)
    assert (down.exit_code, "the server did not answer" in down.errors[0]) == (ERROR, True)
    # Nobody loses anything by what only gives.
    gives = {**change, "oldState": change["oldState"] | {"inputs": change["newState"]["inputs"]}}
    gives["newState"] = change["oldState"]
    assert reviewed(None, gives, losing_access=0).exit_code == WITHIN


def takers(server: Server) -> dict[str, dict[str, Any]]:
    """Plans that take access from somebody, with one step each."""
    admin, home, project = server.admin, server.home, server.project
    partner = admin.create_organization(server.name("Partner"))
    server.create_person(partner, f"partner{server.tag}")
    other = admin.create_organization(server.name("Other"))
    server.create_person(other, f"other{server.tag}")
    shared = admin.grant_project(home, project, partner, ["viewer"])
    grant = admin.create_grant(home, server.ann, project, ["viewer"])
    admin.create_grant(partner, server.bob, project, ["viewer"], shared)
    of_grant = {"org_id": home, "user_id": server.ann, "project_id": project, "role_keys": ["viewer"], "active": True}
    of_project = {
        "org_id": home, "name": server.name("Portal"), "active": True, "project_role_check": False, "has_project_check": False,
        "project_role_assertion": True,
        "roles": {each: {"display_name": each, "group": ""} for each in ("admin", "editor", "viewer")},
    }  # fmt: skip
    of_shared = {
        "org_id": home,
        "project_id": project,
        "granted_org_id": partner,
        "role_keys": ["viewer"],
        "active": True,
    }

    def change(kind: str, before: dict[str, Any], id: str, **changes: Any) -> dict[str, Any]:
        return step(TOKENS[kind], "update", kind, before, {**before, **changes}, id)

    return {
        "a user grant without roles": change("grant", of_grant, grant, role_keys=[]),
        "a project without roles": change("project", of_project, project, roles={}),
        "a project grant without roles": change("project_grant", of_shared, shared, role_keys=[]),
        "project_role_check": change("project", of_project, project, project_role_check=True),
        "has_project_check": change("project", of_project, project, has_project_check=True),
        "project_role_assertion": change("project", of_project, project, project_role_assertion=False),
        "a deletion": step(TOKENS["project_grant"], "delete", "project_grant", of_shared, None, shared),
        "a deactivation": change("project", of_project, project, active=False),
    }


TAKERS = (
    "a user grant without roles",
    "a project without roles",
    "a project grant without roles",
    "a deletion",
    "a deactivation",
    "project_role_check",
    "has_project_check",
    "project_role_assertion",
)


@pytest.mark.parametrize("what", TAKERS)
def test_with_all_limits_at_0_nothing_that_takes_access_passes(any_server: Server, what: str) -> None:
    change = takers(any_server)[what]
    plan = read_plan(plan_text(change))
    assert review(plan, ALL_AT_0, lambda: settings_of(any_server)).exit_code in (ERROR, EXCEEDED)
    assert review(plan, ALL_AT_0, None).exit_code in (ERROR, EXCEEDED)


@pytest.mark.parametrize("what", TAKERS)
def test_what_takes_access_and_is_not_allowed_is_refused(any_server: Server, what: str) -> None:
    change = takers(any_server)[what]
    urn = change["urn"]
    for where in (any_server, None):
        refused = reviewed(where, change, allowed=frozenset())
        assert (refused.exit_code, refused.not_allowed) == (EXCEEDED, (urn,))
        assert reviewed(where, change, allowed=frozenset({f"{urn}2"})).exit_code == EXCEEDED
        passed = reviewed(where, change, allowed=frozenset({urn}))
        assert (passed.exit_code, passed.not_allowed) == (WITHIN, ())


@pytest.mark.parametrize(
    "what", ["a user grant without roles", "a project grant without roles", "a project without roles"]
)
def test_a_replacement_that_takes_its_object_back_may_take_roles(any_server: Server, what: str) -> None:
    """`pulumi up --replace` of what its deletion_policy keeps: the object stays, and becomes what is declared."""
    change = takers(any_server)[what]
    for state in ("oldState", "newState"):
        change[state]["inputs"]["deletion_policy"] = "retain"
    change["op"] = "replace"
    for op in ("replace", "create-replacement"):
        steps = [change] if op == "replace" else [change, {**change, "op": op}]
        assert reviewed(any_server, *steps, losing_access=0).exit_code == EXCEEDED
        assert reviewed(any_server, *steps, allowed=frozenset()).exit_code == EXCEEDED
    # Another object is made, and the first one stays as it is.
    moved = any_server.admin.create_organization(any_server.name("Moved"))
    change["newState"]["inputs"] |= {"org_id": moved, "granted_org_id": moved}
    assert reviewed(any_server, change, losing_access=0).exit_code == WITHIN


UNKNOWN_VALUE, SECRET_VALUE = "04da6b54-80e4-46f7-96ec-b56ff0331ba9", "[secret]"


@pytest.mark.parametrize("what", ["a user grant without roles", "a project grant without roles"])
@pytest.mark.parametrize(
    ("before", "after"),
    [
        (["viewer"], UNKNOWN_VALUE),
        (["viewer"], ["viewer", UNKNOWN_VALUE]),
        (["viewer"], SECRET_VALUE),
        (SECRET_VALUE, SECRET_VALUE),
        (SECRET_VALUE, ["editor"]),
    ],
)
def test_roles_that_the_plan_does_not_show_may_be_fewer(any_server: Server, what: str, before: Any, after: Any) -> None:
    change = takers(any_server)[what]
    for state, keys in (("oldState", before), ("newState", after)):
        change[state] = {**change[state], "inputs": {**change[state]["inputs"], "role_keys": keys}}
    for where in (any_server, None):
        assert reviewed(where, change, losing_access=0).exit_code in (ERROR, EXCEEDED)
        assert reviewed(where, change, allowed=frozenset()).exit_code == EXCEEDED


@pytest.mark.parametrize("kind", ["grant", "project_grant"])
def test_an_adoption_that_was_not_read_may_take_roles(server: Server, kind: str) -> None:
    change = takers(server)["a user grant without roles" if kind == "grant" else "a project grant without roles"]
    after = {**change["oldState"]["inputs"], "role_keys": ["editor"], "adopt": True}
    adopting = step(TOKENS[kind], "create", "adopting", None, after)
    assert reviewed(server, adopting, allowed=frozenset()).exit_code == EXCEEDED
    assert reviewed(None, adopting, allowed=frozenset()).exit_code == EXCEEDED
    assert reviewed(None, adopting, losing_access=0).exit_code == ERROR


def test_what_takes_nothing_needs_not_be_allowed(server: Server) -> None:
    before = {"org_id": server.home, "user_id": server.ann, "project_id": server.project, "role_keys": ["viewer"]}
    grant = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    gives = step(USER_GRANT, "update", "ann", before, {**before, "role_keys": ["viewer", "editor"]}, grant)
    new = step(ORGANIZATION, "create", "new", None, {"name": "New", "active": True})
    other = server.admin.create_grant(server.home, server.bob, server.project, ["viewer"])
    retained = {**before, "user_id": server.bob, "deletion_policy": "retain"}
    kept = step(USER_GRANT, "delete", "kept", retained, None, other)
    verdict = reviewed(server, gives, new, kept, allowed=frozenset(), losing_access=0)
    assert (verdict.exit_code, verdict.not_allowed) == (WITHIN, ())


def test_a_number_and_a_list_are_both_kept(server: Server) -> None:
    """Within the number, another tenant than the one that was approved may not go."""
    acme, beta = (server.admin.create_organization(each) for each in ("Acme", "Beta"))
    delete = {
        org_id: step(ORGANIZATION, "delete", name, {"name": name, "active": True}, None, org_id)
        for org_id, name in ((acme, "Acme"), (beta, "Beta"))
    }
    approved = frozenset({delete[acme]["urn"]})
    assert reviewed(server, delete[acme], allowed=approved, remove=1).exit_code == WITHIN
    assert reviewed(server, delete[beta], allowed=approved, remove=1).exit_code == EXCEEDED
    assert reviewed(server, delete[acme], allowed=approved, remove=0).exit_code == EXCEEDED
    assert reviewed(server, *delete.values(), allowed=approved, remove=2).not_allowed == (delete[beta]["urn"],)


# The command


@pytest.fixture
def zorg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Zorg:
    """The command, in a folder without a project."""
    return Zorg(tmp_path / "elsewhere", monkeypatch, capsys)


DELETION = step(ORGANIZATION, "delete", "acme [EU]", {"name": "Acme", "active": True}, None, "42")
FORMS = ["table", "json", "markdown", "github"]


@pytest.mark.parametrize("form", FORMS)
def test_the_allowed_resources_come_from_options_and_a_file(zorg: Zorg, form: str) -> None:
    other = DELETION["urn"].replace("acme [EU]", "beta")
    plan = plan_text(DELETION, {**DELETION, "urn": other, "oldState": DELETION["oldState"] | {"id": "43"}})
    (zorg.folder / "plan.json").write_text(plan)
    file = zorg.folder / "approved.txt"

    def guard(*args: str) -> Any:
        return zorg.run("preview-guard", "plan.json", "--offline", "--format", form, *args)

    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        file.write_text(f"# approved by ann\n\n  {DELETION['urn']}  \n#{other}\n", encoding)
        refused = guard("--allow-file", "approved.txt")
        assert refused.code == EXCEEDED
        assert other in refused.out
        assert DELETION["urn"] not in refused.out.replace("\\", "") or form == "json"
        assert guard("--allow-file", "approved.txt", "--allow", other).code == WITHIN
    assert guard("--allow", other).code == EXCEEDED
    assert guard("--allow", other, "--allow", DELETION["urn"]).code == WITHIN
    file.write_text("")
    assert guard("--allow-file", "approved.txt").code == EXCEEDED
    file.write_text("acme\n")
    for args in (("--allow-file", "approved.txt"), ("--allow", "acme")):
        wrong = guard(*args)
        assert (wrong.code, wrong.shows("'acme' is not a URN")) == (ERROR, True)
    assert guard("--allow-file", "no-such-file").code == ERROR


def test_a_refusal_says_what_is_not_allowed(zorg: Zorg) -> None:
    (zorg.folder / "plan.json").write_text(plan_text(DELETION))
    args = ("preview-guard", "plan.json", "--offline", "--allow-file", "none")
    (zorg.folder / "none").write_text("")
    assert zorg.run(*args).shows(
        f"not allowed: {DELETION['urn']}",
        "dev: refused: 1 resource takes access away or is removed without being allowed (--allow)",
    )
    shown = json.loads(zorg.run(*args, "--format", "json").out)
    assert (shown["refused"], shown["exceeded"], shown["limited"]) == (True, False, True)
    assert (shown["allowed"], shown["not_allowed"]) == ([], [DELETION["urn"]])
    (effect,) = shown["effects"]
    assert (effect["takes_access"], effect["losing_access"]) == (True, None)


@pytest.mark.parametrize("form", FORMS)
def test_a_guard_without_a_limit_says_so(zorg: Zorg, form: str) -> None:
    (zorg.folder / "plan.json").write_text(plan_text(DELETION))
    args = ("preview-guard", "plan.json", "--offline", "--format", form)

    def says_so(*more: str) -> bool:
        out = zorg.run(*args, *more).out
        return json.loads(out)["limited"] is False if form == "json" else "No limit was set" in out.replace("\\", "")

    assert says_so()
    for limits in (("--max-remove", "1"), ("--max-deactivate", "0"), ("--allow", DELETION["urn"])):
        assert not says_so(*limits)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16-le", "utf-16-be"])
def test_a_plan_in_the_encodings_of_a_windows_shell_is_read(zorg: Zorg, encoding: str) -> None:
    mark = "\ufeff" if encoding.startswith("utf-16") else ""
    deletion = step(ORGANIZATION, "delete", "żubr", {"name": "Żubr"}, None, "1")
    (zorg.folder / "plan.json").write_text(mark + plan_text(deletion), encoding)
    run = zorg.run("preview-guard", "plan.json", "--offline", "--max-remove", "0")
    assert (run.code, run.shows("żubr: removes organization Żubr")) == (EXCEEDED, True)


def test_a_text_in_no_encoding_is_an_error(zorg: Zorg) -> None:
    for encoding in ("utf-16-le", "utf-16-be", "utf-32"):
        (zorg.folder / "plan.json").write_text(plan_text(DELETION), encoding)
        assert zorg.run("preview-guard", "plan.json", "--offline").code == ERROR
    (zorg.folder / "plan.json").write_bytes(b"\xff\xfe{")  # cut in the middle of a character
    run = zorg.run("preview-guard", "plan.json", "--offline")
    assert (run.code, run.shows("plan.json cannot be read")) == (ERROR, True)


# The type of what is removed along


@pytest.mark.parametrize("parent", ["user_id", "project_id", "project_grant_id"])
def test_each_parent_takes_its_user_grants_along(any_server: Server, parent: str) -> None:
    """Also those for which there is no resource type yet, like users."""
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.world.reader import World

    server, admin = any_server, any_server.admin
    partner = admin.create_organization(server.name("Partner"))
    shared = admin.grant_project(server.home, server.project, partner, ["viewer"])
    by_grant = admin.create_grant(partner, server.ann, server.project, ["viewer"], shared)
    other = admin.create_project(partner, server.name("Other"), ["viewer"])
    elsewhere = admin.create_grant(partner, server.ann, other, ["viewer"])
    of_bob = admin.create_grant(server.home, server.bob, server.project, ["viewer"])
    assert server.shows(lambda: len(admin.grants(partner)) == 2 and len(admin.grants(server.home)) == 1)
    removed = {
        "user_id": {server.ann: {"org_id": server.home}},
        "project_id": {server.project: {"org_id": server.home}},
        "project_grant_id": {shared: {"org_id": server.home, "project_id": server.project, "granted_org_id": partner}},
    }
    along = {
        "user_id": {by_grant, elsewhere},
        "project_id": {by_grant, of_bob},
        "project_grant_id": {by_grant},
    }
    settings = settings_of(server)
    client = Client.connect(settings, notice=lambda sentence: None)
    try:
        found = World(client, RESOURCE_TYPES).removed_along(USER_GRANT, {parent: removed[parent]}, 100)
    finally:
        client.close()
    assert set(found or ()) == along[parent]

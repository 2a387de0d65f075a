"""What only people and service accounts do: states beyond active and inactive, names that are unique among both, and what is left
to the people."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.command import Zorg
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import human, machine

IN_SYNC, DRIFT = 0, 7
BOTH = pytest.mark.parametrize("declare", [machine, human], ids=["machine", "human"])


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pulumi_zorg.engine.shown.SHOWN_WITHIN", 0.1)


@pytest.fixture
def stack(server: Server, tmp_path: Path) -> InProcessStack:
    return InProcessStack(tmp_path / "stack", server.proxy.url, server.token)


def state(server: Server, id: str) -> str:
    return str(server.admin.user(server.home, id)["state"]).removeprefix("USER_STATE_")


def invited(server: Server, user_name: str) -> str:
    """Create a person in the initial state."""
    return server.create_person(server.home, user_name)


# Locked


@BOTH
def test_a_locked_user_stays_locked_and_that_is_said(server: Server, stack: InProcessStack, declare: Any) -> None:
    stack.declare(ann=declare(server.home, "ann2"))
    stack.up()
    ann = stack.id("ann")
    server.admin.change_user_state(server.home, ann, "lock")
    server.proxy.clear()
    assert stack.must("refresh").shows("warning:", "ann2", "is locked and stays locked")
    assert stack.outputs("ann")["state"] == "USER_STATE_LOCKED"
    assert stack.preview("--refresh") == {}, "no endless update"
    stack.up("--refresh")
    stack.declare(ann=declare(server.home, "ann3"))
    assert stack.up("--refresh").shows("stays locked")
    assert not [each for each in server.proxy.writes if "lock" in each]
    assert state(server, ann) == "LOCKED"
    assert server.admin.user(server.home, ann)["userName"] == "ann3"


@BOTH
def test_a_locked_user_can_be_deactivated(server: Server, stack: InProcessStack, declare: Any) -> None:
    stack.declare(ann=declare(server.home, "ann2"))
    stack.up()
    server.admin.change_user_state(server.home, stack.id("ann"), "lock")
    stack.declare(ann=declare(server.home, "ann2", active=False))
    stack.up("--refresh")
    assert state(server, stack.id("ann")) == "INACTIVE"
    stack.assert_settled()


@BOTH
def test_a_locked_user_is_adopted_and_stays_locked(server: Server, stack: InProcessStack, declare: Any) -> None:
    stack.declare(ann=declare(server.home, "ann2"))
    stack.up()
    ann = stack.id("ann")
    stack.run("state", "delete", "urn::ann")
    server.admin.change_user_state(server.home, ann, "lock")
    stack.declare(ann=declare(server.home, "ann2", adopt=True))
    assert stack.up().shows("stays locked")
    assert stack.id("ann") == ann
    assert state(server, ann) == "LOCKED"
    stack.assert_settled()


def test_get_shows_a_locked_user_as_not_active(server: Server, stack: InProcessStack) -> None:
    ann = server.admin.create_human(server.home, "ann2")
    server.admin.change_user_state(server.home, ann, "lock")
    stack.declare(ann={"kind": "human", "args": {"org_id": server.home}, "get": ann})
    stack.up()
    assert (stack.outputs("ann")["active"], stack.outputs("ann")["state"]) == (False, "USER_STATE_LOCKED")


def test_drift_reports_a_locked_user_with_who_and_when_and_who_lost_access(
    server: Server, stack: InProcessStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    stack.declare(ann=human(server.home, "ann2"), bob=human(server.home, "bob2", active=False))
    stack.up()
    ann, bob = stack.id("ann"), stack.id("bob")
    server.admin.create_grant(server.home, ann, server.project, ["viewer"])
    zorg = Zorg(tmp_path / "elsewhere", monkeypatch, capsys)

    def drift(code: int) -> list[dict[str, Any]]:
        (zorg.folder / "state.json").write_text(json.dumps(stack.state()))
        run = zorg.run("drift", "--state", "state.json", "--format", "json", env=stack.env)
        assert run.code == code, run.out
        found: list[dict[str, Any]] = json.loads(run.out)["drifted"]
        return found

    assert drift(IN_SYNC) == []
    server.admin.change_user_state(server.home, ann, "lock")
    # Declared inactive, and locked: it has no access, as declared.
    server.admin.change_user_state(server.home, bob, "reactivate")
    server.admin.change_user_state(server.home, bob, "lock")
    for _ in ("before a refresh", "after it"):
        (found,) = drift(DRIFT)
        (change,) = found["changes"]
        assert (found["id"], change["property"], change["recorded"], change["live"]) == (ann, "active", True, False)
        assert "it is locked" in change["why"]
        assert (change["by"], bool(change["when"])) == ("IaC", True)
        assert {each["user_id"] for each in found["access"]["lost"]} == {ann}
        stack.must("refresh")
    server.admin.change_user_state(server.home, ann, "unlock")
    assert drift(IN_SYNC) == []


# Initial


def test_a_person_in_the_initial_state_is_locked_and_then_deactivated(server: Server, stack: InProcessStack) -> None:
    """The v1 API answers 404 to the deactivation, as if the person did not exist."""
    carl = invited(server, "carl")
    stack.declare(carl={"kind": "human", "args": {"org_id": server.home, "user_name": "carl", "adopt": True}})
    assert stack.up().shows("initial state and stays in it")
    assert state(server, carl) == "INITIAL"
    stack.assert_settled()
    server.proxy.clear()
    inactive = {"org_id": server.home, "user_name": "carl", "adopt": True, "active": False}
    stack.declare(carl={"kind": "human", "args": inactive})
    assert stack.up().shows("was in the initial state", "locked first")
    verbs = [each.rsplit("/", 1)[1] for each in server.proxy.writes]
    assert verbs == ["_deactivate", "_lock", "_deactivate"]
    assert state(server, carl) == "INACTIVE"
    stack.assert_settled()


def test_deleting_a_person_in_the_initial_state_deactivates_it(server: Server, stack: InProcessStack) -> None:
    carl = invited(server, "carl")
    stack.declare(carl={"kind": "human", "args": {"org_id": server.home, "user_name": "carl", "adopt": True}})
    stack.up()
    stack.destroy()
    assert state(server, carl) == "INACTIVE"


# What is left to the people


def test_what_a_program_leaves_out_is_not_managed(server: Server, stack: InProcessStack) -> None:
    stack.declare(ann=human(server.home, "ann2", display_name="Ann"))
    stack.up()
    ann = stack.id("ann")
    profile = {"givenName": "Ann", "familyName": "Berg", "nickName": "Annie", "preferredLanguage": "fr"}
    server.admin.call("PUT", f"/v2/users/human/{ann}", {"profile": {**profile, "gender": "GENDER_FEMALE"}})
    server.admin.call("POST", f"/v2/users/{ann}/phone", {"phone": "+41791234567"})
    assert stack.preview("--refresh") == {}
    stack.declare(ann=human(server.home, "ann2", display_name="Ann B.", family_name="Hill"))
    stack.up("--refresh")
    shown = server.admin.user(server.home, ann)["human"]
    assert shown["profile"] == {
        "firstName": "Ann",
        "lastName": "Hill",
        "nickName": "Annie",
        "displayName": "Ann B.",
        "preferredLanguage": "fr",
        "gender": "GENDER_FEMALE",
    }
    assert shown["phone"]["phone"] == "+41791234567"
    assert not {"Annie", "+41791234567"} & set(json.dumps(stack.state()).split('"')), "it is not in the state either"
    stack.declare(ann=human(server.home, "ann2", family_name="Hill"))
    server.proxy.clear()
    stack.up()
    assert server.proxy.writes == [], "what a program stops to declare stays as it is"
    stack.assert_settled()


def test_a_service_account_keeps_what_the_program_leaves_out(server: Server, stack: InProcessStack) -> None:
    """The server resets what a change leaves out."""
    stack.declare(bot=machine(server.home, "bot"))
    stack.up()
    bot = stack.id("bot")
    more = {"name": "Robot", "description": "deploys", "accessTokenType": "ACCESS_TOKEN_TYPE_JWT"}
    server.admin.call("PUT", f"/management/v1/users/{bot}/machine", more, org=server.home)
    stack.declare(bot=machine(server.home, "bot", "Robot 2"))
    stack.up("--refresh")
    assert server.admin.user(server.home, bot)["machine"] == {**more, "name": "Robot 2"}
    stack.declare(bot=machine(server.home, "bot", "Robot 2", description=""))
    stack.up()
    assert "description" not in server.admin.user(server.home, bot)["machine"]
    stack.assert_settled()


def test_an_address_is_verified_by_the_person_unless_the_program_says_so(server: Server, stack: InProcessStack) -> None:
    def verified() -> bool:
        return bool(server.admin.user(server.home, stack.id("ann"))["human"]["email"].get("isEmailVerified"))

    for given in ({}, {"email_verified": False}):
        stack.declare(ann=human(server.home, "ann2", **given))
        stack.up()
        assert not verified()
    email = {"email": "ann2@example.com", "isEmailVerified": True}
    server.admin.call("PUT", f"/management/v1/users/{stack.id('ann')}/email", email, org=server.home)
    assert stack.preview("--refresh") == {}
    stack.declare(ann=human(server.home, "ann2", email="ann@new.example"))
    stack.up()
    assert not verified(), "the new address is not verified, although the old one was"
    stack.declare(ann=human(server.home, "ann2", email="ann@new.example", email_verified=True))
    stack.up()
    assert verified()
    server.admin.call("POST", f"/v2/users/{stack.id('ann')}/email", {"email": "else@example.com"})
    assert stack.preview("--refresh") == {"ann": ["update", "email", "email_verified"]}
    stack.up("--refresh")
    assert verified()
    stack.declare(ann=human(server.home, "ann2", email="ann@third.example", email_verified=True))
    stack.up()
    assert verified()
    stack.assert_settled()


def test_numbers_and_languages_are_normalized(server: Server, stack: InProcessStack) -> None:
    stack.declare(ann=human(server.home, "ann2", phone="+41 79 123-45.67", preferred_language="DE-ch"))
    stack.up()
    assert stack.outputs("ann")["phone"] == "+41791234567"
    assert server.admin.user(server.home, stack.id("ann"))["human"]["profile"]["preferredLanguage"] == "de-CH"
    stack.assert_settled()


def test_a_change_of_capitals_is_a_change(server: Server, stack: InProcessStack) -> None:
    stack.declare(bot=machine(server.home, "bot"))
    stack.up()
    stack.declare(bot=machine(server.home, "Bot"))
    stack.up()
    assert server.admin.user(server.home, stack.id("bot"))["userName"] == "Bot"
    stack.assert_settled()


# Names, adoption


def test_the_error_of_a_taken_name_says_who_has_it(server: Server, stack: InProcessStack) -> None:
    other = server.admin.create_organization("Other")
    taken = server.admin.create_user(other, "taken")
    stack.declare(bot=machine(server.home, "Taken"))
    assert stack.fails().shows("409", f"User {taken} of organization {other} has the user name 'taken'")
    stack.declare(bot=machine(server.home, "bot"))
    stack.up()
    stack.declare(bot=machine(server.home, "taken", "Renamed"))
    assert stack.fails().shows("409", f"User {taken} of organization {other}")
    here = server.admin.create_user(server.home, "here")
    server.proxy.clear()
    stack.declare(bot=machine(server.home, "here", "Renamed"))
    assert stack.fails().shows("nothing was done to it", f"User {here} has the user name 'here'")
    assert server.proxy.writes == []


def test_a_user_of_the_other_type_is_not_adopted(server: Server, stack: InProcessStack) -> None:
    bot = server.admin.create_user(server.home, "bot")
    ann = server.admin.create_human(server.home, "ann2")
    stack.declare(it={"kind": "human", "args": {"org_id": server.home, "user_name": "bot", "adopt": True}})
    assert stack.fails().shows(
        "no human user to adopt", f"User {bot}", "is a service account, which MachineUser declares"
    )
    stack.declare(it=human(server.home, "bot"))
    assert stack.fails().shows("409", f"User {bot}", "is a service account, which MachineUser declares")
    stack.declare(it=machine(server.home, "ann2", adopt=True))
    assert stack.fails().shows("no machine user to adopt", f"User {ann}", "is a person, whom HumanUser declares")
    stack.declare(it={"kind": "machine", "args": {"org_id": server.home}, "get": ann})
    assert stack.fails().shows(f"User {ann} is no machine user but a person, whom HumanUser declares")


def test_adoption_ignores_capitals_and_needs_no_names(server: Server, stack: InProcessStack) -> None:
    ann = server.admin.create_human(server.home, "Ann2")
    stack.declare(it={"kind": "human", "args": {"org_id": server.home, "user_name": "ann2", "adopt": True}})
    stack.up()
    assert stack.id("it") == ann
    assert server.admin.user(server.home, ann)["userName"] == "ann2"
    assert server.admin.user(server.home, ann)["human"]["profile"]["firstName"] == "Ann"
    stack.assert_settled()


def test_who_is_not_there_to_be_adopted_needs_names(server: Server, stack: InProcessStack) -> None:
    stack.declare(it={"kind": "human", "args": {"org_id": server.home, "user_name": "nobody", "adopt": True}})
    failed = stack.fails()
    assert failed.shows("given_name is missing, which a new one needs", "No human user is found"), failed.out
    assert not list((stack.folder / "pending").rglob("*.json")), "nothing is pending"
    stack.declare(it={"kind": "human", "args": {"org_id": server.home, "user_name": "nobody"}})
    assert stack.fails().shows("given_name is missing: only with adopt=True it may be left out")
    assert server.proxy.writes == []


# Deletion


def test_a_person_is_deactivated_by_default_and_taken_back(server: Server, stack: InProcessStack) -> None:
    stack.declare(ann=human(server.home, "ann2"))
    stack.up()
    ann = stack.id("ann")
    stack.declare()
    stack.up()
    assert state(server, ann) == "INACTIVE"
    stack.declare(ann=human(server.home, "ann2", adopt=True))
    stack.up()
    assert stack.id("ann") == ann
    assert state(server, ann) == "ACTIVE"


@pytest.mark.parametrize("policy", ["deactivate", "remove"])
def test_the_credentials_own_user_is_protected(server: Server, stack: InProcessStack, policy: str) -> None:
    own = server.admin.create_user(server.home, "own")
    server.admin.add_instance_member(own, "IAM_OWNER")
    stack.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, own)
    stack.declare(own=machine(server.home, "own", "own", adopt=True, deletion_policy=policy))
    stack.up()
    server.proxy.clear()
    run = stack.run("destroy")
    assert run.code != 0
    assert run.shows("LockoutRefused", "it is the credential's own user"), run.out
    stack.declare(own=machine(server.home, "own", "own", adopt=True, deletion_policy=policy, active=False))
    assert stack.fails().shows("it is the credential's own user")
    assert server.proxy.writes == []
    assert state(server, own) == "ACTIVE"


def test_a_lost_deactivation_of_a_locked_user_gives_it_no_access(server: Server, stack: InProcessStack) -> None:
    """The opposite of a deactivation is a reactivation."""
    stack.declare(ann=human(server.home, "ann2"))
    stack.up()
    ann = stack.id("ann")
    server.admin.change_user_state(server.home, ann, "lock")
    server.admin.call("POST", "/debug/lost-changes", {"next": 1})
    stack.declare(ann=human(server.home, "ann2", active=False))
    server.proxy.clear()
    assert stack.fails().shows("accepted the deactivation, and reads still do not show it")
    assert not [each for each in server.proxy.writes if "reactivate" in each or "unlock" in each]


def test_no_code_of_an_answer_is_kept_or_shown(
    server: Server, stack: InProcessStack, caplog: pytest.LogCaptureFixture
) -> None:
    """An answer may have the codes by which an address and a phone number are verified."""
    caplog.set_level("DEBUG")
    ann = server.admin.create_human(server.home, "ann2")
    codes = {"emailCode": "s3cr3t", "phoneCode": "s3cr3t", "verificationCode": "s3cr3t"}
    answer = {"userId": ann, "details": {"resourceOwner": server.home}, **codes}
    json_text = {"Content-Type": "application/json"}
    for path in ("/v2/users/human$", "/v2/users/.*/(email|phone)$"):
        server.proxy.add(Fault("answer", path=path, status=200, body=json.dumps(answer), headers=json_text))
    stack.declare(ann=human(server.home, "ann2"))
    created = stack.up()
    stack.declare(ann=human(server.home, "ann2", email="new@example.com", phone="+41791234567"))
    changed = stack.up()
    assert "s3cr3t" not in created.out + changed.out + json.dumps(stack.state()) + caplog.text
    assert "/v2/users/human" in caplog.text, "the calls are logged"


def test_a_refresh_of_many_people_reads_a_list(server: Server, stack: InProcessStack) -> None:
    """The state does not have what the program leaves out."""
    stack.declare(**{f"u{number}": human(server.home, f"u{number}") for number in range(20)})
    stack.up()
    server.admin.call("POST", f"/v2/users/{stack.id('u19')}/phone", {"phone": "+41791234567"})
    server.proxy.clear()
    stack.must("refresh")
    assert len([each for each in server.proxy.exchanges if each.method == "GET"]) < 20
    assert stack.preview("--refresh") == {}


@BOTH
def test_a_user_that_the_server_lost_is_removed_and_created_again(
    server: Server, stack: InProcessStack, declare: Any
) -> None:
    server.admin.call("POST", "/debug/lost-changes", {"next": 1, "events": ["user.human.added", "user.machine.added"]})
    stack.declare(ann=declare(server.home, "ann2", active=False))
    assert stack.up().shows("the server has lost it. It is removed and created again")
    assert state(server, stack.id("ann")) == "INACTIVE"
    assert [each["userName"] for each in server.admin.users(server.home).values()].count("ann2") == 1
    stack.assert_settled()

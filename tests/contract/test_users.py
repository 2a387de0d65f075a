"""What each call about people and service accounts does on each server."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from pulumi_zorg.api.api_services import USERS, has_service
from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import AlreadyExists, FailedPrecondition, NotFound, NotProven
from pulumi_zorg.resource_types.human_user.calls import HumanUserCalls
from pulumi_zorg.resource_types.human_user.inputs import HumanUserInputs
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.machine_user.calls import MachineUserCalls
from pulumi_zorg.resource_types.machine_user.inputs import MachineUserInputs
from pulumi_zorg.world.observed import Address
from tests.contract.lists import listed
from tests.support.calls import change
from tests.support.servers import Server
from tests.unit.clients import Clients

MACHINES, HUMANS = MachineUserCalls(), HumanUserCalls()


def machine(server: Server, **given: Any) -> MachineUserInputs:
    declared = {"org_id": server.home, "user_name": f"bot{server.tag}", "name": "Robot"}
    return MachineUserInputs.of({**declared, **given})


def human(server: Server, **given: Any) -> HumanUserInputs:
    name = f"carl{server.tag}"
    names = {"given_name": "Carl", "family_name": "Berg", "email": f"{name}@example.com"}
    return HumanUserInputs.of({"org_id": server.home, "user_name": name, **names, **given})


@pytest.fixture(autouse=True)
def _people_can_be_created(every_server: Server, clients: Clients) -> None:
    if not has_service(clients.owner(every_server).transport, USERS):
        pytest.skip("people are created by the v2 API, which this server does not have")


BOTH = pytest.mark.parametrize(("calls", "inputs_of"), [(MACHINES, machine), (HUMANS, human)], ids=["machine", "human"])


def read(calls: Any, client: Client, server: Server, id: str) -> dict[str, Any]:
    found: dict[str, Any] = calls.read(client, id, Address({"org_id": server.home})).properties()
    return found


def update(calls: Any, client: Client, id: str, inputs: Any, *changed: str) -> None:
    change(calls, client, id, inputs, Step(Action.UPDATE, frozenset(changed)))


def test_a_service_account_is_created_and_read_back(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    more = {"description": "deploys", "access_token_type": "ACCESS_TOKEN_TYPE_JWT"}
    made = MACHINES.create(client, machine(server, **more))
    assert read(MACHINES, client, server, made) == {
        "org_id": server.home, "user_name": f"bot{server.tag}", "name": "Robot", **more, "active": True,
        "state": "USER_STATE_ACTIVE",
    }  # fmt: skip
    plain = MACHINES.create(client, machine(server, user_name=f"plain{server.tag}"))
    found = read(MACHINES, client, server, plain)
    assert (found["description"], found["access_token_type"]) == ("", "ACCESS_TOKEN_TYPE_BEARER")


def test_a_person_is_created_active_and_read_back(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    more = {"nick_name": "Charly", "preferred_language": "de-CH", "gender": "GENDER_DIVERSE", "phone": "+41791234567"}
    made = HUMANS.create(client, human(server, email_verified=True, display_name="Carl B.", **more))
    assert read(HUMANS, client, server, made) == {
        "org_id": server.home, "user_name": f"carl{server.tag}", "given_name": "Carl", "family_name": "Berg",
        "email": f"carl{server.tag}@example.com", "email_verified": True, "display_name": "Carl B.", **more,
        "active": True, "state": "USER_STATE_ACTIVE",
    }  # fmt: skip
    plain = HUMANS.create(client, human(server, user_name=f"plain{server.tag}"))
    found = read(HUMANS, client, server, plain)
    assert (found["display_name"], found["nick_name"], found["phone"]) == ("Carl Berg", "", "")
    assert (found["preferred_language"], found["gender"]) == ("und", "GENDER_UNSPECIFIED")
    assert (found["email_verified"], found["active"]) == (False, True)


def test_a_change_of_a_service_account_sends_everything(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    inputs = machine(server, description="deploys", access_token_type="ACCESS_TOKEN_TYPE_JWT")
    made = MACHINES.create(client, inputs)
    inputs = replace(inputs, name="Robot 2")
    update(MACHINES, client, made, inputs, "name")
    found = read(MACHINES, client, server, made)
    assert (found["description"], found["access_token_type"]) == ("deploys", "ACCESS_TOKEN_TYPE_JWT")
    for changed in ({"access_token_type": "ACCESS_TOKEN_TYPE_BEARER"}, {"description": ""}, {"user_name": "Bot2"}):
        inputs = replace(
            inputs, **{name: f"{value}{server.tag * (name == 'user_name')}" for name, value in changed.items()}
        )
        update(MACHINES, client, made, inputs, *changed)
        found = read(MACHINES, client, server, made)
        assert {name: found[name] for name in changed} == {name: getattr(inputs, name) for name in changed}
        with pytest.raises(FailedPrecondition):
            update(MACHINES, client, made, inputs, *changed)


def test_a_change_of_a_person_keeps_what_it_does_not_name(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    inputs = human(server, nick_name="Charly", display_name="Carl B.", preferred_language="de", gender="GENDER_MALE")
    made = HUMANS.create(client, inputs)
    before = read(HUMANS, client, server, made)
    only = human(server, given_name="Karl", user_name=f"Karl{server.tag}")
    update(HUMANS, client, made, only, "given_name", "user_name")
    changed = {"given_name": "Karl", "user_name": f"Karl{server.tag}"}
    assert read(HUMANS, client, server, made) == {**before, **changed}
    update(HUMANS, client, made, only, "given_name", "user_name")  # unchanged is no error


def test_an_address_and_a_phone_number(every_server: Server, clients: Clients) -> None:
    server, client = every_server, clients.owner(every_server)
    inputs = human(server)
    made = HUMANS.create(client, inputs)

    def now() -> tuple[Any, ...]:
        found = read(HUMANS, client, server, made)
        return found["email"], found["email_verified"], found["phone"]

    update(HUMANS, client, made, replace(inputs, email_verified=True), "email_verified")
    assert now() == (inputs.email, True, "")
    other = f"karl{server.tag}@example.com"
    update(HUMANS, client, made, replace(inputs, email=other), "email")
    assert now() == (other, False, "")
    update(HUMANS, client, made, replace(inputs, email_verified=True), "email", "email_verified")
    assert now() == (inputs.email, True, "")
    update(HUMANS, client, made, replace(inputs, phone="+41791234567"), "phone")
    assert now() == (inputs.email, True, "+41791234567")


@BOTH
def test_names_are_unique_among_both_kinds_whatever_their_case(
    every_server: Server, clients: Clients, calls: Any, inputs_of: Any
) -> None:
    server, client = every_server, clients.owner(every_server)
    made = calls.create(client, inputs_of(server))
    name = inputs_of(server).user_name
    other = server.admin.create_organization(server.name("Other"))
    for again in (machine, human):
        for org_id in (server.home, other):
            with pytest.raises(AlreadyExists):
                (MACHINES if again is machine else HUMANS).create(
                    client, again(server, user_name=name.upper(), org_id=org_id)
                )
    shown = listed(lambda: calls.search(client, inputs_of(server, user_name=name.upper())))
    assert [each.id for each in shown] == [made]
    wrong = HUMANS if calls is MACHINES else MACHINES
    assert wrong.search(client, (human if wrong is HUMANS else machine)(server, user_name=name)) == []
    assert [each.id for each in wrong.named(client, None, name) if not each.is_of_type] == [made]
    with pytest.raises(NotProven, match=f"User {made} is no {wrong.record.noun} but"):
        read(wrong, client, server, made)


@BOTH
def test_states(every_server: Server, clients: Clients, calls: Any, inputs_of: Any) -> None:
    server, client, inputs = every_server, clients.owner(every_server), inputs_of(every_server)
    made = calls.create(client, inputs)

    def state() -> str:
        return str(read(calls, client, server, made)["state"]).removeprefix("USER_STATE_")

    change(calls, client, made, inputs, Step(Action.DEACTIVATE))
    assert state() == "INACTIVE"
    with pytest.raises(FailedPrecondition):
        change(calls, client, made, inputs, Step(Action.DEACTIVATE))
    change(calls, client, made, inputs, Step(Action.REACTIVATE))
    assert state() == "ACTIVE"
    server.admin.change_user_state(server.home, made, "lock")
    assert (state(), "active" in read(calls, client, server, made)) == ("LOCKED", False)
    with pytest.raises(FailedPrecondition):
        change(calls, client, made, inputs, Step(Action.REACTIVATE))
    change(calls, client, made, inputs, Step(Action.DEACTIVATE))
    assert state() == "INACTIVE"
    change(calls, client, made, inputs, Step(Action.REMOVE))
    with pytest.raises(NotFound):
        read(calls, client, server, made)
    with pytest.raises(NotFound):
        change(calls, client, made, inputs, Step(Action.REMOVE))


def test_a_person_in_the_initial_state_is_locked_before_it_is_deactivated(
    every_server: Server, clients: Clients
) -> None:
    server, client = every_server, clients.owner(every_server)
    made = server.create_person(server.home, f"carl{server.tag}")
    assert read(HUMANS, client, server, made)["state"] == "USER_STATE_INITIAL"
    change(HUMANS, client, made, human(server), Step(Action.DEACTIVATE))
    assert read(HUMANS, client, server, made)["state"] == "USER_STATE_INACTIVE"


@BOTH
def test_lists_have_the_users_of_one_kind(every_server: Server, clients: Clients, calls: Any, inputs_of: Any) -> None:
    server, client = every_server, clients.owner(every_server)
    ids = {calls.create(client, inputs_of(server, user_name=f"u{number}{server.tag}")) for number in range(3)}
    wrong = (HUMANS if calls is MACHINES else MACHINES).create(
        client, (human if calls is MACHINES else machine)(server)
    )
    for read_list in (
        lambda: calls.list_organization(client, server.home),
        lambda: calls.list_instance(client),
        lambda: calls.list_ids(client, [*ids, wrong]),
    ):
        assert server.shows(lambda read_list=read_list: ids <= {each.id for each in read_list()})  # type: ignore[misc]
        found = {each.id: each for each in read_list()}
        assert wrong not in found
        assert all(found[each].properties() == read(calls, client, server, each) for each in ids)
    assert calls.list_ids(client, []) == [], "a server answers 500 to a search for no ids"

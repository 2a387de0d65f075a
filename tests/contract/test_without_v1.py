"""What is read about the caller and the instance where the server does not have the v1 API: the same as by v1."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from pulumi_zorg.api import metadata
from pulumi_zorg.api.client import Client
from pulumi_zorg.errors import (
    ApiError,
    CredentialError,
    FailedPrecondition,
    HeaderIgnored,
    NotFound,
    NotProven,
    PermissionDenied,
    Unauthenticated,
    UnexpectedAnswer,
)
from pulumi_zorg.resource_types.lifecycle import Action, Step
from pulumi_zorg.resource_types.machine_user.calls import MachineUserCalls
from pulumi_zorg.resource_types.machine_user.inputs import MachineUserInputs
from pulumi_zorg.resource_types.project.declaration import TYPE as PROJECT
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.resource_types.user_grant.declaration import TYPE as USER_GRANT
from pulumi_zorg.settings.credentials import ClientCredentials, PersonalAccessToken, Secret
from pulumi_zorg.settings.service_account_key import ServiceAccountKey
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.observed import Address
from tests.support.calls import change
from tests.support.servers import Server
from tests.support.without_v1 import ANSWERS, calls_of_v1, refuse_v1
from tests.unit.clients import Clients

KEY = "pulumi_zorg_test"


@pytest.mark.parametrize("answer", ANSWERS)
def test_who_the_caller_is(any_server: Server, clients: Clients, answer: str) -> None:
    by_v1 = clients.owner(any_server)
    refuse_v1(any_server, answer)
    client = clients.owner(any_server)
    for _ in range(2):
        me = client.caller.me()
        assert (me.id, me.details.resource_owner) == (by_v1.me.id, by_v1.me.details.resource_owner)
    assert calls_of_v1(any_server).count("GET /auth/v1/users/me") == 2, "once in each process"


def test_who_the_holder_of_a_key_and_of_client_credentials_is(any_server: Server, clients: Clients) -> None:
    server, name = any_server, f"robot{any_server.tag}"
    user = server.admin.create_user(server.home, name)
    body = {"type": "KEY_TYPE_JSON", "expirationDate": "2099-01-01T00:00:00Z"}
    made = server.admin.call("POST", f"/management/v1/users/{user}/keys", body, org=server.home)
    key = ServiceAccountKey.model_validate_json(base64.b64decode(made["keyDetails"]).decode())
    secret = server.admin.call("PUT", f"/management/v1/users/{user}/secret", org=server.home)
    pair = ClientCredentials(secret["clientId"], Secret(secret["clientSecret"]))
    refuse_v1(server)
    for credential in (key, pair):

        def is_it(credential: ServiceAccountKey | ClientCredentials = credential) -> bool:
            try:
                me = clients.of(server, credential).caller.me()
            except CredentialError:  # a secret lags on a real server
                return False
            return (me.id, me.user_name, me.details.resource_owner) == (user, name, server.home)

        assert server.shows(is_it)


def test_a_token_that_is_refused(any_server: Server, clients: Clients) -> None:
    refuse_v1(any_server)
    client = clients.of(any_server, PersonalAccessToken(Secret("not-a-token")))
    with pytest.raises(Unauthenticated, match="check that it belongs to this instance"):
        client.caller.me()


def test_what_the_caller_and_the_instance_are(any_server: Server, clients: Clients) -> None:
    def read(client: Client) -> list[object]:
        caller = client.caller
        ids = sorted(
            (each.id, *each.roles) for each in caller.memberships() if each.iam or each.org_id == any_server.home
        )
        instance = (
            caller.own_project(),
            caller.default_organization(),
            caller.server_version(),
            caller.sees_instance(),
        )
        domain = client.access.login_names_have_domain(any_server.home)
        return [ids, instance, domain, client.organizations.read(any_server.home).name]

    by_v1 = read(clients.owner(any_server))
    refuse_v1(any_server)
    client = clients.owner(any_server)
    assert read(client) == by_v1
    before = len(calls_of_v1(any_server))
    assert read(client) == by_v1
    assert calls_of_v1(any_server)[before:] == ["GET /management/v1/iam", "GET /admin/v1/orgs/default"]


def test_a_manager_from_another_organization_reads_the_domain_settings(any_server: Server, clients: Clients) -> None:
    """The right to read them counts in the organization that the header names, which here is not that of the caller."""
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    owner = clients.member(any_server, "ORG_OWNER", of=acme)
    nobody = clients.member(any_server)
    refuse_v1(any_server)
    assert owner.access.login_names_have_domain(acme) is False
    with pytest.raises(PermissionDenied):
        nobody.access.login_names_have_domain(acme)


def test_the_version_is_shown_to_who_may_read_the_instance(any_server: Server, clients: Clients) -> None:
    reader, owner, nobody = (
        clients.member(any_server, "IAM_OWNER_VIEWER"),
        clients.member(any_server, "ORG_OWNER", of=any_server.home),
        clients.member(any_server),
    )
    refuse_v1(any_server)
    assert reader.caller.server_version()
    assert owner.caller.server_version() is None
    assert nobody.caller.server_version() is None


def test_rights_and_events_are_not_shown(any_server: Server, clients: Clients) -> None:
    client = clients.owner(any_server)
    refuse_v1(any_server)
    for _ in range(2):
        with pytest.raises(ApiError, match="v2 shows nobody's rights") as caught:
            client.caller.permissions(any_server.home)
        assert caught.value.status == 501
        with pytest.raises(PermissionDenied, match="does not have the search of its event store"):
            client.events.of(any_server.home, ["org.added"])
    assert len(calls_of_v1(any_server)) == 2, "each was tried once"
    assert "user.grant.read" in client.caller.rights_to_list(any_server.home)
    nobody = clients.member(any_server, "ORG_USER_MANAGER", of=any_server.home)
    assert nobody.caller.rights_to_list(any_server.home) == frozenset()
    assert not nobody.caller.sees_instance()


def test_metadata_of_an_organization(any_server: Server, clients: Clients) -> None:
    client, home = clients.owner(any_server), any_server.home
    refuse_v1(any_server)
    assert metadata.read_metadata(client, home, KEY) is None
    metadata.set_metadata(client, home, KEY, b"one")
    assert any_server.shows(lambda: metadata.read_metadata(client, home, KEY) == b"one")
    metadata.remove_metadata(client, home, KEY)
    assert any_server.shows(lambda: metadata.read_metadata(client, home, KEY) is None)
    metadata.remove_metadata(client, home, KEY)
    with pytest.raises(NotFound):
        metadata.read_metadata(client, "42", KEY)


def test_metadata_of_a_removed_organization_is_denied_to_who_may_not_write_it(
    any_server: Server, clients: Clients
) -> None:
    """The server looks at the right first, and then whether the organization exists."""
    server, gone = any_server, any_server.admin.create_organization(any_server.name("Gone"))
    member = clients.member(server, "ORG_OWNER", of=server.home)
    server.admin.remove_organization(gone)
    refuse_v1(server)
    with pytest.raises(PermissionDenied):
        metadata.set_metadata(member, gone, KEY, b"one")
    with pytest.raises(PermissionDenied):
        metadata.remove_metadata(member, gone, KEY)
    with pytest.raises(FailedPrecondition, match="Organisation not found"):
        metadata.set_metadata(clients.owner(server), gone, KEY, b"one")


@pytest.mark.parametrize(
    "changed",
    [{"user_name": "renamed"}, {"user_name": "renamed", "name": "Robot 2"}, {"description": "of the shop"}],
    ids=["user name", "both", "description"],
)
def test_a_service_account_is_changed(any_server: Server, clients: Clients, changed: dict[str, str]) -> None:
    server, client, calls = any_server, clients.owner(any_server), MachineUserCalls()
    given = {"org_id": server.home, "user_name": f"bot{server.tag}", "name": "Robot"}
    made = calls.create(client, MachineUserInputs.of(given))
    refuse_v1(server)
    if "user_name" in changed:
        changed = {**changed, "user_name": f"renamed{server.tag}"}
    inputs = MachineUserInputs.of({**given, **changed})
    change(calls, client, made, inputs, Step(Action.UPDATE, frozenset(changed)))
    expected = {**given, "description": "", **changed}
    found = calls.read(client, made, Address({"org_id": server.home})).properties()
    assert {name: found[name] for name in expected} == expected


def test_no_write_of_v1_is_made_where_its_read_of_the_organization_is_missing(server: Server, clients: Clients) -> None:
    """A gateway that lacks only that call: the header is not verified, so nothing is written."""
    grant = server.admin.create_grant(server.home, server.ann, server.project, ["viewer"])
    client = clients.owner(server)
    status, form, body = ANSWERS["501"]
    headers = {"Content-Type": form}
    server.proxy.add(Fault("answer", "GET", "/orgs/me$", times=None, status=status, body=body, headers=headers))
    inputs = USER_GRANT.inputs(org_id=server.home, user_id=server.ann, project_id=server.project, role_keys=("viewer",))
    with pytest.raises(UnexpectedAnswer, match="so nothing was written"):
        client.operations.first(USER_GRANT.calls.implementations["deactivate"], client, grant, inputs, frozenset())
    assert server.proxy.writes == []


@pytest.mark.parametrize("type", [USER_GRANT, PROJECT])
def test_what_the_instance_never_had_is_not_removed(
    any_server: Server, clients: Clients, type: ResourceType[Any]
) -> None:
    """v2 answers 200 to the removal of any id. Else the state of another instance would be forgotten."""
    client = clients.owner(any_server)
    refuse_v1(any_server)
    ids = {"org_id": any_server.home, "user_id": any_server.ann, "project_id": any_server.project}
    given = {name: value for name, value in {**ids, "name": "Shop"}.items() if name in type.inputs.names()}
    with pytest.raises(NotProven, match="as for what it never had"):
        client.operations.first(
            type.calls.implementations["remove"], client, "424242", type.inputs(**given), frozenset()
        )


def test_a_dropped_header_is_no_reason_to_use_v2(server: Server, clients: Clients) -> None:
    client = clients.owner(server)
    server.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        client.organizations.read(server.home)


def test_an_outage_is_no_reason_to_use_v2(server: Server, clients: Clients) -> None:
    client = clients.owner(server)
    server.proxy.add(Fault("answer", "GET", "/auth/v1/", times=1, status=500, body="<html>oops</html>"))
    with pytest.raises(UnexpectedAnswer):
        client.caller.me()

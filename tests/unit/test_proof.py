"""Is it gone? Each verdict, over HTTP: what counts as proof, what does not, and that no object counts as removed
because a caller could not see it."""

from __future__ import annotations

import json
from collections.abc import Callable

import httpx
import pytest

from pulumi_zorg.api.client import Client
from pulumi_zorg.api.records import OrganizationRecord
from pulumi_zorg.errors import HeaderIgnored, NotProven, UnexpectedAnswer
from pulumi_zorg.resource_types.project.declaration import TYPE as PROJECT
from pulumi_zorg.resource_types.project_grant.declaration import TYPE as PROJECT_GRANT
from pulumi_zorg.resource_types.user_grant.calls import PhantomGrantRecord, UserGrantRecord
from pulumi_zorg.resource_types.user_grant.declaration import TYPE
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.proof import Removal, find_organization, find_record
from tests.support.servers import Server
from tests.unit.clients import Clients

GATEWAY = {"effect": "answer", "times": None, "status": 404, "body": "<html>Not Found</html>"}


def organization(client: Client, org_id: str) -> OrganizationRecord:
    found = find_organization(client, org_id)
    assert isinstance(found, OrganizationRecord), found
    return found


def no_organization(client: Client, org_id: str) -> Removal:
    found = find_organization(client, org_id)
    assert isinstance(found, Removal), found
    return found


def organization_in_doubt(client: Client, org_id: str) -> str:
    with pytest.raises(NotProven) as caught:
        find_organization(client, org_id)
    assert "stays in the state" not in str(caught.value), "what is looked for need not be in a state"
    return str(caught.value.of_state())


def find_user_grant(
    client: Client, org_id: str, grant_id: str, user_id: str | None, project_id: str | None
) -> UserGrantRecord | Removal:
    found = find_record(client, TYPE, grant_id, {"org_id": org_id, "user_id": user_id, "project_id": project_id})
    assert isinstance(found, UserGrantRecord | Removal)
    return found


class Granted:
    """A grant of ann's in the furniture's organization, or in another one."""

    def __init__(self, server: Server, client: Client, org_id: str | None = None, project: str | None = None) -> None:
        self.server, self.client = server, client
        self.org_id, self.project = org_id or server.home, project or server.project
        self.id = server.admin.create_grant(self.org_id, server.ann, self.project, ["viewer", "editor"])

    def find(self, client: Client | None = None, org_id: str | None = None) -> UserGrantRecord | Removal:
        return find_user_grant(client or self.client, org_id or self.org_id, self.id, self.server.ann, self.project)

    def live(self, client: Client | None = None) -> UserGrantRecord:
        found = self.find(client)
        assert isinstance(found, UserGrantRecord), found
        assert not isinstance(found, PhantomGrantRecord)
        return found

    def gone(self, client: Client | None = None) -> Removal:
        found = self.find(client)
        assert isinstance(found, Removal), found
        return found

    def in_doubt(self, client: Client | None = None, org_id: str | None = None) -> str:
        with pytest.raises(NotProven) as caught:
            self.find(client, org_id)
        assert "stays in the state" not in str(caught.value), "what is looked for need not be in a state"
        return str(caught.value.of_state())


# Organizations: who may read everything.


@pytest.mark.parametrize("role", ["IAM_OWNER", "IAM_OWNER_VIEWER", "IAM_ORG_MANAGER"])
def test_a_live_organization_is_found(any_server: Server, clients: Clients, role: str) -> None:
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    client = clients.member(any_server, role)
    assert organization(client, acme).active
    any_server.admin.deactivate_organization(acme)
    assert not organization(client, acme).active


@pytest.mark.parametrize("role", ["IAM_OWNER", "IAM_OWNER_VIEWER"])
def test_a_removal_is_proven_by_its_event_with_author_and_time(any_server: Server, clients: Clients, role: str) -> None:
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    any_server.admin.remove_organization(acme)
    removal = no_organization(clients.member(any_server, role), acme)
    assert removal.how == f"organization {acme} was removed"
    assert removal.by is not None
    assert removal.by != ""
    assert removal.at is not None


def test_without_the_event_store_the_form_of_a_removed_organization_is_the_proof(
    any_server: Server, clients: Clients
) -> None:
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    any_server.admin.remove_organization(acme)
    removal = no_organization(clients.member(any_server, "IAM_ORG_MANAGER"), acme)
    assert "without a state" in removal.how
    assert (removal.by, removal.at) == (None, None)


def test_the_removal_of_another_organization_proves_nothing(any_server: Server, clients: Clients) -> None:
    acme, emca = (any_server.admin.create_organization(any_server.name(name)) for name in ("Acme", "Emca"))
    any_server.admin.remove_organization(emca)
    assert organization(clients.owner(any_server), acme).active


# Organizations: no proof.


def test_a_token_without_rights_proves_nothing(any_server: Server, clients: Clients) -> None:
    """It gets 404 on a live organization."""
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    for client in (clients.member(any_server), clients.member(any_server, "ORG_OWNER", of=any_server.home)):
        message = organization_in_doubt(client, acme)
        assert acme in message
        assert "IAM_OWNER_VIEWER" in message
        assert "pulumi state delete" in message


def test_a_token_without_rights_proves_nothing_of_what_is_gone_either(any_server: Server, clients: Clients) -> None:
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    any_server.admin.remove_organization(acme)
    organization_in_doubt(clients.member(any_server), acme)
    organization_in_doubt(clients.member(any_server, "ORG_OWNER", of=any_server.home), acme)


def test_an_organization_that_the_instance_never_had_is_not_gone(any_server: Server, clients: Clients) -> None:
    """More likely the address is that of another instance."""
    message = organization_in_doubt(clients.owner(any_server), "42")
    assert "never had organization 42" in message
    assert f"zorg:url ({any_server.proxy.url})" in message


def test_a_lost_header_is_reported_as_that(any_server: Server, clients: Clients) -> None:
    client = clients.owner(any_server)
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    any_server.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        find_organization(client, acme)
    any_server.admin.remove_organization(acme)
    with pytest.raises(HeaderIgnored):
        find_organization(client, acme)


def test_reads_that_are_wrong_do_not_outweigh_the_event_store(any_server: Server, clients: Clients) -> None:
    client = clients.owner(any_server)
    body = '{"code": 5, "message": "Organisation not found (ORG-1)"}'
    any_server.proxy.add(
        Fault("answer", "GET", "/orgs/me", None, status=404, body=body, headers={"Content-Type": "application/json"})
    )
    message = organization_in_doubt(client, any_server.home)
    assert "no removal of it" in message
    assert "404 Organisation not found (ORG-1)" in message


def test_a_record_without_a_state_that_is_not_its_own_is_no_proof(any_server: Server, clients: Clients) -> None:
    """A removed organization is shown as its own owner; whatever else has no state is something else."""
    client = clients.member(any_server, "IAM_ORG_MANAGER")
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    body = f'{{"org": {{"id": "{acme}", "details": {{"resourceOwner": "42"}}}}}}'
    any_server.proxy.add(
        Fault("answer", "GET", "/orgs/me", None, status=200, body=body, headers={"Content-Type": "application/json"})
    )
    organization_in_doubt(client, acme)


@pytest.mark.parametrize("path", ["orgs/me", "events"])
def test_an_answer_of_a_gateway_is_no_proof_for_an_organization(
    any_server: Server, clients: Clients, path: str
) -> None:
    client = clients.owner(any_server)
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    any_server.admin.remove_organization(acme)
    any_server.proxy.add(Fault(path=path, **GATEWAY))
    with pytest.raises(UnexpectedAnswer, match="not in ZITADEL's words"):
        find_organization(client, acme)


# Grants: alive.


def test_a_live_grant_is_found(any_server: Server, clients: Clients) -> None:
    grant = Granted(any_server, clients.owner(any_server))
    found = grant.live()
    assert (found.id, found.org_id, found.active) == (grant.id, any_server.home, True)
    any_server.admin.deactivate_grant(any_server.home, any_server.ann, grant.id)
    assert not grant.live().active


def test_a_grant_loses_a_role_that_its_project_loses_and_lives_on(any_server: Server, clients: Clients) -> None:
    grant = Granted(any_server, clients.owner(any_server))
    for role, left in (("viewer", ("editor",)), ("editor", ())):
        any_server.admin.call(
            "DELETE", f"/management/v1/projects/{any_server.project}/roles/{role}", org=any_server.home
        )
        assert any_server.shows(lambda expected=left: grant.live().role_keys == expected)


def test_who_sees_a_grant_needs_no_event_store(any_server: Server, clients: Clients) -> None:
    grant = Granted(any_server, clients.owner(any_server))
    assert grant.live(clients.member(any_server, "ORG_OWNER", of=any_server.home)).id == grant.id


# Grants: gone, in all ways in which they go.


def removed(grant: Granted) -> None:
    grant.server.admin.remove_grant(grant.org_id, grant.server.ann, grant.id)


def user_removed(grant: Granted) -> None:
    grant.server.admin.remove_user(grant.server.home, grant.server.ann)


def project_removed(grant: Granted) -> None:
    grant.server.admin.call("DELETE", f"/management/v1/projects/{grant.project}", org=grant.server.home)


WAYS = pytest.mark.parametrize("remove", [removed, user_removed, project_removed])


@WAYS
@pytest.mark.parametrize("role", ["IAM_OWNER", "IAM_OWNER_VIEWER"])
def test_a_grant_that_went_is_proven_to_have_gone(
    any_server: Server, clients: Clients, remove: Callable[[Granted], None], role: str
) -> None:
    grant = Granted(any_server, clients.member(any_server, role))
    remove(grant)
    removal = grant.gone()
    assert f"user grant {grant.id} " in removal.how
    assert removal.by is not None
    assert removal.by != ""
    assert removal.at is not None


def test_a_grant_that_was_removed_is_proven_by_who_may_read_all_grants_there_if_a_newer_one_is_listed(
    any_server: Server, clients: Clients
) -> None:
    """There is no change log of user grants. The list must show that it is not behind."""
    server = any_server
    older = server.admin.create_grant(server.home, server.bob, server.project, ["viewer"])
    grant = Granted(server, clients.owner(server))
    removed(grant)
    viewer = clients.member(server, "ORG_OWNER_VIEWER", of=server.home)
    message = grant.in_doubt(viewer)
    assert "Neither reads nor lists have it" in message
    assert f"no newer user grant of organization {server.home}" in message
    assert "IAM_OWNER_VIEWER" in message
    server.admin.remove_grant(server.home, server.bob, older)
    newer = server.admin.create_grant(server.home, server.bob, server.project, ["viewer"])
    assert server.shows(lambda: newer in server.admin.grants(server.home))
    removal = grant.gone(viewer)
    assert "neither listed nor readable" in removal.how
    assert "a newer one is listed" in removal.how


@pytest.mark.parametrize(("remove", "parent"), [(user_removed, "user"), (project_removed, "project")])
def test_a_grant_that_went_with_a_parent_is_proven_by_the_parents_change_log(
    any_server: Server, clients: Clients, remove: Callable[[Granted], None], parent: str
) -> None:
    grant = Granted(any_server, clients.owner(any_server))
    remove(grant)
    removal = grant.gone(clients.member(any_server, "ORG_OWNER_VIEWER", of=any_server.home))
    assert f"went with its {parent} " in removal.how
    assert removal.by
    assert removal.at is not None


def test_a_grant_that_went_with_its_project_grant_is_proven_by_the_change_log_of_the_owner(
    any_server: Server, clients: Clients
) -> None:
    """Only the organization that owns the project has the log. Of the granted organization the log is empty."""
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    granted = server.admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    known = {"org_id": server.home, "project_id": server.project, "granted_org_id": acme}
    viewer = clients.member(server, "ORG_OWNER_VIEWER", of=server.home)
    of_acme = clients.member(server, "ORG_OWNER_VIEWER", of=acme)
    server.admin.call("DELETE", f"/management/v1/projects/{server.project}/grants/{granted}", org=server.home)
    gone = find_record(viewer, PROJECT_GRANT, granted, known)
    assert isinstance(gone, Removal)
    assert gone.how == f"project grant {granted} was removed"
    assert gone.by
    with pytest.raises(NotProven):
        find_record(of_acme, PROJECT_GRANT, granted, known)


def test_a_project_grant_goes_with_the_granted_organization_for_who_may_read_both(
    any_server: Server, clients: Clients
) -> None:
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    granted = server.admin.grant_project(server.home, server.project, acme, ["viewer"])
    known = {"org_id": server.home, "project_id": server.project, "granted_org_id": acme}
    manager = clients.member(server, "IAM_ORG_MANAGER")
    viewer = clients.member(server, "ORG_OWNER_VIEWER", of=server.home)
    server.admin.remove_organization(acme)
    gone = find_record(manager, PROJECT_GRANT, granted, known)
    assert isinstance(gone, Removal)
    assert gone.how == f"project grant {granted} went with its granted organization {acme}"
    with pytest.raises(NotProven, match="its change log has no removal of it"):
        find_record(viewer, PROJECT_GRANT, granted, known)


@pytest.mark.parametrize("kind", ["project", "project grant", "user grant"])
@pytest.mark.parametrize("role", ["ORG_OWNER", "IAM_ORG_MANAGER"])
def test_that_everything_is_absent_at_once_proves_nothing(
    server: Server, clients: Clients, kind: str, role: str
) -> None:
    """So it is after an upgrade, until the server's read models have caught up."""
    admin = server.admin
    acme = admin.create_organization("Acme")
    granted = admin.grant_project(server.home, server.project, acme, ["viewer"])
    grants = [admin.create_grant(server.home, user, server.project, ["viewer"]) for user in (server.ann, server.bob)]
    at_home: dict[str, object] = {"org_id": server.home, "project_id": server.project}
    kind_of, made, known = {
        "project": (PROJECT, server.project, at_home),
        "project grant": (PROJECT_GRANT, granted, {**at_home, "granted_org_id": acme}),
        "user grant": (TYPE, grants[0], {**at_home, "user_id": server.ann}),
    }[kind]
    member = clients.member(server, role, of=server.home if role == "ORG_OWNER" else None)
    make_phantom(server, server.project, granted, *grants)
    with pytest.raises(NotProven):
        find_record(member, kind_of, made, known)


@pytest.mark.parametrize("shown", ["nothing", "another organization's entries"])
def test_a_change_log_that_shows_nothing_of_the_object_proves_nothing(
    any_server: Server, clients: Clients, shown: str
) -> None:
    """The server may keep entries for a time only, and shows no others where it acts on another organization."""
    server = any_server
    project = server.admin.create_project(server.home, "Gone", ["viewer"])
    viewer = clients.member(server, "ORG_OWNER_VIEWER", of=server.home)
    server.admin.call("DELETE", f"/management/v1/projects/{project}", org=server.home)
    change = {
        "eventType": {"key": "EventTypes.project.removed"},
        "changeDate": "2026-11-28T21:00:00Z",
        "resourceOwnerId": "42",
    }
    body = json.dumps({} if shown == "nothing" else {"result": [change]})
    json_type = {"Content-Type": "application/json"}
    server.proxy.add(Fault("answer", path="changes/_search", times=None, status=200, body=body, headers=json_type))
    with pytest.raises(NotProven, match="Its change log shows nothing"):
        find_record(viewer, PROJECT, project, {"org_id": server.home})


def test_a_grant_goes_with_its_project_grant(any_server: Server, clients: Clients) -> None:
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    granted = server.admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), acme)
    assert grant.live().project_grant_id == granted
    server.admin.call("DELETE", f"/management/v1/projects/{server.project}/grants/{granted}", org=server.home)
    removal = grant.gone()
    assert removal.by is not None
    assert removal.at is not None


def test_another_project_grant_takes_no_grant_with_it(any_server: Server, clients: Clients) -> None:
    server = any_server
    acme, emca = (server.admin.create_organization(server.name(name)) for name in ("Acme", "Emca"))
    server.admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    other = server.admin.grant_project(server.home, server.project, emca, ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), acme)
    server.admin.call("DELETE", f"/management/v1/projects/{server.project}/grants/{other}", org=server.home)
    assert grant.live().active


def test_a_grant_loses_a_role_that_its_project_grant_loses_and_lives_on(any_server: Server, clients: Clients) -> None:
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    granted = server.admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), acme)
    server.admin.call(
        "PUT", f"/management/v1/projects/{server.project}/grants/{granted}", {"roleKeys": ["editor"]}, org=server.home
    )
    assert grant.live().role_keys == ("editor",)


def test_a_grant_goes_with_the_organization_that_it_was_made_in(any_server: Server, clients: Clients) -> None:
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    server.admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), acme)
    server.admin.remove_organization(acme)
    assert grant.gone().at is not None
    assert f"went with organization {acme}" in grant.gone(clients.member(server, "IAM_ORG_MANAGER")).how


def test_a_grant_goes_with_the_organization_of_its_user_and_project(any_server: Server, clients: Clients) -> None:
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    server.admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), acme)
    server.admin.remove_organization(server.home)
    assert grant.gone().at is not None


def test_a_grant_goes_with_the_organization_of_its_user(any_server: Server, clients: Clients) -> None:
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    project = server.admin.create_project(acme, "Theirs", ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), acme, project)
    server.admin.remove_organization(server.home)
    assert grant.gone().at is not None


def test_a_grant_goes_with_the_organization_of_its_project(any_server: Server, clients: Clients) -> None:
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    project = server.admin.create_project(acme, "Theirs", ["viewer", "editor"])
    server.admin.grant_project(acme, project, server.home, ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), server.home, project)
    server.admin.remove_organization(acme)
    assert grant.gone().at is not None


def test_a_grant_that_was_made_again_is_another_one(any_server: Server, clients: Clients) -> None:
    first = Granted(any_server, clients.owner(any_server))
    removed(first)
    second = Granted(any_server, first.client)
    assert second.live().active
    assert first.gone().how == f"user grant {first.id} was removed"
    assert first.gone(clients.member(any_server, "ORG_OWNER_VIEWER", of=any_server.home))


# Grants: no proof.


@pytest.mark.parametrize("is_there", [True, False])
def test_a_token_without_rights_proves_nothing_about_a_grant(
    any_server: Server, clients: Clients, is_there: bool
) -> None:
    grant = Granted(any_server, clients.owner(any_server))
    if not is_there:
        removed(grant)
    message = grant.in_doubt(clients.member(any_server))
    assert "pulumi state delete" in message


@pytest.mark.parametrize("is_there", [True, False])
def test_an_owner_of_another_organization_proves_nothing_about_a_grant(
    any_server: Server, clients: Clients, is_there: bool
) -> None:
    server = any_server
    grant = Granted(server, clients.owner(server))
    if not is_there:
        removed(grant)
    acme = server.admin.create_organization(server.name("Acme"))
    grant.in_doubt(clients.member(server, "ORG_OWNER", of=acme))


@pytest.mark.parametrize("is_there", [True, False])
def test_who_may_read_the_organization_but_not_its_grants_proves_nothing(
    any_server: Server, clients: Clients, is_there: bool
) -> None:
    grant = Granted(any_server, clients.owner(any_server))
    if not is_there:
        removed(grant)
    settings_manager = clients.member(any_server, "ORG_SETTINGS_MANAGER", of=any_server.home)
    assert organization(settings_manager, any_server.home).active
    message = grant.in_doubt(settings_manager)
    assert f"lacks user.grant.read in organization {any_server.home}" in message


def test_a_grant_that_the_instance_never_had_is_not_gone(any_server: Server, clients: Clients) -> None:
    client = clients.owner(any_server)
    with pytest.raises(NotProven, match="never had user grant 42") as caught:
        find_user_grant(client, any_server.home, "42", any_server.ann, any_server.project)
    assert f"zorg:url ({any_server.proxy.url})" in str(caught.value)


def test_a_grant_looked_for_in_another_organization_is_not_gone(any_server: Server, clients: Clients) -> None:
    grant = Granted(any_server, clients.owner(any_server))
    acme = any_server.admin.create_organization(any_server.name("Acme"))
    message = grant.in_doubt(org_id=acme)
    assert f"is not in organization {acme} but in {any_server.home}" in message
    assert "correct org_id" in message


def test_a_lost_header_makes_no_phantom_of_a_live_grant(any_server: Server, clients: Clients) -> None:
    grant = Granted(any_server, clients.owner(any_server))
    any_server.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        grant.find()


def test_a_lost_header_is_no_proof_for_who_cannot_read_the_event_store(any_server: Server, clients: Clients) -> None:
    server = any_server
    acme = server.admin.create_organization(server.name("Acme"))
    server.admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), acme)
    viewer = clients.member(server, "ORG_OWNER_VIEWER", of=acme)
    server.admin.add_member(server.home, viewer.caller.me().id, "ORG_OWNER_VIEWER")
    server.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        grant.find(viewer)


@pytest.mark.parametrize("path", ["/grants/", "/events/", "/orgs/me", "/permissions/", "/changes/", "/grants/_search"])
def test_an_answer_of_a_gateway_is_no_proof_for_a_grant(any_server: Server, clients: Clients, path: str) -> None:
    grant = Granted(any_server, clients.owner(any_server))
    removed(grant)
    viewer = clients.member(any_server, "ORG_OWNER_VIEWER", of=any_server.home)
    any_server.proxy.add(Fault(path=path, **GATEWAY))
    with pytest.raises(UnexpectedAnswer, match="not in ZITADEL's words"):
        grant.find(viewer)


def test_without_user_and_project_a_reader_of_the_grants_cannot_tell(any_server: Server, clients: Clients) -> None:
    """As for ``get``, which knows the id alone."""
    grant = Granted(any_server, clients.owner(any_server))
    removed(grant)
    viewer = clients.member(any_server, "ORG_OWNER_VIEWER", of=any_server.home)
    with pytest.raises(NotProven):
        find_user_grant(viewer, any_server.home, grant.id, None, None)


# Phantoms: live grants that a server's reads do not show, to anybody, for good.


def make_phantom(server: Server, *ids: str) -> None:
    httpx.post(f"{server.proxy.target}/debug/phantoms", json={"ids": ids}).raise_for_status()


def test_a_phantom_is_found_as_its_events_show_it(server: Server, clients: Clients) -> None:
    grant = Granted(server, clients.owner(server))
    before = grant.live()
    make_phantom(server, grant.id)
    found = grant.find()
    assert isinstance(found, PhantomGrantRecord)
    assert found.active
    for name in ("id", "user_id", "project_id", "project_grant_id", "state", "org_id"):
        assert getattr(found, name) == getattr(before, name)
    assert sorted(found.role_keys) == sorted(before.role_keys)


@pytest.mark.parametrize("parent", ["exists", "was removed"])
def test_a_phantom_whose_creation_the_event_store_hides_stays_in_doubt(
    server: Server, clients: Clients, parent: str
) -> None:
    """A server may hide events of a certain age. The roles of the grant are not known then."""
    grant = Granted(server, clients.owner(server))
    server.admin.deactivate_grant(server.home, server.ann, grant.id)
    make_phantom(server, grant.id)
    found = server.admin.call("POST", "/admin/v1/events/_search", {"aggregateId": grant.id, "asc": True})["events"]
    body, answer = json.dumps({"events": found[1:]}), {"Content-Type": "application/json"}
    server.proxy.add(Fault("answer", path="events/_search", times=1, status=200, body=body, headers=answer))
    if parent == "was removed":
        user_removed(grant)
        assert f"went with its user {server.ann}" in grant.gone().how
    else:
        assert "has no removal of it" in grant.in_doubt()


def test_what_is_done_to_a_phantom_shows(server: Server, clients: Clients) -> None:
    grant = Granted(server, clients.owner(server))
    make_phantom(server, grant.id)

    def state() -> tuple[str, list[str]]:
        found = grant.find()
        assert isinstance(found, UserGrantRecord)
        return found.state, sorted(found.role_keys)

    server.admin.deactivate_grant(server.home, server.ann, grant.id)
    assert state() == ("USER_GRANT_STATE_INACTIVE", ["editor", "viewer"])
    server.admin.set_roles(server.home, server.ann, grant.id, ["admin", "viewer"])
    assert state() == ("USER_GRANT_STATE_INACTIVE", ["admin", "viewer"])
    server.admin.reactivate_grant(server.home, server.ann, grant.id)
    assert state() == ("USER_GRANT_STATE_ACTIVE", ["admin", "viewer"])
    server.admin.set_roles(server.home, server.ann, grant.id, [])
    assert state() == ("USER_GRANT_STATE_ACTIVE", [])


@WAYS
def test_a_phantom_goes_like_any_other_grant(
    server: Server, clients: Clients, remove: Callable[[Granted], None]
) -> None:
    grant = Granted(server, clients.owner(server))
    make_phantom(server, grant.id)
    remove(grant)
    assert grant.gone().at is not None


def test_a_phantom_goes_with_its_organization(server: Server, clients: Clients) -> None:
    acme = server.admin.create_organization("Acme")
    server.admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), acme)
    make_phantom(server, grant.id)
    server.admin.remove_organization(acme)
    assert grant.gone().at is not None


def test_a_phantom_does_not_go_with_what_is_not_its_own(server: Server, clients: Clients) -> None:
    acme, emca = server.admin.create_organization("Acme"), server.admin.create_organization("Emca")
    server.admin.grant_project(server.home, server.project, acme, ["viewer", "editor"])
    other = server.admin.grant_project(server.home, server.project, emca, ["viewer", "editor"])
    grant = Granted(server, clients.owner(server), acme)
    make_phantom(server, grant.id)
    server.admin.call("DELETE", f"/management/v1/projects/{server.project}/grants/{other}", org=server.home)
    server.admin.remove_organization(emca)
    server.admin.remove_user(server.home, server.bob)
    found = grant.find()
    assert isinstance(found, PhantomGrantRecord)


def test_a_phantom_is_not_looked_for_where_the_header_is_lost(server: Server, clients: Clients) -> None:
    grant = Granted(server, clients.owner(server))
    make_phantom(server, grant.id)
    server.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        grant.find()

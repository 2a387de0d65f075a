"""Is it gone? Each verdict, over HTTP: what counts as proof, what does not, and that no object counts as removed
because a caller could not see it."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest

from pulumi_zorg.client import Client
from pulumi_zorg.errors import HeaderIgnored, NotProven, UnexpectedAnswer
from pulumi_zorg.models import OrganizationRecord
from pulumi_zorg.proof import Removal, find_organization, find_record
from pulumi_zorg.resource_types.user_grant.calls import PhantomGrantRecord, UserGrantRecord
from pulumi_zorg.resource_types.user_grant.declaration import TYPE
from pulumi_zorg.testing import Fault
from tests.support.servers import World
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
    assert "stays in the state" in str(caught.value)
    return str(caught.value)


def find_user_grant(
    client: Client, org_id: str, grant_id: str, user_id: str | None, project_id: str | None
) -> UserGrantRecord | Removal:
    found = find_record(client, TYPE, grant_id, {"org_id": org_id, "user_id": user_id, "project_id": project_id})
    assert isinstance(found, UserGrantRecord | Removal)
    return found


class Granted:
    """A grant of ann's in the furniture's organization, or in another one."""

    def __init__(self, world: World, client: Client, org_id: str | None = None, project: str | None = None) -> None:
        self.world, self.client = world, client
        self.org_id, self.project = org_id or world.home, project or world.project
        self.id = world.console.create_grant(self.org_id, world.ann, self.project, ["viewer", "editor"])

    def find(self, client: Client | None = None, org_id: str | None = None) -> UserGrantRecord | Removal:
        return find_user_grant(client or self.client, org_id or self.org_id, self.id, self.world.ann, self.project)

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
        assert "stays in the state" in str(caught.value)
        return str(caught.value)


# Organizations: who may read everything.


@pytest.mark.parametrize("role", ["IAM_OWNER", "IAM_OWNER_VIEWER", "IAM_ORG_MANAGER"])
def test_a_live_organization_is_found(any_world: World, clients: Clients, role: str) -> None:
    acme = any_world.console.create_organization(any_world.name("Acme"))
    client = clients.member(any_world, role)
    assert organization(client, acme).active
    any_world.console.deactivate_organization(acme)
    assert not organization(client, acme).active


@pytest.mark.parametrize("role", ["IAM_OWNER", "IAM_OWNER_VIEWER"])
def test_a_removal_is_proven_by_its_event_with_author_and_time(any_world: World, clients: Clients, role: str) -> None:
    acme = any_world.console.create_organization(any_world.name("Acme"))
    any_world.console.remove_organization(acme)
    removal = no_organization(clients.member(any_world, role), acme)
    assert removal.how == f"organization {acme} was removed"
    assert removal.by is not None
    assert removal.by != ""
    assert removal.at is not None


def test_without_the_event_store_the_form_of_a_removed_organization_is_the_proof(
    any_world: World, clients: Clients
) -> None:
    acme = any_world.console.create_organization(any_world.name("Acme"))
    any_world.console.remove_organization(acme)
    removal = no_organization(clients.member(any_world, "IAM_ORG_MANAGER"), acme)
    assert "without a state" in removal.how
    assert (removal.by, removal.at) == (None, None)


def test_the_removal_of_another_organization_proves_nothing(any_world: World, clients: Clients) -> None:
    acme, emca = (any_world.console.create_organization(any_world.name(name)) for name in ("Acme", "Emca"))
    any_world.console.remove_organization(emca)
    assert organization(clients.owner(any_world), acme).active


# Organizations: no proof.


def test_a_token_without_rights_proves_nothing(any_world: World, clients: Clients) -> None:
    """It gets 404 on a live organization."""
    acme = any_world.console.create_organization(any_world.name("Acme"))
    for client in (clients.member(any_world), clients.member(any_world, "ORG_OWNER", of=any_world.home)):
        message = organization_in_doubt(client, acme)
        assert acme in message
        assert "IAM_OWNER_VIEWER" in message
        assert "pulumi state delete" in message


def test_a_token_without_rights_proves_nothing_of_what_is_gone_either(any_world: World, clients: Clients) -> None:
    acme = any_world.console.create_organization(any_world.name("Acme"))
    any_world.console.remove_organization(acme)
    organization_in_doubt(clients.member(any_world), acme)
    organization_in_doubt(clients.member(any_world, "ORG_OWNER", of=any_world.home), acme)


def test_an_organization_that_the_instance_never_had_is_not_gone(any_world: World, clients: Clients) -> None:
    """More likely the address is that of another instance."""
    message = organization_in_doubt(clients.owner(any_world), "42")
    assert "never had organization 42" in message
    assert f"zorg:url ({any_world.proxy.url})" in message


def test_a_lost_header_is_reported_as_that(any_world: World, clients: Clients) -> None:
    client = clients.owner(any_world)
    acme = any_world.console.create_organization(any_world.name("Acme"))
    any_world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        find_organization(client, acme)
    any_world.console.remove_organization(acme)
    with pytest.raises(HeaderIgnored):
        find_organization(client, acme)


def test_reads_that_are_wrong_do_not_outweigh_the_event_store(any_world: World, clients: Clients) -> None:
    client = clients.owner(any_world)
    body = '{"code": 5, "message": "Organisation not found (ORG-1)"}'
    any_world.proxy.add(
        Fault("answer", "GET", "/orgs/me", None, status=404, body=body, headers={"Content-Type": "application/json"})
    )
    message = organization_in_doubt(client, any_world.home)
    assert "no removal of it" in message
    assert "404 Organisation not found (ORG-1)" in message


def test_a_record_without_a_state_that_is_not_its_own_is_no_proof(any_world: World, clients: Clients) -> None:
    """A removed organization is shown as its own owner; whatever else has no state is something else."""
    client = clients.member(any_world, "IAM_ORG_MANAGER")
    acme = any_world.console.create_organization(any_world.name("Acme"))
    body = f'{{"org": {{"id": "{acme}", "details": {{"resourceOwner": "42"}}}}}}'
    any_world.proxy.add(
        Fault("answer", "GET", "/orgs/me", None, status=200, body=body, headers={"Content-Type": "application/json"})
    )
    organization_in_doubt(client, acme)


@pytest.mark.parametrize("path", ["orgs/me", "events"])
def test_an_answer_of_a_gateway_is_no_proof_for_an_organization(any_world: World, clients: Clients, path: str) -> None:
    client = clients.owner(any_world)
    acme = any_world.console.create_organization(any_world.name("Acme"))
    any_world.console.remove_organization(acme)
    any_world.proxy.add(Fault(path=path, **GATEWAY))
    with pytest.raises(UnexpectedAnswer, match="not in ZITADEL's words"):
        find_organization(client, acme)


# Grants: alive.


def test_a_live_grant_is_found(any_world: World, clients: Clients) -> None:
    grant = Granted(any_world, clients.owner(any_world))
    found = grant.live()
    assert (found.id, found.org_id, found.active) == (grant.id, any_world.home, True)
    any_world.console.deactivate_grant(any_world.home, any_world.ann, grant.id)
    assert not grant.live().active


def test_a_grant_loses_a_role_that_its_project_loses_and_lives_on(any_world: World, clients: Clients) -> None:
    grant = Granted(any_world, clients.owner(any_world))
    for role, left in (("viewer", ("editor",)), ("editor", ())):
        any_world.console.call(
            "DELETE", f"/management/v1/projects/{any_world.project}/roles/{role}", org=any_world.home
        )
        assert grant.live().role_keys == left


def test_who_sees_a_grant_needs_no_event_store(any_world: World, clients: Clients) -> None:
    grant = Granted(any_world, clients.owner(any_world))
    assert grant.live(clients.member(any_world, "ORG_OWNER", of=any_world.home)).id == grant.id


# Grants: gone, in all ways in which they go.


def removed(grant: Granted) -> None:
    grant.world.console.remove_grant(grant.org_id, grant.world.ann, grant.id)


def user_removed(grant: Granted) -> None:
    grant.world.console.remove_user(grant.world.home, grant.world.ann)


def project_removed(grant: Granted) -> None:
    grant.world.console.call("DELETE", f"/management/v1/projects/{grant.project}", org=grant.world.home)


WAYS = pytest.mark.parametrize("remove", [removed, user_removed, project_removed])


@WAYS
@pytest.mark.parametrize("role", ["IAM_OWNER", "IAM_OWNER_VIEWER"])
def test_a_grant_that_went_is_proven_to_have_gone(
    any_world: World, clients: Clients, remove: Callable[[Granted], None], role: str
) -> None:
    grant = Granted(any_world, clients.member(any_world, role))
    remove(grant)
    removal = grant.gone()
    assert f"user grant {grant.id} " in removal.how
    assert removal.by is not None
    assert removal.by != ""
    assert removal.at is not None


@WAYS
def test_a_grant_that_went_is_proven_by_who_may_read_all_grants_there(
    any_world: World, clients: Clients, remove: Callable[[Granted], None]
) -> None:
    """Neither a read nor the list has it, and the caller may read every grant of the organization."""
    grant = Granted(any_world, clients.owner(any_world))
    remove(grant)
    removal = grant.gone(clients.member(any_world, "ORG_OWNER_VIEWER", of=any_world.home))
    assert "neither listed nor readable" in removal.how


def test_a_grant_goes_with_its_project_grant(any_world: World, clients: Clients) -> None:
    world = any_world
    acme = world.console.create_organization(world.name("Acme"))
    granted = world.console.grant_project(world.home, world.project, acme, ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), acme)
    assert grant.live().project_grant_id == granted
    world.console.call("DELETE", f"/management/v1/projects/{world.project}/grants/{granted}", org=world.home)
    removal = grant.gone()
    assert removal.by is not None
    assert removal.at is not None


def test_another_project_grant_takes_no_grant_with_it(any_world: World, clients: Clients) -> None:
    world = any_world
    acme, emca = (world.console.create_organization(world.name(name)) for name in ("Acme", "Emca"))
    world.console.grant_project(world.home, world.project, acme, ["viewer", "editor"])
    other = world.console.grant_project(world.home, world.project, emca, ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), acme)
    world.console.call("DELETE", f"/management/v1/projects/{world.project}/grants/{other}", org=world.home)
    assert grant.live().active


def test_a_grant_loses_a_role_that_its_project_grant_loses_and_lives_on(any_world: World, clients: Clients) -> None:
    world = any_world
    acme = world.console.create_organization(world.name("Acme"))
    granted = world.console.grant_project(world.home, world.project, acme, ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), acme)
    world.console.call(
        "PUT", f"/management/v1/projects/{world.project}/grants/{granted}", {"roleKeys": ["editor"]}, org=world.home
    )
    assert grant.live().role_keys == ("editor",)


def test_a_grant_goes_with_the_organization_that_it_was_made_in(any_world: World, clients: Clients) -> None:
    world = any_world
    acme = world.console.create_organization(world.name("Acme"))
    world.console.grant_project(world.home, world.project, acme, ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), acme)
    world.console.remove_organization(acme)
    assert grant.gone().at is not None
    assert f"went with organization {acme}" in grant.gone(clients.member(world, "IAM_ORG_MANAGER")).how


def test_a_grant_goes_with_the_organization_of_its_user_and_project(any_world: World, clients: Clients) -> None:
    world = any_world
    acme = world.console.create_organization(world.name("Acme"))
    world.console.grant_project(world.home, world.project, acme, ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), acme)
    world.console.remove_organization(world.home)
    assert grant.gone().at is not None


def test_a_grant_goes_with_the_organization_of_its_user(any_world: World, clients: Clients) -> None:
    world = any_world
    acme = world.console.create_organization(world.name("Acme"))
    project = world.console.create_project(acme, "Theirs", ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), acme, project)
    world.console.remove_organization(world.home)
    assert grant.gone().at is not None


def test_a_grant_goes_with_the_organization_of_its_project(any_world: World, clients: Clients) -> None:
    world = any_world
    acme = world.console.create_organization(world.name("Acme"))
    project = world.console.create_project(acme, "Theirs", ["viewer", "editor"])
    world.console.grant_project(acme, project, world.home, ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), world.home, project)
    world.console.remove_organization(acme)
    assert grant.gone().at is not None


def test_a_grant_that_was_made_again_is_another_one(any_world: World, clients: Clients) -> None:
    first = Granted(any_world, clients.owner(any_world))
    removed(first)
    second = Granted(any_world, first.client)
    assert second.live().active
    assert first.gone().how == f"user grant {first.id} was removed"
    assert first.gone(clients.member(any_world, "ORG_OWNER_VIEWER", of=any_world.home))


# Grants: no proof.


@pytest.mark.parametrize("is_there", [True, False])
def test_a_token_without_rights_proves_nothing_about_a_grant(
    any_world: World, clients: Clients, is_there: bool
) -> None:
    grant = Granted(any_world, clients.owner(any_world))
    if not is_there:
        removed(grant)
    message = grant.in_doubt(clients.member(any_world))
    assert "pulumi state delete" in message


@pytest.mark.parametrize("is_there", [True, False])
def test_an_owner_of_another_organization_proves_nothing_about_a_grant(
    any_world: World, clients: Clients, is_there: bool
) -> None:
    world = any_world
    grant = Granted(world, clients.owner(world))
    if not is_there:
        removed(grant)
    acme = world.console.create_organization(world.name("Acme"))
    grant.in_doubt(clients.member(world, "ORG_OWNER", of=acme))


@pytest.mark.parametrize("is_there", [True, False])
def test_who_may_read_the_organization_but_not_its_grants_proves_nothing(
    any_world: World, clients: Clients, is_there: bool
) -> None:
    grant = Granted(any_world, clients.owner(any_world))
    if not is_there:
        removed(grant)
    settings_manager = clients.member(any_world, "ORG_SETTINGS_MANAGER", of=any_world.home)
    assert organization(settings_manager, any_world.home).active
    message = grant.in_doubt(settings_manager)
    assert f"lacks user.grant.read in organization {any_world.home}" in message


def test_a_grant_that_the_instance_never_had_is_not_gone(any_world: World, clients: Clients) -> None:
    client = clients.owner(any_world)
    with pytest.raises(NotProven, match="never had user grant 42") as caught:
        find_user_grant(client, any_world.home, "42", any_world.ann, any_world.project)
    assert f"zorg:url ({any_world.proxy.url})" in str(caught.value)


def test_a_grant_looked_for_in_another_organization_is_not_gone(any_world: World, clients: Clients) -> None:
    grant = Granted(any_world, clients.owner(any_world))
    acme = any_world.console.create_organization(any_world.name("Acme"))
    message = grant.in_doubt(org_id=acme)
    assert f"is not in organization {acme} but in {any_world.home}" in message
    assert "correct org_id" in message


def test_a_lost_header_makes_no_phantom_of_a_live_grant(any_world: World, clients: Clients) -> None:
    grant = Granted(any_world, clients.owner(any_world))
    any_world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        grant.find()


def test_a_lost_header_is_no_proof_for_who_cannot_read_the_event_store(any_world: World, clients: Clients) -> None:
    world = any_world
    acme = world.console.create_organization(world.name("Acme"))
    world.console.grant_project(world.home, world.project, acme, ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), acme)
    viewer = clients.member(world, "ORG_OWNER_VIEWER", of=acme)
    world.console.add_member(world.home, viewer.identity.me().id, "ORG_OWNER_VIEWER")
    world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        grant.find(viewer)


@pytest.mark.parametrize("path", ["/grants/", "/events/", "/orgs/me", "/permissions/", "/grants/_search"])
def test_an_answer_of_a_gateway_is_no_proof_for_a_grant(any_world: World, clients: Clients, path: str) -> None:
    grant = Granted(any_world, clients.owner(any_world))
    removed(grant)
    viewer = clients.member(any_world, "ORG_OWNER_VIEWER", of=any_world.home)
    any_world.proxy.add(Fault(path=path, **GATEWAY))
    with pytest.raises(UnexpectedAnswer, match="not in ZITADEL's words"):
        grant.find(viewer)


def test_without_user_and_project_a_reader_of_the_grants_cannot_tell(any_world: World, clients: Clients) -> None:
    """As for ``get``, which knows the id alone."""
    grant = Granted(any_world, clients.owner(any_world))
    removed(grant)
    viewer = clients.member(any_world, "ORG_OWNER_VIEWER", of=any_world.home)
    with pytest.raises(NotProven):
        find_user_grant(viewer, any_world.home, grant.id, None, None)


# Phantoms: live grants that a server's reads do not show, to anybody, for good.


def make_phantom(world: World, grant_id: str) -> None:
    httpx.post(f"{world.proxy.target}/debug/phantoms", json={"ids": [grant_id]}).raise_for_status()


def test_a_phantom_is_found_as_its_events_show_it(world: World, clients: Clients) -> None:
    grant = Granted(world, clients.owner(world))
    before = grant.live()
    make_phantom(world, grant.id)
    found = grant.find()
    assert isinstance(found, PhantomGrantRecord)
    assert found.active
    for name in ("id", "user_id", "project_id", "project_grant_id", "state", "org_id"):
        assert getattr(found, name) == getattr(before, name)
    assert sorted(found.role_keys) == sorted(before.role_keys)


def test_what_is_done_to_a_phantom_shows(world: World, clients: Clients) -> None:
    grant = Granted(world, clients.owner(world))
    make_phantom(world, grant.id)

    def state() -> tuple[str, list[str]]:
        found = grant.find()
        assert isinstance(found, UserGrantRecord)
        return found.state, sorted(found.role_keys)

    world.console.deactivate_grant(world.home, world.ann, grant.id)
    assert state() == ("USER_GRANT_STATE_INACTIVE", ["editor", "viewer"])
    world.console.set_roles(world.home, world.ann, grant.id, ["admin", "viewer"])
    assert state() == ("USER_GRANT_STATE_INACTIVE", ["admin", "viewer"])
    world.console.reactivate_grant(world.home, world.ann, grant.id)
    assert state() == ("USER_GRANT_STATE_ACTIVE", ["admin", "viewer"])
    world.console.set_roles(world.home, world.ann, grant.id, [])
    assert state() == ("USER_GRANT_STATE_ACTIVE", [])


@WAYS
def test_a_phantom_goes_like_any_other_grant(world: World, clients: Clients, remove: Callable[[Granted], None]) -> None:
    grant = Granted(world, clients.owner(world))
    make_phantom(world, grant.id)
    remove(grant)
    assert grant.gone().at is not None


def test_a_phantom_goes_with_its_organization(world: World, clients: Clients) -> None:
    acme = world.console.create_organization("Acme")
    world.console.grant_project(world.home, world.project, acme, ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), acme)
    make_phantom(world, grant.id)
    world.console.remove_organization(acme)
    assert grant.gone().at is not None


def test_a_phantom_does_not_go_with_what_is_not_its_own(world: World, clients: Clients) -> None:
    acme, emca = world.console.create_organization("Acme"), world.console.create_organization("Emca")
    world.console.grant_project(world.home, world.project, acme, ["viewer", "editor"])
    other = world.console.grant_project(world.home, world.project, emca, ["viewer", "editor"])
    grant = Granted(world, clients.owner(world), acme)
    make_phantom(world, grant.id)
    world.console.call("DELETE", f"/management/v1/projects/{world.project}/grants/{other}", org=world.home)
    world.console.remove_organization(emca)
    world.console.remove_user(world.home, world.bob)
    found = grant.find()
    assert isinstance(found, PhantomGrantRecord)


def test_a_phantom_is_not_looked_for_where_the_header_is_lost(world: World, clients: Clients) -> None:
    grant = Granted(world, clients.owner(world))
    make_phantom(world, grant.id)
    world.proxy.add(Fault("strip", times=None))
    with pytest.raises(HeaderIgnored):
        grant.find()

"""The lookups of a program, against the emulator, and with mocks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from typing import Any, cast

import httpx
import pulumi
import pytest

import pulumi_zorg as zorg
from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.resource_types.inputs import check_inputs
from pulumi_zorg.resource_types.project import calls
from pulumi_zorg.resource_types.project.inputs import ProjectInputs
from pulumi_zorg.testing import Fault
from tests.support.lookups import Program, program
from tests.support.servers import Server, emulated


@dataclass
class Tenants:
    """What the tests find on the server."""

    server: Server
    acme: str
    ann: str
    portal: str
    granted: str
    grant: str


@pytest.fixture(scope="module")
def tenants() -> Iterator[Tenants]:
    """Two organizations, one of them inactive, with a user, a project, a project grant and a user grant."""
    with emulated() as server:
        admin = server.admin
        acme = admin.create_organization("Acme")
        admin.deactivate_organization(admin.create_organization("Acme Labs"))
        ann = server.create_person(acme, "ann.berg")
        portal = admin.create_project(acme, "Shop", ["viewer"])
        granted = admin.grant_project(acme, portal, server.home, ["viewer"])
        grant = admin.create_grant(acme, ann, portal, ["viewer"])
        yield Tenants(server, acme, ann, portal, granted, grant)


@pytest.fixture(autouse=True)
def _a_program(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> Iterator[Program]:
    """A program that begins now, with the instance owner's credential in its environment."""
    tenants.server.proxy.clear()
    with program(tenants.server, monkeypatch) as started_program:
        yield started_program


def test_an_organization_is_found_by_each_of_its_names(tenants: Tenants) -> None:
    found = zorg.get_organization(name="Acme")
    assert asdict(found) == {
        "id": tenants.acme,
        "name": "Acme",
        "primary_domain": "acme.localhost",
        "active": True,
        "state": "ORG_STATE_ACTIVE",
    }
    assert zorg.get_organization(id=tenants.acme) == zorg.get_organization(domain="acme.localhost") == found


def test_organizations_are_filtered_by_a_part_of_the_name_and_by_state() -> None:
    assert [each.name for each in zorg.get_organizations(name_contains="ACME")] == ["Acme", "Acme Labs"]
    assert [each.name for each in zorg.get_organizations(state="inactive")] == ["Acme Labs"]
    assert zorg.get_organizations(name_contains="nobody") == ()


def test_a_user_is_found_by_each_of_its_names(tenants: Tenants) -> None:
    found = zorg.get_user(email="ann.berg@example.com", org_id=tenants.acme)
    assert (found.id, found.org_id, found.user_name, found.type) == (tenants.ann, tenants.acme, "ann.berg", "human")
    assert (found.display_name, found.email, found.email_verified) == ("ann.berg Berg", "ann.berg@example.com", True)
    assert zorg.get_user(id=tenants.ann, org_id=tenants.acme) == zorg.get_user(user_name="ann.berg") == found
    assert zorg.get_user(login_name=found.preferred_login_name) == found
    bob = zorg.get_user(id=tenants.server.bob)
    assert (bob.type, bob.email, bob.email_verified) == ("machine", None, None)


def test_a_user_with_an_address_that_is_not_verified_is_found_only_where_the_program_accepts_it(
    tenants: Tenants,
) -> None:
    admin, acme = tenants.server.admin, tenants.acme
    mallory = tenants.server.create_person(acme, "mallory", email="ceo@example.com", verified=False)
    with pytest.raises(
        zorg.UntrustedMatch, match=r"the address is not verified: .+ give its id, or allow_unverified=True"
    ):
        zorg.get_user(email="ceo@example.com", org_id=acme)
    found = zorg.get_user(email="ceo@example.com", org_id=acme, allow_unverified=True)
    assert (found.id, found.email_verified) == (mallory, False)
    assert zorg.get_user(id=mallory) == zorg.get_user(user_name="mallory") == found
    assert [each.email_verified for each in zorg.get_users(org_id=acme, email_contains="ceo")] == [False]
    admin.remove_user(acme, mallory)


def test_an_address_in_an_organization_that_was_not_named_is_found_only_where_the_program_accepts_it(
    tenants: Tenants,
) -> None:
    with pytest.raises(
        zorg.UntrustedMatch, match=r"not in the credential's own organization \d+\. .+ any_organization=True"
    ):
        zorg.get_user(email="ann.berg@example.com")
    found = zorg.get_user(email="ann.berg@example.com", any_organization=True)
    assert found == zorg.get_user(email="ann.berg@example.com", org_id=tenants.acme)
    own = zorg.get_organization(name="ZITADEL").id
    dora = tenants.server.create_person(own, "dora")
    namesake = tenants.server.create_person(tenants.acme, "other.dora", email="dora@example.com")
    assert zorg.get_user(email="dora@example.com").id == dora
    tenants.server.admin.remove_user(tenants.acme, namesake)
    tenants.server.admin.remove_user(own, dora)


def test_users_are_filtered(tenants: Tenants) -> None:
    home = tenants.server.home
    assert [each.user_name for each in zorg.get_users(org_id=home)] == ["ann", "bob"]
    assert [each.id for each in zorg.get_users(email_contains="EXAMPLE.com", type="human")] == [tenants.ann]
    assert zorg.get_users(org_id=home, state="inactive") == zorg.get_users(org_id=home, type="human") == ()


def test_a_project_is_found_by_name_and_by_id(tenants: Tenants) -> None:
    found = zorg.get_project(name="Shop")
    assert (found.id, found.org_id, found.name, found.active) == (tenants.portal, tenants.acme, "Shop", True)
    assert zorg.get_project(id=tenants.portal, org_id=tenants.acme) == found


def test_a_project_has_the_roles_that_a_resource_takes_and_shows(tenants: Tenants) -> None:
    roles = {"viewer": {"display_name": "viewer", "group": ""}}
    found = zorg.get_project(name="Shop")
    assert found.roles == roles
    assert check_inputs(ProjectInputs, {"org_id": "1", "name": "Shop", "roles": found.roles})[0]["roles"] == roles
    assert zorg.get_project_roles(project_id=tenants.portal) == zorg.get_project_roles(project_name="Shop") == roles
    assert hash(found) == hash(zorg.get_project(id=tenants.portal)), "lookups return values"


def test_a_program_that_changes_the_roles_that_it_got_changes_no_later_answer() -> None:
    """An answer is kept, and given to all who ask the same."""
    for find in (lambda: zorg.get_project(name="Shop").roles, lambda: zorg.get_project_roles(project_name="Shop")):
        roles = cast(dict[str, Any], find())
        roles["viewer"]["group"] = roles["auditor"] = "Auditor"
        assert find() == {"viewer": {"display_name": "viewer", "group": ""}}


def test_the_roles_take_one_call_more_for_whoever_may_read_the_event_store(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, admin, acme = tenants.server.proxy, tenants.server.admin, tenants.acme
    zorg.get_project_roles(project_id=tenants.portal, org_id=acme)
    zorg.get_project(name="Shop")
    assert len(proxy.exchanges) == 2 + 2
    zorg.get_project_roles(project_id=tenants.portal, granted_org_id=tenants.server.home)
    assert len(proxy.exchanges) == 4 + 2
    user = admin.create_user(acme, "viewer")
    admin.add_member(acme, user, "ORG_OWNER_VIEWER")
    monkeypatch.setenv("ZITADEL_TOKEN", admin.create_token(acme, user))
    assert list(zorg.get_project(id=tenants.portal).roles) == ["viewer"]
    assert len(proxy.exchanges) == 6 + 3
    admin.remove_user(acme, user)


def test_all_pages_of_granted_roles_are_read(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    admin, acme, home = tenants.server.admin, tenants.acme, tenants.server.home
    many = admin.create_project(acme, "Many", [f"role{number:02}" for number in range(25)])
    admin.grant_project(acme, many, home, [f"role{number:02}" for number in range(22)])
    monkeypatch.setattr(calls, "PAGE", 10)
    found = zorg.get_project_roles(project_name="Many", granted_org_id=home)
    assert list(found) == [f"role{number:02}" for number in range(22)]
    assert len(tenants.server.proxy.exchanges) == 1 + 3
    admin.remove_project(acme, many)


def test_a_project_grant_and_user_grants_are_found(tenants: Tenants) -> None:
    granted = zorg.get_project_grant(org_id=tenants.acme, project_id=tenants.portal, granted_org_id=tenants.server.home)
    assert (granted.id, granted.role_keys, granted.active) == (tenants.granted, ("viewer",), True)
    (grant,) = zorg.get_user_grants(org_id=tenants.acme)
    assert (grant.id, grant.user_id, grant.project_id) == (tenants.grant, tenants.ann, tenants.portal)
    assert (grant.project_grant_id, grant.role_keys, grant.state) == (None, ("viewer",), "USER_GRANT_STATE_ACTIVE")
    assert zorg.get_user_grants(user_id=tenants.ann) == zorg.get_user_grants(project_id=tenants.portal) == (grant,)
    assert zorg.get_user_grants(user_id=tenants.server.bob) == ()


def test_the_same_question_is_asked_once(tenants: Tenants) -> None:
    for _ in range(3):
        zorg.get_organization(name="Acme")
        zorg.get_organizations(state="active")
    assert len(tenants.server.proxy.exchanges) == 2


def test_a_question_without_an_answer_and_one_of_several_threads_are_asked_once(tenants: Tenants) -> None:
    for _ in range(2):
        with pytest.raises(zorg.NoMatch):
            zorg.get_organization(id="42")
    asked = len(tenants.server.proxy.exchanges)
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(lambda _: zorg.get_user(id=tenants.ann), range(8)))
    assert len(set(found)) == 1
    # An unknown id is read, and then searched.
    assert (asked, len(tenants.server.proxy.exchanges)) == (2, 3)


def test_all_pages_are_read(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ObjectList, "size", property(lambda listed: 1))
    assert {each.user_name for each in zorg.get_users(org_id=tenants.server.home)} == {"ann", "bob"}
    assert len(zorg.get_organizations()) == 4
    assert len(tenants.server.proxy.exchanges) == 2 + 4


def test_what_lists_do_not_show_yet_is_found_by_its_id(tenants: Tenants) -> None:
    """Lists of a real server lag behind the last writes; reads by id do not."""
    server, admin = tenants.server, tenants.server.admin
    new = admin.create_organization("New")
    try:
        httpx.post(f"{server.proxy.url}/debug/lag", json={"seconds": 60}).raise_for_status()
        shop, user = admin.create_project(new, "New shop"), admin.create_user(new, "newcomer")
        assert zorg.get_organizations(name_contains="New") == (), "the list lags"
        assert zorg.get_organization(id=new).name == "New"
        assert zorg.get_project(id=shop) == zorg.get_project(id=shop, org_id=new)
        assert zorg.get_user(id=user).org_id == zorg.get_user(id=user, org_id=new).org_id == new
    finally:
        httpx.post(f"{server.proxy.url}/debug/lag", json={"seconds": 0}).raise_for_status()
        admin.remove_organization(new)


def test_a_server_without_the_v2_api_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    with emulated("seeds") as server, program(server, monkeypatch):
        home, portal = server.home, server.project
        found = zorg.get_project(name="Portal", org_id=home)
        assert found == zorg.get_project(id=portal, org_id=home)
        assert found.roles == zorg.get_project_roles(project_name="Portal", org_id=home)
        assert list(found.roles) == ["admin", "editor", "viewer"]
        acme = server.admin.create_organization("Acme")
        server.admin.grant_project(home, portal, acme, ["viewer"])
        assert list(zorg.get_project_roles(project_id=portal, granted_org_id=acme)) == ["viewer"]
        assert zorg.get_organization(name="Furniture").id == found.org_id
        assert zorg.get_user_grants(org_id=home) == ()
        lookups: list[Callable[[], object]] = [
            lambda: zorg.get_project(name="Portal"),
            lambda: zorg.get_project(id=portal),
            lambda: zorg.get_project_roles(project_id=portal),
            lambda: zorg.get_project_grant(project_id=portal, granted_org_id="42"),
            lambda: zorg.get_user_grants(user_id=server.ann),
        ]
        for find in lookups:
            with pytest.raises(zorg.LookupFailed, match=r"This server seems not to have .+Service v2.+: give org_id\."):
                find()
        for find in (lambda: zorg.get_user(id=server.ann), zorg.get_users):
            with pytest.raises(zorg.LookupFailed, match="seems not to have UserService v2"):
                find()


def test_another_stack_of_the_process_asks_its_own_server(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    """The automation API runs several programs in one process."""
    assert zorg.get_organizations(name_contains="acme")
    with emulated() as other:
        monkeypatch.setenv("ZITADEL_URL", other.proxy.url)
        assert zorg.get_organizations(name_contains="acme") == ()


def test_the_next_run_of_the_process_asks_again(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    assert zorg.get_users(user_name_contains="cleo") == ()
    cleo = tenants.server.admin.create_user(tenants.acme, "cleo")
    assert zorg.get_users(user_name_contains="cleo") == ()
    monkeypatch.setattr(pulumi.runtime.settings.SETTINGS, "monitor", object(), raising=False)
    assert [each.id for each in zorg.get_users(user_name_contains="cleo")] == [cleo]
    tenants.server.admin.remove_user(tenants.acme, cleo)


NO_MATCH: dict[str, tuple[Callable[[Tenants], object], str]] = {
    "an organization": (
        lambda tenants: zorg.get_organization(name="acme labs inc"),
        'There is no organization with the name "acme labs inc" that this credential may see. Similar names: "Acme" (.+); '
        r'"Acme Labs" \(\d+, inactive\)\.',
    ),
    "an organization by id": (
        lambda tenants: zorg.get_organization(id="42"),
        'There is no organization with the id "42" that this credential may see.',
    ),
    "a user": (
        lambda tenants: zorg.get_user(email="ann@elsewhere.example"),
        r'no user with the email "ann@elsewhere.example" .+ Similar names: "ann.berg" ann.berg@example.com \(\d+ in organization',
    ),
    "a user in another organization": (
        lambda tenants: zorg.get_user(user_name="ann.berg", org_id=tenants.server.home),
        r'no user with the user name "ann.berg" in organization \d+ .+ Similar names: "ann.berg"',
    ),
    "a project of another case": (
        lambda tenants: zorg.get_project(name="shop"),
        'no project with the name "shop" .+"Shop"',
    ),
    "a project in another organization": (
        lambda tenants: zorg.get_project(name="Shop", org_id=tenants.server.home),
        r'"Shop" in organization \d+ that this credential may see. Similar names: "Shop" \(\d+ in organization \d+\)',
    ),
    "a project grant": (
        lambda tenants: zorg.get_project_grant(
            org_id=tenants.acme, project_id=tenants.portal, granted_org_id=tenants.acme
        ),
        r"no grant of project \d+ to organization \d+ .+ Other project grants: \d+ \(to organization \d+\)",
    ),
}


@pytest.mark.parametrize(("find", "message"), NO_MATCH.values(), ids=NO_MATCH)
def test_what_does_not_exist_is_an_error_that_lists_what_is_near(
    tenants: Tenants, find: Callable[[Tenants], object], message: str
) -> None:
    with pytest.raises(zorg.NoMatch, match=message) as caught:
        find(tenants)
    assert isinstance(caught.value, pulumi.RunError), "the engine would show a traceback"


def test_several_matches_are_an_error_that_lists_them(tenants: Tenants) -> None:
    admin = tenants.server.admin
    other = admin.create_project(tenants.server.home, "Shop")
    with pytest.raises(zorg.SeveralMatches, match=r'There are 2 matches for the project with the name "Shop": '):
        zorg.get_project(name="Shop")
    admin.remove_project(tenants.server.home, other)


WRONG: dict[str, tuple[Callable[[], object], str]] = {
    "nothing": (zorg.get_organization, "name is missing: give exactly one of name, id, domain"),
    "two": (lambda: zorg.get_user(id="1", email="a@b.c"), "email cannot be given together with id"),
    "a blank": (lambda: zorg.get_project(name=" "), "name must not be blank"),
    "no text": (lambda: zorg.get_organization(id=42), "id must be a string, not a number"),  # type: ignore[arg-type]
    "no id": (lambda: zorg.get_user(id="a/b"), "id is not a valid ZITADEL id"),
    "no flag": (lambda: zorg.get_user(email="a@b.c", any_organization="no"), "any_organization must be True or False"),  # type: ignore[arg-type]
    "a state": (lambda: zorg.get_organizations(state="ACTIVE"), 'state must be "active" or "inactive"'),
    "a type": (lambda: zorg.get_users(type="robot"), 'type must be "human" or "machine"'),
    "a blank organization": (lambda: zorg.get_users(org_id=""), "org_id must not be empty"),
    "a project grant without project": (lambda: zorg.get_project_grant(granted_org_id="1"), "project_id is missing$"),
    "a project grant of any project": (
        lambda: zorg.get_project_grant(id="1"),
        "project_id is missing: give it, or org_id$",
    ),
    "a project grant by two names": (
        lambda: zorg.get_project_grant(id="1", granted_org_id="2", project_id="3"),
        "granted_org_id cannot be given together with id",
    ),
    "roles of nothing": (
        zorg.get_project_roles,
        "project_id is missing: give exactly one of project_id, project_name",
    ),
    "no filter": (
        zorg.get_user_grants,
        "org_id is missing: give at least one of org_id, user_id, project_id",
    ),
}


@pytest.mark.parametrize(("find", "message"), WRONG.values(), ids=WRONG)
def test_a_wrong_argument_is_an_error_before_anything_is_called(
    tenants: Tenants, find: Callable[[], object], message: str
) -> None:
    with pytest.raises(zorg.InputError, match=message):
        find()
    assert tenants.server.proxy.exchanges == []


def test_a_credential_that_may_see_nothing_is_not_told_that_there_is_nothing(
    tenants: Tenants, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin, home = tenants.server.admin, tenants.server.home
    monkeypatch.setenv("ZITADEL_TOKEN", admin.create_token(home, admin.create_user(home, "nobody")))
    with pytest.raises(zorg.UnexpectedAnswer, match="the credential may not see all of it"):
        zorg.get_organizations()
    with pytest.raises(zorg.NoMatch, match=r'no user with the user name "ann.berg" that this credential may see'):
        zorg.get_user(user_name="ann.berg")


def test_an_outage_is_an_error_without_a_traceback(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZITADEL_RETRY_DEADLINE", "0.01")
    tenants.server.proxy.add(Fault("answer", status=503, times=None))
    with pytest.raises(zorg.Unreachable) as caught:
        zorg.get_organization(name="Acme")
    assert isinstance(caught.value, pulumi.RunError)


class Mocks(pulumi.runtime.Mocks):
    """The mocks of a user's unit test."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, Any]]] = []

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[Any, Any]]:
        """Create nothing."""
        return args.name, args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[Any, Any]:
        """Answer a lookup."""
        self.asked.append((args.token, dict(args.args)))
        if args.token == "zorg:index:getUserGrants":
            return {"user_grants": [{"id": "g", "user_id": "u", "role_keys": ["viewer"]}]}
        if args.token == "zorg:index:getProjectRoles":
            return {"roles": {"viewer": {"display_name": "Viewer", "group": ""}}}
        if args.token == "zorg:index:getUsers":
            return {"users": []}
        return {"id": "1", "name": args.args["name"], "active": True}


def test_a_unit_test_of_a_program_mocks_lookups(tenants: Tenants) -> None:
    mocks = Mocks()
    pulumi.runtime.set_mocks(mocks)
    found = zorg.get_organization(name="Acme")
    assert (found.id, found.name, found.active, found.state) == ("1", "Acme", True, None)
    (grant,) = zorg.get_user_grants(user_id="u")
    assert (grant.id, grant.user_id) == ("g", "u")
    assert zorg.get_project_roles(project_id="1")["viewer"]["display_name"] == "Viewer"
    assert mocks.asked == [
        ("zorg:index:getOrganization", {"name": "Acme"}),
        ("zorg:index:getUserGrants", {"user_id": "u"}),
        ("zorg:index:getProjectRoles", {"project_id": "1"}),
    ]
    assert tenants.server.proxy.exchanges == []


def test_a_twin_waits_for_its_arguments_and_keeps_what_they_are() -> None:
    """It is secret where an argument is, and depends on the resources that the argument depends on."""
    pulumi.runtime.set_mocks(Mocks())
    known: dict[str, Any] = {}

    async def learn(acme: zorg.Organization) -> None:
        secret = zorg.get_organization_output(name=pulumi.Output.secret("Acme"))
        made = zorg.get_organization_output(name=acme.name)
        known["secret"] = [await each.is_secret() for each in (secret, made)]
        known["resources"] = [await each.resources() for each in (secret, made)]
        known["names"] = [(await each.future()).name for each in (secret, made)]  # type: ignore[union-attr]
        grants = await zorg.get_user_grants_output(user_id="u").future()
        known["lists"] = [grants, await zorg.get_users_output().future()]

    @pulumi.runtime.test
    def runs() -> pulumi.Output[None]:
        known["acme"] = zorg.Organization("acme", name="Acme")
        return pulumi.Output.from_input(learn(known["acme"]))

    runs()
    assert known["secret"] == [True, False]
    assert known["resources"] == [set(), {known["acme"]}]
    assert known["names"] == ["Acme", "Acme"]
    assert [len(each) for each in known["lists"]] == [1, 0]


def test_no_message_shows_a_secret_argument(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZITADEL_RETRY_DEADLINE", "0.01")
    warned: list[str] = []
    monkeypatch.setattr(pulumi.log, "warn", warned.append)
    failures: list[BaseException] = []

    async def ask() -> None:
        secret: pulumi.Output[str] = pulumi.Output.secret("whistle@blower.example")
        tenants.server.proxy.add(Fault("answer", status=503, times=None))
        for _ in range(2):
            for twin in (
                zorg.get_user_output(email=secret),
                zorg.get_user_output(id=secret.apply(lambda text: f"/{text}")),
            ):
                try:
                    await twin.future()
                except zorg.ZorgError as error:
                    failures.append(error)
            tenants.server.proxy.clear()

    asyncio.run(ask())
    assert [type(each).__name__ for each in failures] == ["Unreachable", "InputError", "NoMatch", "InputError"]
    messages = [*map(str, failures), *warned]
    assert not [each for each in messages if "whistle" in each]
    assert 'no user with the email "[secret]" that this credential may see' in messages[2]


@pytest.mark.slow
def test_a_slow_answer_stops_neither_the_program_nor_another_question(tenants: Tenants) -> None:
    tenants.server.proxy.add(Fault("delay", path="ListProjects|projects/_search", times=None, seconds=1.0))
    done: list[str] = []

    async def ask(name: str, answer: pulumi.Output[Any]) -> None:
        await answer.future()
        done.append(name)

    async def runs() -> None:
        slow = [
            asyncio.create_task(ask("slow", zorg.get_project_output(name=name, org_id=tenants.acme)))
            for name in ("Shop", *(f"nothing {number}" for number in range(9)))
        ]
        await asyncio.sleep(0.2)
        assert not any(each.done() for each in slow)
        done.append("the program")
        await asyncio.to_thread(done.append, "a registration")  # the SDK's threads for calls of the engine
        await ask("quick", zorg.get_organization_output(name="Acme"))
        await asyncio.gather(*slow, return_exceptions=True)

    asyncio.run(runs())
    assert done == ["the program", "a registration", "quick", "slow"]


def test_a_twin_is_unknown_in_a_preview_as_long_as_an_argument_is() -> None:
    mocks = Mocks()
    pulumi.runtime.set_mocks(mocks, preview=True)
    known: list[bool] = []

    async def learn() -> None:
        unknown: pulumi.Output[str] = pulumi.Output.from_input(pulumi.output.UNKNOWN)
        for twin in (zorg.get_project_output(name="Shop", org_id=unknown), zorg.get_organization_output(name="Acme")):
            known.append(await twin.is_known())

    pulumi.runtime.test(lambda: pulumi.Output.from_input(learn()))()
    assert known == [False, True]
    assert [token for token, _ in mocks.asked] == ["zorg:index:getOrganization"]

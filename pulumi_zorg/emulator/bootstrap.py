"""A new instance: its default organization, built-in project, first administrator and the service account `iac`."""

from __future__ import annotations

from .credentials import PAT_SCOPES
from .organizations import creation, member_added
from .store import Command, Unique
from .users import hash_secret
from .users_model import event_of
from .world import DOMAIN, World


def start(world: World) -> None:
    """Set the instance up, or find it in the events that are there already."""
    if not world.store.events:
        _set_up(world)
    for event in world.store.events:
        if event.type == "instance.added":
            world.instance_id = event.aggregate_id
        elif event.type == "instance.default.org.set":
            world.default_org_id = event.get("orgId")
        elif event.type == "instance.iam.project.set":
            world.project_id = event.get("iamProjectId")
        elif event.type == "user.machine.added":
            world.iac_user_id = event.aggregate_id
            break


def _set_up(world: World) -> None:
    new_id = world.store.new_id
    instance, org, project, person, account, token = (new_id() for _ in range(6))

    def of_instance(event_type: str, payload: dict[str, object], *uniques: Unique) -> Command:
        return Command("instance", instance, instance, event_type, payload, uniques)

    def manager(user: str) -> Command:
        unique = Unique("member", f"{instance}:{user}", "Errors.Member.AlreadyExists")
        return of_instance("instance.member.added", {"roles": ["IAM_OWNER"], "userId": user}, unique)

    human = {
        "userName": f"zitadel-admin@zitadel.{DOMAIN}",
        "firstName": "ZITADEL",
        "lastName": "Admin",
        "displayName": "ZITADEL Admin",
        "preferredLanguage": "en",
        "email": f"zitadel-admin@zitadel.{DOMAIN}",
        "encodedHash": hash_secret("Password1!"),
    }
    pat = {"tokenId": token, "expiration": "9999-12-31T23:59:59Z", "scopes": PAT_SCOPES}
    world.store.push(
        "",
        [
            of_instance("instance.added", {"name": "ZITADEL"}),
            *creation(org, "ZITADEL"),
            of_instance("instance.default.org.set", {"orgId": org}),
            Command("project", project, org, "project.added", {"name": "ZITADEL"}),
            of_instance("instance.iam.project.set", {"iamProjectId": project}),
            event_of(person, org, "user.human.added", human, Unique("usernames", human["userName"], "taken")),
            event_of(person, org, "user.human.email.verified"),
            member_added(org, person, ["ORG_OWNER"]),
            manager(person),
            event_of(
                account,
                org,
                "user.machine.added",
                {"userName": "iac", "name": "IaC"},
                Unique("usernames", "iac", "taken"),
            ),
            event_of(account, org, "user.pat.added", pat),
            member_added(org, account, ["ORG_OWNER"]),
            manager(account),
            Command("milestone", instance, instance, "milestone.v2.reached", {"type": "InstanceCreated"}),
        ],
    )

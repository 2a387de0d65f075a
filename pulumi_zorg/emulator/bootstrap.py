"""The first events of a new instance: the default organization, the built-in project, an administrator, and `iac`."""

from __future__ import annotations

from pulumi_zorg.emulator.credentials.tokens import PAT_SCOPES
from pulumi_zorg.emulator.eventstore.events import NewEvent, Unique
from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.organizations.aggregate import DOMAIN, organization_added, organization_member_added
from pulumi_zorg.emulator.users.aggregate import user_event
from pulumi_zorg.emulator.users.passwords import hash_secret


def start(instance: Instance) -> None:
    """Write the first events of a new instance, and read the ids of the instance's own objects from the first events."""
    if not instance.store.events:
        _set_up(instance)
    for event in instance.store.events:
        if event.type == "instance.added":
            instance.instance_id = event.aggregate_id
        elif event.type == "instance.default.org.set":
            instance.default_org_id = event.get("orgId")
        elif event.type == "instance.iam.project.set":
            instance.project_id = event.get("iamProjectId")
        elif event.type == "user.machine.added":
            instance.iac_user_id = event.aggregate_id
            break


def _set_up(instance: Instance) -> None:
    new_id = instance.store.new_id
    instance_id, org, project, person, account, token = (new_id() for _ in range(6))

    def of_instance(event_type: str, payload: dict[str, object], *uniques: Unique) -> NewEvent:
        return NewEvent("instance", instance_id, instance_id, event_type, payload, uniques)

    def manager(user: str) -> NewEvent:
        unique = Unique("member", f"{instance_id}:{user}", "Errors.Member.AlreadyExists")
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
    instance.store.push(
        "",
        [
            of_instance("instance.added", {"name": "ZITADEL"}),
            *organization_added(org, "ZITADEL"),
            of_instance("instance.default.org.set", {"orgId": org}),
            NewEvent("project", project, org, "project.added", {"name": "ZITADEL"}),
            of_instance("instance.iam.project.set", {"iamProjectId": project}),
            user_event(person, org, "user.human.added", human, Unique("usernames", human["userName"], "taken")),
            user_event(person, org, "user.human.email.verified"),
            organization_member_added(org, person, ["ORG_OWNER"]),
            manager(person),
            user_event(
                account,
                org,
                "user.machine.added",
                {"userName": "iac", "name": "IaC"},
                Unique("usernames", "iac", "taken"),
            ),
            user_event(account, org, "user.pat.added", pat),
            organization_member_added(org, account, ["ORG_OWNER"]),
            manager(account),
            NewEvent("milestone", instance_id, instance_id, "milestone.v2.reached", {"type": "InstanceCreated"}),
        ],
    )

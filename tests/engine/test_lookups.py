"""Lookups in a program that the real engine runs: in a preview and in an update, with the configuration of the stack."""

from __future__ import annotations

import json
import re

from pulumi_zorg.testing import Fault, FaultProxy
from tests.support.servers import Server, emulated
from tests.support.stack import Stack

PROGRAM = """
import pulumi

import pulumi_zorg as zorg

GONE = pulumi.Config("tests").require("gone")
acme = zorg.get_organization(name="Acme")
assert acme == zorg.get_organization(id=acme.id) == zorg.get_organization(domain="acme.localhost")
ann = zorg.get_user(user_name="ann", org_id=zorg.get_organization(name="Furniture").id)
portal = zorg.get_project(name="Portal")
pulumi.export("organizations", [each.name for each in zorg.get_organizations(name_contains="acme")])
pulumi.export("users", [each.user_name for each in zorg.get_users(org_id=ann.org_id)])
granted = zorg.get_project_grant(project_id=portal.id, granted_org_id=acme.id)
assert granted == zorg.get_project_grant(id=granted.id, org_id=portal.org_id)
pulumi.export("granted", granted.role_keys)
assert zorg.get_project_roles(project_id=portal.id, granted_org_id=acme.id).keys() == set(granted.role_keys)
copy = zorg.Project("copy", org_id=acme.id, name="Copy", roles=portal.roles)
again = zorg.Project("again", org_id=acme.id, name="Again", roles=zorg.get_project_roles_output(project_id=copy.id))
pulumi.export("roles", [portal.roles, copy.roles, again.roles])
pulumi.export("grants", len(zorg.get_user_grants(org_id=ann.org_id)))

FAILURES = {
    "no organization": lambda: zorg.get_organization(name="acme inc"),
    "a removed organization": lambda: zorg.get_organization(id=GONE),
    "no user": lambda: zorg.get_user(email="nobody@example.com"),
    "no project": lambda: zorg.get_project(name="portal", org_id=acme.id),
    "no project grant": lambda: zorg.get_project_grant(
        org_id=portal.org_id, project_id=portal.id, granted_org_id=portal.org_id
    ),
    "grants of a removed organization": lambda: zorg.get_user_grants(org_id=GONE),
    "several users": lambda: zorg.get_user(email="cleo@example.com"),
    "several projects": lambda: zorg.get_project(name="Twin"),
    "two names": lambda: zorg.get_organization(name="Acme", id=acme.id),
    "no project of the grant": lambda: zorg.get_project_grant(granted_org_id=acme.id),
    "no filter": lambda: zorg.get_user_grants(),
    "no state": lambda: zorg.get_organizations(state="gone"),
    "no type": lambda: zorg.get_users(type="robot"),
}
failures = {}
for name, find in FAILURES.items():
    try:
        find()
    except zorg.ZorgError as error:
        failures[name] = f"{type(error).__name__}: {error}"
pulumi.export("failures", failures)

# In the first preview, neither the id of a new organization nor what depends on it is known.
new = zorg.Organization("new", name="New")
found = zorg.get_organization_output(id=new.id)
secret = zorg.get_project_output(name=pulumi.Output.secret("Portal"))
pulumi.export("found", found.apply(lambda each: each.name))
pulumi.export("secret", secret.apply(lambda each: each.id))
zorg.UserGrant(
    "ann", org_id=ann.org_id, user_id=ann.id, project_id=secret.apply(lambda each: each.id), role_keys=["viewer"]
)
if pulumi.Config("tests").get_bool("fails"):
    zorg.get_organization_output(name=pulumi.Output.from_input("Acme Corp"))
"""


def test_lookups_answer_in_previews_and_updates_and_their_errors_have_no_traceback(
    server: Server, stack: Stack
) -> None:
    admin = server.admin
    acme = admin.create_organization("Acme")
    admin.grant_project(server.home, server.project, acme, ["viewer"])
    for org_id in (acme, server.home):
        admin.create_project(org_id, "Twin")
    gone = admin.create_organization("Gone")
    admin.remove_organization(gone)
    for user_name in ("cleo", "cleo2"):
        server.create_person(acme, user_name, email="cleo@example.com")
    (stack.folder / "__main__.py").write_text(PROGRAM)
    for name in ("ZITADEL_URL", "ZITADEL_TOKEN"):
        del stack.env[name]
    stack.configure(url=server.proxy.url, token=server.token)
    stack.must("config", "set", "tests:gone", gone)
    preview = stack.must("preview", "--diff")
    assert server.proxy.writes == []
    assert server.token not in preview.out
    stack.up()
    (outputs,) = (
        each["outputs"] for each in stack.state()["deployment"]["resources"] if each["type"] == "pulumi:pulumi:Stack"
    )
    assert (outputs["organizations"], outputs["users"], outputs["grants"]) == (["Acme"], ["ann", "bob"], 0)
    assert (outputs["granted"], outputs["found"]) == (["viewer"], "New")
    roles = {key: {"display_name": key, "group": ""} for key in ("admin", "editor", "viewer")}
    assert outputs["roles"] == [roles] * 3
    assert "ciphertext" in outputs["secret"]
    failures = outputs["failures"]
    message = failures.pop("no organization")
    assert message.startswith(
        'NoMatch: There is no organization with the name "acme inc" that this credential may see. Similar'
    )
    assert 'Similar names: "Acme" (' in message
    assert failures.pop("no project").startswith('NoMatch: There is no project with the name "portal" in organization')
    assert {name: text.split(":")[0] for name, text in failures.items()} == {
        "a removed organization": "NoMatch",
        "grants of a removed organization": "NoMatch",
        "no user": "NoMatch",
        "no project grant": "NoMatch",
        "several users": "SeveralMatches",
        "several projects": "SeveralMatches",
        "no project of the grant": "InputError",
        "two names": "InputError",
        "no filter": "InputError",
        "no state": "InputError",
        "no type": "InputError",
    }
    failed = stack.run("preview", "--config", "tests:fails=true")
    assert failed.code != 0
    assert failed.shows(
        'There is no organization with the name "Acme Corp" that this credential may see. Similar names: "Acme"'
    )
    assert "Traceback" not in failed.out


#: Lookups on servers, and with credentials, that do not answer them. The last one ends the program.
REFUSED = """
import json
import os

import pulumi_zorg as zorg

given = json.loads(os.environ["TEST_SERVERS"])
home = given["home"]
LOOKUPS = {
    "organization": lambda: zorg.get_organization(name="Furniture"),
    "organizations": lambda: zorg.get_organizations(),
    "user": lambda: zorg.get_user(user_name="ann"),
    "users": lambda: zorg.get_users(),
    "project": lambda: zorg.get_project(name="Portal"),
    "project in": lambda: zorg.get_project(name="Portal", org_id=home),
    "project grant": lambda: zorg.get_project_grant(project_id=given["project"], granted_org_id="1"),
    "project grant in": lambda: zorg.get_project_grant(project_id=given["project"], granted_org_id="1", org_id=home),
    "grants": lambda: zorg.get_user_grants(user_id=given["ann"]),
    "grants in": lambda: zorg.get_user_grants(org_id=home),
}
for server, (url, token) in given["servers"].items():
    os.environ.update(ZITADEL_URL=url, ZITADEL_TOKEN=token)
    for name, find in LOOKUPS.items():
        try:
            find()
        except zorg.ZorgError as error:
            print(f"[{server}: {name}: {type(error).__name__}]")
os.environ.update(ZITADEL_URL=given["servers"]["rights"][0], ZITADEL_TOKEN="wrong")
zorg.get_organization(name="Furniture")
"""

_IN = ("project in", "project grant in", "grants in")
_ALL = ("organization", "organizations", "user", "users", "project", "project grant", "grants", *_IN)
#: The error of each lookup; None where it has an answer.
REFUSED_BY: dict[str, dict[str, str | None]] = {
    "rights": {
        **dict.fromkeys(("organization", "organizations", "grants"), "UnexpectedAnswer"),
        **dict.fromkeys(("project", "project grant", *_IN), "PermissionDenied"),
        "user": "NoMatch",
        "users": "LookupFailed",
    },
    # Only what names an organization in the header is searched in another one.
    "header": {**dict.fromkeys(_ALL), **dict.fromkeys(_IN, "HeaderIgnored"), "project grant": "NoMatch"},
    # The organization that the others name does not exist there.
    "old": {
        **dict.fromkeys(("organization", "organizations")),
        **dict.fromkeys(("user", "users", "project", "project grant", "grants"), "LookupFailed"),
        **dict.fromkeys(_IN, "PermissionDenied"),
    },
    "down": dict.fromkeys(_ALL, "Unreachable"),
}


def test_a_server_or_a_credential_that_does_not_answer_is_one_message(server: Server, stack: Stack) -> None:
    admin, home = server.admin, server.home
    admin.create_grant(home, server.ann, server.project, ["viewer"])
    nobody = admin.create_token(home, admin.create_user(home, "nobody"))
    (stack.folder / "__main__.py").write_text(REFUSED)
    stack.env["ZITADEL_RETRY_DEADLINE"] = "0.01"
    with emulated("seeds") as old, FaultProxy(server.proxy.target) as drops, FaultProxy(server.proxy.target) as down:
        drops.add(Fault("strip", times=None))
        down.add(Fault("answer", status=503, times=None))
        servers = {
            "rights": (server.proxy.url, nobody),
            "header": (drops.url, server.token),
            "old": (old.proxy.url, old.token),
            "down": (down.url, server.token),
        }
        ids = {"home": home, "project": server.project, "ann": server.ann}
        stack.env["TEST_SERVERS"] = json.dumps({"servers": servers, **ids})
        failed = stack.run("preview")
    assert failed.code != 0
    shown = dict(re.findall(r"\[(\w+: [\w ]+): (\w+)\]", failed.out))
    refused = {of: {each: shown.get(f"{of}: {each}") for each in lookups} for of, lookups in REFUSED_BY.items()}
    assert refused == REFUSED_BY
    assert failed.shows("The credential is not accepted")
    assert "Traceback" not in failed.out


TWINS = """
import pulumi
import pulumi_zorg as zorg

slow = [zorg.get_user_output(user_name=name) for name in ("ann", "bob")]
acme = zorg.Organization("acme", name="Acme")
pulumi.export("acme", zorg.get_organization_output(id=acme.id).name)
pulumi.export("users", [each.id for each in slow])
"""


def test_a_program_goes_on_while_twins_wait_for_the_server(server: Server, stack: Stack) -> None:
    (stack.folder / "__main__.py").write_text(TWINS)
    server.proxy.add(Fault("answer", path="/v2/users$", status=503, times=2))
    up = stack.up()
    assert up.shows(
        "All calls are repeated until it answers", 'acme : "Acme"'.replace(" :", ":"), server.ann, server.bob
    )

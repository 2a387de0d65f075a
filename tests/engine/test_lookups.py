"""Lookups in a program that the real engine runs: in a preview and in an update, with the configuration of the stack."""

from __future__ import annotations

from pathlib import Path

from tests.support.servers import Server
from tests.support.stack import Stack

PROGRAM = """
import pulumi

import pulumi_zorg as zorg

acme = zorg.get_organization(name="Acme")
assert acme == zorg.get_organization(id=acme.id) == zorg.get_organization(domain="acme.localhost")
ann = zorg.get_user(user_name="ann", org_id=zorg.get_organization(name="Furniture").id)
portal = zorg.get_project(name="Portal")
pulumi.export("organizations", [each.name for each in zorg.get_organizations(name_contains="acme")])
pulumi.export("users", [each.user_name for each in zorg.get_users(org_id=ann.org_id)])
granted = zorg.get_project_grant(org_id=portal.org_id, project_id=portal.id, granted_org_id=acme.id)
pulumi.export("granted", granted.role_keys)
pulumi.export("grants", len(zorg.get_user_grants(org_id=ann.org_id)))

FAILURES = {
    "no organization": lambda: zorg.get_organization(name="acme inc"),
    "no user": lambda: zorg.get_user(email="nobody@example.com"),
    "no project": lambda: zorg.get_project(name="portal", org_id=acme.id),
    "no project grant": lambda: zorg.get_project_grant(
        org_id=portal.org_id, project_id=portal.id, granted_org_id=portal.org_id
    ),
    "several projects": lambda: zorg.get_project(name="Twin"),
    "two names": lambda: zorg.get_organization(name="Acme", id=acme.id),
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
    zorg.get_organization(name="Acme Corp")
"""


def test_lookups_answer_in_previews_and_updates_and_their_errors_have_no_traceback(
    server: Server, stack: Stack
) -> None:
    admin = server.admin
    acme = admin.create_organization("Acme")
    admin.grant_project(server.home, server.project, acme, ["viewer"])
    for org_id in (acme, server.home):
        admin.create_project(org_id, "Twin")
    (stack.folder / "__main__.py").write_text(PROGRAM)
    for name in ("ZITADEL_URL", "ZITADEL_TOKEN"):
        del stack.env[name]
    stack.configure(url=server.proxy.url, token=server.token)
    preview = stack.must("preview", "--diff")
    assert server.proxy.writes == []
    assert server.token not in preview.out
    stack.up()
    (outputs,) = (
        each["outputs"] for each in stack.state()["deployment"]["resources"] if each["type"] == "pulumi:pulumi:Stack"
    )
    assert (outputs["organizations"], outputs["users"], outputs["grants"]) == (["Acme"], ["ann", "bob"], 0)
    assert (outputs["granted"], outputs["found"]) == (["viewer"], "New")
    assert "ciphertext" in outputs["secret"]
    failures = outputs["failures"]
    message = failures.pop("no organization")
    assert message.startswith(
        'NoMatch: There is no organization with the name "acme inc" that this credential may see. Near'
    )
    assert 'Near are: "Acme" (' in message
    assert failures.pop("no project").startswith('NoMatch: There is no project with the name "portal" in organization')
    assert {name: text.split(":")[0] for name, text in failures.items()} == {
        "no user": "NoMatch",
        "no project grant": "NoMatch",
        "several projects": "SeveralMatches",
        "two names": "InputError",
        "no filter": "InputError",
        "no state": "InputError",
        "no type": "InputError",
    }
    failed = stack.run("preview", "--config", "tests:fails=true")
    assert failed.code != 0
    assert failed.shows(
        'There is no organization with the name "Acme Corp" that this credential may see. Near are: "Acme"'
    )
    assert "Traceback" not in failed.out


def test_a_wrong_credential_of_a_lookup_is_one_message(server: Server, stack: Stack, tmp_path: Path) -> None:
    (stack.folder / "__main__.py").write_text('import pulumi_zorg as zorg\nzorg.get_organization(name="Acme")\n')
    stack.env["ZITADEL_TOKEN"] = "wrong"
    failed = stack.run("preview")
    assert failed.code != 0
    assert failed.shows("The credential is not accepted")
    assert "Traceback" not in failed.out

"""examples/fleet on the real engine: tenants in several stacks, a stack that fails, a move, a removal, and drift.

tests/unit/test_fleet_example.py has what needs no engine.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import yaml

from pulumi_zorg.testing import Fault
from tests.support.servers import Server
from tests.support.stack import ROOT, Run, Stack

#: Of two stacks, the first three are in tenants-0 and the others in tenants-1. A third stack takes Stark and Wayne.
NAMES = ("Duff", "Stark", "Wayne", "Acme", "Globex", "Tyrell")


class Fleet:
    """A copy of the example, with a backend of its own."""

    def __init__(self, server: Server, folder: Path) -> None:
        self.stack = Stack(folder / "stack", server.proxy.url, server.token, name="dev")
        self.stack.env["ZITADEL_RETRY_DEADLINE"] = "2"
        del self.stack.env["PULUMI_STACK"]
        self.folder = self.stack.folder
        shutil.copytree(ROOT / "examples" / "fleet", self.folder, dirs_exist_ok=True)
        project = yaml.safe_load((self.folder / "Pulumi.yaml").read_text())
        project["runtime"]["options"].pop("virtualenv")  # the copy is elsewhere; PATH has it
        (self.folder / "Pulumi.yaml").write_text(yaml.safe_dump(project))
        self.data: dict[str, Any] = {
            "stacks": 2,
            "project": {"name": "Portal", "organization": "Furniture", "roles": ["admin", "viewer"]},
            "tenants": {name.lower(): {"name": name} for name in NAMES},
        }

    def run(self, *args: str, code: int = 0) -> Run:
        """Run fleet.py with the data file as it is now."""
        (self.folder / "fleet.yaml").write_text(yaml.safe_dump(self.data))
        command = [sys.executable, "fleet.py", *args]
        done = subprocess.run(
            command, cwd=self.folder, env=self.stack.env, text=True, capture_output=True, timeout=240, check=False
        )
        shown = done.stdout + done.stderr
        assert done.returncode == code, shown
        assert self.stack.env["ZITADEL_TOKEN"] not in shown
        return Run(done.returncode, shown)


def test_fleet_grows_without_removing_a_tenant(server: Server, tmp_path: Path) -> None:
    fleet, admin, proxy = Fleet(server, tmp_path), server.admin, server.proxy
    tenants = fleet.data["tenants"]
    tenants["duff"] |= {"remove": True, "people": {server.bob: ["viewer"]}}
    tenants["stark"]["people"] = {server.ann: ["viewer"], server.bob: ["admin"]}

    # No answer to the create of one user grant ever arrives. Its stack fails, and the next one is created.
    path = f"/users/{server.ann}/grants$"
    proxy.add(Fault("drop", method="POST", path=path), Fault("answer", method="POST", path=path, times=None))
    up = fleet.run("up", "--parallel", "1", code=1)
    assert up.shows("tenants-0 3", "FAILED", "tenants-1 3", "7 create", "2 stacks, 1 failed")
    assert up.shows(f"tenants-0: pulumi_zorg.Unreachable: Granting user {server.ann} roles")
    ids = {each["name"]: org_id for org_id, each in admin.organizations().items()}
    assert ids.keys() >= set(NAMES)

    # With a third stack and without previous_stacks, two tenants would be in no stack.
    proxy.clear()
    fleet.data["stacks"] = 3
    refused = fleet.run("up", code=1)
    assert refused.shows(
        "Nothing was run: - stark would be in no stack: it leaves tenants-0, and tenants-2 does not have it"
    )
    assert proxy.exchanges == []

    # The old stack resumes the create of the user grant. It removes only what the file does not have any more.
    fleet.data["previous_stacks"] = 2
    del tenants["duff"]
    assert fleet.run("up", "--only", "tenants-0").shows("1 REMOVED from ZITADEL: duff")
    assert [each for each in proxy.writes if each.startswith("DELETE")] == [f"DELETE /v2/organizations/{ids['Duff']}"]
    grants = admin.grants(ids["Stark"])
    assert {each["userId"] for each in grants.values()} == {server.ann, server.bob}

    # A tenant that was renamed outside Pulumi would not be found by its name, and is not taken over.
    admin.rename_organization(ids["Stark"], "Stark Inc")
    preview = fleet.run("preview", "--only", "tenants-2", code=1)
    assert preview.shows(
        "stark moves from tenants-0, and its organization is called 'Stark Inc' in ZITADEL and 'Stark' in"
    )
    admin.rename_organization(ids["Stark"], "Stark")

    # The new stack takes the tenants over. Then the old stack releases them, while a person leaves one of them.
    proxy.clear()
    fleet.run("up", "--only", "tenants-2")
    assert proxy.writes == []
    del fleet.data["previous_stacks"], tenants["stark"]["people"][server.bob]
    up = fleet.run("up", "--only", "tenants-0", "--only", "tenants-2")
    assert up.shows("2 released, and kept in ZITADEL: stark, wayne")
    (bob,) = (grant_id for grant_id, each in grants.items() if each["userId"] == server.bob)
    assert proxy.writes == [f"DELETE /management/v1/users/{server.bob}/grants/{bob}"]
    assert admin.grants(ids["Stark"]).keys() == grants.keys() - {bob}
    left = {each["name"]: org_id for org_id, each in admin.organizations().items()}
    assert left == {name: org_id for name, org_id in ids.items() if name != "Duff"}

    # One report for all stacks. What one stack has is not unmanaged in another one.
    admin.rename_organization(ids["Wayne"], "Other")
    admin.deactivate_organization(ids["Acme"])
    drift = fleet.run("drift", "--unmanaged", code=7)
    assert drift.shows("urn:pulumi:tenants-1::", "deactivated", "urn:pulumi:tenants-2::", "renamed")
    assert drift.shows("fleet: 2 drifted, 0 unmanaged")


def test_a_stack_of_the_fleet_that_exceeds_a_limit_is_not_changed(server: Server, tmp_path: Path) -> None:
    fleet, admin = Fleet(server, tmp_path), server.admin
    limits = ("--refresh", "--max-deactivate", "1", "--max-remove", "0")
    assert fleet.run("up", *limits).shows("2 stacks, 0 failed")
    ids = {each["name"]: org_id for org_id, each in admin.organizations().items()}

    # Three in tenants-0, and one in tenants-1.
    for name in ("duff", "stark", "wayne", "acme"):
        fleet.data["tenants"][name]["active"] = False
    up = fleet.run("up", *limits, code=1)
    assert up.shows("2 stacks, 1 failed")
    assert up.shows(
        "nothing was changed in this stack", "3 organizations would be deactivated, and --max-deactivate is 1"
    )
    off = {name for name, org_id in ids.items() if admin.organization(org_id)["state"] == "ORG_STATE_INACTIVE"}
    assert off == {"Acme"}

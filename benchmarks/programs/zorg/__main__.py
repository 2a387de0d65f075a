"""Declares `count` organizations and user grants, half of each, as the stack's configuration says.

All are active unless `active` is false. `tag` is a part of the organizations' names.
"""

from pathlib import Path

import pulumi

import pulumi_zorg as zorg

config = pulumi.Config("bench")
half = config.require_int("count") // 2
active = config.get_bool("active") is not False
tag = config.get("tag") or ""
users = Path(config.require("users")).read_text(encoding="utf-8").split()

for number in range(half):
    zorg.Organization(f"tenant-{number}", name=f"Tenant {number} {tag}".strip(), active=active)
    zorg.UserGrant(
        f"grant-{number}",
        org_id=config.require("org"),
        user_id=users[number],
        project_id=config.require("project"),
        role_keys=["viewer"],
        active=active,
    )

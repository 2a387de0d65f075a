"""Declares `count` organizations and user grants, half of each, as the stack's configuration says."""

from pathlib import Path

import pulumi

import pulumi_zorg as zorg

config = pulumi.Config("bench")
half = config.require_int("count") // 2
users = Path(config.require("users")).read_text(encoding="utf-8").split()

for number in range(half):
    zorg.Organization(f"tenant-{number}", name=f"Tenant {number}")
    zorg.UserGrant(
        f"grant-{number}",
        org_id=config.require("org"),
        user_id=users[number],
        project_id=config.require("project"),
        role_keys=["viewer"],
    )

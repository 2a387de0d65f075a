"""Declares as many resources as the program in ../zorg, of a provider that calls nothing."""

from pathlib import Path

import pulumi
from nothing import NothingGrant, NothingOrganization

config = pulumi.Config("bench")
half = config.require_int("count") // 2
active = config.get_bool("active") is not False
users = Path(config.require("users")).read_text(encoding="utf-8").split()

for number in range(half):
    NothingOrganization(f"tenant-{number}", number=number, name=f"Tenant {number}", active=active)
    NothingGrant(
        f"grant-{number}",
        number=number,
        org_id=config.require("org"),
        user_id=users[number],
        project_id=config.require("project"),
        role_keys=["viewer"],
        active=active,
    )

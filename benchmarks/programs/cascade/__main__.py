"""The organization of the benchmark, with all its users."""

import pulumi

import pulumi_zorg as zorg

config = pulumi.Config("bench")
zorg.Organization("home", name="Home", adopt=True, active=config.get_bool("active") is not False, cascade="users")

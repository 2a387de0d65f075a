"""The rules of access hold in drawn worlds: the emulator's logins, tokens and introspection do what they say.

test_access.py compares them switch by switch.
"""

from __future__ import annotations

import os
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulator import access_columns as columns
from tests.emulator.access_by_rules import agree
from tests.emulator.test_access import SWITCHES, Fixture, fixture  # noqa: F401 - the fixture

pytestmark = pytest.mark.slow

#: What is drawn: switches, and what undoes them.
DRAWN = {name: switch for name, (switch, _, _, _) in SWITCHES.items()} | {
    f"{name}, undone": undo for name, (_, _, undo, _) in SWITCHES.items() if undo is not None
}


@settings(
    max_examples=int(os.environ.get("ZORG_EXAMPLES", "6")),
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(st.sampled_from(sorted(DRAWN)), min_size=2, max_size=5, unique=True))
def test_the_rules_hold_in_any_world(fixture: Fixture, drawn: list[str]) -> None:  # noqa: F811
    """Several switches, one after the other. The server refuses some of them then, like a change of what is removed."""
    world = fixture.world
    world.emulator.reset(fixture.state)
    logins = {name: dict(account.logins) for name, account in world.accounts.items()}
    try:
        for name in drawn:
            with suppress(AssertionError):  # refused
                DRAWN[name](world)
        differ = {one: agree(world, one, columns.row(world, one)) for one in ("o", "c", "x", "bare")}
        assert not any(differ.values()), differ
    finally:
        for account, found in logins.items():
            world.accounts[account].logins = found

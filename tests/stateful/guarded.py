"""The law of the guard: a plan that it passes with all limits at 0 takes nothing from anybody.

It does not cover what a create has made that an earlier run did not finish: no state has it, so no plan shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pulumi_zorg.guard.limits import LOSING_ACCESS, limit_options
from pulumi_zorg.guard.pipeline import review
from pulumi_zorg.guard.plan import read_plan
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import PersonalAccessToken, Secret
from tests.support.plans import plan_text

if TYPE_CHECKING:
    from collections import Counter

    from tests.stateful.engine import MiniEngine
    from tests.stateful.kinds import Kind

__all__ = ["takes_nothing_if_passed"]

ALL_AT_0 = dict.fromkeys((*limit_options(), LOSING_ACCESS), 0)
#: What there was: the active objects and the roles that people have by them, by kind and id.
_Access = dict[tuple[str, str], frozenset[str]]


@contextmanager
def takes_nothing_if_passed(
    engine: MiniEngine, kinds: dict[str, Kind], known: set[str], counted: Counter[str]
) -> Iterator[None]:
    """Run an ``up`` whose state is that of a refresh: without drift, the plan has all that the ``up`` does.

    :param known: the ids of the objects that a state has, or that others made.
    """
    passes = _passes(engine)
    counted[f"guard: {'passed' if passes else 'refused'}"] += 1
    before = _access(kinds) if passes else {}
    yield
    after = _access(kinds) if passes else {}
    for (kind, object_id), roles in before.items():
        if object_id not in known:
            continue
        left = after.get((kind, object_id))
        assert left is not None, f"the guard passed a plan that removes or deactivates {kind} {object_id}"
        assert roles <= left, f"the guard passed a plan that takes {sorted(roles - left)} of {kind} {object_id}"


def _passes(engine: MiniEngine) -> bool:
    steps = engine.plan()
    if steps is None:
        return False
    settings = Settings(engine.url, PersonalAccessToken(Secret(engine.token)), engine.url, retry_deadline=1)
    return review(read_plan(plan_text(*steps)), ALL_AT_0, lambda: settings).exit_code == 0


def _access(kinds: dict[str, Kind]) -> _Access:
    found: _Access = {}
    for kind, of_kind in kinds.items():
        for object_id in of_kind.live():
            truth: dict[str, Any] = of_kind.truth(object_id)
            if truth.get("active", kind == "manager"):
                # Only a user grant gives people roles of a project, and a manager's roles are rights.
                given = {"grant": "role_keys", "manager": "roles"}.get(kind, "")
                found[kind, object_id] = frozenset(truth.get(given, ()))
    return found

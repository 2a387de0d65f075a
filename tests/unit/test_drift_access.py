"""Who lost access by changes that were made outside Pulumi."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.access.instance import Instance, Organization, Project, User, UserGrant, by_id
from pulumi_zorg.drift.access import people_of
from pulumi_zorg.drift.report import Change, Drift
from pulumi_zorg.engine.state import Recorded
from tests.support.types import USER_GRANT

NOW = Instance(
    by_id([Organization("1", "Acme"), Organization("2", "Bolt")]),
    by_id(User(str(number), "1", f"user-{number}") for number in range(100, 120)),
    by_id([Project("3", "1", "Portal", role_check=True)]),
    {},
    by_id(
        UserGrant(f"{number}-{org}", org, str(number), "3", ("viewer",), active=False)
        for number in range(100, 120)
        for org in "12"
    ),
)


def deactivated(org_id: str) -> tuple[Drift, Recorded]:
    """The deactivation of a user grant of user 100."""
    values: dict[str, Any] = {"org_id": org_id, "user_id": "100", "project_id": "3", "role_keys": ["viewer"]}
    recorded = Recorded(f"urn:{org_id}", USER_GRANT, f"100-{org_id}", {}, {**values, "active": True})
    return Drift(recorded.urn, USER_GRANT, recorded.id, (Change("active", True, False),)), recorded


def test_what_two_changes_took_together_is_lost_by_the_one_that_comes_first() -> None:
    first, then = people_of(*deactivated("1"), NOW, None)
    second, _ = people_of(*deactivated("2"), then, None)
    assert [each.split(":")[0] for each in first.sentences_of_the_past] == ["user-100 lost the login to Portal"]
    assert second.sentences_of_the_past == ()
    assert second.why_lost_incomplete is None


def test_people_have_no_more_of_the_instance_than_they_name() -> None:
    """Each of thousands of changes would keep the instance as it was before it."""
    found, then = people_of(*deactivated("1"), NOW, None)
    assert found.before is not None
    assert [each.login for each in found.before.users.values()] == ["user-100"]
    assert not found.before.user_grants
    assert then is not None
    assert then.user_grants.keys() == NOW.user_grants.keys()

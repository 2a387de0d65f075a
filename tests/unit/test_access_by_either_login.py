"""Whether a person is in force where the V1 and the V2 login differ."""

from __future__ import annotations

import pytest

from pulumi_zorg.access.instance import Project, ProjectGrant
from pulumi_zorg.access.report import rows_of
from pulumi_zorg.access.selection import Selection
from tests.unit.test_access_report import instance, of


@pytest.mark.parametrize(("required", "in_force"), [(True, False), (False, True), (None, None)])
def test_a_person_whom_only_the_v1_login_lets_in(required: bool | None, in_force: bool | None) -> None:
    """Of all settings, only a deactivated project grant is a reason for the V2 login and none for the V1 login."""
    found = instance(login_v2=required)
    found = found.having("projects", Project("p", "v", "Portal", project_check=True))
    row = of(rows_of(found.having("project_grants", ProjectGrant("p:a", "p", "a", active=False)), Selection()), "ann")
    assert (row.in_force, row.login_v1, row.login_v2) == (in_force, True, False)
    assert any("Acme's project grant is deactivated" in each for each in row.reasons)


@pytest.mark.parametrize("required", [True, False, None])
def test_a_person_whom_the_v2_login_lets_in_is_in_force(required: bool | None) -> None:
    assert of(rows_of(instance(login_v2=required), Selection()), "ann").in_force is True

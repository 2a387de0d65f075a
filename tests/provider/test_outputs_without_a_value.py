"""An output that is None never counts as an argument that the program leaves out, where that decides who gets in."""

from __future__ import annotations

from pathlib import Path

import pytest

from pulumi_zorg.engine.checks import Checks
from pulumi_zorg.resource_types.inputs import OUTPUTS, OWNER
from pulumi_zorg.resource_types.registry import INPUTS
from tests.support.in_process import InProcessStack
from tests.support.servers import Server
from tests.support.stack import TOKENS

#: What decides who gets in, or what a deletion does, by kind. All have `adopt` and `deletion_policy`.
DECISIVE = {
    "org": {"active", "allow_lockout", "cascade"},
    "machine": {"active"},
    "human": {"active"},
    "project": {"active", "roles", "project_role_assertion", "project_role_check", "has_project_check"},
    "project_grant": {"active", "role_keys"},
    "grant": {"active", "role_keys"},
    "manager": {"allow_lockout"},
}


@pytest.mark.parametrize("kind", TOKENS)
def test_what_decides_who_gets_in_needs_a_value(server: Server, tmp_path: Path, kind: str) -> None:
    inputs = INPUTS[TOKENS[kind]]
    decisive = DECISIVE[kind] | {"adopt", "deletion_policy"}
    assert inputs.decisive() == decisive
    stack = InProcessStack(tmp_path / "stack", server.proxy.url, server.token)
    failures = []

    def check() -> None:
        given = {**dict.fromkeys(inputs.names()), OWNER: "o/tests/test/Some/thing", OUTPUTS: sorted(decisive)}
        failures.extend(Checks(TOKENS[kind]).check({}, given).failures)

    code, diagnostics = stack._in_a_new_process(check)
    assert code == 0, diagnostics
    assert {each.property for each in failures} == decisive | {*inputs.required()}
    assert all(each.reason.startswith("has no value: the output that it comes from is None.") for each in failures)

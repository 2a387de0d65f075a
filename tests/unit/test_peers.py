"""The benchmark beside other builds: its table, its program for Terraform, and that it leaves nothing on a server."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.contenders import terraform
from benchmarks.measure import Measured
from benchmarks.peers import EARLIER, OURS, OURS_SKIPPING, TERRAFORM, cleared, table
from benchmarks.stacks import Server
from tests.support.servers import emulated


def _took(*seconds: float) -> list[Measured]:
    return [Measured(each, each / 2, 0) for each in seconds]


def test_the_table_has_medians_and_their_ratios_beside_the_limits() -> None:
    first = {OURS: _took(3, 9, 5), EARLIER: _took(10, 10, 1), OURS_SKIPPING: _took(4), TERRAFORM: _took(8)}
    lines = table({"up": first, "preview": {OURS: _took(2)}}).splitlines()
    assert f"| seconds (CPU seconds) | {EARLIER} | {OURS} | {OURS_SKIPPING} | {TERRAFORM} |" in lines
    assert "| up | 10.0 (5.0) | 5.0 (2.5) | 4.0 (2.0) | 8.0 (4.0) |" in lines
    assert "| preview |  | 2.0 (1.0) |  |  |" in lines
    ratios = [line for line in lines if " / " in line]
    assert ratios == [
        f"| up | {OURS} / {EARLIER} | 0.50 | 0.75 |",
        f"| up | {OURS_SKIPPING} / {TERRAFORM} | 0.50 | 1.0 |",
    ]


def test_what_a_round_made_is_removed_after_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with emulated() as server:
        before = set(server.admin.organizations())
        made = []

        def fail() -> None:
            with cleared(server.admin) as tag:
                made.append(server.admin.create_organization(f"Home 0-0-{tag}"))
                made.append(server.admin.create_organization(f"Tenant 1 0-0-{tag}"))
                assert set(server.admin.organizations()) == before.union(made)
                raise LookupError

        with pytest.raises(LookupError):
            fail()
        assert set(server.admin.organizations()) == before


def test_terraform_declares_what_the_program_declares(tmp_path: Path) -> None:
    users = tmp_path / "users.txt"
    users.write_text("1\n2")
    server = Server("https://zitadel.example", "secret", "org", "project", users)
    terraform(tmp_path / "folder", "terraform", tmp_path / "any-name", server, 4, "tag")
    program = json.loads((tmp_path / "folder" / "main.tf.json").read_text())
    assert program["provider"]["zitadel"] == {
        "domain": "zitadel.example", "port": "443", "insecure": False, "access_token": "secret",
    }  # fmt: skip
    assert program["locals"] == {"users": ["1", "2"]}
    assert program["resource"]["zitadel_org"] == {"tenant": {"count": 2, "name": "Tenant ${count.index} tag"}}
    assert program["resource"]["zitadel_user_grant"]["grant"]["count"] == 2
    assert str(tmp_path / "folder" / "provider") in (tmp_path / "folder" / "cli.tfrc").read_text()

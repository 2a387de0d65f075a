"""The data file of examples/onboarding: every mistake is reported, with its place."""

from __future__ import annotations

import runpy
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.scripts import load
from tests.support.stack import ROOT

START = """
project: {name: Portal, organization: Vendor, roles: [admin, viewer]}
people: {ann: ann@vendor.example, bob: bob@vendor.example, anna: ann@vendor.example}
"""


@pytest.fixture(scope="module")
def tenants() -> ModuleType:
    return load("examples/onboarding/tenants.py")


def test_the_file_of_make_demo_has_no_mistake(tenants: ModuleType, tmp_path: Path) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_text(runpy.run_path(str(ROOT / "scripts" / "demo.py"))["TENANTS"])
    assert list(tenants.load(file).tenants) == ["acme"]


def test_a_tenant_may_give_all_roles_of_the_project_unless_the_file_names_some(
    tenants: ModuleType, tmp_path: Path
) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_text(
        START
        + "tenants: {acme: {name: Acme}, globex: {name: Globex, roles: [viewer]}, none: {name: Nobody, roles: []}}"
    )
    data = tenants.load(file)
    roles = {key: sorted(data.roles_of(each)) for key, each in data.tenants.items()}
    assert roles == {"acme": ["admin", "viewer"], "globex": ["viewer"], "none": []}


@pytest.mark.parametrize(
    ("tenant", "mistake"),
    [
        ("{name: Acme, roles: [editor]}", "tenants.acme.roles: the project has no role 'editor'; it has admin, viewer"),
        ("{name: Acme, people: {ann: [editor]}}", "tenants.acme.people.ann: the project has no role 'editor'"),
        (
            "{name: Acme, roles: [viewer], people: {ann: [admin]}}",
            "tenants.acme.people.ann: the tenant may not give the role 'admin'; it may give viewer",
        ),
        ("{name: Acme, people: {eve: [viewer]}}", "tenants.acme.people.eve: there is no 'eve' under people"),
        (
            "{name: Acme, people: {ann: [admin], anna: [viewer]}}",
            "tenants.acme.people.anna: this is the same user as ann",
        ),
        ("{name: Acme, project_granted: true}", "tenants.acme.project_granted is not a known field"),
        ("{name: Globex}", "tenants.globex.name: 'Globex' is also the name of acme"),
    ],
)
def test_a_mistake_is_reported_with_its_place(tenants: ModuleType, tmp_path: Path, tenant: str, mistake: str) -> None:
    file = tmp_path / "tenants.yaml"
    file.write_text(f"{START}tenants:\n  acme: {tenant}\n  globex: {{name: Globex, people: {{ann: [viewer]}}}}\n")
    with pytest.raises(tenants.MistakeInFile) as raised:
        tenants.load(file)
    lines = str(raised.value).splitlines()
    assert len(lines) == 2, "one mistake, one line"
    assert mistake in lines[1]

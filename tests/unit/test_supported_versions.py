"""The versions of dependencies, engines and Pythons: each file that names one names the same.

The lower bounds of dependencies are those that ``make test-lowest`` tests.
"""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.metadata import metadata, requires
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from pulumi_zorg.doctor import machine
from tests.support.old_sdk import OLD_SDK, OLD_SDK_VERSION
from tests.support.stack import ROOT


def lower_bounds() -> dict[str, Version]:
    """The lower bound of each dependency, those of the extras too, as pyproject.toml had them at ``make setup``."""
    found: dict[str, Version] = {}
    for text in requires("pulumi-zorg") or []:
        requirement = Requirement(text)
        (bound,) = (each.version for each in requirement.specifier if each.operator == ">=")
        found[canonicalize_name(requirement.name)] = Version(bound)
    return found


def test_the_tested_lowest_versions_are_the_lower_bounds() -> None:
    lines = [line.partition("#")[0].strip() for line in (ROOT / "tests" / "lowest.txt").read_text().splitlines()]
    tested = {
        canonicalize_name(name): Version(version)
        for name, _, version in (each.partition("==") for each in lines if each)
    }
    assert tested == {**lower_bounds(), "dill": _dill_of_the_sdk()}


def _dill_of_the_sdk() -> Version:
    (found,) = (each for each in map(Requirement, requires("pulumi") or []) if each.name == "dill")
    (bound,) = found.specifier
    return Version(bound.version)


def test_the_sdk_to_be_refused_is_there_and_too_old() -> None:
    assert Version(OLD_SDK_VERSION) < lower_bounds()["pulumi"]
    script = "import importlib.metadata, pulumi, pulumi.dynamic; print(pulumi.__file__, importlib.metadata.version('pulumi'))"
    shown = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(OLD_SDK)}, capture_output=True, text=True, check=True
    ).stdout.split()
    assert shown == [str(OLD_SDK / "pulumi" / "__init__.py"), OLD_SDK_VERSION]


# The engine: scripts/engine.versions names the versions, and everything else follows it.


def engine_versions() -> dict[str, str]:
    """The versions by name, without quotes."""
    lines = [line.partition("#")[0].strip() for line in (ROOT / "scripts" / "engine.versions").read_text().splitlines()]
    return {name: value.strip('"') for name, _, value in (line.partition("=") for line in lines if line)}


LOWEST_ENGINE = engine_versions()["lowest"]
NEWEST_ENGINE = engine_versions()["built"].split()[0]
LOWEST_SHORT = LOWEST_ENGINE.removesuffix(".0")
LOWEST_SDK = f"{lower_bounds()['pulumi'].major}.{lower_bounds()['pulumi'].minor}"

#: The files that name a version, with the text around it and the version.
NAMED = [
    ("README.md", r"\| `pulumi` command \| (\S+) or newer", LOWEST_SHORT),
    ("README.md", r"Python SDK \| (\S+) or newer", LOWEST_SDK),
    ("docs/doctor.md", r"or it is older than ([\d.]+\d)", LOWEST_SHORT),
    ("docs/doctor.md", r"or older than ([\d.]+\d)\. It is looked for", LOWEST_SDK),
    ("pulumi_zorg/cli/stack.py", r"Is this pulumi (\S+) or newer", LOWEST_SHORT),
    ("pulumi_zorg/engine/checks.py", r"Install pulumi (\S+) or newer", LOWEST_SDK),
    ("pulumi_zorg/engine/checks.py", r"'pulumi>=([^']+)'", LOWEST_SDK),
    ("examples/ci/gitlab/.gitlab-ci.yml", r"# pulumi (\S+) or newer", LOWEST_SHORT),
    *(
        (f"examples/{file}", r"pulumi-version: (\S+)", NEWEST_ENGINE)
        for file in ("ci/github/drift.yml", "ci/github/up.yml", "ci/github/preview.yml", "fleet/github/fleet.yml")
    ),
    ("examples/fleet/kubernetes/stack.yaml", r"image: pulumi/pulumi:([\d.]+)-", NEWEST_ENGINE),
]


@pytest.mark.parametrize(("file", "pattern", "version"), NAMED)
def test_every_file_names_the_same_versions(file: str, pattern: str, version: str) -> None:
    assert set(re.findall(pattern, (ROOT / file).read_text())) == {version}


def test_the_package_refuses_what_is_older_than_the_lowest() -> None:
    assert Version(LOWEST_ENGINE).release[:2] == machine.OLDEST_ENGINE
    assert lower_bounds()["pulumi"].release[:2] == machine.OLDEST_SDK


TRIED_ENGINES = {LOWEST_ENGINE, *engine_versions()["built"].split()}


@pytest.mark.parametrize("file", ["README.md", "docs/doctor.md", "docs/existing.md"])
def test_an_engine_in_an_example_of_output_was_tried(file: str) -> None:
    shown = re.findall(r"ok +engine +pulumi v([\d.]+\d)", (ROOT / file).read_text())
    assert shown
    assert set(shown) <= TRIED_ENGINES


def ci_matrix() -> dict[str, Any]:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "test.yml").read_text())
    found: dict[str, Any] = workflow["jobs"]["test"]["strategy"]["matrix"]
    return found


def test_ci_runs_each_engine_that_was_tried_and_the_newest_release() -> None:
    matrix = ci_matrix()
    assert {*matrix["engine"], *(each["engine"] for each in matrix["include"])} == {"^3", *TRIED_ENGINES}


def test_the_documents_name_each_engine_that_was_tried() -> None:
    table = (ROOT / "docs" / "engines.md").read_text()
    assert set(re.findall(r"^\| engine (3\.[\d.]+) ", table, re.MULTILINE)) == TRIED_ENGINES


def test_ci_runs_each_python_that_the_package_declares() -> None:
    prefix = "Programming Language :: Python :: 3."
    declared = [
        each.removeprefix(prefix) for each in metadata("pulumi-zorg").get_all("Classifier", []) if prefix in each
    ]
    assert [f"3.{each}" for each in declared] == ci_matrix()["python"]

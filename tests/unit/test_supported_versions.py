"""The versions of dependencies: the lower bounds are those that ``make test-lowest`` tests."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

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
    assert tested == lower_bounds()


def test_the_sdk_to_be_refused_is_there_and_too_old() -> None:
    assert Version(OLD_SDK_VERSION) < lower_bounds()["pulumi"]
    script = "import importlib.metadata, pulumi, pulumi.dynamic; print(pulumi.__file__, importlib.metadata.version('pulumi'))"
    shown = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(OLD_SDK)}, capture_output=True, text=True, check=True
    ).stdout.split()
    assert shown == [str(OLD_SDK / "pulumi" / "__init__.py"), OLD_SDK_VERSION]

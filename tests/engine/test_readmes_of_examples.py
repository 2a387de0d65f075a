"""The examples, one after the other on one emulator, by the commands of their READMEs, in the order of their table."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from pulumi_zorg.testing import AdminClient
from tests.support import readme
from tests.support.stack import ROOT, Stack

EXAMPLES = ROOT / "examples"
TABLE = re.findall(r"^\| \[(\w+)\]", (EXAMPLES / "README.md").read_text(), re.MULTILINE)


@contextmanager
def started_as_the_readme_says() -> Iterator[tuple[str, str]]:
    """The emulator of examples/README.md, on a free port: its address and token."""
    lines = "\n".join(readme.blocks(EXAMPLES / "README.md", "")).splitlines()
    (start,) = (line for line in lines if line.startswith("zorg emulator"))
    (settings,) = (line for line in lines if "ZITADEL_URL" in line and line.startswith("export"))
    name, *options = shlex.split(start.removesuffix("&"))
    port, token = (options[options.index(each) + 1] for each in ("--port", "--token"))
    assert settings == f"export ZITADEL_URL=http://127.0.0.1:{port} ZITADEL_TOKEN={token}"
    options[options.index("--port") + 1] = "0"
    command = [str(Path(sys.executable).with_name(name)), *options]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as running:
        try:
            assert running.stderr is not None
            found = re.search(r"http://127\.0\.0\.1:\d+", running.stderr.readline())
            assert found is not None
            with httpx.Client(trust_env=False, transport=httpx.HTTPTransport(retries=20)) as http:
                assert http.get(f"{found[0]}/debug/ready").status_code == 200
            yield found[0], token
        finally:
            running.terminate()


def checkout(folder: Path, warm: Path) -> Path:
    """A copy of the checkout, as far as the examples need it.

    :param warm: the folder with the Python that begins with its imports done: the environment's, as the examples name it.
    """
    shutil.copytree(EXAMPLES, folder / "examples", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("Pulumi.yaml", "__main__.py"):
        shutil.copy(ROOT / name, folder)
    environment = folder / ".venv"
    (environment / "bin").mkdir(parents=True)
    (environment / "bin" / "python").symlink_to(warm / "python")
    for name in ("bin/activate", "lib", "pyvenv.cfg"):
        (environment / name).symlink_to(Path(sys.prefix) / name)
    return folder


def _left_by_quickstart(admin: AdminClient) -> None:
    acme = _organization(admin, "Acme")
    assert [each["name"] for each in admin.projects(acme).values()] == ["Portal"]
    (grant,) = admin.grants(acme).values()
    assert (grant["userName"], grant["roleKeys"]) == ("ann@acme.example", ["viewer"])
    assert {each["state"] for each in admin.users(acme).values()} == {"USER_STATE_ACTIVE"}


def _left_by_offboarding(admin: AdminClient) -> None:
    """Bob has left: he is inactive, and his grants are as before. The customer was removed."""
    vendor = _organization(admin, "Vendor")
    states = {each["userName"]: each["state"] for each in admin.users(vendor).values()}
    assert states == {
        "ann@vendor.example": "USER_STATE_ACTIVE",
        "bob@vendor.example": "USER_STATE_INACTIVE",
        "eve@vendor.example": "USER_STATE_ACTIVE",
    }
    grants = admin.grants(vendor).values()
    assert {(each["userName"], each["state"]) for each in grants} == {
        ("ann@vendor.example", "USER_GRANT_STATE_ACTIVE"),
        ("bob@vendor.example", "USER_GRANT_STATE_ACTIVE"),
    }
    assert all(each["roleKeys"] for each in grants)
    assert "Initech" not in {each["name"] for each in admin.organizations().values()}


#: What is on the server after the commands of a README, but those that clean up.
LEFT = {"quickstart": _left_by_quickstart, "offboarding": _left_by_offboarding}


def _organization(admin: AdminClient, name: str) -> str:
    (found,) = (org_id for org_id, each in admin.organizations().items() if each["name"] == name)
    return found


def test_every_example_is_in_the_table() -> None:
    assert set(TABLE) >= {path.parent.name for path in EXAMPLES.glob("*/__main__.py")}


@pytest.mark.timeout(1200)
def test_examples_run_one_after_the_other_on_one_instance(tmp_path: Path) -> None:
    with started_as_the_readme_says() as (url, token), AdminClient(url, token) as admin:
        env = Stack(tmp_path / "stack", url, token).env | {"PULUMI_SKIP_CONFIRMATIONS": "true"}
        del env["PULUMI_STACK"]
        warm = env["PATH"].partition(os.pathsep)[0]
        root = checkout(tmp_path, Path(warm))
        at_first = {each["name"] for each in admin.organizations().values()}
        left = []
        for example in TABLE:
            file = EXAMPLES / example / "README.md"
            given = readme.commands(file)
            folder = root if "in the folder of the checkout" in file.read_text() else root / "examples" / example
            # Cleaned up in the end, so that each of them meets what the others made.
            last = [each for each in given if each.section == "Clean up"]
            first = [each for each in given if each not in last]
            environment = [each for each in given if each.text.startswith("source")]
            readme.run(first, folder, env, f'export PATH="{warm}:$PATH"')
            if example in LEFT:
                LEFT[example](admin)
            left.append(([*environment, *last], folder))
        made = {each["name"] for each in admin.organizations().values()} - at_first
        assert made >= {"Acme", "Globex", "Bluth", *_fleet()}
        for given, folder in reversed(left):
            readme.run(given, folder, env, f'export PATH="{warm}:$PATH"')
        assert {each["name"] for each in admin.organizations().values()} - at_first == _fleet()


def _fleet() -> set[str]:
    """The tenants of the fleet. They stay in ZITADEL when their stacks release them."""
    data = yaml.safe_load((EXAMPLES / "fleet" / "fleet.yaml").read_text())
    return {each["name"] for each in data["tenants"].values()}


@pytest.mark.parametrize(("example", "name"), [("fleet", "fleet.yaml"), ("onboarding", "tenants.yaml")])
def test_a_readme_shows_what_its_data_file_has(example: str, name: str) -> None:
    shown = [yaml.safe_load(each) for each in readme.blocks(EXAMPLES / example / "README.md", "yaml")]
    assert shown == [yaml.safe_load((EXAMPLES / example / name).read_text())]


def test_no_two_examples_have_an_organization_of_the_same_name() -> None:
    onboarding = yaml.safe_load((EXAMPLES / "onboarding" / "tenants.yaml").read_text())["tenants"].values()
    names = ["Acme", "Initech", *(each["name"] for each in onboarding), *_fleet()]
    assert len(names) == len(set(names))
    for name, example in (("Acme", "quickstart"), ("Initech", "offboarding")):
        assert f'or "{name}"' in (EXAMPLES / example / "__main__.py").read_text()


def test_a_line_that_is_not_shown_is_found() -> None:
    command = readme.Command("pulumi up", "", ["    ~ 2 updated", "done in 12 s: … 3 create"])
    assert command.missing_in("Resources:\n    ~ 2  updated\n\n07:14:28 x: done in 7 s: 1 same, 3 create") == []
    assert command.missing_in("    ~ 1 updated\n") == command.shown

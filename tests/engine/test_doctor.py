"""The installed command `zorg doctor`, with the real command `pulumi`."""

from __future__ import annotations

import json
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from tests.support.servers import Server
from tests.support.stack import Stack


def test_the_installed_command_reads_the_stack_and_the_engine(server: Server, stack: Stack) -> None:
    stack.configure(url=stack.env.pop("ZITADEL_URL"), token=stack.env.pop("ZITADEL_TOKEN"))
    before = {each: each.stat().st_mtime_ns for each in stack.folder.iterdir()}
    command = ["zorg", "doctor", "--org", server.home]
    run = subprocess.run(
        command, cwd=stack.folder, env=stack.env, capture_output=True, text=True, timeout=120, check=False
    )
    assert run.returncode == 0, run.stdout
    assert run.stderr == ""
    lines = run.stdout.splitlines()
    # The emulated server has the version of a real one that an advisory is about.
    assert {line.split()[0] for line in lines[:-1] if line.split()[1] != "version"} == {"ok"}
    assert lines[0].startswith("ok      engine      pulumi v3.")
    assert "The credential was read from zorg:token." in run.stdout
    assert f"UserGrant in organization {server.home}: read, find, create, change, " in run.stdout
    assert f"pending creates are kept in {stack.env['PULUMI_HOME']}/zorg/journal/" in run.stdout
    assert server.token not in run.stdout
    assert server.proxy.writes == []
    assert {each: each.stat().st_mtime_ns for each in stack.folder.iterdir()} == before


#: A program whose provider writes down in which Python environment it is.
WHERE = """
import sys
from pulumi.dynamic import CreateResult, Resource, ResourceProvider

class Provider(ResourceProvider):
    def check(self, olds, news):
        import sys
        from pulumi.dynamic import CheckResult
        with open("provider", "w") as file:
            file.write(sys.prefix)
        return CheckResult(news, [])

class Thing(Resource):
    pass

with open("program", "w") as file:
    file.write(sys.prefix)
Thing(Provider(), "thing", {})
"""


@pytest.mark.parametrize(
    ("options", "name"),
    [("", None), ("virtualenv: venv", "venv"), ("toolchain: uv", ".venv"), ("toolchain: pip", None)],
)
def test_the_python_environment_of_the_provider_is_the_one_that_the_engine_uses(
    stack: Stack, options: str, name: str | None
) -> None:
    if name is not None:
        stack.start_python_anew()
    (stack.folder / "__main__.py").write_text(WHERE)
    (stack.folder / "Pulumi.yaml").write_text(f"name: tests\nruntime: {{name: python, options: {{{options}}}}}\n")
    expected = Path(sys.prefix)
    if name is not None:
        expected = stack.folder / name
        venv.create(expected)
        (packages,) = expected.glob("lib/*/site-packages")
        (tests,) = Path(sys.prefix).glob("lib/*/site-packages")
        (packages / "tests.pth").write_text(f"import site; site.addsitedir({str(tests)!r})\n")
    stack.must("preview")
    assert (stack.folder / "provider").read_text() == str(expected)
    run = subprocess.run(
        ["zorg", "doctor", "--format", "json"],
        cwd=stack.folder,
        env=stack.env,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    found = [each for each in json.loads(run.stdout)["findings"] if each["check"] == "python"]
    (finding,) = [each for each in found if "provider's process" in each["message"]]
    assert finding["status"] == ("ok" if name is None else "warning")
    assert str(expected) in finding["message"]
    if name is not None:
        assert "is installed there" in finding["message"]
    # The language host that is built from the old module ignores the options. Those of the distributions do not.
    if (stack.folder / "program").read_text() == str(expected):
        assert "the program and the provider's process" in finding["message"]

"""Each setting in each process that reads settings, from each of its two places.

The table has a row for each setting that the package knows, and the processes are all that make a client. So a new setting, or a
new command, fails here until it is complete.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import certifi
import pulumi
import pytest
from pulumi.dynamic import ConfigureRequest
from pulumi.dynamic.config import Config

from pulumi_zorg.cli import main
from pulumi_zorg.engine import context
from pulumi_zorg.errors import ConfigurationError, ZorgError
from pulumi_zorg.providers.organization import OrganizationProvider
from pulumi_zorg.resource_types import lookup
from pulumi_zorg.settings import config
from pulumi_zorg.settings.config import Settings
from tests.support.command import Zorg
from tests.support.plans import plan_text
from tests.unit.keys import key_json

URL = "https://acme.example"
ORGANIZATION = "pulumi-python:dynamic/zorg:Organization"
TOKEN = ("token",)


@dataclass(frozen=True)
class Row:
    """How a setting is seen.

    :param value: what is given. ``{folder}`` is a folder that has the files.
    :param seen: what the settings then have.
    :param without: the settings of the base that are not given with it.
    :param beside: other settings that it needs.
    """

    value: str
    seen: Callable[[Any], Any]
    expected: Any
    without: tuple[str, ...] = ()
    beside: Mapping[str, str] | None = None


ROWS = {
    "url": Row("https://other.example", lambda each: each.url, "https://other.example"),
    "token": Row("pat-2", lambda each: each.credential.token.value, "pat-2"),
    "tokenFile": Row("{folder}/token", lambda each: each.credential.token.value, "pat-in-file", TOKEN),
    "jwtProfileFile": Row("{folder}/key.json", lambda each: each.credential.key_id, "key-77", TOKEN),
    "jwtProfileJson": Row(key_json(), lambda each: each.credential.key_id, "key-77", TOKEN),
    "clientId": Row("iac", lambda each: each.credential.client_id, "iac", TOKEN, {"clientSecret": "s"}),
    "clientSecret": Row("s-2", lambda each: each.credential.client_secret.value, "s-2", TOKEN, {"clientId": "iac"}),
    "headers": Row(
        '{"Proxy-Authorization":"Basic abc","X-Tenant":12}',
        lambda each: {name: secret.value for name, secret in each.headers},
        {"Proxy-Authorization": "Basic abc", "X-Tenant": "12"},
    ),
    "caFile": Row(certifi.where(), lambda each: each.ca_file, Path(certifi.where())),
    "audience": Row("https://issuer.example", lambda each: each.audience, "https://issuer.example"),
    "timeout": Row("7", lambda each: each.timeout, 7.0),
    "retryDeadline": Row("0.5", lambda each: each.retry_deadline, 0.5),
    "allowHttp": Row("true", lambda each: each.url, "http://10.0.0.1", ("url",), {"url": "http://10.0.0.1"}),
    "previewImpact": Row("false", lambda each: each.preview_impact, False),
}
VARIABLES = {each.key: each.variable for each in config.SETTINGS}
BASE = {"url": URL, "token": "pat-1"}


def resources(zorg: Zorg, stack: Mapping[str, str]) -> None:
    """The provider's host process, which the engine configures."""
    try:
        OrganizationProvider().configure(ConfigureRequest(Config(dict(stack), "p")))
    finally:
        context.stop()


def lookups(zorg: Zorg, stack: Mapping[str, str]) -> None:
    """The program."""
    pulumi.runtime.set_all_config(dict(stack))
    try:
        lookup._run()
    finally:
        pulumi.runtime.set_all_config({})


def command(*args: str) -> Callable[[Zorg, Mapping[str, str]], None]:
    """A command of `zorg`, with a `pulumi` that only prints."""

    def run(zorg: Zorg, stack: Mapping[str, str]) -> None:
        values = {name: {"value": value} for name, value in stack.items()}
        (zorg.folder / "config.json").write_text(json.dumps(values))
        (zorg.folder / "state.json").write_text('{"version": 3, "deployment": {"resources": []}}')
        (zorg.folder / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
        (zorg.folder / "plan.json").write_text(plan_text(DELETION))
        script = zorg.folder / "pulumi"
        script.write_text(
            f'#!/bin/sh\ncase "$*" in\n*version) echo v3.276.0;;\n*show-name*) echo dev;;\n'
            f'*export*) read -r line < {zorg.folder}/state.json; echo "$line";;\n'
            f'*config*--json*) while IFS= read -r line || [ -n "$line" ]; do printf \'%s\\n\' "$line"; done < '
            f"{zorg.folder}/config.json;;\nesac\n"
        )
        script.chmod(0o755)
        zorg.run(*args)

    return run


DELETION = {
    "op": "delete",
    "urn": f"urn:pulumi:dev::p::{ORGANIZATION}::acme",
    "oldState": {"id": "42", "inputs": {"name": "Acme", "active": True}},
}
PROCESSES: dict[str, Callable[[Zorg, Mapping[str, str]], None]] = {
    "resources": resources,
    "lookups": lookups,
    "access": command("access"),
    "drift": command("drift"),
    "preview-guard": command("preview-guard", "plan.json"),
    "doctor": command("doctor"),
    "generate": command("generate", "--all"),
    "import": command("import", "organization", "acme", "42"),
}


@pytest.fixture
def zorg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Zorg:
    return Zorg(tmp_path / "project", monkeypatch, capsys)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[Settings]:
    """The settings that a process has read. Nothing is called with them."""
    seen: list[Settings] = []

    def record(**given: Any) -> Settings:
        seen.append(Settings(**given))
        raise ConfigurationError("Enough is known.")

    monkeypatch.setattr(config, "Settings", record)
    return seen


def test_the_table_has_all_settings_and_all_processes() -> None:
    assert set(ROWS) == set(VARIABLES)
    assert set(PROCESSES) == {"resources", "lookups", *main.commands} - {"emulator"}


@pytest.mark.parametrize("place", ["stack", "environment"])
@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("setting", ROWS)
def test_a_setting_is_read(
    setting: str,
    process: str,
    place: str,
    zorg: Zorg,
    read: list[Settings],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    row = ROWS[setting]
    (tmp_path / "token").write_text("pat-in-file\n")
    (tmp_path / "key.json").write_text(key_json())
    base = {name: value for name, value in BASE.items() if name not in row.without} | dict(row.beside or {})
    given = {setting: row.value.replace("{folder}", str(tmp_path))}
    stack = {f"zorg:{name}": value for name, value in (base | given if place == "stack" else {}).items()}
    if place == "environment":
        for name, value in (base | given).items():
            monkeypatch.setenv(VARIABLES[name], value)
    with suppress(ZorgError):
        PROCESSES[process](zorg, stack)
    assert len(read) == 1
    assert row.seen(read[0]) == row.expected
    # It is what was given that is seen, and not a default.
    (other,) = (Settings(URL, read[0].credential, URL),)
    assert setting in BASE or row.without or row.seen(other) != row.expected


def test_the_table_of_the_readme_has_all_settings() -> None:
    text = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    for name, variable in VARIABLES.items():
        assert f"`zorg:{name}`" in text
        assert f"`{variable}`" in text

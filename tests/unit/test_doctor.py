"""`zorg doctor`: each thing that can be wrong is told apart, and what depends on it is skipped."""

from __future__ import annotations

import base64
import json
import os
import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from importlib import metadata
from pathlib import Path
from typing import Any

import httpx
import pytest

from pulumi_zorg.doctor.machine import OLDEST_SDK, interpreters
from pulumi_zorg.doctor.pipeline import CHECKS
from pulumi_zorg.engine.pending import Attempt, PendingCreate, PendingCreates, pending_creates_folder
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.testing import Fault
from pulumi_zorg.world.tokens import short
from tests.support.command import Zorg
from tests.support.servers import Server, emulated
from tests.support.tls import over_tls
from tests.unit.test_supported_versions import lower_bounds
from tests.unit.test_transport import https  # noqa: F401 - a fixture

NAMES = [each.name for each in CHECKS]
JSON = {"Content-Type": "application/json"}
Findings = dict[str, list[dict[str, Any]]]


@dataclass
class Doctor:
    """Runs `zorg doctor` against a server, with a `pulumi` that only prints.

    :param env: the settings. Those of an IAM_OWNER to begin with.
    """

    server: Server
    zorg: Zorg
    env: dict[str, str] = field(default_factory=dict)

    def install(self, version: str = "v3.250.0", config: Mapping[str, str] | None = None, stack: str = "dev") -> None:
        """Put a command `pulumi` on PATH that has this version, selected stack (empty for none) and configuration."""
        values = json.dumps({name: {"value": value} for name, value in (config or {}).items()})
        script = self.zorg.folder / "pulumi"
        select = f"echo {stack}" if stack else "echo 'error: no stack selected' >&2; exit 255"
        script.write_text(
            f"#!/bin/sh\ncase \"$*\" in\nversion) echo {version};;\n*show-name*) {select};;\n*--json*) echo '{values}';;\n"
            "*export*) echo '{\"deployment\": {}}';;\nesac\n"
        )
        script.chmod(0o755)

    def findings(self, *args: str, code: int = 0, **env: str) -> Findings:
        """Return the findings by check. Nothing is written, neither on the server nor on this machine."""
        files = self.files()
        shown = self.zorg.run("doctor", "--format", "json", *args, env={**self.env, **env})
        assert shown.code == code, shown.out
        assert self.server.proxy.writes == []
        assert self.files() == files
        report = json.loads(shown.out)
        assert report["healthy"] is (code == 0)
        by_check: Findings = {}
        for each in report["findings"]:
            by_check.setdefault(each["check"], []).append(each)
        assert list(by_check) == NAMES
        return by_check

    def problems(self, *args: str, code: int = 0, **env: str) -> dict[str, str]:
        """Return the messages of the checks that have a warning or an error, without the check of the server's version."""
        found = self.findings(*args, code=code, **env)
        return {
            name: " / ".join(each["message"] for each in each_check if each["status"] in ("warning", "error"))
            for name, each_check in found.items()
            if name != "version" and any(each["status"] in ("warning", "error") for each in each_check)
        }

    def files(self) -> list[tuple[str, int]]:
        return [(str(each), each.stat().st_mtime_ns) for each in sorted(self.zorg.folder.rglob("*"))]

    def service_account(self, *roles: str, of: str | None = None) -> str:
        """Create a user who has these roles on the instance, or in an organization."""
        user = self.server.admin.create_user(self.server.home, f"{'-'.join(roles) or 'nobody'}-{time.monotonic_ns()}")
        if roles and of is None:
            self.server.admin.add_instance_member(user, *roles)
        elif of is not None:
            self.server.admin.add_member(of, user, *roles)
        return user

    def token(self, *roles: str, of: str | None = None, expires: str = "2099-01-01T00:00:00Z") -> str:
        """Return a token of a new service account with these roles."""
        user = self.service_account(*roles, of=of)
        body = {"expirationDate": expires}
        answer = self.server.admin.call("POST", f"/management/v1/users/{user}/pats", body, org=self.server.home)
        return str(answer["token"])

    def key(self, expires: str = "2099-01-01T00:00:00Z", **changed: str) -> dict[str, str]:
        """Return the settings of a new service-account key of an IAM_OWNER, and drop those of the token."""
        user = self.service_account("IAM_OWNER")
        body = {"type": "KEY_TYPE_JSON", "expirationDate": expires}
        answer = self.server.admin.call("POST", f"/management/v1/users/{user}/keys", body, org=self.server.home)
        content = json.loads(base64.b64decode(answer["keyDetails"])) | changed
        self.env.pop("ZITADEL_TOKEN", None)
        return {"ZITADEL_JWT_PROFILE_JSON": json.dumps(content), "ZITADEL_AUDIENCE": self.server.proxy.target}


@pytest.fixture(scope="module")
def instance() -> Iterator[Server]:
    """One server for all tests: they change nothing on it."""
    with emulated() as server:
        yield server


@contextmanager
def only_host(server: Server, host: str) -> Iterator[None]:
    """The instance is known by this host name alone."""

    def has(*hosts: str) -> None:
        httpx.post(f"{server.proxy.target}/debug/hosts", json={"hosts": hosts}).raise_for_status()

    has(host)
    try:
        yield
    finally:
        has()


@pytest.fixture
def doctor(
    instance: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Doctor:
    instance.proxy.clear()
    monkeypatch.delenv("ZORG_JOURNAL_DIR", raising=False)
    home = tmp_path / "home"
    home.mkdir()
    env = {
        "ZITADEL_URL": instance.proxy.url,
        "ZITADEL_TOKEN": instance.token,
        "PULUMI_HOME": str(home),
        "PULUMI_BACKEND_URL": "file:///backend",
        "PATH": f"{tmp_path / 'elsewhere'}{os.pathsep}{Path(sys.prefix) / 'bin'}",
    }
    made = Doctor(instance, Zorg(tmp_path / "elsewhere", monkeypatch, capsys), env)
    made.install()
    return made


def test_where_all_is_well_each_check_says_so(doctor: Doctor) -> None:
    found = doctor.findings()
    # The emulated server has the version of a real one that the advisory is about.
    assert {each["status"] for name in found if name != "version" for each in found[name]} == {"ok"}
    (credential,) = found["credential"]
    assert "a personal access token is accepted: it belongs to user iac" in credential["message"]
    assert "ZITADEL_TOKEN in the environment" in credential["message"]
    assert "on the instance: IAM_OWNER" in found["roles"][0]["message"]
    assert {short(each["type"]) for each in found["rights"]} == {*map(short, RESOURCE_TYPES)}
    assert all(each["missing"] == {} and "remove" in each["message"] for each in found["rights"])
    lines = doctor.zorg.run("doctor", env=doctor.env).out.splitlines()
    messages = [(each["status"], each["check"], each["message"]) for of_check in found.values() for each in of_check]
    assert [(line[:8].strip(), line[8:19].strip(), line[20:]) for line in lines[:-1]] == messages
    assert lines[-1] == f"doctor: {len(messages) - 1} ok, 1 warning"


@pytest.mark.parametrize(
    ("version", "says"),
    [
        ("v4.15.0-a97999e5", r"ZITADEL is v4\.15\.0-a97999e5\. .*GHSA-v859-c572-qh5p.* Install 4\.16\.0 or newer"),
        ("2.71.3", "GHSA-v859-c572-qh5p"),
        ("v4.16.0", None),
        ("v5.0.1", None),
        ("main", "which has no number.*GHSA-v859-c572-qh5p"),
        ("", "is not known.*GHSA-v859-c572-qh5p"),
    ],
)
def test_a_server_with_the_advisory_about_roles_is_named(doctor: Doctor, version: str, says: str | None) -> None:
    body = json.dumps({"instance": {"id": "1", "version": version}})
    doctor.server.proxy.add(Fault("answer", path="/instances/me$", times=None, status=200, headers=JSON, body=body))
    (found,) = doctor.findings()["version"]
    assert found["status"] == ("ok" if says is None else "warning")
    assert says is None or re.search(says, found["message"]), found["message"]


def test_the_version_is_not_known_to_a_caller_without_a_right_on_the_instance(doctor: Doctor) -> None:
    owner = doctor.token("ORG_OWNER", of=doctor.server.home)
    (found,) = doctor.findings("--org", doctor.server.home, ZITADEL_TOKEN=owner)["version"]
    assert found["status"] == "warning"
    assert "iam.read" in found["message"]


@pytest.mark.parametrize(
    ("value", "warns"), [("true", True), ("1", True), ("TRUE", True), ("false", False), ("", False)]
)
def test_an_engine_that_skips_checkpoints_is_a_warning(doctor: Doctor, value: str, warns: bool) -> None:
    problems = doctor.problems(PULUMI_SKIP_CHECKPOINTS=value)
    assert ("checkpoints" in problems) is warns
    assert not warns or "docs/performance.md" in problems["checkpoints"]


#: The checks that are skipped where one fails.
SKIPPED = {
    "roles": {"header", "rights", "events", "version"},
    "header": {"rights"},
    "credential": {"expiry", "roles", "header", "rights", "events", "api", "version"},
}
SKIPPED["engine"] = {"state"}
SKIPPED["clock"] = {"credential", *SKIPPED["credential"]}
SKIPPED["address"] = {"clock", *SKIPPED["clock"]}
SKIPPED["settings"] = {"address", "pending", *SKIPPED["address"]}

NOT_A_ZITADEL = Fault("answer", times=None, status=200, body="<html>Welcome to the office</html>")
HEADER_DROPPED = Fault("strip", times=None)


def an_hour_ahead() -> Fault:
    date = formatdate(time.time() + 3_600, usegmt=True)
    return Fault("answer", path="^/debug/healthz$", times=None, status=200, headers={"Date": date}, body="ok")


def no_address(doctor: Doctor) -> list[str]:
    doctor.env["ZITADEL_URL"] = ""
    return []


def not_a_zitadel(doctor: Doctor) -> list[str]:
    doctor.server.proxy.add(NOT_A_ZITADEL)
    return []


def bad_token(doctor: Doctor) -> list[str]:
    doctor.env["ZITADEL_TOKEN"] = "nobody-has-this-token"
    return []


def expired_key(doctor: Doctor) -> list[str]:
    doctor.env |= doctor.key(expirationDate="2020-02-03T04:05:06Z")
    return []


def no_membership(doctor: Doctor) -> list[str]:
    doctor.env["ZITADEL_TOKEN"] = doctor.token()
    return []


def no_right_to_remove(doctor: Doctor) -> list[str]:
    doctor.env["ZITADEL_TOKEN"] = doctor.token("IAM_LOGIN_CLIENT")
    return ["--only", "UserGrant"]


def header_dropped(doctor: Doctor) -> list[str]:
    doctor.server.proxy.add(HEADER_DROPPED)
    return []


def wrong_clock(doctor: Doctor) -> list[str]:
    doctor.env |= doctor.key()
    doctor.server.proxy.add(an_hour_ahead())
    return []


def engine_too_old(doctor: Doctor) -> list[str]:
    doctor.install("v3.226.1")
    return []


@pytest.mark.parametrize(
    ("prepare", "check", "says"),
    [
        (no_address, "settings", "no address of a ZITADEL is given to this command: set zorg:url"),
        (not_a_zitadel, "address", "answers, but not as a ZITADEL: .*text/html.* Check zorg:url"),
        (bad_token, "credential", r"401.* not accepted: .* read from ZITADEL_TOKEN"),
        (expired_key, "credential", r"expired at 2020-02-03 04:05:06Z\. Create a new key"),
        (no_membership, "roles", r"has no role, so .* 404, .* Give it IAM_ORG_MANAGER"),
        (no_right_to_remove, "rights", r"cannot remove \(lacks user\.grant\.delete\)\. It can read, find, create, "),
        (header_dropped, "header", r"x-zitadel-orgid does not arrive: .* wrong organization, so none is made\. Let"),
        (wrong_clock, "clock", r"(3599|3600) s behind the server's, so ZITADEL refuses what is signed .* by NTP"),
        (engine_too_old, "engine", r"v3\.226\.1 is too old\. Install pulumi 3\.227 or newer"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_what_is_wrong_is_one_error_and_what_needs_it_is_skipped(
    doctor: Doctor, prepare: Callable[[Doctor], list[str]], check: str, says: str
) -> None:
    args = prepare(doctor)
    found = doctor.findings(*args, code=1)
    failed = [each for of_check in found.values() for each in of_check if each["status"] == "error"]
    assert [each["check"] for each in failed] == [check]
    assert re.search(says, failed[0]["message"]), failed[0]["message"]
    skipped = {name for name, of_check in found.items() if of_check[0]["status"] == "skipped"}
    assert skipped == SKIPPED.get(check, set())
    assert all(f"the check {check} failed" in found[name][0]["message"] for name in skipped)


def test_other_answers_than_those_of_a_zitadel(doctor: Doctor, https: tuple[str, Path]) -> None:  # noqa: F811
    proxy = doctor.server.proxy
    moved = Fault("answer", times=None, status=302, headers={"Location": "https://login.example"})
    another = Fault(
        "answer", times=None, status=200, headers=JSON, body='{"issuer": "https://x", "token_endpoint": "/token"}'
    )
    for fault, says in [
        (moved, r"redirects calls \(https://login\.example\)\. Set zorg:url"),
        (another, r"not as a ZITADEL: .*application/json"),
        (Fault("cut", times=None), "cannot be reached"),
        (Fault("answer", times=None, status=503), "answered 503"),
    ]:
        proxy.clear()
        proxy.add(fault)
        problems = doctor.problems(code=1)
        assert list(problems) == ["address"]
        assert re.search(says, problems["address"])
    assert "is not trusted" in doctor.problems(code=1, ZITADEL_URL=https[0])["address"]
    proxy.clear()
    proxy.add(Fault("answer", path="^/debug/", times=None, status=403))
    assert "/debug/healthz answers 403" in doctor.problems()["address"]


def test_who_does_not_let_a_call_through_to_the_instance_is_told_apart(doctor: Doctor, tmp_path: Path) -> None:
    """No instance for the host name, a proxy that wants a header, a certificate of a private authority."""
    proxy, target = doctor.server.proxy, doctor.server.proxy.target

    def address(**env: str) -> str:
        problems = doctor.problems(code=1, **env)
        assert list(problems) == ["address"]
        return problems["address"]

    with only_host(doctor.server, "acme.example"):
        message = address()
        assert (
            f"is a ZITADEL, but it has no instance with the host name {proxy.url.removeprefix('http://')} (" in message
        )
        assert "unable to set instance using origin" in message
        assert "Set zorg:url to the instance's own address (its ExternalDomain)." in message
        assert "in zorg:headers (ZITADEL_HEADERS) as x-zitadel-instance-host or Host" in message
        wrong = address(ZITADEL_HEADERS='{"x-zitadel-instance-host": "bluth.example"}')
        assert "no instance with the host name bluth.example (" in wrong
        assert doctor.problems(ZITADEL_HEADERS='{"x-zitadel-instance-host": "acme.example"}') == {}
    wants = "give the header that the proxy wants in zorg:headers (ZITADEL_HEADERS)"
    for fault in (
        Fault("require", times=None, header="Proxy-Authorization", value="Bearer s3cr3t", status=403),
        Fault("require", times=None, header="X-Key", value="s3cr3t", status=401, headers=JSON, body='{"message": "no key"}'),
        Fault("require", times=None, header="Cookie", value="session=s3cr3t", status=302, headers={"Location": "https://login.example"}),
        Fault("require", times=None, header="X-Key", value="s3cr3t", status=200, body="<html>Sign in</html>"),
        Fault("require", times=None, header="X-Key", value="s3cr3t", status=407, headers={"Proxy-Authenticate": "Basic realm=corp"}),
    ):  # fmt: skip
        proxy.clear()
        proxy.add(fault)
        assert wants in address()
        assert ("It requests: Basic realm=corp." in address()) is (fault.status == 407)
        refused = address(ZITADEL_HEADERS=json.dumps({fault.header: "Bearer wr0ng"}))
        assert wants in refused
        assert "wr0ng" not in refused
        assert doctor.problems(ZITADEL_HEADERS=json.dumps({fault.header: fault.value})) == {}
        proxy.clear()
    with over_tls(target, tmp_path) as tls:
        message = address(ZITADEL_URL=tls.url)
        assert re.search(
            r"not trusted \(unable to get local issuer .* name that one's certificate file in zorg:caFile", message
        )
        found = doctor.findings(ZITADEL_URL=tls.url, ZITADEL_CA_FILE=str(tls.ca_file))
        assert "and its certificate is trusted" in found["address"][0]["message"]
    with over_tls(target, tmp_path, address="127.0.0.2") as tls:
        message = address(ZITADEL_URL=tls.url, ZITADEL_CA_FILE=str(tls.ca_file))
        assert re.search(
            r"not trusted \(IP address mismatch.* Set zorg:url to a name that the certificate has", message
        )


def test_the_issuer_follows_the_host_header(doctor: Doctor) -> None:
    """A key is signed for the issuer. Inside of a cluster that is another one than the address."""
    env = doctor.key() | {"ZITADEL_HEADERS": '{"x-zitadel-instance-host": "acme.example"}'}
    wrong = doctor.problems(code=1, **env)["address"]
    assert "the issuer of" in wrong
    assert "Set zorg:audience to http://acme.example." in wrong
    assert doctor.problems(**env | {"ZITADEL_AUDIENCE": "http://acme.example"}) == {}


def test_a_wrong_clock_is_an_error_only_where_something_is_signed_by_it(doctor: Doctor) -> None:
    doctor.server.proxy.add(an_hour_ahead())
    assert re.search("(3599|3600) s behind", doctor.problems()["clock"])
    doctor.server.proxy.clear()
    undated = Fault("answer", path="^/debug/healthz$", times=None, status=200, body="ok")
    doctor.server.proxy.add(undated)
    assert "its clock is not known" in doctor.problems()["clock"]
    doctor.env |= doctor.key()
    for seconds, is_wrong in ((-30, True), (-5, False), (30, False), (295, True)):
        doctor.server.proxy.clear()
        date = formatdate(time.time() + seconds, usegmt=True)
        doctor.server.proxy.add(replace(undated, headers={"Date": date}))
        assert ("clock" in doctor.problems(code=int(is_wrong))) is is_wrong, seconds


@pytest.mark.slow
def test_each_kind_of_credential(doctor: Doctor) -> None:
    token = doctor.env["ZITADEL_TOKEN"]
    soon = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + 86_400))
    expiring = doctor.token("IAM_OWNER", expires=soon)
    assert "a personal access token expires at" in doctor.problems(ZITADEL_TOKEN=expiring)["expiry"]
    blind = doctor.token("ORG_PROJECT_CREATOR", of=doctor.server.home)
    assert "not known when" in doctor.findings(ZITADEL_TOKEN=blind)["expiry"][0]["message"]
    key = doctor.key()
    assert "does not" not in (found := doctor.findings(**key))["expiry"][0]["message"]
    assert re.search(
        r"expires at 2099-01-01 00:00:00Z; a token for it is good for 12\.0 h", found["expiry"][0]["message"]
    )
    assert "the service-account key" in found["credential"][0]["message"]
    assert re.search(
        "issuer of .* Set zorg:audience", doctor.problems(code=1, **{**key, "ZITADEL_AUDIENCE": ""})["address"]
    )
    assert "expires at" in doctor.problems(**doctor.key(expires=soon))["expiry"]
    unknown = doctor.key(keyId="12345", expirationDate="never")
    assert "gave no token for the service-account key 12345" in doctor.problems(code=1, **unknown)["credential"]
    user = doctor.service_account("IAM_OWNER")
    secret = doctor.server.admin.call("PUT", f"/management/v1/users/{user}/secret", org=doctor.server.home)
    pair = {"ZITADEL_CLIENT_ID": secret["clientId"], "ZITADEL_CLIENT_SECRET": secret["clientSecret"]}
    shown = json.dumps(doctor.findings(**pair))
    assert "a client secret does not expire" in shown
    content = json.loads(key["ZITADEL_JWT_PROFILE_JSON"])
    shown += json.dumps(doctor.findings(**key))
    assert not any(part in shown for part in (token, secret["clientSecret"], content["key"].splitlines()[1]))
    both = doctor.problems(code=1, **{**pair, "ZITADEL_TOKEN": token})
    assert "more than one credential" in both["settings"]


def test_the_expiry_in_a_key_is_shown_where_the_server_does_not_show_it(doctor: Doctor) -> None:
    key = doctor.key(expirationDate="2098-07-06T05:04:03Z")
    denied = Fault("answer", path="/keys/", times=None, status=403, headers=JSON, body='{"code": 7, "message": "no"}')
    doctor.server.proxy.add(denied)
    assert "expires at 2098-07-06 05:04:03Z" in doctor.findings(**key)["expiry"][0]["message"]


def test_several_tokens_of_a_user_are_not_told_apart(doctor: Doctor) -> None:
    user, admin, home = doctor.service_account("IAM_OWNER"), doctor.server.admin, doctor.server.home
    admin.create_token(home, user)
    doctor.env["ZITADEL_TOKEN"] = admin.create_token(home, user)
    assert "the first one of the 2 personal access tokens" in doctor.findings()["expiry"][0]["message"]


def rights(found: Findings) -> dict[tuple[str, str | None], tuple[str, list[str]]]:
    """The status and the actions that are not permitted, by type and organization."""
    return {(short(each["type"]), each["org_id"]): (each["status"], list(each["missing"])) for each in found["rights"]}


WRITES = ["create", "update", "deactivate", "reactivate", "remove"]


def test_rights_on_the_instance(doctor: Doctor) -> None:
    viewer = doctor.token("IAM_OWNER_VIEWER")
    assert rights(doctor.findings(code=1, ZITADEL_TOKEN=viewer)) == {
        ("Manager", None): ("error", ["create", "update", "remove"]),
        **{(name, None): ("error", WRITES) for name in map(short, RESOURCE_TYPES) if name != "Manager"},
    }
    assert {status for status, _ in rights(doctor.findings("--read-only", ZITADEL_TOKEN=viewer)).values()} == {"ok"}
    manager = doctor.token("IAM_USER_MANAGER")
    assert rights(doctor.findings("--only", "usergrant", "--only", "ProjectGrant", ZITADEL_TOKEN=manager)) == {
        ("UserGrant", None): ("ok", []),
        ("ProjectGrant", None): ("ok", []),
    }


def test_a_role_in_the_own_organization_does_not_count_for_the_instance(doctor: Doctor) -> None:
    server = doctor.server
    user = doctor.service_account("IAM_OWNER_VIEWER")
    server.admin.add_member(server.home, user, "ORG_OWNER")
    doctor.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, user)
    assert rights(doctor.findings("--only", "UserGrant", code=1)) == {("UserGrant", None): ("error", WRITES)}
    assert rights(doctor.findings("--only", "UserGrant", "--org", server.home)) == {
        ("UserGrant", server.home): ("ok", [])
    }


def test_rights_in_organizations(doctor: Doctor) -> None:
    admin, home = doctor.server.admin, doctor.server.home
    other, removed = admin.create_organization("Other tenant"), admin.create_organization("Removed tenant")
    user = doctor.service_account("ORG_OWNER", of=home)
    admin.add_member(other, user, "ORG_USER_PERMISSION_EDITOR")
    admin.remove_organization(removed)
    doctor.env["ZITADEL_TOKEN"] = admin.create_token(home, user)
    unnamed = doctor.problems()["rights"]
    assert "no role on the instance" in unnamed
    assert "--org ID" in unnamed
    assert home in unnamed
    found = doctor.findings("--org", home, "--org", other, "--only", "UserGrant", "--only", "Organization", code=1)
    assert rights(found) == {
        ("Organization", None): ("warning", ["create"]),
        ("Organization", home): ("ok", []),
        ("UserGrant", home): ("ok", []),
        ("Organization", other): ("error", WRITES[1:]),
        ("UserGrant", other): ("ok", []),
    }
    assert f"answers for organization {other}" in found["header"][0]["message"]
    for wrong in ("", "a b", "ü"):
        assert "Invalid value for '--org'" in doctor.zorg.run("doctor", "--org", wrong, env=doctor.env).out
    assert "organization 12345: " in doctor.problems("--org", "12345", code=1)["rights"]
    owner = doctor.server.token
    assert f"{removed} was removed" in doctor.problems("--org", removed, code=1, ZITADEL_TOKEN=owner)["rights"]
    events = doctor.problems("--org", home)["events"]
    assert "lacks events.read on the instance" in events
    assert "removal of an organization cannot be proven" in events
    manager = doctor.problems(ZITADEL_TOKEN=doctor.token("IAM_ORG_MANAGER"))
    assert list(manager) == ["events"]
    assert "removal of an organization" not in manager["events"]


def test_a_role_on_a_single_project_is_a_warning(doctor: Doctor) -> None:
    server = doctor.server
    user = doctor.service_account("ORG_OWNER_VIEWER", of=server.home)
    body = {"userId": user, "roles": ["PROJECT_OWNER"]}
    server.admin.call("POST", f"/management/v1/projects/{server.project}/members", body, org=server.home)
    doctor.env["ZITADEL_TOKEN"] = server.admin.create_token(server.home, user)
    problems = doctor.problems("--org", server.home, "--only", "UserGrant")
    assert (
        "only on single projects it can create, change, deactivate, reactivate (lacks user.grant.write)"
        in problems["rights"]
    )


def test_the_header_of_a_caller_who_cannot_read_its_own_organization(doctor: Doctor) -> None:
    admin, home = doctor.server.admin, doctor.server.home
    other = admin.create_organization("Another tenant")
    blind = doctor.token("ORG_PROJECT_CREATOR", of=home)
    assert "not known whether the header" in doctor.problems(ZITADEL_TOKEN=blind)["header"]
    owner = doctor.token("ORG_OWNER", of=other)
    assert "header" not in doctor.problems(ZITADEL_TOKEN=owner)
    doctor.server.proxy.add(HEADER_DROPPED)
    assert "does not arrive" in doctor.problems(ZITADEL_TOKEN=owner, code=1)["header"]


def test_an_older_server_lacks_parts_of_the_api(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], doctor: Doctor
) -> None:
    with emulated("seeds") as older:
        doctor.server = older
        problems = doctor.problems(ZITADEL_URL=older.proxy.url, ZITADEL_TOKEN=older.token)
        assert list(problems) == ["api"]
        assert problems["api"].count("does not answer") == 3
        assert "organizations v2 does not answer: a credential without iam.read" in problems["api"]
        older.proxy.add(Fault("answer", path="^/admin/", times=None, status=404, body="no such page"))
        assert (
            "admin v1 does not answer"
            in doctor.problems(code=1, ZITADEL_URL=older.proxy.url, ZITADEL_TOKEN=older.token)["api"]
        )


def test_the_settings_of_a_stack(doctor: Doctor) -> None:
    project = doctor.zorg.folder
    config = {"zorg:url": doctor.env.pop("ZITADEL_URL"), "zorg:token": doctor.env.pop("ZITADEL_TOKEN")}
    doctor.install(config=config)
    assert "ZITADEL_URL" in doctor.problems(code=1)["settings"], "there is no project: the environment only"
    assert "read from zorg:token" in doctor.findings("--stack", "dev")["credential"][0]["message"]
    (project / "Pulumi.yaml").write_text("name: p\nruntime: python\n")
    assert "read from zorg:token" in doctor.findings("--cwd", str(project))["credential"][0]["message"]
    doctor.install(stack="")
    given = {"ZITADEL_URL": config["zorg:url"], "ZITADEL_TOKEN": config["zorg:token"]}
    problems = doctor.problems(**given)
    assert list(problems) == ["settings", "state"]
    assert re.search("no stack selected.* those of the environment alone.* --stack", problems["settings"])
    (project / "pulumi").unlink()
    missing = doctor.problems("--stack", "dev", code=1, **given)
    assert "`pulumi` is not found" in missing["engine"]
    assert "`pulumi` is not found" in missing["settings"]


def test_versions(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    doctor.install("3.227.0-alpha.1")
    assert doctor.problems() == {}
    doctor.install("")
    assert "shows no version" in doctor.problems(code=1)["engine"]
    doctor.install()
    assert ".".join(map(str, OLDEST_SDK)) == str(lower_bounds()["pulumi"])
    real = metadata.version
    monkeypatch.setattr(
        "pulumi_zorg.doctor.machine.version", lambda name: "3.234.0" if name == "pulumi" else real(name)
    )
    assert re.search(r"SDK 3\.234\.0 in .* too old\. .* 'pulumi>=3\.235'", doctor.problems(code=1)["sdk"])


# The Python environment of `pulumi`.


def fake_environment(folder: Path, says: str) -> Path:
    """An environment whose Python prints this, whatever it is asked."""
    python = folder / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\n{says}\n")
    python.chmod(0o755)
    return python


def in_project(doctor: Doctor, options: str = "", main: str = ".") -> Path:
    project = doctor.zorg.folder
    (project / main).mkdir(exist_ok=True)
    (project / "Pulumi.yaml").write_text(f"name: p\nruntime: {{name: python, options: {{{options}}}}}\nmain: {main}\n")
    return project


def test_the_python_environment_without_a_project(doctor: Doctor) -> None:
    (finding,) = doctor.findings()["python"]
    assert finding["message"].startswith(f"this command is in {sys.prefix}. Which environment `pulumi` uses depends on")


def test_the_python_on_path_is_the_one_of_this_command(doctor: Doctor) -> None:
    in_project(doctor)
    (finding,) = doctor.findings()["python"]
    assert finding["status"] == "ok"
    assert finding["message"] == (
        f"this command is in {sys.prefix}, which the program and the provider's process of `pulumi` use too (python3 on PATH)"
    )


@pytest.mark.parametrize(
    "options", ["virtualenv: venv", "virtualenv: venv, toolchain: uv", "toolchain: pip, virtualenv: ./venv"]
)
@pytest.mark.parametrize(
    ("installed", "says"), [("1.2.3", "pulumi_zorg 1.2.3 is installed"), ("", "pulumi_zorg is not installed")]
)
def test_another_python_environment_is_a_warning(doctor: Doctor, options: str, installed: str, says: str) -> None:
    fake_environment(in_project(doctor, options) / "venv", f"echo /other/venv; echo '{installed}'")
    problem = doctor.problems()["python"]
    assert problem.startswith(
        "the program and the provider's process of `pulumi` use another Python environment: /other/venv"
    )
    assert "in Pulumi.yaml" in problem
    assert f"this command is in {sys.prefix}. {says} there" in problem


def test_a_python_that_does_not_run_or_does_not_exist(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    project = in_project(doctor, "virtualenv: venv")
    assert re.search(
        "venv/bin/python .*, which does not exist. Run `pulumi install`", doctor.problems(code=1)["python"]
    )
    python = fake_environment(project / "venv", "exit 1")
    assert "which cannot be run" in doctor.problems()["python"]
    python.write_text("#!/bin/sh\nexec sleep 60\n")
    monkeypatch.setattr("pulumi_zorg.doctor.machine._PYTHON_ANSWERS_WITHIN", 0.2)
    assert "which cannot be run" in doctor.problems()["python"]
    # uv makes what is missing.
    in_project(doctor, "toolchain: uv")
    assert "does not exist yet" in doctor.problems()["python"]


def test_a_relative_virtualenv_with_a_program_in_a_subfolder(doctor: Doctor) -> None:
    """The script that starts the provider's process looks for it in the program's folder."""
    project = in_project(doctor, "virtualenv: venv", main="app")
    fake_environment(project / "venv", f"echo {sys.prefix}; echo 1.2.3")
    (of_program, of_provider) = doctor.findings(code=1)["python"]
    assert of_program["status"] == "ok"
    assert of_provider["status"] == "error"
    assert f"{project}/app/venv/bin/python" in of_provider["message"]
    assert "give an absolute path" in of_provider["message"]


@pytest.mark.parametrize(
    ("options", "files", "env", "program", "provider"),
    [
        ("", (), {}, "PATH", "PATH"),
        ("", ("uv.lock",), {}, ".venv", "PATH"),
        ("", ("poetry.lock", ".venv/bin/python"), {}, ".venv", "PATH"),
        ("toolchain: pip", ("uv.lock",), {}, "PATH", "PATH"),
        ("toolchain: uv", ("pyproject.toml",), {}, ".venv", "app/.venv"),
        ("toolchain: uv", ("app/uv.lock",), {}, "app/.venv", "app/.venv"),
        ("toolchain: uv", ("uv.lock",), {"UV_PROJECT_ENVIRONMENT": "env"}, "env", "app/.venv"),
        ("toolchain: uv, virtualenv: venv", ("uv.lock",), {}, "venv", "app/venv"),
        ("virtualenv: /venv", (), {}, "/venv", "/venv"),
        ("toolchain: poetry", ("poetry.lock", ".venv/bin/python"), {}, ".venv", ".venv"),
        ("toolchain: poetry", ("poetry.lock",), {"VIRTUAL_ENV": "/active"}, "/active", "/active"),
        ("toolchain: poetry", ("poetry.lock",), {}, None, None),
    ],
)
def test_the_python_of_each_process(
    options: str,
    files: tuple[str, ...],
    env: dict[str, str],
    program: str | None,
    provider: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For a program in a subfolder, where the rules of the two processes differ."""
    for name in ("VIRTUAL_ENV", "UV_PROJECT_ENVIRONMENT", "PULUMI_PYTHON_CMD"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    on_path = fake_environment(tmp_path / "usr", "").rename(tmp_path / "usr" / "bin" / "python3")
    monkeypatch.setenv("PATH", str(on_path.parent))
    project = (tmp_path / "project").resolve()
    (project / "app").mkdir(parents=True)
    for file in files:
        (project / file).parent.mkdir(parents=True, exist_ok=True)
        (project / file).touch()
    file = project / "Pulumi.yaml"
    file.write_text(f"name: p\nruntime: {{name: python, options: {{{options}}}}}\nmain: app\n")

    def expected(environment: str | None) -> Path | None:
        if environment == "PATH":
            return on_path
        return project / environment / "bin" / "python" if environment else None

    found = {
        process: each.executable
        for process, each in zip(("program", "provider's process"), interpreters(file), strict=True)
    }
    assert found == {"program": expected(program), "provider's process": expected(provider)}


def test_the_folder_of_pending_creates(doctor: Doctor, tmp_path: Path) -> None:
    file = tmp_path / "a-file"
    file.touch()
    kept = tmp_path / "kept"
    assert f"(will be created in {tmp_path})" in doctor.findings(ZORG_JOURNAL_DIR=str(kept))["journal"][0]["message"]
    assert f"{file} is not a folder. A create" in doctor.problems(ZORG_JOURNAL_DIR=str(file))["journal"]
    assert "its path is relative" in doctor.problems(PULUMI_BACKEND_URL="file://./state")["journal"]


def test_a_create_that_was_never_finished(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in doctor.env.items():
        monkeypatch.setenv(name, value)
    folder = pending_creates_folder()
    url, name = doctor.env["ZITADEL_URL"], "Organization/acme"
    pending = PendingCreates(url, folder, pytest.fail)
    pending.keep(
        PendingCreate(url, f"organization/shop/dev/{name}", {"name": "Secret name"}, (Attempt("1", 1e9),), "42")
    )
    PendingCreates("https://another.example", folder, pytest.fail).keep(
        PendingCreate("https://another.example", f"organization/shop/dev/{name}", {"name": "Acme"}, ())
    )
    message = doctor.problems()["pending"]
    assert (
        "create of Organization 'acme' in stack organization/shop/dev is unfinished, last attempted at 2001-09-09"
        in message
    )
    assert "the id 42. The next `pulumi up` of that stack resumes it" in message
    assert "Secret name" not in message
    assert message.count("unfinished") == 1
    assert "belongs to" in doctor.findings()["journal"][0]["message"]

"""The pipelines of examples/ci: their shell steps run as a runner would run them, with `zorg` and the real engine.

Where a job asks the engine what another one asked before it, on the same stack and server, it gets the same answer.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pulumi_zorg.testing import Fault
from tests.support.ci import COMMIT, FILES, MARK, ME, Runner, load
from tests.support.command import run_zorg
from tests.support.replay import Replay
from tests.support.servers import Server, emulated
from tests.support.stack import ROOT, Stack, grant, org


def tenants(server: Server) -> dict[str, dict[str, Any]]:
    return {
        **{name.lower(): org(name) for name in ("Acme", "Globex", "Initech")},
        "ann": grant(server.home, server.ann, server.project, ["viewer"]),
    }


@contextmanager
def declared(folder: Path) -> Iterator[tuple[Server, Stack, str]]:
    """Three tenants and a grant that no `up` has created yet, and a credential that can only read."""
    with emulated() as server:
        viewer = server.admin.create_user(server.home, "viewer")
        server.admin.add_instance_member(viewer, "IAM_OWNER_VIEWER")
        stack = Stack(folder / "stack", server.proxy.url, server.token)
        stack.declare(**tenants(server))
        yield server, stack, server.admin.create_token(server.home, viewer)


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Stack, str, Replay]]:
    """For jobs that change nothing on the instance: one stack, as declared, does for all."""
    with declared(tmp_path_factory.mktemp("kept")) as (server, stack, token):
        stack.up()
        yield server, stack, token, stack.replay()


@pytest.fixture
def replay(kept: tuple[Server, Stack, str, Replay]) -> Replay:
    replay = kept[-1]
    replay.server = "as declared"
    return replay


@pytest.fixture
def runner(kept: tuple[Server, Stack, str, Replay], replay: Replay, tmp_path: Path) -> Runner:
    server, stack, token, _ = kept
    shutil.copy(ROOT / "tests" / "support" / "program.py", stack.folder / "__main__.py")
    stack.declare(**tenants(server))
    return Runner(server, stack, tmp_path, token)


@pytest.fixture
def own_runner(tmp_path: Path) -> Iterator[Runner]:
    """For jobs that run an `up`: the first one."""
    with declared(tmp_path) as (server, stack, token):
        yield Runner(server, stack, tmp_path, token)


on_both = pytest.mark.parametrize("platform", ["github", "gitlab"])


@on_both
def test_a_harmless_change_gets_a_comment_and_passes(runner: Runner, replay: Replay, platform: str) -> None:
    replay.server = ""  # the engine itself, with the environment of each platform
    runner.stack.declare(**tenants(runner.server), hooli=org("Hooli"))
    job = runner.preview(platform)
    assert job.code == 0, job.out
    assert job.body.startswith(MARK)
    assert "nobody would be locked out or let in" in job.body
    assert "    + pulumi-python:dynamic/zorg:Organization: (create)" in job.body
    assert f"Commit {COMMIT}" in job.body
    assert job.called("POST", "/issues/7/comments" if platform == "github" else "/merge_requests/7/notes")
    assert "::error" not in job.out


def declared_off(runner: Runner) -> dict[str, dict[str, Any]]:
    off = {"acme": org("Acme", active=False), "globex": org("Globex", active=False)}
    return tenants(runner.server) | off


def test_more_deactivations_than_the_limit_fail(runner: Runner) -> None:
    runner.stack.declare(**declared_off(runner))
    job = runner.preview("github")
    assert job.code == 7, job.out
    assert job.said("More than the limits")
    assert "test: refused: 2 organizations would be deactivated, and --max-deactivate is 1" in job.body
    assert "deactivates organization Globex" in job.body


@on_both
def test_a_label_raises_the_limit(runner: Runner, platform: str) -> None:
    runner.stack.declare(**declared_off(runner))
    runner.labels = ("urgent", "max-deactivate=2")
    job = runner.preview(platform)
    assert job.code == 0, job.out
    assert "2 organizations would be deactivated, nobody would lose access; within the limits" in job.body


@on_both
def test_a_label_that_is_no_limit_is_not_taken_for_one(runner: Runner, platform: str) -> None:
    for label in ("max-remove=all", "max-losing-access=all"):
        runner.labels = (label,)
        job = runner.preview(platform)
        assert job.code == 1, job.out
        assert "'all' is not a valid integer" in job.body


@on_both
def test_a_removal_fails_and_rewrites_the_comment_of_the_last_push(runner: Runner, platform: str) -> None:
    declared = tenants(runner.server)
    del declared["initech"]
    runner.stack.declare(**declared)
    bot = {"login": "github-actions[bot]"}
    runner.answers = {
        "gh": [
            {"id": 2, "user": bot, "body": f"{MARK}\nof the push before"},
            {"id": 3, "user": bot, "body": "of another workflow"},
            {"id": 4, "user": {"login": "mallory"}, "body": f"{MARK}\nAll is well"},
        ],
        "curl": [
            *({"id": 100 + number, "author": {"id": 5}, "body": "a remark"} for number in range(120)),
            {"id": 4, "author": {"id": 5}, "body": f"{MARK}\nAll is well"},
            {"id": 3, "author": {"id": ME}, "body": "of another job"},
            {"id": 2, "author": {"id": ME}, "body": f"{MARK}\nof the push before"},
        ],
    }
    job = runner.preview(platform)
    assert job.code == 7, job.out
    assert job.said("More than the limits")
    assert "a label like `max-remove=2`" in job.body
    assert re.search(r"removes organization Initech \(\d+\), which is empty", job.body)
    assert job.called("PATCH", "/issues/comments/2") if platform == "github" else job.called("PUT", "/notes/2")
    assert not job.called("POST")


@on_both
def test_a_preview_that_fails_gets_a_comment_that_says_so(runner: Runner, platform: str) -> None:
    program = "import os\nprint('the token is', os.environ['ZITADEL_TOKEN'])\nprint('::warning::an order')\nraise SystemExit(3)\n"
    (runner.stack.folder / "__main__.py").write_text(program)
    job = runner.preview(platform)
    assert job.code == 1, job.out
    assert job.said("Could not be told")
    assert "would do could not be told.**" in job.body
    assert "    Error: The preview failed, so its plan is not complete" in job.body
    assert "    the token is ***" in job.body
    assert "within the limits" not in job.body
    assert not re.search(r"^\s*::warning", job.out, re.MULTILINE) or platform == "gitlab"


@on_both
def test_no_name_can_end_the_line_that_it_is_in(runner: Runner, replay: Replay, platform: str) -> None:
    """Names are chosen by others; a carriage return ends a line for the runner, and in Markdown."""
    admin, acme = runner.server.admin, runner.stack.id("acme")
    admin.rename_organization(acme, "X\n\r::error title=boo::boo\r\r@victim\r</details>\rhello")
    replay.server = "acme is renamed"
    job = runner.preview(platform)
    admin.rename_organization(acme, "Acme")
    assert "@victim" in job.body
    assert "\r" not in job.body
    assert "\r" not in job.out
    assert not re.search(r"^\s*::error title=boo", job.out, re.MULTILINE)


def test_a_plan_of_a_preview_that_failed_is_not_believed(runner: Runner) -> None:
    engine = runner.stubs / "pulumi"
    engine.write_text(f'#!/bin/bash\n"{shutil.which("pulumi", path=runner.stack.env["PATH"])}" "$@"\nexit 9\n')
    engine.chmod(0o755)
    job = runner.preview("github")
    assert job.code == 1, job.out
    assert "    pulumi preview ended with 9" in job.body


def test_a_long_plan_is_cut_to_what_a_comment_may_have(runner: Runner) -> None:
    runner.stack.declare(**{f"o{number}": org(f"{number} {'x' * 180}") for number in range(70)})
    job = runner.preview("github")
    assert job.code == 7, job.out
    assert len(job.body) < 65_536
    assert job.body.count("… and more") == 1
    assert job.body.rstrip().splitlines()[-3] == "</details>"


def test_a_fork_fails_with_the_reason_and_runs_nothing(runner: Runner) -> None:
    runner.source = "mallory/tenants"
    job = runner.preview("github")
    assert (job.code, job.calls) == (1, [])
    assert job.said("A pull request from a fork gets no secrets")


def test_a_job_that_does_not_come_to_the_preview_says_so_on_the_pull_request(runner: Runner) -> None:
    runner.answers["pip"] = "fails"
    job = runner.preview("github")
    assert job.code == 1
    assert "did not come to the preview" in job.body
    assert job.said("Could not be told")


ISSUES = {
    "none": [],
    "open": [{"number": 5, "title": "Drift of test"}, {"number": 6, "title": "Drift of another"}],
}


@on_both
def test_a_night_in_sync_passes(runner: Runner, platform: str) -> None:
    runner.answers["gh"] = ISSUES["open"]
    job = runner.drift(platform)
    assert job.code == 0, job.out
    assert "test: in sync" in job.out
    assert job.bodies == []
    assert job.called("issue close 5") is (platform == "github")


@pytest.mark.parametrize(("platform", "before"), [("github", "none"), ("github", "open"), ("gitlab", "none")])
def test_a_night_with_drift_fails_and_names_it(runner: Runner, platform: str, before: str) -> None:
    server, acme = runner.server, runner.stack.id("acme")
    server.admin.deactivate_organization(acme)
    extra = server.admin.create_grant(server.home, server.bob, server.project, ["admin"])
    runner.answers["gh"] = ISSUES[before]
    job = runner.drift(platform)
    server.admin.reactivate_organization(acme)
    server.admin.remove_grant(server.home, server.bob, extra)
    assert job.code == 7, job.out
    assert job.said("Drift")
    named = job.out if platform == "gitlab" else job.body
    assert "test: 1 drifted, 1 unmanaged" in named
    assert "Organization::acme" in named
    assert extra in named
    if platform == "github":
        assert job.called("issue edit 5" if before == "open" else "issue create --title Drift of test")
        assert "::warning title=Drift of acme::" in job.out
        assert "Organization::acme" in job.summary


@on_both
def test_a_night_without_rights_is_not_called_drift(runner: Runner, platform: str) -> None:
    server = runner.server
    nobody = server.admin.create_user(server.home, f"nobody-{platform}")
    runner.token = server.admin.create_token(server.home, nobody)
    runner.answers["gh"] = ISSUES["open"]
    job = runner.drift(platform)
    assert job.code == 1, job.out
    assert job.said("Could not be told")
    assert not re.search(r"title=Drift|^Drift", job.out, re.MULTILINE)
    assert job.bodies == []
    assert not job.called("issue edit")
    assert not job.called("issue close")


@on_both
def test_an_up_uses_the_token_that_may_write_and_keeps_no_credential_in_the_state(
    own_runner: Runner, platform: str
) -> None:
    runner, server = own_runner, own_runner.server
    server.proxy.clear()
    runner.stack.declare(**tenants(server) | {"acme": org("Acme", active=False)})
    job = runner.up(platform)
    assert job.code == 0, job.out
    assert server.admin.organization(runner.stack.id("acme"))["state"] == "ORG_STATE_INACTIVE"
    assert {each.authorization for each in server.proxy.exchanges} == {f"Bearer {server.token}"}
    state = json.dumps(runner.stack.state())
    assert server.token not in state
    assert runner.token not in state


@on_both
def test_an_up_beyond_the_limits_changes_nothing(own_runner: Runner, platform: str) -> None:
    """A direct push has no pull request, so nothing but the guard of this job stops it."""
    runner, proxy = own_runner, own_runner.server.proxy
    runner.stack.up()
    proxy.clear()
    runner.stack.declare(**declared_off(runner))
    job = runner.up(platform)
    assert job.code == 7, job.out
    assert job.said("More than the limits")
    assert "test: refused: 2 organizations would be deactivated, and --max-deactivate is 1" in " ".join(job.out.split())
    assert proxy.writes == []

    # What raises the limits: the labels of what this commit has merged, or who starts a run.
    labels, other = ["urgent", "max-deactivate=2"], ["max-remove=9"]
    sha = {"merge_commit_sha": COMMIT, "state": "merged", "merged_at": "2026-11-29T00:00:00Z"}
    runner.answers = {
        "gh": [{**sha, "labels": [{"name": name} for name in labels]}],
        "curl": [{**sha, "labels": labels}, {**sha, "merge_commit_sha": "another", "labels": other}],
    }
    job = runner.up(platform)
    assert job.code == 0, job.out
    assert "2 organizations would be deactivated, nobody would lose access; within the limits" in " ".join(
        job.out.split()
    )

    runner.answers = {"gh": [{**sha, "merged_at": None, "labels": []}], "curl": []}
    runner.stack.declare(ann=tenants(runner.server)["ann"])
    assert runner.up(platform).code == 7
    runner.inputs = {"max_remove": "3"}
    assert runner.up(platform).code == 0


@on_both
def test_an_up_does_only_what_its_guard_has_seen(own_runner: Runner, platform: str) -> None:
    """Somebody removes a user grant, and pushes nothing, while the guard has its answer and `up` has not begun."""
    runner, server = own_runner, own_runner.server
    runner.stack.up()
    runner.stack.declare(**tenants(server) | {"acme": org("Acme", active=False)})
    _after_the_guard(runner, f"DELETE /management/v1/users/{server.ann}/grants/{runner.stack.id('ann')}")
    job = runner.up(platform)
    assert job.code not in (0, 7), job.out
    assert "violates plan" in job.out
    assert server.admin.grants(server.home) == {}


def _after_the_guard(runner: Runner, call: str) -> None:
    """Make the command `zorg` call the server when it has ended."""
    real, (method, path) = shutil.which("zorg", path=runner.stack.env["PATH"]), call.split()
    headers = f"{{'Authorization': 'Bearer {runner.server.token}', 'x-zitadel-orgid': '{runner.server.home}'}}"
    request = f"httpx.request('{method}', '{runner.server.proxy.target}{path}', headers={headers}).raise_for_status()"
    guard = runner.stubs / "zorg"
    guard.write_text(f'#!/bin/bash\n"{real}" "$@" || exit\n"{sys.executable}" -c "import httpx; {request}"\n')
    guard.chmod(0o755)


@on_both
def test_an_up_without_a_plan_changes_nothing(own_runner: Runner, platform: str) -> None:
    runner, proxy = own_runner, own_runner.server.proxy
    (runner.stack.folder / "__main__.py").write_text("raise SystemExit(3)\n")
    job = runner.up(platform)
    assert job.code == 1, job.out
    assert job.said("Could not be told")
    assert proxy.writes == []


@on_both
def test_an_up_on_a_new_machine_resumes_a_create_of_the_run_before(own_runner: Runner, platform: str) -> None:
    """Only the folder of ZORG_JOURNAL_DIR is left of the machine before, by a cache or as a kept folder."""
    runner, server = own_runner, own_runner.server
    runner.stack.declare(**tenants(server), hooli=org("Hooli"))
    runner.patience = "1"
    server.proxy.add(Fault("drop", method="POST", path="/management/v1/orgs$", times=None))
    failed = runner.up(platform)
    assert failed.code != 0, failed.out
    server.proxy.clear()
    shutil.rmtree(runner.folder / "home")
    job = runner.up(platform)
    assert job.code == 0, job.out
    made = [each for each, found in server.admin.organizations().items() if found["name"] == "Hooli"]
    assert made == [runner.stack.id("hooli")]


@on_both
def test_a_night_in_which_nobody_gained_or_lost_access_passes_and_another_one_names_them(
    runner: Runner, platform: str
) -> None:
    server = runner.server
    as_viewer = {**runner.stack.env, "ZITADEL_TOKEN": runner.token}
    approved = run_zorg("access", "--managers", "--format", "json", cwd=runner.stack.folder, env=as_viewer)
    (runner.stack.folder / "approved.json").write_text(approved.out)
    same = runner.access(platform)
    assert same.code == 0, same.out
    extra = server.admin.create_grant(server.home, server.bob, server.project, ["admin"])
    job = runner.access(platform)
    server.admin.remove_grant(server.home, server.bob, extra)
    assert job.code == 7, job.out
    assert job.said("Access changed")
    assert "gained: bob" in (job.out if platform == "gitlab" else job.summary)


RIGHTS = {
    "access": {"contents": "read"},
    "preview": {"contents": "read", "pull-requests": "write"},
    "drift": {"contents": "read", "issues": "write"},
    "up": {"contents": "read", "pull-requests": "read"},
}
TRIGGERS = {
    "access": {"schedule", "workflow_dispatch"},
    "preview": {"pull_request"},
    "drift": {"schedule", "workflow_dispatch"},
    "up": {"push", "workflow_dispatch"},
}


@pytest.mark.parametrize("name", RIGHTS)
def test_workflows_have_the_least_rights_and_no_secrets_of_forks(name: str) -> None:
    workflow = load(FILES["github"] / f"{name}.yml")
    assert workflow["permissions"] == RIGHTS[name]
    assert set(workflow[True]) == TRIGGERS[name]
    (job,) = workflow["jobs"].values()
    assert "secrets." not in json.dumps(job["env"]), "steps that need no secret see none"
    with_secrets = [step["name"] for step in job["steps"] if "secrets." in json.dumps(step.get("env", {}))]
    assert with_secrets == [name.title()]


def test_the_token_that_may_write_is_given_to_no_job_of_a_pull_request() -> None:
    jobs = {name: json.dumps(load(FILES["github"] / f"{name}.yml")) for name in RIGHTS}
    assert [name for name, text in jobs.items() if "WRITE_TOKEN" in text] == ["up"]
    pipeline = load(FILES["gitlab"])
    assert [name for name, job in pipeline.items() if "WRITE_TOKEN" in json.dumps(job)] == ["up"]
    assert load(FILES["github"] / "up.yml")["jobs"]["up"]["environment"] == "production"


def test_actions_and_images_have_a_version() -> None:
    used = {
        step["uses"]
        for file in (*FILES["github"].glob("*.yml"), ROOT / "examples" / "fleet" / "github" / "fleet.yml")
        for job in load(file)["jobs"].values()
        for step in job["steps"]
        if "uses" in step
    }
    assert used
    images = {load(FILES["gitlab"])[".zorg"]["image"]["name"]}
    images |= set(re.findall(r"image: (\S+)", (ROOT / "examples" / "fleet" / "kubernetes" / "stack.yaml").read_text()))
    assert {each for each in used | images if not re.search(r"[@:]v?\d+\.\d+\.\d+(-nonroot)?$", each)} == set()


def test_both_cache_steps_name_the_folder_of_pending_creates() -> None:
    (job,) = load(FILES["github"] / "up.yml")["jobs"].values()
    restore, save = (step["with"] for step in job["steps"] if "actions/cache" in step.get("uses", ""))
    assert (restore["path"], restore["key"]) == (save["path"], save["key"])
    assert job["env"]["ZORG_JOURNAL_DIR"].endswith("/" + save["path"])
    assert save["key"].startswith(restore["restore-keys"])
    up = load(FILES["gitlab"])["up"]
    (path,) = up["cache"]["paths"]
    assert up["variables"]["ZORG_JOURNAL_DIR"] == f"$CI_PROJECT_DIR/{path.rstrip('/')}"
    assert up["cache"]["when"] == "always"

"""`zorg preview-guard` with plans of the real engine."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import ANY, started
from tests.support.command import run_zorg
from tests.support.schema import fits_schema
from tests.support.servers import Server
from tests.support.stack import Run, Stack, grant, org, twins

WITHIN, ERROR, EXCEEDED = 0, 1, 7
NO_LIMIT = (
    "No limit was set: this is a report, not an approval. The limits are --max-losing-access, --max-remove, --allow and others "
    "(see --help)."
)


def guard(stack: Stack, *args: str, piped: str | None = None, env: dict[str, str] | None = None) -> Run:
    if piped is None:
        done = run_zorg("preview-guard", *args, cwd=stack.folder, env=env or stack.env)
        code, out, err = done.code, done.out, done.err
    else:
        command = ["zorg", "preview-guard", *args]
        process = subprocess.run(
            command, cwd=stack.folder, env=stack.env, capture_output=True, text=True, input=piped, check=False
        )
        code, out, err = process.returncode, process.stdout, process.stderr
    assert "Traceback" not in err, err
    assert stack.env["ZITADEL_TOKEN"] not in out + err
    return Run(code, out + (err if code == ERROR else ""))


def plan(stack: Stack, *command: str) -> str:
    """Write the engine's plan to a file, and return its name."""
    run = stack.run(*(command or ("preview",)), "--json")
    (stack.folder / "plan.json").write_text(run.out[run.out.index("{") :])
    return "plan.json"


def found(run: Run) -> dict[str, int]:
    """The counts of objects in the JSON of a run, which must be as its model has it, without those of 0."""
    shown = json.loads(run.out)
    assert fits_schema("preview-guard", shown)
    counted = {each["option"].removeprefix("--max-"): each["found"] for each in shown["limits"] if each["found"]}
    return {option: count for option, count in counted.items() if not option.endswith("ing-access")}


@pytest.fixture(scope="module", params=ANY)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, Stack]]:
    """For tests that change nothing on the server, one stack: three organizations and three grants."""
    with started(request.param) as server:
        stack = Stack(tmp_path_factory.mktemp("made") / "stack", server.proxy.url, server.token)
        cleo = server.admin.create_user(server.home, f"cleo{server.tag}")
        users = {"ann": server.ann, "bob": server.bob, "cleo": cleo}
        stack.declare(
            **{name: org(server.name(name.title())) for name in ("acme", "beta", "ceta")},
            **{name: grant(server.home, user, server.project, ["viewer"]) for name, user in users.items()},
        )
        stack.up()
        server.create_person(stack.id("acme"), f"person{server.tag}")
        server.admin.create_user(stack.id("acme"), f"bot{server.tag}")
        server.proxy.clear()
        stack.replay().server = "as declared"
        yield server, stack


@pytest.fixture
def stack(stack: Stack) -> Stack:
    """A stack of which `zorg` reads the same state more than once."""
    stack.replay()
    return stack


@pytest.fixture
def any_stack(any_stack: Stack) -> Stack:
    """The same on :func:`any_server`."""
    any_stack.replay()
    return any_stack


@pytest.fixture
def tenants(made: tuple[Server, Stack]) -> Iterator[tuple[Server, Stack]]:
    server, stack = made
    declared = (stack.folder / "declared.json").read_text()
    yield server, stack
    assert server.proxy.writes == []
    (stack.folder / "declared.json").write_text(declared)


def test_deactivations_and_removals_are_counted_against_the_limits(tenants: tuple[Server, Stack]) -> None:
    """One organization and one grant are deactivated, and one of each is removed."""
    server, stack = tenants
    stack.declare(
        acme=org(server.name("Acme"), active=False),
        beta=org(server.name("Beta")),
        ann=grant(server.home, server.ann, server.project, ["viewer"], active=False),
        bob=grant(server.home, server.bob, server.project, ["viewer", "admin"]),
    )
    file = plan(stack)
    free = guard(stack, file, "--format", "json")
    assert free.code == WITHIN
    assert found(free) == {"deactivate": 1, "remove": 1, "deactivate-grants": 1, "remove-grants": 1}
    # Ann and Cleo lose their roles. The deactivation of an organization stops nobody, and the removed one has no users.
    assert guard(stack, file, "--max-losing-access", "2").code == WITHIN
    refused = guard(stack, file, "--max-losing-access", "1")
    assert refused.code == EXCEEDED
    assert refused.shows("2 people and service accounts would lose access, and --max-losing-access is 1")
    assert guard(stack, file, "--max-deactivate", "1", "--max-remove", "1").code == WITHIN
    refused = guard(stack, file, "--max-deactivate", "0", "--max-remove", "1")
    assert refused.code == EXCEEDED
    assert refused.shows("refused: 1 organization would be deactivated, and --max-deactivate is 0")
    refused = guard(stack, file, "--max-deactivate", "1", "--max-remove", "0", "--format", "github")
    assert refused.code == EXCEEDED
    assert refused.shows("::error title=zorg preview-guard::test: refused: 1 organization would be removed")
    assert guard(stack, file, "--max-deactivate-grants", "0").code == EXCEEDED
    assert guard(stack, file, "--max-remove-grants", "0").code == EXCEEDED


def test_the_sentences_about_updates_are_those_of_the_preview(tenants: tuple[Server, Stack]) -> None:
    server, stack = tenants
    stack.declare(acme=org(server.name("Acme"), active=False), bob=grant(server.home, server.bob, server.project, []))
    previewed = stack.must("preview").out
    shown = guard(stack, plan(stack), "--format", "json")
    effects = json.loads(shown.out)["effects"]
    sentences = [sentence for each in effects for sentence in each["sentences"]]
    assert len(sentences) == 6
    for each in effects:
        # In a preview, the engine does not call the provider about deletions.
        assert [f"zorg: {sentence}" in previewed for sentence in each["sentences"]] == [each["op"] == "update"]
    assert any("which cuts off none of its users" in each for each in sentences)
    table = guard(stack, "plan.json")
    markdown = guard(stack, "plan.json", "--format", "markdown")
    for sentence in sentences:
        assert table.shows(sentence)
        assert f"`{sentence}`" in markdown.out


def test_it_runs_the_preview_or_reads_standard_input(tenants: tuple[Server, Stack]) -> None:
    server, stack = tenants
    stack.declare(beta=org(server.name("Beta")))
    assert guard(stack, "--max-remove", "1").code == EXCEEDED
    text = (stack.folder / plan(stack)).read_text()
    assert guard(stack, "--max-remove", "1", piped=text).code == EXCEEDED
    assert guard(stack, "-", "--max-remove", "2", piped=text).code == WITHIN
    assert guard(stack, "--run", "--max-remove", "1", piped="").code == EXCEEDED
    assert guard(stack, "plan.json", "--run").code == ERROR


def test_the_table_shows_the_impact_and_counts_all_changes(tenants: tuple[Server, Stack]) -> None:
    server, stack = tenants
    nothing = guard(stack, "--run")
    assert nothing.out.splitlines() == [NO_LIMIT, "test: 7 unchanged", "test: nobody would be locked out or let in"]
    stack.declare(
        acme=org(server.name("Acme"), active=False),
        ceta=org(server.name("Ceta")),
        dora=org(server.name("Dora")),
        ann=grant(server.home, server.ann, server.project, ["viewer"]),
        bob=grant(server.home, server.bob, server.project, ["viewer"], deletion_policy="retain"),
    )
    assert guard(stack, "--run").out.splitlines() == [
        f"beta: removes organization {server.name('Beta')} ({stack.id('beta')}), which is empty",
        f"cleo: removes user grant {stack.id('cleo')} of cleo{server.tag} in Portal, which has the role viewer",
        f"acme: deactivates organization {server.name('Acme')} ({stack.id('acme')}), which cuts off none of its users. To take "
        "access away, deactivate the users or their user grants",
        f"people: cleo{server.tag} loses the role viewer of Portal",
        NO_LIMIT,
        "test: 1 to create, 2 to update, 2 to delete, 3 unchanged",
        "test: 1 organization would be deactivated, 1 organization would be removed, 1 user grant would be removed, "
        "1 person or service account would lose access",
    ]


def test_targets_and_a_destroy_are_previewed(tenants: tuple[Server, Stack]) -> None:
    """`pulumi preview --target` reports nothing about the removal."""
    server, stack = tenants
    urns = {name: each["urn"] for name, each in stack.resources().items()}
    removal = f"removes organization {server.name('Beta')} ({stack.id('beta')}), which is empty"

    def would_remove(*args: str) -> dict[str, int]:
        return {name: count for name, count in found(guard(stack, "--format", "json", *args)).items() if count}

    one = guard(stack, "--destroy", "--target", urns["beta"], "--max-remove", "0")
    assert (one.code, one.shows(removal)) == (EXCEEDED, True)
    assert would_remove("--destroy") == {"remove": 3, "remove-grants": 3}
    assert would_remove("--destroy", "--target", urns["beta"], "--target", urns["ann"]) == {
        "remove": 1,
        "remove-grants": 1,
    }
    assert would_remove("--target", urns["beta"]) == {}
    stack.declare()
    one = guard(stack, "--run", "--target", urns["beta"], "--max-remove", "0")
    assert (one.code, one.shows(removal)) == (EXCEEDED, True)
    assert would_remove("--target", urns["beta"]) == {"remove": 1}


def test_the_correction_of_drift_is_counted_if_the_preview_refreshes(any_server: Server, any_stack: Stack) -> None:
    server, stack = any_server, any_stack
    stack.declare(acme=org(server.name("Acme"), active=False), beta=org(server.name("Beta")))
    stack.up()
    server.admin.reactivate_organization(stack.id("acme"))
    server.admin.remove_organization(stack.id("beta"))
    shown = guard(stack, plan(stack, "preview", "--refresh"), "--format", "json")
    assert found(shown) == {"deactivate": 1}
    assert found(guard(stack, "--run", "--format", "json")) == {}
    assert found(guard(stack, "--refresh", "--run-program", "--format", "json")) == {"deactivate": 1}


def test_an_error_of_the_engine_is_shown(tenants: tuple[Server, Stack]) -> None:
    _, stack = tenants
    for args in (("--target",), ("--destroy", "--target")):
        run = guard(stack, *args, "urn:pulumi:test::tests::random:index:Pet::nobody")
        assert (run.code, run.shows("urn:pulumi:test::tests::random:index:Pet::nobody")) == (ERROR, True)
    refused = guard(stack, plan(stack), "--target", "urn:pulumi:test::tests::random:index:Pet::nobody")
    assert (refused.code, refused.shows("PLAN, and an option that runs a preview here")) == (ERROR, True)


def test_a_destroy_of_an_empty_stack_removes_nothing(stack: Stack) -> None:
    """The plan has neither steps nor changes."""
    run = guard(stack, "--destroy", "--max-remove", "0")
    assert run.out.splitlines() == ["test: no changes", "test: nobody would be locked out or let in; within the limits"]


FORMS = ["table", "json", "markdown", "github"]


def test_two_resources_of_the_state_with_one_id_are_an_error(
    any_server: Server, any_stack: Stack, tmp_path: Path
) -> None:
    """A resource is renamed in the program, and only the new one is a target: a destroy of the old one would remove what
    the new one manages."""
    server, stack = any_server, any_stack
    old, new = twins(server, stack)
    both = f"pulumi state delete '{new}' or pulumi state delete '{old}'"
    file = plan(stack)
    for args in ([file], ["--offline", "--run"], ["--destroy", "--target", old]):
        run = guard(stack, *args, "--max-remove", "5")
        assert (run.code, run.shows(both)) == (ERROR, True), args
    # Without the state, the plan shows both if it lists what does not change.
    (elsewhere := tmp_path / "elsewhere").mkdir()
    without = guard(stack, file, "--cwd", str(elsewhere))
    assert (without.code, without.shows("The state was not read", "--show-sames")) == (WITHIN, True)
    same = plan(stack, "preview", "--show-sames")
    for form in FORMS:
        shown = guard(stack, same, "--cwd", str(elsewhere), "--format", form)
        assert (shown.code, shown.shows(both)) == (ERROR, True), form
    stack.must("state", "delete", "--yes", old)
    assert guard(stack, "--run", "--max-remove", "0").code == WITHIN
    assert server.proxy.writes == []


def test_pending_deletions_are_counted(server: Server, stack: Stack, tmp_path: Path) -> None:
    """The engine makes them in the next `up`, and lists them only with --show-replacement-steps."""
    stack.declare(acme=org("Acme"), beta=org("Beta"))
    stack.up()
    state = stack.state()
    for resource in state["deployment"]["resources"]:
        if resource["urn"].endswith("::beta"):
            resource["delete"] = True
    stack.load(state)
    stack.declare(acme=org("Acme"))
    for file in (plan(stack), plan(stack, "preview", "--show-replacement-steps")):
        run = guard(stack, file, "--format", "json", "--max-remove", "0")
        assert run.code == EXCEEDED
        assert found(run)["remove"] == 1
    assert guard(stack, "--max-remove", "0").shows("removes organization Beta")
    (elsewhere := tmp_path / "elsewhere").mkdir()
    without = guard(stack, plan(stack), "--max-remove", "0", "--cwd", str(elsewhere))
    assert without.code == WITHIN
    assert without.shows("The state was not read", "only if the plan was made with --show-replacement-steps")
    stack.up()
    assert "Beta" not in {each["name"] for each in server.admin.organizations().values()}


def test_a_pending_deletion_that_is_protected_is_counted(server: Server, stack: Stack) -> None:
    """The engine makes it in the next `up`, without --ignore-protect."""
    stack.declare(acme=org("Acme"), beta=org("Beta", opts={"protect": True}))
    stack.up()
    state = stack.state()
    for resource in state["deployment"]["resources"]:
        if resource["urn"].endswith("::beta"):
            resource["delete"] = True
    stack.load(state)
    stack.declare(acme=org("Acme"))
    for args in ([plan(stack)], ["--run"]):
        run = guard(stack, *args, "--format", "json", "--max-remove", "0")
        assert (run.code, found(run), json.loads(run.out)["protected"]) == (EXCEEDED, {"remove": 1}, [])
    stack.up()
    assert "Beta" not in {each["name"] for each in server.admin.organizations().values()}


def test_protected_resources_that_would_be_deleted_are_counted_and_named(any_server: Server, any_stack: Stack) -> None:
    """`--ignore-protect` deletes them. Without it, and on engines before 3.256, the preview fails."""
    server, stack = any_server, any_stack
    protect = {"protect": True}
    resources = {
        "acme": org(server.name("Acme"), opts=protect),
        "beta": org(server.name("Beta")),
        "ceta": org(server.name("Ceta"), deletion_policy="retain", opts=protect),
        "ann": grant(server.home, server.ann, server.project, ["viewer"], opts=protect),
    }
    stack.declare(**resources)
    stack.up()
    urns = {name: each["urn"] for name, each in stack.resources().items()}
    stack.declare(bob=grant(server.home, server.bob, server.project, ["viewer"]))
    ignore = ("--", "--ignore-protect")
    for args in (["--run"], ["--destroy"], [plan(stack)], [plan(stack, "destroy", "--preview-only")]):
        refused = guard(stack, *args, "--max-remove", "5")
        assert (refused.code, refused.shows("cannot be deleted because it is protected")) == (ERROR, True), args
    if not stack.has_option("preview", "--ignore-protect"):
        for args in (["--run"], ["--destroy"]):
            run = guard(stack, *args, *ignore)
            assert (run.code, run.shows("unknown flag: --ignore-protect")) == (ERROR, True)
        return
    for args in (
        ["--run", *ignore],
        ["--destroy", *ignore],
        [plan(stack, "preview", "--ignore-protect")],
        [plan(stack, "destroy", "--preview-only", "--ignore-protect")],
    ):
        run = guard(stack, "--format", "json", *args)
        assert found(run) == {"remove": 2, "remove-grants": 1}
        shown = json.loads(run.out)
        # The object of ceta is left, whatever its resource is.
        assert set(shown["protected"]) == {urns["acme"], urns["ann"]}
        marked = {each["urn"]: each["protected"] for each in shown["effects"] if each["act"] == "removes"}
        assert marked == {urns["acme"]: True, urns["beta"]: False, urns["ann"]: True}
        refused = guard(stack, "--max-remove", "1", *args)
        assert refused.code == EXCEEDED
        assert refused.shows(
            "acme (protected): removes organization",
            "beta: removes organization",
            "refused: 2 organizations would be removed, and --max-remove is 1; "
            "2 protected resources would be deleted or replaced, which only --ignore-protect allows",
        )
    # A program that takes the protection back may replace the resource at once. A replacement of a protected one is marked.
    for opts, protected in (({}, []), (protect, [urns["ann"]])):
        stack.declare(**{**resources, "ann": {**resources["ann"], "opts": opts}})
        run = guard(stack, "--format", "json", "--run", *ignore, "--replace", urns["ann"])
        assert (found(run), json.loads(run.out)["protected"]) == ({"remove-grants": 1}, protected)


def test_options_are_passed_on_to_pulumi(tenants: tuple[Server, Stack]) -> None:
    server, stack = tenants
    urns = {name: each["urn"] for name, each in stack.resources().items()}
    stack.declare(beta=org(server.name("Beta")), ann=grant(server.home, server.ann, server.project, ["viewer"]))

    def would_remove(*options: str) -> dict[str, int]:
        return found(guard(stack, "--format", "json", "--run", *options))

    assert would_remove() == {"remove": 2, "remove-grants": 2}
    assert would_remove("--", "--exclude", urns["acme"], "-x", urns["bob"]) == {"remove": 1, "remove-grants": 1}
    assert would_remove("--", "--diff", "--show-sames", "--color=always", "--save-plan", "saved") == would_remove()
    assert (stack.folder / "saved").is_file()
    assert would_remove("--", "--replace", urns["beta"], "--target", urns["beta"]) == {"remove": 1}
    assert would_remove("--destroy", "--", f"-t{urns['cleo']}", "-m", "she left") == {"remove-grants": 1}
    # The engine's own refusals end the guard.
    for options, text in (
        (["--no-such-option"], "unknown flag: --no-such-option"),
        (["--expect-no-changes"], "no changes were expected for preview but changes were proposed"),
    ):
        run = guard(stack, "--run", "--max-remove", "9", "--", *options)
        assert (run.code, run.shows(text)) == (ERROR, True), run.out


def test_a_plan_with_secrets_in_plain_text_shows_none(server: Server, stack: Stack) -> None:
    """`--show-secrets` does not change the plan."""
    stack.declare(acme=org("!Classified"))
    stack.up()
    stack.declare(acme=org("!Classified", active=False))
    run = guard(stack, "--run", "--", "--show-secrets=true", "--diff", "--show-config")
    assert run.shows("deactivates organization")
    assert "Classified" not in run.out


def test_the_settings_are_those_of_the_configuration_file_of_the_preview(server: Server, stack: Stack) -> None:
    """The stack's own file names another instance."""
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.declare()
    del stack.env["ZITADEL_URL"]
    stack.configure(url=server.proxy.url)
    (stack.folder / "ci.yaml").write_text((stack.folder / "Pulumi.test.yaml").read_text())
    stack.configure(url="http://127.0.0.1:9")
    file = plan(stack, "preview", "--config-file", "ci.yaml")
    for args in (["--run"], ["--destroy"], [file]):
        counted = guard(stack, *args, "--config-file", "ci.yaml")
        assert counted.shows("removes organization Acme", "which is empty"), counted.out
        without = guard(stack, *args, "--max-losing-access", "9")
        assert without.code == ERROR, "the stack's own file has an instance that does not answer"
    before = (stack.folder / "Pulumi.test.yaml").read_text()
    refused = guard(stack, "--run", "--", "-c", f"zorg:url={server.proxy.url}")
    assert (refused.code, refused.shows("cannot be passed on to pulumi (--config)")) == (ERROR, True)
    assert (stack.folder / "Pulumi.test.yaml").read_text() == before
    # What it is refused for: a preview writes the value.
    stack.must("preview", "-c", f"zorg:url={server.proxy.url}")
    assert server.proxy.url in (stack.folder / "Pulumi.test.yaml").read_text()


def test_a_deletion_with_a_secret_name_is_counted_although_another_resource_adopts(
    server: Server, stack: Stack
) -> None:
    stack.declare(acme=org("!Classified"))
    stack.up()
    stack.declare(other=org("!Other", adopt=True))
    for args in ((), ("--offline",)):
        run = guard(stack, plan(stack), "--max-remove", "0", "--format", "json", *args)
        assert run.code == EXCEEDED
        assert found(run)["remove"] == 1


def test_a_replacement_counts_as_a_removal(tenants: tuple[Server, Stack]) -> None:
    _, stack = tenants
    file = plan(stack, "preview", "--replace", stack.resources()["acme"]["urn"])
    assert found(guard(stack, file, "--format", "json"))["remove"] == 1


def test_the_plan_of_a_destroy_is_counted(tenants: tuple[Server, Stack]) -> None:
    _, stack = tenants
    shown = guard(stack, plan(stack, "destroy", "--preview-only"), "--format", "json")
    assert found(shown) == {"remove": 3, "remove-grants": 3}


def test_deleted_resources_whose_objects_stay_are_not_counted(any_server: Server, any_stack: Stack) -> None:
    """Retained, adopted by another resource, or deactivated instead of removed."""
    server, stack = any_server, any_stack
    stack.declare(
        acme=org(server.name("Acme"), deletion_policy="retain"),
        beta=org(server.name("Beta"), deletion_policy="deactivate"),
        ceta=org(server.name("Ceta")),
    )
    stack.up()
    stack.declare(tenant=org(server.name("Ceta"), adopt=True))
    shown = guard(stack, plan(stack), "--format", "json")
    assert found(shown) == {"deactivate": 1}


def test_a_failed_preview_is_an_error(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"), kept=org("Kept", opts={"protect": True}))
    stack.up()
    stack.declare(bad=org("  "))
    run = guard(stack, plan(stack), "--max-remove", "5")
    assert run.code == ERROR
    assert run.shows("The preview failed, so its plan is not complete", "name must not be blank")
    stack.declare(acme=org("Acme"))
    run = guard(stack, "--max-remove", "5")
    assert run.code == ERROR
    assert run.shows("cannot be deleted because it is protected")


def test_settings_are_those_of_the_plans_stack_before_the_environment(server: Server, stack: Stack) -> None:
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.declare()
    file = plan(stack)
    neither = {key: value for key, value in stack.env.items() if not key.startswith("ZITADEL_")}
    run = guard(stack, file, "--max-remove", "0", env=neither)
    assert run.code == EXCEEDED
    assert run.shows("The instance was not read: no address of a ZITADEL is given")
    stack.must("config", "set", "zorg:url", stack.env["ZITADEL_URL"])
    stack.must("config", "set", "--secret", "zorg:token", stack.env["ZITADEL_TOKEN"])
    wrong = {**stack.env, "ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_TOKEN": "wrong"}
    assert guard(stack, file, env=wrong).shows("removes organization Acme", "which is empty")
    stack.must("config", "set", "zorg:previewImpact", "false")
    del stack.env["PULUMI_STACK"]
    stack.must("stack", "init", "other")  # it is selected now
    run = guard(stack, file, "--max-remove", "0")
    assert run.code == EXCEEDED
    assert run.shows("The instance was not read", "zorg:previewImpact is false")
    refused = guard(stack, file, "--stack", "other")
    assert refused.code == ERROR
    assert refused.shows("This is the plan of stack test of project tests, but --stack names other")


DIGESTS = [("preview", "--output", "json"), ("preview", "--output", "json", "--show-sames")]


@pytest.mark.parametrize("command", DIGESTS)
def test_the_summary_of_a_preview_is_no_plan(tenants: tuple[Server, Stack], command: tuple[str, ...]) -> None:
    """`--output json` prints counts. They pass no limit, and the error names the command that prints the plan."""
    _, stack = tenants
    stack.declare()
    printed = stack.run(*command).out
    (stack.folder / "digest.json").write_text(printed)
    # Older engines refuse the option, and their error is no JSON.
    reason = (
        "This is not what `pulumi preview --json` prints"
        if "unknown flag: --output" in printed
        else "Use `pulumi preview --json`"
    )
    for form in FORMS:
        run = guard(stack, "digest.json", "--max-remove", "9", "--format", form)
        assert (run.code, run.shows(reason)) == (ERROR, True), run.out


def test_an_empty_plan_of_a_stack_with_resources_is_an_error(tenants: tuple[Server, Stack]) -> None:
    """A run of an empty stack prints only a duration."""
    _, stack = tenants
    (stack.folder / "duration.json").write_text('{"duration": 5}')
    run = guard(stack, "duration.json", "--max-remove", "9")
    assert (run.code, run.shows("The plan has no steps, and the stack has resources")) == (ERROR, True)


PLANS = {
    "diff": ("--diff",),
    "refresh and same": ("--refresh", "--show-sames", "--show-replacement-steps"),
    "reads": ("--show-reads",),
    "target and dependents": ("--target", "acme", "--target-dependents"),
    "exclude": ("--exclude", "acme"),
    "replace": ("--replace", "acme", "--show-replacement-steps"),
    "saved": ("--save-plan", "saved"),
}


@pytest.mark.slow
@pytest.mark.parametrize("options", PLANS)
def test_no_plan_of_the_engine_is_refused_as_something_else(tenants: tuple[Server, Stack], options: str) -> None:
    """A create, an update, a delete, a replacement, and a resource that is only read, with each option of a preview."""
    server, stack = tenants
    acme = stack.resources()["acme"]["urn"]
    changes = {
        "acme": org(server.name("Acme"), active=False),
        "ann": grant(server.home, server.bob, server.project, ["viewer"]),
        "new": org(server.name("New")),
        "read": {"kind": "org", "args": {}, "get": stack.id("ceta")},
    }
    given = [acme if each == "acme" else each for each in PLANS[options]]
    for declared in (changes, {}):
        stack.declare(**declared)
        run = guard(stack, plan(stack, "preview", *given), "--format", "json")
        assert run.code == WITHIN, run.out
        assert found(run) if "--exclude" not in given or not declared else True


def test_the_plan_of_another_project_is_an_error(tenants: tuple[Server, Stack], tmp_path: Path) -> None:
    """Its stack has the same name, and is selected."""
    _, stack = tenants
    stack.declare()
    file = stack.folder / plan(stack)
    other = Stack(tmp_path / "other", stack.env["ZITADEL_URL"], stack.env["ZITADEL_TOKEN"])
    for folder in (other.folder, other.folder / "deeper"):
        folder.mkdir(exist_ok=True)
        (other.folder / "Pulumi.yaml").write_text("name: wiki\nruntime: python\n")
        for more in ((), ("--offline",), ("--stack", "test")):
            run = guard(stack, str(file), "--max-remove", "9", "--cwd", str(folder), *more)
            shown = run.shows("This is the plan of project tests", "has project wiki")
            assert (run.code, shown) == (ERROR, True), more
    assert guard(stack, str(file), "--max-remove", "9").code == WITHIN


def test_a_configuration_that_cannot_be_read_is_an_error(server: Server, stack: Stack) -> None:
    """The settings of the environment are not used in its place: they may be those of another instance."""
    stack.declare(acme=org("Acme"))
    stack.up()
    stack.configure(url=server.proxy.url, token=server.token)
    stack.env |= {"ZITADEL_URL": "http://127.0.0.1:9", "ZITADEL_TOKEN": "of-another-instance"}
    stack.must("stack", "change-secrets-provider", "passphrase")
    stack.declare()
    file = plan(stack)
    wrong = {**stack.env, "PULUMI_CONFIG_PASSPHRASE": "wrong"}
    run = guard(stack, file, "--max-remove", "9", env=wrong)
    assert (run.code, run.shows("`pulumi config --json` failed", "passphrase")) == (ERROR, True)
    without = {**stack.env, "PATH": "/nowhere"}
    run = guard(stack, file, "--max-remove", "9", env=without)
    assert (run.code, run.shows("the command `pulumi` is not found")) == (ERROR, True)
    # Without the instance, only the plan is counted.
    assert guard(stack, file, "--max-remove", "9", "--offline", env=wrong).code == WITHIN


def test_nothing_is_counted_on_another_instance(tenants: tuple[Server, Stack]) -> None:
    _, stack = tenants
    stack.declare()
    file = plan(stack)
    with started("2026-07") as other:
        env = {**stack.env, "ZITADEL_URL": other.proxy.url, "ZITADEL_TOKEN": other.token}
        run = guard(stack, file, "--max-remove", "9", env=env)
        assert (run.code, run.shows(f"{other.proxy.url} has, or had, an organization of the plan")) == (ERROR, True)


def test_a_resource_that_is_pending_replacement_is_not_removed_again(server: Server, stack: Stack) -> None:
    """An earlier run removed its object, and failed to create the new one. The next `up` creates it."""
    stack.declare(ann=grant(server.home, server.ann, server.project, ["viewer"]))
    stack.up()
    state = stack.state()
    server.admin.remove_grant(server.home, server.ann, stack.id("ann"))
    for resource in state["deployment"]["resources"]:
        if resource["urn"].endswith("::ann"):
            resource["pendingReplacement"] = True
    stack.load(state)
    limits = ("--max-remove-grants", "0", "--max-losing-access", "0", "--allow", "urn:pulumi:x::y::z::nobody")
    for args in (("--run",), (plan(stack),), (plan(stack, "preview", "--show-replacement-steps"),)):
        run = guard(stack, *args, *limits)
        assert run.code == WITHIN, run.out
        assert run.shows("gains the role viewer")
    drift = run_zorg("drift", cwd=stack.folder, env=stack.env)
    assert (drift.code, "removed" in drift.out) == (0, False)
    assert "is not compared: an earlier run removed its object to replace it" in drift.err
    # The replacement of an object that exists is a removal.
    stack.up()
    urn = stack.resources()["ann"]["urn"]
    for more in ((), ("--show-replacement-steps",)):
        assert guard(stack, plan(stack, "preview", "--replace", urn, *more), *limits[:2]).code == EXCEEDED


def test_a_plan_from_a_windows_shell_is_read(tenants: tuple[Server, Stack]) -> None:
    """Windows PowerShell writes UTF-16, in a file and in a pipe."""
    _, stack = tenants
    stack.declare()
    text = (stack.folder / plan(stack)).read_text()
    command = ["zorg", "preview-guard", "--max-remove", "2"]
    for encoding in ("utf-16-le", "utf-16-be", "utf-8-sig"):
        mark = "" if encoding == "utf-8-sig" else "\ufeff"
        piped = (mark + text).encode(encoding)
        done = subprocess.run(command, cwd=stack.folder, env=stack.env, capture_output=True, input=piped, check=False)
        assert done.returncode == EXCEEDED, done.stderr


def test_an_approval_is_for_the_resources_that_it_names(tenants: tuple[Server, Stack]) -> None:
    server, stack = tenants
    urns = {name: each["urn"] for name, each in stack.resources().items()}
    kept = {name: org(server.name(name.title())) for name in ("acme", "ceta")}
    stack.declare(**kept, ann=grant(server.home, server.ann, server.project, ["viewer"]),
                  bob=grant(server.home, server.bob, server.project, []))  # fmt: skip
    approved = stack.folder / "approved"
    approved.write_text(f"# beta ends its contract\n{urns['beta']}\n")
    refused = guard(stack, "--run", "--allow-file", str(approved))
    assert refused.code == EXCEEDED
    lines = refused.out.splitlines()
    assert {each for each in lines if each.startswith("not allowed")} == {
        f"not allowed: {urns[name]}" for name in ("bob", "cleo")
    }
    more = [each for name in ("bob", "cleo") for each in ("--allow", urns[name])]
    assert guard(stack, "--run", "--allow-file", str(approved), *more).code == WITHIN

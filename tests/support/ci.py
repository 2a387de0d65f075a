"""What runs the jobs of examples/ci: the shell steps, taken from the files, as the runners of GitHub and GitLab run them.

What would leave the machine (``gh``, ``curl``, ``pip``) is a stub that records its arguments.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.support.servers import Server
from tests.support.stack import ROOT, Stack

CI = ROOT / "examples" / "ci"
FILES = {"github": CI / "github", "gitlab": CI / "gitlab" / ".gitlab-ci.yml"}
TOKENS = {"github": "a-token-of-github", "gitlab": "a-token-of-gitlab"}
REPOSITORY, COMMIT = "acme/tenants", "4f2c1d0"
#: The user of the token at GitLab.
ME = 11
MARK = "<!-- zorg preview of test -->"

STUB = """#!{python}
import json, os, pathlib, sys
me, args = pathlib.Path(sys.argv[0]), sys.argv[1:]
options = dict(zip(args, args[1:] + [""]))
file = options.get("--body-file") or next((each.partition("@")[2] for each in args if each.startswith("body")), None)
header = options.get("--header")
call = {{
    "command": me.name,
    "args": args,
    "body": pathlib.Path(file).read_text() if file else None,
    "authorized": header and pathlib.Path(header[1:]).read_text() == f"PRIVATE-TOKEN: {{os.environ['GITLAB_TOKEN']}}\\n",
}}
with (me.parent / "calls").open("a") as calls:
    calls.write(json.dumps(call) + "\\n")
answer = json.loads((me.parent / "answers").read_text()).get(me.name)
if answer == "fails":
    sys.exit(1)
if me.name == "curl" and args[-1].endswith("/user"):
    answer = {{"id": {me}}}
if me.name == "curl" and "page=" in args[-1]:
    page = int(args[-1].rpartition("page=")[2])
    answer = answer[100 * (page - 1) : 100 * page]
if "--jq" in options and answer is not None:
    # The real gh has it built in, and prints texts without quotes.
    import jq
    for found in jq.compile(options["--jq"]).input_value(answer).all():
        print(found if isinstance(found, str) else json.dumps(found))
    sys.exit(0)
if answer is not None and file is None:
    print(json.dumps(answer))
"""


#: The job's `python`. A virtual environment takes seconds to make, and what would be installed into it is on PATH.
PYTHON = """#!/bin/bash
if [ "$1 $2" = "-m venv" ]; then
  mkdir -p "$3/bin"
  echo "VIRTUAL_ENV='$PWD/$3'" > "$3/bin/activate"
  exit
fi
exec {python} "$@"
"""


class Strict(yaml.SafeLoader):
    """Refuses a key that stands twice, which YAML's own loaders let pass."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key) for key, _ in node.value]
        assert len(keys) == len(set(keys)), f"a key stands twice: {keys}"
        return super().construct_mapping(node, deep)


def load(file: Path) -> dict[Any, Any]:
    text = file.read_text(encoding="utf-8")
    assert "\t" not in text
    loaded: dict[Any, Any] = yaml.load(text, Strict)
    return loaded


@dataclass
class Job:
    """What a job came to.

    :param out: what it printed.
    :param calls: of the stubs.
    :param summary: what it wrote for the run's page.
    """

    code: int
    out: str
    calls: list[dict[str, Any]]
    summary: str = ""

    @property
    def bodies(self) -> list[str]:
        return [call["body"] for call in self.calls if call["body"] is not None]

    @property
    def body(self) -> str:
        """The one comment, note or issue that was written."""
        (body,) = self.bodies
        return str(body)

    def said(self, text: str) -> bool:
        """Whether the job's last word was this."""
        return text in self.out.strip().splitlines()[-1]

    def called(self, *texts: str) -> bool:
        return any(all(text in " ".join(call["args"]) for text in texts) for call in self.calls)


class Runner:
    """Runs jobs of the two platforms in the folder of a stack, on a machine that is new each time."""

    def __init__(self, server: Server, stack: Stack, folder: Path, token: str) -> None:
        self.server, self.stack, self.folder, self.token = server, stack, folder, token
        self.answers: dict[str, Any] = {"curl": []}
        self.labels: tuple[str, ...] = ()
        self.source = REPOSITORY
        self.inputs: dict[str, str] = {}  # of a run that somebody starts; what is not given is the empty text
        self.patience = ""  # seconds after which a call that keeps failing is given up; as by default where it is empty
        self.stubs = folder / "stubs"
        self.stubs.mkdir(parents=True)
        for name in ("gh", "curl", "pip"):
            (self.stubs / name).write_text(STUB.format(python=sys.executable, me=ME))
            (self.stubs / name).chmod(0o755)
        (self.stubs / "python").write_text(PYTHON.format(python=sys.executable))
        (self.stubs / "python").chmod(0o755)

    def preview(self, platform: str) -> Job:
        return self._github("preview") if platform == "github" else self._gitlab("preview", "merge_request_event")

    def drift(self, platform: str) -> Job:
        return self._github("drift") if platform == "github" else self._gitlab("drift", "schedule")

    def access(self, platform: str) -> Job:
        return self._github("access") if platform == "github" else self._gitlab("access", "schedule")

    def up(self, platform: str) -> Job:
        return self._github("up") if platform == "github" else self._gitlab("up", "push")

    def _github(self, name: str) -> Job:
        workflow = load(FILES["github"] / f"{name}.yml")
        assert workflow["defaults"] == {"run": {"shell": "bash"}}
        (job,) = workflow["jobs"].values()
        known = self._expressions()
        files = {key: self.folder / key for key in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH")}
        ended = Job(0, "", [])
        outcomes: dict[str, str] = {}
        self._begin()
        for step in job["steps"]:
            if "run" not in step:
                continue
            if not self._is_due(step.get("if"), ended.code, outcomes):
                continue
            assert "${{" not in step["run"], "what others write would become a part of the script"
            env = {key: _filled(str(value), known) for key, value in {**job["env"], **step.get("env", {})}.items()}
            script = self.folder / "step.sh"
            script.write_text(step["run"])
            done = self._bash(["--noprofile", "--norc", "-eo", "pipefail", str(script)], env | _texts(files))
            ended.out += done.stdout
            ended.code = ended.code or done.returncode
            outcomes[step.get("id", "")] = "failure" if done.returncode else "success"
            if "id" in step:
                for line in _read(files["GITHUB_OUTPUT"]).splitlines():
                    key, _, value = line.partition("=")
                    known[f"steps.{step['id']}.outputs.{key}"] = value
        ended.summary = _read(files["GITHUB_STEP_SUMMARY"])
        on_path = _read(files["GITHUB_PATH"]).split()
        assert on_path in ([], [f"{self.stack.folder}/venv/bin"]), "where later steps find what was installed"
        return self._ended(ended)

    def _is_due(self, condition: str | None, code: int, outcomes: dict[str, str]) -> bool:
        conditions: dict[str | None, bool] = {
            None: code == 0,
            "${{ !cancelled() }}": True,
            "${{ !cancelled() && steps.own.outcome == 'success' }}": outcomes.get("own") == "success",
        }
        return conditions[condition]

    def _expressions(self) -> dict[str, str]:
        env = self.stack.env
        return {
            "vars.PULUMI_STACK": self.stack.name,
            "vars.PULUMI_BACKEND_URL": env["PULUMI_BACKEND_URL"],
            "vars.ZITADEL_URL": env["ZITADEL_URL"],
            "vars.MAX_DEACTIVATE || '1'": "1",
            "vars.MAX_REMOVE || '0'": "0",
            "vars.MAX_LOSING_ACCESS": "",
            "inputs.max_deactivate || vars.MAX_DEACTIVATE || '1'": self.inputs.get("max_deactivate") or "1",
            "inputs.max_remove || vars.MAX_REMOVE || '0'": self.inputs.get("max_remove") or "0",
            "inputs.max_losing_access || vars.MAX_LOSING_ACCESS": self.inputs.get("max_losing_access") or "",
            "secrets.PULUMI_ACCESS_TOKEN": "",  # what is not set is the empty text
            "secrets.PULUMI_CONFIG_PASSPHRASE": env["PULUMI_CONFIG_PASSPHRASE"],
            "secrets.ZITADEL_READ_TOKEN": self.token,
            "secrets.ZITADEL_WRITE_TOKEN": self.server.token,
            "github.workspace": str(self.stack.folder),
            "github.token": TOKENS["github"],
            "github.server_url": "https://github.example",
            "github.repository": REPOSITORY,
            "github.run_id": "1",
            "github.event.pull_request.number": "7",
            "github.event.pull_request.head.sha": COMMIT,
            "github.event.pull_request.head.repo.full_name": self.source,
            "join(github.event.pull_request.labels.*.name, ',')": ",".join(self.labels),
            "steps.preview.outputs.code": "",
            "steps.drift.outputs.code": "",
            "steps.labels.outputs.labels": "",
        }

    def _gitlab(self, name: str, source: str) -> Job:
        pipeline = load(FILES["gitlab"])
        job = {**pipeline[pipeline[name]["extends"]], **pipeline[name]}
        condition = f'$CI_PIPELINE_SOURCE == "{source}"'
        if source == "push":
            condition += " && $CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH"
        assert condition in [each["if"] for each in job["rules"]]
        env = self.stack.env
        given = {key: env[key] for key in ("PULUMI_BACKEND_URL", "PULUMI_CONFIG_PASSPHRASE", "ZITADEL_URL")}
        given |= {"ZITADEL_TOKEN": self.token, "PULUMI_STACK": self.stack.name, "GITLAB_TOKEN": TOKENS["gitlab"]}
        if name == "up":  # the variable is protected, so that only a job of the main branch has it
            given["ZITADEL_WRITE_TOKEN"] = self.server.token
        given |= {"CI_API_V4_URL": "https://gitlab.example/api/v4", "CI_JOB_URL": "https://gitlab.example/jobs/1"}
        given |= {"CI_PROJECT_ID": "3", **{key.upper(): value for key, value in self.inputs.items()}}
        given |= {"CI_MERGE_REQUEST_PROJECT_ID": "3", "CI_MERGE_REQUEST_IID": "7", "CI_COMMIT_SHA": COMMIT}
        given |= {"CI_MERGE_REQUEST_LABELS": ",".join(self.labels)} if self.labels else {}
        script = "\n".join(["set -eo pipefail", *job["before_script"], *job["script"]])
        self._begin()
        # By standard input, as a runner may do it: a command that reads it would swallow the rest.
        variables = {
            key: value.replace("$CI_PROJECT_DIR", str(self.stack.folder))
            for key, value in job.get("variables", {}).items()
        }
        done = self._bash([], {**variables, **given}, script)
        return self._ended(Job(done.returncode, done.stdout, []))

    def _begin(self) -> None:
        (self.stubs / "calls").write_text("")
        (self.stubs / "answers").write_text(json.dumps(self.answers))
        for name in ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY", "GITHUB_PATH"):
            (self.folder / name).write_text("")

    def _bash(self, args: list[str], env: dict[str, str], script: str = "") -> subprocess.CompletedProcess[str]:
        kept = {key: value for key, value in self.stack.env.items() if not key.startswith(("PULUMI_", "ZITADEL_"))}
        own = {"PATH": f"{self.stubs}:{kept['PATH']}", "PULUMI_HOME": str(self.folder / "home")}
        own |= {"ZITADEL_RETRY_DEADLINE": self.patience}
        own |= {"GITHUB_SHA": COMMIT, "GITHUB_REPOSITORY": REPOSITORY, "PULUMI_SKIP_UPDATE_CHECK": "true"}
        return subprocess.run(
            ["bash", *args],
            input=script,
            cwd=self.stack.folder,
            env=kept | own | env,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )

    def _ended(self, job: Job) -> Job:
        job.calls = [json.loads(line) for line in _read(self.stubs / "calls").splitlines()]
        shown = job.out + job.summary + json.dumps(job.calls)
        for secret in (self.token, self.stack.env["ZITADEL_TOKEN"], *TOKENS.values()):
            assert secret not in shown, "a secret is shown"
        assert "Traceback" not in job.out, job.out
        assert all(call["authorized"] for call in job.calls if call["command"] == "curl")
        assert job.calls == [] or job.calls[0]["args"] == ["install", "-r", "requirements.txt"]
        return job


def _filled(text: str, known: dict[str, str]) -> str:
    return re.sub(r"\$\{\{\s*(.*?)\s*\}\}", lambda found: known[found[1]], text)


def _texts(files: dict[str, Path]) -> dict[str, str]:
    return {key: str(file) for key, file in files.items()}


def _read(file: Path) -> str:
    return file.read_text(encoding="utf-8")

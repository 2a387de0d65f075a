#!/usr/bin/env bash
# `stack.destroy(target=[])` of the Automation API destroys the whole stack, and `stack.up(target=[])` updates all of it.
#
# Version:   pulumi 3.272.0 (Python SDK), pulumi engine 3.276.0 and 3.250.0. The script needs `pulumi` and its Python language
#            host on PATH.
# Guess:     an empty list of targets selects nothing, as a list of one selects one.
# Behaviour: the list becomes one option of the command for each element, so an empty list is the same as None: no limit. A
#            program that computes its targets (the people who left today) runs on everything on a day without any. Nothing warns.
# Output:    destroy(target=[a]):  delete a
#            destroy(target=[]):   delete b delete c
# Way out:   return before the call where the list is empty.
set -euo pipefail
command -v pulumi pulumi-language-python >/dev/null || { echo "pulumi and pulumi-language-python must be on PATH" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0
mkdir "$folder/home" "$folder/state" "$folder/project"
export PATH="$folder/venv/bin:$PATH" PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true CALLS="$folder/calls"
cd "$folder/project"

printf 'name: demo\nruntime: python\n' >Pulumi.yaml
cat >things.py <<'PY'
import os

from pulumi.dynamic import CreateResult, Resource, ResourceProvider, UpdateResult


def record(call):
    with open(os.environ["CALLS"], "a") as calls:
        calls.write(call + "\n")


class Provider(ResourceProvider):
    def create(self, props):
        return CreateResult(props["name"], props)

    def update(self, id_, olds, news):
        record(f"update {id_}")
        return UpdateResult(news)

    def delete(self, id_, props):
        record(f"delete {id_}")


class Thing(Resource, module="demo", name="Thing"):
    def __init__(self, name, active, opts=None):
        super().__init__(Provider(), name, {"name": name, "active": active}, opts)
PY
printf 'from things import Thing\n\nfor name in "abc":\n    Thing(name, True)\n' >__main__.py
cat >automate.py <<'PY'
import os
import pathlib
import sys

from pulumi import automation

stack = automation.select_stack(stack_name="dev", work_dir=".")
urn = "urn:pulumi:dev::demo::pulumi-python:dynamic/demo:Thing::"
calls = pathlib.Path(os.environ["CALLS"])
calls.write_text("")
stack.destroy(target=[urn + each for each in sys.argv[1:]])
print(" ".join(sorted(calls.read_text().splitlines())))
PY
expect() {
  printf '%-21s %s\n' "$1:" "$3"
  [ "$3" = "$2" ] || { echo "not as described: expected '$2'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
pulumi stack init dev >/dev/null 2>&1
pulumi up --stack dev --yes --skip-preview >/dev/null
expect "destroy(target=[a])" "delete a" "$(python automate.py a)"
expect "destroy(target=[])" "delete b delete c" "$(python automate.py)"
echo "The behaviour is as described."

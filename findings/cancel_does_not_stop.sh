#!/usr/bin/env bash
# `pulumi cancel` says that the running update was canceled. It runs on, and what an update after it creates is in no state.
#
# Version:   pulumi engine 3.276.0 and 3.250.0, pulumi 3.272.0 (Python SDK), with a backend of files (`file://`). The script needs
#            `pulumi` and its Python language host on PATH.
# Guess:     the running update ends soon, as after Ctrl-C, and with an error; the next one starts from what it has done.
# Behaviour: with such a backend the command removes the stack's lock, and nothing else. The update goes on to its end, with exit
#            code 0. The error of a second `up` ("the stack is currently locked") names `pulumi cancel`. After it, both run at the same
#            time, and the one that ends last writes its own view of the state. What the other one has created exists, and is in no
#            state. Both succeed.
# Output:    cancel:                exit code 0, has been canceled
#            second up:             exit code 0, in the state: tenant two, exist: one tenant two
#            the canceled update:   exit code 0, in the state: one tenant, exist: one tenant two
# Way out:   Ctrl-C, or SIGINT to the process, in the place where the update runs: it stops after the steps that have begun.
#            `pulumi cancel` only where that process is gone.
set -euo pipefail
command -v pulumi pulumi-language-python >/dev/null || { echo "pulumi and pulumi-language-python must be on PATH" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0
mkdir "$folder/home" "$folder/state" "$folder/project"
export PATH="$folder/venv/bin:$PATH" PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true
cd "$folder/project"

printf 'name: demo\nruntime: python\n' >Pulumi.yaml
mkdir "$folder/objects"
export OBJECTS="$folder/objects"
cat >__main__.py <<'PY'
import os
import pathlib
import time

from pulumi.dynamic import CreateResult, Resource, ResourceProvider

OBJECTS = pathlib.Path(os.environ["OBJECTS"])
name = os.environ["NAME"]


class Provider(ResourceProvider):
    def create(self, props):
        (OBJECTS / props["name"]).touch()
        if props["name"] == "one":  # until the second update has ended
            while not (OBJECTS / "two").exists() or pathlib.Path("running").exists():
                time.sleep(0.1)
        return CreateResult(props["name"], props)


class Thing(Resource):
    def __init__(self, name):
        super().__init__(Provider(), name, {"name": name})


Thing("tenant")
if name:
    Thing(name)
PY

show() { # show CODE: prints it, the resources in the state, and the objects that exist
  pulumi stack export --stack dev | python -c '
import json
import os
import sys

resources = json.load(sys.stdin)["deployment"]["resources"]
state = sorted(each["urn"].split("::")[-1] for each in resources if "dynamic" in each["type"])
print("exit code " + sys.argv[1] + ", in the state: " + " ".join(state) + ", exist: " + " ".join(sorted(os.listdir(os.environ["OBJECTS"]))))
' "$1"
}
up() { # up NAME: an update of a program that declares it
  NAME=$1 pulumi up --stack dev --yes --skip-preview
}
expect() {
  printf '%-22s %s\n' "$1:" "$3"
  [ "$3" = "$2" ] || { echo "not as described: expected '$2'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
pulumi stack init dev >/dev/null 2>&1
up "" >/dev/null
touch running
up one >"$folder/first" 2>&1 &
first=$!
until [ -e "$OBJECTS/one" ]; do sleep 0.1; done
if up two >"$folder/locked" 2>&1 || ! grep -q 'delete the lock file with `pulumi cancel`' "$folder/locked"; then cat "$folder/locked" >&2; exit 1; fi
code=0
pulumi cancel --stack dev --yes >"$folder/cancel" 2>&1 || code=$?
expect "cancel" "exit code 0, has been canceled" "exit code $code, $(grep -o 'has been canceled' "$folder/cancel")"
code=0
up two >"$folder/second" 2>&1 || code=$?
expect "second up" "exit code 0, in the state: tenant two, exist: one tenant two" "$(show $code)"
rm running
code=0
wait $first || code=$?
expect "the canceled update" "exit code 0, in the state: one tenant, exist: one tenant two" "$(show $code)"
echo "The behaviour is as described."

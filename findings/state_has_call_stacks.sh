#!/usr/bin/env bash
# Half of the state of a small resource is the call stack of the program that declared it.
#
# Version:   pulumi engine 3.276.0, pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python language host on PATH.
# Guess:     the state of a resource has its inputs and outputs, and the one line of the program that declares it.
# Behaviour: the SDK sends every frame of the stack, down to the interpreter's start, and the engine keeps them in the state of
#            each resource (`stackTrace`), with the paths of the machine that ran the program last. A call in between adds
#            one more frame. The engine writes the whole state at each step of an `up`, so the bytes cost time too.
#            `sys.tracebacklimit`, Python's limit for tracebacks, holds for this stack as well.
# Output:    no limit:                   20 resources, 50 % of the state is stackTrace
#            sys.tracebacklimit = 8:     20 resources, 8 % of the state is stackTrace
# Way out:   set sys.tracebacklimit while resources are declared; some eight frames are the SDK's own.
set -euo pipefail
command -v pulumi pulumi-language-python >/dev/null || { echo "pulumi and pulumi-language-python must be on PATH" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/home" "$folder/state" "$folder/project"
cd "$folder/project"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q pulumi==3.272.0
export PATH="$PWD/venv/bin:$PATH" PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true
printf 'name: demo\nruntime: {name: python, options: {virtualenv: venv}}\n' >Pulumi.yaml

cat >providers.py <<'PY'
from pulumi.dynamic import CreateResult, ResourceProvider


class Nothing(ResourceProvider):
    def create(self, props):
        return CreateResult("1", props)
PY

cat >__main__.py <<'PY'
import os
import sys

from pulumi.dynamic import Resource

from providers import Nothing

if "FRAMES" in os.environ:
    sys.tracebacklimit = int(os.environ["FRAMES"])


class Thing(Resource):
    pass


def tenant(number):
    return Thing(Nothing(), f"thing-{number}", {"size": number})


for each in range(20):
    tenant(each)
PY

share() { # share STACK: prints the share of stackTrace in percent
  pulumi stack export --stack "$1" | python -c '
import json, sys
found = [each for each in json.load(sys.stdin)["deployment"]["resources"] if each["type"].endswith(":Thing") or "dynamic" in each["type"]]
found = [each for each in found if not each["type"].startswith("pulumi:providers")]
assert len(found) == 20, len(found)
size = lambda value: len(json.dumps(value, separators=(",", ":")))
print(100 * sum(size(each.get("stackTrace", [])) for each in found) // sum(map(size, found)))'
}

echo "engine $(pulumi version)"
pulumi stack init whole >/dev/null 2>&1
pulumi up --yes --skip-preview --stack whole >"$folder/output" 2>&1 || { cat "$folder/output"; exit 1; }
pulumi stack init short >/dev/null 2>&1
FRAMES=8 pulumi up --yes --skip-preview --stack short >"$folder/output" 2>&1 || { cat "$folder/output"; exit 1; }
whole=$(share whole) short=$(share short)
echo "no limit:               20 resources, $whole % of the state is stackTrace"
echo "sys.tracebacklimit = 8: 20 resources, $short % of the state is stackTrace"
[ "$whole" -gt 40 ] && [ "$short" -lt 20 ] || { echo "not as described" >&2; exit 1; }
echo "The behaviour is as described."

#!/usr/bin/env bash
# A program with twice as many resources waits four times as much: the SDK looks at all outputs each time that one is done.
#
# Version:   pulumi engine 3.276.0, pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python language host on PATH.
# Guess:     at the end of a program the SDK waits for each output once.
# Behaviour: it gives all outputs that are left to asyncio.wait until the first one is done, and then gives it the rest again. asyncio
#            adds a callback to each of them and removes it again, so the work grows with the square of the number of
#            resources: the process of a program with 1,000 resources took 10 CPU seconds, and with 2,000 it took 28.
# Output:    (how many outputs were given to asyncio.wait in a preview; it varies)
#            100 resources: 14199
#            200 resources: 60109
#            400 resources: 197335
# Way out:   several stacks. 10,000 resources in 40 stacks of 250 do a fortieth of the work.
set -euo pipefail
command -v pulumi pulumi-language-python >/dev/null || { echo "pulumi and pulumi-language-python must be on PATH" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/home" "$folder/state" "$folder/project"
cd "$folder/project"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q pulumi==3.272.0
export PATH="$PWD/venv/bin:$PATH" PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true COUNTED="$folder/counted"
printf 'name: demo\nruntime: {name: python, options: {virtualenv: venv}}\n' >Pulumi.yaml

cat >providers.py <<'PY'
from pulumi.dynamic import ResourceProvider


class Nothing(ResourceProvider):
    pass
PY

cat >__main__.py <<'PY'
import asyncio
import atexit
import os

from pulumi.dynamic import Resource

from providers import Nothing

outputs = []
real_wait = asyncio.wait


def counting_wait(tasks, **options):
    tasks = list(tasks)
    outputs.append(len(tasks))
    return real_wait(tasks, **options)


def write():
    with open(os.environ["COUNTED"], "w") as file:
        file.write(str(sum(outputs)))


asyncio.wait = counting_wait
atexit.register(write)


class Thing(Resource):
    pass


for each in range(int(os.environ["COUNT"])):
    Thing(Nothing(), f"thing-{each}", {"size": each})
PY

count() { # count RESOURCES: prints how many outputs a preview gives to asyncio.wait
  COUNT=$1 pulumi preview --stack dev >"$folder/output" 2>&1 || { cat "$folder/output" >&2; exit 1; }
  cat "$COUNTED"
}

echo "engine $(pulumi version)"
pulumi stack init dev >/dev/null 2>&1
few=$(count 100) more=$(count 200) many=$(count 400)
printf '%s resources: %s\n' 100 "$few" 200 "$more" 400 "$many"
[ "$many" -gt $((8 * few)) ] || { echo "not as described: four times the resources are no more than eight times the work" >&2; exit 1; }
echo "The behaviour is as described."

#!/usr/bin/env bash
# `pulumi import --file` with inputs and outputs writes them as they are: failures of `check` are warnings, and its result is lost.
#
# Version:   pulumi engine 3.276.0, pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python language host on PATH.
# Guess:     an import checks inputs as an update does: a failure ends it, and the state gets what `check` returns.
# Behaviour: the import succeeds with exit code 0 for inputs that `check` refuses. What `check` returns (here the name in small
#            letters) is not used, so the next preview shows an update of a resource that was just imported. Nothing is
#            read either: an id that does not exist is imported. Only an exception in `check` ends the import.
# Output:    refused by a failure:      exit code 0, imported
#            refused by an exception:   exit code 1, not imported
#            normalised by check:       in inputs and outputs, 1 to update
# Way out:   raise in `check` where the old inputs are the new ones and nothing but an import gives them so, and write files
#            with inputs as the state has them.
set -euo pipefail
command -v pulumi pulumi-language-python >/dev/null || { echo "pulumi and pulumi-language-python must be on PATH" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0
mkdir "$folder/home" "$folder/state" "$folder/project"
export PATH="$folder/venv/bin:$PATH" PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true PYTHONPATH="$folder/project"
cd "$folder/project"

printf 'name: demo\nruntime: python\n' >Pulumi.yaml
cat >things.py <<'PY'
from pulumi.dynamic import CheckFailure, CheckResult, CreateResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    def check(self, olds, news):
        if news["name"] == "raises":
            raise ValueError("this name is refused")
        failures = [CheckFailure("name", "is refused")] if news["name"] == "fails" else []
        return CheckResult({**news, "name": news["name"].lower()}, failures)

    def create(self, props):
        return CreateResult("1", props)


class Thing(Resource, module="demo", name="Thing"):
    pass
PY
printf 'from things import Provider, Thing\n\nThing(Provider(), "thing", {"name": "THING"})\n' >__main__.py

import() { # import NAME: prints the exit code, and whether the state has the resource
  python - "$1" <<'PY'
import json
import sys

from pulumi.dynamic.dynamic import serialize_provider

from things import Provider

properties = {"__provider": serialize_provider(Provider()), "name": sys.argv[1]}
kind = "pulumi-python:dynamic/demo:Thing"
entry = {"type": kind, "name": "thing", "id": "no such object", "inputs": properties, "outputs": properties}
with open("import.json", "w") as file:
    json.dump({"resources": [entry]}, file)
PY
  rm -rf "$folder/state/.pulumi"
  pulumi stack init dev >/dev/null 2>&1
  local code=0 found=imported
  pulumi import --stack dev --file import.json --generate-code=false --yes >"$folder/output" 2>&1 || code=$?
  pulumi stack export --stack dev | grep -q "no such object" || found="not imported"
  echo "exit code $code, $found"
}
expect() {
  printf '%-26s %s\n' "$1:" "$3"
  [ "$3" = "$2" ] || { cat "$folder/output" >&2; echo "not as described: expected '$2'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
expect "refused by a failure" "exit code 0, imported" "$(import fails)"
expect "refused by an exception" "exit code 1, not imported" "$(import raises)"
import THING >/dev/null
has=$(pulumi stack export --stack dev | grep -c '"name": "THING"')
pulumi preview --stack dev >"$folder/output" 2>&1
# As the file has it, in capital letters
expect "normalised by check" "in inputs and outputs, 1 to update" \
  "$([ "$has" = 2 ] && echo "in inputs and outputs, ")$(grep -o '[0-9]* to update' "$folder/output")"
echo "The behaviour is as described."

#!/usr/bin/env bash
# `pulumi up --exclude NAME` with a misspelt name excludes nothing, changes everything, and succeeds.
#
# Version:   pulumi engine 3.276.0 and 3.250.0, pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python language
#            host on PATH.
# Guess:     an `--exclude` that no resource matches is an error, as a `--target` that no resource matches is: "Target 'x' could not be
#            found in the stack".
# Behaviour: `up` and `preview` pass over it, so the resource that was to stay as it is is changed. The name of a resource without
#            the rest of its URN is such a name too. `destroy` refuses it. A `--target` with a `*` that matches
#            nothing is the opposite, and as quiet: nothing is changed, with exit code 0, also in `destroy`.
# Output:    up --exclude admin:             exit code 0, update admin update guest
#            up --exclude '**::admim':       exit code 0, update admin update guest
#            up --exclude '**::admin':       exit code 0, update guest
#            destroy --exclude admin:        exit code 1, nothing
#            up --target guest:              exit code 1, nothing
#            up --target '**::gest':         exit code 0, nothing
#            destroy --target '**::gest':    exit code 0, nothing
# Way out:   the whole URN (`pulumi stack --show-urns`) with `--target`, which is verified. Before an `up` with `--exclude`, a preview
#            with the same options, and something that reads it: the excluded resource must not be in it.
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
printf 'import pathlib\n\nfrom things import Thing\n\nactive = not pathlib.Path("off").exists()\nThing("admin", active)\nThing("guest", active)\n' >__main__.py

run() { # run COMMAND OPTION VALUE: prints the exit code, and what the provider was called for; the next one deactivates or reactivates again
  : >"$CALLS"
  local code=0
  pulumi "$1" --stack dev --yes --skip-preview "$2" "$3" >"$folder/output" 2>&1 || code=$?
  echo "exit code $code, $(sort "$CALLS" | paste -sd ' ' | grep . || echo nothing)"
}
flip() {
  pulumi up --stack dev --yes --skip-preview >/dev/null
  if [ -e off ]; then rm off; else touch off; fi
}
expect() {
  printf '%-31s %s\n' "$1:" "$3"
  [ "$3" = "$2" ] || { echo "not as described: expected '$2'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
pulumi stack init dev >/dev/null 2>&1
flip
expect "up --exclude admin" "exit code 0, update admin update guest" "$(run up --exclude admin)"
flip
expect "up --exclude '**::admim'" "exit code 0, update admin update guest" "$(run up --exclude '**::admim')"
flip
expect "up --exclude '**::admin'" "exit code 0, update guest" "$(run up --exclude '**::admin')"
expect "destroy --exclude admin" "exit code 1, nothing" "$(run destroy --exclude admin)"
flip
expect "up --target guest" "exit code 1, nothing" "$(run up --target guest)"
expect "up --target '**::gest'" "exit code 0, nothing" "$(run up --target '**::gest')"
expect "destroy --target '**::gest'" "exit code 0, nothing" "$(run destroy --target '**::gest')"
echo "The behaviour is as described."

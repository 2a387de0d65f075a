#!/usr/bin/env bash
# What `pulumi import --file` writes has no dependencies until the next `pulumi up`: a destroy before it deletes parents first.
#
# Version:   pulumi engine 3.276.0, pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python language host on PATH.
# Guess:     the dependencies of imported resources follow from the file (an input is another entry's id), or `protect` of a
#            resource that needs another one protects that one too, as it does in a state that `pulumi up` wrote.
# Behaviour: the imported state has no dependencies. `pulumi up` writes them, as "unchanged". Before that, `pulumi destroy` of
#            an organization that is not protected deletes it, although a protected project is in it: with `--skip-preview`
#            right away, and with `--target` after a preview that says nothing of the project. With dependencies, both
#            commands delete nothing.
# Output:    after the import: destroy --skip-preview:     failed, deleted: organization
#            after the import: destroy --target:           succeeded, deleted: organization
#            after an up: destroy --skip-preview:          failed, deleted: nothing
#            after an up: destroy --target:                failed, deleted: nothing
# Way out:   run `pulumi up` right after an import, before anything else. Import with protection, which is the default.
set -euo pipefail
command -v pulumi pulumi-language-python >/dev/null || { echo "pulumi and pulumi-language-python must be on PATH" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0
mkdir "$folder/home" "$folder/state" "$folder/project"
export PATH="$folder/venv/bin:$PATH" PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true DELETED="$folder/deleted"
cd "$folder/project"

printf 'name: demo\nruntime: python\n' >Pulumi.yaml
cat >things.py <<'PY'
import os

from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    def create(self, props):
        return CreateResult(props["name"], props)

    def delete(self, id_, props):
        with open(os.environ["DELETED"], "a") as deleted:
            deleted.write(id_ + "\n")


class Thing(Resource, module="demo", name="Thing"):
    def __init__(self, name, needs, opts=None):
        super().__init__(Provider(), name, {"name": name, "needs": needs}, opts)
PY
cat >__main__.py <<'PY'
from pulumi import ResourceOptions

from things import Thing

organization = Thing("organization", "")
Thing("project", organization.id, ResourceOptions(protect=True))
PY
PYTHONPATH="$folder/project" python - <<'PY'
import json

from pulumi.dynamic.dynamic import serialize_provider

from things import Provider


def entry(name, needs):
    properties = {"__provider": serialize_provider(Provider()), "name": name, "needs": needs}
    kind = "pulumi-python:dynamic/demo:Thing"
    return {"type": kind, "name": name, "id": name, "inputs": properties, "outputs": properties}


with open("import.json", "w") as file:
    json.dump({"resources": [entry("organization", ""), entry("project", "organization")]}, file)
PY
export PYTHONPATH="$folder/project"
urn=urn:pulumi:dev::demo::pulumi-python:dynamic/demo:Thing::organization

import() { # a new stack, with the organization unprotected
  rm -rf "$folder/state/.pulumi"
  pulumi stack init dev >/dev/null 2>&1
  pulumi import --stack dev --file import.json --generate-code=false --yes >"$folder/output" 2>&1 || { cat "$folder/output" >&2; exit 1; }
  pulumi state unprotect "$urn" --stack dev --yes >/dev/null 2>&1
}
destroy() { # prints how it ended, and what the provider deleted
  : >"$DELETED"
  local end=succeeded
  pulumi destroy --stack dev --yes "$@" >"$folder/output" 2>&1 || end=failed
  echo "$end, deleted: $(paste -sd ' ' "$DELETED" | grep . || echo nothing)"
}
expect() {
  printf '%-45s %s\n' "$1:" "$3"
  [ "$3" = "$2" ] || { cat "$folder/output" >&2; echo "not as described: expected '$2'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
import
expect "after the import: destroy --skip-preview" "failed, deleted: organization" "$(destroy --skip-preview)"
import
expect "after the import: destroy --target" "succeeded, deleted: organization" "$(destroy --target "$urn")"
import
pulumi up --stack dev --yes --skip-preview >"$folder/output"
grep -q "3 unchanged" "$folder/output" || { cat "$folder/output" >&2; exit 1; }
expect "after an up: destroy --skip-preview" "failed, deleted: nothing" "$(destroy --skip-preview)"
expect "after an up: destroy --target" "failed, deleted: nothing" "$(destroy --target "$urn")"
echo "The behaviour is as described."

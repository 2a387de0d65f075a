#!/usr/bin/env bash
# A resource with `deleted_with` leaves the state before its parent is deleted, also where that fails: its object is in no state.
#
# Version:   pulumi engine 3.276.0 and 3.250.0, pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python language
#            host on PATH.
# Guess:     a resource with `deleted_with=tenant` leaves the state when the tenant was deleted. If that fails, both stay.
# Behaviour: the engine deletes in the order of dependencies. It takes the child out of the state without a call, as "deleted", and then
#            calls the provider for the parent. If that call fails, the parent stays in the state, and the child's object exists
#            and is in no state. The next `up` of a program that declares both again creates the child a second time. The same
#            happens where a provider leaves the parent on purpose.
# Output:    up without both:  exit code 1, in the state: tenant, exist: grant tenant
#            up with both:     exit code 0, in the state: grant tenant, exist: grant grant tenant
# Way out:   `deleted_with` only where the parent's removal is certain, and a look at what the state does not have after a deletion
#            that failed (with pulumi_zorg: `zorg drift --unmanaged=instance`). Without `deleted_with`, the child is deleted by a call of its own.
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
mkdir "$folder/objects"
export OBJECTS="$folder/objects"
cat >__main__.py <<'PY'
import os
import pathlib
import uuid

from pulumi import ResourceOptions
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    def create(self, props):
        id_ = f"{props['name']}-{uuid.uuid4()}"
        (pathlib.Path(os.environ["OBJECTS"]) / id_).touch()
        return CreateResult(id_, props)

    def delete(self, id_, props):
        raise RuntimeError("the tenant still has invoices")


class Thing(Resource):
    def __init__(self, name, needs, opts=None):
        super().__init__(Provider(), name, {"name": name, "needs": needs}, opts)


if not pathlib.Path("left").exists():
    tenant = Thing("tenant", None)
    Thing("grant", tenant.id, ResourceOptions(deleted_with=tenant))
PY

up() { # prints the exit code, the resources in the state, and the objects that exist
  local code=0
  pulumi up --stack dev --yes --skip-preview >"$folder/output" 2>&1 || code=$?
  if [ $code != 0 ]; then grep -q "still has invoices" "$folder/output" || { cat "$folder/output" >&2; exit 1; }; fi
  pulumi stack export --stack dev | python -c '
import json
import os
import sys

resources = json.load(sys.stdin)["deployment"]["resources"]
state = sorted(each["urn"].split("::")[-1] for each in resources if "dynamic" in each["type"])
exist = sorted(each.split("-")[0] for each in os.listdir(os.environ["OBJECTS"]))
print("exit code " + sys.argv[1] + ", in the state: " + " ".join(state) + ", exist: " + " ".join(exist))
' "$code"
}
expect() {
  printf '%-17s %s\n' "$1:" "$3"
  [ "$3" = "$2" ] || { echo "not as described: expected '$2'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
pulumi stack init dev >/dev/null 2>&1
up >/dev/null
touch left
expect "up without both" "exit code 1, in the state: tenant, exist: grant tenant" "$(up)"
rm left
expect "up with both" "exit code 0, in the state: grant tenant, exist: grant grant tenant" "$(up)"
echo "The behaviour is as described."

#!/usr/bin/env bash
# `pulumi destroy --skip-preview` of a stack with a protected resource deletes the other resources before it fails.
#
# Version:   pulumi engine 3.250.0, pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python language host on PATH.
# Guess:     the engine refuses to destroy a stack that has a protected resource, before it deletes anything. It does so
#            without `--skip-preview`.
# Behaviour: the protection is looked at when the turn of the resource comes. The refusal that users know comes from the
#            preview. With `--skip-preview`, as in scripts and CI, everything that depends on the protected resource
#            is gone when the command fails. Exit code and message are the same in both cases.
# Output:    destroy --yes:                failed, deleted: nothing
#            destroy --yes --skip-preview: failed, deleted: grant project
# Way out:   no `--skip-preview` for destroy, or `protect` on each resource that must stay: it protects no other one.
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
cat >__main__.py <<'PY'
import os

from pulumi import ResourceOptions
from pulumi.dynamic import CreateResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    def create(self, props):
        return CreateResult(props["name"], props)

    def delete(self, id_, props):
        with open(os.environ["DELETED"], "a") as deleted:
            deleted.write(id_ + "\n")


class Thing(Resource):
    def __init__(self, name, needs, opts=None):
        super().__init__(Provider(), name, {"name": name, "needs": needs}, opts)


organization = Thing("organization", None, ResourceOptions(protect=True))
project = Thing("project", organization.id)
Thing("grant", project.id)
PY

destroy() { # prints how it ended, and what the provider deleted
  : >"$DELETED"
  local end=succeeded
  pulumi destroy --stack dev "$@" >"$folder/output" 2>&1 || end=failed
  grep -q "protected" "$folder/output" || { cat "$folder/output" >&2; exit 1; }
  echo "$end, deleted: $(paste -sd ' ' "$DELETED" | grep . || echo nothing)"
}
expect() {
  printf '%-29s %s\n' "$1:" "$3"
  [ "$3" = "$2" ] || { echo "not as described: expected '$2'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
pulumi stack init dev >/dev/null 2>&1
pulumi up --stack dev --yes --skip-preview >/dev/null
expect "destroy --yes" "failed, deleted: nothing" "$(destroy --yes)"
expect "destroy --yes --skip-preview" "failed, deleted: grant project" "$(destroy --yes --skip-preview)"
echo "The behaviour is as described."

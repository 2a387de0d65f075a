#!/usr/bin/env bash
# `pulumi refresh` of dynamic resources uses the configuration of the last `pulumi up`, and not the present one.
#
# Version:   pulumi engine 3.250.0, pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python language host on PATH.
# Guess:     after `pulumi config set`, each command uses the new value.
# Behaviour: the engine stores the configuration as inputs of the default provider in the state. A refresh, the refresh of
#            `preview --refresh`, and `destroy` hand that copy to the provider's `configure`. After a change of an
#            address or token they go to the old address with the old token, with exit code 0: "no drift" is then
#            true for the old server. `--run-program` makes refresh and destroy use the present configuration.
# Output:    server=new: refresh --yes --skip-preview: read from old
#            server=new: preview --refresh: read from old
#            server=new: refresh --yes --skip-preview --run-program: read from new
#            server=newest: destroy --yes --skip-preview: delete from new
# Way out:   `--run-program`, or `pulumi up` first. Environment variables reach the provider as they are.
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
cat >__main__.py <<'PY'
import os

from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    def configure(self, req):
        self.server = req.config.require("server")

    def record(self, call):
        with open(os.environ["CALLS"], "a") as calls:
            calls.write(f"{call} from {self.server}\n")

    def create(self, props):
        return CreateResult("1", props)

    def read(self, id_, props):
        self.record("read")
        return ReadResult(id_, props)

    def delete(self, id_, props):
        self.record("delete")


class Thing(Resource):
    pass


Thing(Provider(), "thing", {"size": 1})
PY

run() { # the calls that a command makes
  : >"$CALLS"
  pulumi "$@" --stack dev >"$folder/output" 2>&1 || { cat "$folder/output"; echo "pulumi $* failed" >&2; exit 1; }
  sort -u "$CALLS"
}
expect() {
  local wanted=$1 seen
  shift
  seen=$(run "$@")
  printf 'server=%s: %s: %s\n' "$(pulumi config get server --stack dev)" "$*" "$seen"
  [ "$seen" = "$wanted" ] || { echo "not as described: expected '$wanted'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
pulumi stack init dev >/dev/null 2>&1
pulumi config set server old
expect "" up --yes --skip-preview
pulumi config set server new
expect "read from old" refresh --yes --skip-preview
expect "read from old" preview --refresh
expect "read from new" refresh --yes --skip-preview --run-program
pulumi config set server newest
expect "delete from new" destroy --yes --skip-preview
echo "The behaviour is as described."

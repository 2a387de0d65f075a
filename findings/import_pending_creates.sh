#!/usr/bin/env bash
# `pulumi refresh --import-pending-creates URN ID` imports nothing, forgets the pending create, and succeeds.
#
# Version:   pulumi engine 3.276.0 (3.227.0 behaves alike), pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python
#            language host on PATH.
# Guess:     the engine reads the object with that id and puts the resource into the state, or fails: a dynamic resource cannot
#            be imported by its id.
# Behaviour: the engine calls no provider and writes no resource. It only drops the pending operation, so that later runs do not
#            warn of it any more. Exit code and output are those of a refresh without changes. Seen with a dynamic resource. The
#            next `up` creates the object a second time.
# Output:    killed create: objects 1, in the state 0, pending 1
#            refresh:       objects 1, in the state 0, pending 0, exit code 0
#            up:            objects 2, in the state 1, pending 0
# Way out:   find the object in the provider's own tools. Then remove it, or import it (`pulumi import --file` with inputs and
#            outputs, from engine 3.254 on), before the next `up`. Keep the output of the `up` that was killed: later runs do not
#            name the object. (A create that recognizes its own earlier attempt, as those of pulumi_zorg do, needs nothing.)
set -euo pipefail
command -v pulumi pulumi-language-python >/dev/null || { echo "pulumi and pulumi-language-python must be on PATH" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0
mkdir "$folder/home" "$folder/state" "$folder/project" "$folder/objects"
export PATH="$folder/venv/bin:$PATH" PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true OBJECTS="$folder/objects" KILL="$folder/kill"
cd "$folder/project"

printf 'name: demo\nruntime: python\n' >Pulumi.yaml
cat >__main__.py <<'PY'
import os
import pathlib
import signal
import uuid

from pulumi.dynamic import CreateResult, ReadResult, Resource, ResourceProvider


class Provider(ResourceProvider):
    def create(self, props):
        id_ = uuid.uuid4().hex
        (pathlib.Path(os.environ["OBJECTS"]) / id_).touch()
        engine = pathlib.Path(os.environ["KILL"])
        if engine.exists():  # the engine dies before it has the answer
            os.kill(int(engine.read_text()), signal.SIGKILL)
            os._exit(1)
        return CreateResult(id_, props)

    def read(self, id_, props):
        return ReadResult(id_, props)


class Thing(Resource):
    def __init__(self, name):
        super().__init__(Provider(), name, {"name": name})


Thing("thing")
PY

show() { # the objects that exist, the resources of the state, and its pending operations
  pulumi stack export --stack dev >"$folder/export.json"
  OBJECTS=$OBJECTS python - "$folder/export.json" <<'PY'
import json
import os
import sys

state = json.load(open(sys.argv[1]))["deployment"]
things = [each for each in state.get("resources") or [] if "dynamic" in each["type"]]
pending = state.get("pending_operations") or []
print(f"objects {len(os.listdir(os.environ['OBJECTS']))}, in the state {len(things)}, pending {len(pending)}")
PY
}
expect() {
  printf '%-14s %s\n' "$1:" "$3"
  [ "$3" = "$2" ] || { echo "not as described: expected '$2'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
pulumi stack init dev >/dev/null 2>&1
pulumi up --stack dev --yes --skip-preview >"$folder/output" 2>&1 &
echo $! >"$KILL"
{ wait $!; } 2>/dev/null && { echo "the engine was not killed" >&2; exit 1; }
rm "$KILL"
pulumi cancel --stack dev --yes >/dev/null 2>&1 || true
expect "killed create" "objects 1, in the state 0, pending 1" "$(show)"
urn=urn:pulumi:dev::demo::pulumi-python:dynamic:Resource::thing
code=0
pulumi refresh --stack dev --yes --skip-preview \
  --import-pending-creates "$urn" --import-pending-creates "$(ls "$OBJECTS")" >"$folder/output" 2>&1 || code=$?
expect "refresh" "objects 1, in the state 0, pending 0, exit code 0" "$(show), exit code $code"
pulumi up --stack dev --yes --skip-preview >/dev/null 2>&1
expect "up" "objects 2, in the state 1, pending 0" "$(show)"
echo "The behaviour is as described."

#!/usr/bin/env bash
# With `main: app` and a relative `virtualenv` in Pulumi.yaml, the process of dynamic providers does not start.
#
# Version:   pulumi engine 3.250.0 and 3.276.0, pulumi 3.272.0 (Python SDK). The script needs `pulumi` and its Python language host on
#            PATH.
# Guess:     `virtualenv: venv` is relative to the folder of Pulumi.yaml for every Python process of a run.
# Behaviour: it is so for the program. The script that starts the host of dynamic providers (pulumi-resource-pulumi-python) runs in the
#            program's folder, and looks for the environment there. The error does not name Pulumi's script, but says that
#            the option is set to a path which nobody wrote. `toolchain: uv` behaves alike: the script looks for `.venv` there.
# Output:    main: .,   virtualenv: venv:      succeeded
#            main: app, virtualenv: venv:      failed: "…/project/app/venv" doesn't exist
#            main: app, virtualenv: /…/venv:   succeeded
# Way out:   an absolute path, or the program beside Pulumi.yaml.
set -euo pipefail
command -v pulumi pulumi-language-python >/dev/null || { echo "pulumi and pulumi-language-python must be on PATH" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir -p "$folder/home" "$folder/state" "$folder/project/app"
cd "$folder/project"
"${PYTHON:-python3}" -m venv venv
venv/bin/pip install -q pulumi==3.272.0
export PATH="$PWD/venv/bin:$PATH" PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true

cat >__main__.py <<'PY'
from pulumi.dynamic import Resource, ResourceProvider


class Thing(Resource):
    pass


Thing(ResourceProvider(), "thing", {"size": 1})
PY
cp __main__.py app

expect() { # expect MAIN VIRTUALENV WANTED
  printf 'name: demo\nruntime: {name: python, options: {virtualenv: %s}}\nmain: %s\n' "$2" "$1" >Pulumi.yaml
  local seen=succeeded
  pulumi preview --stack dev >"$folder/output" 2>&1 || seen="failed: $(grep -o '"[^"]*" doesn.t exist' "$folder/output" | sort -u || true)"
  echo "main: $1, virtualenv: $2: $seen"
  [ "$seen" = "$3" ] || { cat "$folder/output"; echo "not as described: expected '$3'" >&2; exit 1; }
}

echo "engine $(pulumi version)"
printf 'name: demo\nruntime: python\n' >Pulumi.yaml
pulumi stack init dev >/dev/null 2>&1
expect . venv succeeded
expect app venv "failed: \"$PWD/app/venv\" doesn't exist"
expect app "$PWD/venv" succeeded
echo "The behaviour is as described."

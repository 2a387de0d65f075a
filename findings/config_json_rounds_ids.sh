#!/usr/bin/env bash
# `pulumi config --json` shows another id in `objectValue` than the one that was set.
#
# Version:   pulumi engine 3.276.0 (the same with 3.250.0). The script needs `pulumi` and `python3` on PATH.
# Guess:     an id that was set with `--path` is shown as it was set, as text and as an object.
# Behaviour: `--path` stores an id of digits as a number. `value`, and what a program gets, have all its digits. `objectValue` in the same
#            output has a number of floating point, which is another id from 17 digits on. A script that passes it on names another user.
# Output:    value        {"ann":401653836127210535}
#            objectValue  401653836127210560
# Way out:   `pulumi config set --type string`, or read `value` and not `objectValue`.
set -euo pipefail
for command in pulumi python3; do
  command -v "$command" >/dev/null || { echo "$command must be on PATH" >&2; exit 2; }
done
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/home" "$folder/state" "$folder/project"
export PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true
cd "$folder/project"
printf 'name: app\nruntime: yaml\n' >Pulumi.yaml
id=401653836127210535

case $(pulumi version) in
  v3.250.0 | v3.276.0) echo "engine $(pulumi version)" ;;
  *) echo "this was seen with pulumi 3.250.0 and 3.276.0: put one of them on PATH" >&2; exit 2 ;;
esac
pulumi stack init dev >/dev/null 2>&1
pulumi config set --stack dev --path app:users.ann "$id"
pulumi config --stack dev --json >"$folder/shown.json"
python3 - "$folder/shown.json" "$id" <<'PYTHON'
import json
import sys

text = open(sys.argv[1], encoding="utf-8").read()
users = json.loads(text)["app:users"]
number = json.loads(text, parse_int=str, parse_float=str)["app:users"]["objectValue"]["ann"]
print("value       ", users["value"])
print("objectValue ", number)
as_described = users["value"] == '{"ann":%s}' % sys.argv[2] and int(float(number)) != int(sys.argv[2])
sys.exit(0 if as_described else "not as described")
PYTHON
pulumi config set --stack dev --path --type string app:users.ann "$id"
pulumi config --stack dev --json | grep -q "\"ann\": \"$id\"" || { echo "not as described: --type string" >&2; exit 1; }
echo "The behaviour is as described."

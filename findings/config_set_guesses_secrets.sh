#!/usr/bin/env bash
# `pulumi config set` without `--secret` refuses some secrets and the path of a file, and stores a bearer token and a private key in plain text.
#
# Version:   pulumi engine 3.250.0 (the same with 3.276.0). The script needs `pulumi` on PATH.
# Guess:     the command refuses to store what is a secret ("looks like a secret; rerun with --secret"), so what it takes is none.
# Behaviour: it guesses by the name of the key and by the value. A token is refused under `apiToken`, and stored in plain text, with exit
#            code 0, as the value of a header `Proxy-Authorization`. So is a JSON with a private key. The path of a file is refused
#            under a key like `tokenFile`. For a dynamic provider the state has the same texts, in plain text too.
# Output:    config set app:apiToken eyJhbGciO…: refused
#            config set --path app:headers.Proxy-Authorization Bearer ey…: stored
#            config set app:jwtProfileJson {"type":"…: stored
#            config set app:tokenFile /var/run/…: refused
# Way out:   `--secret` for each secret, whatever the command says, and `--plaintext` for a path.
set -euo pipefail
command -v pulumi >/dev/null || { echo "pulumi must be on PATH" >&2; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/home" "$folder/state" "$folder/project"
export PULUMI_HOME="$folder/home" PULUMI_BACKEND_URL="file://$folder/state"
export PULUMI_CONFIG_PASSPHRASE=test PULUMI_SKIP_UPDATE_CHECK=true
cd "$folder/project"
printf 'name: app\nruntime: yaml\n' >Pulumi.yaml

token=eyJhbGciOiJSUzI1NiJ9.c2VjcmV0LXNlY3JldA.MDEyMzQ1Njc4OWFiY2RlZg
key='{"type":"serviceaccount","key":"-----BEGIN RSA PRIVATE KEY-----"}'

expect() { # expect refused|stored VALUE ARGUMENTS…
  local wanted=$1 value=$2 seen=stored
  shift 2
  pulumi config set "$@" "$value" --stack dev >"$folder/output" 2>&1 || seen=refused
  if [ "$seen" = refused ]; then
    grep -q "looks like a secret" "$folder/output" || { cat "$folder/output" >&2; exit 1; }
  else
    grep -qF "$value" Pulumi.dev.yaml || seen="stored, and not in plain text"
  fi
  printf 'config set %s %s…: %s\n' "$*" "${value:0:9}" "$seen"
  [ "$seen" = "$wanted" ] || { echo "not as described: expected '$wanted'" >&2; exit 1; }
}

case $(pulumi version) in
  v3.250.0 | v3.276.0) echo "engine $(pulumi version)" ;;
  *) echo "this was seen with pulumi 3.250.0 and 3.276.0: put one of them on PATH" >&2; exit 2 ;;
esac
pulumi stack init dev >/dev/null 2>&1
expect refused "$token" app:apiToken
expect stored "Bearer $token" --path app:headers.Proxy-Authorization
expect stored "$key" app:jwtProfileJson
expect refused /var/run/secrets/zitadel/iam-admin.pat app:tokenFile
echo "The behaviour is as described."

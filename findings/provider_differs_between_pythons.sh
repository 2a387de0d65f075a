#!/usr/bin/env bash
# A stack of Pulumi dynamic resources that somebody runs with Python 3.13 and somebody else with 3.14 changes each resource in each run.
#
# Version:   pulumi 3.272.0 (Python SDK) with dill 0.4.1, Python 3.11.7 and 3.14.3. No engine is needed. The script needs a Python
#            3.14 or newer as `python3.14`, or in NEW_PYTHON, and an older one as `python3`, or in PYTHON.
# Guess:     a provider in an importable module without attributes is stored as the name of its class, so that it is the same
#            with every Python.
# Behaviour: the SDK pickles the provider with `pickle.DEFAULT_PROTOCOL`, which is 4 up to Python 3.13 and 5 since 3.14. The result is
#            the resource's input `__provider`, and differs in that byte. An engine (3.276.0) shows an update of all resources, with
#            `__provider` as the only difference. `pulumi up` calls `update` of each one and stores the new text, and the next run
#            with the other Python does the same. The update of a provider that does not define it erases all outputs.
# Output:    Python 3.11.7   80049519000000000000008c0970726f766964657273948c0442...
#            Python 3.14.3   80059519000000000000008c0970726f766964657273948c0442...
# Way out:   run a stack with one Python everywhere, or set `pickle.DEFAULT_PROTOCOL = 4` at the top of the program.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/old"
"${NEW_PYTHON:-python3.14}" -m venv "$folder/new"
cd "$folder"

cat >providers.py <<'PY'
from pulumi.dynamic import ResourceProvider


class Bare(ResourceProvider):
    pass
PY

cat >program.py <<'PY'
import base64
import platform
import sys

from pulumi.dynamic.dynamic import serialize_provider  # what the constructor of a dynamic resource calls

import providers

pickled = base64.b64decode(serialize_provider(providers.Bare()))
assert pickled[:2] == (b"\x80\x05" if sys.version_info >= (3, 14) else b"\x80\x04"), pickled
print(f"Python {platform.python_version():8} {pickled.hex()[:52]}...", file=sys.stderr)
print(pickled[2:].hex())
PY

for each in old new; do
  "$each/bin/pip" install -q pulumi==3.272.0 dill==0.4.1
  "$each/bin/python" program.py >"$each.txt"
done
cmp old.txt new.txt # nothing else differs
echo "The behaviour is as described."

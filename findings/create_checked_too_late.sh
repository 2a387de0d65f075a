#!/usr/bin/env bash
# Pulumi's Python SDK checks what a dynamic provider's `create` returns after the object exists, and then forgets it.
#
# Version:   pulumi 3.272.0 (Python SDK). No engine is needed: the script talks to the dynamic provider's host over loopback.
# Guess:     `CreateResult` refuses an id or an output that Pulumi cannot store, or at least the id is kept.
# Behaviour: `CreateResult(12345)`, `CreateResult(uuid4())` and an output that is a datetime, a Decimal, an Enum or a set
#            are accepted by the constructor, and fail when the host writes the answer. `create` has run by then. The
#            answer to the engine is an error without an id, so that the resource is not in the state: each next
#            update creates one more object. The message for an id, "bad argument type for built-in operation",
#            names neither the id nor the resource. A dynamic provider has no way to report a partial success.
#            On the engine (3.250.0) two runs of `pulumi up` made two objects, and none is in the state.
# Output:    id is an int:          2 runs, 2 objects made, error: TypeError: bad argument type for built-in operation
#            id is a UUID:          2 runs, 2 objects made, error: TypeError: bad argument type for built-in operation
#            output is a datetime:  2 runs, 2 objects made, error: ValueError has risen: unexpected input of type datetime for made
#            only strings:          2 runs, 2 objects made, ids: '7' and '7'
# Way out:   `CreateResult(str(id), outs)`, with outputs that are made only of dict, list, str, bool and numbers.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0
cd "$folder"

cat >providers.py <<'PY'
import datetime
import uuid

from pulumi.dynamic import CreateResult, ResourceProvider

RESULTS = {
    "id is an int": lambda: CreateResult(7),
    "id is a UUID": lambda: CreateResult(uuid.UUID(int=7)),
    "output is a datetime": lambda: CreateResult("7", {"made": datetime.datetime(2026, 1, 1)}),
    "only strings": lambda: CreateResult("7", {"made": "2026-01-01"}),
}


class Provider(ResourceProvider):
    def create(self, props):
        with open("objects", "a") as objects:  # what would be a call that creates something
            objects.write(props["case"] + "\n")
        return RESULTS[props["case"]]()
PY

cat >program.py <<'PY'
import asyncio
import pathlib
import subprocess
import sys

import grpc
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc

import providers


def create(host, case):
    """Return the id, or the last line of the error."""
    inputs = {"__provider": serialize_provider(providers.Provider()), "case": case}
    properties = asyncio.run(rpc.serialize_properties(inputs, {}))
    try:
        return "id", host.Create(provider_pb2.CreateRequest(properties=properties), timeout=30).id
    except grpc.RpcError as error:
        return "error", error.details().strip().splitlines()[-1]


process = subprocess.Popen([sys.executable, "-m", "pulumi.dynamic"], stdout=subprocess.PIPE, text=True)
try:
    port = process.stdout.readline().strip()
    with grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.enable_http_proxy", 0)]) as channel:
        host = provider_pb2_grpc.ResourceProviderStub(channel)
        answers = {case: [create(host, case), create(host, case)] for case in providers.RESULTS}
finally:
    process.terminate()
    process.wait()

made = pathlib.Path("objects").read_text().splitlines()
for case, (first, second) in answers.items():
    answer = f"error: {first[1]}" if first[0] == "error" else f"ids: {first[1]!r} and {second[1]!r}"
    print(f"{case + ':':<22} 2 runs, {made.count(case)} objects made, {answer}")
    assert made.count(case) == 2, case
    assert first == second and first[0] == ("id" if case == "only strings" else "error"), answers[case]
PY

"$folder/venv/bin/python" program.py
echo "The behaviour is as described."

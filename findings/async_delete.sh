#!/usr/bin/env bash
# `async def delete` of a Pulumi dynamic provider deletes nothing, and reports success.
#
# Version:   pulumi 3.272.0 (Python SDK). No engine is needed: the script talks to the dynamic provider's host over loopback.
# Guess:     a method with `async def` is awaited, or refused.
# Behaviour: the host calls the method and drops the coroutine. `delete` returns nothing, so that the host notices
#            nothing and answers with success: the engine removes the resource from the state, and the object stays.
#            The same holds for `configure`, which then configures nothing. `create`, `read`, `update`, `check` and `diff`
#            fail with AttributeError. Python warns on stderr that the coroutine was never awaited. On the engine
#            (3.250.0) `pulumi destroy` ends with exit code 0 and "2 deleted", and shows the warning among its messages.
# Output:    def delete:       answer OK, body ran: True
#            async def delete: answer OK, body ran: False
# Way out:   `def delete` with `asyncio.run(...)` inside.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q pulumi==3.272.0
cd "$folder"

cat >program.py <<'PY'
import asyncio
import pathlib
import subprocess
import sys

import grpc
from pulumi.dynamic import ResourceProvider
from pulumi.dynamic.dynamic import serialize_provider
from pulumi.runtime import rpc
from pulumi.runtime.proto import provider_pb2, provider_pb2_grpc


class Plain(ResourceProvider):
    def delete(self, id_, props):
        import pathlib

        pathlib.Path(id_).touch()


class Async(ResourceProvider):
    async def delete(self, id_, props):
        import pathlib

        pathlib.Path(id_).touch()


def delete(host, provider, id_):
    """Return whether the body of `delete` ran. An answer that is not OK is an exception."""
    state = asyncio.run(rpc.serialize_properties({"__provider": serialize_provider(provider)}, {}))
    host.Delete(provider_pb2.DeleteRequest(id=id_, properties=state), timeout=30)
    return pathlib.Path(id_).exists()


process = subprocess.Popen([sys.executable, "-m", "pulumi.dynamic"], stdout=subprocess.PIPE, text=True)
try:
    port = process.stdout.readline().strip()
    with grpc.insecure_channel(f"127.0.0.1:{port}", [("grpc.enable_http_proxy", 0)]) as channel:
        host = provider_pb2_grpc.ResourceProviderStub(channel)
        plain, never_awaited = delete(host, Plain(), "plain"), delete(host, Async(), "async")
finally:
    process.terminate()
    process.wait()

print(f"def delete:       answer OK, body ran: {plain}")
print(f"async def delete: answer OK, body ran: {never_awaited}")
assert (plain, never_awaited) == (True, False)
PY

"$folder/venv/bin/python" program.py
echo "The behaviour is as described."

#!/usr/bin/env bash
# httpx: `timeout=0.5` does not end a request that takes three seconds.
#
# Version:   httpx 0.28.1.
# Guess:     `timeout=0.5` is the longest time that a call takes, or at least that its answer takes.
# Behaviour: the number becomes four limits: connect, write, read and pool. The read limit counts anew with each piece of
#            data that arrives. A server, or a proxy on the way, that sends one byte each 0.3 seconds keeps the caller
#            for as long as it likes. There is no limit of the whole call, and none can be set.
# Output:    httpx.get(..., timeout=0.5): 200 after 3.0 seconds, 10 bytes
# Way out:   a deadline of one's own: `client.stream(...)` and a look at the clock after each chunk, or with the async
#            client `asyncio.timeout(...)` around the call.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q httpx==0.28.1

cat >"$folder/program.py" <<'PY'
import socket
import threading
import time

import httpx

PIECES, PAUSE, TIMEOUT = 10, 0.3, 0.5


def answer_slowly(listener):
    connection, _ = listener.accept()
    with connection:
        connection.recv(65536)
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Length: {PIECES}\r\n\r\n".encode())
        for _ in range(PIECES):
            time.sleep(PAUSE)
            connection.sendall(b"x")


with socket.create_server(("127.0.0.1", 0)) as listener:
    listener.settimeout(10)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}/"
    server = threading.Thread(target=answer_slowly, args=(listener,))
    server.start()
    started = time.monotonic()
    answer = httpx.get(url, timeout=TIMEOUT, trust_env=False)
    seconds = time.monotonic() - started
    server.join()

print(f"httpx.get(..., timeout={TIMEOUT}): {answer.status_code} after {seconds:.1f} seconds, {len(answer.content)} bytes")
assert answer.status_code == 200 and len(answer.content) == PIECES
assert seconds > 4 * TIMEOUT, seconds
PY

"$folder/venv/bin/python" "$folder/program.py"
echo "The behaviour is as described."

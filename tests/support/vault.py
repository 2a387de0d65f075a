"""What Pulumi needs of HashiCorp's Vault to encrypt the secrets of a stack.

A command of the engine derives the key of a passphrase anew, which takes 0.2 seconds of CPU time. A key that Vault keeps takes
one call.
"""

from __future__ import annotations

import json
import shutil
import threading
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

__all__ = ["vault", "write_pulumi"]

_ENCRYPTED = "vault:v1:"
_COMMAND = """#!/bin/sh
case " $* " in *" stack init "*) set -- "$@" --secrets-provider hashivault://tests ;; esac
exec '{pulumi}' "$@"
"""


class _Transit(BaseHTTPRequestHandler):
    """Encrypts nothing: what is encrypted here is the key of a test's stack."""

    def do_PUT(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if "/encrypt/" in self.path:
            data = {"ciphertext": _ENCRYPTED + asked["plaintext"]}
        else:
            data = {"plaintext": asked["ciphertext"].removeprefix(_ENCRYPTED)}
        answer = json.dumps({"data": data}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@cache
def vault() -> dict[str, str]:
    """The settings of a Vault that runs until the process ends."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Transit)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return {"VAULT_SERVER_URL": f"http://127.0.0.1:{server.server_port}", "VAULT_SERVER_TOKEN": "test"}


def write_pulumi(folder: Path) -> None:
    """Write a `pulumi` that runs the real one, and makes each new stack with a key that Vault keeps."""
    file = folder / "pulumi"
    file.write_text(_COMMAND.format(pulumi=shutil.which("pulumi")))
    file.chmod(0o755)

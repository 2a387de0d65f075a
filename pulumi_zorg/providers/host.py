"""Pulumi's host process for dynamic providers, as far as errors are concerned.

The host serves every dynamic provider of a stack, and shows an error with its traceback. Our own errors are messages
for the user, so a traceback only hides them. Everybody else's errors, and our own bugs, keep theirs.
"""

from __future__ import annotations

import logging
import sys
import traceback
from typing import Any

from pulumi_zorg.errors import ZorgError

__all__ = ["show_own_errors_without_traceback"]


class _Traceback:
    """The module ``traceback`` as the host sees it."""

    def format_exc(self, *args: Any, **kwargs: Any) -> str:
        error = sys.exc_info()[1]
        if isinstance(error, ZorgError):
            return f"{type(error).__module__}.{type(error).__qualname__}: {error}"
        return traceback.format_exc(*args, **kwargs)

    def __getattr__(self, name: str) -> Any:
        return getattr(traceback, name)


class _WithoutOwnErrors(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        return not (record.exc_info and isinstance(record.exc_info[1], ZorgError))


def show_own_errors_without_traceback() -> None:
    """Make the host show errors of this package as one message. Outside a host nothing changes."""
    host = sys.modules.get("__main__")
    if host is None or getattr(getattr(host, "__spec__", None), "name", None) != "pulumi.dynamic.__main__":
        return
    # The host formats errors by its own name for the module; an SDK that does it otherwise shows a traceback again.
    if getattr(host, "traceback", None) is traceback:
        vars(host)["traceback"] = _Traceback()
    # Older SDKs leave errors to the gRPC server, which logs them with their traceback.
    server = logging.getLogger("grpc._server")
    if not any(isinstance(each, _WithoutOwnErrors) for each in server.filters):
        server.addFilter(_WithoutOwnErrors())

"""Pulumi's host process for dynamic providers, as far as errors are concerned.

The host serves every dynamic provider of a stack, and shows an error with its traceback. Our own errors are messages
for the user, so a traceback only hides them. Everybody else's errors, and our own bugs, keep theirs.

The engine knows updates that fail half way: a gRPC error may carry the object as it is now. The host offers providers no way
to send that, so it is added to the host's call here.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from types import FrameType
from typing import Any

from pulumi_zorg.errors import ZorgError

#: The key of gRPC's trailing metadata that has the details of an error.
_DETAILS = "grpc-status-details-bin"


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


def send_half_done_update(id: str, outputs: Mapping[str, Any], reason: str) -> bool:
    """Let the error that the update is about to raise tell the engine what the object is now. Return whether it will.

    The engine then stores these outputs and the error with the resource, keeps its inputs, and updates it in the next run even if
    the program is what it was before.

    :param outputs: with the pickled provider, as the host returns them.
    """
    context = _call_of_the_host(sys._getframe(1))
    if context is None:
        return False
    from google.protobuf.any_pb2 import Any as Packed  # type: ignore[import-untyped]  # it has no types of its own
    from google.protobuf.struct_pb2 import Struct  # type: ignore[import-untyped]  # the same
    from pulumi.runtime.proto import provider_pb2, status_pb2

    properties = Struct()
    properties.update(dict(outputs))
    failed = provider_pb2.ErrorResourceInitFailed(id=id, properties=properties, reasons=[reason])
    detail = Packed()
    detail.Pack(failed)
    status = status_pb2.Status(code=2, message=reason, details=[detail])  # code 2: unknown, as the host's own errors
    context.set_trailing_metadata(((_DETAILS, status.SerializeToString()),))
    return True


def _call_of_the_host(frame: FrameType | None) -> Any:
    """Return the gRPC context of the engine's call that is being served; None outside a host."""
    while frame is not None:
        context = frame.f_locals.get("context")
        if frame.f_code.co_name == "Update" and hasattr(context, "set_trailing_metadata"):
            return context
        frame = frame.f_back
    return None

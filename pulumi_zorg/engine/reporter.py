"""What the provider reports to the user and to the engine, and what it must not show.

Pulumi's host process serves every dynamic provider of a stack, and shows an error with its traceback. Our own errors are messages
for the user, so a traceback only hides them. Everybody else's errors, and our own bugs, keep theirs.

The engine knows updates that fail half way: a gRPC error may carry the object as it is now. The host offers providers no way
to send that, so it is added to the host's call here.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
import traceback
from collections.abc import Collection, Mapping
from types import FrameType, SimpleNamespace
from typing import Any, TextIO

from pulumi_zorg.errors import ZorgError
from pulumi_zorg.resource_types.registry import INPUTS
from pulumi_zorg.settings.masking import Masking, texts_in

#: The key of gRPC's trailing metadata that has the details of an error.
_DETAILS = "grpc-status-details-bin"

log = logging.getLogger("pulumi_zorg")


def _format_exc(*args: Any, **kwargs: Any) -> str:
    """Return what ``traceback.format_exc`` returns, and of an error of this package only the message."""
    error = sys.exc_info()[1]
    if isinstance(error, ZorgError):
        return f"{type(error).__module__}.{type(error).__qualname__}: {error}"
    return traceback.format_exc(*args, **kwargs)


def _is_of_others(record: logging.LogRecord) -> bool:
    return not (record.exc_info and isinstance(record.exc_info[1], ZorgError))


def show_own_errors_without_traceback() -> None:
    """Make the host show errors of this package as one message. Outside a host nothing changes."""
    host = sys.modules.get("__main__")
    if host is None or getattr(getattr(host, "__spec__", None), "name", None) != "pulumi.dynamic.__main__":
        return
    # The host formats errors by its own name for the module; an SDK that does it otherwise shows a traceback again.
    if getattr(host, "traceback", None) is traceback:
        vars(host)["traceback"] = SimpleNamespace(**{**vars(traceback), "format_exc": _format_exc})
    # Older SDKs leave errors to the gRPC server, which logs them with their traceback.
    logging.getLogger("grpc._server").addFilter(_is_of_others)


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


class Reporter(Masking):
    """Writes sentences for the user, without the values that the program declares as secret.

    :param stream: where the sentences go; standard error, which the engine shows under Diagnostics.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        super().__init__()
        self._stream = stream
        self._writing = threading.Lock()
        #: The secret properties of a resource, by what it declares: the engine gives `diff` exactly what `check` returned.
        self._hidden: dict[str, frozenset[str]] = {}

    def note(self, sentence: str) -> None:
        """Report something that happens."""
        line = f"zorg: {self.mask(sentence)}\n"
        with self._writing:
            # One write: four threads report, and a line of one must not end within another's.
            stream = self._stream or sys.stderr
            stream.write(line)
            stream.flush()

    def warn(self, sentence: str) -> None:
        """Report something that the user should look at."""
        self.note(f"warning: {sentence}")

    def hide_properties(
        self, token: str, names: Collection[str], before: Mapping[str, Any], declared: Mapping[str, Any]
    ) -> None:
        """Show neither these values of secret properties from now on, nor those before.

        :param token: the resource's type token.
        :param declared: all that the program declares of the resource, in the state's form.
        """
        key = _key(token, declared)
        self._hidden[key] = self._hidden.get(key, frozenset()) | frozenset(names)
        self.hide(part for each in (before, declared) for name in names for part in texts_in(each.get(name)))

    def hidden(self, token: str, declared: Mapping[str, Any]) -> frozenset[str]:
        """Return the properties that the program declares as secret. See :meth:`hide_properties`."""
        return self._hidden.get(_key(token, declared), frozenset())

    def set_up_log(self) -> None:
        """Write the log to standard error if ``ZORG_LOG=debug`` is set."""
        if os.environ.get("ZORG_LOG", "").lower() != "debug" or log.handlers:
            return
        handler = logging.StreamHandler(sys.stderr)
        handler.setFormatter(_MaskingFormatter(self))
        log.addHandler(handler)
        log.setLevel(logging.DEBUG)
        # The loggers of other libraries stay as they are: they would print headers.
        log.propagate = False


def _key(token: str, properties: Mapping[str, Any]) -> str:
    return repr((token, [properties.get(name) for name in INPUTS[token].names()]))


class _MaskingFormatter(logging.Formatter):
    def __init__(self, reporter: Reporter) -> None:
        super().__init__("zorg: %(message)s")
        self._reporter = reporter

    def format(self, record: logging.LogRecord) -> str:
        return self._reporter.mask(super().format(record))

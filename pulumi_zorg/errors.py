"""The errors of pulumi_zorg.

::

    ZorgError
    ├── ConfigurationError      the settings are missing, doubled or malformed
    ├── InputError              a property of a resource cannot be right; names the property
    ├── CredentialError         ZITADEL did not give a token for the credential
    ├── ApiError                ZITADEL answered, and the answer is no
    │   ├── InvalidArgument         400, code 3
    │   ├── FailedPrecondition      400, code 9: "already so", or something it needs is missing
    │   ├── Unauthenticated         401
    │   ├── PermissionDenied        403, and 404 "membership not found"
    │   ├── NotFound                404
    │   └── AlreadyExists           409
    ├── NoAnswer                nothing that ZITADEL said arrived
    │   ├── Unreachable             the connection, or a status that gateways send
    │   └── UnexpectedAnswer        an answer that is not ZITADEL's, or not about what was asked
    ├── HeaderIgnored           the server acts on another organization than the one named
    ├── LockoutRefused          would switch off the organization of the credential, or what is or may be the default one
    ├── NotProven               it may be gone, but nobody who may know has said so
    │   └── NeverThere              this instance has never had it: it is another one
    ├── Gone                    it is gone, and that was proven
    └── NameTaken               somebody else's object stands where this one should be created

Each message says what was operation, on what, what the server said, and what to do next. None carries a
secret: a server's answer is cut and cleaned by :func:`clean` before it gets into one, and the provider masks what a
program declares as secret.
"""

from __future__ import annotations

import re

__all__ = [
    "AlreadyExists",
    "ApiError",
    "ConfigurationError",
    "CredentialError",
    "FailedPrecondition",
    "Gone",
    "HeaderIgnored",
    "InputError",
    "InvalidArgument",
    "LockoutRefused",
    "NameTaken",
    "NeverThere",
    "NoAnswer",
    "NotFound",
    "NotProven",
    "PermissionDenied",
    "Unauthenticated",
    "UnexpectedAnswer",
    "Unreachable",
    "ZorgError",
    "clean",
]

_LONGEST_QUOTE = 300
# Control characters, and the ones that make a terminal show text in another order than it has.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def clean(text: str, longest: int = _LONGEST_QUOTE) -> str:
    """``text`` as it may be shown: without control characters, and cut to ``longest`` characters."""
    shown = _UNPRINTABLE.sub(" ", text).strip()
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


class ZorgError(Exception):
    """The root of all errors that this package raises on purpose."""

    #: Whether the call behind the error may have taken effect all the same.
    may_have_applied: bool = False

    def __init_subclass__(cls) -> None:
        # The host prints an error with the module of its class. The name that a program would import
        # it by says more to a reader than the file it is written in.
        cls.__module__ = "pulumi_zorg"


class ConfigurationError(ZorgError):
    """The settings of the stack or the environment are missing, doubled or malformed."""


ZorgError.__module__ = "pulumi_zorg"


class InputError(ZorgError, ValueError):
    """A property of a resource cannot be right.

    :param property: the property's name, as the program writes it.
    :param reason: what is wrong with it, and the way out.
    """

    def __init__(self, resource: str, property: str, reason: str) -> None:
        self.property = property
        self.reason = reason
        super().__init__(f"{resource}: {property} {reason}")


class CredentialError(ZorgError):
    """ZITADEL did not give a token for the credential."""


class ApiError(ZorgError):
    """ZITADEL answered, and the answer is no.

    :param operation: what was operation, on which resource, as the beginning of a sentence.
    :param status: the HTTP status.
    :param code: the gRPC code, as number (REST) or text (Connect); None where the answer had none.
    :param message: what ZITADEL said.
    :param hint: what must be so for it to succeed, as a sentence.
    """

    advice = ""

    def __init__(self, operation: str, status: int, code: int | str | None, message: str, hint: str = "") -> None:
        self.operation = operation
        self.status = status
        self.code = code
        self.said = message
        self.may_have_applied = status >= 500
        said = f": {message}" if message else ""
        coded = f", code {code}" if code is not None else ""
        text = f"{operation} failed: ZITADEL answered {status}{coded}{said}."
        super().__init__(" ".join(part for part in (text, self.advice, hint) if part))


class InvalidArgument(ApiError):
    """400, code 3: ZITADEL will not take a value."""


class FailedPrecondition(ApiError):
    """400, code 9: it is so already, or something it needs is missing."""


class Unauthenticated(ApiError):
    """401, after the token was renewed where that is possible."""

    advice = "The credential is not accepted: check that it belongs to this instance and has neither expired nor been revoked."


class PermissionDenied(ApiError):
    """403, or the 404 that a caller without any membership gets on live objects."""

    advice = (
        "This says nothing about whether the object exists: the credential lacks the right to see or change it. "
        "Give its user a role in this organization (ORG_OWNER, or ORG_OWNER_VIEWER to read) or on the instance "
        "(IAM_OWNER, or IAM_OWNER_VIEWER to read)."
    )


class NotFound(ApiError):
    """404. That alone does not prove that an object is gone."""


class AlreadyExists(ApiError):
    """409."""


class NoAnswer(ZorgError):
    """Nothing that ZITADEL said arrived.

    :param may_have_applied: whether the call may have taken effect all the same.
    """

    def __init__(self, message: str, *, may_have_applied: bool) -> None:
        self.may_have_applied = may_have_applied
        super().__init__(message)


class Unreachable(NoAnswer):
    """The connection failed, or something in between answered for ZITADEL (429, 502, 503, 504)."""


class UnexpectedAnswer(NoAnswer):
    """An answer that is not ZITADEL's, or is not about what was asked."""

    def __init__(self, message: str, *, may_have_applied: bool = True) -> None:
        super().__init__(message, may_have_applied=may_have_applied)


class HeaderIgnored(ZorgError):
    """The server acts on another organization than the one named in the header ``x-zitadel-orgid``."""


class LockoutRefused(ZorgError):
    """This would switch off or remove the organization of the credential itself, or what is, or may be, the default one."""


class NotProven(ZorgError):
    """The object may be gone, but nobody who may know has said so; it stays in the state."""


class NeverThere(NotProven):
    """This instance has never had the object: it is another one than the state was made with."""


class Gone(ZorgError):
    """The object is gone, and the server has shown it."""


class NameTaken(ZorgError):
    """Something that this resource did not make stands where it should be created."""

"""The errors of pulumi_zorg.

::

    ZorgError
    ├── ConfigurationError      a setting is missing, doubled or malformed
    ├── InputError              a property of a resource cannot be right
    ├── CredentialError         ZITADEL did not give a token for the credential
    ├── ApiError                ZITADEL refused the call
    │   ├── InvalidArgument         400, code 3
    │   ├── FailedPrecondition      400, code 9: already in that state, or a precondition is missing
    │   ├── Unauthenticated         401
    │   ├── PermissionDenied        403, and 404 "membership not found"
    │   ├── NotFound                404
    │   ├── AlreadyExists           409
    │   └── EventConflict           500, code 2: another write on the same object came first
    ├── NoAnswer                no answer of ZITADEL arrived
    │   ├── Unreachable             the connection failed, or a gateway answered
    │   └── UnexpectedAnswer        an answer that is not ZITADEL's, or is about another object
    ├── HeaderIgnored           the server acts on another organization than the one named
    ├── LockoutRefused          it would deactivate or remove the credential's own organization, or the default one
    ├── NotProven               the object may be removed, but no answer proves it
    │   ├── AnotherObject           the id is that of an object elsewhere, or of another type
    │   └── NeverThere              this instance has never had the object: it is another instance
    ├── Gone                    the object is proven to be removed
    ├── NameTaken               another object has the name of the one to be created
    ├── NotAllChanged           some of what goes along with an organization could not be changed
    ├── RolesRemain             roles that were taken away are still with user grants
    └── LookupFailed            a lookup does not have exactly one answer
        ├── NoMatch                 nothing matches
        ├── SeveralMatches          several objects match
        └── UntrustedMatch          the only match may be somebody else

Each message says what failed, on which object, what the server answered, and what to do. None carries a
secret: a server's answer is cut and cleaned by :func:`clean` before it gets into one, and the provider masks what a
program declares as secret.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from typing_extensions import Self

#: The end of an error that may come from a wrong setting.
DOCTOR = "`zorg doctor` finds out what is wrong."

_NO_CALL = "Servers without the v1 API do not have all calls (docs/without-v1.md)."
_LONGEST_QUOTE = 300
# Control characters, and those that make a terminal show text in another order.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]+")


def clean(text: str, longest: int = _LONGEST_QUOTE) -> str:
    """Return ``text`` without control characters, cut to ``longest`` characters."""
    shown = _UNPRINTABLE.sub(" ", text).strip()
    return shown if len(shown) <= longest else shown[: longest - 1] + "…"


class ZorgError(Exception):
    """The root of all errors that this package raises on purpose."""

    #: Whether the call may have taken effect although it failed.
    may_have_applied: bool = False
    #: The object's outputs, where an update failed after it had changed something.
    half_done: Mapping[str, Any] | None = None

    def __init_subclass__(cls) -> None:
        # The host prints the module of an error's class: the one that a program imports it from.
        cls.__module__ = "pulumi_zorg"


class ConfigurationError(ZorgError):
    """A setting of the stack or the environment is missing, doubled or malformed."""


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
    """ZITADEL refused the call.

    :param operation: what was attempted, on which resource, as the beginning of a sentence.
    :param status: the HTTP status.
    :param code: the gRPC code, as number (REST) or text (Connect); None where the answer had none.
    :param message: ZITADEL's message.
    :param hint: preconditions, or where the credential was read from, as a sentence.
    """

    advice = ""

    def __init__(self, operation: str, status: int, code: int | str | None, message: str, hint: str = "") -> None:
        self.operation = operation
        self.status = status
        self.code = code
        self.said = message
        self.hint = hint
        self.may_have_applied = status >= 500 and status != 501
        detail = f": {message}" if message else ""
        coded = f", code {code}" if code is not None else ""
        text = f"{operation} failed: ZITADEL answered {status}{coded}{detail}."
        super().__init__(" ".join(part for part in (text, self._advice(), hint) if part))

    def _advice(self) -> str:
        return _NO_CALL if self.status == 501 else self.advice

    def with_hint(self, sentence: str) -> Self:
        """Return the same error, with one more sentence."""
        hint = f"{self.hint} {sentence}".strip()
        return type(self)(self.operation, self.status, self.code, self.said, hint)

    @property
    def is_missing_call(self) -> bool:
        """Whether ZITADEL, or what is in front of it, does not have the call. Of a missing object, ZITADEL says more than "Not Found".

        What this package says without a call has no code.
        """
        return self.code is not None and (
            self.status in (405, 501) or (self.status == 404 and self.said == "Not Found")
        )

    @property
    def is_outage(self) -> bool:
        """Whether the server failed, which says nothing about the caller's rights. A server without the call answers 501."""
        return self.status >= 500 and self.status != 501


class InvalidArgument(ApiError):
    """400, code 3: ZITADEL does not accept a value."""


class FailedPrecondition(ApiError):
    """400, code 9: already in that state, or a precondition is missing."""


class Unauthenticated(ApiError):
    """401, after the token was renewed where that is possible."""

    advice = "The credential is not accepted: check that it belongs to this instance and has neither expired nor been revoked."


class PermissionDenied(ApiError):
    """403, or the 404 that a caller without any membership gets for live objects."""

    advice = (
        "This says nothing about whether the object exists: the credential lacks the right to see or change it. "
        "Give its user a role in this organization (ORG_OWNER, or ORG_OWNER_VIEWER to read) or on the instance "
        "(IAM_OWNER, or IAM_OWNER_VIEWER to read)."
    )

    @property
    def no_organization(self) -> bool:
        """Whether the server reports that the organization of the call does not exist. It decides the wording only."""
        return self.status == 403 and "doesn't exist" in self.said

    def _advice(self) -> str:
        if self.no_organization:
            return "No organization of this instance has the id that the call names: check it."
        return self.advice


class NotFound(ApiError):
    """404. It does not prove that an object is removed."""


class AlreadyExists(ApiError):
    """409: the name, or the grant, is taken."""

    #: Whether a call of another version of the API was made before, of which a page in place of an answer does not show what it did.
    after_page: bool = False


class EventConflict(ApiError):
    """500, code 2: other writes on the same object came first in ZITADEL's event store. It may succeed when it is repeated."""


class NoAnswer(ZorgError):
    """No answer of ZITADEL arrived.

    :param may_have_applied: whether the call may have taken effect all the same.
    """

    def __init__(self, message: str, *, may_have_applied: bool) -> None:
        self.may_have_applied = may_have_applied
        super().__init__(message)


class Unreachable(NoAnswer):
    """The connection failed, or a gateway answered in place of ZITADEL (429, 502, 503, 504)."""


class UnexpectedAnswer(NoAnswer):
    """An answer that is not ZITADEL's, or is about another object.

    :param status: the HTTP status of an answer that is not ZITADEL's; None of others.
    """

    def __init__(self, message: str, *, may_have_applied: bool = True, status: int | None = None) -> None:
        self.status = status
        super().__init__(message, may_have_applied=may_have_applied)

    @property
    def is_missing_call(self) -> bool:
        """Whether something in front of the server refuses the call as one that is not there."""
        return self.status in (404, 405, 501)


class HeaderIgnored(ZorgError):
    """The server acts on another organization than the one named in the header ``x-zitadel-orgid``."""


class LockoutRefused(ZorgError):
    """This would deactivate or remove the credential's own organization, or one that is or may be the default one.

    Or it would change or remove ZITADEL's own project.
    """


class NotAllChanged(ZorgError):
    """Some of what goes along with an organization could not be deactivated or reactivated. The message names it."""


class NotProven(ZorgError):
    """The object may be removed, but no answer proves it.

    :param way_out: what to do about it where the object is in the state, as a sentence.
    :param unseen: whether neither reads nor lists have the object, for a caller who may read all objects of the type there.
    :param exists: whether the event store says that the object exists, and reads do not show it.
    """

    def __init__(self, message: str, way_out: str = "", *, unseen: bool = False, exists: bool = False) -> None:
        self.way_out = way_out
        self.unseen = unseen
        self.exists = exists
        super().__init__(message)

    def of_state(self) -> NotProven:
        """Return the same error about an object that is in the state."""
        return type(self)(f"{self} It stays in the state. {self.way_out}".rstrip(), unseen=self.unseen)


class NeverThere(NotProven):
    """This instance has never had the object: the state belongs to another instance."""


class AnotherObject(NotProven):
    """The id is that of another object than the one that is looked for: in another organization or project, or of another type."""


class Gone(ZorgError):
    """The object is proven to be removed."""


class NameTaken(ZorgError):
    """An object that this resource did not create has its name, or is the grant that it should create."""


class RolesRemain(ZorgError):
    """The server took roles away, and some user grants still have them. The message lists these."""


class LookupFailed(ZorgError):
    """A lookup, like ``get_organization``, does not have exactly one answer."""


class NoMatch(LookupFailed):
    """Nothing that the credential may see matches. The message lists similar names."""


class SeveralMatches(LookupFailed):
    """Several objects match. The message lists them."""


class UntrustedMatch(LookupFailed):
    """The only match may be somebody else: its email address is not verified, or its organization was not named."""

"""Errors of the API: gRPC codes, error ids, and the English text of each message key."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import Any

UNKNOWN = 2
INVALID_ARGUMENT = 3
NOT_FOUND = 5
ALREADY_EXISTS = 6
PERMISSION_DENIED = 7
FAILED_PRECONDITION = 9
UNIMPLEMENTED = 12
INTERNAL = 13
UNAUTHENTICATED = 16

#: gRPC code -> (HTTP status, the name in the Connect protocol).
CODES: dict[int, tuple[int, str]] = {
    UNKNOWN: (500, "unknown"),
    INVALID_ARGUMENT: (400, "invalid_argument"),
    NOT_FOUND: (404, "not_found"),
    ALREADY_EXISTS: (409, "already_exists"),
    PERMISSION_DENIED: (403, "permission_denied"),
    FAILED_PRECONDITION: (400, "failed_precondition"),
    UNIMPLEMENTED: (501, "unimplemented"),
    INTERNAL: (500, "internal"),
    UNAUTHENTICATED: (401, "unauthenticated"),
}

#: Message key -> English text. As on the real server, a key without a text is sent as it is.
TEXTS: dict[str, str] = {
    "Errors.AuthRequest.AlreadyHandled": "Auth Request has already been handled",
    "Errors.AuthRequest.NotExisting": "Auth Request does not exist",
    "Errors.IDMissing": "ID missing",
    "Errors.Internal": "An internal error occurred",
    "Errors.Instance.MemberInvalid": "Member is invalid",
    "Errors.Member.AlreadyExists": "Member already exists",
    "Errors.Metadata.Invalid": "Metadata is invalid",
    "Errors.Metadata.KeyNotExisting": "One or more keys do not exist",
    "Errors.Metadata.NoData": "Metadata list is empty",
    "Errors.Metadata.NotFound": "Metadata not found",
    "Errors.Org.AlreadyActive": "Organisation is already active",
    "Errors.Org.AlreadyDeactivated": "Organisation is already deactivated",
    "Errors.Org.AlreadyExists": "Organisation's name or id already taken",
    "Errors.Org.DefaultOrgNotDeletable": "Default Organisation must not be deleted",
    "Errors.Org.Domain.AlreadyExists": "Domain already exists",
    "Errors.Org.Domain.EmptyString": (
        "Invalid non numeric and alphabetical characters were replaced with empty spaces "
        "and resulting domain is an empty string"
    ),
    "Errors.Org.Invalid": "Organisation is invalid",
    "Errors.Org.NotChanged": "Organisation not changed",
    "Errors.Org.NotFound": "Organisation not found",
    "Errors.Project.AlreadyExists": "Project already exists on organization",
    "Errors.Project.App.AlreadyExists": "Application already exists",
    "Errors.Project.App.NotActive": "Application is not active",
    "Errors.Project.App.NotExisting": "Application doesn't exist",
    "Errors.Project.App.NotInactive": "Application is not inactive",
    "Errors.Project.Grant.AlreadyExists": "Project Grant already exists",
    "Errors.Project.Grant.Invalid": "Project Grant is invalid",
    "Errors.Project.Grant.NotFound": "Project Grant not found",
    "Errors.Project.Invalid": "Project is invalid",
    "Errors.Project.Member.AlreadyExists": "Project member already exists",
    "Errors.Project.Member.Invalid": "Project member is invalid",
    "Errors.Project.NotActive": "Project is not active",
    "Errors.Project.NotFound": "Project not found",
    "Errors.Project.NotInactive": "Project is not deactivated",
    "Errors.Project.ProjectIDMissing": "Project Id missing",
    "Errors.Project.Role.AlreadyExists": "Role already exists",
    "Errors.Project.Role.Invalid": "Role is invalid",
    "Errors.Project.Role.NotExisting": "Role doesn't exist",
    "Errors.Query.InvalidRequest": "Request is invalid",
    "Errors.Query.LimitExceeded": "Limit exceeded",
    "Errors.Session.NotExisting": "Session does not exist",
    "Errors.Session.Terminated": "Session already terminated",
    "Errors.Session.Token.Invalid": "Session Token is invalid",
    "Errors.User.AlreadyExists": "User already exists",
    "Errors.User.CantDeactivateInitial": "User with state initial can only be deleted not deactivated",
    "Errors.User.DomainNotAllowedAsUsername": "Domain is already reserved and cannot be used",
    "Errors.User.AlreadyInactive": "User already inactive",
    "Errors.User.Email.Empty": "Email is empty",
    "Errors.User.Email.NotChanged": "Email not changed",
    "Errors.User.Email.NotFound": "Email not found",
    "Errors.User.NotInitialised": "User is not yet initialized",
    "Errors.User.Phone.Invalid": "Phone is invalid",
    "Errors.User.Phone.NotChanged": "Phone not changed",
    "Errors.User.Phone.NotFound": "Phone not found",
    "Errors.User.Profile.NotChanged": "Profile not changed",
    "Errors.User.Profile.NotFound": "Profile not found",
    "Errors.User.PasswordComplexityPolicy.HasLower": "Password must contain lower case",
    "Errors.User.PasswordComplexityPolicy.HasNumber": "Password must contain number",
    "Errors.User.PasswordComplexityPolicy.HasSymbol": "Password must contain symbol",
    "Errors.User.PasswordComplexityPolicy.HasUpper": "Password must contain upper case",
    "Errors.User.PasswordComplexityPolicy.MinLength": "Password is too short",
    "Errors.User.Profile.FirstNameEmpty": "First name in profile is empty",
    "Errors.User.Profile.LastNameEmpty": "Last name in profile is empty",
    "Errors.User.Email.Invalid": "Email is invalid",
    "Errors.User.Invalid": "Userdata is invalid",
    "Errors.User.Machine.Key.Invalid": "Public key is not a valid RSA public key in PKIX format with PEM encoding",
    "Errors.User.Machine.Key.NotFound": "Machine key not found",
    "Errors.User.Machine.Secret.NotExisting": "Secret doesn't exist",
    "Errors.User.NotFound": "User could not be found",
    "Errors.User.NotInactive": "User is not inactive",
    "Errors.User.NotLocked": "User is not locked",
    "Errors.User.PAT.NotFound": "Personal Access Token not found",
    "Errors.User.WrongType": "Not allowed for this user type",
    "Errors.User.Password.Invalid": "Password is invalid",
    "Errors.User.ShouldBeActiveOrInitial": "User is not active or initial",
    "Errors.User.UserIDMissing": "User ID missing",
    "Errors.User.UsernameNotChanged": "Username not changed",
    "Errors.UserGrant.NoPermissionForProject": "User has no permissions on this project",
    "Errors.UserGrant.AlreadyExists": "User grant already exists",
    "Errors.UserGrant.IDMissing": "Id missing",
    "Errors.UserGrant.Invalid": "User grant is invalid",
    "Errors.UserGrant.NotChanged": "User grant has not been changed",
    "Errors.UserGrant.RoleKeyNotFound": "Role not found",
    "Errors.ResourceOwnerMissing": "Resource Owner Organisation missing",
    "Errors.UserGrant.NotFound": "User grant not found",
}


@dataclass(eq=False)
class ApiError(Exception):
    """An error that the API answers with.

    :param code: the gRPC code.
    :param key: a message key of `TEXTS`, or a plain text.
    :param error_id: ZITADEL's id of the error. It is empty for errors of the layers below ZITADEL (validation, JSON, a missing
        token), whose answers have no details.
    :param plain: send the key instead of its text: the check of the token comes before the translation.
    """

    code: int
    key: str
    error_id: str = ""
    plain: bool = False
    #: Whether the answer has details although the error has no id.
    detailed: bool = False

    def text(self, texts: dict[str, str]) -> str:
        """Return the English message, without the id.

        :param texts: the texts of the server profile, which take precedence over `TEXTS`.
        """
        return self.key if self.plain else texts.get(self.key, TEXTS.get(self.key, self.key))

    def as_gateway(self, texts: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return status and body of the REST gateway."""
        text = self.text(texts)
        status = CODES[self.code][0]
        if not self.error_id and not self.detailed:
            return status, {"code": self.code, "message": text}
        detail = {"@type": "type.googleapis.com/zitadel.v1.ErrorDetail", "id": self.error_id, "message": text}
        if not self.error_id:
            del detail["id"]  # the message still has its parentheses
        return status, {"code": self.code, "message": f"{text} ({self.error_id})", "details": [detail]}

    def as_connect(self, texts: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return status and body of the Connect protocol. It sends the details in their binary form too."""
        text = self.text(texts)
        status, name = CODES[self.code]
        if not self.error_id and not self.detailed:
            return status, {"code": name, "message": text}
        binary = (_string_field(1, self.error_id) if self.error_id else b"") + _string_field(2, text)
        detail = {
            "type": "zitadel.v1.ErrorDetail",
            "value": base64.b64encode(binary).decode().rstrip("="),
            "debug": {**({"id": self.error_id} if self.error_id else {}), "message": text},
        }
        return status, {"code": name, "message": f"{text} ({self.error_id})", "details": [detail]}

    def as_scim(self, texts: dict[str, str]) -> tuple[int, dict[str, Any]]:
        """Return status and body of SCIM."""
        status = CODES[self.code][0]
        kind = {ALREADY_EXISTS: "uniqueness", INVALID_ARGUMENT: "invalidValue"}.get(self.code)
        return status, {
            "schemas": [_SCIM_ERROR, *([_SCIM_DETAIL] if self.error_id else [])],
            **({"scimType": kind} if kind else {}),
            "detail": self.text(texts),
            "status": str(status),
            **({_SCIM_DETAIL: {"id": self.error_id, "message": self.key}} if self.error_id else {}),
        }


_SCIM_ERROR = "urn:ietf:params:scim:api:messages:2.0:Error"
_SCIM_DETAIL = "urn:ietf:params:scim:api:zitadel:messages:2.0:ErrorDetail"


def _string_field(number: int, text: str) -> bytes:
    raw = text.encode()
    length = len(raw)
    prefix = bytearray([number << 3 | 2])
    while length > 0x7F:
        prefix.append(length & 0x7F | 0x80)
        length >>= 7
    prefix.append(length)
    return bytes(prefix) + raw


def invalid(error_id: str, key: str) -> ApiError:
    """Return an error: the arguments are not valid (code 3)."""
    return ApiError(INVALID_ARGUMENT, key, error_id)


def not_found(error_id: str, key: str) -> ApiError:
    """Return an error: the object does not exist (code 5)."""
    return ApiError(NOT_FOUND, key, error_id)


def already_exists(error_id: str, key: str) -> ApiError:
    """Return an error: an object with that name or id exists already (code 6)."""
    return ApiError(ALREADY_EXISTS, key, error_id)


def denied(error_id: str, key: str) -> ApiError:
    """Return an error: the caller does not have the permission (code 7)."""
    return ApiError(PERMISSION_DENIED, key, error_id)


def precondition(error_id: str, key: str) -> ApiError:
    """Return an error: the state of the object does not allow the call (code 9)."""
    return ApiError(FAILED_PRECONDITION, key, error_id)


def internal(error_id: str, key: str) -> ApiError:
    """Return an error: the server failed (code 13)."""
    return ApiError(INTERNAL, key, error_id)


def unauthenticated(error_id: str, key: str) -> ApiError:
    """Return an error: the token is missing or not valid (code 16)."""
    return ApiError(UNAUTHENTICATED, key, error_id)

"""User grants, which newer documents call authorizations: ``/management/v1/users/{userId}/grants``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field

from pulumi_zorg.client.organizations import check_owner
from pulumi_zorg.client.transport import Call, Transport
from pulumi_zorg.errors import UnexpectedAnswer, clean
from pulumi_zorg.models import Details, UserGrantRecord, Wire, parse

__all__ = ["UserGrants"]

_PAGE = 1_000
# The server does not look at the user in the path of a grant; it must only not be empty.
_ANY_USER = "-"
_HINT = (
    "A grant needs a user that exists, roles that the project (or the project grant) has, and as org_id the organization that "
    "owns the project or one that the project is granted to."
)


class _Found(Wire):
    user_grant: UserGrantRecord


class _Listed(Wire):
    result: tuple[UserGrantRecord, ...] = ()


class _Created(Wire):
    user_grant_id: Annotated[str, Field(min_length=1)]
    details: Details


class _Changed(Wire):
    details: Details


class _Owner(Wire):
    id: Annotated[str, Field(min_length=1)]


class _Authorization(Wire):
    id: str
    organization: _Owner


class _Authorizations(Wire):
    authorizations: tuple[_Authorization, ...] = ()


class UserGrants:
    """The calls about user grants.

    Each names the grant's organization in the header. Documents: https://zitadel.com/docs/apis/resources/mgmt
    (Add, Update, Deactivate, Reactivate and Remove User Grant, User Grant By ID, Search User Grants).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def read(self, org_id: str, grant_id: str, user_id: str | None = None) -> UserGrantRecord:
        """Return the grant as the server shows it.

        :raises UnexpectedAnswer: where the answer is about another grant.
        """
        operation = f"Reading user grant {clean(grant_id)} in organization {clean(org_id)}"
        path = _path(user_id or _ANY_USER, grant_id)
        record = parse(
            _Found, self._transport.send(Call(operation, "GET", path, org=org_id, reads=True)), operation
        ).user_grant
        if record.id != grant_id:
            raise UnexpectedAnswer(
                f"{operation}: the answer is about user grant {clean(record.id)}.", may_have_applied=False
            )
        check_owner(record.details, org_id, operation)
        return record

    def create(
        self, org_id: str, user_id: str, project_id: str, project_grant_id: str | None, role_keys: Sequence[str]
    ) -> str:
        """Grant the user the roles in the project and return the grant's id."""
        operation = (
            f"Granting user {clean(user_id)} roles in project {clean(project_id)}, in organization {clean(org_id)}"
        )
        body: dict[str, Any] = {"projectId": project_id, "roleKeys": list(role_keys)}
        if project_grant_id:
            body["projectGrantId"] = project_grant_id
        answer = self._transport.send(Call(operation, "POST", _path(user_id), org=org_id, body=body, hint=_HINT))
        created = parse(_Created, answer, operation)
        check_owner(created.details, org_id, operation)
        return created.user_grant_id

    def set_roles(self, org_id: str, grant_id: str, user_id: str, role_keys: Sequence[str]) -> None:
        """Replace the roles."""
        operation = f"Setting the roles of user grant {clean(grant_id)}"
        self._write(operation, "PUT", _path(user_id, grant_id), org_id, {"roleKeys": list(role_keys)})

    def deactivate(self, org_id: str, grant_id: str, user_id: str) -> None:
        """Deactivate the grant: its roles leave new tokens and userinfo."""
        self._write(
            f"Deactivating user grant {clean(grant_id)}", "POST", f"{_path(user_id, grant_id)}/_deactivate", org_id
        )

    def reactivate(self, org_id: str, grant_id: str, user_id: str) -> None:
        """Reactivate the grant."""
        self._write(
            f"Reactivating user grant {clean(grant_id)}", "POST", f"{_path(user_id, grant_id)}/_reactivate", org_id
        )

    def remove(self, org_id: str, grant_id: str, user_id: str) -> None:
        """Remove the grant."""
        self._write(f"Removing user grant {clean(grant_id)}", "DELETE", _path(user_id, grant_id), org_id)

    def search(self, org_id: str, user_id: str, project_id: str) -> tuple[UserGrantRecord, ...]:
        """Return the grants of the user for the project in the organization. The list may lag."""
        operation = f"Searching the grants of user {clean(user_id)} in organization {clean(org_id)}"
        body = {
            "query": {"limit": _PAGE},
            "queries": [{"userIdQuery": {"userId": user_id}}, {"projectIdQuery": {"projectId": project_id}}],
        }
        path = "/management/v1/users/grants/_search"
        answer = self._transport.send(Call(operation, "POST", path, org=org_id, body=body, reads=True))
        return parse(_Listed, answer, operation).result

    def organization_of(self, grant_id: str) -> str | None:
        """Return the organization that a grant was made in; None where no grant of that id can be seen.

        Document: https://zitadel.com/docs/apis/resources/authorization_service_v2 (ListAuthorizations).
        """
        operation = f"Searching user grant {clean(grant_id)} in all organizations"
        path = "/zitadel.authorization.v2.AuthorizationService/ListAuthorizations"
        body = {"filters": [{"authorizationIds": {"ids": [grant_id]}}]}
        found = parse(
            _Authorizations, self._transport.send(Call(operation, "POST", path, body=body, reads=True)), operation
        )
        return next((each.organization.id for each in found.authorizations if each.id == grant_id), None)

    def _write(self, operation: str, method: str, path: str, org_id: str, body: dict[str, Any] | None = None) -> None:
        answer = self._transport.send(
            Call(f"{operation} in organization {clean(org_id)}", method, path, org=org_id, body=body)
        )
        check_owner(parse(_Changed, answer, operation).details, org_id, operation)


def _path(user_id: str, grant_id: str | None = None) -> str:
    path = f"/management/v1/users/{quote(user_id, safe='')}/grants"
    return path if grant_id is None else f"{path}/{quote(grant_id, safe='')}"

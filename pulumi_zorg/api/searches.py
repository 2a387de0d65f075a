"""Searches for organizations and users, by what a person knows of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import Field

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.pages import PAGE, PAGE_V2, all_pages
from pulumi_zorg.api.records import Details, ListDetails, NonEmpty, OrganizationRecord, Wire, check_id, parse
from pulumi_zorg.errors import NotFound

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

__all__ = ["FoundUser", "Searches"]

_READ_USER = Endpoint("GET", "/v2/users/{id}", "user.read")


class _Organizations(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[OrganizationRecord, ...] = ()


class _Profile(Wire):
    display_name: str = ""


class _Email(Wire):
    email: str = ""
    is_verified: bool = False


class _Human(Wire):
    profile: _Profile = Field(default_factory=_Profile)
    email: _Email = Field(default_factory=_Email)


class _Machine(Wire):
    name: str = ""


class FoundUser(Wire):
    """A user as ``POST /v2/users`` shows it: a person (``human``) or a service account (``machine``)."""

    id: NonEmpty = Field(alias="userId")
    details: Details
    state: str = ""
    username: str = ""
    login_names: tuple[str, ...] = ()
    preferred_login_name: str = ""
    human: _Human | None = None
    machine: _Machine | None = None


class _User(Wire):
    user: FoundUser


class _Users(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[FoundUser, ...] = ()


Answer = TypeVar("Answer", _Organizations, _Users)


class Searches:
    """Searches. All pages are read.

    Documents: https://zitadel.com/docs/apis/resources/org_service_v2 and
    https://zitadel.com/docs/apis/resources/user_service_v2 (ListOrganizations, ListUsers), and for servers without the first
    https://zitadel.com/docs/apis/resources/admin (Search Organizations).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def organizations(self, operation: str, *queries: Mapping[str, Any]) -> Sequence[OrganizationRecord]:
        """Return the organizations that match all queries, as far as the caller may see them.

        :raises UnexpectedAnswer: where the server counts more than it shows to the caller.
        """

        def page(path: str, limit: int) -> Callable[[int], tuple[int, Sequence[OrganizationRecord]]]:
            def read(offset: int) -> tuple[int, Sequence[OrganizationRecord]]:
                body = {"query": {"offset": str(offset), "limit": limit, "asc": True}, "queries": list(queries)}
                found = self._read(_Organizations, operation, path, body)
                return found.details.total_result, found.result

            return read

        try:
            found = all_pages(page("/v2/organizations/_search", PAGE_V2), operation)
        except NotFound:  # a server without the v2 API
            found = all_pages(page("/admin/v1/orgs/_search", PAGE), operation)
        # The v2 API has longer names of the states.
        return [each.model_copy(update={"state": each.state.replace("ORGANIZATION_", "ORG_")}) for each in found]

    def user(self, operation: str, id: str) -> FoundUser:
        """Return the user as a read by its id shows it. It does not lag, as lists do.

        Document: https://zitadel.com/docs/apis/resources/user_service_v2 (GetUserByID).
        """
        answer = self._transport.send(Call(operation, _READ_USER.method, _READ_USER.at({"id": id}), reads=True))
        user = parse(_User, answer, operation).user
        check_id(user.id, id, "user", operation)
        return user

    def users(self, operation: str, *queries: Mapping[str, Any]) -> Sequence[FoundUser]:
        """Return the users that match all queries, in all organizations, as far as the caller may see them.

        The server does not count users that it does not show to the caller, so none may mean that the caller may see none.
        Every user sees itself.

        :raises UnexpectedAnswer: where the list changed while it was read.
        """

        def page(offset: int) -> tuple[int, Sequence[FoundUser]]:
            body = {"query": {"offset": str(offset), "limit": PAGE_V2, "asc": True}, "queries": list(queries)}
            body["sortingColumn"] = "USER_FIELD_NAME_CREATION_DATE"
            found = self._read(_Users, operation, "/v2/users", body)
            return found.details.total_result, found.result

        return all_pages(page, operation)

    def _read(self, model: type[Answer], operation: str, path: str, body: Mapping[str, Any]) -> Answer:
        answer = self._transport.send(Call(operation, "POST", path, body=dict(body), reads=True))
        return parse(model, answer, operation)

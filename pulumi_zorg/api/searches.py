"""Searches for users, by what a person knows of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import Field

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.api.pages import PAGE_V2
from pulumi_zorg.api.records import Details, NonEmpty, Wire, check_id, parse

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport


_READ_USER = Endpoint("GET", "/v2/users/{id}", "user.read")


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


_USERS = ObjectList(
    Endpoint("POST", "/v2/users", "user.read"), FoundUser, sorted_by="USER_FIELD_NAME_CREATION_DATE", size=PAGE_V2
)


class Searches:
    """The read of a user and the search for users.

    Documents: https://zitadel.com/docs/apis/resources/user_service_v2 (ListUsers, GetUserByID).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def user(self, operation: str, id: str) -> FoundUser:
        """Return the user as a read by its id shows it. It does not lag, as lists do."""
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
        return _USERS.all(self._transport, operation, *queries)

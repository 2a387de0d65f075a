"""Finding users that exist: :func:`get_user` and :func:`get_users`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pulumi

from pulumi_zorg.errors import clean
from pulumi_zorg.lookup import CONTAINS, EQUALS, Question, as_output, is_active, one, quoted, similar_by

if TYPE_CHECKING:
    from pulumi_zorg.client import Client
    from pulumi_zorg.client.searches import FoundUser

__all__ = ["UserResult", "get_user", "get_user_output", "get_users", "get_users_output"]

#: The search by each argument: the query, and its field.
_QUERIES = {
    "login_name": ("loginNameQuery", "loginName"),
    "email": ("emailQuery", "emailAddress"),
    "user_name": ("userNameQuery", "userName"),
}


@dataclass(frozen=True)
class UserResult:
    """A user that exists.

    :ivar org_id: the organization in which the user lives.
    :ivar login_names: what the user can log in with.
    :ivar display_name: of a person; of a service account, its name.
    :ivar email: of a person; None for a service account.
    :ivar type: ``human`` or ``machine``.
    :ivar state: ``USER_STATE_ACTIVE``, ``USER_STATE_INACTIVE``, ``USER_STATE_LOCKED`` or ``USER_STATE_INITIAL``.
    """

    id: str
    org_id: str
    user_name: str
    login_names: tuple[str, ...]
    preferred_login_name: str
    display_name: str
    email: str | None
    type: str
    active: bool
    state: str


def get_user(
    *,
    login_name: str | None = None,
    email: str | None = None,
    user_name: str | None = None,
    id: str | None = None,
    org_id: str | None = None,
) -> UserResult:
    """Return the user with this login name, email address, user name or id. Exactly one of them is given.

    :param org_id: only a user who lives in this organization.
    :raises NoMatch: where there is none that the credential may see. The error lists users that are near.
    :raises SeveralMatches: where there are several, like two users with one email address.
    :raises InputError: for a wrong argument, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/user_service_v2 (ListUsers).
    """
    question = Question("get_user", login_name=login_name, email=email, user_name=user_name, id=id, org_id=org_id)
    by = question.exactly_one_of("login_name", "email", "user_name", "id")
    value = question.given[by]

    def ask(client: Client) -> UserResult:
        named = f"user with the {by.replace('_', ' ')} {quoted(value)}"
        place = f" in organization {clean(org_id)}" if org_id else ""

        def search(text: str, method: str = CONTAINS, only: str | None = None) -> Sequence[FoundUser]:
            return client.searches.users(f"Looking for the {named}{place}", *_query(by, text, method), *_in(only))

        near = similar_by(value, search) if by != "id" or org_id else tuple
        return _result(one(search(value, EQUALS, org_id), named + place, _described, near))

    return question.answer(UserResult, ask)


def get_user_output(
    *,
    login_name: pulumi.Input[str] | None = None,
    email: pulumi.Input[str] | None = None,
    user_name: pulumi.Input[str] | None = None,
    id: pulumi.Input[str] | None = None,
    org_id: pulumi.Input[str] | None = None,
) -> pulumi.Output[UserResult]:
    """Return the same as :func:`get_user`, for arguments that may be known later."""
    return as_output(get_user, login_name=login_name, email=email, user_name=user_name, id=id, org_id=org_id)


def get_users(
    *,
    org_id: str | None = None,
    user_name_contains: str | None = None,
    email_contains: str | None = None,
    type: str | None = None,
    state: str | None = None,
) -> tuple[UserResult, ...]:
    """Return all users that match, sorted by user name. None at all is no error.

    :param org_id: only users who live in this organization.
    :param user_name_contains: a part of the user name, in upper or lower case.
    :param email_contains: a part of the email address, in upper or lower case.
    :param type: ``human`` or ``machine``.
    :param state: ``active`` or ``inactive``.
    :raises UnexpectedAnswer: where the server counts more than the credential may see.
    :raises InputError: for a wrong argument, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/user_service_v2 (ListUsers).
    """
    contains = {"user_name": user_name_contains, "email": email_contains}
    question = Question(
        "get_users",
        org_id=org_id,
        user_name_contains=user_name_contains,
        email_contains=email_contains,
        type=type,
        state=state,
    )
    question.choice("type", "human", "machine")

    def ask(client: Client) -> list[UserResult]:
        queries = [query for by, text in contains.items() if text for query in _query(by, text, CONTAINS)]
        found = [_result(each) for each in client.searches.users("Looking for users", *queries, *_in(org_id))]
        wanted = [each for each in found if type in (None, each.type) and state in (None, _state(each))]
        return sorted(wanted, key=lambda each: (each.user_name, each.id))

    return question.answers(UserResult, "users", ask)


def get_users_output(
    *,
    org_id: pulumi.Input[str] | None = None,
    user_name_contains: pulumi.Input[str] | None = None,
    email_contains: pulumi.Input[str] | None = None,
    type: pulumi.Input[str] | None = None,
    state: pulumi.Input[str] | None = None,
) -> pulumi.Output[tuple[UserResult, ...]]:
    """Return the same as :func:`get_users`, for arguments that may be known later."""
    return as_output(
        get_users,
        org_id=org_id,
        user_name_contains=user_name_contains,
        email_contains=email_contains,
        type=type,
        state=state,
    )


def _query(by: str, text: str, method: str) -> list[dict[str, Any]]:
    if by == "id":
        return [{"inUserIdsQuery": {"userIds": [text]}}]
    query, field = _QUERIES[by]
    return [{query: {field: text, "method": method}}]


def _in(org_id: str | None) -> list[dict[str, Any]]:
    return [{"organizationIdQuery": {"organizationId": org_id}}] if org_id else []


def _state(user: UserResult) -> str | None:
    states = {"USER_STATE_ACTIVE": "active", "USER_STATE_INACTIVE": "inactive"}
    return states.get(user.state)


def _described(user: FoundUser) -> str:
    result = _result(user)
    email = f" {clean(result.email)}" if result.email else ""
    place = f"{clean(user.id)} in organization {clean(result.org_id)}{'' if result.active else ', not active'}"
    return f"{quoted(result.user_name)}{email} ({place})"


def _result(user: FoundUser) -> UserResult:
    display_name = user.human.profile.display_name if user.human else user.machine.name if user.machine else ""
    return UserResult(
        id=user.id,
        org_id=user.details.resource_owner,
        user_name=user.username,
        login_names=user.login_names,
        preferred_login_name=user.preferred_login_name,
        display_name=display_name,
        email=user.human.email.email if user.human else None,
        type="human" if user.human else "machine",
        active=is_active(user.state),
        state=user.state,
    )

"""Finding users that exist: :func:`get_user` and :func:`get_users`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pulumi

from pulumi_zorg.errors import LookupFailed, NotFound, PermissionDenied, UntrustedMatch, clean
from pulumi_zorg.resource_types.lookup import (
    CONTAINS,
    EQUALS,
    Question,
    State,
    StateInput,
    as_output,
    is_active,
    needs_service,
    one,
    quoted,
    similar_by,
)

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.api.searches import FoundUser

__all__ = ["UserResult", "get_user", "get_user_output", "get_users", "get_users_output"]

#: A person, or a service account.
UserType = Literal["human", "machine"]

_WAY_OUT = "Without it, users cannot be looked up: give the resource the user's id."
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
    :ivar email_verified: whether ZITADEL has verified that the person reads the mail of this address, or an administrator of
        ``org_id`` has said so; None for a service account.
    :ivar type: ``human`` or ``machine``.
    :ivar active: whether the state is ``USER_STATE_ACTIVE``. That of a person who has no password yet is not.
    :ivar state: ``USER_STATE_ACTIVE``, ``USER_STATE_INACTIVE``, ``USER_STATE_LOCKED`` or ``USER_STATE_INITIAL``.
    """

    id: str
    org_id: str
    user_name: str
    login_names: tuple[str, ...]
    preferred_login_name: str
    display_name: str
    email: str | None
    email_verified: bool | None
    type: UserType
    active: bool
    state: str


def get_user(
    *,
    login_name: str | None = None,
    email: str | None = None,
    user_name: str | None = None,
    id: str | None = None,
    org_id: str | None = None,
    any_organization: bool = False,
    allow_unverified: bool = False,
) -> UserResult:
    """Return the user with this login name, email address, user name or id. Exactly one of them is given.

    Login names and user names belong to one user of the instance at a time. An email address does not: the administrator of any
    organization can give it to a user there. So a user that is found by an email address must live in the organization that
    is given, or else in the credential's own, and the address must be verified.

    :param id: a user who was created just now is found by its id. The list of names may lag.
    :param org_id: only a user who lives in this organization.
    :param any_organization: with ``email`` and without ``org_id``: accept a user of any organization.
    :param allow_unverified: with ``email``: accept an address that is not verified.
    :raises NoMatch: where there is none that the credential may see. The error lists similar names.
    :raises SeveralMatches: where there are several, like two users with one email address.
    :raises UntrustedMatch: where the only match has an address that is not verified, or lives in an organization that was not
        named.
    :raises LookupFailed: where the server does not have the v2 API.
    :raises InputError: for a wrong argument, before anything is called.

    Document: https://zitadel.com/docs/apis/resources/user_service_v2 (ListUsers, GetUserByID).
    """
    question = Question("get_user", login_name=login_name, email=email, user_name=user_name, id=id, org_id=org_id)
    by = question.exactly_one_of("login_name", "email", "user_name", "id")
    question.accept(any_organization=any_organization, allow_unverified=allow_unverified)
    value = question.given[by]

    def ask(client: Client) -> UserResult:
        from pulumi_zorg.api.api_services import USERS

        named = f"user with the {by.replace('_', ' ')} {quoted(value)}"
        place = f" in organization {clean(org_id)}" if org_id else ""
        operation = f"Looking for the {named}{place}"

        def search(text: str, method: str = CONTAINS) -> Sequence[FoundUser]:
            return client.searches.users(operation, *_query(by, text, method))

        def is_it(user: FoundUser) -> bool:
            # Not only the server decides whether a name is the one that was looked for.
            return value.lower() in {each.lower() for each in _names(user, by)}

        with needs_service(client, USERS, _WAY_OUT):
            users = _by_id(client, operation, value) if by == "id" else search(value, EQUALS)
        everywhere = [each for each in users if is_it(each)]
        found = [each for each in everywhere if org_id in (None, each.details.resource_owner)]
        own = client.me.details.resource_owner if by == "email" and not (org_id or any_organization) else None
        if own is not None:
            # A user whom somebody else gave the same address does not stand in the way.
            found = [each for each in found if each.details.resource_owner == own] or found

        def near() -> Sequence[FoundUser]:
            return everywhere if by == "id" else similar_by(value, search)()

        user = one(found, named + place, _described, near, "org_id or id")
        if by == "email":
            _verify_email(user, named + place, own, allow_unverified)
        return _result(user)

    return question.answer(UserResult, ask)


def get_user_output(
    *,
    login_name: pulumi.Input[str] | None = None,
    email: pulumi.Input[str] | None = None,
    user_name: pulumi.Input[str] | None = None,
    id: pulumi.Input[str] | None = None,
    org_id: pulumi.Input[str] | None = None,
    any_organization: bool = False,
    allow_unverified: bool = False,
) -> pulumi.Output[UserResult]:
    """Return the same as :func:`get_user`, for arguments that may be known later."""
    return as_output(
        partial(get_user, any_organization=any_organization, allow_unverified=allow_unverified),
        login_name=login_name,
        email=email,
        user_name=user_name,
        id=id,
        org_id=org_id,
    )


def get_users(
    *,
    org_id: str | None = None,
    user_name_contains: str | None = None,
    email_contains: str | None = None,
    type: UserType | None = None,
    state: State | None = None,
) -> tuple[UserResult, ...]:
    """Return all users that match, sorted by user name. None at all is no error.

    :param org_id: only users who live in this organization.
    :param user_name_contains: a part of the user name, in upper or lower case.
    :param email_contains: a part of the email address, in upper or lower case.
    :param type: ``human`` or ``machine``.
    :param state: ``active`` or ``inactive``.
    :raises LookupFailed: where the list is empty because the credential may see no user, and where the server does not have
        the v2 API. A credential with roles in some organizations only gets the users of those.
    :raises InputError: for a wrong argument, before anything is called.

    Documents: https://zitadel.com/docs/apis/resources/user_service_v2 (ListUsers) and
    https://zitadel.com/docs/apis/resources/auth (My ZITADEL permissions).
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
        from pulumi_zorg.api.api_services import USERS

        queries = [query for by, text in contains.items() if text for query in _query(by, text, CONTAINS)]
        with needs_service(client, USERS, _WAY_OUT):
            users = client.searches.users("Looking for users", *queries, *_in(org_id))
        _verify_right(client, org_id, users)
        found = [_result(each) for each in users]
        wanted = [each for each in found if type in (None, each.type) and state in (None, _state(each))]
        return sorted(wanted, key=lambda each: (each.user_name, each.id))

    return question.answers(UserResult, "users", ask)


def get_users_output(
    *,
    org_id: pulumi.Input[str] | None = None,
    user_name_contains: pulumi.Input[str] | None = None,
    email_contains: pulumi.Input[str] | None = None,
    type: pulumi.Input[UserType] | pulumi.Output[str] | None = None,
    state: StateInput | None = None,
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


def _verify_email(user: FoundUser, what: str, own_org_id: str | None, allow_unverified: bool) -> None:
    """Verify that nobody but the expected person can have this address.

    :param own_org_id: the only organization in which the user may live; None where it was named, or any is accepted.
    :raises UntrustedMatch: where somebody else can.
    """
    if own_org_id not in (None, user.details.resource_owner):
        raise UntrustedMatch(
            f"The only {what} is {_described(user)}, and not in the credential's own organization {clean(own_org_id or '')}. The "
            "administrator of any organization can give a user this address. If this is the right user, give its org_id, or "
            "any_organization=True."
        )
    if not (allow_unverified or (user.human is not None and user.human.email.is_verified)):
        raise UntrustedMatch(
            f"The only {what} is {_described(user)}, and the address is not verified: whoever made the user chose it. "
            "If this is the right user, give its id, or allow_unverified=True."
        )


def _verify_right(client: Client, org_id: str | None, found: Sequence[FoundUser]) -> None:
    """Verify that a list without users, or with the credential's own user only, is not so for lack of a right.

    :raises LookupFailed: where it is.
    """
    if len(found) > 1 or any(each.id != client.me.id for each in found):
        return
    place = org_id or client.me.details.resource_owner
    if "user.read" in client.caller.permissions(place):
        return
    raise LookupFailed(
        f"Looking for users: the server shows none to this credential, which lacks user.read in organization {clean(place)}. So "
        "it is not known whether there are any. Give its user the role ORG_OWNER_VIEWER there, or IAM_OWNER_VIEWER on the "
        "instance."
    )


def _by_id(client: Client, operation: str, id: str) -> Sequence[FoundUser]:
    try:
        return (client.searches.user(operation, id),)
    except (NotFound, PermissionDenied):
        # Only the list tells a user that the caller may not see from a server that does not have users in its v2 API.
        return client.searches.users(operation, *_query("id", id, EQUALS))


def _names(user: FoundUser, by: str) -> tuple[str, ...]:
    """Return the values of a user by which a search with this argument finds it."""
    if by == "login_name":
        return (*user.login_names, user.preferred_login_name)
    result = _result(user)
    return (result.email or "",) if by == "email" else (user.username if by == "user_name" else user.id,)


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
        email_verified=user.human.email.is_verified if user.human else None,
        type="human" if user.human else "machine",
        active=is_active(user.state),
        state=user.state,
    )

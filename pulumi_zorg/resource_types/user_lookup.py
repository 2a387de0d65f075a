"""Finding users that exist: :func:`get_user` and :func:`get_users`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pulumi

from pulumi_zorg.api.api_services import USERS, needs_service
from pulumi_zorg.errors import LookupFailed, NotFound, PermissionDenied, UntrustedMatch, clean
from pulumi_zorg.resource_types import lookup

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.api.users import FoundUser

#: A person, or a service account.
UserType = Literal["human", "machine"]

_WAY_OUT = "Without it, users cannot be looked up: give the resource the user's id."
#: How a user is found by each argument: the query of the API and its field, and the values of a user that must match.
_BY: dict[str, tuple[str, str, Callable[[FoundUser], Sequence[str]]]] = {
    "login_name": ("loginNameQuery", "loginName", lambda user: (*user.login_names, user.preferred_login_name)),
    "email": ("emailQuery", "emailAddress", lambda user: (user.human.email.email,) if user.human else ()),
    "user_name": ("userNameQuery", "userName", lambda user: (user.username,)),
    "id": ("inUserIdsQuery", "userIds", lambda user: (user.id,)),
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
    :ivar given_name: of a person, like ``family_name``, ``nick_name``, ``preferred_language``, ``gender`` and ``phone``; None for a
        service account. They have the names of the arguments of ``HumanUser``, and what a person does not have is empty.
    :ivar preferred_language: ``und`` where the person has none.
    :ivar name: of a service account, like ``description`` and ``access_token_type``; None for a person. They have the names of the
        arguments of ``MachineUser``.
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
    given_name: str | None
    family_name: str | None
    nick_name: str | None
    preferred_language: str | None
    gender: str | None
    phone: str | None
    name: str | None
    description: str | None
    access_token_type: str | None


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
    question = lookup.Question("get_user", locals(), ("any_organization", "allow_unverified"))
    by, value = question.exactly_one_of("login_name", "email", "user_name", "id")

    def find(client: Client) -> UserResult:
        named = f"user with the {by.replace('_', ' ')} {lookup.quoted(value)}"
        place = f" in organization {clean(org_id)}" if org_id else ""
        operation = f"Looking for the {named}{place}"

        def search(text: str, method: str = lookup.CONTAINS) -> Sequence[FoundUser]:
            return client.searches.users(operation, _query(by, text, method))

        def is_it(user: FoundUser) -> bool:
            # Not only the server decides whether a name is the one that was looked for.
            return value.lower() in {each.lower() for each in _BY[by][2](user)}

        with needs_service(client.transport, USERS, _WAY_OUT):
            users = _by_id(client, operation, value) if by == "id" else search(value, lookup.EQUALS)
        everywhere = [each for each in users if is_it(each)]
        found = [each for each in everywhere if org_id in (None, each.details.resource_owner)]
        own = client.me.details.resource_owner if by == "email" and not (org_id or any_organization) else None
        if own is not None:
            # A user of another organization with the same address does not make the match ambiguous.
            found = [each for each in found if each.details.resource_owner == own] or found

        similar = lookup.similar_by(value, search) if by != "id" else lambda: everywhere
        user = lookup.one(found, named + place, _described, similar, "org_id or id")
        if by == "email":
            _verify_email(user, named + place, own, allow_unverified)
        return _result(user)

    return question.answer(UserResult, find)


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
    return lookup.as_output(get_user, locals())


def get_users(
    *,
    org_id: str | None = None,
    user_name_contains: str | None = None,
    email_contains: str | None = None,
    type: UserType | None = None,
    state: lookup.State | None = None,
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
    question = lookup.Question("get_users", locals())
    question.choice("type", "human", "machine")

    def find(client: Client) -> list[UserResult]:
        contains = {"user_name": user_name_contains, "email": email_contains}
        queries = [_query(by, text, lookup.CONTAINS) for by, text in contains.items() if text]
        if org_id:
            queries.append({"organizationIdQuery": {"organizationId": org_id}})
        with needs_service(client.transport, USERS, _WAY_OUT):
            users = client.searches.users("Looking for users", *queries)
        _verify_right(client, org_id, users)
        found = [_result(each) for each in users]
        named = f"USER_STATE_{state.upper()}" if state else None
        wanted = [each for each in found if type in (None, each.type) and named in (None, each.state)]
        return sorted(wanted, key=lambda each: (each.user_name, each.id))

    return question.answers(UserResult, "users", find)


def get_users_output(
    *,
    org_id: pulumi.Input[str] | None = None,
    user_name_contains: pulumi.Input[str] | None = None,
    email_contains: pulumi.Input[str] | None = None,
    type: pulumi.Input[UserType] | pulumi.Output[str] | None = None,
    state: lookup.StateInput | None = None,
) -> pulumi.Output[tuple[UserResult, ...]]:
    """Return the same as :func:`get_users`, for arguments that may be known later."""
    return lookup.as_output(get_users, locals())


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
        # Only the list distinguishes a user that the caller may not see from a server that does not have users in its v2 API.
        return client.searches.users(operation, _query("id", id, lookup.EQUALS))


def _query(by: str, text: str, method: str) -> dict[str, Any]:
    query, field, _ = _BY[by]
    return {query: {field: [text]} if by == "id" else {field: text, "method": method}}


def _described(user: FoundUser) -> str:
    result = _result(user)
    email = f" {clean(result.email)}" if result.email else ""
    place = f"{clean(user.id)} in organization {clean(result.org_id)}{'' if result.active else ', not active'}"
    return f"{lookup.quoted(result.user_name)}{email} ({place})"


def _result(user: FoundUser) -> UserResult:
    human, machine = user.human, user.machine
    profile = human.profile if human else None
    return UserResult(
        id=user.id,
        org_id=user.details.resource_owner,
        user_name=user.username,
        login_names=user.login_names,
        preferred_login_name=user.preferred_login_name,
        display_name=profile.display_name if profile else machine.name if machine else "",
        email=human.email.email if human else None,
        email_verified=human.email.is_verified if human else None,
        type="human" if human else "machine",
        active=lookup.is_active(user.state),
        state=user.state,
        given_name=profile.given_name if profile else None,
        family_name=profile.family_name if profile else None,
        nick_name=profile.nick_name if profile else None,
        preferred_language=profile.preferred_language if profile else None,
        gender=profile.gender if profile else None,
        phone=human.phone.phone if human else None,
        name=machine.name if machine else None,
        description=machine.description if machine else None,
        access_token_type=machine.access_token_type if machine else None,
    )

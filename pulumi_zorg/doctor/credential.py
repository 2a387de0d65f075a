"""The checks of the credential: whose it is, whether it is accepted, when it expires, and which roles and rights its user has.

The rights follow from what the types declare: which changes of each resource type the credential may make.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

from pulumi_zorg.api.lists import ObjectList
from pulumi_zorg.api.operations import Endpoint
from pulumi_zorg.api.organizations import READ_ORGANIZATION
from pulumi_zorg.api.records import NonEmpty, Wire
from pulumi_zorg.doctor.examination import Examination, moment_text, named
from pulumi_zorg.doctor.findings import Finding, error, ok, warning
from pulumi_zorg.engine.exported import parse_time
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean
from pulumi_zorg.resource_types.registry import RESOURCE_TYPES
from pulumi_zorg.resource_types.resource_type import ResourceType
from pulumi_zorg.settings.credentials import ClientCredentials, PersonalAccessToken
from pulumi_zorg.settings.service_account_key import ServiceAccountKey
from pulumi_zorg.world.tokens import short

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client

#: A credential that expires within this time is a warning.
_SOON = timedelta(days=14)
#: ZITADEL writes an expiry in this year, or later, for a credential that never expires.
_NEVER = 9999

#: The calls about a user's keys and tokens. They need ``user.read`` in the user's organization.
#: Document: https://zitadel.com/docs/apis/resources/mgmt (Search Personal-Access-Tokens, Get Key By ID).
_KEY = Endpoint("GET", "/management/v1/users/{user_id}/keys/{id}", "user.read")


class _Credential(Wire):
    id: NonEmpty
    expiration_date: datetime | None = None


_TOKENS = ObjectList(Endpoint("POST", "/management/v1/users/{user_id}/pats/_search", "user.read"), _Credential)


def check_credential(examination: Examination) -> Finding:
    """The server accepts the credential."""
    settings, what = examination.settings, examination.credential
    if isinstance(settings.credential, ServiceAccountKey):
        expiry = _expiry_in(settings.credential)
        if expiry is not None and expiry <= _now(examination):
            return error(
                f"{what} expired at {moment_text(expiry)}. Create a new key for this user in ZITADEL, and use that "
                f"one. {settings.credential_origin}"
            )
    whose = f"{examination.user} in organization {clean(examination.own_org)}"
    return ok(f"{what} is accepted: it belongs to {whose}. {settings.credential_origin}")


def check_expiry(examination: Examination) -> Finding:
    """The credential does not expire soon."""
    credential, what = examination.settings.credential, examination.credential
    life = examination.client.transport.auth.token_life
    token = f"; a token for it is good for {life / 3600:.1f} h, and is renewed" if life else ""
    if isinstance(credential, ClientCredentials):
        return ok(f"a client secret does not expire{token}")
    try:
        if isinstance(credential, PersonalAccessToken):
            expiries = _token_expiries(examination.client)
            found = [each for each in expiries if each is None or each > _now(examination)]
        else:
            found = [_key_expiry(examination.client, credential.key_id)]
    except (ApiError, UnexpectedAnswer):
        found = []
        if isinstance(credential, ServiceAccountKey) and credential.expiration_date is not None:
            found = [_expiry_in(credential)]
    if not found:
        why = "ZITADEL shows that by v1 only, to a caller with user.read in the user's organization"
        return ok(f"it is not known when {what} expires: {why}{token}")
    first = min((each for each in found if each is not None and each.year < _NEVER), default=None)
    if first is None:
        return ok(f"{what} does not expire{token}")
    if len(found) > 1:
        what = f"the first one of the {len(found)} personal access tokens of {examination.user}, of which this is one,"
    expires = f"{what} expires at {moment_text(first)}"
    if first - _now(examination) < _SOON:
        return warning(f"{expires}. Replace it before that (docs/credentials.md){token}")
    return ok(f"{expires}{token}")


def check_roles(examination: Examination) -> Finding:
    """The credential's user has a role. Without any, ZITADEL answers 404 for objects that exist."""
    memberships = examination.memberships
    if not memberships:
        return error(
            f"{examination.user} has no role, so ZITADEL answers each call with 404, also for objects that exist. Give it "
            "IAM_ORG_MANAGER and IAM_OWNER_VIEWER on the instance, or ORG_OWNER in the organization (docs/rights.md)."
        )
    on_instance = sorted({role for each in memberships if each.iam for role in each.roles})
    organizations = list(dict.fromkeys(each.org_id for each in memberships if each.org_id))
    others = len([each for each in memberships if not each.iam and not each.org_id])
    parts = [f"on the instance: {', '.join(map(clean, on_instance)) or 'none'}"]
    if organizations:
        parts.append(f"in organizations: {named(organizations)}")
    if others:
        parts.append(f"on projects: {others}")
    return ok(f"roles of {examination.user}: {'; '.join(parts)}")


def _token_expiries(client: Client) -> tuple[datetime | None, ...]:
    """Return when each personal access token of the user expires; None for never."""
    operation = f"Listing the personal access tokens of user {clean(client.me.id)}"

    org, ids = client.me.details.resource_owner, {"user_id": client.me.id}
    return tuple(each.expiration_date for each in _TOKENS.all(client.transport, operation, org=org, ids=ids))


def _key_expiry(client: Client, key_id: str) -> datetime | None:
    """Return when a key of the user expires; None for never."""
    operation, ids = (
        f"Reading key {clean(key_id)} of user {clean(client.me.id)}",
        {"user_id": client.me.id, "id": key_id},
    )
    call = _KEY.call(operation, org=client.me.details.resource_owner, ids=ids, reads=True)
    return client.transport.fetch(_Credential, call, "key").expiration_date


def _expiry_in(key: ServiceAccountKey) -> datetime | None:
    """Return when the key expires by its JSON; None where that does not have it."""
    try:
        return parse_time(str(key.expiration_date))
    except ValueError:
        return None


def _now(examination: Examination) -> datetime:
    """Return the time by the server's clock."""
    return datetime.fromtimestamp(examination.client.transport.server_time(), timezone.utc)


#: The actions of ``Calls.endpoints`` in a sentence.
_ACTIONS = {
    "read": "read",
    "search": "find",
    "create": "create",
    "update": "change",
    "deactivate": "deactivate",
    "reactivate": "reactivate",
    "remove": "remove",
}
_READS = ("read", "search")
_ON_INSTANCE = "IAM_ORG_MANAGER on the instance"


def missing_permissions(declared: ResourceType[Any], permissions: Collection[str], action: str) -> tuple[str, ...]:
    """Return the permissions that an action of a type needs and that are not among ``permissions``.

    Of permissions of which one is enough, all are returned. An object is read before and after it is changed, and its
    organization before the first write in it. What is in no organization cannot be read before it is created.

    :param permissions: those of the caller in the organization of the object. One that is bound to an object, like
        ``project.write:42``, does not count.
    :param action: a key of ``Calls.endpoints``.
    """
    if action not in declared.calls.implementations:
        return ()
    needed = list(declared.calls.permissions(action))
    if action != "read" and (declared.in_organization or action != "create"):
        needed += [*declared.calls.permissions("read"), frozenset({READ_ORGANIZATION.permission})]
    lacking = [each for each in needed if each.isdisjoint(permissions)]
    return tuple(dict.fromkeys(" or ".join(sorted(each)) for each in lacking))


@dataclass(frozen=True)
class _Scope:
    """Where rights hold.

    :param where: as the end of a sentence.
    :param permissions: those of the caller there.
    :param org_id: the organization; None for the instance.
    :param advice: a role that has all rights there.
    """

    where: str
    permissions: frozenset[str]
    org_id: str | None
    advice: str


def check_rights(examination: Examination) -> Iterator[Finding]:
    """The credential may make each kind of change: on the instance, or in the organizations that were named."""
    if not _shows_rights(examination):
        yield warning(
            "the rights of the credential are not known: the server does not have the v1 API, and v2 shows nobody's rights "
            "(docs/without-v1.md). A missing one is an error of the change that needs it."
        )
        return
    if examination.org_ids:
        yield from _to_create_organizations(examination)
        for org_id in examination.org_ids:
            yield from _in_organization(examination, org_id)
    elif any(each.iam for each in examination.memberships):
        scope = _instance(examination)
        yield from (_finding(examination, scope, each, _actions(examination)) for each in _types(examination))
    else:
        within = list(dict.fromkeys(each.within for each in examination.memberships))
        yield warning(
            f"{examination.user} has no role on the instance, so its rights were not checked. Name the organizations of the "
            f"stack: --org ID. It has roles in {named(within)}."
        )


def _shows_rights(examination: Examination) -> bool:
    try:
        examination.client.caller.permissions(examination.own_org)
    except ApiError as refused:
        return refused.status != 501
    return True


def _to_create_organizations(examination: Examination) -> Iterator[Finding]:
    """What is in no organization is created with a right on the instance, which a stack may not need: it is a warning."""
    if examination.read_only:
        return
    scope = _Scope("on the instance", frozenset(), None, _ON_INSTANCE)
    for declared in _types(examination):
        if declared.is_organization:
            found = _finding(examination, scope, declared, ("create",))
            yield replace(found, status="warning") if found.missing else found


def _in_organization(examination: Examination, org_id: str) -> Iterator[Finding]:
    try:
        permissions = examination.client.caller.permissions(org_id)
        readable = READ_ORGANIZATION.permission in permissions
        removed = readable and examination.client.organizations.read(org_id).removed
    except ApiError as refused:
        yield error(f"organization {clean(org_id)}: {refused} Check the id.", org_id=org_id)
        return
    if removed:
        yield error(f"organization {clean(org_id)} was removed. Name another one.", org_id=org_id)
        return
    where = f"in organization {clean(org_id)}"
    scope = _Scope(where, permissions, org_id, f"ORG_OWNER {where}")
    for declared in _types(examination):
        made_here = [each for each in _actions(examination) if declared.in_organization or each != "create"]
        yield _finding(examination, scope, declared, made_here)


def _instance(examination: Examination) -> _Scope:
    """Return the rights that the roles on the instance give: those in an organization in which the caller has no role."""
    client = examination.client
    taken = {each.within for each in examination.memberships}
    default = client.caller.default_organization()
    candidates = [examination.own_org, *([default] if default else [])]
    free = [each for each in candidates if each not in taken]
    if not free:
        free = [each.id for each in client.organizations.some() if each.id not in taken]
    for org_id in free:
        with suppress(ApiError):  # lists lag: it may be removed by now
            return _Scope("on the instance", client.caller.permissions(org_id), None, _ON_INSTANCE)
    own = examination.own_org
    permissions = client.caller.permissions(own)
    return _Scope(f"in the credential's own organization {clean(own)}", permissions, own, _ON_INSTANCE)


def _finding(examination: Examination, scope: _Scope, declared: ResourceType[Any], actions: Collection[str]) -> Finding:
    """Return what the caller may do with objects of a type there, and what it may not."""
    missing: dict[str, tuple[str, ...]] = {}
    nowhere = False  # whether a permission is missing on every single object
    for action in actions:
        permissions = scope.permissions
        if action == "create" and declared.is_organization:
            # The call names no organization, so that the server looks at the rights in the caller's own one.
            permissions = examination.client.caller.permissions(examination.own_org)
        lacking = missing_permissions(declared, permissions, action)
        if lacking:
            missing[action] = lacking
            nowhere |= bool(missing_permissions(declared, {each.partition(":")[0] for each in permissions}, action))
    actions = [each for each in actions if each in declared.calls.implementations]
    name, can = short(declared.token), [_ACTIONS[each] for each in actions if each not in missing]
    if not missing:
        but = "" if scope.org_id else _not_on_instance(declared, scope.permissions, actions)
        return Finding("ok", f"{name} {scope.where}: {', '.join(can)}{but}", "", scope.org_id, declared.token, {})
    limit = "cannot" if nowhere else "only on single projects it can"
    message = f"{name} {scope.where}: {limit} {_describe(missing)}."
    if can:
        message += f" It can {', '.join(can)}."
    message += f" Give {examination.user} a role with these permissions, like {scope.advice} (docs/rights.md)."
    return Finding("error" if nowhere else "warning", message, "", scope.org_id, declared.token, missing)


def _not_on_instance(declared: ResourceType[Any], permissions: Collection[str], actions: Iterable[str]) -> str:
    """Return what the caller may not do with objects that are in no organization, as a clause; empty where it may do all.

    Few stacks have such objects, and few credentials should have these rights, so that is no error.
    """
    missing = {
        action: tuple(
            sorted(name for each in declared.calls.permissions_on_instance(action) for name in each - {*permissions})
        )
        for action in actions
    }
    missing = {action: lacking for action, lacking in missing.items() if lacking}
    return f"; of the instance itself it cannot {_describe(missing)}" if missing else ""


def _describe(missing: Mapping[str, tuple[str, ...]]) -> str:
    """Return the actions, those with the same missing permissions together."""
    actions: dict[tuple[str, ...], list[str]] = {}
    for action, permissions in missing.items():
        actions.setdefault(permissions, []).append(_ACTIONS[action])
    return "; ".join(f"{', '.join(each)} (lacks {', '.join(lacking)})" for lacking, each in actions.items())


def _types(examination: Examination) -> list[ResourceType[Any]]:
    return [RESOURCE_TYPES[each] for each in examination.types]


def _actions(examination: Examination) -> tuple[str, ...]:
    return _READS if examination.read_only else tuple(_ACTIONS)

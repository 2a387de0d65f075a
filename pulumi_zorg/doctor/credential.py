"""The checks of the credential: whose it is, whether it is accepted, when it expires, and which roles its user has."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING

from pydantic import Field

from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.pages import all_pages, v1_query
from pulumi_zorg.api.records import ListDetails, NonEmpty, Wire
from pulumi_zorg.doctor.examination import Examination, moment_text, named
from pulumi_zorg.doctor.findings import Finding, error, ok, warning
from pulumi_zorg.engine.state import parse_time
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean
from pulumi_zorg.settings.credentials import ClientCredentials, PersonalAccessToken
from pulumi_zorg.settings.service_account_key import ServiceAccountKey

if TYPE_CHECKING:
    from pulumi_zorg.api.client import Client
    from pulumi_zorg.api.records import UserRecord

#: A credential that expires within this time is a warning.
_SOON = timedelta(days=14)
#: ZITADEL writes an expiry in this year, or later, for a credential that never expires.
_NEVER = 9999

#: The calls about a user's keys and tokens. They need ``user.read`` in the user's organization.
#: Document: https://zitadel.com/docs/apis/resources/mgmt (Search Personal-Access-Tokens, Get Key By ID).
_TOKENS = Endpoint("POST", "/management/v1/users/{user_id}/pats/_search", "user.read")
_KEY = Endpoint("GET", "/management/v1/users/{user_id}/keys/{id}", "user.read")


class _Credential(Wire):
    id: NonEmpty
    expiration_date: datetime | None = None


class _Tokens(Wire):
    details: ListDetails = Field(default_factory=ListDetails)
    result: tuple[_Credential, ...] = ()


class _Key(Wire):
    key: _Credential


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
    life = examination.client.transport.token_life
    token = f"; a token for it is good for {life / 3600:.1f} h, and is renewed" if life else ""
    if isinstance(credential, ClientCredentials):
        return ok(f"a client secret does not expire{token}")
    try:
        if isinstance(credential, PersonalAccessToken):
            expiries = _token_expiries(examination.client, examination.me)
            found = [each for each in expiries if each is None or each > _now(examination)]
        else:
            found = [_key_expiry(examination.client, examination.me, credential.key_id)]
    except (ApiError, UnexpectedAnswer):
        found = []
        if isinstance(credential, ServiceAccountKey) and credential.expiration_date is not None:
            found = [_expiry_in(credential)]
    if not found:
        why = "ZITADEL shows that only to a caller with user.read in the user's organization"
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


def _token_expiries(client: Client, user: UserRecord) -> tuple[datetime | None, ...]:
    """Return when each personal access token of the user expires; None for never."""
    operation = f"Listing the personal access tokens of user {clean(user.id)}"

    def page(offset: int) -> tuple[int, tuple[_Credential, ...]]:
        body, org, ids = {"query": v1_query(offset)}, user.details.resource_owner, {"user_id": user.id}
        found = client.read(_Tokens, _TOKENS, operation, org=org, body=body, ids=ids)
        return found.details.total_result, found.result

    return tuple(each.expiration_date for each in all_pages(page, operation))


def _key_expiry(client: Client, user: UserRecord, key_id: str) -> datetime | None:
    """Return when a key of the user expires; None for never."""
    operation, ids = f"Reading key {clean(key_id)} of user {clean(user.id)}", {"user_id": user.id, "id": key_id}
    return client.read(_Key, _KEY, operation, org=user.details.resource_owner, ids=ids).key.expiration_date


def _expiry_in(key: ServiceAccountKey) -> datetime | None:
    """Return when the key expires by its JSON; None where that does not have it."""
    try:
        return parse_time(str(key.expiration_date))
    except ValueError:
        return None


def _now(examination: Examination) -> datetime:
    """Return the time by the server's clock."""
    return datetime.fromtimestamp(examination.client.transport.server_time(), timezone.utc)

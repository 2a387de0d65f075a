"""The checks of the credential: whose it is, whether it is accepted, when it expires, and which roles its user has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

from pulumi_zorg.doctor.examination import Examination
from pulumi_zorg.doctor.findings import Finding, error, ok, warning
from pulumi_zorg.engine.state import parse_time
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean
from pulumi_zorg.settings.config import ClientCredentials, PersonalAccessToken
from pulumi_zorg.settings.service_account_key import ServiceAccountKey

__all__ = ["check_credential", "check_expiry", "check_roles"]

#: A credential that expires within this time is a warning.
_SOON = timedelta(days=14)
#: ZITADEL writes an expiry in this year, or later, for a credential that never expires.
_NEVER = 9999
_MOST_NAMED = 5  # organizations in a sentence


def check_credential(examination: Examination) -> Iterator[Finding]:
    """The server accepts the credential."""
    credential, origin = examination.settings.credential, examination.settings.credential_origin
    if isinstance(credential, ServiceAccountKey):
        expiry = _expiry_in(credential)
        if expiry is not None and expiry <= _now(examination):
            yield error(
                f"{examination.credential} expired at {_shown(expiry)}. Create a new key for this user in ZITADEL, and use that "
                f"one. {origin}"
            )
            return
    user, org_id = examination.user, clean(examination.own_org)
    yield ok(f"{examination.credential} is accepted: it belongs to {user} in organization {org_id}. {origin}")


def check_expiry(examination: Examination) -> Iterator[Finding]:
    """The credential does not expire soon."""
    credential, client, me = examination.settings.credential, examination.client, examination.me
    life = client.transport.token_life
    token = f"; a token for it is good for {life / 3600:.1f} h, and is renewed" if life else ""
    if isinstance(credential, ClientCredentials):
        yield ok(f"a client secret does not expire{token}")
        return
    try:
        if isinstance(credential, PersonalAccessToken):
            found = [each for each in client.credentials.token_expiries(me) if each is None or each > _now(examination)]
        else:
            found = [client.credentials.key_expiry(me, credential.key_id)]
    except (ApiError, UnexpectedAnswer):
        found = []
        if isinstance(credential, ServiceAccountKey) and credential.expiration_date is not None:
            found = [_expiry_in(credential)]
    if not found:
        why = "ZITADEL shows that only to a caller with user.read in the user's organization"
        yield ok(f"it is not known when {examination.credential} expires: {why}{token}")
        return
    first = min((each for each in found if each is not None and each.year < _NEVER), default=None)
    what = examination.credential
    if len(found) > 1:
        what = f"the first one of the {len(found)} personal access tokens of {examination.user}, of which this is one,"
    if first is None:
        yield ok(f"{examination.credential} does not expire{token}")
    elif first - _now(examination) < _SOON:
        yield warning(f"{what} expires at {_shown(first)}. Replace it before that (docs/credentials.md){token}")
    else:
        yield ok(f"{what} expires at {_shown(first)}{token}")


def check_roles(examination: Examination) -> Iterator[Finding]:
    """The credential's user has a role. Without any, ZITADEL answers 404 for objects that exist."""
    memberships = examination.memberships
    if not memberships:
        yield error(
            f"{examination.user} has no role, so ZITADEL answers each call with 404, also for objects that exist. Give it "
            "IAM_ORG_MANAGER and IAM_OWNER_VIEWER on the instance, or ORG_OWNER in the organization (docs/rights.md)."
        )
        return
    on_instance = sorted({role for each in memberships if each.iam for role in each.roles})
    organizations = list(dict.fromkeys(each.org_id for each in memberships if each.org_id))
    others = len([each for each in memberships if not each.iam and not each.org_id])
    parts = [f"on the instance: {', '.join(map(clean, on_instance)) or 'none'}"]
    if organizations:
        named = ", ".join(map(clean, organizations[:_MOST_NAMED]))
        rest = f" and {len(organizations) - _MOST_NAMED} more" if len(organizations) > _MOST_NAMED else ""
        parts.append(f"in organizations: {named}{rest}")
    if others:
        parts.append(f"on projects: {others}")
    yield ok(f"roles of {examination.user}: {'; '.join(parts)}")


def _expiry_in(key: ServiceAccountKey) -> datetime | None:
    """Return when the key expires by its JSON; None where that does not say it."""
    try:
        return parse_time(str(key.expiration_date))
    except ValueError:
        return None


def _now(examination: Examination) -> datetime:
    """Return the time by the server's clock."""
    return datetime.fromtimestamp(examination.client.transport.server_time(), timezone.utc)


def _shown(moment: datetime) -> str:
    return f"{moment.astimezone(timezone.utc):%Y-%m-%d %H:%M:%S}Z"

"""The checks of the server: its address, its clock, its API, and what is in front of it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timezone

from pulumi_zorg.api.answers import (
    advice,
    content_of,
    has_no_instance,
    http_date,
    json_of,
    location,
    quoted,
    requested_host,
)
from pulumi_zorg.api.api_services import API_SERVICES, MANAGEMENT_V1, has_service
from pulumi_zorg.api.auth import ASSERTION_DATED_BACK, ASSERTION_LIVES, TOKEN_PATH
from pulumi_zorg.api.operations import ORG_HEADER
from pulumi_zorg.api.organizations import READ_ORGANIZATION
from pulumi_zorg.doctor.examination import Examination
from pulumi_zorg.doctor.findings import Finding, error, ok, warning
from pulumi_zorg.errors import ApiError, HeaderIgnored, NotFound, PermissionDenied, UnexpectedAnswer, clean
from pulumi_zorg.settings.engine_versions import version_in
from pulumi_zorg.settings.service_account_key import ServiceAccountKey
from pulumi_zorg.world.object_events import ORG_REMOVED

_HEALTH = "/debug/healthz"
_DISCOVERY = "/.well-known/openid-configuration"
#: Seconds that clocks may differ without a warning. The Date header has whole seconds, and the answer takes some time.
_CLOCKS_DIFFER = 60
#: The first version without the advisory GHSA-v859-c572-qh5p.
_ROLES_FIXED_IN = (4, 16)
_MOST_READ = 5  # organizations
#: An id that no organization has.
_NO_ORGANIZATION = "1"


def check_settings(examination: Examination) -> Iterator[Finding]:
    """The address and one credential are set, and well-formed."""
    settings, not_read = examination.loaded
    if not_read is not None:
        yield warning(not_read)
    yield ok(f"the address is {settings.url}, and the credential is {examination.credential}")


def check_address(examination: Examination) -> Iterator[Finding]:
    """The address can be reached, its certificate is trusted, and it is a ZITADEL's.

    Documents: https://zitadel.com/docs/apis/openidoauth/endpoints (discovery), and the health checks of
    https://zitadel.com/docs/self-hosting/manage/production.
    """
    url, transport = examination.settings.url, examination.client.transport
    health = transport.get_public("Reading the server's health", _HEALTH)
    discovery = transport.get_public("Reading the server's discovery document", _DISCOVERY)
    if discovery.is_redirect:
        raise UnexpectedAnswer(f"{url} redirects calls ({location(discovery)}). {advice(discovery)}")
    if has_no_instance(discovery):
        raise UnexpectedAnswer(
            f"{url} is a ZITADEL, but it has no instance with the host name {requested_host(discovery)} ({content_of(discovery)}). "
            f"{advice(discovery)}"
        )
    document = json_of(discovery) if discovery.status_code == 200 else None
    document = document if isinstance(document, dict) else {}
    issuer, token_endpoint = document.get("issuer"), document.get("token_endpoint")
    if not isinstance(issuer, str) or not str(token_endpoint).endswith(TOKEN_PATH):
        form = clean(quoted(discovery, discovery.headers.get("Content-Type", "no content type")), 80)
        raise UnexpectedAnswer(
            f"{url} answers, but not as a ZITADEL: {_DISCOVERY} is not ZITADEL's discovery document ({discovery.status_code}, "
            f"{form}). {advice(discovery)}"
        )
    key = isinstance(examination.settings.credential, ServiceAccountKey)
    if key and issuer.rstrip("/") != examination.settings.audience:
        yield error(
            f"the issuer of {url} is {clean(issuer)}, and the service-account key is used for "
            f"{clean(examination.settings.audience)}. ZITADEL refuses that. Set zorg:audience to {clean(issuer)}."
        )
    if health.status_code != 200 or health.text.strip() != "ok":
        yield warning(
            f"{url} is a ZITADEL, but {_HEALTH} answers {health.status_code} and not ok. It is not ready, or something in "
            "front of it hides that page."
        )
    if url.startswith("https://"):
        yield ok(f"{url} answers (ZITADEL), and its certificate is trusted")
    else:
        yield ok(f"{url} answers (ZITADEL), without TLS")


def check_clock(examination: Examination) -> Finding:
    """This machine's clock is that of the server."""
    answer = examination.client.transport.get_public("Reading the server's clock", _HEALTH)
    now = time.time()
    date = http_date(answer.headers.get("Date", ""))
    if date is None:
        return warning("the server's answers have no date, so its clock is not known")
    ahead = date.timestamp() - now  # of the server's clock; the header has whole seconds
    shown = f"this machine's clock is {abs(ahead):.0f} s {'behind' if ahead > 0 else 'ahead of'} the server's"
    way_out = "Set the clock of this machine by NTP."
    # The server accepts an assertion from the moment at which it was issued until it expires.
    is_good = ahead + 1 >= -ASSERTION_DATED_BACK and ahead < ASSERTION_LIVES - ASSERTION_DATED_BACK
    if isinstance(examination.settings.credential, ServiceAccountKey) and not is_good:
        return error(f"{shown}, so ZITADEL refuses what is signed with the service-account key. {way_out}")
    if abs(ahead) > _CLOCKS_DIFFER:
        return warning(f"{shown}. Times in messages and `zorg drift --since` are wrong by that much. {way_out}")
    return ok(f"this machine's clock is that of the server (within {_CLOCKS_DIFFER} s)")


def check_header(examination: Examination) -> Finding:
    """The header that names the organization arrives at the server. Without it, a call acts on the caller's own one."""
    client, own = examination.client, examination.own_org
    if not has_service(client.transport, MANAGEMENT_V1):
        return ok(f"the server does not have the v1 API, and only its calls need the header {ORG_HEADER}")
    try:
        answered = _organization_that_answers(examination)
        if answered is not None:
            return ok(f"the header {ORG_HEADER} arrives: the server answers for organization {clean(answered)}")
        if READ_ORGANIZATION.permission not in client.caller.permissions(own):
            return warning(
                f"it is not known whether the header {ORG_HEADER} arrives. Name an organization that the credential may "
                "read, and that its user does not live in: --org ID."
            )
        with suppress(ApiError):  # a server without the header answers for the caller's own organization
            client.organizations.read(_NO_ORGANIZATION)
    except HeaderIgnored:
        return error(
            f"the header {ORG_HEADER} does not arrive: the server answers for the credential's own organization {clean(own)}, "
            "whichever organization a call names. Every change would hit the wrong organization, so none is made. Let the "
            "proxy in front of the server pass the header on, or use a server that honours it."
        )
    return ok(f"the header {ORG_HEADER} arrives: the server refuses an organization that does not exist")


def _organization_that_answers(examination: Examination) -> str | None:
    """Return another organization than the caller's own, for which the server answers; None where none can be read.

    :raises HeaderIgnored: where the server answers for another one.
    """
    client, own = examination.client, examination.own_org
    with_role = [each.org_id for each in examination.memberships if each.org_id]
    candidates = dict.fromkeys([*examination.org_ids, *with_role[:_MOST_READ]])
    for org_id in (each for each in candidates if each != own):
        try:
            shown = client.organizations.read(org_id)
        except (PermissionDenied, NotFound):
            if org_id in with_role and not client.caller.permissions(org_id):
                # Each role has permissions, so these are not those in this organization.
                raise HeaderIgnored(f"The rights in organization {clean(org_id)} are not shown.") from None
        else:
            return org_id if shown.by_header else None
    return None


def check_events(examination: Examination) -> Finding:
    """The event store can be read."""
    try:
        examination.client.events.since(datetime.now(timezone.utc), (ORG_REMOVED,), at_most=1)
    except (PermissionDenied, NotFound):
        if examination.client.events.is_missing:
            return warning(
                "the server does not have the search of its event store, which is a part of v1. No removal is proven: a refresh ends "
                "with an error for each object that somebody else has removed. `zorg drift` does not say who changed what, and its "
                "--since does not work (docs/without-v1.md)."
            )
        on_instance = any(each.iam for each in examination.memberships)
        organizations = "" if on_instance else " The removal of an organization cannot be proven at all."
        return warning(
            f"the event store cannot be read: {examination.user} lacks events.read on the instance. Removals are proven by change "
            "logs and lists. Where these prove none, as of the newest user grant of an organization, a refresh ends with an "
            f"error.{organizations} `zorg drift` does not say who changed what, and its --since does not work. Give it "
            "IAM_OWNER_VIEWER on the instance (docs/rights.md)."
        )
    return ok("the event store can be read: removals are proven, and changes have a time and a user")


def check_api(examination: Examination) -> Iterator[Finding]:
    """The server has the parts of the API that calls are made to."""
    transport, present = examination.client.transport, []
    for service in API_SERVICES:
        try:
            is_there = has_service(transport, service)
        except UnexpectedAnswer as other:
            yield error(f"{service.name}: {other}")
            continue
        if is_there:
            present.append(service.name)
        else:
            yield warning(
                f"{service.name} does not answer: {service.without}. ZITADEL v4 has it. Check what is in front of the server."
            )
    if present:
        yield ok(f"these parts of ZITADEL's API answer: {', '.join(present)}")


def check_version(examination: Examination) -> Finding:
    """No published advisory about roles is known of the server's version.

    A build from source can have the fix before its version says so.
    """
    shown = examination.client.caller.server_version()
    found = version_in(shown or "")
    advisory = (
        "Before ZITADEL 4.16.0, taking several roles out of a project grant at once can leave some of them with its users "
        "(GHSA-v859-c572-qh5p)"
    )
    if shown is None:
        return warning(
            f"the version of ZITADEL is not known: it needs iam.read on the instance, and a server that shows it. {advisory}."
        )
    if found is None:
        return warning(f"the version of ZITADEL is {clean(shown, 100)}, which has no number. {advisory}.")
    if found < _ROLES_FIXED_IN:
        return warning(
            f"ZITADEL is {clean(shown, 100)}. {advisory}. pulumi_zorg takes one role out at a time, and reads the user grants "
            "afterwards. The console does not. Install 4.16.0 or newer; `zorg drift` finds user grants with such roles."
        )
    return ok(f"ZITADEL is {clean(shown, 100)}")

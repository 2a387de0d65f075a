"""The calls that tell what to think of another call's answer: who am I, what may I, what happened."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from contextlib import suppress
from datetime import datetime, timedelta, timezone
from typing import Any

from pulumi_zorg.client.transport import Call, Transport
from pulumi_zorg.errors import ApiError, UnexpectedAnswer, clean
from pulumi_zorg.models import Event, OrganizationRecord, UserRecord, Wire, parse

__all__ = ["Witnesses"]

_PAGE = 1_000  # events; more do not come back at once


class _Me(Wire):
    user: UserRecord


class _Instance(Wire):
    iam_project_id: str  # always there: an answer without it is not ZITADEL's
    default_org_id: str = ""  # the first version of ZITADEL did not say it


class _Org(Wire):
    org: OrganizationRecord


class _Orgs(Wire):
    result: tuple[OrganizationRecord, ...] = ()


class _Permissions(Wire):
    result: tuple[str, ...] = ()


class _Events(Wire):
    events: tuple[Event, ...] = ()


class Witnesses:
    """Reads about the caller and about the event store."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def me(self) -> UserRecord:
        """The caller, and in ``details.resource_owner`` the organization that its user lives in.

        Document: https://zitadel.com/docs/apis/resources/auth (Get my user).
        """
        tried = "Reading the credential's own user"
        user = parse(_Me, self._transport.send(Call(tried, "GET", "/auth/v1/users/me", reads=True)), tried).user
        if not user.details.resource_owner:
            raise UnexpectedAnswer(
                f"{tried}: the answer does not say which organization it lives in, so it is not ZITADEL's.",
                performed=False,
            )
        return user

    def permissions(self, org_id: str) -> frozenset[str]:
        """What the caller may do in the organization, like ``user.grant.read``.

        Document: https://zitadel.com/docs/apis/resources/auth (My ZITADEL permissions).
        """
        tried = f"Reading the credential's rights in organization {clean(org_id)}"
        path = "/auth/v1/permissions/zitadel/me/_search"
        answer = self._transport.send(Call(tried, "POST", path, org=org_id, reads=True))
        return frozenset(parse(_Permissions, answer, tried).result)

    def default_organization(self) -> str | None:
        """The default organization's id; None where nobody tells this caller.

        The management API tells every caller. Where a server refuses that, the admin API and the second one are asked.

        Documents: https://zitadel.com/docs/apis/resources/mgmt (Instance information),
        https://zitadel.com/docs/apis/resources/admin (Get default organization), and the organization service's list
        with its query for the default one.
        """
        tried = "Reading the default organization"
        with suppress(ApiError):
            answer = self._transport.send(Call(tried, "GET", "/management/v1/iam", reads=True))
            default = parse(_Instance, answer, tried).default_org_id
            if default:
                return default
        with suppress(ApiError):
            answer = self._transport.send(Call(tried, "GET", "/admin/v1/orgs/default", reads=True))
            return parse(_Org, answer, tried).org.id
        with suppress(ApiError):
            body: dict[str, Any] = {"queries": [{"defaultQuery": {}}]}
            answer = self._transport.send(Call(tried, "POST", "/v2/organizations/_search", body=body, reads=True))
            return next((record.id for record in parse(_Orgs, answer, tried).result), None)
        return None

    def events(self, aggregate_id: str, kinds: Iterable[str]) -> tuple[Event, ...]:
        """The events of those kinds of one object, oldest first, from ZITADEL's event store: no lag, nothing forgotten.

        Document: https://zitadel.com/docs/apis/resources/admin (List Events).

        :raises PermissionDenied: without ``events.read``, a right on the instance (IAM_OWNER, IAM_OWNER_VIEWER).
        """
        tried = f"Reading the events of {clean(aggregate_id)}"
        wanted = frozenset(kinds)
        found: list[Event] = []
        while True:
            body: dict[str, Any] = {
                "aggregateId": aggregate_id,
                "eventTypes": sorted(wanted),
                "limit": _PAGE,
                "asc": True,
            }
            if found:
                body["sequence"] = str(found[-1].sequence)
            answer = self._transport.send(Call(tried, "POST", "/admin/v1/events/_search", body=body, reads=True))
            page = parse(_Events, answer, tried).events
            known = {event.sequence for event in found}
            # The server filters; that it did is checked, for a removal must not be taken from another object.
            new = [
                event
                for event in page
                if event.aggregate.id == aggregate_id and event.kind in wanted and event.sequence not in known
            ]
            found += new
            if len(page) < _PAGE or not new:
                return tuple(found)

    def newest(self, kinds: Iterable[str], resource_owner: str | None = None) -> tuple[Event, ...]:
        """The last thousand events of those kinds, newest first, of one organization or of all.

        :raises PermissionDenied: without ``events.read``, as :meth:`events`.
        """
        tried = "Searching the event store"
        body: dict[str, Any] = {"eventTypes": sorted(kinds), "limit": _PAGE, "asc": False}
        if resource_owner is not None:
            body["resourceOwner"] = resource_owner
        answer = self._transport.send(Call(tried, "POST", "/admin/v1/events/_search", body=body, reads=True))
        return parse(_Events, answer, tried).events

    def since(
        self, moment: datetime, kinds: Iterable[str], resource_owner: str | None = None, *, at_most: int | None = None
    ) -> tuple[Event, ...] | None:
        """The events of those kinds after that moment of the server's clock, oldest first, of one organization or of all;
        None where more happened at one moment than an answer holds, so that they cannot all be read.

        :param at_most: so many calls; None where they do not suffice.
        :raises PermissionDenied: without ``events.read``, as :meth:`events`.
        """
        tried = "Reading what happened since then"
        found: dict[tuple[str, int], Event] = {}
        wanted = sorted(kinds)
        for asked in itertools.count():
            if asked == at_most:
                break
            body: dict[str, Any] = {"eventTypes": wanted, "from": _timestamp(moment), "limit": _PAGE, "asc": True}
            if resource_owner is not None:
                body["resourceOwner"] = resource_owner
            answer = self._transport.send(Call(tried, "POST", "/admin/v1/events/_search", body=body, reads=True))
            page = parse(_Events, answer, tried).events
            found.update(((event.aggregate.id, event.sequence), event) for event in page if event.kind in wanted)
            if len(page) < _PAGE:
                return tuple(found.values())
            # Sequences count within one object only. Things that happened at the same moment as the last one may be left.
            last = page[-1].creation_date - timedelta(microseconds=1)
            if last <= moment:
                break
            moment = last
        return None


def _timestamp(moment: datetime) -> str:
    return moment.astimezone(timezone.utc).isoformat(timespec="microseconds").replace("+00:00", "Z")

"""The change logs of single objects: the part of the event store that roles in an organization may read.

Measured on a server of July 2026: a log is read from the event store, so it does not lag, and it is still there after the removal
of the object and of its organization. With the header of an organization that does not own the object it is empty (200). It is
also empty of an object that never was, and it has no entries that are older than the server keeps for queries. So an empty log
proves nothing. There is no log of user grants.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from pulumi_zorg.api.call import Call
from pulumi_zorg.api.endpoints import Endpoint
from pulumi_zorg.api.records import NonEmpty, Wire
from pulumi_zorg.errors import ApiError, clean

if TYPE_CHECKING:
    from pulumi_zorg.api.transport import Transport

#: The paths of the logs. They need ``project.read``, ``project.grant.read`` and ``user.read``.
PROJECT_CHANGES = "/management/v1/projects/{id}/changes/_search"
PROJECT_GRANT_CHANGES = "/management/v1/projects/{project_id}/grants/{id}/changes/_search"
USER_CHANGES = "/management/v1/users/{id}/changes/_search"

#: Entries that are read. A removal is the last change of an object.
_NEWEST = 100


class _Kind(Wire):
    key: NonEmpty


class Change(Wire):
    """An entry of a change log."""

    event_type: _Kind
    change_date: datetime
    resource_owner_id: str = ""
    editor_id: str = ""
    editor_display_name: str = ""

    @property
    def kind(self) -> str:
        """The type of the event, like ``user.removed``."""
        return self.event_type.key.removeprefix("EventTypes.")


class _Changes(Wire):
    result: tuple[Change, ...] = ()


class ChangeLogs:
    """The searches of the change logs.

    Documents: https://zitadel.com/docs/apis/resources/mgmt (Project History, Project Grant History, Get User History).
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def newest(self, log: str, ids: Mapping[str, str], org_id: str) -> tuple[Change, ...]:
        """Return the newest changes of an object in an organization, the newest first; none where the caller may not read them.

        :param log: the path of the log.
        :param ids: the ids in it.
        """
        operation = f"Reading the change log of {clean(ids['id'])} in organization {clean(org_id)}"
        # Servers read the parameters of some of these calls from the query string, and of others from the body.
        path = f"{Endpoint('POST', log, '').at(ids)}?query.limit={_NEWEST}"
        call = Call(operation, "POST", path, org=org_id, body={"query": {"limit": _NEWEST}}, reads=True)
        try:
            changes = self._transport.fetch(_Changes, call).result
        except ApiError as refusal:
            if refusal.is_outage:
                raise
            return ()
        # A server that ignores the header shows a log of another organization.
        return tuple(each for each in changes if each.resource_owner_id == org_id)

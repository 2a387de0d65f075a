"""One call of the API: who calls, what the caller may do, and the decoded request. Every endpoint gets one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.errors import ApiError
from pulumi_zorg.emulator.eventstore.events import Event, NewEvent
from pulumi_zorg.emulator.http.schema import MessageDict

if TYPE_CHECKING:
    from pulumi_zorg.emulator.instance import Instance


@dataclass
class Caller:
    """The user of the token, and the organization that the call is for.

    :param org_id: the organization of the call: that of the header `x-zitadel-orgid`, or the user's own.
    :param resource_owner: the user's own organization.
    """

    user_id: str
    org_id: str
    resource_owner: str
    #: The caller's grants of the endpoint's permission: `user.grant.write`, or `user.grant.write:<object id>`.
    permissions: tuple[str, ...] = ()

    @property
    def is_global(self) -> bool:
        """Whether the permission is not bound to single objects."""
        return any(":" not in permission for permission in self.permissions)

    @property
    def object_ids(self) -> list[str]:
        """The objects that the permission is bound to."""
        return [permission.partition(":")[2] for permission in self.permissions if ":" in permission]


@dataclass
class Call:
    """A call: the instance, the caller, and the decoded request.

    :param origin: `scheme://host:port` that the request was sent to.
    """

    instance: Instance
    caller: Caller
    request: MessageDict
    origin: str = ""

    def push(self, *new_events: NewEvent) -> list[Event]:
        """Store events, with the caller as their editor."""
        return self.instance.store.push(self.caller.user_id, new_events)

    def check(self, permission: str, org_id: str, object_id: str) -> None:
        """Check that the caller has a permission in an organization, or on the object.

        :raises ApiError: 404 without any membership there, 403 without the permission.
        """
        self.instance.check(self.caller.user_id, permission, org_id, object_id)

    def may(self, permission: str, org_id: str, object_id: str) -> bool:
        """Whether the caller has a permission in an organization, or on the object."""
        try:
            self.check(permission, org_id, object_id)
        except ApiError:
            return False
        return True

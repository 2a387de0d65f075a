"""The API of ZITADEL, as far as this package needs it: one typed method for each call.

Nothing here decides anything. What an answer means is decided in :mod:`pulumi_zorg.proof` and
:mod:`pulumi_zorg.providers`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property

from pulumi_zorg.client.counts import Counts
from pulumi_zorg.client.events import Events
from pulumi_zorg.client.identity import Identity
from pulumi_zorg.client.listings import Listings
from pulumi_zorg.client.organizations import Organizations
from pulumi_zorg.client.transport import Transport
from pulumi_zorg.client.user_grants import UserGrants
from pulumi_zorg.config import Settings
from pulumi_zorg.models import UserRecord

__all__ = ["Client"]


class Client:
    """One instance of ZITADEL, as one user of it.

    :param transport: carries the calls; :meth:`connect` makes one from settings.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.organizations = Organizations(transport)
        self.user_grants = UserGrants(transport)
        self.listings = Listings(transport)
        self.identity = Identity(transport)
        self.events = Events(transport)
        self.counts = Counts(transport)
        self._verified: set[str] = set()
        self._created: set[str] = set()
        self._lock = threading.Lock()

    @classmethod
    def connect(cls, settings: Settings, *, notice: Callable[[str], None] | None = None) -> Client:
        """Return a client of the instance that the settings name.

        :param notice: is given a sentence when a call has to wait; by default the log is.
        """
        return cls(Transport(settings) if notice is None else Transport(settings, notice=notice))

    def verify_org_header(self, org_id: str) -> bool:
        """Verify, once in a process, that calls which name the organization act on it and on no other.

        A server or a proxy that drops the header acts on the caller's own organization and answers 200.

        :return: whether the answer shows the organization as existing. A removed one is answered too.
        :raises HeaderIgnored: where the server acts on another organization. Nothing was written then.
        """
        with self._lock:
            if org_id in self._verified:
                return True
        if self.organizations.read(org_id).removed:
            return False
        self.mark_verified(org_id)
        return True

    def mark_verified(self, org_id: str) -> None:
        """Remember that an answer to this organization's header was about this organization."""
        with self._lock:
            self._verified.add(org_id)

    @cached_property
    def me(self) -> UserRecord:
        """The credential's own user, read once in a process."""
        return self.identity.me()

    @cached_property
    def _default_organization(self) -> str | None:
        return self.identity.default_organization()

    def mark_created(self, org_id: str) -> None:
        """Remember that this process created the organization: no user of a credential lives in it, and it is not the
        default one."""
        with self._lock:
            self._created.add(org_id)

    def why_protected(self, org_id: str) -> str | None:
        """Return why the organization must not be deactivated by accident, as a clause; None where it may be."""
        with self._lock:
            if org_id in self._created:
                return None
        if org_id == self.me.details.resource_owner:
            return "the credential's own user lives in it"
        if self._default_organization is None:
            return "the server does not tell this credential which organization is the default one, and this may be it"
        if org_id == self._default_organization:
            return "it is the default organization of the instance"
        return None

    def close(self) -> None:
        """Close the connections."""
        self.transport.close()

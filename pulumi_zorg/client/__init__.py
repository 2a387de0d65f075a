"""The API of ZITADEL, as far as this package needs it: one typed call a method.

Nothing here decides anything: what an answer means for a resource is decided in
:mod:`pulumi_zorg.proof` and :mod:`pulumi_zorg.providers`.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import cached_property

from pulumi_zorg.client.census import Census
from pulumi_zorg.client.listings import Listings
from pulumi_zorg.client.organizations import Organizations
from pulumi_zorg.client.transport import Transport
from pulumi_zorg.client.user_grants import UserGrants
from pulumi_zorg.client.witnesses import Witnesses
from pulumi_zorg.config import Settings
from pulumi_zorg.models import UserRecord

__all__ = ["Client"]


class Client:
    """One instance of ZITADEL, as one user of it.

    :param transport: how calls get there; :meth:`connect` makes one of settings.
    """

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.organizations = Organizations(transport)
        self.user_grants = UserGrants(transport)
        self.listings = Listings(transport)
        self.witnesses = Witnesses(transport)
        self.census = Census(transport)
        self._seen: set[str] = set()
        self._made: set[str] = set()
        self._lock = threading.Lock()

    @classmethod
    def connect(cls, settings: Settings, *, notice: Callable[[str], None] | None = None) -> Client:
        """A client of the instance that the settings name.

        :param notice: is told, in a sentence, when a call has to wait; by default the log is.
        """
        return cls(Transport(settings) if notice is None else Transport(settings, notice=notice))

    def make_sure_of(self, org_id: str) -> bool:
        """Verify, once in a process, that calls which name the organization act on it and on no other.

        A server or a proxy that drops the header acts on the caller's own organization and answers 200.

        :return: whether the answer shows the organization as existing. A removed one is answered too.
        :raises HeaderIgnored: where the server acts on another organization. Nothing was written then.
        """
        with self._lock:
            if org_id in self._seen:
                return True
        if self.organizations.read(org_id).removed:
            return False
        self.saw(org_id)
        return True

    def saw(self, org_id: str) -> None:
        """Remembers that an answer to this organization's header was about this organization."""
        with self._lock:
            self._seen.add(org_id)

    @cached_property
    def me(self) -> UserRecord:
        """The user that the credential belongs to, asked once in a process."""
        return self.witnesses.me()

    @cached_property
    def _default_organization(self) -> str | None:
        return self.witnesses.default_organization()

    def made(self, org_id: str) -> None:
        """Remembers that this process has created the organization: it is nobody's home, and not the default one."""
        with self._lock:
            self._made.add(org_id)

    def why_protected(self, org_id: str) -> str | None:
        """Why the organization must not be switched off by accident, as a clause; None where it may be."""
        with self._lock:
            if org_id in self._made:
                return None
        if org_id == self.me.details.resource_owner:
            return "the credential's own user lives in it"
        if self._default_organization is None:
            return "the server does not tell this credential which organization is the default one, and this may be it"
        if org_id == self._default_organization:
            return "it is the default organization of the instance"
        return None

    def close(self) -> None:
        """Closes the connections."""
        self.transport.close()

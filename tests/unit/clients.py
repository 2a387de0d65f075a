"""Clients of the servers that tests run against."""

from __future__ import annotations

from types import TracebackType

from pulumi_zorg.api.client import Client
from pulumi_zorg.settings.config import Settings
from pulumi_zorg.settings.credentials import Credential, PersonalAccessToken, Secret
from tests.support.servers import Server


class Clients:
    """Makes clients that talk through a server's proxy, and closes them."""

    def __init__(self) -> None:
        self._made: list[Client] = []

    def __enter__(self) -> Clients:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for client in self._made:
            client.close()

    def owner(self, server: Server) -> Client:
        """A client with the rights of IAM_OWNER."""
        return self.holder(server, server.token)

    def holder(self, server: Server, token: str) -> Client:
        """A client of who holds this personal access token."""
        return self.of(server, PersonalAccessToken(Secret(token)))

    def of(self, server: Server, credential: Credential) -> Client:
        """A client with this credential. Its issuer is the server itself, not the proxy."""
        client = Client.connect(Settings(server.proxy.url, credential, server.proxy.target, retry_deadline=2.0))
        self._made.append(client)
        return client

    def member(self, server: Server, *roles: str, of: str | None = None) -> Client:
        """A client of a new service account, a member with these roles of the organization, or of the instance.

        Without roles it is a member of nothing.
        """
        name = f"member{len(self._made)}{server.tag}"
        user = server.admin.create_user(server.home, name)
        if roles and of is None:
            server.admin.add_instance_member(user, *roles)
        elif roles and of is not None:
            server.admin.add_member(of, user, *roles)
        token = server.admin.create_token(server.home, user)
        return self.holder(server, server.wait_for_rights(token, of or server.home) if roles else token)

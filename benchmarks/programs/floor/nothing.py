"""A dynamic provider that calls nothing: what the engine and the SDK cost."""

from __future__ import annotations

from typing import Any, ClassVar

import pulumi
from pulumi.dynamic import CreateResult, DiffResult, ReadResult, Resource, ResourceProvider, UpdateResult

__all__ = ["NothingGrant", "NothingOrganization"]


class NothingProvider(ResourceProvider):
    """Keeps its inputs as outputs. It is pickled by reference, as cheap as a provider can be."""

    serialize_as_secret_always = False

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """Leave the comparison to the engine."""
        return DiffResult(changes=None)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """Return an id."""
        return CreateResult(str(props["number"]), props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """Return what the state has."""
        return ReadResult(id_, props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """Return the new inputs."""
        return UpdateResult(_news)


class NothingOrganization(Resource, module="bench", name="Organization"):
    """As many inputs as an organization has in a program."""

    _nothing: ClassVar[NothingProvider] = NothingProvider()

    def __init__(
        self, resource_name: str, *, number: int, name: str, active: bool, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(self._nothing, resource_name, {"number": number, "name": name, "active": active}, opts)


class NothingGrant(Resource, module="bench", name="Grant"):
    """As many inputs as a user grant has in a program."""

    _nothing: ClassVar[NothingProvider] = NothingProvider()

    def __init__(
        self,
        resource_name: str,
        *,
        number: int,
        org_id: str,
        user_id: str,
        project_id: str,
        role_keys: list[str],
        active: bool,
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        ids = {"org_id": org_id, "user_id": user_id, "project_id": project_id}
        super().__init__(
            self._nothing, resource_name, {"number": number, **ids, "role_keys": role_keys, "active": active}, opts
        )

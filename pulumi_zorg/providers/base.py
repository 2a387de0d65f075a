"""The provider classes' base: what Pulumi pickles and calls. It loads the implementation only in the host's process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from pulumi.dynamic import (
    CheckResult,
    ConfigureRequest,
    CreateResult,
    DiffResult,
    ReadResult,
    ResourceProvider,
    UpdateResult,
)

if TYPE_CHECKING:
    from pulumi_zorg.engine.checks import Checks
    from pulumi_zorg.engine.hooks import Hooks


class StatefulProvider(ResourceProvider):
    """Creates, changes, reads and deletes the objects of one type.

    An instance has no attributes, so that what Pulumi pickles into the state is its class's path and name. The
    program's process needs no more than that. :mod:`pulumi_zorg.engine.checks` and :mod:`pulumi_zorg.engine.hooks` have
    the implementation.
    """

    # Safe because an instance holds nothing that could be secret.
    serialize_as_secret_always = False

    #: The type token.
    token: ClassVar[str]

    def _checks(self) -> Checks:
        from pulumi_zorg.engine.checks import Checks

        return Checks(self.token)

    def _hooks(self) -> Hooks[Any]:
        from pulumi_zorg.engine.hooks import Hooks
        from pulumi_zorg.resource_types.registry import RESOURCE_TYPES

        return Hooks(RESOURCE_TYPES[self.token])

    def configure(self, req: ConfigureRequest) -> None:
        """See :meth:`Checks.configure`."""
        self._checks().configure(req)

    def check(self, _olds: dict[str, Any], news: dict[str, Any]) -> CheckResult:
        """See :meth:`Checks.check`."""
        return self._checks().check(_olds, news)

    def diff(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> DiffResult:
        """See :meth:`Checks.diff`."""
        return self._checks().diff(_id, _olds, _news)

    def create(self, props: dict[str, Any]) -> CreateResult:
        """See :meth:`Hooks.create`."""
        return self._hooks().create(props)

    def read(self, id_: str, props: dict[str, Any]) -> ReadResult:
        """See :meth:`Hooks.read`."""
        return self._hooks().read(id_, props)

    def update(self, _id: str, _olds: dict[str, Any], _news: dict[str, Any]) -> UpdateResult:
        """See :meth:`Hooks.update`."""
        return self._hooks().update(_id, _olds, _news)

    def delete(self, _id: str, _props: dict[str, Any]) -> None:
        """See :meth:`Hooks.delete`."""
        self._hooks().delete(_id, _props)

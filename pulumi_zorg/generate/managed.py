"""Pure: what the state of a stack has, for a program and an import file that add to it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from pulumi_zorg.engine.state import every_recorded, every_urn, not_understood
from pulumi_zorg.errors import ConfigurationError, InputError, clean
from pulumi_zorg.world.observed import Key, Observed
from pulumi_zorg.world.tokens import resource_name, short

_ROOT = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Managed:
    """The resources in a stack's state.

    :param resources: the URN of each resource of this package, by the key of its object.
    :param only_read: the objects that the stack reads (``get``) and does not manage.
    :param urns: the URNs of all resources.
    """

    stack: str
    resources: Mapping[Key, str] = field(default_factory=dict)
    only_read: frozenset[Key] = frozenset()
    urns: frozenset[str] = frozenset()

    @classmethod
    def of(cls, stack: str, exported: Mapping[str, Any]) -> Managed:
        """Return what an exported state has.

        :raises ConfigurationError: where the state cannot be read, or has a resource that this release does not understand: it
            may manage any object.
        """
        unknown = next(iter(not_understood(exported)), None)
        if unknown is not None:
            raise ConfigurationError(unknown.why)
        found = every_recorded(exported)
        managed = {each.key: each.urn for each in found if not each.external}
        only_read = {each.key: each.urn for each in found if each.key not in managed}
        return cls(stack, {**only_read, **managed}, frozenset(only_read), frozenset(every_urn(exported)))

    def names(self) -> dict[str, set[str]]:
        """Return the names of the resources, by their type tokens."""
        found: dict[str, set[str]] = defaultdict(set)
        for key, urn in self.resources.items():
            found[key.token].add(resource_name(urn))
        return found

    @cached_property
    def titles(self) -> Mapping[Key | None, str]:
        """The resources as text, by the type and the id of their objects."""
        return {
            Key(key.token, key.id): f"{short(key.token)} {clean(resource_name(urn))!r} of this stack"
            for key, urn in self.resources.items()
        }

    def refuse(self, observed: Observed, name: str, parent: str | None) -> None:
        """Refuse an import that the state does not allow.

        :param name: the resource's name.
        :param parent: the URN of its parent; None for the stack itself.
        :raises InputError: where the parent is not in the state, another resource has the name, or one manages the object.
        """
        what = f"{short(observed.token)} {clean(name)!r}"
        if parent is not None and parent not in self.urns:
            raise InputError(
                what, "--parent", f"must be the URN of a resource in stack {self.stack}: `pulumi stack --show-urns`"
            )
        managed_by = self.resources.get(observed.key)
        if managed_by is not None and observed.key not in self.only_read:
            raise InputError(
                what,
                "ID",
                f"is that of an object which stack {self.stack} has already, as {clean(managed_by, 1_000)}. Only one resource can "
                "manage it",
            )
        above = [] if parent is None else [_type_in(parent)]
        qualified = "$".join([*(each for each in above if each != _ROOT), observed.token])
        if any((_type_in(urn), resource_name(urn)) == (qualified, name) for urn in self.urns):
            raise InputError(what, "NAME", f"is taken: stack {self.stack} has a resource of that name and type")


def _type_in(urn: str) -> str:
    """Return the type in a URN, with those of its parents."""
    parts = urn.split("::", 3)
    return parts[2] if len(parts) == 4 else ""

"""What a manager administers, and the ids that follow from it. Pure: no I/O.

ZITADEL gives a manager no id of its own. Its id in the state has the level, and the ids of what it administers and of its user, like
``organization:ORG:USER``. So it is unique over all levels, and it is enough to find the manager.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.access.instance import Level

#: The properties that name what a manager administers, from the outermost to the innermost. Each needs those before it.
PARTS = ("org_id", "project_id", "project_grant_id")
_LEVELS = (Level.INSTANCE, Level.ORGANIZATION, Level.PROJECT, Level.PROJECT_GRANT)
#: What the roles of each level begin with. Those of project grants begin with that of projects too.
PREFIXES = {
    Level.INSTANCE: "IAM_",
    Level.ORGANIZATION: "ORG_",
    Level.PROJECT: "PROJECT_",
    Level.PROJECT_GRANT: "PROJECT_GRANT_",
}
#: The role of each level that has all its rights, of which the last holder is protected.
OWNERS = {Level.INSTANCE: "IAM_OWNER", Level.ORGANIZATION: "ORG_OWNER"}
SEPARATOR = ":"


def level_of_role(role: str) -> Level | None:
    """Return the level on which a role is given; None for one that begins like none."""
    fitting = (level for level in reversed(_LEVELS) if role.startswith(PREFIXES[level]))
    return next(fitting, None)


@dataclass(frozen=True)
class Place:
    """What a manager administers: the instance, an organization, a project or a project grant.

    :param org_id: the organization; of a project and a project grant, the one that owns the project. Empty for the instance.
    """

    org_id: str = ""
    project_id: str = ""
    project_grant_id: str = ""

    @classmethod
    def of(cls, properties: Mapping[str, Any]) -> Place:
        """Return what the properties of a manager name."""
        return cls(*(str(properties.get(name) or "") for name in PARTS))

    @property
    def ids(self) -> dict[str, str]:
        """The ids that it has, by property."""
        return {name: value for name, value in vars(self).items() if value}

    @property
    def level(self) -> Level:
        """The level, which follows from the ids."""
        return _LEVELS[len(self.ids)]

    def __str__(self) -> str:
        if self.level is Level.INSTANCE:
            return "the instance"
        return f"{self.level.value} {[*self.ids.values()][-1]}"

    def id_of(self, user_id: str) -> str:
        """Return the id of a user's right here as a manager."""
        return SEPARATOR.join((self.level.name.lower(), *self.ids.values(), user_id))


def ids_in(id: str) -> dict[str, str] | None:
    """Return the ids in the id of a manager, by property; None where it is none."""
    name, _, rest = id.partition(SEPARATOR)
    level = next((each for each in _LEVELS if each.name.lower() == name), None)
    if level is None:
        return None
    names = PARTS[: _LEVELS.index(level)]
    values = rest.split(SEPARATOR, len(names))
    if len(values) <= len(names) or not all(values):
        return None
    return dict(zip((*names, "user_id"), values, strict=True))

"""The objects whose removal removes others without an event of their own, as the types name them. Pure: no I/O."""

from __future__ import annotations

from pulumi_zorg.api.events import PROJECT_CHANGES, PROJECT_GRANT_CHANGES, USER_CHANGES
from pulumi_zorg.world.object_events import Parent

#: A user, whether a person or a service account.
USER = Parent(
    "user_id",
    "user",
    "user.removed",
    created=(
        "user.added",
        "user.selfregistered",
        "user.human.added",
        "user.human.selfregistered",
        "user.machine.added",
    ),
    log=USER_CHANGES,
)
PROJECT = Parent("project_id", "project", "project.removed", created=("project.added",), log=PROJECT_CHANGES)
PROJECT_GRANT = Parent(
    "project_grant_id",
    "project grant",
    "project.grant.removed",
    payload_id="grantId",
    aggregate="project_id",
    log=PROJECT_GRANT_CHANGES,
)

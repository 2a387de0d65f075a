"""The read model of members, and the projection of their events."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pulumi_zorg.emulator.eventstore.events import Event
from pulumi_zorg.emulator.eventstore.projections import ReadModel, on
from pulumi_zorg.emulator.members.aggregate import KINDS, Member

if TYPE_CHECKING:
    from pulumi_zorg.emulator.read_models import ReadModels


@dataclass
class MemberReadModel(Member, ReadModel):
    """A member of `object_id`, which is also its `id`.

    :param kind: `org`, `iam`, `project` or `project_grant`.
    """

    kind: str = field(kw_only=True)
    object_id: str = field(kw_only=True)
    user_id: str = field(kw_only=True)
    user_owner: str = field(kw_only=True)
    project_id: str = field(kw_only=True)
    granted_org: str = field(kw_only=True)


def _key(event: Event) -> tuple[str, str, str]:
    kind = KINDS[event.type.split(".member.")[0]]
    return kind, event.get("grantId") if kind == "project_grant" else event.aggregate_id, event.get("userId")


@on(*(f"{prefix}.member.added" for prefix in KINDS), updates="members")
def _added(read_models: ReadModels, event: Event) -> None:
    kind, object_id, user_id = _key(event)
    member = MemberReadModel.from_event(
        event,
        object_id,
        kind=kind,
        object_id=object_id,
        user_id=user_id,
        user_owner=read_models.owner_of.get(user_id, ""),
        project_id=event.aggregate_id if kind.startswith("project") else "",
        granted_org=read_models.granted_org_of.get((event.aggregate_id, object_id), ""),
    )
    member.transition(event)
    read_models.members.put((kind, object_id, user_id), member)


@on(*(f"{prefix}.member.changed" for prefix in KINDS), updates="members")
def _changed(read_models: ReadModels, event: Event) -> None:
    member = read_models.members.get(_key(event))
    if member is not None:
        member.transition(event)
        member.touch(event)


@on(*(f"{prefix}.member{cascade}.removed" for prefix in KINDS for cascade in ("", ".cascade")), updates="members")
def _removed(read_models: ReadModels, event: Event) -> None:
    read_models.members.delete(_key(event))

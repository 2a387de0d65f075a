"""Which ZITADEL the emulator is like: the differences between the recorded servers, each named once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Like = Literal["2026-07", "2025-12", "seeds"]


@dataclass(frozen=True)
class Likeness:
    """What differs between the servers that were recorded or described."""

    #: The v2 REST calls and AuthorizationService exist at all.
    v2: bool = True
    #: v2 (and v2beta) can rename, deactivate, activate and delete an organization.
    v2_organization_writes: bool = True
    #: `organizationId` in the body of `POST /v2/organizations` is the new id, not only `orgId`.
    v2_organization_id: bool = True
    #: Status, error and description of a refused assertion of the JWT profile.
    refused_assertion: tuple[int, str, str] = (400, "invalid_grant", "invalid assertion")
    #: Deactivating an inactive user grant (or reactivating an active one) is an error instead of a no-op.
    strict_user_grant_state: bool = False
    #: Cascades on other aggregates count for `details.sequence` of changes to roles and project grants.
    details_follow_cascades: bool = True
    #: v1 reads a project, or a project grant, by id only for the organizations that it belongs to.
    project_reads_by_organization: bool = True
    #: The discovery document tells of back-channel logout, and of Arabic.
    back_channel_logout: bool = True
    #: Messages that differ from the catalogue.
    texts: dict[str, str] = field(default_factory=dict)
    #: Names of event types that differ from the catalogue.
    event_names: dict[str, str] = field(default_factory=dict)


_OLD_TEXTS = {
    "Errors.Project.Grant.AlreadyExists": "Project grant already exists",
    "Errors.Project.Grant.Invalid": "Project grant is invalid",
    "Errors.Project.Grant.NotFound": "Grant not found",
}
_OLD_EVENT_NAMES = {"org.domain.primary.set": "Primary domain set"}
_OLD_REFUSAL = (500, "server_error", "Errors.Internal")

LIKENESSES: dict[str, Likeness] = {
    "2026-07": Likeness(),
    "2025-12": Likeness(
        v2_organization_writes=False,
        v2_organization_id=False,
        refused_assertion=_OLD_REFUSAL,
        details_follow_cascades=False,
        project_reads_by_organization=False,
        back_channel_logout=False,
        texts=_OLD_TEXTS,
        event_names=_OLD_EVENT_NAMES,
    ),
    "seeds": Likeness(
        v2=False,
        v2_organization_writes=False,
        v2_organization_id=False,
        refused_assertion=_OLD_REFUSAL,
        strict_user_grant_state=True,
        details_follow_cascades=False,
        project_reads_by_organization=False,
        back_channel_logout=False,
        texts=_OLD_TEXTS,
        event_names=_OLD_EVENT_NAMES,
    ),
}

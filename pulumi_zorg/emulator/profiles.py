"""Server profiles: the differences between the ZITADEL servers that the emulator can be like."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

ProfileName = Literal["2026-07", "2025-12", "seeds"]


@dataclass(frozen=True, eq=False)
class ServerProfile:
    """What differs between the servers that were recorded or described. The defaults are those of the newest one.

    Each profile is one object and equals only itself, so that it can be the key of a cache.
    """

    #: The v2 REST endpoints and AuthorizationService exist.
    v2: bool = True
    #: v2 (and v2beta) can rename, deactivate, activate and delete an organization. v2 has its metadata.
    v2_organization_writes: bool = True
    #: `POST /v2/organizations` takes the new id from `organizationId`, not only from `orgId`.
    v2_organization_id: bool = True
    #: What is created with the id of something that exists, or was removed, belongs to the organization that the call names. Else it
    #: belongs to the organization that had the id first. Only the newest server was tried; ZITADEL's source has the older behaviour.
    new_owner_of_id: bool = True
    #: Status, error and description of the answer to an assertion of the JWT profile that is not valid.
    refused_assertion: tuple[int, str, str] = (400, "invalid_grant", "invalid assertion")
    #: Deactivating an inactive user grant, or reactivating an active one, is an error instead of a no-op.
    strict_user_grant_state: bool = False
    #: Cascades on other aggregates count for `details.sequence` of changes to roles and project grants.
    details_follow_cascades: bool = True
    #: A role that follows a removed one in a user grant stays, where one call takes several roles out of a project grant.
    cascades_skip_roles: bool = False
    #: The version that `GET /admin/v1/instances/me` shows.
    version: str = "v4.15.0"
    #: v1 reads a project, or a project grant, by id only for the organizations that it belongs to.
    project_reads_by_organization: bool = True
    #: Error id of a change of a member of an organization to an unknown role.
    unknown_org_role: str = "INST-m9fG8"
    #: ListAdministrators takes the filter `role`.
    administrators_by_role: bool = True
    #: Setting several entries of an organization's metadata writes an event for a value that is set already.
    sets_unchanged_metadata: bool = False
    #: `PATCH /v2/users/{id}` changes the access token type of a service account.
    patches_token_type: bool = True
    #: SCIM stores metadata that has not changed again.
    scim_repeats_metadata: bool = False
    #: What the link in a message about an email address has in its query.
    email_code_query: str = "code={{.Code}}&organization={{.OrgID}}&userId={{.UserID}}"
    #: The discovery document has back-channel logout, and Arabic.
    back_channel_logout: bool = True
    #: Texts of messages that differ from `errors.TEXTS`.
    texts: dict[str, str] = field(default_factory=dict)
    #: Names of event types that differ from `events.names.EVENTS`.
    event_names: dict[str, str] = field(default_factory=dict)


_OLD_TEXTS = {
    "Errors.Project.Grant.AlreadyExists": "Project grant already exists",
    "Errors.Project.Grant.Invalid": "Project grant is invalid",
    "Errors.Project.Grant.NotFound": "Grant not found",
}
_OLD_EVENT_NAMES = {"org.domain.primary.set": "Primary domain set"}
_OLD_EMAIL_CODE_QUERY = "code={{.Code}}&userId={{.UserID}}&organization={{.OrgID}}"
_OLD_REFUSAL = (500, "server_error", "Errors.Internal")

PROFILES: dict[str, ServerProfile] = {
    "2026-07": ServerProfile(),
    "2025-12": ServerProfile(
        v2_organization_writes=False,
        v2_organization_id=False,
        new_owner_of_id=False,
        refused_assertion=_OLD_REFUSAL,
        details_follow_cascades=False,
        cascades_skip_roles=True,
        version="v4.7.0",
        project_reads_by_organization=False,
        unknown_org_role="IAM-m9fG8",
        administrators_by_role=False,
        sets_unchanged_metadata=True,
        patches_token_type=False,
        scim_repeats_metadata=True,
        email_code_query=_OLD_EMAIL_CODE_QUERY,
        back_channel_logout=False,
        texts=_OLD_TEXTS,
        event_names=_OLD_EVENT_NAMES,
    ),
    "seeds": ServerProfile(
        v2=False,
        v2_organization_writes=False,
        v2_organization_id=False,
        new_owner_of_id=False,
        refused_assertion=_OLD_REFUSAL,
        strict_user_grant_state=True,
        details_follow_cascades=False,
        cascades_skip_roles=True,
        version="",
        project_reads_by_organization=False,
        unknown_org_role="IAM-m9fG8",
        administrators_by_role=False,
        sets_unchanged_metadata=True,
        patches_token_type=False,
        scim_repeats_metadata=True,
        email_code_query=_OLD_EMAIL_CODE_QUERY,
        back_channel_logout=False,
        texts=_OLD_TEXTS,
        event_names=_OLD_EVENT_NAMES,
    ),
}

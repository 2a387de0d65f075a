"""ZITADEL's organizations, projects, project grants and user grants for Pulumi, with the flag ``active``.

::

    import pulumi_zorg as zorg

    acme = zorg.Organization("acme", name="Acme", active=True)
    zorg.UserGrant("ann", org_id=acme.id, user_id="…", project_id="…", role_keys=["viewer"])
"""

from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    CredentialError,
    FailedPrecondition,
    Gone,
    HeaderIgnored,
    InputError,
    InvalidArgument,
    LockoutRefused,
    NameTaken,
    NeverThere,
    NoAnswer,
    NotFound,
    NotProven,
    PermissionDenied,
    Unauthenticated,
    UnexpectedAnswer,
    Unreachable,
    ZorgError,
)
from pulumi_zorg.resource_types.organization.resource import Organization, OrganizationArgs
from pulumi_zorg.resource_types.project.resource import Project, ProjectArgs, ProjectRole
from pulumi_zorg.resource_types.project_grant.resource import ProjectGrant, ProjectGrantArgs
from pulumi_zorg.resource_types.user_grant.resource import UserGrant, UserGrantArgs

__all__ = [
    "AlreadyExists",
    "ApiError",
    "ConfigurationError",
    "CredentialError",
    "FailedPrecondition",
    "Gone",
    "HeaderIgnored",
    "InputError",
    "InvalidArgument",
    "LockoutRefused",
    "NameTaken",
    "NeverThere",
    "NoAnswer",
    "NotFound",
    "NotProven",
    "Organization",
    "OrganizationArgs",
    "PermissionDenied",
    "Project",
    "ProjectArgs",
    "ProjectGrant",
    "ProjectGrantArgs",
    "ProjectRole",
    "Unauthenticated",
    "UnexpectedAnswer",
    "Unreachable",
    "UserGrant",
    "UserGrantArgs",
    "ZorgError",
]

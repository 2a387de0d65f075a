"""ZITADEL's organizations, projects, project grants and user grants for Pulumi, with the flag ``active``.

::

    import pulumi_zorg as zorg

    acme = zorg.Organization("acme", name="Acme", active=True)
    zorg.UserGrant("ann", org_id=acme.id, user_id="…", project_id="…", role_keys=["viewer"])
"""

from pulumi_zorg.access.report import AccessGrant, AccessRow
from pulumi_zorg.errors import (
    AlreadyExists,
    ApiError,
    ConfigurationError,
    CredentialError,
    EventConflict,
    FailedPrecondition,
    Gone,
    HeaderIgnored,
    InputError,
    InvalidArgument,
    LockoutRefused,
    LookupFailed,
    NameTaken,
    NeverThere,
    NoAnswer,
    NoMatch,
    NotFound,
    NotProven,
    PermissionDenied,
    RolesRemain,
    SeveralMatches,
    Unauthenticated,
    UnexpectedAnswer,
    Unreachable,
    UntrustedMatch,
    ZorgError,
)
from pulumi_zorg.resource_types.access_lookup import get_access, get_access_output
from pulumi_zorg.resource_types.manager.lookup import ManagerResult, get_managers, get_managers_output
from pulumi_zorg.resource_types.manager.resource import Manager, ManagerArgs
from pulumi_zorg.resource_types.organization.lookup import (
    OrganizationResult,
    get_organization,
    get_organization_output,
    get_organizations,
    get_organizations_output,
)
from pulumi_zorg.resource_types.organization.resource import Organization, OrganizationArgs
from pulumi_zorg.resource_types.project.lookup import (
    ProjectResult,
    ProjectRoleResult,
    get_project,
    get_project_output,
    get_project_roles,
    get_project_roles_output,
)
from pulumi_zorg.resource_types.project.resource import Project, ProjectArgs, ProjectRole
from pulumi_zorg.resource_types.project_grant.lookup import (
    ProjectGrantResult,
    get_project_grant,
    get_project_grant_output,
)
from pulumi_zorg.resource_types.project_grant.resource import ProjectGrant, ProjectGrantArgs
from pulumi_zorg.resource_types.user_grant.lookup import UserGrantResult, get_user_grants, get_user_grants_output
from pulumi_zorg.resource_types.user_grant.resource import UserGrant, UserGrantArgs
from pulumi_zorg.resource_types.user_lookup import UserResult, get_user, get_user_output, get_users, get_users_output

__all__ = [
    "AccessGrant",
    "AccessRow",
    "AlreadyExists",
    "ApiError",
    "ConfigurationError",
    "CredentialError",
    "EventConflict",
    "FailedPrecondition",
    "Gone",
    "HeaderIgnored",
    "InputError",
    "InvalidArgument",
    "LockoutRefused",
    "LookupFailed",
    "Manager",
    "ManagerArgs",
    "ManagerResult",
    "NameTaken",
    "NeverThere",
    "NoAnswer",
    "NoMatch",
    "NotFound",
    "NotProven",
    "Organization",
    "OrganizationArgs",
    "OrganizationResult",
    "PermissionDenied",
    "Project",
    "ProjectArgs",
    "ProjectGrant",
    "ProjectGrantArgs",
    "ProjectGrantResult",
    "ProjectResult",
    "ProjectRole",
    "ProjectRoleResult",
    "RolesRemain",
    "SeveralMatches",
    "Unauthenticated",
    "UnexpectedAnswer",
    "Unreachable",
    "UntrustedMatch",
    "UserGrant",
    "UserGrantArgs",
    "UserGrantResult",
    "UserResult",
    "ZorgError",
    "get_access",
    "get_access_output",
    "get_managers",
    "get_managers_output",
    "get_organization",
    "get_organization_output",
    "get_organizations",
    "get_organizations_output",
    "get_project",
    "get_project_grant",
    "get_project_grant_output",
    "get_project_output",
    "get_project_roles",
    "get_project_roles_output",
    "get_user",
    "get_user_grants",
    "get_user_grants_output",
    "get_user_output",
    "get_users",
    "get_users_output",
]

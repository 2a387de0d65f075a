"""What each of ZITADEL's manager roles may do. The order matters: the API lists permissions in it."""

from __future__ import annotations

#: role -> lines of `group: permission permission …`, where `org: read member.read` is `org.read org.member.read`.
_ROLES: dict[str, str] = {
    "IAM_OWNER": """
        iam: read write policy.read policy.write policy.delete member.read member.write member.delete idp.read
        iam: idp.write idp.delete action.read action.write action.delete flow.read flow.write flow.delete
        iam: feature.read feature.write feature.delete restrictions.read restrictions.write web_key.write
        iam: web_key.delete web_key.read debug.write debug.read
        org: read global.read create write delete member.read member.write member.delete idp.read idp.write
        org: idp.delete action.read action.write action.delete flow.read flow.write flow.delete feature.read
        org: feature.write feature.delete
        user: read global.read write delete grant.read grant.write grant.delete membership.read credential.write
        user: passkey.write feature.read feature.write feature.delete
        policy: read write delete
        project: read create write delete member.read member.write member.delete role.read role.write role.delete
        project: app.read app.write app.delete grant.read grant.write grant.delete grant.member.read
        project: grant.member.write grant.member.delete
        events: read
        milestones: read
        session: read write delete
        action: target.read target.write target.delete execution.read execution.write
        userschema: read write delete
        group: create write read delete user.write user.read user.delete
    """,
    "IAM_OWNER_VIEWER": """
        iam: read policy.read member.read idp.read action.read flow.read restrictions.read feature.read
        iam: web_key.read debug.read
        org: read member.read idp.read action.read flow.read feature.read
        user: read global.read grant.read membership.read feature.read
        policy: read
        project: read member.read role.read app.read grant.read grant.member.read
        events: read
        milestones: read
        action: target.read execution.read
        userschema: read
        session: read
        group: read user.read
    """,
    "IAM_ORG_MANAGER": """
        org: read global.read create write delete member.read member.write member.delete idp.read idp.write
        org: idp.delete action.read action.write action.delete flow.read flow.write flow.delete feature.read
        org: feature.write feature.delete
        user: read global.read write delete grant.read grant.write grant.delete membership.read credential.write
        user: passkey.write feature.read feature.write feature.delete
        policy: read write delete
        project: read create write delete member.read member.write member.delete role.read role.write role.delete
        project: app.read app.write app.delete grant.read grant.write grant.delete grant.member.read
        project: grant.member.write grant.member.delete
        session: read delete
        group: create write read delete user.write user.read user.delete
    """,
    "IAM_USER_MANAGER": """
        org: read global.read member.read member.delete
        user: read global.read write delete grant.read grant.write grant.delete membership.read passkey.write
        user: feature.read feature.write feature.delete
        project: read member.read role.read app.read grant.read grant.write grant.delete grant.member.read
        session: read delete
        group: read user.read
    """,
    "IAM_ADMIN_IMPERSONATOR": """
        admin: impersonation
        impersonation: *
    """,
    "IAM_END_USER_IMPERSONATOR": """
        impersonation: *
    """,
    "ORG_OWNER": """
        org: read global.read write delete member.read member.write member.delete idp.read idp.write idp.delete
        org: action.read action.write action.delete flow.read flow.write flow.delete feature.read feature.write
        org: feature.delete
        user: read global.read write delete grant.read grant.write grant.delete membership.read credential.write
        user: passkey.write feature.read feature.write feature.delete
        policy: read write delete
        project: read create write delete member.read member.write member.delete role.read role.write role.delete
        project: app.read app.write grant.read grant.write grant.delete grant.member.read grant.member.write
        project: grant.member.delete
        session: read delete
        group: create write read delete user.write user.read user.delete
    """,
    "IAM_LOGIN_CLIENT": """
        iam: read policy.read member.read member.write idp.read feature.read restrictions.read
        org: read member.read member.write idp.read feature.read
        user: read write grant.read grant.write membership.read credential.write passkey.write feature.read
        policy: read
        project: read member.read member.write role.read app.read member.read member.write grant.read
        project: grant.member.read grant.member.write
        session: read write link delete
        userschema: read
        group: read user.read
    """,
    "ORG_USER_MANAGER": """
        org: read
        user: read global.read write delete grant.read grant.write grant.delete membership.read feature.read
        user: feature.write feature.delete
        policy: read
        project: read role.read
        session: read delete
        group: read user.read
    """,
    "ORG_OWNER_VIEWER": """
        org: read member.read idp.read action.read flow.read feature.read
        user: read global.read grant.read membership.read feature.read
        policy: read
        project: read member.read role.read app.read grant.read grant.member.read grant.user.grant.read
        group: read user.read
    """,
    "ORG_SETTINGS_MANAGER": """
        org: read write member.read idp.read idp.write idp.delete feature.read feature.write feature.delete
        policy: read write delete
    """,
    "ORG_USER_PERMISSION_EDITOR": """
        org: read member.read
        user: read global.read grant.read grant.write grant.delete
        policy: read
        project: read member.read role.read app.read grant.read grant.member.read
        group: read user.read
    """,
    "ORG_PROJECT_PERMISSION_EDITOR": """
        org: read member.read
        user: read global.read grant.read grant.write grant.delete
        policy: read
        project: read member.read role.read app.read grant.read grant.write grant.delete grant.member.read
    """,
    "ORG_PROJECT_CREATOR": """
        user: global.read
        policy: read
        project: read:self create
    """,
    "ORG_ADMIN_IMPERSONATOR": """
        admin: impersonation
        impersonation: *
    """,
    "ORG_END_USER_IMPERSONATOR": """
        impersonation: *
    """,
    "PROJECT_OWNER": """
        org: global.read
        policy: read
        project: read write delete member.read member.write member.delete role.read role.write role.delete
        project: app.read app.write app.delete grant.read grant.write grant.delete grant.member.read
        project: grant.member.write grant.member.delete
        user: read global.read grant.read grant.write grant.delete membership.read
    """,
    "PROJECT_OWNER_VIEWER": """
        policy: read
        project: read member.read role.read app.read grant.read grant.member.read
        user: read global.read grant.read membership.read
    """,
    "SELF_MANAGEMENT_GLOBAL": """
        org: create
        policy: read
        user: self.delete
    """,
    "ORG_USER_SELF_MANAGER": """
        policy: read
        user: self.delete
    """,
    "PROJECT_OWNER_GLOBAL": """
        org: global.read
        policy: read
        project: read write delete member.read member.write member.delete role.read role.write role.delete
        project: app.read app.write app.delete
        user: global.read grant.read grant.write grant.delete membership.read
    """,
    "PROJECT_OWNER_VIEWER_GLOBAL": """
        policy: read
        project: read member.read role.read app.read grant.read grant.member.read
        user: global.read grant.read membership.read
    """,
    "PROJECT_GRANT_OWNER": """
        policy: read
        org: global.read
        project: read grant.read grant.member.read grant.member.write grant.member.delete
        user: read global.read grant.read grant.write grant.delete membership.read
    """,
    "PROJECT_GRANT_OWNER_VIEWER": """
        policy: read
        project: read grant.read grant.member.read
        user: read global.read grant.read membership.read
    """,
}


def _permissions(lines: str) -> tuple[str, ...]:
    found = []
    for line in lines.strip().splitlines():
        group, names = line.strip().split(": ")
        found += [group if name == "*" else f"{group}.{name}" for name in names.split()]
    return tuple(found)


#: role -> the permissions it gives, in ZITADEL's order.
PERMISSIONS: dict[str, tuple[str, ...]] = {role: _permissions(lines) for role, lines in _ROLES.items()}


def unknown_roles(roles: list[str], prefix: str) -> list[str]:
    """Those of the roles that do not exist or are not of that kind."""
    return [role for role in roles if not role.startswith(prefix) or role not in PERMISSIONS]

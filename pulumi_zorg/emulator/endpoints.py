"""The modules with endpoints. Importing this module fills `http.routing.ROUTES`.

A new module with endpoints is added here.
"""

from __future__ import annotations

from importlib import import_module

MODULES = (
    "applications.api_v1",
    "auth_requests.api_v2",
    "credentials.api_v1",
    "credentials.api_v2",
    "events.api_v1",
    "members.api_v1",
    "members.api_v2",
    "members.memberships_api_v1",
    "metadata.api_v1",
    "metadata.api_v2",
    "organizations.api_v1",
    "organizations.api_v2",
    "project_grants.api_v1",
    "project_grants.api_v2",
    "project_roles.api_v1",
    "project_roles.api_v2",
    "projects.api_v1",
    "projects.api_v2",
    "scim.api",
    "sessions.api_v2",
    "user_grants.api_v1",
    "user_grants.api_v2",
    "users.api_v1",
    "users.api_v1_changes",
    "users.api_v2",
    "users.api_v2_changes",
)

for _module in MODULES:
    import_module(f"pulumi_zorg.emulator.{_module}")

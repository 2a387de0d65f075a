"""The inputs of a project."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, StrictBool

from pulumi_zorg.inputs import LONGEST, Id, Inputs, Name, wrong

__all__ = ["LABELING", "ProjectInputs"]

_PREFIX = "PRIVATE_LABELING_SETTING_"
#: Whose branding the login pages show.
LABELING = (
    f"{_PREFIX}UNSPECIFIED",
    f"{_PREFIX}ENFORCE_PROJECT_RESOURCE_OWNER_POLICY",
    f"{_PREFIX}ALLOW_LOGIN_USER_RESOURCE_OWNER_POLICY",
)


def _roles(value: Any) -> Any:
    """Return the roles in the state's form: a display name and a group for each key."""
    if not isinstance(value, Mapping):
        raise wrong('must map role keys to display names, like {"viewer": "Viewer"}')
    return {_role_key(key): _role(str(key), role) for key, role in sorted(value.items(), key=lambda item: str(item[0]))}


def _role_key(key: Any) -> str:
    if not isinstance(key, str) or not key.strip() or len(key) > LONGEST:
        raise wrong(f"has a role key that is empty or longer than {LONGEST} characters")
    if key in (".", ".."):
        raise wrong(f"has the role key {key!r}, which a path cannot have: ZITADEL could not change or remove that role")
    if not (key.isascii() and key.isprintable()):
        raise wrong(
            f"has the role key {key!r}, which is not printable ASCII: ZITADEL could not change or remove that role by its API"
        )
    return key


def _role(key: str, role: Any) -> dict[str, str]:
    given = {"display_name": role} if isinstance(role, str) else role
    if not isinstance(given, Mapping) or not given.keys() <= {"display_name", "group"}:
        raise wrong(f'must give role {key!r} a display name, or {{"display_name": …, "group": …}}')
    name, group = given.get("display_name"), given.get("group") or ""
    if not isinstance(name, str) or not name.strip() or len(name) > LONGEST:
        raise wrong(f"must give role {key!r} a display_name of 1 to {LONGEST} characters")
    if not isinstance(group, str) or len(group) > LONGEST:
        raise wrong(f"must give role {key!r} a group of at most {LONGEST} characters")
    return {"display_name": name, "group": group}


def _labeling(value: str) -> str:
    if value not in LABELING:
        raise wrong(f"must be one of {', '.join(LABELING)}")
    return value


class ProjectInputs(Inputs):
    """The inputs of a project."""

    replaces: ClassVar[tuple[str, ...]] = ("org_id",)

    org_id: Id
    name: Name
    roles: Annotated[dict[str, dict[str, str]], BeforeValidator(_roles)] | None = None
    project_role_assertion: StrictBool = False
    project_role_check: StrictBool = False
    has_project_check: StrictBool = False
    private_labeling_setting: Annotated[str, AfterValidator(_labeling)] = LABELING[0]

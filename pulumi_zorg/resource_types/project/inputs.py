"""The inputs of a project."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from pulumi_zorg.resource_types import inputs
from pulumi_zorg.resource_types.inputs import Offer, SwitchableInputs, WrongValue

#: The settings, and the names that the API has for them.
SETTINGS = {
    "project_role_assertion": "projectRoleAssertion",
    "project_role_check": "projectRoleCheck",
    "has_project_check": "hasProjectCheck",
    "private_labeling_setting": "privateLabelingSetting",
}
#: Whose branding the login pages show.
Labeling = Literal[
    "PRIVATE_LABELING_SETTING_UNSPECIFIED",
    "PRIVATE_LABELING_SETTING_ENFORCE_PROJECT_RESOURCE_OWNER_POLICY",
    "PRIVATE_LABELING_SETTING_ALLOW_LOGIN_USER_RESOURCE_OWNER_POLICY",
]
LABELING: tuple[str, ...] = get_args(Labeling)


def _roles(value: Any) -> dict[str, dict[str, str]]:
    """Return the roles in the state's form: a display name and a group for each key."""
    if not isinstance(value, Mapping):
        raise WrongValue(
            f'must be a dictionary of role keys and display names, like {{"viewer": "Viewer"}}, not {inputs.kind_of(value)}'
        )
    roles = {
        _role_key(key): _role(str(key), role) for key, role in sorted(value.items(), key=lambda item: str(item[0]))
    }
    by_letters: dict[str, str] = {}
    for key in roles:
        other = by_letters.setdefault(key.lower(), key)
        if other != key:
            raise WrongValue(
                f"has the role keys {other!r} and {key!r}, which differ only in upper and lower case: ZITADEL takes them for one"
            )
    return roles


def _role_key(given: Any) -> str:
    key = inputs.role_key(given)
    if len(key) > inputs.LONGEST:
        raise WrongValue(f"has a role key of {len(key)} characters: it must have at most {inputs.LONGEST}")
    if key == inputs.SIGNATURE:
        raise WrongValue(
            f"has the role key {key!r}, which is a mark of Pulumi: the engine cannot keep a dictionary with it"
        )
    if not key.isprintable():
        raise WrongValue(f"has the role key {key!r}, which has a character that cannot be printed")
    return key


def _role(key: str, role: Any) -> dict[str, str]:
    given = {"display_name": role} if isinstance(role, str) else role
    form = 'a display name, or {"display_name": …, "group": …}'
    if not isinstance(given, Mapping):
        raise WrongValue(f"must give role {key!r} {form}, not {inputs.kind_of(given)}")
    unknown = sorted(map(str, given.keys() - {"display_name", "group"}))
    if unknown:
        raise WrongValue(f"must give role {key!r} {form}: a role has no {unknown[0]!r}")
    name, group = given.get("display_name"), given.get("group") or ""
    if not isinstance(name, str) or not name.strip() or len(name) > inputs.LONGEST:
        raise WrongValue(f"must give role {key!r} a display_name of 1 to {inputs.LONGEST} characters")
    if not isinstance(group, str) or len(group) > inputs.LONGEST:
        raise WrongValue(f"must give role {key!r} a group of at most {inputs.LONGEST} characters")
    return {"display_name": name, "group": group}


@dataclass(frozen=True, kw_only=True)
class ProjectInputs(SwitchableInputs):
    """The inputs of a project."""

    noun: ClassVar[str] = "project"
    limit_suffix: ClassVar[str] = "-projects"
    replaces: ClassVar[tuple[str, ...]] = ("org_id",)
    unique_by: ClassVar[tuple[str, ...]] = ("org_id", "name")
    id_space: ClassVar[str] = "project"
    left_as_is: ClassVar[Mapping[str, Any]] = {
        **dict.fromkeys(SETTINGS, False),
        "private_labeling_setting": LABELING[0],
    }

    org_id: str = field(metadata=inputs.ID)
    name: str = field(metadata=inputs.NAME)
    custom_id: str | None = field(default=None, metadata=inputs.CUSTOM_ID)
    roles: dict[str, dict[str, str]] | None = field(
        default=None, metadata={**inputs.checked_by(_roles), **inputs.DECISIVE}
    )
    project_role_assertion: bool | None = field(default=None, metadata={**inputs.FLAG, **inputs.DECISIVE})
    project_role_check: bool | None = field(default=None, metadata={**inputs.FLAG, **inputs.DECISIVE})
    has_project_check: bool | None = field(default=None, metadata={**inputs.FLAG, **inputs.DECISIVE})
    private_labeling_setting: str | None = field(default=None, metadata=inputs.one_of(*LABELING))

    @classmethod
    def offered_roles(cls, properties: Mapping[str, Any]) -> Offer | None:
        roles, name = properties.get("roles"), properties.get("name")
        if not isinstance(roles, Mapping):
            return None
        return Offer("project_id", name if isinstance(name, str) else "the project", frozenset(map(str, roles)))


INPUTS = ProjectInputs

"""The inputs of a machine user."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from pulumi_zorg.resource_types.inputs import (
    CUSTOM_ID,
    ID,
    NAME,
    SwitchableInputs,
    WrongValue,
    checked_by,
    kind_of,
    one_of,
)

#: The kinds of access tokens that a machine user gets.
AccessTokenType = Literal["ACCESS_TOKEN_TYPE_BEARER", "ACCESS_TOKEN_TYPE_JWT"]
_LONGEST_DESCRIPTION = 500  # characters, ZITADEL's own limit


def _description(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValue(f"must be a string, not {kind_of(value)}")
    if len(value) > _LONGEST_DESCRIPTION:
        raise WrongValue(f"must have at most {_LONGEST_DESCRIPTION} characters, not {len(value)}")
    return value


@dataclass(frozen=True, kw_only=True)
class MachineUserInputs(SwitchableInputs):
    """The inputs of a machine user."""

    noun: ClassVar[str] = "machine user"
    limit_suffix: ClassVar[str] = "-machine-users"
    replaces: ClassVar[tuple[str, ...]] = ("org_id",)
    unique_by: ClassVar[tuple[str, ...]] = ("org_id", "user_name")
    id_space: ClassVar[str] = "user"

    org_id: str = field(metadata=ID)
    user_name: str = field(metadata=NAME)
    custom_id: str | None = field(default=None, metadata=CUSTOM_ID)
    name: str = field(metadata=NAME)
    description: str | None = field(default=None, metadata=checked_by(_description))
    access_token_type: str | None = field(default=None, metadata=one_of(*get_args(AccessTokenType)))


INPUTS = MachineUserInputs

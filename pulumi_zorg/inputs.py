"""What the inputs of all resources have in common. Each type has a pydantic model of its own inputs.

They are checked in the constructor, as far as they are known there, and again in the provider. The form in which a model
dumps itself is the form of the inputs in the state. An input that is added later must be left out of it where it has its
default, or every old state would show a change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any, ClassVar, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StrictBool,
    StrictStr,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import PydanticCustomError

from pulumi_zorg.lifecycle import DeletionPolicy

__all__ = [
    "LONGEST",
    "OWNER",
    "PREVIEW",
    "SECRETS",
    "UNDER",
    "Id",
    "Inputs",
    "Name",
    "Problem",
    "RoleKeys",
    "check_inputs",
    "wrong",
    "wrong_id",
]

# Internal inputs, from a resource to the provider. `check` takes them out, so they never get into the state. Names that begin
# with two underscores are the engine's way to say "internal".

#: Which resource this is, as ``organization/project/stack/type/name``.
OWNER = "__owner"
#: Separates the resource's name from its parent's URN in :data:`OWNER`.
UNDER = " under "
#: Present in a preview.
PREVIEW = "__preview"
#: Which properties are secret. The host passes their values in plain text.
SECRETS = "__secrets"

#: The longest name, id and role key.
LONGEST = 200  # characters, ZITADEL's own limit for names and ids


def wrong(reason: str) -> PydanticCustomError:
    """Return the error of a validator.

    :param reason: what is wrong with the value, as the end of a sentence: "must not be empty".
    """
    return PydanticCustomError("zorg", "{reason}", {"reason": reason})


def _name(value: str) -> str:
    if not value.strip():
        raise wrong("must not be blank: give a name")
    if len(value) > LONGEST:
        raise wrong(f"must have at most {LONGEST} characters, not {len(value)}")
    if value != value.strip():
        raise wrong(
            "must not begin or end with white space: ZITADEL cuts it off some names, and the stack would never be in sync"
        )
    return value


def _id(value: str) -> str:
    if not value:
        raise wrong("must not be empty: give the id of an existing object, or the output of another resource")
    if len(value) > LONGEST:
        raise wrong(f"must have at most {LONGEST} characters, not {len(value)}")
    if value in (".", "..") or any(
        c.isspace() or not c.isprintable() or not c.isascii() or c in "/\\?#" for c in value
    ):
        raise wrong("is no id of ZITADEL: it must have no white space and none of / \\ ? #")
    return value


def _role_keys(values: tuple[str, ...]) -> tuple[str, ...]:
    for value in values:
        if not value.strip():
            raise wrong("must not hold an empty role key")
    return tuple(sorted(set(values)))


def _sequence(value: Any) -> Any:
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise wrong('must be a list of strings, like ["viewer"]')
    return tuple(value)


def _policy(value: Any) -> Any:
    if isinstance(value, DeletionPolicy):
        return value.value
    if value not in [policy.value for policy in DeletionPolicy]:
        raise wrong('must be "remove", "deactivate" or "retain"')
    return value


Name = Annotated[StrictStr, AfterValidator(_name)]
Id = Annotated[StrictStr, AfterValidator(_id)]
RoleKeys = Annotated[tuple[StrictStr, ...], BeforeValidator(_sequence), AfterValidator(_role_keys)]
Policy = Annotated[str, BeforeValidator(_policy)]


class Inputs(BaseModel):
    """The inputs that all resources have."""

    # Built when it is first used: a program that only imports the package does not wait for it.
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    #: The inputs that cannot change in place: another value replaces the object.
    replaces: ClassVar[tuple[str, ...]] = ()

    active: StrictBool = True
    adopt: StrictBool = False
    deletion_policy: Policy = DeletionPolicy.REMOVE.value

    def dump(self) -> dict[str, Any]:
        """Return the inputs in the state's form."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in self if value is not None}


def wrong_id(value: Any) -> str | None:
    """Return what is wrong with an id; None where nothing is."""
    try:
        _id_adapter().validate_python(value)
    except ValidationError as error:
        return _reason(error)
    return None


@cache
def _id_adapter() -> TypeAdapter[str]:
    return TypeAdapter(Id)


@dataclass(frozen=True)
class Problem:
    """What is wrong with one property."""

    property: str
    reason: str


AnyInputs = TypeVar("AnyInputs", bound=Inputs)


def check_inputs(
    model: type[AnyInputs], given: Mapping[str, Any], is_unknown: Any = lambda value: False
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the inputs in the state's form, and what is wrong with them.

    :param given: the values by property. None counts as not given; other properties than the model's are left out.
    :param is_unknown: whether a value will be known later, as an output of another resource. It is kept as it is.
    """
    known: dict[str, Any] = {}
    later: dict[str, Any] = {}
    for name in model.model_fields:
        value = given.get(name)
        if value is None:
            continue
        if _any_unknown(value, is_unknown):
            later[name] = value
        else:
            known[name] = value
    checked: dict[str, Any] = {}
    problems: list[Problem] = []
    for name, field in model.model_fields.items():
        if name in later:
            checked[name] = later[name]
        elif name in known:
            try:
                value = _adapter(model, name).validate_python(known[name])
            except ValidationError as error:
                problems.append(Problem(property=name, reason=_reason(error)))
                continue
            checked[name] = list(value) if isinstance(value, tuple) else value
        elif field.is_required():
            problems.append(Problem(property=name, reason="is missing"))
        elif field.default is not None:
            checked[name] = list(field.default) if isinstance(field.default, tuple) else field.default
    return checked, problems


def _any_unknown(value: Any, is_unknown: Callable[[Any], bool]) -> bool:
    """Whether the value, or a part of it, will be known later."""
    if is_unknown(value):
        return True
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(_any_unknown(each, is_unknown) for each in parts)


@cache
def _adapter(model: type[Inputs], name: str) -> TypeAdapter[Any]:
    """Return what checks one property by itself, so that an unknown one does not keep the others unchecked."""
    field = model.model_fields[name]
    annotated: Any = Annotated[(field.annotation, field)]
    return TypeAdapter(annotated)


_REASONS = {
    "string_type": "must be a string (an id of digits needs quotes: `pulumi config set --path` stores it as a number)",
    "bool_type": "must be True or False",
}


def _reason(error: ValidationError) -> str:
    first = error.errors(include_input=False, include_url=False)[0]
    item = f" (item {first['loc'][0] + 1})" if first["loc"] and isinstance(first["loc"][0], int) else ""
    return _REASONS.get(first["type"], first["msg"]) + item

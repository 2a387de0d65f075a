"""What the inputs of all resources have in common. Each type has a dataclass of its own inputs; each field names its check.

They are checked in the constructor, as far as they are known there, and again in the provider. The form in which they dump
themselves is the form of the inputs in the state. An input that is added later must be left out of it where it has its
default, or every old state would show a change.

Neither this module nor the types' inputs load pydantic: a program, and a preview without changes, need nothing else of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from functools import cache
from typing import Any, ClassVar

from typing_extensions import Self

from pulumi_zorg.resource_types.lifecycle import DeletionPolicy
from pulumi_zorg.world.observed import Key

# Internal inputs, from a resource to the provider. `check` takes them out, so they never get into the state. Names that begin
# with two underscores are the engine's way to say "internal".

#: Which resource this is, as ``organization/project/stack/type/name``.
OWNER = "__owner"
#: The same as :data:`OWNER`, in a preview. Nothing else shows the provider that a run is a preview.
OWNER_IN_PREVIEW = "__owner_in_preview"
#: Separates the resource's name from its parent's URN in :data:`OWNER`.
UNDER = " under "
#: Which properties are secret. The host passes their values in plain text.
SECRETS = "__secrets"
#: Which properties the option ``ignore_changes`` names. The engine keeps them out of updates; an adoption is none for it.
#: What the state has of them is not what the program declares.
IGNORED = "__ignored"
#: On which addresses the program's lookups are made, each with the name of the setting that gave it.
LOOKED_UP = "__looked_up"

#: Which of the properties that decide who gets in (:meth:`Inputs.decisive`) the program gives as outputs.
OUTPUTS = "__outputs"

#: In a preview: which resource of the program has the id that a property names, by property, where the program passes the
#: resource's own output ``id``. In a preview the id of a new resource is not known.
DECLARED_BY = "__declared_by"
#: In a preview: the properties that may name what a resource of another package creates in the same run.
MAY_COME = "__may_come"

#: Where the state holds what the server filled in for an input that was left to it.
FILLED = "__filled"

# Internal outputs. They hold no value that is secret.

#: The properties that are otherwise on the server than declared, and were left so.
DIFFERS = "__differs"
#: The properties that an update was to change which failed half way.
UNFINISHED = "__unfinished"
#: The roles that the object lost, and that others may still have because that update failed. A refresh keeps both, and gives the
#: state the input :data:`UNFINISHED` besides, so that the next run updates the resource whatever its program declares.
LOST = "__lost"

#: How the engine and the SDK mark a value of their own kinds: a key of a dictionary (pulumi/sdk/go/common/resource/sig).
SIGNATURE = "4dabf18193072939515e22adb298388d"

#: The input with the id that a program chooses for a new object. An object never gets another id.
CHOSEN_ID = "custom_id"

#: The longest name, id and role key.
LONGEST = 200  # characters, ZITADEL's own limit for names and ids

#: One or more characters of ASCII that are neither white space nor control characters.
_VISIBLE = re.compile("[!-~]+")


#: What is wrong with an output that is None where a value is needed. It never counts as a property that the program leaves out.
NO_VALUE = (
    "has no value: the output that it comes from is None. Pulumi gives None for an output that another stack does not have "
    "(StackReference.get_output; require_output fails instead), and for those of a new resource that --target or --exclude leaves out"
)


#: What is wrong with a text that is made of an output.
TEXT_OF_AN_OUTPUT = (
    "is made of an output by an f-string, str or format, which gives a warning of Pulumi in place of the output's value"
)

#: How that text begins.
_SDK_WARNING = "Calling __str__ on an Output"


class WrongValue(ValueError):
    """What is wrong with a value, as the end of a sentence: "must not be empty"."""


def checked_by(check: Callable[[Any], Any], doubt: Callable[[str], str | None] | None = None) -> Mapping[str, Any]:
    """Return the metadata of a field.

    :param check: takes a value that is not None, and returns it as the inputs have it; None for a value that says the same as none.
        It raises :class:`WrongValue`.
    :param doubt: returns why a text that a program has is hardly what it means, although ZITADEL may have such a value; None for
        others. See :meth:`Inputs.doubts`.
    """
    return {"check": check, "doubt": doubt}


def one_of(*texts: str) -> Mapping[str, Any]:
    """Return the metadata of a field that has one of these texts."""
    quoted = [f'"{each}"' for each in texts]

    def check(value: Any) -> str:
        if not isinstance(value, str) or value not in texts:
            raise WrongValue(f"must be {', '.join(quoted[:-1])} or {quoted[-1]}")
        return value

    return {**checked_by(check), "texts": texts}


def kind_of(value: Any) -> str:
    """Return what a value of a wrong type is, in words. They do not show the value, which may be secret."""
    if value is None or isinstance(value, bool):
        return str(value)
    kinds: tuple[tuple[Any, str], ...] = (
        (str, "a string"),
        (int | float, "a number"),
        (bytes, "bytes"),
        (Mapping, "a dictionary"),
        (list | tuple | set | frozenset, "a list"),
    )
    found = next((words for kind, words in kinds if isinstance(value, kind)), None)
    if found is None and hasattr(type(value), "urn"):
        return "a resource"
    return found or ("a function" if callable(value) else f"an object of the class {type(value).__name__}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValue(f"must be a string, not {kind_of(value)}")
    return value


def _flag(value: Any) -> bool:
    if not isinstance(value, bool):
        hint = " (`pulumi.Config().require_bool` reads a setting as one)" if isinstance(value, str) else ""
        raise WrongValue(f"must be True or False, not {kind_of(value)}{hint}")
    return value


def _name(value: Any) -> str:
    name = _text(value)
    if not name.strip():
        raise WrongValue("must not be blank: give a name")
    if len(name) > LONGEST:
        raise WrongValue(f"must have at most {LONGEST} characters, not {len(name)}")
    if name != name.strip():
        raise WrongValue(
            "must not begin or end with white space: ZITADEL cuts it off some names, and the stack would never be in sync"
        )
    return name


def _id(value: Any) -> str:
    if hasattr(type(value), "urn"):
        raise WrongValue("must be an id, not a resource: add `.id` to the resource")
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise WrongValue(
            "must be a string, not a number: put the id in quotes (`pulumi config set --path` stores digits as a number)"
        )
    text = _text(value)
    if not text:
        raise WrongValue("must not be empty: give the id of an existing object, or the output of another resource")
    if len(text) > LONGEST:
        raise WrongValue(f"must have at most {LONGEST} characters, not {len(text)}")
    if text != text.strip():
        raise WrongValue("must not begin or end with white space: a line of a file ends with a line break, for example")
    if any(each.isspace() for each in text):
        raise WrongValue(
            "must be an id, which has no white space: to find the id for a name, use a lookup (docs/lookups.md)"
        )
    if text in (".", "..") or not _VISIBLE.fullmatch(text) or any(each in text for each in "/\\?#"):
        raise WrongValue(
            "is not a valid ZITADEL id, like 300123456789012345: it must have ASCII characters only, and none of / \\ ? #"
        )
    return text


def _custom_id(value: Any) -> str:
    """Return an id that a program chooses. ZITADEL takes nearly every text, also what no path of a call can have."""
    text = _id(value)
    if ":" in text:
        raise WrongValue("must not have a colon: the id of a Manager consists of ids, and a colon separates them there")
    return text


def role_key(key: Any) -> str:
    """Return a role key.

    :raises WrongValue: where it is none; the reason begins with "has".
    """
    if not isinstance(key, str):
        raise WrongValue(f"has a role key that is {kind_of(key)}: it must be a string")
    if not key.strip():
        raise WrongValue("has an empty role key")
    if key != key.strip():
        raise WrongValue(f"has the role key {key!r}, which begins or ends with white space: remove that")
    return key


def _role_keys(value: Any) -> tuple[str, ...]:
    """Return role keys, sorted and each once: neither order nor repetition means anything."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise WrongValue(f'must be a list of strings, like ["viewer"], not {kind_of(value)}')
    return tuple(sorted({role_key(each) for each in value}))


def _ids(value: Any) -> tuple[str, ...]:
    """Return ids, sorted and each once."""
    if isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable):
        raise WrongValue(f'must be a list of ids, like ["300123456789012345"], not {kind_of(value)}')
    return tuple(sorted({_id(each) for each in value}))


NAME, ID, IDS, CUSTOM_ID, ROLE_KEYS, FLAG = (
    checked_by(check) for check in (_name, _id, _ids, _custom_id, _role_keys, _flag)
)
#: Added to the metadata of a field without a default that decides who gets in. See :meth:`Inputs.decisive`.
DECISIVE: Mapping[str, Any] = {"decisive": True}


@dataclass(frozen=True)
class RoleUse:
    """The roles of a project that an object gives.

    :param org_id: the organization that the object is in.
    :param by_grant: whether an object in another organization than the project gives them by a project grant.
    :param project_grant_id: that project grant; None where it is left to the server, or where there is none.
    """

    project_id: str
    keys: tuple[str, ...]
    org_id: str
    by_grant: bool = False
    project_grant_id: str | None = None


@dataclass(frozen=True)
class Offer:
    """The roles that an object lets others give.

    :param reference: the property by which others name the object.
    :param title: the object in a sentence.
    """

    reference: str
    title: str
    keys: frozenset[str]


@dataclass(frozen=True, kw_only=True)
class Inputs:
    """The inputs that all resources have, and what else of a type is needed where its declaration is not loaded."""

    #: What an object of the type is called in a sentence.
    noun: ClassVar[str]
    #: What the options of `zorg preview-guard` that limit the type end with.
    limit_suffix: ClassVar[str]
    #: The inputs that cannot change in place: another value replaces the object.
    replaces: ClassVar[tuple[str, ...]] = ()
    #: The inputs that together are unique on the server.
    unique_by: ClassVar[tuple[str, ...]]
    #: The input with the id of the object within which ids are unique; None where they are unique on the instance.
    id_within: ClassVar[str | None] = None
    #: What shares its ids with the type: an id that a program chooses is that of one object among all of these.
    id_space: ClassVar[str] = ""
    #: The inputs that a new object needs, and that a program may leave out with ``adopt``.
    needed_to_create: ClassVar[tuple[str, ...]] = ()
    #: Settings that stay as they are on an object that exists where a program leaves them out, and what a new object has.
    left_as_is: ClassVar[Mapping[str, Any]] = {}

    adopt: bool = field(default=False, metadata=FLAG)
    deletion_policy: str = field(
        default=DeletionPolicy.REMOVE.value, metadata=one_of(DeletionPolicy.REMOVE.value, DeletionPolicy.RETAIN.value)
    )

    @property
    def chosen_id(self) -> str | None:
        """The id that the program chooses for a new object; None where the server does."""
        found: str | None = getattr(self, CHOSEN_ID, None)
        return found

    @classmethod
    def of(cls, checked: Mapping[str, Any]) -> Self:
        """Return the inputs that are in the state's form, as :func:`check_inputs` returns it."""
        return cls(**{**checked, **{name: tuple(value) for name, value in checked.items() if isinstance(value, list)}})

    @classmethod
    @cache
    def names(cls) -> tuple[str, ...]:
        """Return the names of the inputs."""
        return tuple(each.name for each in fields(cls))

    @classmethod
    def required(cls) -> tuple[str, ...]:
        """Return the names of the inputs that a program must give."""
        return tuple(each.name for each in fields(cls) if each.default is MISSING)

    @classmethod
    @cache
    def decisive(cls) -> frozenset[str]:
        """Return the inputs that decide who gets in, or what a deletion does, and that a program may leave out.

        Their defaults are for programs that leave them out: with the default of ``active``, an output that is None would reactivate.
        """
        optional = [each for each in fields(cls) if each.default is not MISSING]
        return frozenset(each.name for each in optional if each.default is not None or "decisive" in each.metadata)

    @classmethod
    def texts(cls) -> dict[str, tuple[str, ...]]:
        """Return the inputs that have one of a few texts, with these. See :func:`one_of`."""
        return {each.name: each.metadata["texts"] for each in fields(cls) if "texts" in each.metadata}

    @classmethod
    def doubts(cls, given: Mapping[str, Any]) -> list[Problem]:
        """Return what a program hardly means, although it can be right. An output is not doubted, so a program can give one."""
        found = ((each.name, given.get(each.name), each.metadata.get("doubt")) for each in fields(cls))
        reasons = ((name, doubt(value)) for name, value, doubt in found if doubt is not None and isinstance(value, str))
        return [Problem(name, reason) for name, reason in reasons if reason is not None]

    @classmethod
    def contradictions(cls, checked: Mapping[str, Any]) -> list[Problem]:
        """Return what is wrong with several inputs together.

        :param checked: the inputs in the state's form. One that is known later is there too.
        """
        return []

    @classmethod
    def defaults(cls) -> dict[str, Any]:
        """Return the values of the inputs that a program may leave out, in the state's form; None where there is none."""
        return {each.name: _in_state(each.default) for each in fields(cls) if each.default is not MISSING}

    @classmethod
    def unique_key(cls, properties: Mapping[str, Any]) -> dict[str, str]:
        """Return the properties that make an object unique on the server; empty where one of them is not known yet."""
        known = {name: properties.get(name) for name in cls.unique_by}
        texts = {name: value for name, value in known.items() if isinstance(value, str)}
        return texts if len(texts) == len(known) else {}

    @classmethod
    def used_roles(cls, properties: Mapping[str, Any]) -> RoleUse | None:
        """Return the roles of a project that an object gives; None where it gives none, or they are not known yet."""
        return None

    @classmethod
    def offered_roles(cls, properties: Mapping[str, Any]) -> Offer | None:
        """Return the roles that an object lets others give; None where it has none to offer, or they are not known yet."""
        return None

    @classmethod
    def key(cls, type: str, id: str, properties: Mapping[str, Any]) -> Key:
        """Return what is unique of an object.

        :param type: the type token of these inputs.
        :param properties: what is known of the object.
        """
        within = properties.get(cls.id_within) if cls.id_within else None
        return Key(type, id, within if isinstance(within, str) else "")

    def dump(self) -> dict[str, Any]:
        """Return the inputs in the state's form."""
        return {name: _in_state(value) for name, value in vars(self).items() if value is not None}


@dataclass(frozen=True, kw_only=True)
class SwitchableInputs(Inputs):
    """The inputs of what can be active and inactive."""

    active: bool = field(default=True, metadata=FLAG)
    deletion_policy: str = field(
        default=DeletionPolicy.REMOVE.value, metadata=one_of(*(each.value for each in DeletionPolicy))
    )


def _in_state(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def known_roles(value: Any) -> tuple[str, ...] | None:
    """Return role keys; None where one of them is not known yet."""
    keys = () if value is None else value
    if not isinstance(keys, list | tuple) or not all(isinstance(each, str) for each in keys):
        return None
    return tuple(keys)


def role_use(properties: Mapping[str, Any], *, by_grant: bool = False) -> RoleUse | None:
    """Return the roles in ``role_keys``; None where there are none, or where something is not known yet. See :class:`RoleUse`."""
    project_id, org_id = properties.get("project_id"), properties.get("org_id")
    project_grant_id = properties.get("project_grant_id") if by_grant else None
    keys = known_roles(properties.get("role_keys"))
    if not keys or not isinstance(project_id, str) or not isinstance(org_id, str):
        return None
    if project_grant_id is not None and not isinstance(project_grant_id, str):
        return None
    return RoleUse(project_id, keys, org_id, by_grant, project_grant_id or None)


def wrong_id(value: Any) -> str | None:
    """Return what is wrong with an id; None where nothing is."""
    try:
        _id(value)
    except WrongValue as wrong:
        return str(wrong)
    return None


@dataclass(frozen=True)
class Problem:
    """What is wrong with one property."""

    property: str
    reason: str


def check_inputs(
    model: type[Inputs], given: Mapping[str, Any], is_unknown: Callable[[Any], bool] = lambda value: False
) -> tuple[dict[str, Any], list[Problem]]:
    """Return the inputs in the state's form, and what is wrong with them.

    :param given: the values by property. None counts as not given; other properties than the model's are left out.
    :param is_unknown: whether a value will be known later, as an output of another resource. It is kept as it is.
    """
    checked: dict[str, Any] = {}
    problems: list[Problem] = []
    for each in fields(model):
        name, value = each.name, given.get(each.name)
        if value is None:
            if each.default is MISSING:
                problems.append(Problem(name, "is missing"))
            elif each.default is not None:
                checked[name] = _in_state(each.default)
        elif is_made_of_an_output(value):
            way_out = 'write pulumi.Output.concat("of ", output), or output.apply(lambda value: f"of {value}")'
            problems.append(Problem(name, f"{TEXT_OF_AN_OUTPUT}: {way_out}"))
        elif _any_unknown(value, is_unknown):
            checked[name] = value
        else:
            try:
                result = each.metadata["check"](value)
            except WrongValue as wrong:
                problems.append(Problem(name, str(wrong)))
            else:
                if result is not None:
                    checked[name] = _in_state(result)
    if checked.get("adopt") is False:
        missing = (name for name in model.needed_to_create if given.get(name) is None)
        problems += (Problem(name, "is missing: only with adopt=True it may be left out") for name in missing)
    return checked, problems or model.contradictions(checked)


def is_made_of_an_output(value: Any) -> bool:
    """Whether a text in the value is what the SDK gives for an output in an f-string, in ``str`` and in ``format``: no error."""
    if isinstance(value, str):
        return _SDK_WARNING in value
    parts = (
        [*value, *value.values()] if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    )
    return any(map(is_made_of_an_output, parts))


def _any_unknown(value: Any, is_unknown: Callable[[Any], bool]) -> bool:
    """Whether the value, or a part of it, will be known later."""
    if is_unknown(value):
        return True
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list | tuple) else ()
    return any(_any_unknown(each, is_unknown) for each in parts)

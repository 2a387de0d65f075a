"""The inputs of a human user. What the server would store in another form than it is given is normalized or refused here."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, get_args

from pulumi_zorg.resource_types.inputs import (
    CUSTOM_ID,
    FLAG,
    ID,
    LONGEST,
    NAME,
    SwitchableInputs,
    WrongValue,
    checked_by,
    kind_of,
    one_of,
)
from pulumi_zorg.resource_types.lifecycle import DeletionPolicy

Gender = Literal["GENDER_UNSPECIFIED", "GENDER_FEMALE", "GENDER_MALE", "GENDER_DIVERSE"]

#: The two-letter codes of ISO 639-1. The server stores another one as ``und``, so that the stack would never be in sync.
_CODES = """
    aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv dz ee el en eo es et eu
    fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn
    ko kr ks ku kv kw ky la lb lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os
    pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to tr ts tt tw
    ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu
"""
_LANGUAGES = frozenset(_CODES.split())
_LANGUAGE = re.compile(r"([a-zA-Z]{2,3})(?:-([a-zA-Z]{4}))?(?:-([a-zA-Z]{2}|[0-9]{3}))?")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_PHONE = re.compile(r"\+[1-9][0-9]{6,14}")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise WrongValue(f"must be a string, not {kind_of(value)}")
    return value


def _email(value: Any) -> str:
    if not _EMAIL.fullmatch(_text(value)) or len(value) > LONGEST:
        raise WrongValue(f"must be an email address of at most {LONGEST} characters, like ann@example.com")
    return str(value)


def _phone(value: Any) -> str:
    """Return a phone number as the server stores it."""
    number = re.sub(r"[\s./()-]", "", _text(value))
    if "(0)" in value or not _PHONE.fullmatch(number):
        raise WrongValue(
            'must be a phone number in the international form, like "+41 79 123 45 67": a plus sign, the country, and no (0)'
        )
    return number


def _language(value: Any) -> str:
    """Return a language as the server stores it."""
    found = _LANGUAGE.fullmatch(_text(value))
    if found is None:
        raise WrongValue('must be a language as BCP 47 writes it, like "de" or "de-CH"')
    language, script, region = found[1].lower(), found[2], found[3]
    if len(language) == 2 and language not in _LANGUAGES:
        raise WrongValue(f'must be a language that exists, like "de" or "de-CH": {language!r} is none of ISO 639-1')
    return "-".join(filter(None, (language, script and script.title(), region and region.upper())))


def _verified(value: Any) -> bool | None:
    """Return True, or None where the person is to verify the address: what the server has then is not managed."""
    return FLAG["check"](value) or None


@dataclass(frozen=True, kw_only=True)
class HumanUserInputs(SwitchableInputs):
    """The inputs of a human user."""

    noun: ClassVar[str] = "human user"
    limit_suffix: ClassVar[str] = "-human-users"
    replaces: ClassVar[tuple[str, ...]] = ("org_id",)
    unique_by: ClassVar[tuple[str, ...]] = ("org_id", "user_name")
    id_space: ClassVar[str] = "user"
    needed_to_create: ClassVar[tuple[str, ...]] = ("given_name", "family_name", "email")

    org_id: str = field(metadata=ID)
    user_name: str = field(metadata=NAME)
    custom_id: str | None = field(default=None, metadata=CUSTOM_ID)
    given_name: str | None = field(default=None, metadata=NAME)
    family_name: str | None = field(default=None, metadata=NAME)
    email: str | None = field(default=None, metadata=checked_by(_email))
    email_verified: bool | None = field(default=None, metadata=checked_by(_verified))
    nick_name: str | None = field(default=None, metadata=NAME)
    display_name: str | None = field(default=None, metadata=NAME)
    preferred_language: str | None = field(default=None, metadata=checked_by(_language))
    gender: str | None = field(default=None, metadata=one_of(*get_args(Gender)))
    phone: str | None = field(default=None, metadata=checked_by(_phone))
    #: A person who is removed loses grants, history and id for good. A deactivation stops everything at once and can be undone.
    deletion_policy: str = field(
        default=DeletionPolicy.DEACTIVATE.value, metadata=one_of(*(each.value for each in DeletionPolicy))
    )


INPUTS = HumanUserInputs

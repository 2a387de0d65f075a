"""Users as the API shows them: people and service accounts. The v1 and the v2 API have other names for some of their fields."""

from __future__ import annotations

from pydantic import AliasChoices, Field

from pulumi_zorg.api.records import Details, NonEmpty, Wire

#: What the API calls a gender that is not given, a language that is not given, and the kind of token that is not a JWT.
GENDER_UNSPECIFIED, NO_LANGUAGE, BEARER = "GENDER_UNSPECIFIED", "und", "ACCESS_TOKEN_TYPE_BEARER"


class _Profile(Wire):
    given_name: str = Field(default="", validation_alias=AliasChoices("givenName", "firstName"))
    family_name: str = Field(default="", validation_alias=AliasChoices("familyName", "lastName"))
    nick_name: str = ""
    display_name: str = ""
    preferred_language: str = NO_LANGUAGE
    gender: str = GENDER_UNSPECIFIED


class _Email(Wire):
    email: str = ""
    is_verified: bool = Field(default=False, validation_alias=AliasChoices("isVerified", "isEmailVerified"))


class _Phone(Wire):
    phone: str = ""


class Human(Wire):
    """What only a person has."""

    profile: _Profile = Field(default_factory=_Profile)
    email: _Email = Field(default_factory=_Email)
    phone: _Phone = Field(default_factory=_Phone)


class Machine(Wire):
    """What only a service account has. What is empty is left out in an answer."""

    name: str = ""
    description: str = ""
    access_token_type: str = BEARER


class FoundUser(Wire):
    """A user as ``POST /v2/users`` shows it: a person (``human``) or a service account (``machine``)."""

    id: NonEmpty = Field(alias="userId")
    details: Details
    state: str = ""
    username: str = ""
    login_names: tuple[str, ...] = ()
    preferred_login_name: str = ""
    human: Human | None = None
    machine: Machine | None = None

"""Users as SCIM has them: parsed from requests and from users, and written to answers."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass, field
from typing import Any

from pulumi_zorg.emulator.errors import invalid
from pulumi_zorg.emulator.eventstore.events import format_timestamp
from pulumi_zorg.emulator.http.responses import message
from pulumi_zorg.emulator.http.schema import MessageDict
from pulumi_zorg.emulator.users.aggregate import User
from pulumi_zorg.emulator.users.contacts import normalized_phone

USER_SCHEMA = "urn:ietf:params:scim:schemas:core:2.0:User"
#: The metadata of a user that has all its email addresses, of which ZITADEL itself knows one.
EMAILS_KEY = "urn:zitadel:scim:emails"
#: The metadata of other fields. The emulator does not take these fields, so they are always missing.
OTHER_KEYS = tuple(
    f"urn:zitadel:scim:{name}"
    for name in (
        "externalId",
        "name.middleName",
        "name.honorificPrefix",
        "name.honorificSuffix",
        "profileUrl",
        "title",
        "locale",
        "timezone",
        "ims",
        "photos",
        "addresses",
        "entitlements",
        "roles",
    )
)


@dataclass
class ScimUser:
    """A person. `active` is None where a request does not say it."""

    username: str
    given_name: str
    family_name: str
    formatted: str
    display_name: str
    nick_name: str
    language: str
    active: bool | None
    emails: list[dict[str, Any]] = field(default_factory=list)
    phones: list[dict[str, Any]] = field(default_factory=list)
    password: str = ""

    @classmethod
    def from_request(cls, request: MessageDict) -> ScimUser:
        """Parse a request that creates or replaces a person.

        :raises ApiError: 400, without an email address or without a name, and for a number that is no phone number.
        """
        name = request["name"] or {"given_name": "", "family_name": "", "formatted": ""}
        if not request["emails"]:
            raise invalid("SCIM-EM19", "Errors.User.Email.Empty")
        if not name["given_name"] or not name["family_name"]:
            raise invalid("SCIM-USN1", "The name of a user is mandatory")
        return cls(
            request["user_name"],
            name["given_name"],
            name["family_name"],
            request["display_name"] or name["formatted"],
            request["display_name"],
            request["nick_name"],
            request["preferred_language"] or "en",
            request["active"],
            [_primary(request["emails"])],
            _normalized(request["phone_numbers"]),
            request["password"],
        )

    @classmethod
    def from_user(cls, user: User) -> ScimUser:
        """Return a person of the instance. Whoever is inactive or locked is not active."""
        profile = user.profile
        return cls(
            user.username,
            profile["firstName"],
            profile["lastName"],
            profile["displayName"],
            profile["displayName"],
            profile["nickName"],
            profile["preferredLanguage"],
            user.state not in ("INACTIVE", "LOCKED"),
            [{"value": profile["email"], "primary": True}],
            [{"value": profile["phone"], "primary": True}] if profile["phone"] else [],
        )

    @property
    def emails_metadata(self) -> str:
        """The value of `EMAILS_KEY`, in base64."""
        return base64.b64encode(json.dumps(self.emails, separators=(",", ":")).encode()).decode()

    def as_json(self, org_id: str, user_id: str, origin: str, created: int, changed: int, sequence: int) -> Any:
        """Return the resource."""
        meta = {
            "resourceType": "User",
            "created": _time(created),
            "lastModified": _time(changed),
            "version": str(sequence),
            "location": f"{origin}/scim/v2/{org_id}/Users/{user_id}",
        }
        result = message(
            schemas=[USER_SCHEMA],
            meta=meta,
            id=user_id,
            userName=self.username,
            name=message(formatted=self.formatted, familyName=self.family_name, givenName=self.given_name),
            displayName=self.display_name,
            nickName=self.nick_name,
            preferredLanguage=self.language,
            emails=self.emails,
            phoneNumbers=self.phones,
        )
        return result if self.active is None else {**result, "active": self.active}


def _primary(contacts: list[MessageDict]) -> dict[str, Any]:
    """Return the primary one of some addresses or numbers, or else the first. ZITADEL keeps one."""
    found = next((one for one in contacts if one["primary"]), contacts[0])
    return {"value": found["value"], "primary": True}


def _normalized(phones: list[MessageDict]) -> list[dict[str, Any]]:
    if not phones:
        return []
    found = _primary(phones)
    return [{**found, "value": normalized_phone(found["value"])}]


def _time(micros: int) -> str:
    """Return a time without zeros at the end, unlike in the other APIs."""
    return re.sub(r"(\.\d*?)0+Z$", r"\1Z", format_timestamp(micros))

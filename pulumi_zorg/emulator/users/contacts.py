"""Email addresses and phone numbers: how they are checked and normalized, and the codes that verify them."""

from __future__ import annotations

import base64
import re
import secrets
from dataclasses import dataclass
from typing import Any

from pulumi_zorg.emulator.call import Call
from pulumi_zorg.emulator.errors import invalid

_HOUR = 3_600_000_000_000  # in nanoseconds
#: Where a phone number is from that begins with a single zero, as on the real server.
_COUNTRY = "+41"


def check_email(email: str) -> None:
    """Check an email address.

    :raises ApiError: 400, if it is not one.
    """
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise invalid("EMAIL-599BI", "Errors.User.Email.Invalid")


def normalized_phone(number: str) -> str:
    """Return a phone number with its country and without blanks: `+41791234567` for `079 123 45 67`.

    :raises ApiError: 400, if it is not one. The real server knows the numbers of each country, the emulator their length alone.
    """
    digits = re.sub(r"[\s()./-]", "", number)
    digits = re.sub(r"^00", "+", digits)
    digits = re.sub(r"^0", _COUNTRY, digits)
    if not re.fullmatch(r"\+\d{7,15}", digits):
        raise invalid("PHONE-so0wa", "Errors.User.Phone.Invalid")
    return digits


@dataclass(frozen=True)
class Code:
    """A new verification code.

    :param payload: what the event has of it. Its encrypted text is random.
    """

    plain: str
    payload: dict[str, Any]


def initialization_code(call: Call) -> Code:
    """Return a code with which a person sets its first password."""
    return _code(call, 72)


def email_code(call: Call, *, v2: bool, returned: bool = False) -> Code:
    """Return a code that verifies an email address. In v2 the event has the link of the message, too."""
    link = f"{call.origin}/ui/v2/login/verify?{call.instance.profile.email_code_query}"
    return _code(call, 1, returned=returned, link=link if v2 else "")


def phone_code(call: Call, *, returned: bool = False) -> Code:
    """Return a code that verifies a phone number."""
    return _code(call, 1, returned=returned)


def _code(call: Call, hours: int, *, returned: bool = False, link: str = "") -> Code:
    crypted = base64.b64encode(secrets.token_bytes(22)).decode()
    payload = {
        "code": {"CryptoType": 0, "Algorithm": "aes", "KeyID": "userKey", "Crypted": crypted},
        "expiry": hours * _HOUR,
        "triggerOrigin": call.origin,
        **({"code_returned": True} if returned else {}),
        **({"url_template": link} if link else {}),
    }
    return Code(secrets.token_hex(3).upper(), payload)

"""Passwords and secrets: hashes, and the default password policy."""

from __future__ import annotations

import hashlib
import re
import secrets

from pulumi_zorg.emulator.errors import invalid


def hash_secret(secret: str) -> str:
    """Return a salted hash. A fast one is enough: these secrets protect nothing, and tests create many."""
    salt = secrets.token_hex(8)
    return f"{salt}${hashlib.sha256((salt + secret).encode()).hexdigest()}"


def secret_matches(secret: str, hashed: str) -> bool:
    """Whether the hash is the one of that secret."""
    salt, _, digest = hashed.partition("$")
    return bool(digest) and hashlib.sha256((salt + secret).encode()).hexdigest() == digest


#: The rules of the default password policy: pattern, end of the error id, end of the message key.
_PASSWORD_RULES = (
    (re.compile(r".{8}", re.DOTALL), "HuJf6", "MinLength"),
    (re.compile(r"[a-z]"), "co3Xw", "HasLower"),
    (re.compile(r"[A-Z]"), "VoaRj", "HasUpper"),
    (re.compile(r"[0-9]"), "ZBv4H", "HasNumber"),
    (re.compile(r"[^A-Za-z0-9]"), "ZDLwA", "HasSymbol"),
)


def check_password(password: str, part: str) -> None:
    """Check a password against the default policy. No password is allowed.

    :param part: the prefix of the error id.
    :raises ApiError: 400, for the first rule that it breaks.
    """
    for rule, error_id, key in _PASSWORD_RULES:
        if password and not rule.search(password):
            raise invalid(f"{part}-{error_id}", f"Errors.User.PasswordComplexityPolicy.{key}")

"""The text of personal access tokens and access tokens."""

from __future__ import annotations

import base64
import hashlib
import hmac

from pulumi_zorg.emulator.instance import Instance

PAT_SCOPES = ["openid", "profile", "urn:zitadel:iam:user:metadata", "urn:zitadel:iam:user:resourceowner"]


def token_of(instance: Instance, token_id: str, user_id: str) -> str:
    """Return the text of a token: its ids, signed with the secret of the instance."""
    ids = f"{token_id}:{user_id}"
    signature = hmac.new(instance.secret.encode(), ids.encode(), hashlib.sha256).hexdigest()[:32]
    return base64.urlsafe_b64encode(f"{ids}:{signature}".encode()).decode().rstrip("=")


def ids_of(instance: Instance, token: str) -> tuple[str, str]:
    """Return the token id and the user id of a token of this instance. For any other text, both are empty."""
    try:
        token_id, user_id, _ = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode().split(":")
    except ValueError:
        return "", ""
    return (token_id, user_id) if hmac.compare_digest(token_of(instance, token_id, user_id), token) else ("", "")

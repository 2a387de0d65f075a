"""The OpenID Connect discovery document."""

from __future__ import annotations

from typing import Any

from pulumi_zorg.emulator.instance import Instance
from pulumi_zorg.emulator.oauth.oidc import _JWT_PROFILE


def configuration(instance: Instance, issuer: str) -> dict[str, Any]:
    """The discovery document."""
    newer = instance.profile.back_channel_logout
    methods = ["none", "client_secret_basic", "client_secret_post", "private_key_jwt"]
    languages = ("ar " if newer else "") + "bg cs de en es fr hu id it ja ko mk nl pl pt ro ru sv tr uk zh"
    claims = (
        "sub aud exp iat iss auth_time nonce acr amr c_hash at_hash act scopes client_id azp preferred_username name "
        "family_name given_name locale email email_verified phone_number phone_number_verified"
    )
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/oauth/v2/authorize",
        "token_endpoint": f"{issuer}/oauth/v2/token",
        "introspection_endpoint": f"{issuer}/oauth/v2/introspect",
        "userinfo_endpoint": f"{issuer}/oidc/v1/userinfo",
        "revocation_endpoint": f"{issuer}/oauth/v2/revoke",
        "end_session_endpoint": f"{issuer}/oidc/v1/end_session",
        "device_authorization_endpoint": f"{issuer}/oauth/v2/device_authorization",
        "jwks_uri": f"{issuer}/oauth/v2/keys",
        "scopes_supported": ["openid", "profile", "email", "phone", "address", "offline_access"],
        "response_types_supported": ["code", "id_token", "id_token token"],
        "response_modes_supported": ["query", "fragment", "form_post"],
        "grant_types_supported": [
            "authorization_code",
            "implicit",
            "refresh_token",
            "client_credentials",
            _JWT_PROFILE,
            "urn:ietf:params:oauth:grant-type:device_code",
        ],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["EdDSA", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"],
        "request_object_signing_alg_values_supported": ["RS256"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "private_key_jwt"],
        "introspection_endpoint_auth_signing_alg_values_supported": ["RS256"],
        "claims_supported": claims.split(),
        "code_challenge_methods_supported": ["S256"],
        "ui_locales_supported": languages.split(),
        "request_parameter_supported": True,
        "request_uri_parameter_supported": False,
        **({"backchannel_logout_supported": True, "backchannel_logout_session_supported": True} if newer else {}),
    }

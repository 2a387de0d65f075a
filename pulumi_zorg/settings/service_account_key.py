"""The key of a service account, as ZITADEL hands it out."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from pulumi_zorg.errors import ConfigurationError


class ServiceAccountKey(BaseModel):
    """The JSON that ZITADEL hands out for a service account's key
    (https://zitadel.com/docs/guides/integrate/service-users/private-key-jwt)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, defer_build=True)

    type: Literal["serviceaccount"]
    key_id: Annotated[str, Field(alias="keyId", min_length=1)]
    user_id: Annotated[str, Field(alias="userId", min_length=1)]
    key: SecretStr
    #: When the key expires, as it is in the JSON. Nothing but `zorg doctor` reads it, so no value is refused.
    expiration_date: Annotated[Any, Field(alias="expirationDate")] = None


def parse_key(name: str, text: str) -> ServiceAccountKey:
    """Return the key that a JSON has.

    :param name: the setting that has it, like ``zorg:jwtProfileJson``.
    :raises ConfigurationError: where it is not such a JSON. The message names the fields that are wrong and why, and shows no value.
    """
    try:
        return ServiceAccountKey.model_validate_json(text)
    except ValidationError as error:
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'the text'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        )
    raise ConfigurationError(
        f"{name} is not the JSON that ZITADEL hands out for a service account's key "
        f'(an object with "type": "serviceaccount", "keyId", "userId" and "key"): {wrong}'
    )

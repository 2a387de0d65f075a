"""The credential: which kinds there are, which settings make up each, and how it is read from them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.settings.values import Given, content, path, token

if TYPE_CHECKING:
    from pulumi_zorg.settings.service_account_key import ServiceAccountKey

#: Each kind of credential, and the settings that make it up.
KINDS: dict[str, tuple[str, ...]] = {
    "personal access token": ("token",),
    "personal access token in a file": ("tokenFile",),
    "service-account key file": ("jwtProfileFile",),
    "service-account key": ("jwtProfileJson",),
    "client credentials": ("clientId", "clientSecret"),
}
WAY_OUT = (
    "set exactly one of zorg:token (a personal access token), zorg:tokenFile (a file with one), zorg:jwtProfileFile or zorg:jwtProfileJson "
    "(a service-account key), or zorg:clientId with zorg:clientSecret, e.g. `pulumi config set --secret zorg:token`; "
    "or ZITADEL_TOKEN, ZITADEL_TOKEN_FILE, ZITADEL_JWT_PROFILE_FILE, ZITADEL_JWT_PROFILE_JSON, ZITADEL_CLIENT_ID with "
    "ZITADEL_CLIENT_SECRET in the environment."
)


@dataclass(frozen=True)
class Secret:
    """A text that no repr shows."""

    value: str = field(repr=False)


@dataclass(frozen=True)
class PersonalAccessToken:
    """A personal access token of a user of ZITADEL (https://zitadel.com/docs/guides/integrate/service-users/personal-access-token).

    :param file: the setting that names the file that has it, if one does: as ZITADEL's first setup writes it and its chart mounts it.
    """

    token: Secret
    file: Given | None = None

    def read_again(self) -> str | None:
        """Return the token that the file has now; None where there is no file.

        :raises ConfigurationError: where it has none. The message shows nothing of what it has.
        """
        return None if self.file is None else token(self.file, Path(self.file.text))


@dataclass(frozen=True)
class ClientCredentials:
    """A service account's client id and secret (https://zitadel.com/docs/guides/integrate/service-users/client-credentials)."""

    client_id: str
    client_secret: Secret


Credential: TypeAlias = "PersonalAccessToken | ServiceAccountKey | ClientCredentials"


def described(credential: Credential) -> str:
    """Return a credential in a sentence: its kind, and the part of it that is no secret."""
    if isinstance(credential, PersonalAccessToken):
        return "a personal access token"
    if isinstance(credential, ClientCredentials):
        return f"the client credentials of {clean(credential.client_id)}"
    return f"the service-account key {clean(credential.key_id)} of user {clean(credential.user_id)}"


def kind_of(place: Mapping[str, Given], hint: str) -> str | None:
    """Return the one kind of credential that a place has a part of.

    :param hint: what else the user should know about the place, as sentences.
    :raises ConfigurationError: where it has parts of several.
    """
    kinds = [kind for kind, keys in KINDS.items() if any(key in place for key in keys)]
    if len(kinds) > 1:
        names = ", ".join(place[key].name for kind in kinds for key in KINDS[kind] if key in place)
        raise ConfigurationError(f"more than one credential is given ({names}): {WAY_OUT}{hint}")
    return kinds[0] if kinds else None


def credential_of(given: Mapping[str, Given]) -> Credential:
    """Return the credential that settings make up. They are all settings of one kind."""
    if "clientId" in given:
        return ClientCredentials(given["clientId"].text, Secret(given["clientSecret"].text))
    if "token" in given:
        return PersonalAccessToken(Secret(token(given["token"])))
    if "tokenFile" in given:
        # Absolute, because it is read again later.
        file = Given(given["tokenFile"].name, str(path(given["tokenFile"]).absolute()))
        return PersonalAccessToken(Secret(token(file, Path(file.text))), file)
    if "jwtProfileJson" in given:
        return _key(given["jwtProfileJson"].name, given["jwtProfileJson"].text)
    named = given["jwtProfileFile"]
    return _key(named.name, content(named, path(named)))


def _key(name: str, text: str) -> ServiceAccountKey:
    from pulumi_zorg.settings.service_account_key import (
        parse_key,  # needs pydantic, which a personal access token does not
    )

    text = text.strip().removeprefix("\ufeff")
    try:
        is_base64_of_json = base64.b64decode("".join(text.split()), validate=True).lstrip().startswith(b"{")
    except ValueError:
        is_base64_of_json = False
    if is_base64_of_json:
        raise ConfigurationError(
            f"{name} must be the JSON that ZITADEL issued, and is base64 of it. Decode it first, for example with `base64 -d`."
        )
    return parse_key(name, text)

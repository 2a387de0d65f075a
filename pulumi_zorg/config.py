"""The settings: the instance and the credential, from the stack's configuration first and then from the environment.

A setting that is the empty text counts as not given: pipelines pass a missing secret that way.
"""

from __future__ import annotations

import ipaddress
import os
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from pulumi_zorg.errors import ConfigurationError, clean

__all__ = [
    "ClientCredentials",
    "Credential",
    "PersonalAccessToken",
    "ServiceAccountKey",
    "Settings",
    "is_loopback",
    "load_settings",
]

#: Returns a value of the stack's configuration by its name without the namespace; None where it is not set.
ConfigGetter = Callable[[str], str | None]

_ENVIRONMENT = {
    "url": "ZITADEL_URL",
    "token": "ZITADEL_TOKEN",
    "jwtProfileFile": "ZITADEL_JWT_PROFILE_FILE",
    "jwtProfileJson": "ZITADEL_JWT_PROFILE_JSON",
    "clientId": "ZITADEL_CLIENT_ID",
    "clientSecret": "ZITADEL_CLIENT_SECRET",
    "caFile": "ZITADEL_CA_FILE",
    "audience": "ZITADEL_AUDIENCE",
    "timeout": "ZITADEL_TIMEOUT",
    "retryDeadline": "ZITADEL_RETRY_DEADLINE",
    "allowHttp": "ZITADEL_ALLOW_HTTP",
    "previewImpact": "ZITADEL_PREVIEW_IMPACT",
}

#: Each kind of credential, and the settings that make it up.
_CREDENTIALS: dict[str, tuple[str, ...]] = {
    "personal access token": ("token",),
    "service-account key file": ("jwtProfileFile",),
    "service-account key": ("jwtProfileJson",),
    "client credentials": ("clientId", "clientSecret"),
}
_CREDENTIAL_SOURCES = frozenset(
    name for keys in _CREDENTIALS.values() for key in keys for name in (f"zorg:{key}", _ENVIRONMENT[key])
)

#: What the engine does with the stack's configuration (measured on engines 3.230 and 3.250; docs/credentials.md).
_AS_STORED = "in a refresh and in `pulumi destroy` as it was at the last `pulumi up`"
_USE_THE_PRESENT = (
    "To use the present one, add --run-program or run `pulumi up` without --refresh, while the program declares a "
    "resource of this package"
)
_MAY_BE_STORED = f"The stack's configuration is read {_AS_STORED}. {_USE_THE_PRESENT}"

_WAY_OUT = (
    "set exactly one of zorg:token (a personal access token), zorg:jwtProfileFile or zorg:jwtProfileJson "
    "(a service-account key), or zorg:clientId with zorg:clientSecret, e.g. `pulumi config set --secret zorg:token`; "
    "or ZITADEL_TOKEN, ZITADEL_JWT_PROFILE_FILE, ZITADEL_JWT_PROFILE_JSON, ZITADEL_CLIENT_ID with "
    f"ZITADEL_CLIENT_SECRET in the environment. {_MAY_BE_STORED}"
)


@dataclass(frozen=True)
class PersonalAccessToken:
    """A personal access token of a user of ZITADEL (https://zitadel.com/docs/guides/integrate/service-users/personal-access-token)."""

    token: SecretStr


class ServiceAccountKey(BaseModel):
    """The JSON that ZITADEL hands out for a service account's key
    (https://zitadel.com/docs/guides/integrate/service-users/private-key-jwt)."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    type: Literal["serviceaccount"]
    key_id: Annotated[str, Field(alias="keyId", min_length=1)]
    user_id: Annotated[str, Field(alias="userId", min_length=1)]
    key: SecretStr


@dataclass(frozen=True)
class ClientCredentials:
    """A service account's client id and secret (https://zitadel.com/docs/guides/integrate/service-users/client-credentials)."""

    client_id: str
    client_secret: SecretStr


Credential = PersonalAccessToken | ServiceAccountKey | ClientCredentials


@dataclass(frozen=True)
class Settings:
    """The instance, the credential, and the time-outs.

    :param url: scheme and host (and port) of the instance, without a trailing slash.
    :param credential: exactly one; its secret parts are masked in every repr.
    :param audience: the issuer, where that differs from ``url``; what a service-account key is signed for.
    :param ca_file: certificates (PEM) to trust instead of the system's.
    :param timeout: seconds that one call may take.
    :param retry_deadline: seconds after which a call that keeps failing is given up.
    :param preview_impact: whether a preview reports what it would do to people.
    """

    url: str
    credential: Credential
    audience: str
    ca_file: Path | None = None
    timeout: float = 30.0
    retry_deadline: float = 120.0
    preview_impact: bool = True
    #: The names of the settings that were read, for messages; never a value.
    sources: tuple[str, ...] = field(default=(), compare=False)

    @property
    def credential_origin(self) -> str:
        """Where the credential was read from, in sentences for an error that refuses it; empty if that is not known.

        A credential of the stack's configuration may be an old one: in a refresh and in a destroy the engine configures the
        provider with what it stored at the last ``pulumi up``. The environment always reaches the provider as it is.
        """
        names = [each for each in self.sources if each in _CREDENTIAL_SOURCES]
        if not names:
            return ""
        origin = f"The credential was read from {' and '.join(names)}"
        if any(each.startswith("zorg:") for each in names):
            return f"{origin}, {_AS_STORED}. {_USE_THE_PRESENT}."
        return f"{origin} in the environment."


def load_settings(config: ConfigGetter, environment: Mapping[str, str] | None = None) -> Settings:
    """Return the settings of the stack's configuration, completed by the environment.

    :param config: looks up a name of the namespace ``zorg`` in the stack's configuration.
    :param environment: ``os.environ`` where it is not given.
    :raises ConfigurationError: naming the setting and the way out.
    """
    environment = os.environ if environment is None else environment
    found = _Lookup(config, environment)
    url = _checked_url(found)
    return Settings(
        url=url,
        credential=_credential(found),
        audience=(found.text("audience") or url).rstrip("/"),
        ca_file=_ca_file(found),
        timeout=found.seconds("timeout", 30.0),
        retry_deadline=found.seconds("retryDeadline", 120.0),
        preview_impact=found.flag("previewImpact", default=True),
        sources=tuple(sorted(found.used)),
    )


def _given(value: str | None) -> str | None:
    return value if value and value.strip() else None


class _Lookup:
    """Reads one setting at a time: from the stack's configuration, else from the environment."""

    def __init__(self, config: ConfigGetter, environment: Mapping[str, str]) -> None:
        self._config = config
        self._environment = environment
        self.used: set[str] = set()

    def in_stack(self, key: str) -> str | None:
        return _given(self._config(key))

    def in_environment(self, key: str) -> str | None:
        return _given(self._environment.get(_ENVIRONMENT[key]))

    def text(self, key: str) -> str | None:
        value = self.in_stack(key) or self.in_environment(key)
        if value is not None:
            self.used.add(self.named(key))
        return value

    def named(self, key: str) -> str:
        """Return the name by which the user knows the setting: where it was read, else its name in the stack."""
        return _ENVIRONMENT[key] if not self.in_stack(key) and self.in_environment(key) else f"zorg:{key}"

    def seconds(self, key: str, default: float) -> float:
        value = self.text(key)
        if value is None:
            return default
        try:
            seconds = float(value)
        except ValueError:
            seconds = -1.0
        if not 0 < seconds <= 86_400:
            raise ConfigurationError(f"{self.named(key)} must be a number of seconds above 0, not {value!r}")
        return seconds

    def flag(self, key: str, *, default: bool = False) -> bool:
        value = self.text(key)
        if value is None:
            return default
        if value.lower() == "false":
            return False
        if value.lower() == "true":
            return True
        raise ConfigurationError(f"{self.named(key)} must be true or false, not {value!r}")


def _ca_file(found: _Lookup) -> Path | None:
    value = found.text("caFile")
    if value is None:
        return None
    name = found.named("caFile")
    file = _path(name, value)
    if not file.is_file():
        raise ConfigurationError(f"{name} names no file: {_quoted(value)}")
    try:
        ssl.create_default_context(cafile=str(file))
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            f"{name} holds no certificate in PEM that can be read: {value}: {error.strerror}"
        ) from None
    return file


def _path(name: str, value: str) -> Path:
    try:
        return Path(value).expanduser()
    except RuntimeError:
        raise ConfigurationError(
            f"{name} cannot be read: {_quoted(value)}: it begins with the home of nobody known"
        ) from None


def _quoted(value: str, *, address: bool = False) -> str:
    """Return a value for a message, unless it looks like a key or a token."""
    is_other = address and not any(each in value for each in "./:")
    if is_other or "{" in value or "\n" in value or len(value) > 200:
        return "what is given (not shown: it may be a secret)"
    return clean(value)


def _checked_url(found: _Lookup) -> str:
    value = found.text("url")
    if value is None:
        raise ConfigurationError(
            "no address of a ZITADEL is given: set zorg:url, e.g. `pulumi config set zorg:url https://acme.zitadel.cloud`, "
            f"or ZITADEL_URL in the environment. {_MAY_BE_STORED}"
        )
    name = found.named("url")
    if "@" in value:
        # The value is not quoted: it contains a password.
        raise ConfigurationError(f"{name} must not carry a user or a password (no @); give the credential by itself")
    try:
        parts = urlsplit(value.strip())
        host, _ = parts.hostname, parts.port  # raises for a port that is not a number
        (host or "").encode("idna")  # raises for a name that no host can have
    except ValueError as error:
        raise ConfigurationError(f"{name} is no address: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ConfigurationError(
            f"{name} must begin with https:// and a host, like https://acme.zitadel.cloud, not {_quoted(value, address=True)!r}"
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigurationError(f"{name} must end after the host, like {parts.scheme}://{parts.netloc}, not {value!r}")
    # Always read: a value that is neither true nor false is an error for every address.
    allows_http = found.flag("allowHttp")
    if parts.scheme == "http" and not is_loopback(host) and not allows_http:
        raise ConfigurationError(
            f"{name} is plain http to {host}, which sends the credential in the clear: use https, "
            "or say zorg:allowHttp true where that is meant"
        )
    return f"{parts.scheme}://{parts.netloc}"


def is_loopback(host: str) -> bool:
    """Whether the host's name or address is a loopback one."""
    if host == "localhost" or host.endswith(".localhost"):
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _credential(found: _Lookup) -> Credential:
    """Return the one credential: from the stack's configuration if it has any part of one, else from the environment."""
    for place in (found.in_stack, found.in_environment):
        kinds = [kind for kind, keys in _CREDENTIALS.items() if any(place(key) for key in keys)]
        if len(kinds) > 1:
            given = ", ".join(
                f"zorg:{key}" if place == found.in_stack else _ENVIRONMENT[key]
                for kind in kinds
                for key in _CREDENTIALS[kind]
                if place(key)
            )
            raise ConfigurationError(f"more than one credential is given ({given}): {_WAY_OUT}")
        if kinds:
            return _read_credential(kinds[0], found)
    raise ConfigurationError(f"no credential is given: {_WAY_OUT}")


def _read_credential(kind: str, found: _Lookup) -> Credential:
    values: dict[str, str] = {}
    for key in _CREDENTIALS[kind]:
        value = found.text(key)
        if value is None:
            raise ConfigurationError(
                f"zorg:{key} (or {_ENVIRONMENT[key]}) is missing: {kind} are zorg:clientId with zorg:clientSecret"
            )
        values[key] = value
    if "token" in values:
        token = values["token"].strip()
        if not token.isascii() or any(character.isspace() or not character.isprintable() for character in token):
            raise ConfigurationError(
                f"{found.named('token')} holds characters that no token has; was it cut or pasted with something else?"
            )
        return PersonalAccessToken(SecretStr(token))
    if "clientId" in values:
        return ClientCredentials(values["clientId"], SecretStr(values["clientSecret"]))
    if "jwtProfileFile" in values:
        name = found.named("jwtProfileFile")
        try:
            text = _path(name, values["jwtProfileFile"]).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            raise ConfigurationError(f"{name} cannot be read: {_quoted(values['jwtProfileFile'])}: {reason}") from None
        return _read_key(name, text)
    return _read_key(found.named("jwtProfileJson"), values["jwtProfileJson"])


def _read_key(name: str, text: str) -> ServiceAccountKey:
    try:
        return ServiceAccountKey.model_validate_json(text)
    except ValidationError as error:
        # Only where it is wrong and how: the value is a private key.
        wrong = "; ".join(
            f"{'.'.join(str(part) for part in item['loc']) or 'the text'}: {item['msg']}"
            for item in error.errors(include_input=False, include_url=False, include_context=False)
        )
    raise ConfigurationError(
        f"{name} is not the JSON that ZITADEL hands out for a service account's key "
        f'(an object with "type": "serviceaccount", "keyId", "userId" and "key"): {wrong}'
    )

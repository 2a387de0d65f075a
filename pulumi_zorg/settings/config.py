"""The settings: the instance and the credential, from the stack's configuration first and then from the environment.

A setting that is the empty text counts as not given: pipelines pass a missing secret that way.
"""

from __future__ import annotations

import base64
import codecs
import ipaddress
import os
import ssl
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from pulumi_zorg.errors import ConfigurationError, clean
from pulumi_zorg.settings.headers import parse_headers
from pulumi_zorg.settings.pulumi_project import project_folder

if TYPE_CHECKING:
    from pulumi_zorg.settings.service_account_key import ServiceAccountKey

__all__ = [
    "ClientCredentials",
    "Credential",
    "PersonalAccessToken",
    "Process",
    "Secret",
    "Settings",
    "TokenFile",
    "is_loopback",
    "load_address",
    "load_settings",
    "origin_of_address",
    "same_address",
]

#: Returns a value of the stack's configuration by its name without the namespace; None where it is not set.
ConfigGetter = Callable[[str], str | None]

_ENVIRONMENT = {
    "url": "ZITADEL_URL",
    "token": "ZITADEL_TOKEN",
    "tokenFile": "ZITADEL_TOKEN_FILE",
    "jwtProfileFile": "ZITADEL_JWT_PROFILE_FILE",
    "jwtProfileJson": "ZITADEL_JWT_PROFILE_JSON",
    "clientId": "ZITADEL_CLIENT_ID",
    "clientSecret": "ZITADEL_CLIENT_SECRET",
    "headers": "ZITADEL_HEADERS",
    "caFile": "ZITADEL_CA_FILE",
    "audience": "ZITADEL_AUDIENCE",
    "timeout": "ZITADEL_TIMEOUT",
    "retryDeadline": "ZITADEL_RETRY_DEADLINE",
    "allowHttp": "ZITADEL_ALLOW_HTTP",
    "previewImpact": "ZITADEL_PREVIEW_IMPACT",
}

#: A name of a file that is longer may be a token that was put in the place of a path.
_LONGEST_NAME = 40
#: Settings that are the path of a file. A relative one starts at the folder of Pulumi.yaml, in every process.
_PATHS = frozenset({"tokenFile", "jwtProfileFile", "caFile"})

#: Each kind of credential, and the settings that make it up.
_CREDENTIALS: dict[str, tuple[str, ...]] = {
    "personal access token": ("token",),
    "personal access token in a file": ("tokenFile",),
    "service-account key file": ("jwtProfileFile",),
    "service-account key": ("jwtProfileJson",),
    "client credentials": ("clientId", "clientSecret"),
}

#: What the engine does with the stack's configuration (measured on engines 3.230 and 3.250; docs/credentials.md).
_AS_STORED = "in a refresh and in `pulumi destroy` as it was at the last `pulumi up`"
_USE_THE_PRESENT = (
    "To use the present one, add --run-program or run `pulumi up` without --refresh, while the program declares a "
    "resource of this package"
)
_MAY_BE_STORED = f" The stack's configuration is read {_AS_STORED}. {_USE_THE_PRESENT}"

_REACHES = "The stack's configuration reaches every process"

_WAY_OUT = (
    "set exactly one of zorg:token (a personal access token), zorg:tokenFile (a file with one), zorg:jwtProfileFile or zorg:jwtProfileJson "
    "(a service-account key), or zorg:clientId with zorg:clientSecret, e.g. `pulumi config set --secret zorg:token`; "
    "or ZITADEL_TOKEN, ZITADEL_TOKEN_FILE, ZITADEL_JWT_PROFILE_FILE, ZITADEL_JWT_PROFILE_JSON, ZITADEL_CLIENT_ID with "
    "ZITADEL_CLIENT_SECRET in the environment."
)


class Process(Enum):
    """Who reads the settings. The value says in an error what lacks them."""

    #: The host of the dynamic providers. Its environment is that of `pulumi`.
    PROVIDER = "in the provider's process, which manages the resources"
    #: Its environment is that of `pulumi` too, unless it changes it itself, or is an inline program of the automation API.
    PROGRAM = "in the program's process, which makes the lookups"
    #: A command of ``zorg``.
    COMMAND = "to this command"


@dataclass(frozen=True)
class Secret:
    """A text that no repr shows."""

    value: str = field(repr=False)


@dataclass(frozen=True)
class TokenFile:
    """A file with a personal access token, as ZITADEL's first setup writes it and its chart mounts it.

    :param setting: the setting that names it.
    :param path: as it is given.
    """

    setting: str
    path: Path

    def read(self) -> Secret:
        """Return the token that the file has now.

        :raises ConfigurationError: where it has none. The message shows nothing of what it has.
        """
        text = _text_of_file(self.setting, self.path, _shown_path(str(self.path)))
        if not text:
            raise ConfigurationError(
                f"{self.setting} names a file without a token: {_shown_path(str(self.path))} is empty"
            )
        if len(text.splitlines()) > 1 and not text.startswith("{"):
            raise ConfigurationError(
                f"{self.setting} names a file with several lines: {_shown_path(str(self.path))}. A file with a personal access token has "
                "nothing but the token"
            )
        return _personal_access_token(f"{self.setting}: the file", text)


@dataclass(frozen=True)
class PersonalAccessToken:
    """A personal access token of a user of ZITADEL (https://zitadel.com/docs/guides/integrate/service-users/personal-access-token).

    :param file: the file that has it, if one does.
    """

    token: Secret
    file: TokenFile | None = None


@dataclass(frozen=True)
class ClientCredentials:
    """A service account's client id and secret (https://zitadel.com/docs/guides/integrate/service-users/client-credentials)."""

    client_id: str
    client_secret: Secret


Credential: TypeAlias = "PersonalAccessToken | ServiceAccountKey | ClientCredentials"


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
    :param headers: headers that every call has besides its own, by name. Any of their values may be a secret.
    """

    url: str
    credential: Credential
    audience: str
    ca_file: Path | None = None
    timeout: float = 30.0
    retry_deadline: float = 120.0
    preview_impact: bool = True
    headers: tuple[tuple[str, Secret], ...] = ()
    #: Where the credential was read from, in sentences for an error that refuses it; empty if that is not known.
    credential_origin: str = field(default="", compare=False)
    #: The name under which the address was given: ``zorg:url`` or ``ZITADEL_URL``.
    url_origin: str = field(default="", compare=False)


def load_settings(
    config: ConfigGetter,
    environment: Mapping[str, str] | None = None,
    *,
    process: Process = Process.PROVIDER,
    folder: Callable[[], Path | None] | None = None,
) -> Settings:
    """Return the settings of the stack's configuration, completed by the environment.

    :param config: looks up a name of the namespace ``zorg`` in the stack's configuration.
    :param environment: ``os.environ`` where it is not given. It always reaches the provider as it is.
    :param process: who reads them. The provider may be given the configuration of the last ``pulumi up``: in a refresh and in a
        destroy the engine configures it with what it stored then. Messages then say how to use the present configuration.
    :param folder: returns the folder that relative paths start at; None where it is not known. The default is the folder of the
        project whose program's folder is the current one, as it is in the program and in the provider's process.
    :raises ConfigurationError: naming the setting and the way out.
    """
    stored = process is Process.PROVIDER
    in_stack, in_environment = _both_places(config, environment, folder or _current_project)
    found = {**in_environment, **in_stack}
    hint = _MAY_BE_STORED if stored else ""
    url = _url(found, process)
    kind = _credential_kind(in_stack, hint) or _credential_kind(in_environment, hint)
    if kind is None:
        raise ConfigurationError(f"no credential is given {process.value}: {_WAY_OUT}{_where_to_set(process)}")
    return Settings(
        url=url,
        credential=_credential(kind, found, process),
        audience=(found["audience"].text if "audience" in found else url).rstrip("/"),
        headers=_headers(in_environment.get("headers"), in_stack.get("headers")),
        ca_file=_ca_file(found["caFile"]) if "caFile" in found else None,
        timeout=_seconds(found.get("timeout"), 30.0),
        retry_deadline=_seconds(found.get("retryDeadline"), 120.0),
        preview_impact=_flag(found.get("previewImpact"), True),
        credential_origin=_origin([found[key].name for key in _CREDENTIALS[kind]], stored=stored),
        url_origin=found["url"].name,
    )


def load_address(config: ConfigGetter, process: Process) -> tuple[str, str]:
    """Return the address of the instance, and the name under which it was given. See :func:`load_settings`.

    :raises ConfigurationError: where it is missing or malformed.
    """
    in_stack, in_environment = _both_places(config, None, _current_project)
    found = {**in_environment, **in_stack}
    return _url(found, process), found["url"].name


def origin_of_address(name: str, process: Process) -> str:
    """Return where an address was read from: ``ZITADEL_URL in the environment of the program's process``.

    :param name: the name under which it was given.
    """
    if name.startswith("zorg:"):
        return f"{name} in the stack's configuration"
    whose = {Process.PROVIDER: "the provider's process", Process.PROGRAM: "the program's process"}
    return f"{name} in the environment of {whose.get(process, 'this command')}"


def same_address(one: str, other: str) -> bool:
    """Whether two addresses are one, however they are written."""
    return _comparable(one) == _comparable(other)


def _comparable(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or {"http": 80, "https": 443}.get(parts.scheme)


def _both_places(
    config: ConfigGetter, environment: Mapping[str, str] | None, folder: Callable[[], Path | None]
) -> tuple[dict[str, _Setting], dict[str, _Setting]]:
    """Return the settings of the stack's configuration, and those of the environment."""
    variables = os.environ if environment is None else environment
    in_stack = _settings_of({key: f"zorg:{key}" for key in _ENVIRONMENT}, config, folder)
    in_environment = _settings_of(_ENVIRONMENT, lambda key: variables.get(_ENVIRONMENT[key]), folder)
    return in_stack, in_environment


def _current_project() -> Path | None:
    try:
        return project_folder(Path.cwd())
    except OSError:  # the current folder was removed
        return None


def _where_to_set(process: Process) -> str:
    """Return how to give a setting to a process that lacks it, after the settings themselves."""
    if process is Process.PROVIDER:
        return f" {_REACHES}; what a program sets in its own environment does not.{_MAY_BE_STORED}"
    if process is Process.PROGRAM:
        return f" {_REACHES}; what `env_vars` of the automation API give to `pulumi` does not reach an inline program."
    return ""


def _origin(names: Iterable[str], *, stored: bool) -> str:
    """Return where a credential was read from, in sentences for an error that refuses it."""
    origin = f"The credential was read from {' and '.join(sorted(names))}"
    if "zorg:" not in origin:
        return f"{origin} in the environment."
    return f"{origin}, {_AS_STORED}. {_USE_THE_PRESENT}." if stored else f"{origin}."


@dataclass(frozen=True)
class _Setting:
    """The text of a setting, and its name at the place where it was read: ``zorg:url`` or ``ZITADEL_URL``."""

    name: str
    text: str = field(repr=False)
    #: Returns the folder that a relative path starts at; None for a setting that is no path.
    folder: Callable[[], Path | None] | None = field(default=None, repr=False)


def _settings_of(names: Mapping[str, str], get: ConfigGetter, folder: Callable[[], Path | None]) -> dict[str, _Setting]:
    """Return the settings of one place by their key."""
    texts = {key: get(key) for key in names}
    return {
        key: _Setting(names[key], text, folder if key in _PATHS else None)
        for key, text in texts.items()
        if text and text.strip()
    }


def _headers(*places: _Setting | None) -> tuple[tuple[str, Secret], ...]:
    """Return the headers of all places. The same header in a later place comes before that of an earlier one."""
    found: dict[str, tuple[str, Secret]] = {}
    for setting in places:
        for name, value in ({} if setting is None else parse_headers(setting.name, setting.text)).items():
            found[name.lower()] = name, Secret(value)
    return tuple(found.values())


def _seconds(setting: _Setting | None, default: float) -> float:
    if setting is None:
        return default
    try:
        seconds = float(setting.text)
    except ValueError:
        seconds = -1.0
    if not 0 < seconds <= 86_400:
        raise ConfigurationError(f"{setting.name} must be a number of seconds above 0, not {setting.text!r}")
    return seconds


def _flag(setting: _Setting | None, default: bool) -> bool:
    if setting is None:
        return default
    if setting.text.lower() not in ("true", "false"):
        raise ConfigurationError(f"{setting.name} must be true or false, not {setting.text!r}")
    return setting.text.lower() == "true"


def _ca_file(setting: _Setting) -> Path:
    file = _path(setting)
    if not file.is_file():
        raise ConfigurationError(f"{setting.name} names no file: {_shown(setting, file)}")
    try:
        ssl.create_default_context(cafile=str(file))
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            f"{setting.name} holds no certificate in PEM that can be read: {_shown(setting, file)}: {error.strerror}"
        ) from None
    return file


def _path(setting: _Setting) -> Path:
    """Return the path that a setting of :data:`_PATHS` is."""
    try:
        path = Path(setting.text).expanduser()
    except RuntimeError:
        raise ConfigurationError(
            f"{setting.name} cannot be read: {_quoted(setting.text)}: there is no user with that home directory"
        ) from None
    if path.is_absolute():
        return path
    folder = setting.folder() if setting.folder else None
    if folder is None:
        raise ConfigurationError(
            f"{setting.name} is a relative path: {_quoted(setting.text)}. It would start at the folder of Pulumi.yaml, which is not "
            "known here: the program is an inline program, or outside of that folder. Give an absolute path."
        )
    return folder / path


def _shown(setting: _Setting, path: Path) -> str:
    """Return the path of a setting for a message, with the folder that a relative one starts at."""
    quoted = _quoted(setting.text)
    return clean(str(path), 1_000) if quoted == clean(setting.text) else quoted


def _quoted(value: str, *, address: bool = False) -> str:
    """Return a value for a message, unless it looks like a key or a token."""
    is_other = address and not any(each in value for each in "./:")
    if is_other or "{" in value or "\n" in value or len(value) > 200:
        return "what is given (not shown: it may be a secret)"
    return clean(value)


def _url(found: Mapping[str, _Setting], process: Process) -> str:
    if "url" not in found:
        raise ConfigurationError(
            f"no address of a ZITADEL is given {process.value}: set zorg:url, e.g. `pulumi config set zorg:url "
            f"https://acme.zitadel.cloud`, or ZITADEL_URL in the environment.{_where_to_set(process)}"
        )
    name, value = found["url"].name, found["url"].text
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
    allows_http = _flag(found.get("allowHttp"), False)
    if parts.scheme == "http" and not is_loopback(host) and not allows_http:
        raise ConfigurationError(
            f"{name} is plain http to {host}, which sends the credential in the clear: use https, "
            "or set zorg:allowHttp to true if that is intended"
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


def _credential_kind(place: Mapping[str, _Setting], hint: str) -> str | None:
    """Return the one kind of credential that a place has a part of.

    :raises ConfigurationError: where it has parts of several.
    """
    kinds = [kind for kind, keys in _CREDENTIALS.items() if any(key in place for key in keys)]
    if len(kinds) > 1:
        names = ", ".join(place[key].name for kind in kinds for key in _CREDENTIALS[kind] if key in place)
        raise ConfigurationError(f"more than one credential is given ({names}): {_WAY_OUT}{hint}")
    return kinds[0] if kinds else None


def _credential(kind: str, found: Mapping[str, _Setting], process: Process) -> Credential:
    """Return the credential of this kind. Its parts may come from different places."""
    for key in _CREDENTIALS[kind]:
        if key not in found:
            raise ConfigurationError(
                f"zorg:{key} (or {_ENVIRONMENT[key]}) is not given {process.value}: {kind} are zorg:clientId with "
                f"zorg:clientSecret.{_where_to_set(process)}"
            )
    if kind == "client credentials":
        return ClientCredentials(found["clientId"].text, Secret(found["clientSecret"].text))
    if kind == "service-account key":
        return _key(found["jwtProfileJson"].name, found["jwtProfileJson"].text)
    if kind == "service-account key file":
        return _key_in_file(found["jwtProfileFile"])
    if kind == "personal access token in a file":
        # Absolute, because it is read again later.
        file = TokenFile(found["tokenFile"].name, _path(found["tokenFile"]).absolute())
        return PersonalAccessToken(file.read(), file)
    name, token = found["token"].name, found["token"].text.strip()
    is_path = any(each in token for each in "/\\") or token.lower().endswith((".json", ".txt", ".pat"))
    if is_path and not token.startswith("{"):
        # No token of ZITADEL has these characters.
        raise ConfigurationError(
            f"{name} must be a personal access token itself, and is the path of a file. The path of a file with a token belongs in "
            "zorg:tokenFile or ZITADEL_TOKEN_FILE, and that of a service account's key file in zorg:jwtProfileFile or "
            "ZITADEL_JWT_PROFILE_FILE."
        )
    return PersonalAccessToken(_personal_access_token(name, token))


def _personal_access_token(name: str, token: str) -> Secret:
    """Return a token that is well-formed.

    :param name: the setting that has it.
    """
    if token.startswith("{"):
        raise ConfigurationError(
            f"{name} must be a personal access token, and is JSON. The JSON of a service account's key belongs in "
            "zorg:jwtProfileJson or ZITADEL_JWT_PROFILE_JSON, and its file in zorg:jwtProfileFile or ZITADEL_JWT_PROFILE_FILE."
        )
    if not token.isascii() or any(character.isspace() or not character.isprintable() for character in token):
        raise ConfigurationError(
            f"{name} holds characters that no token has; was it cut or pasted with something else?"
        )
    return Secret(token)


def _key_in_file(setting: _Setting) -> ServiceAccountKey:
    file = _path(setting)
    return _key(setting.name, _text_of_file(setting.name, file, _shown(setting, file)))


def _text_of_file(name: str, path: Path, shown: str) -> str:
    """Return the text of a file, without white space around it.

    :param shown: the path in a message.
    """
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # Reading a pipe waits for a writer, for ever, and gives what it has only once. Several processes read the file.
            raise ConfigurationError(f"{name} cannot be read: {shown}: it is no regular file")
        # Windows writes a byte order mark, and some of its shells UTF-16.
        content = path.read_bytes()
        text = content.decode("utf-16" if content[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(f"{name} cannot be read: {shown}: {reason}") from None
    return text.strip()


def _shown_path(path: str) -> str:
    """Return the path of a file with a token for a message, unless its last part may be the token itself."""
    name = Path(path).name
    return _quoted(path) if len(name) <= _LONGEST_NAME else "what is given (not shown: it may be a token)"


def _key(name: str, text: str) -> ServiceAccountKey:
    from pulumi_zorg.settings.service_account_key import (
        parse_key,  # needs pydantic, which a personal access token does not
    )

    text = text.strip().removeprefix("\ufeff")
    if _is_base64_of_json(text):
        raise ConfigurationError(
            f"{name} must be the JSON that ZITADEL issued, and is base64 of it. Decode it first, for example with `base64 -d`."
        )
    return parse_key(name, text)


def _is_base64_of_json(text: str) -> bool:
    try:
        return base64.b64decode("".join(text.split()), validate=True).lstrip().startswith(b"{")
    except ValueError:
        return False

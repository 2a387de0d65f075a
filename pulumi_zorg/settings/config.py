"""The settings: the instance, the credential and the rest, from the stack's configuration first and then from the environment.

:data:`SETTINGS` is the table of them. A setting that is the empty text counts as not given: pipelines pass a missing secret that way.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from pulumi_zorg.errors import ConfigurationError
from pulumi_zorg.settings import values
from pulumi_zorg.settings.credentials import KINDS, WAY_OUT, Credential, Secret, credential_of, kind_of
from pulumi_zorg.settings.headers import parse_headers
from pulumi_zorg.settings.pulumi_project import project_folder
from pulumi_zorg.settings.values import Given

#: Returns a value of the stack's configuration by its name without the namespace; None where it is not set.
ConfigGetter = Callable[[str], str | None]


class Setting(NamedTuple):
    """A setting.

    :param key: its name in the stack's configuration, after ``zorg:``.
    :param variable: its name in the environment.
    :param field: the field of :class:`Settings` that has it; empty where it is a part of the address, the credential or the headers.
    :param check: returns the value of that field, or raises a ``ConfigurationError``.
    """

    key: str
    variable: str
    field: str = ""
    check: Callable[[Given], Any] = values.text


#: All settings. A new one is a row here, and a field of :class:`Settings` with its default.
SETTINGS = (
    Setting("url", "ZITADEL_URL"),
    Setting("allowHttp", "ZITADEL_ALLOW_HTTP"),
    Setting("token", "ZITADEL_TOKEN"),
    Setting("tokenFile", "ZITADEL_TOKEN_FILE"),
    Setting("jwtProfileFile", "ZITADEL_JWT_PROFILE_FILE"),
    Setting("jwtProfileJson", "ZITADEL_JWT_PROFILE_JSON"),
    Setting("clientId", "ZITADEL_CLIENT_ID"),
    Setting("clientSecret", "ZITADEL_CLIENT_SECRET"),
    Setting("headers", "ZITADEL_HEADERS"),
    Setting("audience", "ZITADEL_AUDIENCE", "audience", values.issuer),
    Setting("caFile", "ZITADEL_CA_FILE", "ca_file", values.certificates),
    Setting("timeout", "ZITADEL_TIMEOUT", "timeout", values.seconds),
    Setting("retryDeadline", "ZITADEL_RETRY_DEADLINE", "retry_deadline", values.seconds),
    Setting("previewImpact", "ZITADEL_PREVIEW_IMPACT", "preview_impact", values.flag),
)


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


#: What the engine does with the stack's configuration (measured on engines 3.230 and 3.250; docs/credentials.md).
_AS_STORED = "in a refresh and in `pulumi destroy` as it was at the last `pulumi up`"
_USE_THE_PRESENT = (
    "To use the present one, add --run-program or run `pulumi up` without --refresh, while the program declares a "
    "resource of this package"
)
_MAY_BE_STORED = f" The stack's configuration is read {_AS_STORED}. {_USE_THE_PRESENT}"
_REACHES = " The stack's configuration reaches every process; what"


class Process(Enum):
    """Who reads the settings. The value says in an error what lacks them."""

    #: The host of the dynamic providers. Its environment is that of `pulumi`.
    PROVIDER = "in the provider's process, which manages the resources"
    #: Its environment is that of `pulumi` too, unless it changes it itself, or is an inline program of the automation API.
    PROGRAM = "in the program's process, which makes the lookups"
    #: A command of ``zorg``.
    COMMAND = "to this command"

    @property
    def way_out(self) -> str:
        """How to give a setting to a process that lacks it, in sentences after the settings themselves."""
        if self is Process.PROVIDER:
            return f"{_REACHES} a program sets in its own environment does not.{_MAY_BE_STORED}"
        if self is Process.PROGRAM:
            return f"{_REACHES} `env_vars` of the automation API give to `pulumi` does not reach an inline program."
        return ""


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
    variables, start = os.environ if environment is None else environment, folder or _current_project
    in_stack = {each.key: Given(f"zorg:{each.key}", config(each.key) or "", start) for each in SETTINGS}
    in_environment = {each.key: Given(each.variable, variables.get(each.variable) or "", start) for each in SETTINGS}
    in_stack = {key: given for key, given in in_stack.items() if given.text.strip()}
    in_environment = {key: given for key, given in in_environment.items() if given.text.strip()}
    found = {**in_environment, **in_stack}
    if "url" not in found:
        raise ConfigurationError(
            f"no address of a ZITADEL is given {process.value}: set zorg:url, e.g. `pulumi config set zorg:url "
            f"https://acme.zitadel.cloud`, or ZITADEL_URL in the environment.{process.way_out}"
        )
    # Always read: a value that is neither true nor false is an error for every address.
    allows_http = "allowHttp" in found and values.flag(found["allowHttp"])
    url = values.address(found["url"], allows_http=allows_http)
    hint = _MAY_BE_STORED if process is Process.PROVIDER else ""
    kind = kind_of(in_stack, hint) or kind_of(in_environment, hint)
    if kind is None:
        raise ConfigurationError(f"no credential is given {process.value}: {WAY_OUT}{process.way_out}")
    for key, variable, *_ in SETTINGS:
        if key in KINDS[kind] and key not in found:
            raise ConfigurationError(
                f"zorg:{key} (or {variable}) is not given {process.value}: {kind} are zorg:clientId with "
                f"zorg:clientSecret.{process.way_out}"
            )
    # The parts of a credential may come from different places.
    parts = {key: found[key] for key in KINDS[kind]}
    credential = credential_of(parts)
    headers: dict[str, tuple[str, Secret]] = {}
    for place in (in_environment, in_stack):
        if "headers" in place:
            for name, value in parse_headers(place["headers"].name, place["headers"].text).items():
                headers[name.lower()] = name, Secret(value)
    others = {each.field: each.check(found[each.key]) for each in SETTINGS if each.field and each.key in found}
    return Settings(
        **{"audience": url, **others},
        url=url,
        credential=credential,
        headers=tuple(headers.values()),
        credential_origin=_origin_of_credential(parts, process),
        url_origin=found["url"].name,
    )


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


def _current_project() -> Path | None:
    try:
        return project_folder(Path.cwd())
    except OSError:  # the current folder was removed
        return None


def _origin_of_credential(parts: Mapping[str, Given], process: Process) -> str:
    """Return where a credential was read from, in sentences for an error that refuses it."""
    origin = f"The credential was read from {' and '.join(sorted(each.name for each in parts.values()))}"
    if "zorg:" not in origin:
        return f"{origin} in the environment."
    return f"{origin}, {_AS_STORED}. {_USE_THE_PRESENT}." if process is Process.PROVIDER else f"{origin}."

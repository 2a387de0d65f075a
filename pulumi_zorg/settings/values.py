"""The values that are given for settings: the checks of single values, and how a message shows them."""

from __future__ import annotations

import codecs
import ipaddress
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from pulumi_zorg.errors import ConfigurationError, clean

#: A name of a file that is longer may be a token that was put in the place of a path.
_LONGEST_NAME = 40
_NOT_SHOWN = "what is given (not shown: it may be a secret)"


@dataclass(frozen=True)
class Given:
    """The value of a setting, as it was read from one place.

    :param name: the setting's name at that place: ``zorg:url`` or ``ZITADEL_URL``.
    :param folder: returns the folder that a relative path starts at; None where it is not known.
    """

    name: str
    text: str = field(repr=False)
    folder: Callable[[], Path | None] = field(default=lambda: None, repr=False)

    def shown(self, path: Path | None = None, *, longest_name: int = 200) -> str:
        """Return the value for a message, unless it looks like a key or a token.

        :param path: the path that the value names, which is shown in its place.
        :param longest_name: a path whose last part is longer is not shown.
        """
        if "{" in self.text or "\n" in self.text or len(self.text) > 200 or len(Path(self.text).name) > longest_name:
            return _NOT_SHOWN
        return clean(str(path or self.text), 1_000)


def text(given: Given) -> str:
    """Return the value as it is."""
    return given.text


def seconds(given: Given) -> float:
    """Return a number of seconds."""
    try:
        found = float(given.text)
    except ValueError:
        found = -1.0
    if not 0 < found <= 86_400:
        raise ConfigurationError(f"{given.name} must be a number of seconds above 0, not {given.text!r}")
    return found


def flag(given: Given) -> bool:
    """Return whether the value is ``true``."""
    if given.text.lower() not in ("true", "false"):
        raise ConfigurationError(f"{given.name} must be true or false, not {given.text!r}")
    return given.text.lower() == "true"


def issuer(given: Given) -> str:
    """Return the address of an issuer, without a trailing slash."""
    return given.text.rstrip("/")


def path(given: Given) -> Path:
    """Return the path of a file. A relative one starts at the folder of Pulumi.yaml, in every process."""
    try:
        found = Path(given.text).expanduser()
    except RuntimeError:
        raise ConfigurationError(
            f"{given.name} cannot be read: {given.shown()}: there is no user with that home directory"
        ) from None
    if found.is_absolute():
        return found
    folder = given.folder()
    if folder is None:
        raise ConfigurationError(
            f"{given.name} is a relative path: {given.shown()}. It would start at the folder of Pulumi.yaml, which is not "
            "known here: the program is an inline program, or outside of that folder. Give an absolute path."
        )
    return folder / found


def certificates(given: Given) -> Path:
    """Return the path of a file with certificates in PEM."""
    file = path(given)
    if not file.is_file():
        raise ConfigurationError(f"{given.name} does not name a file: {given.shown(file)}")
    try:
        ssl.create_default_context(cafile=str(file))
    except (ssl.SSLError, OSError) as error:
        raise ConfigurationError(
            f"{given.name} has no readable certificate in PEM: {given.shown(file)}: {error.strerror}"
        ) from None
    return file


def content(given: Given, path: Path, *, longest_name: int = 200) -> str:
    """Return the text of the file that a setting names, without white space around it.

    :param longest_name: see :meth:`Given.shown`.
    """
    begin = f"{given.name} cannot be read: {given.shown(path, longest_name=longest_name)}"
    try:
        if path.exists() and not (path.is_file() or path.is_dir()):
            # Reading a pipe waits for a writer, for ever, and gives what it has only once. Several processes read the file.
            raise ConfigurationError(f"{begin}: it is not a regular file")
        # Windows writes a byte order mark, and some of its shells UTF-16.
        raw = path.read_bytes()
        decoded = raw.decode("utf-16" if raw[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE) else "utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise ConfigurationError(f"{begin}: {reason}") from None
    return decoded.strip()


def token(given: Given, path: Path | None = None) -> str:
    """Return a personal access token that is well-formed.

    :param path: the file that has it; None where the setting has it itself.
    """
    if path is None:
        name, found = given.name, given.text.strip()
        is_path = any(each in found for each in "/\\") or found.lower().endswith((".json", ".txt", ".pat"))
        if is_path and not found.startswith("{"):
            # No token of ZITADEL has these characters.
            raise ConfigurationError(
                f"{name} must be a personal access token itself, and is the path of a file. The path of a file with a token belongs "
                "in zorg:tokenFile or ZITADEL_TOKEN_FILE, and that of a service account's key file in zorg:jwtProfileFile or "
                "ZITADEL_JWT_PROFILE_FILE."
            )
    else:
        name, found = f"{given.name}: the file", content(given, path, longest_name=_LONGEST_NAME)
        begin, shown = f"{given.name} names a file", given.shown(path, longest_name=_LONGEST_NAME)
        if not found:
            raise ConfigurationError(f"{begin} without a token: {shown} is empty")
        if len(found.splitlines()) > 1 and not found.startswith("{"):
            raise ConfigurationError(
                f"{begin} with several lines: {shown}. A file with a personal access token has nothing but the token"
            )
    if found.startswith("{"):
        raise ConfigurationError(
            f"{name} must be a personal access token, and is JSON. The JSON of a service account's key belongs in "
            "zorg:jwtProfileJson or ZITADEL_JWT_PROFILE_JSON, and its file in zorg:jwtProfileFile or ZITADEL_JWT_PROFILE_FILE."
        )
    if not found.isascii() or any(character.isspace() or not character.isprintable() for character in found):
        raise ConfigurationError(f"{name} has characters that no token has; was it cut or pasted with something else?")
    return found


def address(given: Given, *, allows_http: bool) -> str:
    """Return the address of an instance: scheme and host (and port), without a trailing slash."""
    name, value = given.name, given.text
    if "@" in value:
        # The value is not quoted: it contains a password.
        raise ConfigurationError(f"{name} must not have a user or a password (no @); give the credential by itself")
    try:
        parts = urlsplit(value.strip())
        host, _ = parts.hostname, parts.port  # raises for a port that is not a number
        (host or "").encode("idna")  # raises for a name that no host can have
    except ValueError as error:
        raise ConfigurationError(f"{name} is not a valid address: {error}") from None
    if parts.scheme not in ("http", "https") or not host:
        shown = given.shown() if any(each in value for each in "./:") else _NOT_SHOWN
        raise ConfigurationError(
            f"{name} must begin with https:// and a host, like https://acme.zitadel.cloud, not {shown!r}"
        )
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ConfigurationError(
            f"{name} must not have a path, query or fragment. Write {parts.scheme}://{parts.netloc}, not {value!r}"
        )
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

"""Extra headers of the calls (``zorg:headers``): which ones may be given, and their values out of messages."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

from pulumi_zorg.errors import ConfigurationError, clean

#: Name the instance by a host name, so their values are no secrets. The server's own setting InstanceHostHeaders may name others.
HOST_HEADERS = ("x-zitadel-instance-host", "host")
_ABOUT_HOST = frozenset(
    {*HOST_HEADERS, "x-zitadel-public-host", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-for", "forwarded"}
)
#: Headers that the client sets itself, without a secret.
_PLAIN = frozenset(
    {"accept", "accept-encoding", "connection", "content-length", "content-type", "user-agent", "x-zitadel-orgid"}
)
#: Their values begin with a word that is no secret, like Bearer.
_WITH_SCHEME = frozenset({"authorization", "proxy-authorization"})
_BODY = "it describes the body of a call or of an answer, and each call has its own"
_CONNECTION = "it is about the connection, which the HTTP client manages"
_METHOD = "it would make a call another one than was meant"
_API = "ZITADEL's API reads it as a part of the call"
#: Why a header may not be given, by its name.
_REFUSED = {
    "authorization": (
        "it has the credential (zorg:token and the other settings). A proxy in front of the server takes its own credential in "
        "Proxy-Authorization or in a header of its own"
    ),
    "x-zitadel-orgid": "each call names in it the organization that it acts on. Set here, every change would hit one organization",
    **dict.fromkeys(("accept", "accept-encoding", "expect", "range", "te", "trailer"), _BODY),
    **dict.fromkeys(
        ("content-encoding", "content-length", "content-range", "content-type", "transfer-encoding"), _BODY
    ),
    **dict.fromkeys(("connection", "http2-settings", "keep-alive", "proxy-connection", "upgrade"), _CONNECTION),
    **dict.fromkeys(("x-http-method", "x-http-method-override", "x-method-override"), _METHOD),
}
#: The same, by how the name begins.
_REFUSED_BEGINNINGS = {"connect-": _API, "grpc-": _API, "grpcgateway-": _API, "if-": _BODY}
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # a token of RFC 9110
_VALUE = re.compile(r"[\x20-\x7e]+")
_HOST = re.compile(r"[A-Za-z0-9.-]+(:[0-9]{1,5})?|\[[0-9A-Fa-f:.]+\](:[0-9]{1,5})?")


def parse_headers(setting: str, text: str) -> dict[str, str]:
    """Return the headers of a JSON object.

    :param setting: the name of the setting that has the JSON. The engine gives an object of the stack's configuration as JSON too.
    :raises ConfigurationError: where it is no such object, or where a header may not be given. The message shows no value.
    """
    try:
        pairs = json.loads(text, object_pairs_hook=_Pairs)
    except (ValueError, RecursionError):
        pairs = None
    if not isinstance(pairs, _Pairs):
        raise ConfigurationError(
            f'{setting} must be a JSON object of headers, like {{"Proxy-Authorization": "Bearer …"}}; in the stack\'s configuration: '
            "`pulumi config set --path 'zorg:headers.Proxy-Authorization' --secret`"
        )
    found: dict[str, str] = {}
    names: dict[str, str] = {}
    for name, value in pairs:
        _check_name(setting, name)
        other = names.setdefault(_same(name), name)
        if other != name or name in found:
            raise ConfigurationError(
                f"{setting} has the header {name} twice ({other}, {name}): names of headers have no case"
            )
        found[name] = _value(setting, name, value)
    return found


class _Pairs(list[tuple[str, Any]]):
    """The members of a JSON object, with those that are there twice."""


def _same(name: str) -> str:
    """Return the name as a server or a proxy may read it: some take ``_`` for ``-``."""
    return name.lower().replace("_", "-")


def _check_name(setting: str, name: str) -> None:
    if not _NAME.fullmatch(name):
        # What is no name may be a value that was put in its place.
        raise ConfigurationError(
            f"{setting} has a name that no header can have. A name has letters, digits and hyphens"
        )
    same = _same(name)
    beginnings = (why for beginning, why in _REFUSED_BEGINNINGS.items() if same.startswith(beginning))
    why = _REFUSED.get(same) or next(beginnings, None)
    if why is not None:
        raise ConfigurationError(f"{setting} must not have {clean(name, 60)}: {why}")


def _value(setting: str, name: str, value: Any) -> str:
    where, text = f"{setting}: the value of {clean(name, 60)}", value
    if isinstance(value, bool):  # `pulumi config set --path` makes it from the text "true"
        text = "true" if value else "false"
    elif isinstance(value, int) and abs(value) < 2**63:  # the same from "12"; a larger one has lost its last digits
        text = str(value)
    if not isinstance(text, str):
        raise ConfigurationError(f"{where} must be text. `pulumi config set --path` takes --type string")
    text = text.strip()
    if not text:
        raise ConfigurationError(f"{where} is empty. Leave the header out, or give it a value")
    if not _VALUE.fullmatch(text):
        raise ConfigurationError(f"{where} has characters that no header can have: only printable ASCII in one line")
    if _same(name) in (*HOST_HEADERS, "x-zitadel-public-host") and not _HOST.fullmatch(text):
        raise ConfigurationError(
            f"{where} must be a host name, with a port where the instance's address has one: acme.example:8443"
        )
    return text


def hide_sent(text: str, sent: Iterable[tuple[str, str]]) -> str:
    """Return a text of the server without the secrets that were sent to it: a proxy may return what it was sent.

    :param sent: the headers of the call.
    """
    secrets: set[str] = set()
    for name, value in sent:
        if name.lower() in _WITH_SCHEME:
            secrets |= {value.partition(" ")[2].strip() or value}
        elif name.lower() == "cookie":
            secrets |= {value, *(each.partition("=")[2].strip() for each in value.split(";"))}
        elif name.lower() not in _PLAIN | _ABOUT_HOST:
            secrets |= {value}
    for secret in sorted(secrets - {""}, key=lambda secret: (-len(secret), secret)):
        text = text.replace(secret, "***")
    return text

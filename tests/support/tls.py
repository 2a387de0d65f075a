"""A server with TLS and a certificate of a private authority, in front of another one."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from pulumi_zorg.testing import FaultProxy
from tests.unit.keys import pem, private_key

__all__ = ["OverTls", "over_tls"]


@dataclass(frozen=True)
class OverTls:
    """Such a server.

    :param ca_file: the certificate of its authority.
    """

    proxy: FaultProxy
    ca_file: Path

    @property
    def url(self) -> str:
        return self.proxy.url.replace("http://", "https://")


@contextmanager
def over_tls(target: str, folder: Path, *, address: str = "127.0.0.1") -> Iterator[OverTls]:
    """Serve ``target`` with TLS on 127.0.0.1.

    :param address: what the certificate is for.
    """
    authority = _certificate("zorg tests: authority", None, None)
    certificate = _certificate("zorg tests: server", authority, address)
    files = [folder / name for name in ("authority.pem", "server.pem", "server.key")]
    files[0].write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    files[1].write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    files[2].write_text(pem())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files[1], files[2])
    proxy = FaultProxy(target)
    proxy._server.socket = context.wrap_socket(proxy._server.socket, server_side=True)
    with proxy:
        yield OverTls(proxy, files[0])


def _certificate(name: str, issuer: x509.Certificate | None, address: str | None) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject if issuer is None else issuer.subject)
        .public_key(private_key().public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
    )
    if address is not None:
        names = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(address))])
        builder = builder.add_extension(names, critical=False)
    return builder.sign(private_key(), hashes.SHA256())

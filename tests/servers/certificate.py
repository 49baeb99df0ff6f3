"""A self-signed certificate, for servers on this machine."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ("Certificate",)


class Certificate:
    """A certificate and its key, in a file of the folder.

    Attributes:
        file: The file; who trusts the certificate may read it, too.
    """

    def __init__(self, folder: Path) -> None:
        self.file = folder / "server.pem"
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        plain = serialization.NoEncryption()
        pem = serialization.Encoding.PEM
        key_text = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain)
        self.file.write_bytes(certificate.public_bytes(pem) + key_text)

    def server(self) -> ssl.SSLContext:
        """What a server of this certificate needs."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.file)
        return context

    def client(self) -> ssl.SSLContext:
        """What a client that trusts it needs."""
        return ssl.create_default_context(cafile=str(self.file))

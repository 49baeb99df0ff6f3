"""What a client needs to log in to an org with its default app.

Owns the key pair for signed assertions, which is made at its first use and shared by all orgs of a process.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Final, NamedTuple

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ("Credentials", "KeyPair", "key_pair")

_BITS: Final = 2048


class KeyPair(NamedTuple):
    """An RSA key, as PEM."""

    private: str
    public: str


@cache
def key_pair() -> KeyPair:
    """The key pair of the default app."""
    private = rsa.generate_private_key(public_exponent=65537, key_size=_BITS)
    secret = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    public = private.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return KeyPair(secret.decode(), public.decode())


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Everything for each way of logging in."""

    client_id: str
    client_secret: str
    username: str
    password: str
    security_token: str
    """Follows the password; empty, unless the org was told otherwise."""
    refresh_token: str
    login_url: str
    """Where all grants are but client credentials, which My Domain alone has."""
    instance_url: str

    @property
    def token_url(self) -> str:
        """The token endpoint that has every grant."""
        return f"{self.instance_url}/services/oauth2/token"

    @property
    def private_key(self) -> str:
        """The key that assertions are signed with, as PEM."""
        return key_pair().private

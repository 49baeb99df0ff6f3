"""The credentials of an org's default app and user.

Owns the key pair for signed assertions. It is generated at its first use and shared by all orgs of a process.
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
    """An RSA key pair, as PEM."""

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
    """The credentials for every kind of login."""

    client_id: str
    client_secret: str
    username: str
    password: str
    security_token: str
    """Is appended to the password. Empty, unless the org requires one."""
    refresh_token: str
    login_url: str
    """The host of all grants except client credentials, which only My Domain has."""
    instance_url: str

    @property
    def token_url(self) -> str:
        """The token endpoint that has every grant."""
        return f"{self.instance_url}/services/oauth2/token"

    @property
    def private_key(self) -> str:
        """The key that signs assertions, as PEM."""
        return key_pair().private

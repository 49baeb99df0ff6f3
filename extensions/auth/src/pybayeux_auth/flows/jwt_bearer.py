"""OAuth 2.0 JWT bearer (RFC 7523): a key in the place of a password. The best for programs that nobody watches."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..digest import digest
from ..errors import LoginMisconfiguredError
from ..secret import Secret
from .base import Flow
from .login_url import SALESFORCE
from .token_endpoint import TokenEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..grant import Grant
    from ..secret import SecretSource

__all__ = ("JwtBearerFlow",)

_GRANT_TYPE: Final = "urn:ietf:params:oauth:grant-type:jwt-bearer"
_LIFETIME: Final = 180
"""Seconds that an assertion is valid: the most that Salesforce documents."""


class JwtBearerFlow(Flow):
    """Logs in with an assertion that a private key signs; each login mints a new one.

    Args:
        client_id: The app's id (Salesforce: consumer key), the assertion's issuer.
        username: Who is to be logged in, its subject.
        private_key: The RSA key whose certificate the app has, in PEM.
        login_url: As `parse_login_url` has it.
        audience: The assertion's audience; None for what the login server wants by default.
        scope: What to ask for, with spaces between; None for what the app has.
        http: An httpx client of the user's, for proxies and certificates; it stays open.
        clock: Gives the time of day, in seconds since 1970.

    Raises:
        LoginMisconfiguredError: The address is none.
    """

    name: ClassVar[str] = "jwt"

    def __init__(
        self,
        *,
        client_id: str,
        username: str,
        private_key: SecretSource,
        login_url: str = SALESFORCE,
        audience: str | None = None,
        scope: str | None = None,
        http: Any = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoint: Final = TokenEndpoint(login_url, http=http, clock=clock)
        self._client_id: Final = client_id
        self._username: Final = username
        self._key: Final = Secret(private_key, "private_key")
        self._audience: Final = audience or self._endpoint.url.audience
        self._scope: Final = scope

    def __repr__(self) -> str:
        return f"JwtBearerFlow({self._username} at {self._endpoint.url.origin}, private_key={self._key!r})"

    async def __call__(self) -> Grant:
        """Log in."""
        assertion = self._assertion(await self._key.read())
        return await self._endpoint.ask(_GRANT_TYPE, assertion=assertion, scope=self._scope)

    async def credentials(self) -> str:
        """The key, and what it signs."""
        return digest(await self._key.read(), self._client_id, self._username, self._audience)

    def _assertion(self, pem: str) -> str:
        # Imported late: every client imports this package.
        from authlib.oauth2.rfc7523 import JWTBearerGrant  # type: ignore[import-untyped]

        now = int(self._endpoint.now())
        assertion: str = JWTBearerGrant.sign(
            _key(pem),
            issuer=self._client_id,
            audience=self._audience,
            subject=self._username,
            issued_at=now,
            expires_at=now + _LIFETIME,
            header={"alg": "RS256"},
        )
        return assertion


def _key(pem: str) -> Any:
    from joserfc.jwk import RSAKey

    if "\n" not in pem:
        pem = pem.replace("\\n", "\n")  # as it is written where a variable has one line
    try:
        key = RSAKey.import_key(pem)
        is_private = key.is_private
    except Exception:  # of two libraries; what they say may show the key
        is_private = False
    if not is_private:
        raise LoginMisconfiguredError(
            "private_key: this is no RSA private key in PEM without a passphrase (-----BEGIN PRIVATE KEY-----)"
        ) from None
    return key

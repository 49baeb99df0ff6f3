"""The OAuth 2.0 JWT bearer flow (RFC 7523): logs in with a private key. Recommended for unattended programs."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import LoginMisconfiguredError
from ..secret import Secret, digest
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
"""Seconds that an assertion is valid: the maximum that Salesforce documents."""


class JwtBearerFlow(Flow):
    """Logs in with an assertion signed by a private key; each login signs a new one.

    Args:
        client_id: The app's id (Salesforce: consumer key), the issuer of the assertion.
        username: The user to log in, the subject of the assertion.
        private_key: The RSA private key of the app's certificate, in PEM.
        login_url: The login server, as in `parse_login_url`.
        audience: The audience of the assertion; None for the one that the login server expects by default.
        scope: The scopes to request, separated by spaces; None for those of the app.
        http: An httpx client of the user, for proxies and certificates; it stays open. None
            for that of the Bayeux client, or a new one.
        clock: Returns the present time, in seconds since the epoch.

    Raises:
        LoginMisconfiguredError: `login_url` is not valid.
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
        return await self._endpoint.request_token(_GRANT_TYPE, assertion=assertion, scope=self._scope)

    def use_http(self, http: Any) -> None:
        """Log in with the Bayeux client's HTTP client."""
        self._endpoint.use_http(http)

    async def credentials(self) -> str:
        """Return a digest of the key and the claims."""
        return digest(await self._key.read(), self._client_id, self._username, self._audience)

    def _assertion(self, pem: str) -> str:
        # Imported late, because every client imports this package.
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
        pem = pem.replace("\\n", "\n")  # environment variables often have the line ends escaped
    try:
        key = RSAKey.import_key(pem)
        is_private = key.is_private
    except Exception:  # two libraries may raise here, and their texts may contain the key
        is_private = False
    if not is_private:
        # Not the text itself: it may be the key.
        hint = "" if "-----BEGIN" in pem else "; a file that has the key is given as file:PATH"
        raise LoginMisconfiguredError(
            f"private_key: expected an RSA private key in PEM without a passphrase (-----BEGIN PRIVATE KEY-----){hint}"
        ) from None
    return key

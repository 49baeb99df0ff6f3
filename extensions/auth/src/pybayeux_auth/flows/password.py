"""The OAuth 2.0 username-password flow (RFC 6749, section 4.3), for old orgs without an alternative.

New Salesforce orgs do not allow it, and OAuth 2.1 removed it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..secret import Secret, digest
from .app import ConfiguredApp
from .base import Flow
from .login_url import SALESFORCE
from .token_endpoint import TokenEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..grant import Grant
    from ..secret import SecretSource
    from .app import AuthMethod

__all__ = ("PasswordFlow",)


class PasswordFlow(Flow):
    """Logs a user in with a password.

    Args:
        client_id: The app's id (Salesforce: consumer key).
        client_secret: The app's secret, if it has one.
        username: The user to log in.
        password: The user's password.
        security_token: Salesforce's security token, required from unknown networks; it is appended to the password.
        login_url: The login server, as in `parse_login_url`.
        scope: The scopes to request, separated by spaces; None for those of the app.
        token_endpoint_auth_method: Where the app's id and secret go in the request.
        http: An httpx client of the user, for proxies and certificates; it stays open. None
            for that of the Bayeux client, or a new one.
        clock: Returns the present time, in seconds since the epoch.

    Raises:
        LoginMisconfiguredError: `login_url` is not valid.
    """

    name: ClassVar[str] = "password"

    def __init__(
        self,
        *,
        client_id: str,
        username: str,
        password: SecretSource,
        client_secret: SecretSource | None = None,
        security_token: SecretSource | None = None,
        login_url: str = SALESFORCE,
        scope: str | None = None,
        token_endpoint_auth_method: AuthMethod = "client_secret_post",  # noqa: S107
        http: Any = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoint: Final = TokenEndpoint(login_url, http=http, clock=clock)
        self._app: Final = ConfiguredApp(client_id, client_secret, token_endpoint_auth_method)
        self._username: Final = username
        self._password: Final = Secret(password, "password")
        self._token: Final = None if security_token is None else Secret(security_token, "security_token")
        self._scope: Final = scope

    def __repr__(self) -> str:
        return f"PasswordFlow({self._username} at {self._endpoint.url.origin})"

    async def __call__(self) -> Grant:
        """Log in."""
        app = await self._app.read()
        return await self._endpoint.request_token(
            "password", app, username=self._username, password=await self._full_password(), scope=self._scope
        )

    def use_http(self, http: Any) -> None:
        """Log in with the Bayeux client's HTTP client."""
        self._endpoint.use_http(http)

    async def credentials(self) -> str:
        """Return a digest of the credentials of app and user."""
        app = await self._app.read()
        return digest(app.client_id, app.client_secret, self._username, await self._full_password())

    async def _full_password(self) -> str:
        return await self._password.read() + (await self._token.read() if self._token else "")

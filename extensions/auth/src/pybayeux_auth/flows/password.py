"""OAuth 2.0 username-password (RFC 6749, section 4.3): for old orgs that have nothing better.

New orgs of Salesforce do not allow it, and OAuth 2.1 has dropped it.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..digest import digest
from ..secret import Secret
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
        client_secret: Its secret, if it has one.
        username: Who is to be logged in.
        password: The password.
        security_token: What Salesforce wants behind the password from networks that it does not know.
        login_url: As `parse_login_url` has it.
        scope: What to ask for, with spaces between; None for what the app has.
        token_endpoint_auth_method: Where the app's id and secret go in the request.
        http: An httpx client of the user's, for proxies and certificates; it stays open.
        clock: Gives the time of day, in seconds since 1970.

    Raises:
        LoginMisconfiguredError: The address is none.
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
        token_endpoint_auth_method: AuthMethod = "client_secret_post",
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
        return await self._endpoint.ask(
            "password", app, username=self._username, password=await self._whole_password(), scope=self._scope
        )

    async def credentials(self) -> str:
        """Who logs in, and with what."""
        app = await self._app.read()
        return digest(app.client_id, app.client_secret, self._username, await self._whole_password())

    async def _whole_password(self) -> str:
        return await self._password.read() + (await self._token.read() if self._token else "")

"""OAuth 2.0 client credentials (RFC 6749, section 4.4): the app itself logs in, as the user that it runs as."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..digest import digest
from ..errors import LoginMisconfiguredError
from .app import ConfiguredApp
from .base import Flow
from .token_endpoint import TokenEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..grant import Grant
    from ..secret import SecretSource
    from .app import AuthMethod

__all__ = ("ClientCredentialsFlow",)

_COMMON: Final = frozenset({"login.salesforce.com", "test.salesforce.com"})


class ClientCredentialsFlow(Flow):
    """Logs in with the id and the secret of an app.

    Args:
        login_url: As `parse_login_url` has it; of Salesforce the org's own address, ``https://MyDomainName.my.salesforce.com``.
        client_id: The app's id (Salesforce: consumer key).
        client_secret: Its secret.
        scope: What to ask for, with spaces between; None for what the app has.
        token_endpoint_auth_method: Where id and secret go in the request.
        http: An httpx client of the user's, for proxies and certificates; it stays open.
        clock: Gives the time of day, in seconds since 1970.

    Raises:
        LoginMisconfiguredError: The address is none, or one that all orgs share.
    """

    name: ClassVar[str] = "client_credentials"

    def __init__(
        self,
        *,
        login_url: str,
        client_id: str,
        client_secret: SecretSource,
        scope: str | None = None,
        token_endpoint_auth_method: AuthMethod = "client_secret_post",
        http: Any = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoint: Final = TokenEndpoint(login_url, http=http, clock=clock)
        self._app: Final = ConfiguredApp(client_id, client_secret, token_endpoint_auth_method)
        self._scope: Final = scope
        if (host := self._endpoint.url.host) in _COMMON:
            raise LoginMisconfiguredError(
                f"login_url: {host} is shared by all orgs, and gives no token for client credentials; write the org's "
                "own address, https://MyDomainName.my.salesforce.com"
            )

    def __repr__(self) -> str:
        return f"ClientCredentialsFlow({self._app.client_id} at {self._endpoint.url.origin})"

    async def __call__(self) -> Grant:
        """Log in."""
        return await self._endpoint.ask("client_credentials", await self._app.read(), scope=self._scope)

    async def credentials(self) -> str:
        """The app's id and secret."""
        app = await self._app.read()
        return digest(app.client_id, app.client_secret)

"""The OAuth 2.0 client credentials flow (RFC 6749, section 4.4): the app logs in as its *Run As* user."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import LoginMisconfiguredError
from ..secret import digest
from .app import ConfiguredApp
from .base import Flow
from .token_endpoint import TokenEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..grant import Grant
    from ..secret import SecretSource
    from .app import AuthMethod

__all__ = ("ClientCredentialsFlow",)

_SHARED_HOSTS: Final = frozenset({"login.salesforce.com", "test.salesforce.com"})


class ClientCredentialsFlow(Flow):
    """Logs in with the id and the secret of an app.

    Args:
        login_url: The login server, as in `parse_login_url`; for Salesforce the org's own URL,
            ``https://MyDomainName.my.salesforce.com``.
        client_id: The app's id (Salesforce: consumer key).
        client_secret: The app's secret.
        scope: The scopes to request, separated by spaces; None for those of the app.
        token_endpoint_auth_method: Where the app's id and secret go in the request.
        http: An httpx client of the user, for proxies and certificates; it stays open. None
            for that of the Bayeux client, or a new one.
        clock: Returns the present time, in seconds since the epoch.

    Raises:
        LoginMisconfiguredError: `login_url` is not valid, or a host that all orgs share.
    """

    name: ClassVar[str] = "client_credentials"

    def __init__(
        self,
        *,
        login_url: str,
        client_id: str,
        client_secret: SecretSource,
        scope: str | None = None,
        token_endpoint_auth_method: AuthMethod = "client_secret_post",  # noqa: S107
        http: Any = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._endpoint: Final = TokenEndpoint(login_url, http=http, clock=clock)
        self._app: Final = ConfiguredApp(client_id, client_secret, token_endpoint_auth_method)
        self._scope: Final = scope
        if (host := self._endpoint.url.host) in _SHARED_HOSTS:
            raise LoginMisconfiguredError(
                f"login_url: {host} is shared by all orgs and has no client credentials flow; expected the org's own "
                "URL, https://MyDomainName.my.salesforce.com"
            )

    def __repr__(self) -> str:
        return f"ClientCredentialsFlow({self._app.client_id} at {self._endpoint.url.origin})"

    async def __call__(self) -> Grant:
        """Log in."""
        return await self._endpoint.request_token("client_credentials", await self._app.read(), scope=self._scope)

    def use_http(self, http: Any) -> None:
        """Log in with the Bayeux client's HTTP client."""
        self._endpoint.use_http(http)

    async def credentials(self) -> str:
        """Return a digest of the app's id and secret."""
        app = await self._app.read()
        return digest(app.client_id, app.client_secret)

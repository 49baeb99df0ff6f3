"""The OAuth 2.0 refresh token flow (RFC 6749, section 6), with servers that replace the token at each use (rotation).

A client that loses a new refresh token has no access until a person authorises the app again, and many servers treat
the second use of an old one as theft. So only one of all processes that share a store refreshes at a time. It starts
with the stored token, and saves the new one before the access token that came with it is used.
"""

from __future__ import annotations

import logging
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..errors import LoginMisconfiguredError
from ..secret import Secret, digest
from ..stores.stored_token import StoredToken, read_stored
from .app import ConfiguredApp
from .base import Flow
from .login_url import SALESFORCE, parse_login_url
from .token_endpoint import TokenEndpoint

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..grant import Grant
    from ..secret import SecretSource
    from ..stores import TokenStore
    from .app import AuthMethod

__all__ = ("RefreshTokenFlow",)

_logger: Final = logging.getLogger("pybayeux.auth")


class RefreshTokenFlow(Flow):
    """Logs in with a refresh token.

    Args:
        client_id: The app's id (Salesforce: consumer key).
        refresh_token: The first token; None if the store has one. The stored token is used if it descends from this one
            or was written by hand. Another first token replaces the stored one.
        client_secret: The app's secret, if it has one.
        store: Where new refresh tokens are stored. Without a store they are lost with this object, which then can serve
            one client only.
        login_url: The login server, as in `parse_login_url`.
        scope: The scopes to request, separated by spaces; None for those that were granted.
        token_endpoint_auth_method: Where the app's id and secret go in the request.
        http: An httpx client of the user, for proxies and certificates; it stays open. None
            for that of the Bayeux client, or a new one.
        clock: Returns the present time, in seconds since the epoch.

    Raises:
        LoginMisconfiguredError: `login_url` is not valid, or there is neither a token nor a store.
    """

    name: ClassVar[str] = "refresh_token"

    def __init__(
        self,
        *,
        client_id: str,
        refresh_token: SecretSource | None = None,
        client_secret: SecretSource | None = None,
        store: TokenStore | None = None,
        login_url: str = SALESFORCE,
        scope: str | None = None,
        token_endpoint_auth_method: AuthMethod = "client_secret_post",  # noqa: S107
        http: Any = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if refresh_token is None and store is None:
            raise LoginMisconfiguredError("refresh_token: expected a refresh token, or a token_store that has one")
        self._endpoint: Final = TokenEndpoint(login_url, http=http, clock=clock)
        self._app: Final = ConfiguredApp(client_id, client_secret, token_endpoint_auth_method)
        self._first: Final = None if refresh_token is None else Secret(refresh_token, "refresh_token")
        self._store: Final = store
        self._scope: Final = scope
        self._stored: StoredToken | None = None
        self._unsaved: Grant | None = None

    def __repr__(self) -> str:
        return f"RefreshTokenFlow({self._app.client_id} at {self._endpoint.url.origin}, store={self._store!r})"

    async def __call__(self) -> Grant:
        """Log in."""
        async with self._store.lock() if self._store is not None else nullcontext():
            if (grant := self._unsaved) is not None:
                # The last login replaced the refresh token, but the store failed. Its grant was not returned yet.
                await self._save()
                return grant
            stored = await self._token()
            grant = await self._ask(stored.token)
            if grant.refresh_token not in (None, stored.token):
                self._stored, self._unsaved = StoredToken(str(grant.refresh_token), stored.origin, stored.login), grant
                await self._save()
            return grant

    def use_http(self, http: Any) -> None:
        """Log in with the Bayeux client's HTTP client."""
        self._endpoint.use_http(http)

    async def credentials(self) -> str:
        """Return a digest of the next token."""
        return digest(self._app.client_id, (await self._token()).token)

    async def _ask(self, token: str) -> Grant:
        return await self._endpoint.request_token(
            "refresh_token", await self._app.read(), refresh_token=token, scope=self._scope
        )

    def _check_server(self, stored: StoredToken) -> None:
        """Check that a person's login was at this server: a configuration of others must not lead its token elsewhere.

        Raises:
            LoginMisconfiguredError: It was at another one.
        """
        where = stored.login and stored.login.login_url
        if where and parse_login_url(where).endpoint != self._endpoint.url.endpoint:
            raise LoginMisconfiguredError(
                f"login_url: the token in {self._store!r} is for {where}, and is not sent to "
                f"{self._endpoint.url.origin}: set login_url to the former, or run pybayeux auth login"
            )

    async def _save(self) -> None:
        assert self._stored is not None
        if self._store is not None:
            await self._store.save(self._stored.dump())
        else:
            _logger.warning(
                "the server replaced the refresh token, and it will be lost with this process: set a token_store"
            )
        self._unsaved = None

    async def _token(self) -> StoredToken:
        """Return the latest token: the stored one, unless it descends from another first token than the one given."""
        first = None if self._first is None else await self._first.read()
        stored = self._stored
        if self._store is not None and (text := await self._store.load()) is not None:
            stored = read_stored(text, repr(self._store))
            self._check_server(stored)
        origin = None if first is None else digest(first)
        if stored is not None and (origin is None or stored.origin in (None, origin)):
            return stored
        if first is None:
            raise LoginMisconfiguredError(
                f"not logged in; run pybayeux auth login, or set refresh_token once: there is none in {self._store!r}"
            )
        return StoredToken(first, origin)

"""OAuth 2.0 refresh token (RFC 6749, section 6), with servers that replace it at each use (rotation).

Whoever loses a new refresh token has lost access until somebody authorises the app again, and many servers take the
second use of an old one for theft. So one refresh at a time among all processes that share the store, each begins with
what the store has, and the new token is kept before anything is done with what came with it.
"""

from __future__ import annotations

import json
import logging
import time
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any, ClassVar, Final

from ..digest import digest
from ..errors import LoginMisconfiguredError
from ..secret import Secret
from .app import ConfiguredApp
from .base import Flow
from .login_url import SALESFORCE
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
        refresh_token: The token to begin with; None where the store has one. What the store has counts as long as it
            comes from this one or was put there by hand; another one given here is a new beginning.
        client_secret: The app's secret, if it has one.
        store: Where new refresh tokens are kept. Without one they last as long as this object, which is for one client
            then.
        login_url: As `parse_login_url` has it.
        scope: What to ask for, with spaces between; None for what was granted.
        token_endpoint_auth_method: Where the app's id and secret go in the request.
        http: An httpx client of the user's, for proxies and certificates; it stays open.
        clock: Gives the time of day, in seconds since 1970.

    Raises:
        LoginMisconfiguredError: The address is none, or there is neither a token nor a store.
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
        token_endpoint_auth_method: AuthMethod = "client_secret_post",
        http: Any = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        if refresh_token is None and store is None:
            raise LoginMisconfiguredError("refresh_token: give one, or a token_store that has one")
        self._endpoint: Final = TokenEndpoint(login_url, http=http, clock=clock)
        self._app: Final = ConfiguredApp(client_id, client_secret, token_endpoint_auth_method)
        self._given: Final = None if refresh_token is None else Secret(refresh_token, "refresh_token")
        self._store: Final = store
        self._scope: Final = scope
        self._kept: _Kept | None = None
        self._unsaved: Grant | None = None

    def __repr__(self) -> str:
        return f"RefreshTokenFlow({self._app.client_id} at {self._endpoint.url.origin}, store={self._store!r})"

    async def __call__(self) -> Grant:
        """Log in."""
        async with self._store.lock() if self._store is not None else nullcontext():
            if (grant := self._unsaved) is not None:
                # The last login has replaced the token, and the store failed. Nobody has used its grant yet.
                await self._save()
                return grant
            kept = await self._token()
            grant = await self._ask(kept.token)
            if grant.refresh_token not in (None, kept.token):
                self._kept, self._unsaved = _Kept(str(grant.refresh_token), kept.origin), grant
                await self._save()
            return grant

    async def credentials(self) -> str:
        """The token that would be used next."""
        return digest(self._app.client_id, (await self._token()).token)

    async def _ask(self, token: str) -> Grant:
        return await self._endpoint.ask("refresh_token", await self._app.read(), refresh_token=token, scope=self._scope)

    async def _save(self) -> None:
        assert self._kept is not None
        if self._store is not None:
            await self._store.save(self._kept.written())
        else:
            _logger.warning("the refresh token was replaced, and lasts as long as this process: give a token_store")
        self._unsaved = None

    async def _token(self) -> _Kept:
        """The latest token: what is kept, unless it comes from another than the one that was given."""
        given = None if self._given is None else await self._given.read()
        kept = self._kept
        if self._store is not None and (text := await self._store.load()) is not None:
            kept = _read(text, repr(self._store))
        origin = None if given is None else digest(given)
        if kept is not None and (origin is None or kept.origin in (None, origin)):
            return kept
        if given is None:
            raise LoginMisconfiguredError(
                f"token_store: {self._store!r} has no refresh token: authorise the app, and give the refresh token once"
            )
        return _Kept(given, origin)


class _Kept:
    """A refresh token, and the digest of the one that the user gave, of which it is the latest successor.

    Without an `origin` somebody put it there by hand.
    """

    def __init__(self, token: str, origin: str | None) -> None:
        self.token: Final = token
        self.origin: Final = origin

    def written(self) -> str:
        """As it is kept."""
        return json.dumps({"refresh_token": self.token, "origin": self.origin})


def _read(text: str, store: str) -> _Kept:
    if not text.startswith("{"):
        return _Kept(text, None)
    try:
        kept = json.loads(text)
        token, origin = kept["refresh_token"], kept.get("origin")
    except (ValueError, KeyError, TypeError):
        token = origin = None
    if not isinstance(token, str) or not token or not isinstance(origin, str | None):
        raise LoginMisconfiguredError(f"token_store: what {store} has is no refresh token") from None
    return _Kept(token, origin)

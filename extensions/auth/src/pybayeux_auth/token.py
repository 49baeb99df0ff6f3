"""The token: requested when it is needed, once for all waiting requests, and kept until it is refused or expires.

No text of this module contains the token. How often a login may be tried is in `login_throttle`.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeAlias

from .errors import AuthError, LoginUnreachableError
from .flows.base import Flow
from .grant import Grant, checked_token
from .login_throttle import LoginThrottle

__all__ = ("Token", "TokenSource")

_logger: Final = logging.getLogger("pybayeux.auth")

Token: TypeAlias = str | Callable[[], str | Grant | Awaitable[str | Grant]]
"""A token; or a function, sync or async, that returns one or a `Grant`."""

_REFRESH_BEFORE: Final = 60.0
"""Seconds before its expiry at which a token is replaced, or a fifth of its lifetime if that is less."""
_CLOSE_TIMEOUT: Final = 10.0
"""Seconds that a login may still take when the client closes. A refresh token that it brings must not be lost."""
_MAX_WAIT: Final = 60.0
"""Seconds of a login after which requests no longer count as waiting for it."""


class TokenSource:
    """Returns the token, and requests a fresh one after the last was discarded or is about to expire.

    Args:
        token: The token, or the function that returns it. A sync function runs in a thread, so it may block.
        on_fresh: Awaited with each new grant before any request gets it.
        interval: Seconds of the first pause, as in `LoginThrottle`.
        clock: Returns the present time, in seconds since the epoch.

    Attributes:
        grant: The grant in use, or None.
        logins: How often the function was called.
    """

    def __init__(
        self,
        token: Token,
        *,
        on_fresh: Callable[[Grant], Awaitable[None]] | None = None,
        interval: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._static: Final = Grant(access_token=checked_token(token)) if isinstance(token, str) else None
        self._function: Final = None if isinstance(token, str) else token
        self._on_fresh: Final = on_fresh
        self._clock: Final = clock
        self._throttle: Final = LoginThrottle(interval)
        self._refused: tuple[AuthError, str] | None = None
        self._was_useless = False
        self._login: asyncio.Task[Grant] | None = None
        self._login_started_at = 0.0
        self._waiting = 0
        self._refresh_before = 0.0
        self.grant: Grant | None = None
        self.logins: int = 0

    @property
    def is_static(self) -> bool:
        """Whether the token cannot be replaced."""
        if isinstance(self._function, Flow):
            return not self._function.is_renewable
        return self._function is None

    @property
    def is_waited_for(self) -> bool:
        """Whether a request waits for a login that has not taken too long yet."""
        return self._waiting > 0 and asyncio.get_running_loop().time() < self._login_started_at + _MAX_WAIT

    async def get(self) -> Grant:
        """Return the grant. Requests that wait for the same login get the same grant, or the same error.

        Raises:
            AuthError: The login failed, or it is too soon for another.
            TypeError: The function returned neither text nor a grant.
            ValueError: The function returned an empty token or one with control characters.
        """
        if self.grant is not None and (self.grant.expires_at is None or self._is_valid(self.grant)):
            return self.grant
        login = self._start_login()
        self._waiting += 1
        try:
            # A request that is cancelled must not cancel the login of the others.
            return await asyncio.shield(login)
        finally:
            self._waiting -= 1

    def discard(self) -> None:
        """Discard the token: the server no longer accepts it."""
        if self.is_static or self.grant is None:
            return
        if isinstance(self._function, Flow):
            self._function.refused(self.grant)
        self.grant = None
        self._was_useless = self.logins > 1

    def use_http(self, http: Any) -> None:
        """Have a flow log in with this HTTP client."""
        if isinstance(self._function, Flow):
            self._function.use_http(http)

    async def close(self) -> None:
        """Wait for a running login, but not for long."""
        if self._login is None or self._login.done():
            return
        await asyncio.wait({self._login}, timeout=_CLOSE_TIMEOUT)
        self._login.cancel()
        await asyncio.wait({self._login})

    # -- expiry

    def _is_valid(self, grant: Grant) -> bool:
        """Whether a grant has not expired. One that is about to expire is replaced in the background."""
        assert grant.expires_at is not None
        left = grant.expires_at - self._clock()
        if 0 < left <= self._refresh_before and not self._is_logging_in and self._throttle.delay() == 0:
            self._start_login().add_done_callback(_log_failure)
        return left > 0

    # -- logins

    @property
    def _is_logging_in(self) -> bool:
        return self._login is not None and not self._login.done()

    def _start_login(self) -> asyncio.Task[Grant]:
        if self._login is None or self._login.done():
            loop = asyncio.get_running_loop()
            self._login_started_at = loop.time()
            self._login = loop.create_task(self._fresh_grant(), name="pybayeux-auth-token")
        return self._login

    async def _fresh_grant(self) -> Grant:
        grant = self._static or await self._log_in()
        if self._on_fresh is not None:
            await self._on_fresh(grant)
        self.grant = grant
        if grant.expires_at is not None:
            self._refresh_before = min(_REFRESH_BEFORE, (grant.expires_at - self._clock()) / 5)
        return grant

    async def _log_in(self) -> Grant:
        await self._check_credentials()
        if self._was_useless:
            self._was_useless = False
            self._throttle.record_useless("the server refused the token")
        self._throttle.check()
        self.logins += 1
        try:
            return await self._call_function()
        except Exception as error:
            self._throttle.record_failure(error)
            if isinstance(error, AuthError) and not (error.can_retry or isinstance(error, LoginUnreachableError)):
                self._refused = (error, await self._credentials())
            raise

    async def _check_credentials(self) -> None:
        """Raise the last refusal again if the credentials are still the same: repeated refusals lock users out."""
        if self._refused is None:
            return
        error, credentials = self._refused
        if credentials == await self._credentials():
            raise error.with_traceback(None)
        self._refused = None

    async def _credentials(self) -> str:
        """Return a digest of the credentials. Credentials that cannot be read count as different ones."""
        if not isinstance(self._function, Flow):
            return ""
        try:
            return await self._function.credentials()
        except AuthError as error:
            return str(error)

    async def _call_function(self) -> Grant:
        assert self._function is not None
        if inspect.iscoroutinefunction(self._function) or isinstance(self._function, Flow):
            result = await self._function()
        else:
            result = await asyncio.to_thread(self._function)
            result = await result if inspect.isawaitable(result) else result
        if isinstance(result, Grant):
            checked_token(result.access_token)
            return result
        return Grant(access_token=checked_token(result), issued_at=self._clock())


def _log_failure(login: asyncio.Task[Grant]) -> None:
    # The next request that needs a token tries again.
    if not login.cancelled() and (error := login.exception()) is not None:
        _logger.warning("the token could not be replaced before it expires: %s", error)

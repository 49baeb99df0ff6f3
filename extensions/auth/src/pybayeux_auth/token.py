"""Where a token comes from: asks for one when it is needed, once for all who wait, and keeps it as long as it is good.

Owns the token; it appears in no text that this module makes. How often a login may be tried is `pacing`'s business.
"""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Final, TypeAlias

from .errors import AuthError
from .flows.base import Flow
from .grant import Grant, checked_token
from .pacing import Pacing

__all__ = ("Token", "TokenSource")

_logger: Final = logging.getLogger("pybayeux.auth")

Token: TypeAlias = str | Callable[[], str | Grant | Awaitable[str | Grant]]
"""A token; or a function, sync or async, that gives one, or a `Grant`."""

_EARLY: Final = 60.0
"""Seconds before its end at which a token is replaced, or a fifth of its life if that is less."""
_GRACE: Final = 10.0
"""Seconds that a login under way may take when nobody needs it any more: what it brings may be lost for good."""
_PATIENCE: Final = 60.0


class TokenSource:
    """Gives a token, and asks for a fresh one only after the last was forgotten or has come of age.

    Args:
        token: The token or the function. A sync function runs in a thread, so that it may take its time.
        on_fresh: To be awaited with each new grant before anybody gets it.
        interval: As `Pacing` has it.
        clock: Gives the time of day, in seconds since 1970.

    Attributes:
        grant: The grant in use, or None.
        logins: How often a function was asked.
    """

    def __init__(
        self,
        token: Token,
        *,
        on_fresh: Callable[[Grant], Awaitable[None]] | None = None,
        interval: float = 5.0,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._given: Final = Grant(access_token=checked_token(token)) if isinstance(token, str) else None
        self._function: Final = None if isinstance(token, str) else token
        self._on_fresh: Final = on_fresh
        self._clock: Final = clock
        self._pacing: Final = Pacing(interval)
        self._refused: tuple[AuthError, str] | None = None
        self._was_in_vain = False
        self._asking: asyncio.Task[Grant] | None = None
        self._asked_at = 0.0
        self._waiting = 0
        self._early = 0.0
        self.grant: Grant | None = None
        self.logins = 0

    @property
    def is_static(self) -> bool:
        """Whether there will never be another token."""
        if isinstance(self._function, Flow):
            return not self._function.is_renewable
        return self._function is None

    @property
    def is_waited_for(self) -> bool:
        """Whether somebody waits for a token that is on its way, and not for too long yet."""
        return self._waiting > 0 and asyncio.get_running_loop().time() < self._asked_at + _PATIENCE

    async def get(self) -> Grant:
        """The grant; whoever asks while a fresh one is on its way gets the same one, or the same error.

        Raises:
            AuthError: There is none, or it is too soon to ask for one.
            TypeError: The function gave neither a text nor a grant.
            ValueError: The function gave what cannot be a token.
        """
        if self.grant is not None and (self.grant.expires_at is None or self._is_good(self.grant)):
            return self.grant
        asking = self._ask()
        self._waiting += 1
        try:
            # Whoever gives up waiting leaves the others their token.
            return await asyncio.shield(asking)
        finally:
            self._waiting -= 1

    def forget(self) -> None:
        """The token is no longer good."""
        if self.is_static or self.grant is None:
            return
        if isinstance(self._function, Flow):
            self._function.refused(self.grant)
        self.grant = None
        self._was_in_vain = self.logins > 1

    async def close(self) -> None:
        """Nobody needs a token any more."""
        if self._asking is None or self._asking.done():
            return
        await asyncio.wait({self._asking}, timeout=_GRACE)
        self._asking.cancel()
        await asyncio.wait({self._asking})

    # -- its age

    def _is_good(self, grant: Grant) -> bool:
        """Whether it lives; one that will not for long is replaced meanwhile."""
        assert grant.expires_at is not None
        left = grant.expires_at - self._clock()
        if 0 < left <= self._early and not self._is_asking and self._pacing.wait() == 0:
            self._ask().add_done_callback(_tell_failure)
        return left > 0

    # -- asking

    @property
    def _is_asking(self) -> bool:
        return self._asking is not None and not self._asking.done()

    def _ask(self) -> asyncio.Task[Grant]:
        if self._asking is None or self._asking.done():
            loop = asyncio.get_running_loop()
            self._asked_at = loop.time()
            self._asking = loop.create_task(self._fresh(), name="pybayeux-auth-token")
        return self._asking

    async def _fresh(self) -> Grant:
        grant = self._given or await self._log_in()
        if self._on_fresh is not None:
            await self._on_fresh(grant)
        self.grant = grant
        if grant.expires_at is not None:
            self._early = min(_EARLY, (grant.expires_at - self._clock()) / 5)
        return grant

    async def _log_in(self) -> Grant:
        await self._check_credentials()
        if self._was_in_vain:
            self._was_in_vain = False
            self._pacing.in_vain("the server refused the token")
        self._pacing.check()
        self.logins += 1
        try:
            return await self._called()
        except Exception as error:
            self._pacing.failed(error)
            if isinstance(error, AuthError) and not error.can_retry:
                self._refused = (error, await self._credentials())
            raise

    async def _check_credentials(self) -> None:
        """Those that were refused are not tried again: that is how users are locked out."""
        if self._refused is None:
            return
        error, credentials = self._refused
        if credentials == await self._credentials():
            raise error.with_traceback(None)
        self._refused = None

    async def _credentials(self) -> str:
        """Which credentials would be used now; what cannot be read is like nothing else."""
        if not isinstance(self._function, Flow):
            return ""
        try:
            return await self._function.credentials()
        except AuthError as error:
            return str(error)

    async def _called(self) -> Grant:
        assert self._function is not None
        if inspect.iscoroutinefunction(self._function) or isinstance(self._function, Flow):
            given = await self._function()
        else:
            given = await asyncio.to_thread(self._function)
            given = await given if inspect.isawaitable(given) else given
        if isinstance(given, Grant):
            checked_token(given.access_token)
            return given
        return Grant(access_token=checked_token(given), issued_at=self._clock())


def _tell_failure(asking: asyncio.Task[Grant]) -> None:
    """Of a token that was to be replaced in good time. The next request tries again."""
    if not asking.cancelled() and (error := asking.exception()) is not None:
        _logger.warning("the token could not be replaced before its end: %s", error)

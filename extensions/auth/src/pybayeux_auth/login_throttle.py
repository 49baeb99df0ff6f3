"""The login throttle: how soon the next login may start, so that no user is locked out and no server is flooded.

- Credentials that the login server refused are not tried again.
- Useless logins, whose token is refused too or that fail for an unknown reason, get growing pauses between them: none
  after the first, `interval` seconds after the second, twice that after the third, and so on.
- A login server that cannot be reached is asked again after a second, or when it says.

A token that is replaced because it expires does not count.
"""

from __future__ import annotations

import asyncio
from typing import Final

from .errors import AuthError, LoginPausedError, LoginUnreachableError

__all__ = ("LoginThrottle",)

_HOUR: Final = 3600.0
_WITHOUT_PAUSE: Final = 2
_MAX_PAUSE: Final = 300.0


class LoginThrottle:
    """Delays the logins of one client.

    Args:
        interval: Seconds of the first pause; 0 for no pauses.
    """

    def __init__(self, interval: float) -> None:
        self._interval: Final = interval
        self._useless: list[float] = []
        self._not_before = 0.0
        self._why = ""

    def delay(self) -> float:
        """Return the seconds until the next login may start."""
        return max(0.0, self._not_before - _now())

    def check(self) -> None:
        """Check that a login may start now.

        Raises:
            LoginPausedError: It is too soon.
        """
        if (delay := self.delay()) > 0:
            raise LoginPausedError(self._why, retry_after=delay)

    def record_useless(self, why: str) -> None:
        """Count a login that did not help.

        Args:
            why: The reason, for the text of `LoginPausedError`.
        """
        now = _now()
        self._useless = [moment for moment in self._useless if moment > now - _HOUR] + [now]
        if (excess := len(self._useless) - _WITHOUT_PAUSE) >= 0:
            self._pause(
                min(self._interval * 2.0**excess, _MAX_PAUSE),
                f"{len(self._useless)} logins in the last hour did not help ({why})",
            )

    def record_failure(self, error: Exception) -> None:
        """Note a failed login."""
        if isinstance(error, LoginUnreachableError):
            self._pause(error.retry_after if self._interval else 0.0, str(error))
        elif not isinstance(error, AuthError) or error.can_retry:
            self.record_useless(f"{type(error).__name__}")

    def _pause(self, seconds: float, why: str) -> None:
        self._not_before, self._why = _now() + seconds, why


def _now() -> float:
    return asyncio.get_running_loop().time()

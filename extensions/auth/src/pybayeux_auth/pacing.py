"""How soon the next login may be: what keeps a program from locking its user out, and from a storm of logins.

- A login that the server refused for its credentials is the last one with these credentials.
- Logins that do not help, because the token that they bring is refused as well or because they fail in an unknown way,
  come at growing intervals: the first two at once, then after `interval` seconds, twice that, and so on.
- A server that cannot be reached is left alone for a second, or for as long as it asks.

A token that is replaced because its time is over counts for none of this.
"""

from __future__ import annotations

import asyncio
from typing import Final

from .errors import AuthError, LoginPausedError, LoginUnreachableError

__all__ = ("Pacing",)

_HOUR: Final = 3600.0
_AT_ONCE: Final = 2
_LONGEST: Final = 300.0


class Pacing:
    """Keeps count of the logins of one source.

    Args:
        interval: Seconds of the first pause; 0 for none at all.
    """

    def __init__(self, interval: float) -> None:
        self._interval: Final = interval
        self._in_vain: list[float] = []
        self._not_before = 0.0
        self._why = ""

    def wait(self) -> float:
        """Seconds until the next login may begin."""
        return max(0.0, self._not_before - _now())

    def check(self) -> None:
        """Raise LoginPausedError where it is too soon."""
        if (wait := self.wait()) > 0:
            raise LoginPausedError(self._why, retry_after=wait)

    def in_vain(self, why: str) -> None:
        """A login did not help."""
        now = _now()
        self._in_vain = [moment for moment in self._in_vain if moment > now - _HOUR] + [now]
        if (excess := len(self._in_vain) - _AT_ONCE) >= 0:
            self._pause(
                min(self._interval * 2.0**excess, _LONGEST),
                f"{len(self._in_vain)} in the last hour did not help ({why})",
            )

    def failed(self, error: Exception) -> None:
        """A login failed."""
        if isinstance(error, LoginUnreachableError):
            self._pause(error.retry_after if self._interval else 0.0, str(error))
        elif not isinstance(error, AuthError) or error.can_retry:
            self.in_vain(f"{type(error).__name__}")

    def _pause(self, seconds: float, why: str) -> None:
        self._not_before, self._why = _now() + seconds, why


def _now() -> float:
    return asyncio.get_running_loop().time()

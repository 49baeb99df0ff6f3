"""Backoff: how long the client waits before it tries again.

The waits grow exponentially and have jitter, so that a thousand clients do not come back at once.
"""

from __future__ import annotations

from random import Random, SystemRandom
from typing import Final

__all__ = ("Backoff", "LoginLookup")

_JITTER: Final = 0.2
_GROWTH: Final = 2.0

_random: Final = SystemRandom()
"""It has no state, so all clients share it; any other source takes 2.5 kB, and each client has three of these waits."""


class Backoff:
    """Waits that double with each failure in a row, counted separately for each key.

    Failures are in a row if each comes within twice the wait before it. After a longer time the first wait applies
    again.

    Args:
        first: Seconds of the first wait.
        longest: Seconds of the longest wait.
        random: The source of the jitter, which shortens a wait by up to a fifth.

    Raises:
        ValueError: `first` is not positive, or longer than `longest`.
    """

    def __init__(self, first: float, longest: float, random: Random | None = None) -> None:
        if not 0 < first <= longest:
            raise ValueError(
                f"expected a first wait above 0 s and a longest wait that is not shorter; got ({first:g}, {longest:g})"
            )
        self._first: Final = first
        self._longest: Final = longest
        self._random: Final = random or _random
        self._last: Final[dict[str, tuple[float, float]]] = {}

    def next(self, key: str, now: float) -> float:
        """Return the seconds to wait after a failure.

        Args:
            key: What failed, such as a channel.
            now: The present time in seconds, of any clock.
        """
        failed_at, wait = self._last.get(key, (now, 0.0))
        in_a_row = wait > 0 and now - failed_at <= _GROWTH * wait
        wait = min(self._longest, _GROWTH * wait) if in_a_row else self._first
        self._last[key] = (now, wait)
        return wait * (1 - _JITTER * self._random.random())


class LoginLookup:
    """Decides when another login may find out where the org is.

    An org that has moved answers HTTP 404 at its old address, and a login says where it is now. It may move again
    before a session exists there. A wrong address answers 404 too, and no login helps. So after a login that named no
    new address the next one waits, longer each time.

    Args:
        backoff: The waits between logins that name no new address.
    """

    def __init__(self, backoff: Backoff) -> None:
        self._backoff: Final = backoff
        self._not_before = 0.0

    def is_due(self, now: float) -> bool:
        """Whether to log in now. True starts the next wait.

        Args:
            now: The present time in seconds, of any clock.
        """
        if now < self._not_before:
            return False
        self._not_before = now + self._backoff.next("login", now)
        return True

    def reset(self) -> None:
        """End the wait: a login named a new address, or the server at the present one works."""
        self._not_before = 0.0

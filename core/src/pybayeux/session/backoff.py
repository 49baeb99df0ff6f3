"""Pacing of attempts: how long to wait after failures, and the failures that decide it.

Knows nothing of what failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

__all__ = ("Backoff", "FailureHistory")

_RECENT: Final = 10.0
"""Seconds for which a lost session counts against the next one."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """A delay that grows with each failure in a row: none, then `increment`, twice that, and so on.

    All figures are seconds; `jitter` is the share that chance may take off, so that a thousand clients do not
    come back at the same moment.
    """

    increment: float = 1.0
    maximum: float = 30.0
    jitter: float = 0.2

    def delay(self, failures: int, random: Random) -> float:
        """Seconds to wait after this many failures in a row (1 is the first)."""
        longest = min(self.maximum, self.increment * max(0, failures - 1))
        return longest * (1 - self.jitter * random.random())


@dataclass(slots=True)
class FailureHistory:
    """What handshakes and connects have met with so far. Times are seconds of the session's clock.

    Attributes:
        in_a_row: Handshakes and connects that failed since the last accepted connect.
        connects_fail_since: When the first of the connects failed that have failed in a row, or None.
        ever_connected: Whether a connect was accepted since the start.
        losses: When sessions were lost of late.
    """

    in_a_row: int = 0
    connects_fail_since: float | None = None
    ever_connected: bool = False
    losses: list[float] = field(default_factory=list)

    def started(self) -> None:
        """The user starts the session."""
        self.in_a_row, self.ever_connected = 0, False

    def handshake_accepted(self) -> None:
        """A new session has begun; whether it works is not known yet, so that `in_a_row` stays."""
        self.connects_fail_since = None

    def connect_accepted(self) -> None:
        """All is well."""
        self.in_a_row, self.connects_fail_since, self.ever_connected = 0, None, True

    def failed(self) -> None:
        """A handshake or a connect failed."""
        self.in_a_row += 1

    def connect_failed(self, now: float) -> None:
        """The failure was a connect's."""
        if self.connects_fail_since is None:
            self.connects_fail_since = now

    def session_lost(self, now: float) -> int:
        """A session was lost; returns how many failures the wait before the next handshake is to be counted by.

        A server that accepts every handshake and forgets every session would otherwise be asked without a pause: each
        handshake that is accepted looks like a success. The first loss costs no wait.
        """
        self.losses = [moment for moment in self.losses if moment > now - _RECENT] + [now]
        return max(self.in_a_row, len(self.losses))

    def outage(self, until: float) -> float:
        """Seconds from the first of the connects that failed in a row to a moment."""
        return 0.0 if self.connects_fail_since is None else until - self.connects_fail_since

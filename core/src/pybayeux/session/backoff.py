"""Pacing of attempts: how long to wait after failures, and the failures that decide it.

Knows nothing of what failed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from random import Random

__all__ = ("Backoff", "EmptyConnects", "FailureHistory")

_RECENT: Final = 10.0
"""Seconds for which a lost session counts against the next one."""
_LASTING: Final = 1.0
"""Seconds that a connection has to last after an accepted connect, for the failures before it to count no more."""
_PATIENCE: Final = 90.0
"""Seconds of an outage in which the server is tried often: a server that is away for a minute, and then starts up."""


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait after failures. All figures are seconds, but `jitter`.

    A server that cannot be reached is cheap to try again: the first attempt comes within one `increment`, the next ones
    one `increment` apart. After 90 seconds the waits grow with the outage, up to `maximum`. A server that refuses is
    asked again at once, then after one `increment`, two, and so on up to `maximum`.

    `jitter` is the share of a wait that chance may take off, so that a thousand clients do not come back at the same
    moment. 0 means no chance at all: then a first attempt comes at once.
    """

    increment: float = 1.0
    maximum: float = 30.0
    jitter: float = 0.2

    def delay(self, failures: int, random: Random) -> float:
        """Seconds to wait after this many refusals in a row (1 is the first)."""
        longest = min(self.maximum, self.increment * max(0, failures - 1))
        return longest * (1 - self.jitter * random.random())

    def reconnect_delay(self, failures: int, outage: float, random: Random) -> float:
        """Seconds to wait after this many attempts in a row that did not reach the server, for `outage` seconds."""
        longest = min(self.maximum, max(self.increment, outage - _PATIENCE))
        if failures <= 1:
            return longest * random.random() if self.jitter else 0.0
        return longest * (1 - self.jitter * random.random())


@dataclass(slots=True)
class FailureHistory:
    """What handshakes and connects have met with so far. Times are seconds of the session's clock.

    Attributes:
        in_a_row: Handshakes and connects that failed since a connection has lasted.
        failing_since: When the first of them failed, or None.
        connects_fail_since: When the first of the connects failed that have failed in a row, or None.
        accepted_since: When the first connect was accepted since the last failure, or None.
        ever_connected: Whether a connect was accepted since the start.
        losses: When sessions were lost of late.
        lost_in_a_row: Sessions that were lost since a connection has lasted.
    """

    in_a_row: int = 0
    failing_since: float | None = None
    connects_fail_since: float | None = None
    accepted_since: float | None = None
    ever_connected: bool = False
    losses: list[float] = field(default_factory=list)
    lost_in_a_row: int = 0

    def started(self) -> None:
        """The user starts the session."""
        self._forget()
        self.ever_connected = False

    def _forget(self) -> None:
        self.in_a_row, self.failing_since, self.accepted_since, self.lost_in_a_row = 0, None, None, 0

    def _forget_if_lasting(self, now: float) -> None:
        if self.accepted_since is not None and now - self.accepted_since >= _LASTING:
            self._forget()
        self.accepted_since = None

    def handshake_accepted(self) -> None:
        """A new session has begun; whether it works is not known yet, so that `in_a_row` stays."""
        self.connects_fail_since = None

    def connect_accepted(self, now: float) -> None:
        """All is well, if it lasts: a WebSocket may break right after its first connect, again and again."""
        self.connects_fail_since, self.ever_connected = None, True
        if self.accepted_since is None:
            self.accepted_since = now

    def failed(self, now: float) -> None:
        """A handshake or a connect failed."""
        self._forget_if_lasting(now)
        self.in_a_row += 1
        if self.failing_since is None:
            self.failing_since = now

    def connect_failed(self, now: float) -> None:
        """The failure was a connect's."""
        if self.connects_fail_since is None:
            self.connects_fail_since = now

    def session_lost(self, now: float) -> int:
        """A session was lost; returns how many failures the wait before the next handshake is to be counted by.

        A server that accepts every handshake and forgets every session would otherwise be asked without a pause: each
        handshake that is accepted looks like a success. The first loss costs no wait, also after an outage: the server
        is there.
        """
        self._forget_if_lasting(now)
        self.lost_in_a_row += 1
        self.losses = [moment for moment in self.losses if moment > now - _RECENT] + [now]
        return max(len(self.losses), self.lost_in_a_row)

    def outage(self, until: float) -> float:
        """Seconds from the first of the connects that failed in a row to a moment."""
        return 0.0 if self.connects_fail_since is None else until - self.connects_fail_since

    def failing_for(self, now: float) -> float:
        """Seconds since the first of the failures in a row."""
        return 0.0 if self.failing_since is None else now - self.failing_since


_HELD: Final = 0.25
"""Seconds after which the answer to a connect counts as held: so many a second do no harm."""
_FREE: Final = 2
"""So many connects may be answered at once; a server has reasons to do so now and then."""
_FIRST_PAUSE: Final = 0.1
_LONGEST_PAUSE: Final = 2.0
"""A server that never holds a connect is polled: this is how late an event may be then."""


class EmptyConnects:
    """The connects in a row that were answered at once, without an event: by a proxy, say, that holds no request.

    Sent without a pause they would be thousands a second.
    """

    def __init__(self) -> None:
        self._in_a_row = 0
        self._sent_at: float | None = None
        self._is_reported = False

    def sent(self, now: float, *, may_be_held: bool) -> None:
        """A connect leaves. One that asks not to be held is to be answered at once."""
        self._sent_at = now if may_be_held else None

    def event_came(self) -> None:
        """An event came: polling is worth it."""
        self._in_a_row, self._sent_at = 0, None

    def answered(self, now: float) -> None:
        """The connect was accepted."""
        if self._sent_at is None:
            return
        if now - self._sent_at < _HELD:
            self._in_a_row += 1
        else:
            self._in_a_row, self._is_reported = 0, False

    @property
    def pause(self) -> float:
        """Seconds to wait before the next connect."""
        beyond = self._in_a_row - _FREE
        return 0.0 if beyond <= 0 else min(_LONGEST_PAUSE, _FIRST_PAUSE * 2.0 ** min(beyond - 1, 10))

    def is_to_report(self) -> bool:
        """Whether they are many enough to be reported; true once, until a connect is held again."""
        if self._is_reported or self.pause < _LONGEST_PAUSE:
            return False
        self._is_reported = True
        return True

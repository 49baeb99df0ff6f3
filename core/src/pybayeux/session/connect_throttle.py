"""Connect throttle: what holds the next connect back, and when to send one all the same.

Knows neither the queues that are full nor what becomes of events that are not taken: its caller decides.
"""

from __future__ import annotations

from enum import Enum, auto
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from .state import SessionState

__all__ = ("ConnectThrottle",)

# A connect is the client's request for more events, so not to send it is back-pressure: the server queues. But a server
# drops a session that stops polling: CometD after its `maxInterval`, 10 seconds by default, Salesforce after 40. So the
# connect is held back for a part of that time only. Then the poll is overdue, and the caller decides: to go on waiting
# at the risk of the session, or to poll and discard what comes, where the server sends it again.
#
#     OPEN       -- no room ---------------------------> HELD
#     HELD       -- for too long ----------------------> OVERDUE, reported once
#     HELD, OVERDUE -- discard ------------------------> DISCARDING
#     HELD, OVERDUE, DISCARDING -- room ---------------> OPEN
#     DISCARDING -- room, while a new session is due --> STALE
#     STALE      -- no room ---------------------------> DISCARDING
#     OVERDUE, DISCARDING -- new session --------------> HELD
#     STALE      -- new session -----------------------> OPEN

_PERIOD: Final = 1.0
"""Seconds without a connect that every server lives with; for servers that do not say how many they do."""
_SHARE: Final = 3
"""The part of the advised time that is used is one in so many."""


class _Mode(Enum):
    OPEN = auto()
    """There is room: connects are sent."""
    HELD = auto()
    """There is no room: no connect is sent, and the server does not mind yet."""
    OVERDUE = auto()
    """There is no room, and the server may drop the session at any moment; the caller knows."""
    DISCARDING = auto()
    """There is no room: connects keep the session alive, and the events that they bring are not taken."""
    STALE = auto()
    """There is room again, but a new session is due in which the server sends again what was discarded.

    What the old session still brings is later than that, so it is not taken either.
    """


class ConnectThrottle:
    """Whether a connect may be sent now.

    Attributes:
        is_reading_blocked: Whether a transport reads no further for lack of room. Over WebSocket events come unasked,
            also while a connect is held: the poll is overdue then although one is under way, since its reply is not
            read.
        announced: How many of the events that the server announced have not come yet.
    """

    def __init__(self, state: SessionState) -> None:
        self._state: Final = state
        self._mode = _Mode.OPEN
        self._due = 0.0
        self._held_since = 0.0
        self._unread_since: float | None = None
        self.announced: int = 0
        self._announced_until = 0.0
        self.is_reading_blocked: bool = False

    # -- room

    def hold(self, now: float) -> None:
        """There is no room for more events."""
        if self._mode is _Mode.OPEN:
            self._mode, self._held_since, self._due = _Mode.HELD, now, now + self._period
        elif self._mode is _Mode.STALE:
            self._mode, self._due = _Mode.DISCARDING, now + self._period

    def release(self, *, new_session_due: bool) -> None:
        """There is room again."""
        self.is_reading_blocked = False
        self._mode = _Mode.STALE if self.is_discarding and new_session_due else _Mode.OPEN

    def discard(self, now: float) -> None:
        """Poll all the same, and discard what comes: the server sends it again."""
        if self.is_holding:
            self._mode, self._due = _Mode.DISCARDING, now
            self._unread_since = self._held_since if self.is_reading_blocked else None

    def new_session(self, now: float) -> None:
        """Another session begins: the server need not send again what the last one would have."""
        self.announced = 0
        self._unread_since = None
        self._due = now + self._period
        if self._mode is _Mode.STALE:
            self._mode = _Mode.OPEN
        elif self.is_holding:
            self._mode = _Mode.HELD

    def connect_accepted(self, now: float) -> None:
        """The server has seen a connect: its patience begins anew, and began before where the reply was read late."""
        since, self._unread_since = self._unread_since, None
        self._due = (now if since is None else since) + self._period

    @property
    def is_holding(self) -> bool:
        """Whether there is no room."""
        return self._mode in (_Mode.HELD, _Mode.OVERDUE, _Mode.DISCARDING)

    @property
    def is_discarding(self) -> bool:
        """Whether the events that the next connect brings are not taken."""
        return self._mode in (_Mode.DISCARDING, _Mode.STALE)

    @property
    def _period(self) -> float:
        longest = self._state.advice.max_interval
        return _PERIOD if longest is None else longest / _SHARE

    # -- events that come with the handshake

    def announce(self, events: int, until: float) -> None:
        """CometD may send events after its reply to the handshake, and says how many (``x-messages``).

        They have to be processed before the first connect, which acknowledges them; but a count that is wrong must not
        stop the client for ever.
        """
        self.announced, self._announced_until = events, until

    def events_arrived(self, events: int) -> None:
        """So many events came."""
        self.announced = max(0, self.announced - events)

    def connect_sent(self) -> None:
        """From here on events are waited for no more."""
        self.announced = 0

    # -- the answers

    def allows_connect(self, now: float) -> bool:
        """Whether a connect may be sent."""
        if now < self._waits_for_announced or self._mode in (_Mode.HELD, _Mode.OVERDUE):
            return False
        return self._mode is not _Mode.DISCARDING or now >= self._due

    def next_change(self) -> float:
        """When `allows_connect` or `becomes_overdue` may change by time alone; infinity for never."""
        if self._mode is _Mode.OVERDUE:
            return inf
        if self.is_holding:
            return max(self._due, self._waits_for_announced)
        return self._waits_for_announced

    def becomes_overdue(self, now: float) -> bool:
        """Whether the server may drop the session from now on; true once."""
        if self._mode is not _Mode.HELD or now < max(self._due, self._waits_for_announced):
            return False
        self._mode = _Mode.OVERDUE
        return True

    def overdue_at(self) -> float:
        """When the poll becomes overdue although a connect is under way; infinity for never."""
        return self._due if self.is_reading_blocked and self._mode is _Mode.HELD else inf

    @property
    def _waits_for_announced(self) -> float:
        return self._announced_until if self.announced else 0.0

"""One subscription's stretch of the stream: from the last handled event to the last received one.

Pure bookkeeping, no client, no store, no clock. It answers three questions: where should the server begin, is this
event already here, and how far is everything handled.

Where the server should begin: after the last handled event, so that nothing unhandled can be lost. The events that
were received and still wait in the client's queues then come once more. Exactly those are dropped, by channel and id,
and only once a subscription was asked for again while they waited. Nothing is concluded from the order of ids: after a
migration of the server they may begin anew, and a comparison would then silence a channel for ever.

When waiting events do not count as being here: once the client has unsubscribed, its receivers are gone and their
queues with them. The same goes after the server refused the position, because the ids may mean something else now. What
is not handled then comes again and is delivered again.

How far everything is handled: over an unbroken prefix in the order of arrival, across all channels of a wildcard.
Within one concrete channel a client tells of handled events in order. If one is handled before an earlier one of its
channel, then nobody will ever handle the earlier one: its receiver went away and left the channel to others. That is a
gap: everything from there on has to come again. An event that is passed over a second time is let go, since
whoever does that means it.

Memory is bounded: beyond `_MOST` unhandled events, more than clients queue, the later ones are not noted. They are
delivered like any other, and may come twice after a recovery.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeAlias

from .position import LATEST

if TYPE_CHECKING:
    from pybayeux import Message

__all__ = ("Progress", "Window")

_MOST: Final = 50_000

_Arrival: TypeAlias = "tuple[int, int, int, Message]"
"""Its number in the order of arrival, the number before it in its channel, the replay id, and the event itself: kept,
so that its identity stands for it alone."""


class Progress(Enum):
    """What came of a handled event."""

    NONE = auto()
    MOVED = auto()
    """The position moved."""
    GAP = auto()
    """Events before it will never be handled unless the server is asked again."""


class Window:
    """The received and the handled events of one subscription.

    Args:
        subscription: The channel or pattern.
        start: Where to begin as long as nothing is handled: a replay id, -1 or -2.
        position: The replay id of the last handled event, if there is one.

    Attributes:
        subscription: The channel or pattern.
        position: The replay id up to which everything is handled, or None.
        asked: What the server was asked for last.
    """

    def __init__(self, subscription: str, start: int, position: int | None = None) -> None:
        self.subscription: Final = subscription
        self.position = position
        self.asked = start
        self._start = start
        self._closed = False
        self._count = 0
        self._arrivals: deque[_Arrival] = deque()
        self._waiting: dict[int, _Arrival] = {}
        self._received: dict[str, int] = {}
        self._handled: dict[str, int] = {}
        self._repeats: frozenset[tuple[str, int]] = frozenset()
        self._passed_over: frozenset[tuple[str, int]] = frozenset()
        self._moved_by: str | None = None

    @property
    def can_resume(self) -> bool:
        """Whether the server can begin elsewhere than at what comes next."""
        return self._place() != LATEST

    @property
    def is_untouched(self) -> bool:
        """Whether no event with a replay id was ever seen."""
        return self.position is None and not self._count

    @property
    def closed(self) -> bool:
        """Whether the client has unsubscribed."""
        return self._closed

    # -- what the client asks of the server

    def ask(self) -> int:
        """A subscribe leaves; gives the place after which the server should begin."""
        if self._closed:
            self._forget_arrivals()
            self._closed = False
        self._repeats = frozenset((event.channel, replay_id) for _, _, replay_id, event in self._arrivals)
        self._moved_by = None
        self.asked = self._place()
        return self.asked

    def _place(self) -> int:
        if self.position is not None:
            return self.position
        if self._start == LATEST and self._arrivals:
            return self._arrivals[-1][2]  # "latest" again would skip what was published meanwhile
        return self._start

    def close(self) -> None:
        """An unsubscribe leaves; events that are being handled may still count."""
        self._closed = True

    def restart(self, start: int) -> None:
        """The server refused the place asked for: begin elsewhere, in what may be another numbering."""
        self._forget_arrivals()
        self.position = None
        self._start = start

    def _forget_arrivals(self) -> None:
        for book in (self._arrivals, self._waiting, self._received, self._handled):
            book.clear()

    # -- what comes

    def receive(self, event: Message, replay_id: int) -> bool:
        """An event came; whether it is new, and not one that waits to be handled already."""
        channel = event.channel
        if self._repeats and (channel, replay_id) in self._repeats:
            return False
        if len(self._arrivals) < _MOST:
            self._count = number = self._count + 1
            arrival = (number, self._received.get(channel, 0), replay_id, event)
            self._arrivals.append(arrival)
            self._waiting[id(event)] = arrival
            self._received[channel] = number
        return True

    def handle(self, event: Message) -> Progress:
        """An event is handled."""
        arrival = self._waiting.get(id(event))
        if arrival is None:
            return Progress.NONE
        number, previous, _, _ = arrival
        before = self._handled.get(event.channel, 0)
        if previous > before and self._is_gap(event.channel, before, previous):
            return Progress.NONE if self._closed else Progress.GAP
        self._handled[event.channel] = number
        return Progress.MOVED if self._advance() else Progress.NONE

    def _is_gap(self, channel: str, before: int, last: int) -> bool:
        """Whether the events of a channel between two numbers have to come again; if so, it is prepared for that."""
        passed_over = frozenset(
            (channel, replay_id)
            for number, _, replay_id, event in self._arrivals
            if before < number <= last and event.channel == channel
        )
        has_no_place_before = self.position is None and self._start == LATEST
        if has_no_place_before or passed_over <= self._passed_over:
            return False
        self._passed_over = passed_over
        self._forget_arrivals()
        return True

    def _advance(self) -> bool:
        arrivals, handled, moved = self._arrivals, self._handled, False
        while arrivals and arrivals[0][0] <= handled.get(arrivals[0][3].channel, 0):
            _, _, replay_id, event = arrivals.popleft()
            del self._waiting[id(event)]
            moved |= self._pass(event.channel, replay_id)
        if not arrivals:
            handled.clear()
            self._received.clear()
        return moved

    def _pass(self, channel: str, replay_id: int) -> bool:
        if channel == self._moved_by and self.position is not None and replay_id < self.position:
            return False  # an older event that came once more, within one session: no way back
        self._moved_by, self.position = channel, replay_id
        return True

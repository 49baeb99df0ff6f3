"""One subscription's stretch of the stream: from the last handled event to the last received one.

Pure bookkeeping, no client, no store, no clock. It answers four questions: where should the server begin, is this
event already here, how far is everything handled, and how far may a position be stored.

Where the server should begin: after the last handled event, so that nothing unhandled can be lost. The events that
were received and still wait in the client's queues then come once more, and so may some that were handled. Exactly
those are dropped, told by what they are. They are looked for once a subscription was asked for again, or an id is not
higher than the one before. Nothing else is concluded from the order of ids: after a migration of the server they may
begin anew, and a comparison would then silence a channel for ever.

When waiting events do not count as being here: once the client has unsubscribed, its receivers are gone and their
queues with them. The same goes after the server refused the position, because the ids may mean something else now. What
is not handled then comes again and is delivered again. Where the numbering is known to be the same, it stays.

How far everything is handled: over an unbroken prefix in the order of arrival, across all channels of a wildcard.
Within one concrete channel a client tells of handled events in order. If one is handled before an earlier one of its
channel, then nobody will ever handle the earlier one: its receiver went away and left the channel to others. That is a
gap: everything from there on has to come again. An event that is passed over a second time is let go, since
whoever does that means it.

How far a position may be stored: as far as everything is handled, or, where events belong together, up to the end of
the last group that is handled as a whole. A transaction that has to come again comes as a whole.

Memory is bounded: beyond `_MOST` unhandled events, more than clients queue, the later ones are not noted. They are
delivered like any other. The position stays before them; when all that was noted is handled, they have to come again.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final, TypeAlias

from .commit import Grouping
from .dedupe import Dedupe
from .handled import Handled
from .position import LATEST

if TYPE_CHECKING:
    from pybayeux import Message

    from .reading import Key

__all__ = ("Progress", "Window")

_MOST: Final = 50_000

_Arrival: TypeAlias = "tuple[int, int, str, int, Key, Message | None]"
"""Its number in the order of arrival, the number before it in its channel, the channel, the replay id, what tells it
from others, and the event itself: kept, so that its identity stands for it alone. None where it was handled before."""


class Progress(Enum):
    """What came of a handled event."""

    NONE = auto()
    MOVED = auto()
    """A position may be stored that might not before: `Window.take` has it."""
    GAP = auto()
    """There are events that nobody will handle, or whose handling is not noted, unless the server is asked again."""


class Window:
    """The received and the handled events of one subscription.

    Args:
        subscription: The channel or pattern.
        start: Where to begin as long as nothing is handled: a replay id, -1 or -2.
        position: The replay id of the last handled event, if there is one.
        grouping: Which events belong together.
        remembered: How many handled events to recognise if they come again.
        resumes: Whether the server is to send again what was not handled.

    Attributes:
        subscription: The channel or pattern.
        position: The replay id up to which everything is handled, or None.
        asked: What the server was asked for last.
        origin: Who numbers the events, where that is known.
        settled: How far a position may be stored, where that is further than at the last `take`.
        lost_track: Whether events were received of which it is not noted whether they are handled. Whoever has taken
            note of that resets it.
    """

    def __init__(
        self,
        subscription: str,
        start: int,
        position: int | None = None,
        *,
        grouping: Grouping = Grouping.EACH,
        remembered: int = 0,
        resumes: bool = True,
    ) -> None:
        self.subscription: Final = subscription
        self.position = position
        self.asked = start
        self.origin: str | None = None
        self.settled: Handled | None = None
        self.lost_track = False
        self._start = start
        self._is_grouped: Final = grouping is not Grouping.EACH
        self._by_transaction: Final = grouping is Grouping.TRANSACTION
        self._resumes: Final = resumes
        self._closed = False
        self._again = False
        self._blind = False
        self._count = 0
        self._arrivals: deque[_Arrival] = deque()
        self._waiting: dict[int, _Arrival] = {}
        self._received: dict[str, int] = {}
        self._handled: dict[str, int] = {}
        self._repeats: frozenset[Key] = frozenset()
        self._passed_over: frozenset[Key] = frozenset()
        self._newest: dict[str, int] = {}
        self._done: Final = Dedupe(remembered)
        self._undone: deque[tuple[int, Key]] = deque()
        self._moved_by: str | None = None
        self._group: str | None = None
        self._ends: deque[int] = deque()
        self._reached: Handled | None = None
        self._settled_at = position

    @property
    def can_resume(self) -> bool:
        """Whether the server can begin elsewhere than at what comes next."""
        return self._resumes and self._place() != LATEST

    @property
    def is_untouched(self) -> bool:
        """Whether no event with a replay id was ever seen."""
        return self.position is None and not self._count

    @property
    def is_numbered(self) -> bool:
        """Whether it holds replay ids, which mean something in one numbering alone."""
        return self.position is not None or self._start >= 0 or bool(self._arrivals)

    @property
    def is_handled(self) -> bool:
        """Whether everything that was received is handled."""
        return not self._arrivals and not self._blind

    @property
    def closed(self) -> bool:
        """Whether the client has unsubscribed."""
        return self._closed

    # -- what the client asks of the server

    def ask(self, place: int | None = None) -> int:
        """A subscribe leaves; gives the place after which the server should begin: this one, or the right one."""
        if self._closed:
            self._forget_arrivals()
            self._closed = False
        self._look_back()
        self.lost_track |= self._blind
        self._blind = False
        self._moved_by = None
        self.asked = self._place() if place is None else place
        return self.asked

    def _look_back(self) -> None:
        """From now on, events may come that came before."""
        self._repeats = frozenset(key for _, _, _, _, key, event in self._arrivals if event is not None)
        self._done.recall()
        self._again |= self._count > 0
        self._newest.clear()

    def _place(self) -> int:
        if self.position is not None:
            return self.position
        if self._start == LATEST and self._arrivals:
            return self._arrivals[-1][3]  # "latest" again would skip what was published meanwhile
        return self._start

    def close(self) -> None:
        """An unsubscribe leaves; events that are being handled may still count."""
        self._closed = True

    def restart(self, start: int, *, is_same_numbering: bool = False) -> None:
        """The place asked for is of no use: begin elsewhere, in what may be another numbering."""
        if not is_same_numbering:
            self._forget_arrivals()
            self._done.renumbered()
        self._reached = self.settled = None
        self.position = self._settled_at = None
        self._start = start

    def _forget_arrivals(self) -> None:
        self.lost_track |= bool(self._arrivals)
        for book in (self._arrivals, self._waiting, self._received, self._handled, self._ends, self._undone):
            book.clear()
        if self._by_transaction:  # half of one may be handled, and all of it is to come again
            self.position, self._reached, self._group = self._settled_at, None, None

    # -- what comes

    def receive(self, event: Message, replay_id: int, key: Key | None = None, group: str | None = None) -> bool:
        """An event came; whether it is new, and neither waits to be handled nor was handled already.

        Args:
            event: The event.
            replay_id: Its replay id.
            key: What tells it from others, by default its channel and replay id.
            group: The transaction that it belongs to, if there is one.
        """
        channel = event.channel
        if key is None:
            key = (channel, replay_id)
        if replay_id <= self._newest.get(channel, -1):
            self._look_back()  # a server that was not sure of its answer sends it again, unasked
        self._newest[channel] = replay_id
        is_done = False
        if self._again:
            if key in self._repeats:
                return False
            is_done = key in self._done.known
        if self._blind or len(self._arrivals) >= _MOST:
            self._blind = True
            return not is_done
        if self._by_transaction:
            self._begin_group(group)
        self._count = number = self._count + 1
        arrival = (number, self._received.get(channel, 0), channel, replay_id, key, None if is_done else event)
        self._arrivals.append(arrival)
        if is_done:
            self._advance()
        else:
            self._waiting[id(event)] = arrival
            self._received[channel] = number
        if self._by_transaction and group is None:
            self.end_group()
        return not is_done

    def _begin_group(self, group: str | None) -> None:
        """The event that came belongs to this transaction, or is one by itself."""
        if group is None or group != self._group:
            self.end_group()
            self._group = group

    def end_group(self) -> None:
        """What came last ends a group; the next event begins another one."""
        if not self._arrivals:
            self.settle()
        elif not self._ends or self._ends[-1] < self._arrivals[-1][0]:
            self._ends.append(self._arrivals[-1][0])

    # -- what is handled

    def is_next(self, event: Message) -> bool:
        """Whether this event is the next one of the unbroken prefix."""
        return bool(self._arrivals) and self._arrivals[0][5] is event

    def handle(self, event: Message) -> Progress:
        """An event is handled."""
        arrival = self._waiting.get(id(event))
        if arrival is None:
            return Progress.NONE
        number, previous, channel, _, key, _ = arrival
        if self._by_transaction:
            self._undone.append((number, key))
        else:
            self._done.add(key)
        before = self._handled.get(channel, 0)
        if previous > before and self._is_gap(channel, before, previous):
            return Progress.NONE if self._closed else Progress.GAP
        self._handled[channel] = number
        settled = self.settled
        self._advance()
        if self._blind and not self._arrivals and self.can_resume and not self._closed:
            return Progress.GAP
        return Progress.NONE if self.settled is settled else Progress.MOVED

    def _is_gap(self, channel: str, before: int, last: int) -> bool:
        """Whether the events of a channel between two numbers have to come again; if so, it is prepared for that."""
        passed_over = frozenset(
            key
            for number, _, name, _, key, event in self._arrivals
            if before < number <= last and name == channel and event is not None
        )
        has_no_place_before = not self._resumes or (self.position is None and self._start == LATEST)
        if has_no_place_before or passed_over <= self._passed_over:
            return False
        self._passed_over = passed_over
        self._forget_arrivals()
        return True

    def _advance(self) -> None:
        arrivals, handled = self._arrivals, self._handled
        while arrivals:
            number, _, channel, replay_id, _, event = arrivals[0]
            if event is not None:
                if number > handled.get(channel, 0):
                    return
                del self._waiting[id(event)]
            arrivals.popleft()
            # No way back, within one session, to an older event that came once more.
            if self.position is None or replay_id >= self.position or channel != self._moved_by:
                self._moved_by, self.position = channel, replay_id
                reached = Handled(replay_id, event, self.origin)
                if self._is_grouped:
                    self._reached = reached
                else:
                    self.settled, self._settled_at = reached, replay_id
            if self._is_grouped and self._has_ended(number):
                self.settle(number)
        handled.clear()
        self._received.clear()

    def _has_ended(self, number: int) -> bool:
        """Whether a group ends with this arrival."""
        has_ended = False
        while self._ends and self._ends[0] <= number:
            self._ends.popleft()
            has_ended = True
        return has_ended

    # -- what may be stored

    def settle(self, number: int | None = None) -> None:
        """What is handled may be stored: up to this arrival, or as far as it goes."""
        while self._undone and (number is None or self._undone[0][0] <= number):
            self._done.add(self._undone.popleft()[1])
        if self._reached is not None:
            self.settled, self._reached = self._reached, None
            self._settled_at = self.position

    def take(self) -> Handled | None:
        """Give `settled`, and forget it."""
        settled, self.settled = self.settled, None
        return settled

"""The window of one subscription: the part of the stream between the last handled and the last received event.

Pure bookkeeping: no client, no store, no clock. It answers three questions: after which event the server should begin,
whether an event is new, and how far everything is handled. How far a position may be *stored* is answered by
`grouping.CommitTracker`; which events are repeats, by `repeats.RepeatFilter`.

Where the server should begin. After the last handled event, so that nothing unhandled can be lost. Events that were
received and still wait in the client's queues then come again, and so may some that were handled. Exactly those are
dropped, recognised by their keys. The window looks for them only after the client has subscribed again, or when an id
is not higher than the one before. Nothing else is concluded from the order of ids: after a migration of the server ids
may start from a lower number, and a window that compared ids would then drop every event of a channel for ever.

When waiting events are forgotten. When the client has unsubscribed, because its receivers are gone and their queues
with them; and when the server has refused the position, because the same ids may stand for other events now. What is
not handled then comes again and is delivered again. Where the numbering is known to be the same, the events are kept.

How far everything is handled. Up to the end of an unbroken prefix in the order of arrival, across all channels of a
wildcard. Within one channel, a client reports handled events in order. If it reports an event before an earlier one of
the same channel, the earlier one will never be handled: its receiver has gone away and others receive the channel now.
So everything from there on has to come again. If an event is passed over a second time, the window lets it go: the
program does that on purpose.

How this is cheap. Events are usually handled in the order in which they came: then each is the first of `_arrivals`,
and a run of them is handled in one loop. An index of them by `id()` is made only when an event is handled out of turn,
and is kept until all events are handled. With an index all the time an event costs twice as much.

How memory is bounded. Beyond `_MAX_UNHANDLED` unhandled events, which is more than clients queue, later events are
delivered but not noted. The position stays before them. When all noted events are handled, the others have to come
again.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

import msgspec

from .arrivals import NO_ARRIVALS, Arrival, ArrivalIndex
from .grouping import CommitTracker, Grouping
from .position import LATEST, PendingPosition
from .repeats import NO_KEYS, NO_REPEATS, RepeatFilter

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pybayeux import Message

    from .event_fields import EventKey

__all__ = ("Progress", "Window")

_MAX_UNHANDLED: Final = 50_000
_REMEMBER_NONE: Final = NO_REPEATS.remember
"""One for all windows that have had no event yet: each bound method takes 64 bytes."""


class Progress(Enum):
    """What follows from a handled event."""

    NONE = auto()
    MOVED = auto()
    """A position may be stored that could not be stored before: it is in `Window.commits`."""
    NEEDS_REPLAY = auto()
    """Some events will never be handled, or are not noted: the server has to send them again."""


class Window:
    """The received and the handled events of one subscription.

    Args:
        subscription: The channel or pattern.
        start: Where to begin as long as nothing is handled: a replay id, -1 or -2.
        position: The replay id of the last handled event, or None.
        grouping: Within which events no position is stored.
        remembered: How many handled events to recognise if they come again.
        resumes: Whether the server is to send again what was not handled.

    Attributes:
        subscription: The channel or pattern.
        key: The key under which its position is stored.
        position: The replay id up to which everything is handled, or None.
        origin: The org and instance that numbers the events, if known.
        commits: How far a position may be stored.
        lost_track: Whether events were received of which it is not known whether they are handled. The caller resets
            it.
    """

    __slots__ = (
        "_arrivals",
        "_closed",
        "_count",
        "_index",
        "_is_full",
        "_moved_by",
        "_passed_over",
        "_remembered",
        "_repeats",
        "_resumes",
        "_start",
        "commits",
        "key",
        "lost_track",
        "origin",
        "position",
        "subscription",
    )

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
        self.key: str = subscription
        self.position: int | None = position
        self.origin: str | None = None
        self.lost_track: bool = False
        self._start = start
        self._resumes: Final = resumes
        self._closed = False
        self._remembered: Final = remembered
        self._repeats = NO_REPEATS
        self.commits: Final = CommitTracker(grouping, position, _REMEMBER_NONE)
        self._is_full = False
        self._count = 0
        self._arrivals: deque[Arrival] = NO_ARRIVALS
        self._index: ArrivalIndex | None = None
        self._passed_over: frozenset[EventKey] = NO_KEYS
        self._moved_by: str | None = None

    @property
    def can_resume(self) -> bool:
        """Whether the server can be asked for the events after a known place, instead of only for new ones."""
        return self._resumes and self._place() != LATEST

    @property
    def is_untouched(self) -> bool:
        """Whether no event with a replay id was ever received."""
        return self.position is None and not self._count

    @property
    def is_numbered(self) -> bool:
        """Whether the window holds replay ids, which are valid in one numbering only."""
        return self.position is not None or self._start >= 0 or bool(self._arrivals)

    @property
    def unhandled(self) -> int:
        """How many events were received that are not part of the handled prefix."""
        return len(self._arrivals)

    @property
    def is_handled(self) -> bool:
        """Whether everything that was received is handled."""
        return not self._arrivals and not self._is_full

    def is_noted(self, event: Message) -> bool:
        """Whether this event was received and is not handled."""
        return self._arrival_of(event) is not None

    @property
    def closed(self) -> bool:
        """Whether the client has unsubscribed."""
        return self._closed

    # -- subscribing

    def on_subscribe(self, place: int | None = None) -> int:
        """A subscribe leaves: return the place after which the server should begin.

        Args:
            place: Another place than the window's own.
        """
        if self._closed:
            self._forget_arrivals()
            self._closed = False
        if self._count:  # otherwise nothing can come again
            self._expect_repeats()
        self.lost_track |= self._is_full
        self._is_full = False
        self._moved_by = None
        return self._place() if place is None else place

    def _expect_repeats(self) -> None:
        self._repeats.expect(each.key for each in self._arrivals if each.event is not None)

    def _place(self) -> int:
        if self.position is not None:
            return self.position
        if self._start == LATEST and self._arrivals:
            return self._arrivals[-1].replay_id  # "latest" would now skip what was published in the meantime
        return self._start

    def close(self) -> None:
        """An unsubscribe leaves. Events that are being handled at the moment may still count."""
        self._closed = True

    def restart(self, start: int, *, is_same_numbering: bool = False) -> None:
        """The position cannot be used: begin at another place, where the ids may stand for other events."""
        if not is_same_numbering:
            self._forget_arrivals()
            self._repeats.renumber()
        self.commits.restart()
        self.position = None
        self._start = start

    def _forget_arrivals(self) -> None:
        self.lost_track |= bool(self._arrivals)
        self._arrivals = NO_ARRIVALS
        self._index = None
        self.commits.forget_events()
        if self.commits.by_transaction:  # half of a transaction may be handled, and all of it is to come again
            self.position = self.commits.position

    # -- receiving

    def receive(
        self, event: Message, replay_id: int, key: EventKey | None = None, transaction: str | None = None
    ) -> bool:
        """Note an event; return whether it is new: it neither waits to be handled nor was handled before.

        Args:
            event: The event.
            replay_id: Its replay id.
            key: What identifies it, by default its channel and replay id.
            transaction: The key of the transaction that it belongs to, if there is one.
        """
        channel = event.channel
        if key is None:
            key = (channel, replay_id)
        if self._arrivals is NO_ARRIVALS:
            self._start_noting()
        repeats, commits, arrivals = self._repeats, self.commits, self._arrivals
        last_ids = repeats.last_ids
        if replay_id <= last_ids.get(channel, -1):
            self._expect_repeats()  # a server that is not sure of its answer sends it again, unasked
        last_ids[channel] = replay_id
        was_handled = False
        if repeats.is_expecting:
            if key in repeats.waiting:
                return False
            was_handled = key in repeats.handled
        if self._is_full or len(arrivals) >= _MAX_UNHANDLED:
            self._is_full = True
            return not was_handled
        by_transaction = commits.by_transaction
        if by_transaction:
            commits.begin_event(transaction, self._last_number())
        self._count = number = self._count + 1
        arrival = Arrival(number, channel, replay_id, key, None if was_handled else event)
        arrivals.append(arrival)
        if self._index is not None:
            self._index.add(arrival)
        if was_handled:
            self._advance()
        if by_transaction and transaction is None:
            self.end_group()
        return not was_handled

    def _start_noting(self) -> None:
        """Make what only a window with events needs. Many have none, and take a third less memory without it."""
        self._arrivals = deque()
        if self._repeats is NO_REPEATS:
            self._repeats = RepeatFilter(self._remembered)
            self.commits.remember = self._repeats.remember

    def end_group(self) -> None:
        """The last event that came ends a group; the next one begins another group."""
        self.commits.end_group(self._last_number())

    def _last_number(self) -> int | None:
        return self._arrivals[-1].number if self._arrivals else None

    # -- handling

    def are_next(self, events: Sequence[Message]) -> bool:
        """Whether these events are the next ones of the unbroken prefix."""
        # A repeat that was handled before may lie between them, with no event.
        waiting = (arrival.event for arrival in self._arrivals if arrival.event is not None)
        return all(next(waiting, None) is event for event in events)

    def may_end_at(self, event: Message) -> bool:
        """Whether a position may be stored after this event: no further event of its group has come.

        Then its group ends there: a part of it that comes later is a group of its own.
        """
        if not self.commits.by_transaction:
            return True
        arrival = self._arrival_of(event)
        assert arrival is not None
        number = arrival.number
        if number == self._last_number():
            self.end_group()
        return self.commits.ends_at(number)

    def handle(self, event: Message) -> Progress:
        """Note that an event is handled."""
        return self.handle_all((event,))

    def handle_all(self, events: Sequence[Message]) -> Progress:
        """Note that events are handled, in this order."""
        commits, handled, needs_replay = self.commits, 0, False
        ready, most, had_arrivals = commits.ready, len(events), bool(self._arrivals)
        while handled < most:
            if self._index is None:
                handled += self._advance(events[handled:] if handled else events)
            if handled < most:
                needs_replay |= self._handle_out_of_turn(events[handled])
                handled += 1
        if had_arrivals and not self._arrivals and self._is_full:
            needs_replay |= self.can_resume and not self._closed
        if needs_replay:
            return Progress.NEEDS_REPLAY
        return Progress.NONE if commits.ready is ready else Progress.MOVED

    def _handle_out_of_turn(self, event: Message) -> bool:
        """Note that an event is handled that is not the next one; return whether some have to come again."""
        if not self._arrivals:
            return False
        index = self._indexed()
        if (arrival := index.by_id.get(id(event))) is None:
            return False
        number, channel = arrival.number, arrival.channel
        self._remember(arrival)
        last = index.last_handled.get(channel, 0)
        if arrival.previous > last and self._must_come_again(channel, last, arrival.previous):
            return not self._closed
        index.last_handled[channel] = number
        self._advance()
        return False

    def pass_over(self, event: Message) -> None:
        """An event that waits counts as handled once all before it are, though no receiver gets it."""
        arrival = self._indexed().by_id.pop(id(event), None)
        if arrival is None:
            return
        index = arrival.number - self._arrivals[0].number  # numbers have no gaps
        self._arrivals[index] = msgspec.structs.replace(arrival, event=None, passed_over=event)
        self._remember(arrival)
        self._advance()

    def _remember(self, arrival: Arrival) -> None:
        if self.commits.by_transaction:
            self.commits.defer(arrival.number, arrival.key)
        else:
            self._repeats.remember(arrival.key)

    def _arrival_of(self, event: Message) -> Arrival | None:
        """Return the arrival of an event that waits, or None."""
        if self._arrivals and self._arrivals[0].event is event:  # usually: then an index would cost more than it saves
            return self._arrivals[0]
        return self._indexed().by_id.get(id(event))

    def _indexed(self) -> ArrivalIndex:
        if self._index is None:
            self._index = ArrivalIndex(self._arrivals)
        return self._index

    def _must_come_again(self, channel: str, before: int, last: int) -> bool:
        """Whether the events of a channel between two numbers have to come again; if so, forget all arrivals."""
        passed_over = frozenset(
            each.key
            for each in self._arrivals
            if before < each.number <= last and each.channel == channel and each.event is not None
        )
        has_no_place_before = not self._resumes or (self.position is None and self._start == LATEST)
        if has_no_place_before or passed_over <= self._passed_over:
            return False
        self._passed_over = passed_over
        self._forget_arrivals()
        return True

    def _advance(self, events: Sequence[Message] = ()) -> int:
        """Move over the handled prefix, and on over these events, as far as they are the next ones.

        Returns:
            How many of them are.
        """
        arrivals, index, commits = self._arrivals, self._index, self.commits
        position, moved_by, moved = self.position, self._moved_by, None
        ends, handled, most, number = commits.ends, 0, len(events), 0
        remember = None if commits.by_transaction else self._repeats.remember
        while arrivals:
            first = arrivals[0]
            event = first.event
            if event is None:
                pass
            elif handled < most and event is events[handled]:
                handled += 1
                if remember is not None:
                    remember(first.key)
                else:
                    self._remember(first)
            elif index is not None and first.number <= index.last_handled.get(first.channel, 0):
                del index.by_id[id(event)]
            else:
                break
            arrivals.popleft()
            number, replay_id, channel = first.number, first.replay_id, first.channel
            # Within one session the position does not go back to an older event that came again.
            if position is None or replay_id >= position or channel != moved_by:
                moved_by, position, moved = channel, replay_id, first
            if ends and number >= ends[0]:
                self.position, self._moved_by = position, moved_by
                commits.advance(number, self._pending(moved))
                moved = None
        self.position, self._moved_by = position, moved_by
        if moved is not None:
            commits.advance(number, self._pending(moved))
        if not arrivals:
            self._index = None
        return handled

    def _pending(self, last: Arrival | None) -> PendingPosition | None:
        """Return the position after an arrival."""
        return None if last is None else PendingPosition(last.replay_id, last.event or last.passed_over, self.origin)

"""How far a position may be stored: after each handled event, or after each group that is handled as a whole.

A group is a batch (the events that arrived together) or a transaction (the events with one transaction key). A stored
position never lies within a transaction, so that a transaction that comes again comes as a whole.

Pure bookkeeping: events are numbers in the order of their arrival. Which of them are handled is known by `Window`.
"""

from __future__ import annotations

from collections import deque
from enum import Enum, auto
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from .event_fields import EventKey
    from .position import PendingPosition

__all__ = ("CommitTracker", "Grouping")


class Grouping(Enum):
    """The events within which no position is stored."""

    EACH = auto()
    """None: each event is a group of its own."""
    BATCH = auto()
    """Events that arrived together, as long as the client runs."""
    TRANSACTION = auto()
    """Events with one transaction key, without exception."""


class CommitTracker:
    """The groups of one subscription, and the last position that may be stored.

    Args:
        grouping: Which events belong together.
        position: The replay id of the position that is stored already, or None.
        remember: Called with the key of each event that is handled for good. An event of a transaction is not, as long
            as its transaction may have to come again.

    Attributes:
        remember: As above. It may be set until the first event.
        by_transaction: Whether groups are transactions.
        ready: The newest position that may be stored, if it is newer than at the last `take`.
        ends: The numbers of the events with which groups end, in order.
        position: With groups, the replay id of the newest position that could be stored so far, or None.
    """

    __slots__ = (
        "_is_grouped",
        "_reached",
        "_transaction",
        "_unfinished",
        "by_transaction",
        "ends",
        "position",
        "ready",
        "remember",
    )

    def __init__(self, grouping: Grouping, position: int | None, remember: Callable[[EventKey], None]) -> None:
        self._is_grouped: Final = grouping is not Grouping.EACH
        self.by_transaction: Final = grouping is Grouping.TRANSACTION
        self.ready: PendingPosition | None = None
        self.position: int | None = position
        self.remember: Callable[[EventKey], None] = remember
        self._reached: PendingPosition | None = None
        self._transaction: str | None = None
        # Deques from the first group or transaction on: an empty one takes 0.7 kB.
        self.ends: deque[int] | tuple[()] = ()
        self._unfinished: deque[tuple[int, EventKey]] | tuple[()] = ()

    def take(self) -> PendingPosition | None:
        """Return `ready`, and reset it."""
        ready, self.ready = self.ready, None
        return ready

    # -- groups

    def begin_event(self, transaction: str | None, last: int | None) -> None:
        """An event of this transaction came, or one that is a transaction of its own.

        Args:
            transaction: The transaction key.
            last: The number of the last event before it that is not passed by `advance`, or None.
        """
        if transaction is None or transaction != self._transaction:
            self.end_group(last)
            self._transaction = transaction

    def end_group(self, last: int | None) -> None:
        """The last event that came ends a group.

        Args:
            last: Its number, or None where `advance` has passed it.
        """
        if last is None:
            self.release()
        elif not self.ends or self.ends[-1] < last:
            if isinstance(self.ends, tuple):
                self.ends = deque()
            self.ends.append(last)

    def ends_at(self, number: int) -> bool:
        """Whether a group ends with the event of this number."""
        return number in self.ends

    # -- progress

    def defer(self, number: int, key: EventKey) -> None:
        """An event of a transaction is handled: remember it when its transaction is."""
        if isinstance(self._unfinished, tuple):
            self._unfinished = deque()
        self._unfinished.append((number, key))

    def advance(self, number: int, position: PendingPosition | None) -> None:
        """Everything up to an event is handled: without groups, its position may be stored; else see whether one ends.

        Args:
            number: The number of the event.
            position: Its position, or None if the position does not move.
        """
        if position is not None and not self._is_grouped:
            self.ready = position
        elif position is not None:
            self._reached = position
        has_ended = False
        while self.ends and self.ends[0] <= number:
            self.ends.popleft()
            has_ended = True
        if has_ended:
            self._release(number)

    def release(self) -> None:
        """Let everything that is handled be stored, also within a group."""
        self._release(None)

    def _release(self, number: int | None) -> None:
        while self._unfinished and (number is None or self._unfinished[0][0] <= number):
            self.remember(self._unfinished.popleft()[1])
        if self._reached is not None:
            self.ready, self._reached = self._reached, None
            self.position = self.ready.replay_id

    # -- starting over

    def forget_events(self) -> None:
        """The events that are not handled come again, and so do the handled ones of an unfinished transaction."""
        self.ends = self._unfinished = ()
        if self.by_transaction:
            self._reached = self._transaction = None

    def restart(self) -> None:
        """The stored position cannot be used any more."""
        self.ready = self._reached = None
        self.position = None

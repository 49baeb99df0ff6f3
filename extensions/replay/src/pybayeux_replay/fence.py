"""The fence: what one consumer knows of the positions in its store, and so whether another one of its name is at work.

A consumer has read or written each stored position itself. If the store has another one, somebody else has written it:
a second process with the same consumer name, as in a rolling update, or a command. Then a transaction is refused, since
it would do again what the other one has done. A position that is stored by itself does not undo a newer one, and the
conflict is reported.

Two positions are compared by their place only: the same event may be stored at different times. The comparison is made
in the store's own transaction (`FencedStore`). This module knows neither stores nor tasks.
"""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from pybayeux.errors import ConsumerConflictError

from .position import place_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from .position import Position

__all__ = ("Commit", "ConsumerFence", "PositionConflictError")

_logger: Final = logging.getLogger("pybayeux.replay")
_REPORT_INTERVAL: Final = timedelta(hours=1)
"""Two consumers of one name meet at each commit. That is reported once, and again after this time."""


class PositionConflictError(ConsumerConflictError):
    """The stored position is not the one that this consumer has read or stored last. Nothing was written.

    Either another consumer of this name is at work, or a transaction of this one was committed although it seemed to
    fail. In both cases the event may have taken effect already. A new run of the program begins at the stored position.

    Attributes:
        consumer: The name of the consumer.
        subscription: The channel or pattern.
        stored: The position in the store, or None.
        own: The position that this consumer has read or stored last, or None.
    """

    def __init__(self, consumer: str, subscription: str, stored: Position | None, own: Position | None) -> None:
        super().__init__(
            f"{_conflict(consumer, subscription, stored, own)}. Nothing was written. Stop one of the two, or give each "
            "a name of its own (option consumer); a restart goes on at the stored position"
        )
        self.consumer: Final = consumer
        self.subscription: Final = subscription
        self.stored: Final = stored
        self.own: Final = own


class ConsumerFence:
    """The positions of one consumer as it has read or written them last.

    Args:
        consumer: Its name.
        now: Returns the present time, in UTC.
    """

    def __init__(self, consumer: str, now: Callable[[], datetime]) -> None:
        self._consumer: Final = consumer
        self._now: Final = now
        self._known: dict[str, Position | None] = {}
        self._refused: set[str] = set()
        self._reported_at: datetime | None = None

    def on_read(self, subscription: str, position: Position | None) -> None:
        """The consumer begins at what it has read from the store."""
        self._known[subscription] = position
        self._refused.discard(subscription)

    def on_written(self, positions: Mapping[str, Position]) -> None:
        """The consumer has stored these positions."""
        self._known.update(positions)

    def is_refused(self, subscription: str) -> bool:
        """Whether a transaction was refused, so that this consumer may store nothing until it has read again."""
        return subscription in self._refused

    def is_foreign(self, subscription: str, stored: Position | None) -> bool:
        """Whether this consumer neither read nor wrote what is stored."""
        if subscription not in self._known:
            return False
        own = self._known[subscription]
        return own is not stored if own is None or stored is None else not stored.is_same_place(own)

    def check(self, positions: Mapping[str, Position], stored: Mapping[str, Position]) -> Mapping[str, Position]:
        """Return the positions that a transaction is to store: all of them.

        Raises:
            PositionConflictError: The store has a position that this consumer does not know.
        """
        for subscription in positions:
            found = stored.get(subscription)
            if self.is_refused(subscription) or self.is_foreign(subscription, found):
                self._refused.add(subscription)
                raise PositionConflictError(self._consumer, subscription, found, self._known.get(subscription))
        return positions

    def committed(self, commit: Commit) -> None:
        """A commit without a transaction has succeeded: report what it found, at most once an hour."""
        for subscription, stored in commit.foreign.items():
            if self._reported_at is None or self._now() - self._reported_at >= _REPORT_INTERVAL:
                self._reported_at = self._now()
                text = _conflict(self._consumer, subscription, stored, self._known.get(subscription))
                _logger.warning("%s. Events are handled more than once; the newer position is kept", text)
        self.on_written(commit.written)

    def forget(self, is_forgotten: Callable[[str], bool] | None = None) -> None:
        """The consumer reads these subscriptions again before it writes them; all of them, without a function."""
        self._known = {} if is_forgotten is None else {k: v for k, v in self._known.items() if not is_forgotten(k)}
        self._refused = set() if is_forgotten is None else {key for key in self._refused if not is_forgotten(key)}


class Commit:
    """One commit of positions without a transaction: which of them the store is to keep. Called in a thread.

    Args:
        fence: What the consumer knows. It is only read.
        positions: The positions by subscription.

    Attributes:
        positions: The positions by subscription.
        written: Those that the store was told to keep.
        foreign: The positions found in the store that the consumer neither read nor wrote.
    """

    def __init__(self, fence: ConsumerFence, positions: Mapping[str, Position]) -> None:
        self._fence: Final = fence
        self.positions: Final = positions
        self.written: Mapping[str, Position] = {}
        self.foreign: Mapping[str, Position] = {}

    def choose(self, stored: Mapping[str, Position]) -> Mapping[str, Position]:
        """Return the positions to store: none that lies before the one that another consumer has stored."""
        fence = self._fence
        found = {name: stored[name] for name in self.positions if name in stored}
        self.foreign = foreign = {name: each for name, each in found.items() if fence.is_foreign(name, each)}
        self.written = {
            name: each
            for name, each in self.positions.items()
            if not fence.is_refused(name) and not (name in foreign and foreign[name].is_after(each))
        }
        return self.written


def _conflict(consumer: str, subscription: str, stored: Position | None, own: Position | None) -> str:
    return (
        f"another consumer named {consumer!r} is at work: the store has {_place(stored)} for {subscription}, and this "
        f"consumer read or stored {_place(own)} last"
    )


def _place(position: Position | None) -> str:
    return "no position" if position is None else f"position {place_name(position.replay_id)}"

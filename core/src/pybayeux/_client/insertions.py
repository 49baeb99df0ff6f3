"""Insertions: places in the stream of a channel at which an extension gives receivers events of its own.

Owns what comes on a channel from such a place on: it waits here until the insertion is closed, and follows it in order.
The events of a channel without an insertion do not come here, and pay nothing. Knows channels and receivers, nothing of
sessions.
"""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Any, Final, Protocol

from ..errors import ClientStateError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from ..message import Message

__all__ = ("Insertion", "InsertionQueue", "Insertions", "Outlet")


class Outlet(Protocol):
    """Gives events to the receivers of a channel: the dispatcher."""

    def forward(self, channel: str, events: Sequence[Message]) -> None:
        """Give events to the receivers; they are counted as waiting already."""

    def count(self, events: int) -> None:
        """So many events more, or fewer, wait."""

    def insertions_changed(self, channel: str) -> None:
        """A channel has insertions now, or none any more."""


class Insertion:
    """One place in the stream of a channel; see `HookClient.insert_events`.

    Args:
        queue: What waits on the channel.
    """

    def __init__(self, queue: InsertionQueue) -> None:
        self._queue: Final = queue
        self._turn: asyncio.Future[None] | None = None
        self.is_first = False
        self.is_closed = False
        self.drop: Callable[[Message], bool] | None = None

    @property
    def closed(self) -> bool:
        """Whether it is closed: by `close`, or because the client gave up what waits for its receivers."""
        return self.is_closed

    async def turn(self) -> None:
        """Wait until everything that came before this place was given to the receivers.

        Raises:
            ClientStateError: It is closed.
        """
        if not self.is_first and not self.is_closed:
            if self._turn is None or self._turn.done():
                self._turn = asyncio.get_running_loop().create_future()
            await self._turn
        if self.is_closed:
            raise ClientStateError("the insertion is closed")

    async def put(self, events: Sequence[Message]) -> None:
        """Give these events to the channel's receivers, at this place.

        Raises:
            ClientStateError: It is closed.
        """
        await self.turn()
        self._queue.insert(events)

    def close(self, drop: Callable[[Message], bool] | None = None) -> None:
        """Let follow what waits.

        Args:
            drop: Called with each event that waits up to the next insertion; one for which it returns true is given up.
        """
        if not self.is_closed:
            self.is_closed, self.drop = True, drop
            self._queue.advance()
            self.wake()

    def wake(self) -> None:
        """Its turn has come, or it is closed."""
        if self._turn is not None and not self._turn.done():
            self._turn.set_result(None)


class InsertionQueue:
    """The receiver of a channel while it has insertions: keeps what comes in order around them.

    Args:
        channel: The concrete channel.
        outlet: Gives events to the channel's receivers.
    """

    def __init__(self, channel: str, outlet: Outlet) -> None:
        self.channel: Final = channel
        self.idle = False
        self._outlet: Final = outlet
        self._items: deque[Message | Insertion] = deque()
        self._expected: list[tuple[Message, Insertion]] = []
        self._drop: Callable[[Message], bool] | None = None
        self._is_advancing = False

    @property
    def is_done(self) -> bool:
        """Whether there is no insertion any more."""
        return not self._items and not self._expected

    def open(self, before: Message | None) -> Insertion:
        """Make an insertion before an event that is about to come, or after everything that has come."""
        insertion = Insertion(self)
        if before is None:
            self._items.append(insertion)
            self.advance()
        else:
            self._expected.append((before, insertion))
        return insertion

    def put(self, event: Message) -> None:
        """Take an event from the dispatcher, which has counted it."""
        for expected in [each for each in self._expected if each[0] is event]:
            self._expected.remove(expected)
            self._items.append(expected[1])
        if self._items:
            self._items.append(event)
            self.advance()
        else:
            self._outlet.forward(self.channel, (event,))

    def wake(self) -> None:
        """Never called, for it is never idle: its receivers are woken one by one."""

    def insert(self, events: Sequence[Message]) -> None:
        """Give events of an insertion to the receivers."""
        self._outlet.count(len(events))
        self._outlet.forward(self.channel, events)

    def advance(self) -> None:
        """Give to the receivers what comes before the first open insertion."""
        if self._is_advancing:  # a receiver that was called in place has closed an insertion
            return
        self._is_advancing = True
        try:
            while self._items:
                first = self._items[0]
                if isinstance(first, Insertion):
                    if not first.is_closed:
                        first.is_first = True
                        first.wake()
                        return
                    self._drop = first.drop
                    self._items.popleft()
                    continue
                self._items.popleft()
                if self._drop is not None and self._drop(first):
                    self._outlet.count(-1)
                else:
                    self._outlet.forward(self.channel, (first,))
        finally:
            self._is_advancing = False
        self._expected = [each for each in self._expected if not each[1].is_closed]
        if self.is_done:
            self._drop = None
            self._outlet.insertions_changed(self.channel)

    def discard(self) -> None:
        """Give up everything that waits, and close all insertions."""
        items: list[Any] = [*self._items, *(insertion for _, insertion in self._expected)]
        self._items.clear()
        self._expected.clear()
        insertions = [each for each in items if isinstance(each, Insertion)]
        self._outlet.count(len(insertions) - len(items))
        for each in insertions:
            each.is_closed = True
            each.wake()
        self._outlet.insertions_changed(self.channel)


class Insertions:
    """The queues of all channels that have insertions.

    Args:
        outlet: Gives events to receivers.

    Attributes:
        queues: The queues by channel.
    """

    def __init__(self, outlet: Outlet) -> None:
        self._outlet: Final = outlet
        self.queues: Final[dict[str, InsertionQueue]] = {}

    def open(self, channel: str, before: Message | None) -> Insertion:
        """Make an insertion on a concrete channel."""
        queue = self.queues.get(channel)
        if queue is not None:
            return queue.open(before)
        queue = self.queues[channel] = InsertionQueue(channel, self._outlet)
        insertion = queue.open(before)
        self._outlet.insertions_changed(channel)
        return insertion

    def remove_done(self, channel: str) -> None:
        """Forget the queue of a channel that has no insertion any more."""
        if (queue := self.queues.get(channel)) is not None and queue.is_done:
            del self.queues[channel]

    def discard(self, channel: str | None = None) -> None:
        """Give up everything that waits here, of all channels or of one."""
        for queue in list(self.queues.values()):
            if channel in (None, queue.channel):
                queue.discard()

"""How many events came, were handled and wait, by channel. Pure bookkeeping: no telemetry, no clock.

What was counted is collected and handed over now and then, so that a batch of a thousand events costs one report.

An event leaves the queue in many ways: it is handled, given up, dropped by another extension, overtaken by a policy. So
its `Arrival` lives as long as the message that it is put on, and is counted as gone when both are. Nothing is kept of
a message that nobody has any more.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ("OTHER", "Arrival", "Book", "Tally")

OTHER: Final = "_OTHER"
"""Stands for the channels beyond the limit."""


class Tally:
    """The counts of one channel since they were collected last.

    Attributes:
        attributes: What they are reported with.
        tells_position: Whether positions belong to one channel, so that the last one means something.
        received: Events that came.
        handled: Events that were handled.
        change: How many more of them wait.
        position: The replay id of the last event handled, or None.
        waiting: How many waited when they were collected last.
        is_noted: Whether there is something to collect.
        closed: Whether it counts what waits no longer.
    """

    __slots__ = (
        "attributes",
        "change",
        "closed",
        "handled",
        "is_noted",
        "position",
        "received",
        "tells_position",
        "waiting",
    )

    def __init__(self, attributes: Mapping[str, str], *, tells_position: bool) -> None:
        self.attributes: Final = attributes
        self.tells_position: Final = tells_position
        self.received = self.handled = self.change = self.waiting = 0
        self.position: int | None = None
        self.is_noted = False
        self.closed = False


class Arrival:
    """One event that waits to be handled; it belongs on the message.

    Attributes:
        tally: Where it is counted; None once it is handled.
        time: When it came, in seconds since the epoch.
        created: When it was made, as far as it says so, in seconds since the epoch.
        position: Its replay id, or None.
    """

    __slots__ = ("_gone", "created", "position", "tally", "time")

    def __init__(
        self, tally: Tally, gone: deque[Tally], time: float, created: float | None, position: int | None
    ) -> None:
        self.tally: Tally | None = tally
        self.time = time
        self.created = created
        self.position = position
        self._gone = gone

    def __del__(self) -> None:
        # In any thread, in the middle of anything: no more than this.
        if self.tally is not None:
            self._gone.append(self.tally)


class Book:
    """The tallies of one client.

    Args:
        limit: How many channels are told apart; 0 for none.
        attribute: The name of the attribute that tells the channel.
    """

    def __init__(self, limit: int, attribute: str) -> None:
        self._limit: Final = limit
        self._attribute: Final = attribute
        self._tallies: dict[str, Tally] = {}
        self._rest: Tally | None = None
        self._noted: list[Tally] = []
        self._gone: deque[Tally] = deque()

    def of(self, channel: str) -> Tally:
        """The tally of a channel."""
        tally = self._tallies.get(channel)
        if tally is not None:
            return tally
        if len(self._tallies) < self._limit:
            name = str(channel)  # a Channel is more than exporters expect
            tally = self._tallies[name] = Tally({self._attribute: name}, tells_position=True)
            return tally
        if self._rest is None:
            attributes = {self._attribute: OTHER} if self._limit else {}
            self._rest = Tally(attributes, tells_position=False)
        return self._rest

    def arrived(self, tally: Tally, time: float, created: float | None, position: int | None) -> Arrival:
        """An event has come, and waits."""
        tally.received += 1
        tally.change += 1
        self._note(tally)
        return Arrival(tally, self._gone, time, created, position)

    def handled(self, arrival: Arrival) -> Tally | None:
        """An event is handled; None where it was before."""
        tally, arrival.tally = arrival.tally, None
        if tally is None:
            return None
        tally.handled += 1
        tally.change -= 1
        if arrival.position is not None and tally.tells_position:
            tally.position = arrival.position
        self._note(tally)
        return tally

    def _note(self, tally: Tally) -> None:
        if not tally.is_noted:
            tally.is_noted = True
            self._noted.append(tally)

    def collect(self) -> Iterator[Tally]:
        """The tallies with something new; each begins afresh when the next one is asked for."""
        while self._gone:
            tally = self._gone.popleft()
            tally.change -= 1
            self._note(tally)
        noted, self._noted = self._noted, []
        for tally in noted:
            if tally.closed:
                tally.change = 0
            tally.waiting += tally.change
            yield tally
            tally.received = tally.handled = tally.change = 0
            tally.position = None
            tally.is_noted = False

    def close(self) -> Iterator[Tally]:
        """The last of `collect`: nothing waits any more. Events that are handled later change no count of those."""
        yield from self.collect()
        rest = [] if self._rest is None else [self._rest]
        for tally in [*self._tallies.values(), *rest]:
            tally.change, tally.waiting, tally.closed = -tally.waiting, 0, True
            if tally.change:
                yield tally
                tally.change = 0
        self._tallies.clear()
        self._rest = None

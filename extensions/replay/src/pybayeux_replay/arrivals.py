"""Arrivals: the received events of one subscription that are not part of the handled prefix yet.

What becomes of them is decided in `window.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

import msgspec

if TYPE_CHECKING:
    from collections import deque
    from collections.abc import Iterable

    from pybayeux import Message

    from .event_fields import EventKey

__all__ = ("NO_ARRIVALS", "Arrival", "ArrivalIndex")


class Arrival(msgspec.Struct, gc=False):
    """A received event that is not part of the handled prefix yet. Nothing that it refers to refers to it.

    Attributes:
        number: Its number in the order of arrival, from 1.
        channel: The channel.
        replay_id: The replay id.
        key: What identifies the event.
        event: The event itself. It is kept so that its `id()` stays its own. None if it was handled before.
        passed_over: The event, if it counts as handled though no receiver gets it: the position has its time.
        previous: In an index, the number of the event before it in its channel, or 0.
    """

    number: int
    channel: str
    replay_id: int
    key: EventKey
    event: Message | None
    passed_over: Message | None = None
    previous: int = 0


NO_ARRIVALS: Final[deque[Arrival]] = cast("deque[Arrival]", ())
"""Of windows that have had no event yet. A deque takes 0.7 kB, and some never need theirs."""


class ArrivalIndex:
    """The events that wait, for a window in which they are handled out of turn.

    Attributes:
        by_id: The arrivals by the `id()` of their event.
        last_handled: By channel, the number of the last handled arrival.
    """

    def __init__(self, arrivals: Iterable[Arrival]) -> None:
        self.by_id: Final[dict[int, Arrival]] = {}
        self.last_handled: Final[dict[str, int]] = {}
        self._last_received: Final[dict[str, int]] = {}
        for arrival in arrivals:
            self.add(arrival)

    def add(self, arrival: Arrival) -> None:
        """Add the newest arrival."""
        if arrival.event is not None:
            arrival.previous = self._last_received.get(arrival.channel, 0)
            self._last_received[arrival.channel] = arrival.number
            self.by_id[id(arrival.event)] = arrival

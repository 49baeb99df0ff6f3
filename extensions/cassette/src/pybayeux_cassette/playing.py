"""`play`: the events of a cassette, at the pace of their recording, faster, or at once.

Owns the time. It does not know where events go: that is a `Target`, or any function that takes a channel and data.
"""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from .lines import RecordedEvent, RecordedState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from .lines import Record
    from .reading import Cassette

__all__ = ("Publish", "Target", "play")

Publish: TypeAlias = "Callable[[str, Any], Any]"
"""Publishes data on a channel: ``publish`` of a client or a server, ``push`` of a scripted one. May be async."""


class Target:
    """Where events are played to. A subclass publishes them in its own way."""

    async def prepare(self, cassette: Cassette) -> None:
        """Make everything ready for the events of a cassette, such as the channels that it has."""

    def unit_of(self, event: RecordedEvent) -> object | None:
        """What successive events are published together for, such as the key of a transaction; None for alone."""
        return None

    async def publish(self, events: Sequence[RecordedEvent]) -> None:
        """Publish an event, or several that belong together."""
        raise NotImplementedError

    async def repeat(self, state: RecordedState) -> None:
        """Let happen what happened to the recorded connection. By default nothing does."""


class _Function(Target):
    """A function that publishes.

    Args:
        function: The function.
    """

    def __init__(self, function: Publish) -> None:
        self._function: Final = function

    async def publish(self, events: Sequence[RecordedEvent]) -> None:
        for event in events:
            result = self._function(event.channel, event.data)
            if inspect.isawaitable(result):
                await result


async def play(
    cassette: Cassette,
    target: Target | Publish,
    *,
    speed: float | None = 1.0,
    incidents: bool = False,
    on_event: Callable[[int], object] | None = None,
) -> int:
    """Publish the events of a cassette.

    Time is that of the event loop: in virtual time (`pybayeux.testing.in_virtual_time`) a night takes no time, and each
    event has its hour.

    Args:
        cassette: The cassette.
        target: A `Target`, or a function that takes a channel and data.
        speed: How many times faster than it was recorded. None for all at once.
        incidents: Let the connection and the session be lost where they were lost in the recording, if the target can.
        on_event: Called after each event with the number of events so far.

    Returns:
        How many events were played.

    Raises:
        CassetteError: A line is damaged. The events before it were played.
        ValueError: The speed is not above 0.
    """
    if speed is not None and not speed > 0:
        raise ValueError(f"speed: expected more than 0; got {speed}")
    target = target if isinstance(target, Target) else _Function(target)
    await target.prepare(cassette)
    start, played = asyncio.get_running_loop().time(), 0
    for records in _units(cassette, target):
        if not records:
            continue
        await _until(start, records[-1].at, speed)
        events = [record for record in records if isinstance(record, RecordedEvent)]
        if events:
            await target.publish(events)
            played += len(events)
            if on_event is not None:
                on_event(played)
        elif incidents and isinstance(records[0], RecordedState):
            await target.repeat(records[0])
    return played


async def _until(start: float, at: float, speed: float | None) -> None:
    """Wait for the time of an event, by the start: what publishing took does not add up."""
    due = 0.0 if speed is None else start + at / speed - asyncio.get_running_loop().time()
    await asyncio.sleep(max(0.0, due))


def _units(records: Iterable[Record], target: Target) -> Iterator[list[Record]]:
    """Each record alone, and those together that are one unit."""
    together: list[Record] = []
    unit: object | None = None
    for record in records:
        following = target.unit_of(record) if isinstance(record, RecordedEvent) else None
        if together and following is not None and following == unit:
            together.append(record)
            continue
        yield together
        together, unit = [record], following
    yield together

"""The queue of events for one session, without acknowledgement: an event is removed when it is delivered.

The queue with acknowledgement is in `ack.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from ..options import Json

__all__ = ("PlainQueue", "Queue")


class Queue(Protocol):
    """The events of one session that wait for a response."""

    @property
    def connect_only(self) -> bool:
        """Whether events leave with connect replies only."""

    def put(self, event: Json) -> None:
        """Add an event at the end."""

    def take(self) -> list[Json]:
        """The events for the next response."""

    def put_back(self, events: list[Json]) -> None:
        """Return events that were taken and could not be sent."""

    def __len__(self) -> int:
        """How many events wait."""


class PlainQueue:
    """A queue whose events are removed by the response that carries them, whether it arrives or not."""

    def __init__(self, *, connect_only: bool) -> None:
        self.connect_only: Final = connect_only
        self._events: list[Json] = []

    def put(self, event: Json) -> None:
        """Add an event at the end."""
        self._events.append(event)

    def take(self) -> list[Json]:
        """All events. The queue is empty afterwards."""
        events, self._events = self._events, []
        return events

    def put_back(self, events: list[Json]) -> None:
        """Put events at the front again."""
        self._events[:0] = events

    def __len__(self) -> int:
        return len(self._events)

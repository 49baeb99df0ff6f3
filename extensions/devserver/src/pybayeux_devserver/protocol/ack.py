"""CometD's acknowledgement of events: events that a client has not acknowledged are delivered again.

Owns the batches of one session and the two forms of the handshake's reply. The extension uses ``ext.ack`` on
handshakes, and on connects in both directions.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..options import Json, Options

__all__ = ("AckQueue", "acknowledged_batch", "handshake_answer", "is_requested")


class AckQueue:
    """A queue that keeps every event until its batch, or a later one, is acknowledged.

    Each connect reply closes a batch. An acknowledgement removes the events of its batch and of all earlier ones, even
    if its number is higher than that of any batch sent: CometD does not check it.
    """

    connect_only: Final = True

    def __init__(self) -> None:
        self._events: deque[tuple[int, Json]] = deque()
        self._open = 1

    def put(self, event: Json) -> None:
        """Add an event to the open batch."""
        self._events.append((self._open, event))

    def take(self) -> list[Json]:
        """Every event that is not acknowledged. The events stay in the queue."""
        return [event for _, event in self._events]

    def put_back(self, events: list[Json]) -> None:
        """Does nothing: taken events stay in the queue until they are acknowledged."""

    def close_batch(self) -> int:
        """Close the open batch and return its number, for the reply that carries it."""
        self._open += 1
        return self._open - 1

    def acknowledge(self, batch: int) -> None:
        """Remove the events that the client has accepted."""
        while self._events and self._events[0][0] <= batch:
            self._events.popleft()

    def __len__(self) -> int:
        return len(self._events)


def is_requested(handshake: Json) -> bool:
    """Whether a handshake asks for acknowledgement: ``ext.ack`` is true, or an object with ``enabled``."""
    requested = _ext_member(handshake)
    return requested is True or (isinstance(requested, dict) and requested.get("enabled") is True)


def handshake_answer(queue: AckQueue, options: Options) -> Any:
    """The handshake reply's ``ext.ack``: true, or the newer object with the number of the first batch."""
    # CometD sends the object if it delivers events with the handshake. Those events are the batch.
    if options.ack_object or options.deliver_with_handshake:
        return {"enabled": True, "batch": queue.close_batch()}
    return True


def acknowledged_batch(connect: Json) -> int | None:
    """The number of the batch that a connect acknowledges, or None."""
    batch = _ext_member(connect)
    return batch if isinstance(batch, int) and not isinstance(batch, bool) else None


def _ext_member(message: Json) -> Any:
    ext = message.get("ext")
    return ext.get("ack") if isinstance(ext, dict) else None

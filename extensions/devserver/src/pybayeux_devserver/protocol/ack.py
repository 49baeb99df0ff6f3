"""CometD's acknowledgement of events: what a client has not acknowledged is delivered again.

Owns the batches of one session and the extension's two handshake forms. The wire carries ``ext.ack`` on
handshakes and on connects both ways.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from ..options import Json, Options

__all__ = ("AckQueue", "acknowledged_batch", "handshake_answer", "is_requested")


class AckQueue:
    """Keeps every event until the batch that it went out with, or a later one, is acknowledged.

    A batch closes with each connect reply. An acknowledgement discards what belongs to its batch and to all
    before it, also where it is higher than any batch sent: CometD believes the client.
    """

    connect_only: Final = True

    def __init__(self) -> None:
        self._events: deque[tuple[int, Json]] = deque()
        self._open = 1

    def put(self, event: Json) -> None:
        """Add an event to the batch that is open."""
        self._events.append((self._open, event))

    def take(self) -> list[Json]:
        """Everything not acknowledged yet; it stays here."""
        return [event for _, event in self._events]

    def put_back(self, events: list[Json]) -> None:
        """Nothing to do: whatever was taken is here until it is acknowledged."""

    def close_batch(self) -> int:
        """End the open batch and tell its number, for the reply that carries it."""
        self._open += 1
        return self._open - 1

    def acknowledge(self, batch: int) -> None:
        """Discard what the client says it has accepted."""
        while self._events and self._events[0][0] <= batch:
            self._events.popleft()

    def __bool__(self) -> bool:
        return bool(self._events)


def is_requested(handshake: Json) -> bool:
    """Whether a handshake asks for acknowledgement: ``ext.ack`` true, or an object with ``enabled``."""
    wish = _ext_member(handshake)
    return wish is True or (isinstance(wish, dict) and wish.get("enabled") is True)


def handshake_answer(queue: AckQueue, options: Options) -> Any:
    """The handshake reply's ``ext.ack``: true, or the newer object with the batch to start from."""
    # CometD has the object where it delivers during the handshake: what it delivered is that batch.
    if options.ack_object or options.deliver_with_handshake:
        return {"enabled": True, "batch": queue.close_batch()}
    return True


def acknowledged_batch(connect: Json) -> int | None:
    """The batch that a connect acknowledges, or None."""
    batch = _ext_member(connect)
    return batch if isinstance(batch, int) and not isinstance(batch, bool) else None


def _ext_member(message: Json) -> Any:
    ext = message.get("ext")
    return ext.get("ack") if isinstance(ext, dict) else None

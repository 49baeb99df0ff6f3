"""What the server has received and answered, for assertions.

Owns the record, bounded, and waiting for something to arrive. Changes nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .options import Json

__all__ = ("RecordedRequest", "Recorder")

_KEPT: Final = 10_000


@dataclass(slots=True, eq=False)
class RecordedRequest:
    """One request and what came of it: an HTTP request, the upgrade to a WebSocket, or a frame on one."""

    path: str
    headers: Mapping[str, str]
    """The request's headers, names in lower case; those of the upgrade for a frame."""
    messages: Sequence[Json]
    """What it says; an upgrade says nothing."""
    status: int | None = None
    """The HTTP status meant for it; None until it is answered, or where its client left before.

    The replies to a frame count as 200."""
    replies: Sequence[Json] = field(default_factory=tuple)
    """The messages of the answer, also where a fault kept them from arriving."""
    transport: str = "long-polling"
    """The transport by its protocol name."""
    method: str = "POST"
    body: bytes = b""
    """What was sent, where it is kept."""
    peer: str = ""
    """The client's address and port."""
    time: float = 0.0
    """When it came."""
    answered: float | None = None
    """When its answer was ready; None until then."""
    fault: str | None = None
    """What was made to go wrong with it, where that has a name."""


class Recorder:
    """The last requests, the oldest first.

    Args:
        clock: Tells the present time in seconds.
        kept: How many are kept.
    """

    def __init__(self, clock: Callable[[], float] = time.time, *, kept: int = _KEPT) -> None:
        self.requests: Final[deque[RecordedRequest]] = deque(maxlen=kept)
        self._clock: Final = clock
        self._arrival = asyncio.Event()

    def add(self, request: RecordedRequest) -> None:
        """A request has arrived."""
        request.time = self._clock()
        self.requests.append(request)
        arrival, self._arrival = self._arrival, asyncio.Event()
        arrival.set()

    def answered(self, request: RecordedRequest, status: int | None, replies: Sequence[Json] = ()) -> None:
        """The answer to a request is ready."""
        request.status, request.replies, request.answered = status, replies, self._clock()

    def messages(self, channel: str | None = None) -> list[Json]:
        """The messages received, or those to one channel."""
        return [
            message
            for request in tuple(self.requests)
            for message in request.messages
            if channel in (None, message.get("channel"))
        ]

    def clear(self) -> None:
        """Forget everything so far."""
        self.requests.clear()

    async def received(self, channel: str, count: int = 1) -> list[Json]:
        """Wait until so many messages to a channel have come since the start or the last `clear`.

        Returns:
            The messages to that channel.
        """
        while len(found := self.messages(channel)) < count:
            await self._arrival.wait()
        return found

    async def upgrades(self, count: int = 1) -> list[RecordedRequest]:
        """Wait until so many upgrades to a WebSocket were asked for, whatever became of them.

        Returns:
            The upgrades.
        """
        while len(found := [request for request in tuple(self.requests) if not request.messages]) < count:
            await self._arrival.wait()
        return found

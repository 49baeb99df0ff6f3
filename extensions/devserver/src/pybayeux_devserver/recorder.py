"""The record of what a server received and answered, for assertions.

Owns the record, which is bounded, and waiting for an arrival. It changes no message.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from .traffic import Traffic, client_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from .options import Json

__all__ = ("RecordedRequest", "Recorder")

_KEPT: Final = 10_000


@dataclass(slots=True, eq=False)
class RecordedRequest:
    """One request and its reply: an HTTP request, a WebSocket upgrade, or a WebSocket frame."""

    path: str
    headers: Mapping[str, str]
    """The headers of the request, names in lower case. A frame has those of its upgrade."""
    messages: Sequence[Json]
    """The Bayeux messages of the request. An upgrade has none."""
    status: int | None = None
    """The intended HTTP status. None until the request is answered, and if its client left before.

    A frame that is answered has 200.
    """
    replies: Sequence[Json] = field(default_factory=tuple)
    """The messages of the reply, also if a fault kept them from arriving."""
    transport: str = "long-polling"
    """The connection type, by its name in the protocol."""
    method: str = "POST"
    body: bytes = b""
    """The body of the request, if the server records bodies."""
    peer: str = ""
    """The address and port of the client."""
    time: float = 0.0
    """When the request arrived."""
    answered: float | None = None
    """When the reply was ready. None until then."""
    fault: str | None = None
    """What kept the reply from arriving as it was meant, in a word, such as ``lost``; None if nothing did."""


class Recorder:
    """The most recent requests, the oldest first.

    Args:
        clock: Returns the current time in seconds.
        kept: How many requests to keep.

    Attributes:
        requests: The requests.
        traffic: The same in the order of the messages' arrival and departure, with pushed events.
    """

    def __init__(self, clock: Callable[[], float] = time.time, *, kept: int = _KEPT) -> None:
        self.requests: Final[deque[RecordedRequest]] = deque(maxlen=kept)
        self.traffic: Final = Traffic()
        self._clock: Final = clock
        self._arrival = asyncio.Event()

    def add(self, request: RecordedRequest) -> None:
        """Record a request that has arrived."""
        request.time = self._clock()
        self.requests.append(request)
        self.traffic.add("received", request.transport, request.messages, time=request.time)
        arrival, self._arrival = self._arrival, asyncio.Event()
        arrival.set()

    def answered(
        self,
        request: RecordedRequest,
        status: int | None,
        replies: Sequence[Json] = (),
        *,
        fault: str | None = None,
    ) -> None:
        """Record the reply to a request, and the fault that happened to it, if it has a name."""
        request.answered = now = self._clock()
        request.status, request.replies, request.fault = status, replies, fault or request.fault
        self.traffic.add(
            "sent",
            request.transport,
            replies,
            time=now,
            client_id=client_of(request.messages),
            status=status,
            fault=request.fault,
        )

    def pushed(self, client_id: str, events: Sequence[Json], *, fault: str | None = None) -> None:
        """Record events that were sent over a WebSocket without a request."""
        self.traffic.add("sent", "websocket", events, time=self._clock(), client_id=client_id, fault=fault)

    def messages(self, channel: str | None = None) -> list[Json]:
        """The messages received so far, or those to one channel."""
        return [
            message
            for request in tuple(self.requests)
            for message in request.messages
            if channel in (None, message.get("channel"))
        ]

    def clear(self) -> None:
        """Forget everything so far."""
        self.requests.clear()
        self.traffic.clear()

    async def received(self, channel: str, count: int = 1) -> list[Json]:
        """Wait until `count` messages to a channel have arrived since the start or the last `clear`.

        Returns:
            The messages to that channel.
        """
        while len(found := self.messages(channel)) < count:
            await self._arrival.wait()
        return found

    async def upgrades(self, count: int = 1) -> list[RecordedRequest]:
        """Wait until `count` WebSocket upgrades were requested, accepted or not.

        Returns:
            The upgrades.
        """
        while len(found := [request for request in tuple(self.requests) if not request.messages]) < count:
            await self._arrival.wait()
        return found

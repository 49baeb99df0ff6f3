"""The traffic of a server as a stream of server-sent events, which a page reads with `EventSource`.

Owns the format, and the place to go on from after a lost connection.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from .transports.waiting import client_left_before

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from .traffic import Traffic

__all__ = ("TrafficResponse",)

_HEADERS: Final = [(b"content-type", b"text/event-stream"), (b"cache-control", b"no-store")]
_RETRY: Final = b"retry: 1000\n\n"
_PAUSE: Final = 0.05
"""Seconds between two writes: a dense stream costs a page less in larger pieces."""


class TrafficResponse(Response):
    """A response that lasts until its reader leaves: what was kept, then what passes.

    Each passage is one event with a `Passage` as JSON. Where some are no longer kept, an event ``missed`` has their
    number.

    Args:
        traffic: The traffic.
        last_event_id: The id of the last event that the reader has, from the header ``Last-Event-ID``; or empty.
    """

    def __init__(self, traffic: Traffic, last_event_id: str = "") -> None:
        super().__init__()
        self._traffic: Final = traffic
        run, _, number = last_event_id.partition("-")
        self._last = int(number) if run == traffic.run and number.isdecimal() else 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, as ASGI has it."""
        await send({"type": "http.response.start", "status": 200, "headers": _HEADERS})
        await client_left_before(self._write(send), receive)

    async def _write(self, send: Send) -> None:
        piece = _RETRY
        while True:
            await send({"type": "http.response.body", "body": piece, "more_body": True})
            await self._traffic.wait_after(self._last)
            piece = self._next_piece()
            await asyncio.sleep(_PAUSE)

    def _next_piece(self) -> bytes:
        passages = self._traffic.after(self._last)
        missed = self._traffic.last - self._last - len(passages)
        events = [b"event: missed\ndata: %d\n\n" % missed] if missed and self._last else []
        for passage in passages:
            name = f"{self._traffic.run}-{passage.number}".encode()
            events.append(b"id: %s\ndata: %s\n\n" % (name, msgspec.json.encode(passage)))
        self._last = self._traffic.last
        return b"".join(events)

"""Responses that go wrong: late, cut in half, or never sent.

Owns how a fault looks on the wire, where one HTTP response answers one request; the refusal of a WebSocket is one
too. When a fault strikes is decided in `faults.py`.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import Message, Receive, Scope, Send

    from .listener import Sockets

__all__ = ("DelayedResponse", "HalfResponse", "NeverResponse", "NoResponse", "client_left_before")


class NoResponse(Response):
    """The connection is cut instead of an answer, with an end or with a reset."""

    def __init__(self, sockets: Sockets, *, reset: bool = False) -> None:
        super().__init__()
        self._sockets: Final = sockets
        self._reset: Final = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the connection and see it gone, so that nobody misses the answer."""
        if self._reset:
            self._sockets.reset(scope["client"])
        else:
            self._sockets.of(scope["client"]).abort()
        await _left(receive)


class NeverResponse(Response):
    """Nothing happens until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the client to leave."""
        await _left(receive)


class HalfResponse(Response):
    """The status, the headers and half of the body; then the connection is closed, or reset."""

    def __init__(self, whole: Response, sockets: Sockets, *, reset: bool = False) -> None:
        super().__init__()
        self._whole: Final = whole
        self._sockets: Final = sockets
        self._reset: Final = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the first half."""

        async def send_half(message: Message) -> None:
            if message["type"] == "http.response.body":
                body = message["body"]
                message = {**message, "body": body[: len(body) // 2], "more_body": True}
            await send(message)

        await self._whole(scope, receive, send_half)
        if self._reset:
            self._sockets.reset(scope["client"])
        else:
            self._sockets.of(scope["client"]).close()
        await _left(receive)


class DelayedResponse(Response):
    """A response that waits for something before it is sent."""

    def __init__(self, response: Response, until: Awaitable[object]) -> None:
        super().__init__()
        self._response: Final = response
        self._until: Final = until

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then send, unless the client has gone."""
        if not await client_left_before(self._until, receive):
            await self._response(scope, receive, send)


async def client_left_before(awaited: Awaitable[object], receive: Receive) -> bool:
    """Wait for something, or for the client to close its connection.

    Returns:
        Whether the client has gone first.
    """
    left = asyncio.ensure_future(_left(receive))
    wanted = asyncio.ensure_future(awaited)
    try:
        await asyncio.wait((left, wanted), return_when=asyncio.FIRST_COMPLETED)
        return not wanted.done()
    finally:
        for waiting in (left, wanted):
            waiting.cancel()
            with suppress(asyncio.CancelledError):
                await waiting


async def _left(receive: Receive) -> None:
    while not (await receive())["type"].endswith(".disconnect"):
        pass

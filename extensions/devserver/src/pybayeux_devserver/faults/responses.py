"""Responses that go wrong: late, cut in half, or never sent.

Owns how a fault looks on the wire, where one HTTP response answers one request; the refusal of a WebSocket is one
too. When a fault applies_to is decided in `faults.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from starlette.responses import Response

from ..transports.waiting import client_left, client_left_before

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from starlette.types import Message, Receive, Scope, Send

    from ..listener import Sockets

__all__ = ("DelayedResponse", "HangingResponse", "NoResponse", "TruncatedResponse")


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
        await client_left(receive)


class HangingResponse(Response):
    """Nothing happens until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait for the client to leave."""
        await client_left(receive)


class TruncatedResponse(Response):
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
        await client_left(receive)


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

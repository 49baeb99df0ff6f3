"""HTTP responses that fail: delayed, cut in half, or never sent.

Owns what a fault looks like where one HTTP response answers one request. The refusal of a WebSocket upgrade is such a
response too. It does not know when a fault applies: that is in `faults.py`.
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
    """Cuts the connection instead of answering, by closing it or with a reset."""

    def __init__(self, sockets: Sockets, *, reset: bool = False) -> None:
        super().__init__()
        self._sockets: Final = sockets
        self._reset: Final = reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Cut the connection and wait until it is gone, so that nothing else is written to it."""
        if self._reset:
            self._sockets.reset(scope["client"])
        else:
            self._sockets.of(scope["client"]).abort()
        await client_left(receive)


class HangingResponse(Response):
    """Answers nothing until the client gives up."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait until the client has left."""
        await client_left(receive)


class TruncatedResponse(Response):
    """Sends the status, the headers and half of the body, then closes the connection, or resets it."""

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
    """Sends a response after something else has happened."""

    def __init__(self, response: Response, until: Awaitable[object]) -> None:
        super().__init__()
        self._response: Final = response
        self._until: Final = until

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Wait, then send the response, unless the client has left."""
        if not await client_left_before(self._until, receive):
            await self._response(scope, receive, send)

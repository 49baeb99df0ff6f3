"""The kinds of faults: what each one does to an HTTP response and to the frames of a WebSocket.

Owns their effect. It does not know when a fault applies: that is in `faults.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Protocol

from starlette.responses import Response

from .responses import DelayedResponse, HangingResponse, NoResponse, TruncatedResponse

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from ..listener import Sockets

__all__ = ("Delay", "DropConnection", "Fault", "NeverAnswer", "Replace", "Truncate", "WebSocketWriter")

TRY_AGAIN_LATER: Final = 1013
"""The close code of a WebSocket where a request would get an HTTP error."""


class WebSocketWriter(Protocol):
    """The part of an open WebSocket that faults use. Everything is sent in the order of the calls."""

    def send(self, texts: Sequence[str]) -> None:
        """Send frames."""

    def send_half(self, texts: Sequence[str]) -> None:
        """Send the first half of the frames' bytes, then close the connection."""

    def cut(self) -> None:
        """Close the connection without another byte."""

    def close(self, code: int, reason: str = "") -> None:
        """Close the WebSocket with a close frame."""


class Fault(Protocol):
    """One kind of fault."""

    @property
    def name(self) -> str:
        """What becomes of the messages, in a word for the record."""

    @property
    def status(self) -> int | None:
        """The HTTP status that the client receives instead of the intended one. None if there is no such status."""

    def response(self, whole: Response) -> Response:
        """The response that is sent instead of `whole`."""

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """Send something instead of these frames."""


class DropConnection:
    """Cuts the connection."""

    name: Final = "lost"
    status: Final = None

    def __init__(self, sockets: Sockets) -> None:
        self._sockets: Final = sockets

    def response(self, whole: Response) -> Response:
        """No response."""
        return NoResponse(self._sockets)

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """No frame."""
        websocket.cut()


class Truncate:
    """Sends the first half and cuts the connection."""

    name: Final = "truncated"
    status: Final = None

    def __init__(self, sockets: Sockets) -> None:
        self._sockets: Final = sockets

    def response(self, whole: Response) -> Response:
        """Half of the body."""
        return TruncatedResponse(whole, self._sockets)

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """Half of the bytes of all frames."""
        websocket.send_half(texts)


class Delay:
    """Sends everything, after something else has happened.

    Args:
        until: Returns what to wait for.
    """

    name: Final = "delayed"
    status: Final = None

    def __init__(self, until: Callable[[], Awaitable[object]]) -> None:
        self._until: Final = until

    def response(self, whole: Response) -> Response:
        """The whole response, later."""
        return DelayedResponse(whole, self._until())

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """All frames, later. Other frames are sent meanwhile."""
        await self._until()
        websocket.send(texts)


class Replace:
    """Sends something else.

    Args:
        status: The status of the HTTP response.
        body: The body.
        headers: The headers.
    """

    name: Final = "replaced"

    def __init__(self, status: int, body: str | bytes = "", headers: Mapping[str, str] | None = None) -> None:
        self.status: Final = status
        self._body: Final = body
        self._headers: Final = headers

    def response(self, whole: Response) -> Response:
        """The replacement."""
        return Response(self._body, self.status, self._headers)

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """The body as a frame. If the status is an error, close the WebSocket instead."""
        text = self._body if isinstance(self._body, str) else self._body.decode(errors="replace")
        if self.status < 400:
            websocket.send([text])
        else:
            websocket.close(TRY_AGAIN_LATER, text)


class NeverAnswer:
    """Sends nothing and keeps the connection open."""

    name: Final = "never answered"
    status: Final = None

    def response(self, whole: Response) -> Response:
        """Nothing until the client gives up."""
        return HangingResponse()

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """Nothing."""

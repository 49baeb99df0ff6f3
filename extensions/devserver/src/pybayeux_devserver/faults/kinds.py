"""The ways in which an answer goes wrong, on HTTP and on a WebSocket alike.

Owns what each of them means on either. When one applies_to is decided in `faults.py`.
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
"""The close code of a WebSocket for what an HTTP error is to a request."""


class WebSocketWriter(Protocol):
    """An open WebSocket, as far as things go wrong on it; what is said is sent in this order."""

    def send(self, texts: Sequence[str]) -> None:
        """Send frames."""

    def send_half(self, texts: Sequence[str]) -> None:
        """Send the first half of the frames' bytes, then close the connection."""

    def cut(self) -> None:
        """Close the connection without another byte."""

    def close(self, code: int, reason: str = "") -> None:
        """Close the socket in good order."""


class Fault(Protocol):
    """One way of going wrong."""

    @property
    def status(self) -> int | None:
        """The HTTP status that the client sees instead of the one condition, or None."""

    def response(self, whole: Response) -> Response:
        """What happens in the place of an HTTP response."""

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """What happens in the place of frames."""


class DropConnection:
    """The connection is cut."""

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
    """The connection is cut in the middle."""

    status: Final = None

    def __init__(self, sockets: Sockets) -> None:
        self._sockets: Final = sockets

    def response(self, whole: Response) -> Response:
        """Truncate of the body."""
        return TruncatedResponse(whole, self._sockets)

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """Truncate of the bytes of all frames."""
        websocket.send_half(texts)


class Delay:
    """Everything comes, after something else.

    Args:
        until: Makes what is waited for.
    """

    status: Final = None

    def __init__(self, until: Callable[[], Awaitable[object]]) -> None:
        self._until: Final = until

    def response(self, whole: Response) -> Response:
        """The whole response, later."""
        return DelayedResponse(whole, self._until())

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """All frames, later; others go out meanwhile."""
        await self._until()
        websocket.send(texts)


class Replace:
    """Something else comes.

    Args:
        status: The status of the HTTP response.
        body: Its body.
        headers: Its headers.
    """

    def __init__(self, status: int, body: str | bytes = "", headers: Mapping[str, str] | None = None) -> None:
        self.status: Final = status
        self._body: Final = body
        self._headers: Final = headers

    def response(self, whole: Response) -> Response:
        """The other response."""
        return Response(self._body, self.status, self._headers)

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """Its body as a frame, or the end of the socket where it is an error."""
        text = self._body if isinstance(self._body, str) else self._body.decode(errors="replace")
        if self.status < 400:
            websocket.send([text])
        else:
            websocket.close(TRY_AGAIN_LATER, text)


class NeverAnswer:
    """Nothing comes."""

    status: Final = None

    def response(self, whole: Response) -> Response:
        """Silence until the client gives up."""
        return HangingResponse()

    async def frames(self, texts: Sequence[str], websocket: WebSocketWriter) -> None:
        """Silence."""

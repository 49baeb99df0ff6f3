"""One WebSocket of aiohttp that is open, and how it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final

import aiohttp
from aiohttp import WSMsgType

from pybayeux import errors

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ("Socket",)

_PATIENCE: Final = 2.0
"""Seconds for the farewell; the library gives each message that still comes a second of its own."""

_NO_CODE: Final = 1005
_TOO_BIG: Final = 1009


class Socket:
    """A socket, and what it was opened with.

    Args:
        websocket: The library's socket. From now on it is this object's.
        let_go: To be awaited when the socket is over: lets go of its connection.
        redact: Takes secrets out of a text.
        max_message_size: What the socket allows, for the text of an error.
    """

    def __init__(
        self,
        websocket: aiohttp.ClientWebSocketResponse[Any],
        let_go: Callable[[], Awaitable[None]],
        redact: Callable[[str], str],
        max_message_size: int | None,
    ) -> None:
        self._websocket: Final = websocket
        self._let_go: Final = let_go
        self._redact: Final = redact
        self._max_message_size: Final = max_message_size
        self._end: errors.TransportError | None = None
        self._reading: asyncio.Task[None] | None = None
        self._may_read: Final = asyncio.Event()
        self._may_read.set()

    @property
    def is_open(self) -> bool:
        """Whether frames can be sent."""
        return self._end is None and not self._websocket.closed

    @property
    def subprotocol(self) -> str | None:
        """What was agreed on."""
        return self._websocket.protocol

    async def send(self, frame: bytes) -> None:
        """Send a text frame.

        Raises:
            TransportError: The socket is no longer open.
        """
        if self._end is not None:
            raise self._end
        try:
            await self._websocket.send_frame(frame, WSMsgType.TEXT)
        except (aiohttp.ClientError, OSError) as error:
            self._end = self._broken_by(error)
            raise self._end from error

    def start(self, receiver: Any) -> None:
        """Call this receiver from now on."""
        self._reading = asyncio.get_running_loop().create_task(self._read(receiver), name="pybayeux-aiohttp-read")

    async def _read(self, receiver: Any) -> None:
        try:
            while self._end is None:
                await self._may_read.wait()
                message = await self._websocket.receive()
                if message.type is WSMsgType.TEXT or message.type is WSMsgType.BINARY:
                    receiver.frames_received([message.data])
                else:
                    self._end = self._end or self._ended_by(message)
        finally:
            receiver.closed(self._end or errors.TransportError("the WebSocket was released"))

    def pause_reading(self) -> None:
        """Take no more; the library reads on until its own buffer is full."""
        self._may_read.clear()

    def resume_reading(self) -> None:
        """Read again."""
        self._may_read.set()

    async def close(self, code: int) -> None:
        """Say farewell."""
        self._end = self._end or errors.TransportError(f"the WebSocket was closed: {code}")
        try:
            async with asyncio.timeout(_PATIENCE):
                await self._websocket.close(code=code)
        except TimeoutError:
            pass
        finally:
            await self.abort()

    async def abort(self) -> None:
        """Let go of the connection without a word."""
        await self._let_go()
        if self._reading is not None and self._reading is not asyncio.current_task():
            self._reading.cancel()
            await asyncio.wait([self._reading])

    def _ended_by(self, message: aiohttp.WSMessage) -> errors.TransportError:
        if message.type is WSMsgType.CLOSE:
            why = f"{message.data or _NO_CODE} {message.extra or ''}".rstrip()
            return errors.TransportError(f"the server closed the WebSocket: {self._redact(why)}")
        error = message.data if message.type is WSMsgType.ERROR else self._websocket.exception()
        if isinstance(error, aiohttp.WebSocketError):
            if error.code == _TOO_BIG:
                return errors.TransportError(
                    f"a message came of more than max_message_size={self._max_message_size} bytes (1009)"
                )
            return errors.TransportError(f"the WebSocket was closed: {error.code} {self._redact(str(error))}")
        return self._broken_by(error)

    def _broken_by(self, error: BaseException | None) -> errors.TransportError:
        return errors.TransportError(f"the WebSocket broke: {self._redact(str(error or '')) or 'no close frame'}")

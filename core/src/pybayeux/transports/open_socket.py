"""A WebSocket that is open: exchanges on it, and what comes in.

Owns the order of what comes in, and the end: whatever breaks the socket fails every exchange under way, once.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

from ..channel import Channel
from ..errors import BayeuxError, MessageDecodeError, TransportError
from .decoding import decode_answer
from .pending import Pending

if TYPE_CHECKING:
    from collections.abc import Awaitable

    from ..message import Message
    from .base import Socket, TransportContext

__all__ = ("OpenSocket",)

_NORMAL: Final = 1000
_MALFORMED: Final = 1007
_GATHERED: Final = 2**18
"""Bytes that may wait while what came before them is being received; then the socket is not read."""


class OpenSocket:
    """One socket, until it breaks.

    One task takes frames off the socket, another one hands them over. What has gathered meanwhile is handed over
    together: in a burst hundreds of frames, one event in each, cost one batch.

    Args:
        connection: The library's socket. From now on it is this object's.
        context: What the client gave to the transport.
    """

    def __init__(self, connection: Socket, context: TransportContext) -> None:
        self._connection: Final = connection
        self._context: Final = context
        self._pending: Final = Pending()
        self._frames: list[bytes] = []
        self._gathered = 0
        self._arrived: Final = asyncio.Event()
        self._room: Final = asyncio.Event()
        self._end: BayeuxError | None = None
        self._failure: BayeuxError | None = None
        self._retired = False
        self._connects = 0
        self._tasks: Final[set[asyncio.Task[None]]] = set()
        self._start(self._read(), "read")
        self._handing_over: Final = self._start(self._hand_over(), "hand-over")

    @property
    def is_open(self) -> bool:
        """Whether exchanges can be started."""
        return not self._retired and self._failure is None and self._end is None and self._connection.is_open

    @property
    def is_over(self) -> bool:
        """Whether nothing is left to be done."""
        return not self._tasks

    async def exchange(self, messages: list[Message], frames: list[bytes]) -> None:
        """Send frames with these messages, one behind the other, and wait for their answers.

        Raises:
            BayeuxError: What broke the socket meanwhile.
        """
        over = self._pending.expect(messages)
        connects = sum(message.channel == Channel.META_CONNECT for message in messages)
        self._connects += connects
        try:
            for frame in frames:
                await self._send(frame)
            await over
        except asyncio.CancelledError:
            if over.cancelled() or not over.done():
                self._fail(TransportError("the WebSocket was closed: an exchange on it was given up"))
            raise
        finally:
            self._connects -= connects
            self._pending.forget(over)
            self._close_if_retired()

    async def _send(self, frame: bytes) -> None:
        try:
            await self._connection.send(frame)
        except TransportError as error:
            raise self._failure or error from error.__cause__

    def retire(self) -> None:
        """Take no further exchange, and close when those under way are over."""
        self._retired = True
        self._close_if_retired()

    def _close_if_retired(self) -> None:
        if self._retired and not self._pending:
            self._fail(TransportError("the WebSocket was replaced by another"), meant=True)

    async def close(self) -> None:
        """Close the socket and see everything to its end."""
        self._fail(TransportError("the WebSocket transport was closed"), meant=True)
        caller = asyncio.current_task()  # perhaps one that was just handed a message
        if caller is not self._handing_over:
            self._handing_over.cancel()
        if others := self._tasks - {caller}:
            await asyncio.wait(others)

    # -- in

    async def _read(self) -> None:
        """Take frames off the socket until it ends, when nobody wants them any more too: the close frame is behind."""
        try:
            while True:
                frame = await self._connection.receive()
                if self._failure is None:
                    await self._gather(frame)
        except TransportError as end:
            self._end = end
            self._arrived.set()

    async def _gather(self, frame: bytes) -> None:
        self._frames.append(frame)
        self._gathered += len(frame)
        self._arrived.set()
        if self._gathered > _GATHERED:
            self._room.clear()
            await self._room.wait()

    async def _hand_over(self) -> None:
        while self._failure is None:
            await self._arrived.wait()
            await self._context.room()  # events come unasked: to leave the connects out would hold none of them back
            self._arrived.clear()
            end, frames = self._end, self._frames
            self._frames, self._gathered = [], 0
            self._room.set()
            if frames:
                await self._receive(frames)
            if end is not None:
                self._fail(end)

    async def _receive(self, frames: list[bytes]) -> None:
        messages, malformed = self._decoded(frames)
        try:
            await self._context.receive(messages)
        except BayeuxError as error:
            self._fail(error)
        except Exception as error:
            failure = TransportError(f"{type(error).__name__}: {self._context.redact(str(error))}")
            failure.__cause__ = error
            self._fail(failure)
        else:
            self._pending.answered(messages)
        if malformed is not None:
            self._fail(malformed, _MALFORMED)

    def _decoded(self, frames: list[bytes]) -> tuple[list[Message], MessageDecodeError | None]:
        """The messages in these frames, or in those before the first that is malformed."""
        messages: list[Message] = []
        try:
            for frame in frames:
                messages += decode_answer(frame, self._context.redact)
        except MessageDecodeError as error:
            return messages, error
        return messages, None

    # -- the end

    def _fail(self, error: BayeuxError, code: int = _NORMAL, *, meant: bool = False) -> None:
        """Nothing more is received from now on, and everybody who waits gets the error."""
        if self._failure is not None:
            return
        if not meant and not self._connects:
            self._start(self._context.broken(error), "broken")
        self._failure = error
        self._frames.clear()
        self._room.set()
        self._arrived.set()
        self._pending.fail(error)
        self._start(self._connection.close(code), "close")

    def _start(self, work: Awaitable[None], name: str) -> asyncio.Task[None]:
        task = asyncio.ensure_future(work)
        task.set_name(f"pybayeux-websocket-{name}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

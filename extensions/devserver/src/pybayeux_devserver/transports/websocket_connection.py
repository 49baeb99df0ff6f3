"""One open WebSocket: frames in, frames out.

Owns the socket's tasks: one that reads, one that writes in order, and one for each connect that is held. Events leave
their session's queue when it is their turn to be written, so that those which a dead socket never took still wait.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import anyio
from starlette.websockets import WebSocketDisconnect
from websockets.frames import Frame, Opcode

from ..protocol.errors import MalformedRequestError
from ..protocol.parsing import parse_messages
from ..recorder import RecordedRequest
from .frames import answer_frames, batches, frame
from .polling import caller_of
from .waiting import wait_for_hold

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from anyio.abc import TaskGroup
    from starlette.websockets import WebSocket

    from ..faults.faults import Faults
    from ..faults.kinds import Fault
    from ..listener import Sockets
    from ..options import Json
    from ..protocol.engine import Engine
    from ..protocol.exchange import Exchange
    from ..protocol.sessions import Hold, Session
    from ..recorder import Recorder

__all__ = ("WebSocketConnection",)

_NORMAL: Final = 1000
_POLICY_VIOLATION: Final = 1008
_INTERNAL_ERROR: Final = 1011
_LONGEST_REASON: Final = 123


class WebSocketConnection:
    """A WebSocket that has been accepted.

    Args:
        websocket: The socket.
        engine: What understands the messages.
        faults: What goes wrong.
        recorder: What remembers.
        sockets: Where the socket is known while it is open.
    """

    def __init__(
        self, websocket: WebSocket, engine: Engine, faults: Faults, recorder: Recorder, sockets: Sockets
    ) -> None:
        self._websocket: Final = websocket
        self._engine: Final = engine
        self._faults: Final = faults
        self._recorder: Final = recorder
        self._sockets: Final = sockets
        self._caller: Final = caller_of(websocket, trusted=not engine.options.cookie_on_websocket)
        self._per_frame: Final = engine.options.messages_per_frame
        self._outgoing: Final[asyncio.Queue[Callable[[], Awaitable[None]]]] = asyncio.Queue()
        self._due: Final[set[Session]] = set()
        self._leaving: Final[set[Session]] = set()
        self._closing = False

    async def run(self) -> None:
        """Receive and send until the socket is closed, by whomever."""
        self._sockets.websockets.add(self)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._write)
                await self._read(tasks)
                tasks.cancel_scope.cancel()
        finally:
            self._sockets.websockets.discard(self)
            self._engine.detach(self)

    # What the engine asks for

    def flush(self, session: Session) -> None:
        """Send the session's events when their turn comes."""
        if session not in self._due:
            self._due.add(session)
            self._outgoing.put_nowait(partial(self._send_events, session))

    def end_session(self, session: Session) -> None:
        """Close the socket, after the reply to the session's held connect."""
        if session.hold is None:
            self.close(_NORMAL)
        else:
            self._leaving.add(session)

    # What goes out, in this order

    def send(self, texts: Sequence[str]) -> None:
        """Send frames."""
        for text in texts:
            self._outgoing.put_nowait(partial(self._websocket.send_text, text))

    def send_half(self, texts: Sequence[str]) -> None:
        """Send the first half of the frames' bytes, then close the connection."""
        self._outgoing.put_nowait(partial(self._send_half, texts))

    def cut(self) -> None:
        """Close the connection without another byte."""
        self._outgoing.put_nowait(self._cut)

    def close(self, code: int, reason: str = "") -> None:
        """Close the socket in good order; what comes meanwhile is ignored."""
        self._closing = True
        self._outgoing.put_nowait(partial(self._close, code, reason))

    async def _write(self) -> None:
        # uvicorn says RuntimeError where a frame comes after the end that a broken client forced upon it.
        with suppress(WebSocketDisconnect, RuntimeError):
            while True:
                write = await self._outgoing.get()
                await write()

    async def _send_events(self, session: Session) -> None:
        self._due.discard(session)
        if session.stream is not self:
            return
        events = session.queue.take()
        fault = self._faults.for_pushed_events(events)
        if fault is not None:
            await fault.frames([frame(batch) for batch in batches(events, self._per_frame)], self)
            return
        for number, batch in enumerate(batches(events, self._per_frame)):
            try:
                await self._websocket.send_text(frame(batch))
            except WebSocketDisconnect:
                session.queue.put_back(events[number * self._per_frame :])
                raise

    async def _send_half(self, texts: Sequence[str]) -> None:
        data = b"".join(Frame(Opcode.TEXT, text.encode()).serialize(mask=False) for text in texts)
        with suppress(ConnectionError):
            connection = self._sockets.of(self._websocket.scope["client"])
            connection.write(data[: len(data) // 2])
            connection.close()

    async def _cut(self) -> None:
        with suppress(ConnectionError):
            self._sockets.of(self._websocket.scope["client"]).abort()

    async def _close(self, code: int, reason: str) -> None:
        await self._websocket.close(code, reason.encode()[:_LONGEST_REASON].decode(errors="ignore"))
        raise WebSocketDisconnect(code)

    # What comes in

    async def _read(self, tasks: TaskGroup) -> None:
        while (message := await self._websocket.receive())["type"] != "websocket.disconnect":
            if self._closing:
                continue
            try:
                messages = parse_messages([message.get("text") or ""])
            except MalformedRequestError as error:
                self.close(_INTERNAL_ERROR, str(error))
            else:
                self._handle(messages, tasks)

    def _handle(self, messages: list[Json], tasks: TaskGroup) -> None:
        headers = dict(self._websocket.headers)
        record = RecordedRequest(self._websocket.url.path, headers, messages, transport="websocket")
        self._recorder.add(record)
        fault = self._faults.for_request(messages)
        if fault is not None:
            self._recorder.answered(record, fault.status)
            tasks.start_soon(fault.frames, (), self)
            return
        exchange = self._engine.receive(messages, self._caller, self)
        hold = exchange.hold
        if hold is not None and hold.timeout:
            tasks.start_soon(self._finish_later, exchange, hold, record, tasks)
        else:
            self._finish(exchange, record, tasks)

    async def _finish_later(self, exchange: Exchange, hold: Hold, record: RecordedRequest, tasks: TaskGroup) -> None:
        try:
            await wait_for_hold(hold)
        except asyncio.CancelledError:
            self._engine.abandon(exchange)
            raise
        self._finish(exchange, record, tasks)

    def _finish(self, exchange: Exchange, record: RecordedRequest, tasks: TaskGroup) -> None:
        answer = self._engine.finish(exchange)
        self._recorder.answered(record, answer.status, answer.messages)
        if answer.status == 401:
            self.close(_POLICY_VIOLATION, "invalid token")
            return
        # The older of two connects gets an HTTP error elsewhere; here nothing, as with Faye.
        texts = answer_frames(answer, self._per_frame)
        fault = self._faults.for_reply(record.messages, answer.messages)
        if fault is not None:
            tasks.start_soon(self._spoil, fault, texts, exchange)
            return
        self.send(texts)
        self._let_go(exchange)

    async def _spoil(self, fault: Fault, texts: Sequence[str], exchange: Exchange) -> None:
        await fault.frames(texts, self)
        self._let_go(exchange)

    def _let_go(self, exchange: Exchange) -> None:
        """Close the socket if it was only waiting for this answer."""
        if exchange.hold is not None and exchange.session in self._leaving:
            self.close(_NORMAL)

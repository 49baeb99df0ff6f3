"""One open WebSocket: frames in, frames out.

Owns the tasks of the WebSocket: one that reads, one that writes in order, and one for each held connect. Events stay in
their session's queue until they are written, so that a closed WebSocket loses none that it did not take.
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
_MAX_REASON_BYTES: Final = 123


class WebSocketConnection:
    """A WebSocket that has been accepted.

    Args:
        websocket: The WebSocket.
        engine: The protocol engine.
        faults: The planned faults.
        recorder: The record of requests.
        sockets: The registry of open connections.
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
        self._ended: Final[set[Session]] = set()
        self._closing = False

    async def run(self) -> None:
        """Receive and send until either side closes the WebSocket."""
        self._sockets.websockets.add(self)
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._write)
                await self._read(tasks)
                tasks.cancel_scope.cancel()
        finally:
            self._sockets.websockets.discard(self)
            self._engine.detach(self)

    # -- called by the engine

    def flush(self, session: Session) -> None:
        """Send the events of a session after everything that was queued before."""
        if session not in self._due:
            self._due.add(session)
            self._outgoing.put_nowait(partial(self._send_events, session))

    def end_session(self, session: Session) -> None:
        """Close the WebSocket, after the reply to the session's held connect if there is one."""
        if session.hold is None:
            self.close(_NORMAL)
        else:
            self._ended.add(session)

    # -- sending, in the order of the calls

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
        """Close the WebSocket with a close frame. Frames that arrive afterwards are ignored."""
        self._closing = True
        self._outgoing.put_nowait(partial(self._close, code, reason))

    async def _write(self) -> None:
        # uvicorn raises RuntimeError for a frame after a broken client has made it close the WebSocket.
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
        self._recorder.pushed(session.client_id, events, fault=None if fault is None else fault.name)
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
        await self._websocket.close(code, reason.encode()[:_MAX_REASON_BYTES].decode(errors="ignore"))
        raise WebSocketDisconnect(code)

    # -- receiving

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
            self._recorder.answered(record, fault.status, fault=fault.name)
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
        fault = None if answer.status == 401 else self._faults.for_reply(record.messages, answer.messages)
        # Over HTTP the older of two connects gets an error. Here it is never answered, as with Faye.
        became = fault.name if fault is not None else "not answered" if answer.status == 500 else None
        self._recorder.answered(record, answer.status, answer.messages, fault=became)
        if answer.status == 401:
            self.close(_POLICY_VIOLATION, "invalid token")
            return
        texts = answer_frames(answer, self._per_frame)
        if fault is not None:
            tasks.start_soon(self._send_faulty, fault, texts, exchange)
            return
        self.send(texts)
        self._close_if_ended(exchange)

    async def _send_faulty(self, fault: Fault, texts: Sequence[str], exchange: Exchange) -> None:
        await fault.frames(texts, self)
        self._close_if_ended(exchange)

    def _close_if_ended(self, exchange: Exchange) -> None:
        """Close the WebSocket if a dropped session was waiting for this answer."""
        if exchange.hold is not None and exchange.session in self._ended:
            self.close(_NORMAL)

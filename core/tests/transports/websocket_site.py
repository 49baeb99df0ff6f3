"""A WebSocket server on this machine whose every word a test says, and a transport that talks to it.

Nothing here sleeps: tests wait for what happens, and a limit of time only ends those that wait for what never does.
"""

from __future__ import annotations

import asyncio
import gc
import json
from contextlib import asynccontextmanager
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Self

from websockets.asyncio.server import ServerConnection, serve

from pybayeux import Message
from pybayeux._util.redact import Redactor
from pybayeux.transports.base import DONE, TransportContext, TransportRequest, TransportResponse
from pybayeux.transports.websocket import WebSocket

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
    from types import TracebackType

    from websockets.http11 import Request, Response

    from pybayeux.transports.base import Completion

__all__ = ("Peer", "Site", "at_raw_server", "in_real_time", "message", "reply")

P = ParamSpec("P")


def in_real_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Run an asynchronous test, and fail it if it leaves a task."""

    @wraps(test)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        asyncio.run(_alone(test(*args, **kwargs)))
        gc.collect()

    return run


async def _alone(test: Coroutine[Any, Any, None]) -> None:
    async with asyncio.timeout(10):
        await test
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"tasks are left: {left}"


def message(message_id: str, channel: str = "/meta/subscribe", **fields: Any) -> Message:
    """A message to send."""
    return Message(channel=channel, id=message_id, **fields)


def reply(message_id: str, channel: str = "/meta/subscribe", **fields: Any) -> dict[str, Any]:
    """The answer to it, as it goes over the wire."""
    return {"channel": channel, "id": message_id, "successful": True, **fields}


class Peer:
    """The server's end of one socket."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection

    async def heard(self) -> list[dict[str, Any]]:
        """The next frame that came, which must be text."""
        messages: list[dict[str, Any]] = json.loads(await self.connection.recv(decode=None))
        return messages

    async def say(self, *messages: dict[str, Any]) -> None:
        """Send a frame with these messages."""
        await self.connection.send(json.dumps(messages))

    async def ended(self) -> tuple[int | None, str | None]:
        """The code and reason with which the client has closed the socket."""
        await self.connection.wait_closed()
        return self.connection.close_code, self.connection.close_reason


class Site:
    """The server, and a transport with `options` and the context's `arguments`.

    Attributes:
        on_receive: Called with each batch before it counts as received, and awaited where it returns something.
    """

    def __init__(
        self,
        options: dict[str, Any] | None = None,
        *,
        refuse: Callable[[ServerConnection], Response | None] = lambda connection: None,
        served: dict[str, Any] | None = None,
        **arguments: Any,
    ) -> None:
        self.refuse = refuse
        self.redact = Redactor()
        self.upgrades: list[Request] = []
        self.received: list[list[Message]] = []
        self.responses: list[TransportResponse] = []
        self.on_request: Callable[[TransportRequest], None] = lambda request: None
        self.on_receive: Callable[[list[Message]], Awaitable[None] | None] | None = None
        self._options = options or {}
        self._served = served or {}
        self._arguments = arguments
        self._arrived = asyncio.Event()
        self._receiving: set[asyncio.Task[None]] = set()
        self._peers: asyncio.Queue[Peer] = asyncio.Queue()

    async def __aenter__(self) -> Self:
        arguments = {"compression": None, "ping_interval": None, "process_request": self._process, **self._served}
        self._server = await serve(self._accept, "127.0.0.1", 0, **arguments)
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/cometd"
        arguments = {"url": f"http://127.0.0.1:{self.port}/cometd", **self._arguments}
        self.context = TransportContext(
            receive=self._receive,
            on_request=self._request,
            on_response=self._response,
            redact=self.redact,
            **arguments,
        )
        self.transport = WebSocket(self.context, **self._options)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.transport.close()
        for task in self._receiving:
            task.cancel()
        if self._receiving:
            await asyncio.wait(self._receiving)
        self._server.close()
        await self._server.wait_closed()

    def send(self, *messages: Message) -> asyncio.Task[None]:
        """Begin an exchange."""
        return asyncio.create_task(self.transport.exchange(list(messages)))

    async def peer(self) -> Peer:
        """The server's end of the next socket that was opened."""
        return await self._peers.get()

    async def begin(self, *messages: Message) -> tuple[asyncio.Task[None], Peer]:
        """Begin the first exchange of a socket, up to the moment where the server has heard it."""
        sending = self.send(*messages)
        peer = await self.peer()
        await peer.heard()
        return sending, peer

    async def opened(self) -> Peer:
        """A socket on which a first exchange is over."""
        sending, peer = await self.begin(message("0", "/meta/handshake"))
        await peer.say(reply("0", "/meta/handshake"))
        await sending
        self.received.clear()
        return peer

    async def got(self, count: int) -> list[Message]:
        """So many messages, once they are here."""
        while len(self.messages) < count:
            self._arrived.clear()
            await self._arrived.wait()
        return self.messages

    @property
    def messages(self) -> list[Message]:
        """All that came, in order."""
        return [each for batch in self.received for each in batch]

    def _process(self, connection: ServerConnection, request: Request) -> Response | None:
        self.upgrades.append(request)
        return self.refuse(connection)

    async def _accept(self, connection: ServerConnection) -> None:
        await self._peers.put(Peer(connection))
        await connection.wait_closed()

    def _receive(self, messages: list[Message]) -> Completion:
        waiting = None if self.on_receive is None else self.on_receive(messages)
        if waiting is None:
            self._received(messages)
            return DONE
        task = asyncio.ensure_future(self._receive_after(waiting, messages))
        self._receiving.add(task)
        task.add_done_callback(self._receiving.discard)
        return task

    async def _receive_after(self, waiting: Awaitable[None], messages: list[Message]) -> None:
        await waiting
        self._received(messages)

    def _received(self, messages: list[Message]) -> None:
        self.received.append(messages)
        self._arrived.set()

    async def _request(self, request: TransportRequest) -> None:
        self.on_request(request)

    async def _response(self, response: TransportResponse) -> None:
        self.responses.append(response)


@asynccontextmanager
async def at_raw_server(
    answer: Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]],
) -> AsyncIterator[str]:
    """The URL of a server that may say anything to an upgrade; what it does ends with the block."""
    over = asyncio.Event()
    handled: set[asyncio.Task[None]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        handled.add(task)
        await reader.readuntil(b"\r\n\r\n")
        await answer(reader, writer)
        await over.wait()
        writer.transport.abort()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/cometd"
    finally:
        over.set()
        server.close()
        if handled:
            await asyncio.wait(handled)

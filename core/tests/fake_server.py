"""A server in the same process: a transport that an extension brings in, with a script for what goes wrong."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from pybayeux import Advice, AsyncClient, ConnectionState, Message, decode, encode, hookimpl
from pybayeux.session import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import BayeuxError
    from pybayeux.transports.base import TransportContext

__all__ = ("FakeServer", "Witness", "make_client")


class FakeServer:
    """Answers as CometD does: holds connects, brings events in their answers, forgets sessions when told to.

    Attributes:
        received: Every message that came, in order, with the time.
        failures: Raised by the next exchanges, one each.
        scripted: From a channel to fields that the replies to the next messages on it get, one each.
        silent: Channels on which nothing is answered.
        opened: How many transports were made, less those closed.
        hold: Seconds that a connect is held.
    """

    def __init__(self, hold: float = 30.0) -> None:
        self.received: list[tuple[float, Message]] = []
        self.batches: list[list[str]] = []
        self.failures: list[Exception] = []
        self.scripted: dict[str, list[dict[str, Any]]] = {}
        self.silent: set[str] = set()
        self.echo: Callable[[Message], list[Message]] = lambda message: []
        self.opened = 0
        self.hold = hold
        self.sessions = 0
        self.client_id: str | None = None
        self._queue: list[Message] = []
        self._news = asyncio.Event()

    # -- the way in

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        registry.register("long-polling", lambda context: _FakeTransport(self, context))

    # -- the script

    def push(self, channel: str, *data: Any, **fields: Any) -> None:
        """Events for the client: they come with the answer of the held connect."""
        self._queue += [Message(channel=channel, data=each, **fields) for each in data]
        self._news.set()

    def answer_next(self, channel: str, **fields: Any) -> None:
        """The reply to the next message on this channel says so."""
        self.scripted.setdefault(channel, []).append(fields)

    def refuse_next(self, channel: str, error: str, **fields: Any) -> None:
        """The reply to the next message on this channel is a refusal."""
        self.answer_next(channel, successful=False, error=error, **fields)

    def forget(self) -> None:
        """Forget the session; the held connect is answered at once."""
        self.client_id = None
        self._news.set()

    def fail(self, *errors: Exception) -> None:
        """The exchange under way and the next ones break."""
        self.failures += errors
        self._news.set()

    # -- what came

    def messages(self, channel: str) -> list[Message]:
        """What came on this channel."""
        return [message for _, message in self.received if message.channel == channel]

    def times(self, channel: str) -> list[float]:
        """When something came on this channel, counted from the first message."""
        return [moment - self.received[0][0] for moment, message in self.received if message.channel == channel]

    def subscriptions(self) -> list[Any]:
        """What was subscribed to, in order."""
        return [message.subscription for message in self.messages("/meta/subscribe")]

    # -- the server

    async def exchange(self, messages: list[Message]) -> list[Message]:
        """The replies to a request."""
        now = asyncio.get_running_loop().time()
        self.received += [(now, message) for message in messages]
        self.batches.append([message.channel for message in messages])
        self._break()
        replies: list[Message] = []
        for message in messages:
            if message.channel in self.silent:
                await asyncio.Event().wait()
            if message.channel == "/meta/connect":
                await self._hold(message)
                replies += self._take_events()
            replies += [self._reply(message), *self.echo(message)]
        return replies

    def _break(self) -> None:
        if self.failures:
            raise self.failures.pop(0)

    async def _hold(self, connect: Message) -> None:
        hold = self.hold if connect.advice is None else (connect.advice.timeout or 0) / 1000
        if hold == 0:
            return
        if connect.client_id == self.client_id and not self._queue:
            self._news.clear()
            try:
                async with asyncio.timeout(hold):
                    await self._news.wait()
            except TimeoutError:
                return
        self._break()

    def _take_events(self) -> list[Message]:
        events, self._queue = self._queue, []
        return events

    def _reply(self, message: Message) -> Message:
        fields: dict[str, Any] = {"successful": True, "subscription": message.subscription}
        scripted = self.scripted.get(message.channel)
        if scripted:
            fields |= scripted.pop(0)
        elif message.channel == "/meta/handshake":
            fields |= self._new_session()
        elif message.client_id != self.client_id:
            fields |= {"successful": False, "error": "402::session_unknown"}
        if message.channel == "/meta/disconnect":
            self._news.set()
        return Message(channel=message.channel, id=message.id, **fields)

    def _new_session(self) -> dict[str, Any]:
        self.sessions += 1
        self.client_id = f"session-{self.sessions}"
        self._queue.clear()
        advice = Advice(reconnect="retry", interval=0, timeout=int(self.hold * 1000))
        return {"client_id": self.client_id, "supported_connection_types": ["long-polling"], "advice": advice}


class _FakeTransport:
    def __init__(self, server: FakeServer, context: TransportContext) -> None:
        self._server = server
        self._context = context
        server.opened += 1

    async def exchange(self, messages: list[Message]) -> None:
        # Through bytes, as on a wire: neither side sees what the other does to its messages later.
        replies = await self._server.exchange(decode(encode(messages)))
        await self._context.receive(decode(encode(replies)))

    async def close(self) -> None:
        self._server.opened -= 1


class Witness:
    """An extension that notes what its client goes through."""

    def __init__(self) -> None:
        self.errors: list[BayeuxError] = []
        self.states: list[str] = []
        self.delivered_data: list[Any] = []

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.errors.append(error)

    @hookimpl
    def state_changed(self, new: ConnectionState) -> None:
        self.states.append(new.value)

    @hookimpl
    def delivered(self, message: Message) -> None:
        self.delivered_data.append(message.data)


def make_client(server: FakeServer, *extensions: object, **arguments: Any) -> AsyncClient:
    """A client of this server, with no extension that happens to be installed, and no chance in its waits."""
    arguments.setdefault("backoff", Backoff(jitter=0))
    return AsyncClient("http://fake/cometd", extensions=[server, *extensions], discover=False, **arguments)

"""A Bayeux server in the same process, with a script for its replies and for failures.

Owns sessions, their subscriptions, and the replies. Without a script it behaves as a server should: connects are held
until there is an event, publishes go to the sessions that are subscribed, an unknown session is refused. It has no
socket; in virtual time it takes no time.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import httpx

from .._util.credentials import in_headers, in_url
from ..channel import Channel, ChannelType
from ..errors import TransportError
from ..hookspecs import hookimpl
from ..message import Advice, Message
from ..transports.base import TransportRequest, TransportResponse
from ..transports.memory import MemoryTransport

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..transports.base import Transport, TransportContext
    from ..transports.registry import TransportRegistry

__all__ = ("Lost", "Order", "ScriptedServer")

Order: TypeAlias = Literal["events-first", "replies-first"]
"""What comes first in a response with events in it: as CometD does it, or as Faye does it."""

Lost: TypeAlias = Literal["request", "reply"]
"""What a broken exchange loses: the request, which the server never sees, or only the reply."""


@dataclass(slots=True)
class _Session:
    client_id: str
    subscriptions: set[str] = field(default_factory=set)
    events: list[Message] = field(default_factory=list)

    def receives(self, channel: str) -> bool:
        """Whether an event on this channel is for this session; a service channel is private to it."""
        if Channel(channel).type is ChannelType.SERVICE:
            return True
        return any(Channel(subscription).match(channel) for subscription in self.subscriptions)


class ScriptedServer:
    """An extension that is the server of its client: ``AsyncClient(url, extensions=[ScriptedServer()])``.

    It replaces the transport `connection_type`, and calls the hooks `request` and `response` around each exchange as
    that transport does.

    Args:
        order: What comes first in a response with events in it.
        ext: The `ext` of the handshake's reply.
        hold: Seconds that a connect is held.
        connection_type: The transport to replace, one of those with a response for each request. If it is not the
            transport that clients handshake with, name it in their ``transports=``.

    Attributes:
        ext: The `ext` of the handshake's reply; it may be changed between handshakes.
        received: Every message that was sent to it, in order, including those that were lost.
        requests: Every request that was sent to it, as it was after the hook `request`.
    """

    def __init__(
        self,
        *,
        order: Order = "events-first",
        ext: Mapping[str, Any] | None = None,
        hold: float = 30.0,
        connection_type: str = "long-polling",
    ) -> None:
        self.ext: dict[str, Any] = dict(ext or {})
        self.received: Final[list[Message]] = []
        self.requests: Final[list[TransportRequest]] = []
        self._order: Final = order
        self._hold: Final = hold
        self._connection_type: Final = connection_type
        self._sessions: Final[dict[str, _Session]] = {}
        self._count = 0
        self._scripted: Final[defaultdict[str, deque[dict[str, Any]]]] = defaultdict(deque)
        self._failures: Final[dict[Lost, deque[Exception]]] = {"request": deque(), "reply": deque()}
        self._changed: Final = asyncio.Event()

    # -- the script

    def push(self, channel: str, *data: Any, **fields: Any) -> None:
        """Send events, one for each `data`, to the sessions that are subscribed.

        Args:
            channel: The channel. One under ``/service/`` reaches every session.
            data: The payloads.
            fields: Further fields of each, such as ``ext=``.
        """
        for session in self._sessions.values():
            if session.receives(channel):
                session.events += [Message(channel=channel, data=each, **fields) for each in data]
        self._wake()

    def answer_next(self, channel: str, **fields: Any) -> None:
        """Set fields of the reply to the next message on this channel, beside or instead of the usual ones.

        Several calls apply to the next messages in turn. A scripted connect is not held.
        """
        self._scripted[channel].append(fields)
        self._wake()

    def refuse_next(self, channel: str, error: str, **fields: Any) -> None:
        """Refuse the next message on this channel, without doing what it asks for.

        Args:
            channel: A meta channel such as ``/meta/subscribe``, or one that is published to.
            error: As on the wire: ``403::denied``.
            fields: Further fields of the reply, such as ``advice=``.
        """
        self.answer_next(channel, successful=False, error=error, **fields)

    def fail(self, *errors: Exception, lost: Lost = "request") -> None:
        """Break the current exchange and the next ones, one for each error.

        Args:
            errors: The errors that the client gets; one TransportError by default. If it has a `status`, the hook
                `response` is called with it.
            lost: ``"request"``: the server never sees the request, and a held connect breaks at once. ``"reply"``: the
                server does what is asked, and the reply is lost with the events in it.
        """
        self._failures[lost] += errors or (TransportError("the connection broke"),)
        self._wake()

    def forget(self) -> None:
        """Forget every session: the next request of each is refused as unknown."""
        self._sessions.clear()
        self._wake()

    # -- what was received

    def messages(self, channel: str) -> list[Message]:
        """The messages that were sent to it on this channel."""
        return [message for message in self.received if message.channel == channel]

    @property
    def subscriptions(self) -> set[str]:
        """The channels that are subscribed to now."""
        return {channel for session in self._sessions.values() for channel in session.subscriptions}

    # -- the transport

    @hookimpl(trylast=True)
    def register_transports(self, registry: TransportRegistry) -> None:
        """Replace the transport of that name, so that no test opens a socket."""
        registry.register(self._connection_type, self._transport)

    def _transport(self, context: TransportContext) -> Transport:
        async def exchange(messages: list[Message]) -> Sequence[Message]:
            request = TransportRequest(context.url, httpx.Headers(context.headers), self._connection_type)
            await context.on_request(request)
            context.redact.remember(*in_url(request.url), *in_headers(request.headers))
            self.requests.append(request)
            try:
                answer = await self._exchange(messages)
            except TransportError as error:
                if error.status is not None:
                    await context.on_response(self._response(request, error.status))
                raise
            await context.on_response(self._response(request, 200))
            return answer

        return MemoryTransport(context, server=exchange)

    def _response(self, request: TransportRequest, status: int) -> TransportResponse:
        return TransportResponse(request.url, status, httpx.Headers(), self._connection_type)

    # -- the server

    async def _exchange(self, messages: list[Message]) -> list[Message]:
        self.received.extend(messages)
        self._break("request")
        answer = [each for message in messages for each in await self._answer(message)]
        self._break("reply")
        return answer

    def _break(self, lost: Lost) -> None:
        if self._failures[lost]:
            raise self._failures[lost].popleft()

    async def _answer(self, message: Message) -> list[Message]:
        if message.channel == Channel.META_CONNECT and message.advice is None:
            await self._held(message)
        scripted = self._scripted[message.channel]
        fields = scripted.popleft() if scripted else {}
        reply = Message(channel=message.channel, id=message.id, subscription=message.subscription, successful=True)
        events = []
        if fields.get("successful") is not False:
            events = self._done(message, reply)
        for name, value in fields.items():
            setattr(reply, name, value)
        return [*events, reply] if self._order == "events-first" else [reply, *events]

    def _done(self, message: Message, reply: Message) -> list[Message]:
        """Do what is asked, complete the reply, and return the events that are sent with it."""
        if message.channel == Channel.META_HANDSHAKE:
            self._begin(reply)
            return []
        session = self._sessions.get(message.client_id or "")
        if session is None:
            reply.successful, reply.error = False, "402::session_unknown"
            reply.advice = Advice(reconnect="handshake", interval=0)
            return []
        match message.channel:
            case Channel.META_CONNECT:
                events, session.events = session.events, []
                return events
            case Channel.META_SUBSCRIBE:
                session.subscriptions.update(_channels(message))
            case Channel.META_UNSUBSCRIBE:
                session.subscriptions.difference_update(_channels(message))
            case Channel.META_DISCONNECT:
                del self._sessions[session.client_id]
                self._wake()
            case channel if Channel(channel).type is ChannelType.BROADCAST:
                self.push(channel, message.data, ext=message.ext)
        return []

    def _begin(self, reply: Message) -> None:
        self._count += 1
        session = _Session(f"session-{self._count}")
        self._sessions[session.client_id] = session
        reply.client_id, reply.version = session.client_id, "1.0"
        reply.supported_connection_types = [self._connection_type]
        reply.advice = Advice(reconnect="retry", interval=0, timeout=int(self._hold * 1000))
        reply.ext = dict(self.ext) or None

    async def _held(self, connect: Message) -> None:
        try:
            async with asyncio.timeout(self._hold):
                while not self._is_due(connect):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return
        self._break("request")

    def _is_due(self, connect: Message) -> bool:
        session = self._sessions.get(connect.client_id or "")
        return session is None or bool(
            session.events or self._failures["request"] or self._scripted[Channel.META_CONNECT]
        )

    def _wake(self) -> None:
        """Check again whether the connects that are held are due."""
        self._changed.set()


def _channels(message: Message) -> list[str]:
    named = message.subscription
    return [named] if isinstance(named, str) else list(named or ())

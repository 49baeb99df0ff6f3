"""The low-level client: each call sends one request, and nothing happens by itself."""

from __future__ import annotations

import asyncio
import logging
from itertools import count
from typing import TYPE_CHECKING, Any, Final, NoReturn, Self

from . import requests
from ._client.config import ClientConfig
from ._client.inbox import Inbox
from ._client.incoming import IncomingQueue
from ._client.parts import ClientParts
from ._client.reporter import EXTENSIONS_LINE
from ._client.transport_pool import TransportPool
from ._util.arguments import check_names, check_names_or_flag, check_objects, check_pairs, check_tables
from ._util.urls import parse_endpoint
from .channel import Channel
from .errors import (
    ClientStateError,
    ConnectError,
    DisconnectError,
    ExchangeTimeoutError,
    HandshakeError,
    PublishError,
    ReplyError,
    SubscribeError,
    TransportError,
    UnsubscribeError,
    UsageError,
)
from .extensions.status import summary
from .session.negotiation import Negotiation
from .state import ConnectionEvent, ConnectionState, ConnectionStateMachine

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from types import TracebackType

    from ._client.hooks import Vetoes
    from .extensions.status import ExtensionStatus
    from .hook_client import HookCaller, Registration
    from .hookspecs import DiagnosisFindings
    from .message import Message
    from .transports.base import Completion

__all__ = ("BayeuxClient",)

_DEFAULT_HOLD: Final = 60.0


class BayeuxClient:
    """A client that does nothing by itself: each call is one request, and returns every message of the response.

    It does not retry, reconnect or resubscribe; `AsyncClient` does. The arguments are those of `AsyncClient`. Where no
    transports are named, it polls: on a WebSocket events come by themselves, and belong to the next connect that
    returns.
    """

    def __init__(
        self,
        url: str,
        *,
        extensions: Iterable[object] = (),
        options: Mapping[str, Mapping[str, Any]] | None = None,
        discover: bool | Iterable[str] = True,
        disabled: Iterable[str] = (),
        order: Iterable[str] = (),
        transports: Sequence[str] | None = None,
        transport_options: Mapping[str, Mapping[str, Any]] | None = None,
        http: Any = None,
        auth: Any = None,
        headers: Mapping[str, str] | None = None,
        logger: logging.Logger | logging.LoggerAdapter[Any] | None = None,
        max_network_delay: float = 10.0,
    ) -> None:
        config = ClientConfig(
            url=url,
            extensions=check_objects("extensions", extensions),
            options=check_tables("options", options),
            discover=check_names_or_flag("discover", discover),
            disabled=check_names("disabled", disabled),
            order=check_names("order", order),
            transports=None if transports is None else check_names("transports", transports),
            transport_options=check_tables("transport_options", transport_options),
            http=http,
            auth=auth,
            headers=check_pairs("headers", headers),
            logger=logger or logging.getLogger("pybayeux"),
            max_network_delay=max_network_delay,
        )
        self._max_network_delay: Final = max_network_delay
        self._http: Final = http
        # On a WebSocket events come by themselves, and a connect returns without them when its time is over.
        parts = ClientParts(self, config, by_polling=True)
        self._redact: Final = parts.redact
        self._reporter: Final = parts.reporter
        self._extensions: Final = parts.extensions
        self._hooks: Final = parts.hooks
        self._pool: Final = TransportPool(
            parts.transport_context(self._receive), parts.factories, config.transport_options
        )
        self._incoming: Final = IncomingQueue(self._hooks)
        self._inbox: Final = Inbox()
        self._negotiation: Final = Negotiation(tuple(parts.factories))
        self._machine: Final = ConnectionStateMachine()
        self._ids: Final = count(1)
        self._client_id: str | None = None
        self._connection_type = self._negotiation.for_handshake()
        self._hold = _DEFAULT_HOLD
        self._connecting = False

    def __repr__(self) -> str:
        return f"<BayeuxClient {self.url.partition('?')[0]} {self.state.value}>"

    @property
    def url(self) -> str:
        """The server's address, without user and password."""
        return self._pool.url(None)

    @property
    def state(self) -> ConnectionState:
        """UNCONNECTED, CONNECTING or CONNECTED (Bayeux 1.0, section 2.5)."""
        return self._machine.current_state

    @property
    def client_id(self) -> str | None:
        """The client id from the server, or None. It is a credential."""
        return self._client_id

    @property
    def connection_type(self) -> str | None:
        """The name of the transport agreed on, or None without a session."""
        return None if self._client_id is None else self._connection_type

    @property
    def http(self) -> Any:
        """The HTTP client given as `http`, or None. For extensions, see `HookClient`."""
        return self._http

    def redact(self, text: str, limit: int = 200) -> str:
        """The text without this client's credentials and ids, and without what looks like some, cut to `limit`.

        For extensions, see `HookClient`.
        """
        return self._redact(text, limit)

    @property
    def recovers(self) -> bool:
        """Whether the client handshakes and subscribes again by itself: never, that is left to the caller."""
        return False

    @property
    def accepting(self) -> bool:
        """Whether events that are received now are taken: always, because this client has no queue."""
        return True

    @property
    def extensions(self) -> tuple[ExtensionStatus, ...]:
        """The extensions: those that act, in their order, then the installed ones that do not, with the reason."""
        return self._extensions.statuses

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections without sending a disconnect; `disconnect` sends one."""
        await self._extensions.close()
        await self._pool.close()
        self._reporter.finish()

    async def diagnose(self, findings: DiagnosisFindings) -> None:
        """Have the extensions say what they know of the server (`HookSpecs.diagnose`). For a diagnosis."""
        await self._hooks.diagnose(findings)

    def use(self, extension: object, name: str | None = None) -> Registration:
        """Register an extension.

        Raises:
            ExtensionError: Its name is already taken, or its hooks are wrong.
        """
        return self._extensions.use(extension, name)

    def remove(self, name: str) -> Registration:
        """Remove an extension.

        Raises:
            ExtensionError: There is no extension of that name.
        """
        return self._extensions.remove(name)

    def hook(self, name: str) -> HookCaller:
        """The caller of a hook that an installed package brings; as `AsyncClient.hook`."""
        return self._extensions.hooks.provided(name)

    def move(self, url: str) -> None:
        """Use another address of the server from the next request on.

        Raises:
            UsageError: It is not an address.
        """
        self._pool.move(parse_endpoint(url).url)

    def resubscribe(self, channel: str) -> NoReturn:
        """Raise an error: this client subscribes only when `subscribe` is called.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"resubscribe({channel!r}): a BayeuxClient leaves that to its caller, use subscribe()")

    def hold_events(self, holder: str, reason: str = "") -> NoReturn:
        """Raise an error: this client has no receivers.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"hold_events({holder!r}, {reason!r}): a BayeuxClient has no receivers to hold back")

    def release_events(self, holder: str, *, discard: bool = False) -> NoReturn:
        """Raise an error: this client has no receivers.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"release_events({holder!r}): a BayeuxClient has no receivers to hold back")

    def discard_events(self, channel: str) -> NoReturn:
        """Raise an error: this client has no receivers.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"discard_events({channel!r}): a BayeuxClient has no receivers")

    def events_in_hand(self, channel: str) -> NoReturn:
        """Raise an error: this client has no receivers.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"events_in_hand({channel!r}): a BayeuxClient has no receivers")

    def insert_events(self, channel: str, before: Message | None = None) -> NoReturn:
        """Raise an error: this client has no receivers.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"insert_events({channel!r}): a BayeuxClient has no receivers")

    def rehandshake(self, reason: str) -> NoReturn:
        """Raise an error: this client starts a session only when `handshake` is called.

        Raises:
            UsageError: Always.
        """
        raise UsageError(f"rehandshake({reason!r}): a BayeuxClient leaves that to its caller, use handshake()")

    # -- one request each

    async def handshake(self) -> list[Message]:
        """Ask for a session (Bayeux 1.0, section 4.1).

        Raises:
            ClientStateError: There is a session, or one is being asked for.
            HandshakeError: The server refused.
            TransportError: The exchange failed.
        """
        self._machine.process_event(ConnectionEvent.HANDSHAKE_SENT)
        try:
            self._connection_type = self._negotiation.for_handshake()
            self._pool.renew()
            replies = await self._exchange([requests.handshake(self._negotiation.usable)])
            reply = self._reply_of(replies, Channel.META_HANDSHAKE, HandshakeError)
            if not reply.client_id:
                raise HandshakeError(reply.channel, cause=TransportError("the reply has no clientId"))
            self._connection_type = self._chosen(reply)
        except BaseException:
            self._machine.process_event(ConnectionEvent.TIMEOUT)
            raise
        self._client_id = reply.client_id
        self._note_advice(reply)
        return replies

    def _chosen(self, reply: Message) -> str:
        offered, allowed = reply.supported_connection_types, self._negotiation.usable
        chosen = self._negotiation.best_of(offered)
        if chosen is None:
            cause = TransportError(f"405:c{list(allowed)},s{offered}:no_transport")
            raise HandshakeError(reply.channel, cause=cause)
        return chosen

    async def connect(self) -> list[Message]:
        """Ask for events; the server may hold its answer as long as it advised (section 4.2).

        Raises:
            ClientStateError: No session, or a connect is outstanding: one at a time, ever.
            ConnectError: The server refused.
            TransportError: The exchange failed.
        """
        if self._connecting:
            raise ClientStateError("a connect is outstanding; the protocol allows one at a time")
        request = requests.connect(self._session(), self._connection_type)
        self._connecting = True
        try:
            replies = await self._exchange([request], self._hold)
            reply = self._reply_of(replies, Channel.META_CONNECT, ConnectError)
            replies = [*self._inbox.claim(), *replies]
        except BaseException:
            if self._client_id is not None:
                self._machine.process_event(ConnectionEvent.TIMEOUT)
                self._machine.process_event(ConnectionEvent.HANDSHAKE_SENT)  # the session may well go on
            raise
        finally:
            self._connecting = False
        if self._client_id is not None:  # servers answer a held connect when its session is disconnected
            self._machine.process_event(ConnectionEvent.CONNECTED)
        self._note_advice(reply)
        return replies

    async def subscribe(self, channels: Sequence[str]) -> list[Message]:
        """Subscribe to channels: one request with a message for each (section 4.4).

        Raises:
            SubscribeError: The server refused one of them.
        """
        session = self._session()
        messages = [requests.subscribe(session, channel) for channel in _given(channels)]
        return self._all_accepted(await self._exchange(messages), SubscribeError)

    async def unsubscribe(self, channels: Sequence[str]) -> list[Message]:
        """End subscriptions: one request with a message for each (section 4.5).

        Raises:
            UnsubscribeError: The server refused one of them.
        """
        session = self._session()
        messages = [requests.unsubscribe(session, channel) for channel in _given(channels)]
        return self._all_accepted(await self._exchange(messages), UnsubscribeError)

    async def publish(self, channel: str, data: Any) -> list[Message]:
        """Publish; without a session where the server allows it (section 5.1).

        Raises:
            PublishError: The server refused.
        """
        message = requests.publish(channel, data, self._client_id)
        return self._all_accepted(await self._exchange([message]), PublishError)

    async def disconnect(self) -> list[Message]:
        """End the session (section 4.3). For the client it has ended whatever the server answers.

        Raises:
            DisconnectError: The server refused.
        """
        request = requests.disconnect(self._session())
        self._machine.process_event(ConnectionEvent.DISCONNECT_SENT)
        self._client_id = None
        return self._all_accepted(await self._exchange([request]), DisconnectError)

    # -- how

    def _session(self) -> str:
        if self._client_id is None:
            raise ClientStateError("no session: handshake() first")
        return self._client_id

    async def _exchange(self, messages: list[Message], held: float = 0.0) -> list[Message]:
        for message in messages:
            message.id = str(next(self._ids))
        if not self._extensions.is_open:
            await self._extensions.open()
            self._reporter.note(EXTENSIONS_LINE, summary(self._extensions.statuses))
        outgoing = await self._hooks.outgoing(messages)
        for _, error in outgoing.stopped:
            raise error
        received = self._inbox.open(outgoing.passed)
        try:
            async with asyncio.timeout(held + self._max_network_delay):
                await self._pool.get(self._connection_type).exchange(outgoing.passed)
        except TimeoutError:
            raise ExchangeTimeoutError(f"no answer to {messages[0].channel} in time") from None
        finally:
            self._inbox.close(received)
        return received

    def _receive(self, messages: list[Message]) -> Completion:
        self._redact.clean_errors(messages)

        def take(vetoes: Vetoes) -> None:
            self._inbox.put(messages, [message for message in messages if id(message) not in vetoes])

        return self._incoming.put(messages, take)

    def _note_advice(self, reply: Message) -> None:
        if reply.advice is not None and reply.advice.timeout is not None:
            self._hold = reply.advice.timeout / 1000

    def _all_accepted(self, replies: list[Message], kind: type[ReplyError]) -> list[Message]:
        for reply in replies:
            if reply.successful is False:
                raise self._hooks.interpret(kind(str(reply.subscription or reply.channel), reply=reply))
        return replies

    def _reply_of(self, replies: list[Message], channel: str, kind: type[ReplyError]) -> Message:
        for reply in replies:
            if reply.channel == channel:
                if reply.successful is not True:
                    raise self._hooks.interpret(kind(channel, reply=reply))
                return reply
        raise TransportError(f"the server's answer has no reply to {channel}")


def _given(channels: Sequence[str]) -> Sequence[str]:
    names = [channels] if isinstance(channels, str) else list(channels)
    if not names:
        raise UsageError("name at least one channel")
    return list(dict.fromkeys(map(requests.check_channel, names)))

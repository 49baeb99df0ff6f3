"""The asynchronous client. What runs it is in `_client`; `_client.connection` puts the parts together."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Final, Self, overload

from . import requests
from ._client.config import ClientConfig, never_ignore
from ._client.connection import Connection
from ._client.event_queue import EventQueue
from ._util.arguments import check_choice, check_names, check_names_or_flag, check_objects, check_pairs, check_tables
from .channel import ChannelType
from .errors import InvalidChannelError
from .session import Backoff
from .session.linger import DEFAULT_LINGER
from .state import ConnectionState
from .subscription import Subscribing, Subscription

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType

    from typing_extensions import TypeForm

    from ._client.batch import Batch
    from ._client.config import Overflow
    from ._client.event_queue import AckMode
    from ._client.events_in_hand import ErrorPolicy
    from ._client.handler_runner import Handler
    from ._client.listeners import Listener
    from ._client.publisher import Offline
    from ._util.conversion import PayloadAdapter
    from ._util.typevars import DataT
    from .event_batch import EventBatch
    from .extensions.status import ExtensionStatus
    from .health import Health
    from .hook_client import EventInsertion, HookCaller, Registration
    from .message import Message

__all__ = ("AsyncClient",)


class AsyncClient:
    """A Bayeux client that connects, stays connected, and keeps its subscriptions over every recovery.

    ``async with AsyncClient(url) as client:`` starts and closes it.

    Args:
        url: The server's address, ``https://host/cometd``, or one in a scheme that an installed extension knows. A
            user and password in it become basic authentication.
        extensions: Objects to register in addition to the installed extensions; one replaces an installed extension of
            the same name.
        options: The options of extensions, by the extension's name.
        discover: Whether installed extensions are found and registered; a list of names: these alone.
        disabled: Names of installed extensions to leave out.
        order: Names of extensions to register first, as named: the first is nearest to the wire. By default the
            installed ones come in the order of their names, then those in `extensions`.
        transports: Names of transports in the order of preference; all known ones by default, without WebSocket if
            `http` is given. The handshake uses the first that is not a WebSocket.
        transport_options: The options of transports, by the transport's name. Each has `url`, for an address of its
            own.
        trusted_hosts: Hosts, as ``host`` or ``host:port``, that get the same `headers`, `auth` and cookies as the
            server if the server advises the client to go there. Other advised hosts get none of them.
        http: An httpx client to use; the caller closes it.
        auth: As in httpx.
        headers: Headers to send with every request.
        logger: Where failures are reported; ``pybayeux`` by default.
        queue_size: How many events may wait for their receivers before the next connect is held back.
        overflow: What to do if receivers stay slower than the stream, and the server does not send events again:
            ``"wait"``, at the risk of losing the session; ``"drop_oldest"``; or ``"raise"`` in the slowest receiver.
        send_queue_size: How many messages may wait to be sent.
        max_message_size: The most bytes of JSON that a published message may have; unlimited by default.
        backoff: How long to wait after failures.
        max_network_delay: Seconds that the server may take to answer beyond what it advised itself.
        heartbeat: Seconds (1 or more) that the server may hold a connect, and between pings of a WebSocket: a silent
            connection or session is looked into within two. By default the server's own timeout decides.
        linger: The share of one core, 0 to 1, that connects may take while events come densely; a fiftieth by
            default, 0 for any. A poll costs far more than an event: the client measures what its connects cost, and
            starts the next one so late that the share holds, but within 7.5 ms, so that one reply brings several
            events. A stream with longer gaps never waits, and a WebSocket only where the events come with the replies
            to connects, as with CometD's acknowledgement.
        hook_timeout: Seconds that an asynchronous hook may take if the connection waits for it; after that it is
            cancelled, and the error reported. None for no limit.
        start_timeout: Seconds that `start`, and so the ``async with`` block, waits for the connection; unlimited by
            default.
        ignore_error: Called with each error that the client handles itself. If it returns True, the error is not
            reported, and an error that would have ended the session starts a new one instead.

    Raises:
        UsageError: The address is wrong, a transport or policy is unknown, or a number is not greater than zero.
        ExtensionError: An extension in `extensions`, or an option of an extension, is wrong.
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
        trusted_hosts: Iterable[str] = (),
        http: Any = None,
        auth: Any = None,
        headers: Mapping[str, str] | None = None,
        logger: logging.Logger | logging.LoggerAdapter[Any] | None = None,
        queue_size: int = 10_000,
        overflow: Overflow = "wait",
        send_queue_size: int = 10_000,
        max_message_size: int | None = None,
        backoff: Backoff | None = None,
        max_network_delay: float = 10.0,
        heartbeat: float | None = None,
        linger: float = DEFAULT_LINGER,
        hook_timeout: float | None = 30.0,
        start_timeout: float | None = None,
        ignore_error: Callable[[BaseException], bool] | None = None,
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
            trusted_hosts=check_names("trusted_hosts", trusted_hosts),
            http=http,
            auth=auth,
            headers=check_pairs("headers", headers),
            logger=logger or logging.getLogger("pybayeux"),
            queue_size=queue_size,
            overflow=overflow,
            send_queue_size=send_queue_size,
            max_message_size=max_message_size,
            backoff=backoff or Backoff(),
            max_network_delay=max_network_delay,
            heartbeat=heartbeat,
            linger=linger,
            hook_timeout=hook_timeout,
            start_timeout=start_timeout,
            ignore_error=ignore_error or never_ignore,
        )
        self._connection: Final = Connection(self, config)

    def __repr__(self) -> str:
        return f"<AsyncClient {self.url.partition('?')[0]} {self.state.value}>"

    @property
    def url(self) -> str:
        """The address of the server in use, without user and password: the one given, or one that it advised."""
        return self._connection.url

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._connection.runner.view.state

    @property
    def client_id(self) -> str | None:
        """The client id from the server, or None without a session. It is a credential: do not log it."""
        return self._connection.runner.view.client_id

    @property
    def connection_type(self) -> str | None:
        """The name of the transport agreed on, or None without a session."""
        return self._connection.runner.view.connection_type

    @property
    def http(self) -> Any:
        """The HTTP client given as `http`, or None. For extensions, see `HookClient`."""
        return self._connection.http

    def redact(self, text: str, limit: int = 200) -> str:
        """The text without this client's credentials and ids, and without what looks like some, cut to `limit`.

        For extensions, see `HookClient`.
        """
        return self._connection.redact(text, limit)

    @property
    def recovers(self) -> bool:
        """Whether the client handshakes and subscribes again by itself: always. For extensions, see `HookClient`."""
        return True

    @property
    def last_seen(self) -> datetime | None:
        """When the client last received something from the server, in UTC; None if it has not yet."""
        return self._connection.runner.last_seen

    @property
    def healthy(self) -> bool:
        """Whether the client receives what it should: `health.ready`."""
        return self._connection.health.ready

    @property
    def health(self) -> Health:
        """Whether a restart would help, whether the client receives what it should, and why not. For any thread."""
        return self._connection.health

    @property
    def accepting(self) -> bool:
        """Whether events that are received now are queued.

        False while receivers are too slow, and the client connects only to keep the session alive. For extensions that
        acknowledge: an event that is not queued must not be acknowledged.
        """
        return self._connection.runner.accepting

    @property
    def extensions(self) -> tuple[ExtensionStatus, ...]:
        """The extensions: those that act, in their order, then the installed ones that do not, with the reason."""
        return self._connection.extensions.statuses

    # -- life

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def start(self, timeout: float | None = None) -> None:
        """Handshake and connect; return when connected. A closed client can be started again.

        Failures are reported, and the request is tried again as long as that can help.

        Args:
            timeout: Seconds to wait for the connection, `start_timeout` by default; the client is closed if they pass.

        Raises:
            ClientStateError: It is already started.
            SessionEndedError: The server refuses for good, or a mistake in a hook lets no handshake succeed.
            TimeoutError: The client did not connect in time; the text has the last failure.
        """
        await self._connection.start(timeout)

    async def close(self) -> None:
        """Disconnect and end every subscription; a handler may finish its event. Closing twice is closing once.

        Called from a handler, a listener or a hook, it returns at once, and the rest is done in the background.
        """
        await self._connection.close()

    async def wait_for(self, state: ConnectionState | str, timeout: float | None = None) -> None:
        """Wait until the connection is in a state, or in one that implies it.

        Raises:
            UsageError: There is no such state.
            SessionEndedError: The session ended before, or has ended already.
            TimeoutError: `timeout` seconds have passed.
        """
        check_choice("state", state, tuple(ConnectionState))
        await self._connection.wait_for(ConnectionState(state), timeout)

    @overload
    def subscribe(
        self,
        channel: str,
        handler: Handler[Any] | None = None,
        *,
        type: None = None,
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> Subscribing[Any]: ...
    @overload
    def subscribe(
        self,
        channel: str,
        handler: Handler[DataT] | None = None,
        *,
        type: type[DataT] | PayloadAdapter[DataT],
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> Subscribing[DataT]: ...
    @overload  # for forms such as `Order | None`
    def subscribe(
        self,
        channel: str,
        handler: Handler[DataT] | None = None,
        *,
        type: TypeForm[DataT],
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> Subscribing[DataT]: ...
    def subscribe(
        self,
        channel: str,
        handler: Handler[Any] | None = None,
        *,
        type: Any = None,
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> Subscribing[Any]:
        """Subscribe to a channel or pattern: ``await`` it, or enter it with ``async with``.

        It can be called before the client is started or after. On a started client it waits for the server's reply.
        The subscription lasts until `unsubscribe`, `close` or the end of its block.

        Args:
            channel: ``/orders``, ``/orders/*`` or ``/orders/**``.
            handler: A function, sync or async, called with each event in order. A plain function is called on the event
                loop as soon as the event is received, and must not block: one that holds the loop for 0.1 seconds is
                named in a warning, once. Without a handler, iterate.
            type: The type that `data` is decoded into: one that msgspec supports, with pydantic models in it or not, or
                a pydantic `TypeAdapter`.
            ack: With ``"manual"``, an event counts as handled when ``await event.ack()`` was called.
            on_error: What to do if the handler raises an error: ``"raise"`` ends the subscription, ``"skip"`` goes on
                with the next event, ``"retry"`` tries the same event again, ``"dead_letter"`` has an extension keep the
                event, such as replay with a store on disk, and then goes on. A `ConsumerConflictError` always ends it.
                For an event that does not fit `type`, ``"retry"`` is as ``"raise"``: a handler's subscription ends, and
                a loop raises the `ReceiverError`; with ``"skip"`` and ``"dead_letter"`` both go on.

        Raises:
            InvalidChannelError: It is not a channel, or it is a meta channel.
            UsageError: A policy is unknown, or `data` cannot be decoded into `type`.
            SubscribeError: The server refused.
            MessageDropped: An extension vetoed the request.
            ExtensionHookError: An extension failed on it.
        """
        name = requests.check_channel(channel)
        if name.type is ChannelType.META:
            raise InvalidChannelError(channel, "meta channels cannot be subscribed to; listen() to them")
        self._connection.runner.check_usable()
        queue: EventQueue[Any] = EventQueue(name, self._connection.dispatcher, type=type, ack=ack, on_error=on_error)

        async def begin() -> Subscription[Any]:
            await self._connection.subscribe(queue)
            if handler is not None:
                self._connection.handlers.start(queue, handler)
            return Subscription(queue)

        return Subscribing(name, begin)

    @overload
    def batches(self, channel: str, most: int = 500, *, type: None = None) -> AsyncGenerator[EventBatch[Any]]: ...
    @overload
    def batches(
        self, channel: str, most: int = 500, *, type: type[DataT] | PayloadAdapter[DataT] | TypeForm[DataT]
    ) -> AsyncGenerator[EventBatch[DataT]]: ...
    async def batches(self, channel: str, most: int = 500, *, type: Any = None) -> AsyncGenerator[EventBatch[Any]]:
        """Subscribe, and take its events in batches: ``async for batch in client.batches(...)``.

        Write a batch with ``async with batch.transaction() as tx``, or handle it and call ``await batch.ack()``. The
        subscription ends with the iterator: at once inside of `contextlib.aclosing`, else some time after the loop.

        Args:
            channel: As `subscribe` has it.
            most: How many events a batch has at the most. None is held back to fill one.
            type: As `subscribe` has it.

        Raises:
            ValueError: `most` is not positive.
            BayeuxError: As `subscribe` has it, or the error that ended the subscription.
        """
        async with self.subscribe(channel, type=type, ack="manual") as events:
            async for batch in events.batches(most):
                yield batch

    async def unsubscribe(self, subscription: Subscription | str) -> None:
        """End one subscription, or all that were made for a channel."""
        if isinstance(subscription, Subscription):
            await subscription.unsubscribe()
            return
        self._connection.dispatcher.failures.pop(subscription, None)
        for each in self._connection.dispatcher.router.of(requests.check_channel(subscription)):
            await each.unsubscribe()

    def listen(self, channel: str, listener: Callable[[Message], Any]) -> Listener:
        """Call `listener`, sync or async, with each reply on a meta channel, and with local failures.

        Args:
            channel: A meta channel, such as ``/meta/connect``.
            listener: An exception that it raises is reported, and stops nothing.

        Returns:
            A handle; its `remove()` ends the calls.

        Raises:
            InvalidChannelError: It is not a meta channel.
        """
        name = requests.check_channel(channel)
        if name.type is not ChannelType.META:
            raise InvalidChannelError(channel, "listen() is for meta channels; subscribe() to this one")
        return self._connection.listeners.add(name, listener)

    async def publish(
        self, channel: str, data: Any, *, timeout: float | None = None, offline: Offline = "wait"
    ) -> Message:
        """Publish, and return the server's reply.

        The call can be cancelled: a message that has not been sent yet is then not sent.

        Args:
            channel: One channel, not a pattern.
            data: Whatever `subscribe` takes as `type`: any value that msgspec can encode as JSON, and pydantic models.
            timeout: Seconds to wait for the reply, including the wait for a connection; unlimited by default.
            offline: What to do while there is no connection: ``"wait"`` for one, or ``"fail"`` at once.

        Raises:
            InvalidChannelError: It is a meta channel, a pattern, or not a channel.
            UsageError: JSON cannot express `data`, or it is larger than `max_message_size`.
            PublishError: The server refused it or did not answer in time, or there is no connection. If the connection
                broke, it is unknown whether the message was published.
            QueueOverflowError: `send_queue_size` messages already wait to be sent.
            MessageDropped: An extension vetoed it.
            ExtensionHookError: An extension failed on it.
            ClientStateError: The client is not started, or closed.
            SessionEndedError: The session ended before there was a reply.
        """
        return await self._connection.publisher.publish(channel, data, timeout, offline)

    def batch(self) -> Batch:
        """Several publishes as one request: ``async with client.batch() as batch: batch.publish(...)``."""
        return self._connection.publisher.batch()

    async def call(self, target: str, data: Any, *, timeout: float | None = None) -> Message:
        """Call a remote procedure: a message to ``/service/<target>``; the answer has the same id, as in CometD.

        Args:
            target: The name after ``/service/``, or the whole channel.
            data: The argument.
            timeout: Seconds to wait for the answer; `max_network_delay` by default.

        Raises:
            PublishError: The server answered with a failure.
            ExchangeTimeoutError: There was no answer in time (``406::timeout``).
        """
        return await self._connection.publisher.call(target, data, timeout)

    # -- extending

    def use(self, extension: object, name: str | None = None) -> Registration:
        """Register an extension. Await the result to wait for an asynchronous `registered`.

        Raises:
            ExtensionError: Its name is already taken, or its hooks are wrong.
        """
        return self._connection.extensions.use(extension, name)

    def remove(self, name: str) -> Registration:
        """Remove an extension. Await the result to wait for an asynchronous `unregistered`.

        Raises:
            ExtensionError: There is no extension of that name.
        """
        return self._connection.extensions.remove(name)

    def hook(self, name: str) -> HookCaller:
        """The caller of a hook that an installed package brings: ``client.hook("gap").call(gap, client)``.

        With all arguments in the order of the specification; if it `is_async`, with ``await ... .acall(...)``.

        Raises:
            UsageError: No installed package brings a hook of this name.
        """
        return self._connection.extensions.hooks.provided(name)

    def move(self, url: str) -> None:
        """Use another address of the server from the next request on, for example after a login or a migration.

        For extensions. The session and its cookies go on if the new address knows them. The credentials go there too.

        Raises:
            UsageError: It is not an address.
        """
        self._connection.move(url)

    def resubscribe(self, channel: str) -> None:
        """Subscribe to a channel again: the subscription at the server is ended and made anew.

        For extensions, such as replay's return to an earlier position. If it is called in `incoming` for a refused
        subscribe, the client subscribes again instead of raising the refusal.

        Raises:
            UsageError: There is no subscription to the channel.
        """
        self._connection.resubscribe(requests.check_channel(channel))

    def hold_events(self, holder: str, reason: str = "") -> None:
        """Give receivers no further event until `release_events` is called with the same holder.

        For extensions that cannot let events be handled for a while, such as replay without its store. What a receiver
        has in hand it may finish. What comes waits, as for receivers that are slow, so that memory is bounded and the
        session lives on.

        Args:
            holder: Who holds them back. While several do, all have to release them.
            reason: Why, for the log; without one, nothing is logged.
        """
        self._connection.hold_events(holder, reason)

    def release_events(self, holder: str, *, discard: bool = False) -> None:
        """Give receivers events again, where no other holder holds them back.

        Args:
            holder: Who held them back.
            discard: Whether the events that wait are given up, unhandled. The server sends them again if it keeps them
                and the extension asks for them.
        """
        self._connection.release_events(holder, discard=discard)

    def discard_events(self, channel: str) -> None:
        """Give up the events that wait for the receivers of a channel or pattern, unhandled.

        For extensions that leave a channel to another replica. What a receiver has in hand it may finish.
        """
        self._connection.dispatcher.discard(channel)

    def events_in_hand(self, channel: str) -> int:
        """Return how many events the receivers of a channel or pattern have taken and not finished.

        Those of subscriptions that have ended count, as long as they may be finished.
        """
        return self._connection.dispatcher.in_hand(channel)

    def insert_events(self, channel: str, before: Message | None = None) -> EventInsertion:
        """Make a place in the stream of a channel for events of an extension's own; see `HookClient.insert_events`."""
        return self._connection.insert_events(requests.check_channel(channel), before)

    def rehandshake(self, reason: str) -> None:
        """Start a new session with the same subscriptions, even if the server advised to end.

        For extensions, such as one that has a fresh token.

        Raises:
            ClientStateError: The client has no session.
        """
        self._connection.runner.rehandshake(reason)

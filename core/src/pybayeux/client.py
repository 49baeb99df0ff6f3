"""The asynchronous client: session, transports, router and extensions put together."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, Self, get_args

import msgspec

from . import requests
from .batch import Batch
from .channel import Channel, ChannelType
from .connection import Connection
from .endpoint import parse_endpoint
from .errors import (
    ExchangeTimeoutError,
    InvalidChannelError,
    UsageError,
)
from .handlers import ErrorPolicy, Handler, run_handler
from .session import Backoff
from .state import ConnectionState
from .subscribing import Subscribing
from .subscriptions import AckMode, Subscription

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from .extensions import Registration
    from .listeners import Listener
    from .message import Message
    from .session import Request

__all__ = ("AsyncClient",)


class AsyncClient:
    """A Bayeux client that connects, stays connected, and brings every subscription over every recovery.

    ``async with AsyncClient(url) as client:`` starts and closes it.

    Args:
        url: The server's address, ``https://host/cometd``. A user and password in it become basic authentication.
        extensions: Objects to register beside the installed ones; one takes the place of an installed one of its name.
        options: From the name of an extension to its options.
        discover: Whether installed extensions are found and registered.
        blocked: Names of installed extensions to leave out.
        transports: Names of transports in the order of preference; all known ones by default.
        http: An httpx client to use, which stays the caller's to close.
        auth: As httpx has it.
        headers: To be sent with every request.
        logger: Where failures are told; ``pybayeux`` by default.
        queue_size: How many events may wait for their receivers before the next connect is held back.
        backoff: How long to wait after failures.
        max_network_delay: Seconds that the server may take to answer beyond what it advised itself.
        ignore_error: Told each error that the client deals with; where it says True the error is not reported, and if
            it would have ended the session a new one is begun.

    Raises:
        UsageError: A wrong address, an unknown transport.
        ExtensionError: An extension given here is wrong, or an option of one.
    """

    def __init__(
        self,
        url: str,
        *,
        extensions: Iterable[object] = (),
        options: Mapping[str, Mapping[str, Any]] | None = None,
        discover: bool = True,
        blocked: Iterable[str] = (),
        transports: Sequence[str] | None = None,
        http: Any = None,
        auth: Any = None,
        headers: Mapping[str, str] | None = None,
        logger: logging.Logger | logging.LoggerAdapter[Any] | None = None,
        queue_size: int = 10_000,
        backoff: Backoff | None = None,
        max_network_delay: float = 10.0,
        ignore_error: Callable[[BaseException], bool] | None = None,
    ) -> None:
        if queue_size < 1 or max_network_delay <= 0:
            raise UsageError("queue_size and max_network_delay are greater than zero")
        endpoint = parse_endpoint(url)
        self._url: Final = endpoint.url
        self._max_network_delay: Final = max_network_delay
        self._backoff: Final = backoff or Backoff()
        self._handlers: Final[set[asyncio.Task[None]]] = set()
        self._connection: Final = Connection(
            self,
            endpoint.url,
            extensions=tuple(extensions),
            options=options or {},
            discover=discover,
            blocked=tuple(blocked),
            transports=transports,
            http=http,
            auth=auth if auth is not None else endpoint.credentials,
            headers=dict(headers or {}),
            logger=logger or logging.getLogger("pybayeux"),
            queue_size=queue_size,
            backoff=self._backoff,
            max_network_delay=max_network_delay,
            ignore_error=ignore_error or (lambda error: False),
        )

    def __repr__(self) -> str:
        return f"<AsyncClient {self._url.partition('?')[0]} {self.state.value}>"

    # -- what it is

    @property
    def url(self) -> str:
        """The server's address, without user and password."""
        return self._url

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._connection.session.state

    @property
    def client_id(self) -> str | None:
        """The id that the server gave, or None without a session. It is a credential: log it nowhere."""
        return self._connection.session.client_id

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

        Failures on the way are reported and tried again, as long as trying again can help.

        Args:
            timeout: Seconds to wait for the connection, unlimited by default; the client is closed if they pass.

        Raises:
            ClientStateError: It is started already.
            SessionEndedError: The server refuses for good.
            TimeoutError: Not connected in time.
        """
        await self._connection.open()
        try:
            async with asyncio.timeout(timeout):
                await self.wait_for(ConnectionState.CONNECTED)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Disconnect and end every subscription; a handler may finish its event. Closing twice is closing once."""
        self._connection.end_subscriptions()
        await self._let_handlers_finish()
        await self._connection.close()

    async def _let_handlers_finish(self) -> None:
        running = {task for task in self._handlers if task is not asyncio.current_task()}
        if not running:
            return
        _, late = await asyncio.wait(running, timeout=self._max_network_delay)
        for task in late:
            task.cancel()
        if late:
            await asyncio.wait(late)

    async def wait_for(self, state: ConnectionState | str, timeout: float | None = None) -> None:
        """Wait until the connection is in a state, or in one that implies it.

        Raises:
            SessionEndedError: The session ended before, or has ended already.
            TimeoutError: `timeout` seconds have passed.
        """
        async with asyncio.timeout(timeout):
            await self._connection.reached(ConnectionState(state))

    # -- receiving

    def subscribe(
        self,
        channel: str,
        handler: Handler | None = None,
        *,
        type: Any = None,
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> Subscribing:
        """Subscribe to a channel or pattern: ``await`` it, or enter it with ``async with``.

        Works before the client is started and after. On a started client it waits for the server's word. The
        subscription survives everything but `unsubscribe`, `close` and the end of its block.

        Args:
            channel: ``/orders``, ``/orders/*`` or ``/orders/**``.
            handler: A function, sync or async, called with each event in order. Without one, iterate.
            type: What `data` is decoded into: anything that msgspec converts to.
            ack: ``"manual"``: an event counts as handled when ``await event.ack()`` was called.
            on_error: What becomes of an event whose handler raised: ``"raise"`` ends the subscription, ``"skip"``
                goes on, ``"retry"`` tries the same event again.

        Raises:
            InvalidChannelError: No channel, or a meta channel.
            UsageError: A policy that is unknown, or a type that nothing can be decoded into.
            SubscribeError: The server refused.
        """
        name = requests.check_channel(channel)
        if name.type is ChannelType.META:
            raise InvalidChannelError(channel, "meta channels cannot be subscribed to; listen() to them")
        if on_error not in get_args(ErrorPolicy):
            raise UsageError(f"on_error={on_error!r}: known are {', '.join(get_args(ErrorPolicy))}")
        self._connection.check_usable()
        subscription = Subscription(name, self._connection.delivery, type=type, ack=ack)

        async def begin() -> Subscription:
            await self._connection.subscribe(subscription)
            if handler is not None:
                self._handle(subscription, handler, on_error)
            return subscription

        return Subscribing(begin)

    def _handle(self, subscription: Subscription, handler: Handler, policy: ErrorPolicy) -> None:
        work = run_handler(subscription, handler, policy, self._connection.report, self._pause)
        task = asyncio.get_running_loop().create_task(work, name=f"pybayeux-handler {subscription.channel}")
        self._handlers.add(task)
        task.add_done_callback(self._handler_ended)

    def _handler_ended(self, task: asyncio.Task[None]) -> None:
        self._handlers.discard(task)
        if not task.cancelled():
            task.exception()  # it has been reported; asyncio is not to report it again

    async def _pause(self, failures: int) -> None:
        await asyncio.sleep(self._connection.retry_delay(failures + 1))

    async def unsubscribe(self, subscription: Subscription | str) -> None:
        """End one subscription, or all that were made for a channel."""
        if isinstance(subscription, Subscription):
            await subscription.unsubscribe()
            return
        for each in self._connection.delivery.router.of(requests.check_channel(subscription)):
            await each.unsubscribe()

    def listen(self, channel: str, listener: Callable[[Message], Any]) -> Listener:
        """Call `listener`, sync or async, with each reply on a meta channel, local failures too.

        Args:
            channel: ``/meta/connect`` and its like.
            listener: An exception in it is reported and stops nothing.

        Returns:
            A handle whose `remove()` ends it.

        Raises:
            InvalidChannelError: No meta channel.
        """
        name = requests.check_channel(channel)
        if name.type is not ChannelType.META:
            raise InvalidChannelError(channel, "listen() is for meta channels; subscribe() to this one")
        return self._connection.listeners.add(name, listener)

    # -- sending

    async def publish(self, channel: str, data: Any) -> Message:
        """Publish, and return the server's reply. While there is no connection it waits for one.

        Cancelling the call is safe: what has not left yet is not sent.

        Raises:
            InvalidChannelError: A meta channel, a pattern, or no channel.
            UsageError: `data` is nothing that JSON can express.
            PublishError: The server refused, or the connection broke: then nobody knows whether it was published.
            MessageDropped: An extension vetoed it.
            ExtensionError: An extension failed on it.
            ClientStateError: The client is not started, or closed.
            SessionEndedError: The session ended before an answer came.
        """
        return await self._request(requests.publish(channel, data))

    def batch(self) -> Batch:
        """Several publishes as one request: ``async with client.batch() as batch: batch.publish(...)``."""
        return Batch(self._request)

    async def call(self, target: str, data: Any, *, timeout: float | None = None) -> Message:
        """Call a remote procedure: a message to ``/service/<target>`` whose answer carries its id (as CometD has it).

        Args:
            target: The name after ``/service/``, or the whole channel.
            data: The argument.
            timeout: Seconds to wait for the answer; `max_network_delay` by default.

        Raises:
            PublishError: The server answered with a failure.
            ExchangeTimeoutError: No answer in time (``406::timeout``).
        """
        channel = Channel(target if target.startswith("/service/") else f"/service/{target.lstrip('/')}")
        try:
            async with asyncio.timeout(timeout or self._max_network_delay):
                return await self._request(requests.publish(channel, data), awaits_data=True)
        except TimeoutError:
            raise ExchangeTimeoutError(f"406::timeout: no answer to the call of {channel}") from None

    async def _request(self, message: Message, *, awaits_data: bool = False) -> Message:
        try:
            # Encoded now: later changes by the caller do not reach the wire, nor do those of a first attempt a second.
            message.data = msgspec.Raw(message.raw_data)
        except TypeError as error:
            raise UsageError(f"publish to {message.channel}: data cannot be expressed in JSON: {error}") from error
        request = self._connection.send(message, awaits_data=awaits_data)
        return await self._reply(request)

    async def _reply(self, request: Request) -> Message:
        try:
            return await self._connection.waiting.for_reply(request)
        except asyncio.CancelledError:
            self._connection.session.forget(request)
            raise

    # -- extending

    def use(self, extension: object, name: str | None = None) -> Registration:
        """Register an extension from now on. Awaiting what it returns waits for an asynchronous `registered`.

        Raises:
            ExtensionError: Its name is taken, or its hooks are wrong.
        """
        return self._connection.use(extension, name)

    def remove(self, name: str) -> Registration:
        """Remove an extension. Awaiting what it returns waits for an asynchronous `unregistered`.

        Raises:
            ExtensionError: There is none of that name.
        """
        return self._connection.remove(name)

    def resubscribe(self, channel: str) -> None:
        """Ask the server for a channel afresh: its subscription is ended there and made again.

        For extensions, such as replay's return to an earlier position. Called while a refused subscribe reply passes
        `incoming`, it asks again instead of giving the refusal to the caller.

        Raises:
            UsageError: Nobody is subscribed to the channel.
        """
        self._connection.resubscribe(requests.check_channel(channel))

    def rehandshake(self, reason: str) -> None:
        """Begin a new session with the same subscriptions, even where the server advised to end.

        For extensions, such as one that has a fresh token.

        Raises:
            ClientStateError: There is no session under way.
        """
        self._connection.rehandshake(reason)

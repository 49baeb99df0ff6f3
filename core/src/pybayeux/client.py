"""The asynchronous client: what a user holds. Everything behind it is in `_client`, by `connection`."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Final, Self

from . import requests
from ._client.config import ClientConfig, never_ignore
from ._client.connection import Connection
from ._client.handlers import ErrorPolicy
from ._util.arguments import check_choice
from .channel import ChannelType
from .errors import InvalidChannelError
from .session import Backoff
from .state import ConnectionState
from .subscription import AckMode, Subscribing, Subscription

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime
    from types import TracebackType

    from ._client.batch import Batch
    from ._client.config import Overflow
    from ._client.handlers import Handler
    from ._client.listeners import Listener
    from ._client.publisher import Offline
    from .hookspecs import HookCaller, Registration
    from .message import Message

__all__ = ("AsyncClient",)


class AsyncClient:
    """A Bayeux client that connects, stays connected, and brings every subscription over every recovery.

    ``async with AsyncClient(url) as client:`` starts and closes it.

    Args:
        url: The server's address, ``https://host/cometd``, or one in a scheme that an installed extension knows. A
            user and password in it become basic authentication.
        extensions: Objects to register beside the installed ones; one takes the place of an installed one of its name.
        options: From the name of an extension to its options.
        discover: Whether installed extensions are found and registered.
        disabled: Names of installed extensions to leave out.
        transports: Names of transports in the order of preference; all known ones by default, without WebSocket where
            `http` is given. The handshake travels by the first that is no WebSocket.
        transport_options: From the name of a transport to its options. Each has `url`, an address of its own.
        trusted_hosts: Hosts, as ``host`` or ``host:port``, that may see what the server itself sees (`headers`, `auth`,
            cookies) if it advises the client to go there. Others that it advises are asked without.
        http: An httpx client to use, which stays the caller's to close.
        auth: As httpx has it.
        headers: To be sent with every request.
        logger: Where failures are reported; ``pybayeux`` by default.
        queue_size: How many events may wait for their receivers before the next connect is held back.
        overflow: What to do while receivers are slower than the stream for long, and the server sends nothing again:
            ``"wait"``, at the risk of the session; ``"drop_oldest"``; or ``"raise"`` in the slowest receiver.
        send_queue_size: How many messages may wait to be sent.
        max_message_size: Bytes of JSON that a message to be published may have, unlimited by default.
        backoff: How long to wait after failures.
        max_network_delay: Seconds that the server may take to answer beyond what it advised itself.
        heartbeat: Seconds (1 or more) that the server may hold a connect, and between pings of a WebSocket: a silent
            connection or session is looked into within two. By default the server's own timeout decides.
        hook_timeout: Seconds that an asynchronous hook of an extension may take where the connection would wait for it;
            then it is cancelled, and reported. None for no limit.
        ignore_error: Called with each error that the client deals with. Where it returns True the error is not
            reported, and if it would have ended the session a new one is begun.

    Raises:
        UsageError: A wrong address, an unknown transport or policy, a number that is not greater than zero.
        ExtensionError: An extension given here is wrong, or an option of one.
    """

    def __init__(
        self,
        url: str,
        *,
        extensions: Iterable[object] = (),
        options: Mapping[str, Mapping[str, Any]] | None = None,
        discover: bool = True,
        disabled: Iterable[str] = (),
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
        hook_timeout: float | None = 30.0,
        ignore_error: Callable[[BaseException], bool] | None = None,
    ) -> None:
        config = ClientConfig(
            url=url,
            extensions=tuple(extensions),
            options=options or {},
            discover=discover,
            disabled=tuple(disabled),
            transports=transports,
            transport_options=transport_options or {},
            trusted_hosts=tuple(trusted_hosts),
            http=http,
            auth=auth,
            headers=headers or {},
            logger=logger or logging.getLogger("pybayeux"),
            queue_size=queue_size,
            overflow=overflow,
            send_queue_size=send_queue_size,
            max_message_size=max_message_size,
            backoff=backoff or Backoff(),
            max_network_delay=max_network_delay,
            heartbeat=heartbeat,
            hook_timeout=hook_timeout,
            ignore_error=ignore_error or never_ignore,
        )
        self._connection: Final = Connection(self, config)

    def __repr__(self) -> str:
        return f"<AsyncClient {self.url.partition('?')[0]} {self.state.value}>"

    # -- what it is

    @property
    def url(self) -> str:
        """The address of the server in use, without user and password: the one given, or one that it advised."""
        return self._connection.url

    @property
    def state(self) -> ConnectionState:
        """Where the connection stands."""
        return self._connection.runner.state

    @property
    def client_id(self) -> str | None:
        """The id that the server gave, or None without a session. It is a credential: log it nowhere."""
        return self._connection.runner.client_id

    @property
    def connection_type(self) -> str | None:
        """The name of the transport agreed on, or None without a session."""
        return self._connection.runner.connection_type

    @property
    def recovers(self) -> bool:
        """Whether the client handshakes and subscribes again by itself: always. For extensions, see `HookClient`."""
        return True

    @property
    def last_seen(self) -> datetime | None:
        """When something came from the server last, in UTC; None where nothing has come yet."""
        return self._connection.runner.last_seen

    @property
    def healthy(self) -> bool:
        """Whether the client is connected and has heard of the server within the time that a connect may take.

        For supervisors: it turns False when a connection is dead, before a deadline says so.
        """
        return self.state is ConnectionState.CONNECTED and self._connection.runner.is_fresh

    @property
    def accepting(self) -> bool:
        """Whether events that come in now are taken.

        False while receivers are too slow, and the client polls only to keep the session alive. For extensions that
        acknowledge: what is not taken is not to be acknowledged.
        """
        return self._connection.runner.accepting

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
        async with asyncio.timeout(timeout):
            await self._connection.wait_for(ConnectionState(state))

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

        Works before the client is started and after. On a started client it waits for the server's reply. The
        subscription survives everything but `unsubscribe`, `close` and the end of its block.

        Args:
            channel: ``/orders``, ``/orders/*`` or ``/orders/**``.
            handler: A function, sync or async, called with each event in order; a function that does not wait is called
                on the event loop, in the call that brings the event. Without a handler, iterate.
            type: What `data` is decoded into: anything that msgspec decodes to, or a pydantic model.
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
        check_choice("on_error", on_error, ErrorPolicy)
        self._connection.runner.check_usable()
        subscription = Subscription(name, self._connection.dispatcher, type=type, ack=ack)

        async def begin() -> Subscription:
            await self._connection.subscribe(subscription)
            if handler is not None:
                self._connection.handlers.start(subscription, self._connection.hooks.calls.marked(handler), on_error)
            return subscription

        return Subscribing(begin)

    async def unsubscribe(self, subscription: Subscription | str) -> None:
        """End one subscription, or all that were made for a channel."""
        if isinstance(subscription, Subscription):
            await subscription.unsubscribe()
            return
        for each in self._connection.dispatcher.router.of(requests.check_channel(subscription)):
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
        return self._connection.listeners.add(name, self._connection.hooks.calls.marked(listener))

    # -- sending

    async def publish(
        self, channel: str, data: Any, *, timeout: float | None = None, offline: Offline = "wait"
    ) -> Message:
        """Publish, and return the server's reply.

        Cancelling the call is safe: what has not left yet is not sent.

        Args:
            channel: One channel, no pattern.
            data: Whatever msgspec expresses in JSON.
            timeout: Seconds to wait for the reply, the connection included; unlimited by default.
            offline: What to do while there is no connection: ``"wait"`` for it, or ``"fail"`` at once.

        Raises:
            InvalidChannelError: A meta channel, a pattern, or no channel.
            UsageError: `data` is nothing that JSON can express, or more than `max_message_size`.
            PublishError: The server refused, or did not answer in time, or there is no connection; or the connection
                broke: then it is unknown whether it was published.
            QueueOverflowError: As many messages wait to be sent as the client holds.
            MessageDropped: An extension vetoed it.
            ExtensionError: An extension failed on it.
            ClientStateError: The client is not started, or closed.
            SessionEndedError: The session ended before an answer came.
        """
        return await self._connection.publisher.publish(channel, data, timeout, offline)

    def batch(self) -> Batch:
        """Several publishes as one request: ``async with client.batch() as batch: batch.publish(...)``."""
        return self._connection.publisher.batch()

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
        return await self._connection.publisher.call(target, data, timeout)

    # -- extending

    def use(self, extension: object, name: str | None = None) -> Registration:
        """Register an extension from now on. Awaiting what it returns waits for an asynchronous `registered`.

        Raises:
            ExtensionError: Its name is taken, or its hooks are wrong.
        """
        return self._connection.extensions.use(extension, name)

    def remove(self, name: str) -> Registration:
        """Remove an extension. Awaiting what it returns waits for an asynchronous `unregistered`.

        Raises:
            ExtensionError: There is none of that name.
        """
        return self._connection.extensions.remove(name)

    def hook(self, name: str) -> HookCaller:
        """The call of a hook that an installed package brings (entry points of the group ``pybayeux.hookspecs``).

        ``client.hook("gap").call(gap, client)``, or ``await ... .acall(...)`` where it `is_async`, with all arguments
        in the order of the specification. With ``firstresult=True`` it returns the first result that is not None.

        Raises:
            UsageError: Nobody brings a hook of this name.
        """
        return self._connection.extensions.hook(name)

    def move(self, url: str) -> None:
        """The server is at another address from the next request on, as a login or a migration may tell.

        For extensions. The session and its cookies go on where the new address knows them; `rehandshake` begins another
        one. Credentials given to the client go to the new address.

        Raises:
            UsageError: It is no address.
        """
        self._connection.move(url)

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
        self._connection.runner.rehandshake(reason)

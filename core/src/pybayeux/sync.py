"""The synchronous client: the methods of `AsyncClient` without await, over one that runs in a loop thread."""

from __future__ import annotations

import atexit
import functools
import inspect
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Concatenate, Final, ParamSpec, Self, TypeVar, overload

from ._client.worker_handlers import WorkerHandler, call_in_worker
from ._util.loop_thread import LoopThread
from .client import AsyncClient
from .errors import ClientStateError
from .sync_subscription import SyncSubscription, with_sync_receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from types import TracebackType

    from typing_extensions import TypeForm

    from ._client.batch import Batch
    from ._client.event_queue import AckMode
    from ._client.events_in_hand import ErrorPolicy
    from ._client.handler_runner import Handler
    from ._client.listeners import Listener
    from ._client.publisher import Offline
    from ._util.conversion import PayloadAdapter
    from ._util.typevars import DataT
    from .extensions.status import ExtensionStatus
    from .health import Health
    from .hook_client import EventInsertion, HookCaller
    from .message import Message
    from .state import ConnectionState
    from .subscription import Subscription

__all__ = ("Client", "SyncBatch")

P = ParamSpec("P")
T = TypeVar("T")

_EXIT_TIMEOUT: Final = 2.0
"""Seconds that the goodbye of a client may take which is open when the interpreter exits."""


def _with_signature_of(
    original: Callable[Concatenate[Any, P], None],
) -> Callable[[Callable[..., None]], Callable[Concatenate[Any, P], None]]:
    """Give a constructor that hands its arguments on the signature of the other, for readers and type checkers."""

    def decorate(constructor: Callable[..., None]) -> Callable[Concatenate[Any, P], None]:
        constructor.__dict__["__signature__"] = inspect.signature(original)
        return constructor

    return decorate


class Client:
    """A Bayeux client for ordinary threads: ``with Client(url) as client:``. Any thread may call it.

    It takes the arguments of `AsyncClient`. Handlers and listeners run in worker threads, one event of a subscription
    at a time; extensions run on the client's own loop, and are given the `AsyncClient` beneath.

    Raises:
        UsageError: Wrong arguments; or a call from a thread that runs an event loop, which it would block.
    """

    @_with_signature_of(AsyncClient.__init__)
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._thread: Final = LoopThread()
        try:
            self._client: Final = self._thread.run(_make(args, kwargs))
        finally:
            self._thread.stop()

    def __repr__(self) -> str:
        return repr(self._client).replace("AsyncClient", "Client", 1)

    @property
    def url(self) -> str:
        """The address of the server in use, without user and password. See `AsyncClient.url`."""
        return self._client.url

    @property
    def state(self) -> ConnectionState:
        """The state of the connection."""
        return self._client.state

    @property
    def client_id(self) -> str | None:
        """The client id from the server, or None without a session. It is a credential: do not log it."""
        return self._client.client_id

    @property
    def connection_type(self) -> str | None:
        """The name of the transport agreed on, or None without a session."""
        return self._client.connection_type

    def redact(self, text: str, limit: int = 200) -> str:
        """The text without this client's credentials and ids. See `AsyncClient.redact`."""
        return self._thread.run(_called(self._client.redact, text, limit))

    @property
    def last_seen(self) -> datetime | None:
        """When the client last received something from the server, in UTC; None if it has not yet."""
        return self._client.last_seen

    @property
    def healthy(self) -> bool:
        """Whether the client receives what it should. See `AsyncClient.healthy`."""
        return self._client.healthy

    @property
    def health(self) -> Health:
        """Whether a restart would help, and whether the client receives what it should. See `AsyncClient.health`."""
        return self._client.health

    @property
    def accepting(self) -> bool:
        """Whether events that are received now are queued. See `AsyncClient.accepting`."""
        return self._client.accepting

    @property
    def http(self) -> Any:
        """The HTTP client given as `http`, or None. See `AsyncClient.http`."""
        return self._client.http

    @property
    def recovers(self) -> bool:
        """Whether the client handshakes and subscribes again by itself: always. See `AsyncClient.recovers`."""
        return self._client.recovers

    @property
    def extensions(self) -> tuple[ExtensionStatus, ...]:
        """The extensions, those that act first. See `AsyncClient.extensions`."""
        return self._client.extensions

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self, timeout: float | None = None) -> None:
        """Handshake and connect; return when connected. See `AsyncClient.start`."""
        self._thread.renew()
        _close_at_exit(self)
        try:
            self._thread.run(self._client.start(timeout))
        except ClientStateError:
            raise  # it runs already, and goes on
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Disconnect and end every subscription. Closing twice is closing once. See `AsyncClient.close`.

        Called from a handler, a listener or a hook, it returns at once, and the rest is done in the background. In a
        process that was forked from one in which the client was started it ends the client here alone.
        """
        if self._thread.is_current or self._client._connection.hooks.calls.is_inside:
            threading.Thread(target=self._close, name="pybayeux-close").start()
        else:
            self._close()

    def _close(self) -> None:
        self._thread.renew()
        with suppress(ClientStateError):  # another thread has closed it meanwhile, such as that of a handler
            self._thread.run(self._client.close())
        self._thread.stop()
        _open.discard(self)

    def _end_at_exit(self) -> None:
        """The interpreter exits: say goodbye to the server if that takes no long time, and report nothing any more."""
        if self._thread.is_foreign:
            return
        self._client._connection.reporter.silence()
        closing = self._thread.start(self._client.close())
        with suppress(Exception):
            closing.result(_EXIT_TIMEOUT)
        self._thread.stop()

    def wait_for(self, state: ConnectionState | str, timeout: float | None = None) -> None:
        """Wait until the connection is in a state, or in one that implies it. See `AsyncClient.wait_for`."""
        self._thread.run(self._client.wait_for(state, timeout))

    @overload
    def subscribe(
        self,
        channel: str,
        handler: Handler[Any] | None = None,
        *,
        type: None = None,
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> SyncSubscription[Any]: ...
    @overload
    def subscribe(
        self,
        channel: str,
        handler: Handler[DataT] | None = None,
        *,
        type: type[DataT] | PayloadAdapter[DataT],
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> SyncSubscription[DataT]: ...
    @overload  # for forms such as `Order | None`
    def subscribe(
        self,
        channel: str,
        handler: Handler[DataT] | None = None,
        *,
        type: TypeForm[DataT],
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> SyncSubscription[DataT]: ...
    def subscribe(
        self,
        channel: str,
        handler: Handler[Any] | None = None,
        *,
        type: Any = None,
        ack: AckMode = "auto",
        on_error: ErrorPolicy = "raise",
    ) -> SyncSubscription[Any]:
        """Subscribe to a channel or pattern. See `AsyncClient.subscribe`; what it returns is iterated without await."""

        async def begin() -> Subscription[Any]:
            in_worker = None if handler is None else self._in_worker(handler)
            return await self._client.subscribe(channel, in_worker, type=type, ack=ack, on_error=on_error)

        return SyncSubscription(self._thread, self._thread.run(begin())._queue)

    def _in_worker(self, handler: Handler[Any]) -> Handler[Any]:
        """A plain function runs in a worker thread, where it may block and may call the client."""
        if inspect.iscoroutinefunction(handler):
            return handler
        return WorkerHandler(lambda event: handler(with_sync_receipt(self._thread, event)))

    def unsubscribe(self, subscription: SyncSubscription | str) -> None:
        """End one subscription, or all that were made for a channel."""
        if isinstance(subscription, str):
            self._thread.run(self._client.unsubscribe(subscription))
        else:
            subscription.unsubscribe()

    def listen(self, channel: str, listener: Callable[[Message], Any]) -> Listener:
        """Call `listener` with each reply on a meta channel. See `AsyncClient.listen`."""
        return self._client.listen(channel, _as_listener(listener))

    def publish(self, channel: str, data: Any, *, timeout: float | None = None, offline: Offline = "wait") -> Message:
        """Publish, and return the server's reply. See `AsyncClient.publish`."""
        return self._thread.run(self._client.publish(channel, data, timeout=timeout, offline=offline))

    def batch(self) -> SyncBatch:
        """Several publishes as one request: ``with client.batch() as batch: ...``. See `AsyncClient.batch`."""
        return SyncBatch(self._thread, self._client.batch())

    def call(self, target: str, data: Any, *, timeout: float | None = None) -> Message:
        """Call a remote procedure. See `AsyncClient.call`."""
        return self._thread.run(self._client.call(target, data, timeout=timeout))

    def use(self, extension: object, name: str | None = None) -> str:
        """Register an extension; returns its name. See `AsyncClient.use`."""
        return self._thread.run(_use(self._client, extension, name))

    def remove(self, name: str) -> None:
        """Remove an extension. See `AsyncClient.remove`."""
        self._thread.run(_remove(self._client, name))

    def hook(self, name: str) -> HookCaller:
        """The caller of a hook that an installed package brings, to be made on the client's loop.

        See `AsyncClient.hook`.
        """
        return self._client.hook(name)

    def move(self, url: str) -> None:
        """Use another address of the server from the next request on. See `AsyncClient.move`."""
        self._thread.run(_called(self._client.move, url))

    def resubscribe(self, channel: str) -> None:
        """Subscribe to a channel again. See `AsyncClient.resubscribe`."""
        self._thread.run(_called(self._client.resubscribe, channel))

    def hold_events(self, holder: str, reason: str = "") -> None:
        """Give receivers no further event for a while. See `AsyncClient.hold_events`."""
        self._thread.run(_called(self._client.hold_events, holder, reason))

    def release_events(self, holder: str, *, discard: bool = False) -> None:
        """Give receivers events again. See `AsyncClient.release_events`."""
        self._thread.run(_called(self._client.release_events, holder, discard=discard))

    def discard_events(self, channel: str) -> None:
        """Give up the events that wait for the receivers of a channel. See `AsyncClient.discard_events`."""
        self._thread.run(_called(self._client.discard_events, channel))

    def events_in_hand(self, channel: str) -> int:
        """Return how many events receivers have taken and not finished. See `AsyncClient.events_in_hand`."""
        return self._thread.run(_called(self._client.events_in_hand, channel))

    def insert_events(self, channel: str, before: Message | None = None) -> EventInsertion:
        """Make a place for events of an extension's own, to be used on the client's loop.

        See `AsyncClient.insert_events`.
        """
        return self._thread.run(_called(self._client.insert_events, channel, before))

    def rehandshake(self, reason: str) -> None:
        """Start a new session with the same subscriptions. See `AsyncClient.rehandshake`."""
        self._thread.run(_called(self._client.rehandshake, reason))


class SyncBatch:
    """Collects publishes and sends them together, in order, when its block ends."""

    def __init__(self, thread: LoopThread, batch: Batch) -> None:
        self._thread: Final = thread
        self._batch: Final = batch

    @property
    def replies(self) -> list[Message | BaseException]:
        """The server's replies in the same order; an error in place of each publish that was refused."""
        return self._batch.replies

    def publish(self, channel: str, data: Any) -> None:
        """Add a publish. See `Batch.publish`."""
        self._batch.publish(channel, data)

    def __enter__(self) -> Self:
        self._thread.run(self._batch.__aenter__())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.run(self._batch.__aexit__(kind, error, trace))


async def _make(args: tuple[Any, ...], kwargs: dict[str, Any]) -> AsyncClient:
    return AsyncClient(*args, **kwargs)


async def _use(client: AsyncClient, extension: object, name: str | None) -> str:
    registration = client.use(extension, name)
    await registration
    return registration.name


async def _remove(client: AsyncClient, name: str) -> None:
    await client.remove(name)


async def _called(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    return function(*args, **kwargs)


def _as_listener(function: Any) -> Any:
    if inspect.iscoroutinefunction(function):
        return function

    async def call(message: Message) -> Any:
        return await call_in_worker(function, message)

    return call


# -- the end of the interpreter

_open: Final[weakref.WeakSet[Client]] = weakref.WeakSet()


@functools.cache
def _register_exit() -> None:
    atexit.register(_end_all)


def _close_at_exit(client: Client) -> None:
    _register_exit()
    _open.add(client)


def _end_all() -> None:
    for client in list(_open):
        client._end_at_exit()

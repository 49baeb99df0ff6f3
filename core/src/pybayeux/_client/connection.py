"""One client's connection: its parts put together, and their life."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from functools import partial
from random import SystemRandom
from typing import TYPE_CHECKING, Any, Final

from .._util.urls import host_of, parse_endpoint
from ..errors import ClientStateError, ReceiverError, UsageError
from ..extensions.status import summary
from ..session import Session, SessionConfig
from ..state import ConnectionState
from .backpressure import BackPressure
from .dead_letters import DeadLetters
from .dispatcher import Dispatcher
from .handlers import Handlers
from .health_report import health_of
from .listeners import Listeners
from .pacing import pace
from .parts import ClientParts
from .publisher import Publisher
from .reporter import EXTENSIONS_LINE
from .runner import SessionRunner
from .subscribing import SubscriptionManager
from .transport_pool import TransportPool
from .waiters import Waiters, implies

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ..health import Health
    from ..hook_client import HookClient
    from ..message import Message
    from .config import ClientConfig
    from .event_queue import EventQueue
    from .insertions import Insertion

__all__ = ("Connection",)

_random: Final = SystemRandom()
"""For jitter. The one kind that all clients can share, in forked processes too: it has no state."""


class Connection:
    """The parts of a client, each knowing those that it calls.

    Args:
        client: What extensions get as `client`.
        config: The arguments of the client.

    Raises:
        UsageError: An address, a transport or an option is wrong.
        ExtensionError: An extension that was passed cannot be registered.
    """

    def __init__(self, client: HookClient, config: ClientConfig) -> None:
        self._config: Final = config
        parts = ClientParts(client, config, by_polling=config.http is not None)
        self.redact: Final = parts.redact
        self.reporter: Final = parts.reporter
        self.background: Final = parts.background
        self.extensions: Final = parts.extensions
        self.hooks: Final = parts.hooks
        self.reporter.observer = self.hooks
        self.listeners: Final = Listeners(self.reporter, self.background, self.hooks.calls)
        self.waiters: Final = Waiters()
        self.handlers: Final = Handlers(self.reporter, self.retry_delay, self.extensions.hooks.watch, self.hooks.calls)

        session = Session(self._session_config(tuple(parts.factories), host_of(parts.endpoint.url)))
        self.runner: Final = SessionRunner(
            session, self.hooks, self.listeners, self.waiters, self.reporter, self.background, self.redact
        )
        self.publisher: Final = Publisher(config, self.runner, self.waiters)
        dead_letters = DeadLetters(self.hooks, self.reporter)
        self.dispatcher: Final = Dispatcher(
            config.queue_size, self.hooks, self.background, dead_letters, self.reporter.report
        )
        self.subscriptions: Final = SubscriptionManager(
            self.runner, self.dispatcher, self.waiters, self.hooks, self.reporter, config.max_network_delay
        )
        back_pressure = BackPressure(
            config.overflow, self.runner, self.dispatcher, self.subscriptions, self.hooks, self.reporter
        )
        context = replace(
            parts.transport_context(self.runner.receive),
            heartbeat=config.heartbeat,
            room=back_pressure.room,
            broken=self.runner.broken,
            report=self.reporter.report,
        )
        self._closing: asyncio.Task[None] | None = None
        self._pool: Final = TransportPool(context, parts.factories, config.transport_options, config.trusted_hosts)
        self.dispatcher.attach(back_pressure, self.subscriptions)
        self.runner.attach(self._pool, self.dispatcher, back_pressure, self.subscriptions)

    def _session_config(self, connection_types: tuple[str, ...], host: str) -> SessionConfig:
        return SessionConfig(
            connection_types,
            host=host,
            backoff=self._config.backoff,
            max_network_delay=self._config.max_network_delay,
            heartbeat=self._config.heartbeat,
            linger=self._config.linger,
            processor_time=time.thread_time,
            send_queue_size=self._config.send_queue_size,
            random=_random,
            redact=self.redact,
            goes_on_after=self._config.ignore_error,
            interpret_error=self.hooks.interpret,
            pace=pace,
        )

    @property
    def http(self) -> Any:
        """The HTTP client that the user gave, or None."""
        return self._config.http

    @property
    def url(self) -> str:
        """The address of the server in use."""
        return self._pool.url(self.runner.view.host)

    @property
    def health(self) -> Health:
        """The health of the client. For any thread."""
        return health_of(self.runner, self.hooks, self.dispatcher)

    def retry_delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return self._config.backoff.delay(failures, _random)

    # -- life

    async def open(self) -> None:
        """Start the session.

        Raises:
            ClientStateError: It is running, or was closed by an extension while it started.
        """
        self._abandon_if_stranded()
        if self.runner.is_running:
            raise ClientStateError("the client is started already")
        self.reporter.start()
        await self.extensions.open()
        if not self.extensions.is_open:
            raise ClientStateError("the client was closed while it started")
        self.reporter.note(EXTENSIONS_LINE, summary(self.extensions.statuses))
        self.runner.start()

    async def close(self) -> None:
        """End the session, let handlers finish their event, and let go of everything.

        Called from a handler, a listener or a hook, which the end has to wait for, it returns at once. A caller that is
        cancelled is not waited for either: it is done to the end in a task of its own.
        """
        self._abandon_if_stranded()
        is_inside = self.hooks.calls.is_inside
        if self._closing is None:
            self._begin_close()
            self._closing = asyncio.get_running_loop().create_task(self._close(), name="pybayeux-close")
            self._closing.add_done_callback(partial(self._closed, is_inside))
        if not is_inside:
            await asyncio.shield(self._closing)

    def _closed(self, is_alone: bool, closing: asyncio.Task[None]) -> None:
        self._closing = None
        if not closing.cancelled() and (error := closing.exception()) is not None and is_alone:
            self.reporter.report(ReceiverError("close", error))

    def _abandon_if_stranded(self) -> None:
        if self.runner.is_stranded:
            self._closing = None
            self.background.forget()
            self.extensions.forget_tasks()
            self._pool.forget()
            self.runner.abandon()

    def _begin_close(self) -> None:
        """What is done at once: a listener to the handshake may prevent the first connect."""
        self.subscriptions.end_all()
        if self.handlers.are_done:
            self.runner.begin_close()

    async def _close(self) -> None:
        # From the last to the first. Each is done even if one before it is cancelled, as at the end of the event loop.
        async with AsyncExitStack() as steps:
            steps.callback(self.reporter.finish)
            steps.push_async_callback(self._pool.close)
            steps.push_async_callback(self.background.finish)
            steps.push_async_callback(self.extensions.close)
            steps.push_async_callback(self.background.finish)
            steps.push_async_callback(self.runner.close)
            steps.push_async_callback(self.handlers.finish, self._config.max_network_delay)

    async def start(self, timeout: float | None) -> None:
        """Start the session and wait until it is connected. What fails on the way closes it.

        Raises:
            ClientStateError: It is running.
            TimeoutError: Not connected in time; the text has the last failure.
        """
        if timeout is None:
            timeout = self._config.start_timeout
        async with self._deadline(timeout, "not connected"):
            await self.open()
            try:
                await self._reach(ConnectionState.CONNECTED)
            except BaseException:
                await self.close()
                raise

    async def wait_for(self, state: ConnectionState, timeout: float | None = None) -> None:
        """Wait for a state, or one that implies it.

        Raises:
            BayeuxError: The error that ended the session before.
            TimeoutError: Not in time; the text has the last failure.
        """
        async with self._deadline(timeout, f"not {state.value}"):
            await self._reach(state)

    async def _reach(self, state: ConnectionState) -> None:
        self.runner.check_loop()
        if self.runner.ended_by is not None and not implies(self.runner.view.state, state):
            raise self.runner.ended_by
        await self.waiters.for_state(state, self.runner.view.state)

    @asynccontextmanager
    async def _deadline(self, timeout: float | None, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(timeout) as deadline:
                yield
        except TimeoutError as error:
            if not deadline.expired():
                raise
            text = f"{self.url.partition('?')[0]}: {what} within {timeout:g} seconds{self.reporter.last_failure}"
            raise TimeoutError(text) from error

    # -- what extensions ask for

    async def subscribe(self, queue: EventQueue) -> None:
        """Let a subscription's queue receive; on a running session, return when the server has accepted it."""
        self.runner.check_usable()
        await self.subscriptions.begin(queue)

    def resubscribe(self, channel: str) -> None:
        """Ask the server for a channel afresh.

        Raises:
            UsageError: There is no subscription to the channel.
        """
        if not self.runner.resubscribe(channel):
            raise UsageError(f"resubscribe({channel!r}): there is no subscription to this channel")

    def hold_events(self, holder: str, reason: str) -> None:
        """Give receivers no further event."""
        if reason:
            self.reporter.note("receivers are held back: %s", f"{holder}: {reason}")
        self.dispatcher.hold(holder)

    def release_events(self, holder: str, *, discard: bool) -> None:
        """Give receivers events again."""
        self.dispatcher.release(holder, discard=discard)

    def insert_events(self, channel: str, before: Message | None) -> Insertion:
        """Make a place for an extension's own events."""
        return self.dispatcher.insertions.open(channel, before)

    def move(self, url: str) -> None:
        """The server is at another address from now on."""
        endpoint = parse_endpoint(url)
        self._pool.move(endpoint.url)
        self.runner.move(host_of(endpoint.url))

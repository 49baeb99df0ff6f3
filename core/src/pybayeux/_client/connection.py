"""One client's connection: what the session says is done here, what comes in is handed on from here."""

from __future__ import annotations

import asyncio
from random import Random
from typing import TYPE_CHECKING, Any, Final

from .._util.redact import Redactor
from .._util.urls import host_of, parse_endpoint
from ..errors import BayeuxError, ClientStateError, ReceiverError, UsageError
from ..extensions import ExtensionRegistry
from ..session import Ended, Failed, Overdue, Refused, Session, SessionConfig, Settled, StateChanged, Subscribed
from ..transports.base import TransportContext
from ..transports.registry import TransportRegistry
from .background import Chores
from .backpressure import Pressure
from .carrier import Carrier
from .dispatcher import Delivery
from .driver import Driver
from .hooks import Postbox
from .listeners import Listeners
from .liveness import Liveness
from .subscribing import Enrolment
from .transport_pool import Wires
from .waiters import Waiting, implies

if TYPE_CHECKING:
    import logging
    from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence

    from ..extensions import Registration
    from ..message import Message
    from ..session import Backoff, Batch, Exchange, Notice, Request
    from ..state import ConnectionState
    from ..subscription import Subscription
    from ..transports.base import TransportFactory
    from .backpressure import Overflow
    from .hooks import Dropped

__all__ = ("Connection",)


class Connection:
    """The parts of a client, put together. `AsyncClient` documents the arguments."""

    def __init__(
        self,
        client: Any,
        url: str,
        *,
        extensions: tuple[object, ...],
        options: Mapping[str, Mapping[str, Any]],
        discover: bool,
        blocked: tuple[str, ...],
        transports: Sequence[str] | None,
        transport_options: Mapping[str, Mapping[str, Any]],
        trusted_hosts: Collection[str],
        http: Any,
        auth: Any,
        headers: dict[str, str],
        logger: logging.Logger | logging.LoggerAdapter[Any],
        queue_size: int,
        overflow: Overflow,
        max_waiting: int,
        backoff: Backoff,
        max_network_delay: float,
        hook_timeout: float | None,
        ignore_error: Callable[[BaseException], bool],
    ) -> None:
        self._client: Final = client
        self._logger: Final = logger
        self._ignore_error: Final = ignore_error
        self._random: Final = Random()
        self._backoff: Final = backoff
        self.redact: Final = Redactor()
        self.waiting: Final = Waiting()
        self._chores: Final = Chores(self._chore_failed)
        self.listeners: Final = Listeners(self.report, self._chores.add)
        self.extensions: Final = ExtensionRegistry(
            client,
            extensions=extensions,
            options=options,
            discover=discover,
            blocked=blocked,
            on_error=self.report,
            patience=hook_timeout,
        )
        endpoint = parse_endpoint(self.extensions.resolve(url))
        self._postbox: Final = Postbox(client, self.extensions, self.redact)
        factories = self._select(transports, transport_options, http)
        context = TransportContext(
            url=endpoint.url,
            receive=self._receive,
            on_request=self._postbox.request,
            on_response=self._postbox.response,
            redact=self.redact,
            headers=headers,
            http=http,
            auth=auth if auth is not None else endpoint.credentials,
            max_network_delay=max_network_delay,
            room=self._wait_for_room,
            broken=self._broke,
        )
        self._wires: Final = Wires(context, factories, transport_options, trusted_hosts)
        self.session: Final = Session(
            SessionConfig(
                tuple(factories),
                host=host_of(endpoint.url),
                backoff=backoff,
                max_network_delay=max_network_delay,
                max_waiting=max_waiting,
                random=self._random,
                goes_on_after=ignore_error,
                explain=lambda error: self.extensions.explained(error, client),
                redact=self.redact,
            )
        )
        self.delivery: Final = Delivery(
            limit=queue_size,
            listened=lambda: not self.extensions.delivered.is_empty,
            delivered=self._delivered,
            room=self._room,
            leave=lambda subscription: self.enrolment.leave(subscription),
            aside=self._chores.add,
            transaction=lambda message: self.extensions.transaction_of(message, client),
        )
        self._pressure: Final = Pressure(
            overflow,
            self.session,
            self.delivery,
            redelivers=lambda: self.extensions.server_redelivers(client),
            rewind=lambda: self._tell(self.extensions.rewind),
            end=lambda subscription, error: self.enrolment.cut(subscription, error),
            report=self.report,
            poke=self._poke,
            now=_now,
        )
        self._carrier: Final = Carrier(
            self.session,
            postbox=self._postbox,
            wires=self._wires,
            listeners=self.listeners,
            redact=self.redact,
            noticed=self._read_notices,
        )
        self._driver: Final = Driver(
            self.session,
            carry=self._carrier.carry,
            give_up=self._carrier.fail,
            late=self._late,
            noticed=self._read_notices,
        )
        self.enrolment: Final = Enrolment(
            self.session,
            self.delivery,
            self.waiting,
            is_running=lambda: self._driver.running,
            poke=self._driver.poke,
            unsubscribed=lambda channel: self._tell(self.extensions.unsubscribed, channel),
            report=self.report,
            patience=max_network_delay,
        )
        self.liveness: Final = Liveness()
        self._dropped: Dropped = {}
        self._ended_by: BayeuxError | None = None
        self._closed = False

    def _select(
        self, names: Sequence[str] | None, options: Mapping[str, Mapping[str, Any]], http: Any
    ) -> dict[str, TransportFactory]:
        registry = TransportRegistry()
        self.extensions.register_transports(registry)
        return registry.select(names, options, by_polling=http is not None)

    @property
    def url(self) -> str:
        """The address of the server in use."""
        return self._wires.url(self.session.host)

    @property
    def is_fresh(self) -> bool:
        """Whether something came within the time that the server may take for a connect."""
        return self.liveness.age <= self.session.longest_silence

    # -- life

    async def open(self) -> None:
        """Start the session and what runs it.

        Raises:
            ClientStateError: It is running.
        """
        if self._driver.running:
            raise ClientStateError("the client is started already")
        self._closed, self._ended_by = False, None
        await self.extensions.open()
        self.liveness.start()
        self.session.start(_now())
        self._driver.start()

    async def close(self) -> None:
        """End the session, and let go of everything."""
        self._closed = True
        if self._driver.running:
            self.session.close(_now())
            self._read_notices()
            self._driver.poke()
            await self._driver.ended()
        await self._chores.finish()
        await self.extensions.close()
        await self._chores.finish()
        await self._wires.close()

    async def reached(self, state: ConnectionState) -> None:
        """Wait for a state, or one that implies it; raises what ended the session before."""
        if self._ended_by is not None and not implies(self.session.state, state):
            raise self._ended_by
        await self.waiting.for_state(state, self.session.state)

    def check_usable(self) -> None:
        """Raise ClientStateError where the client was closed."""
        if self._closed:
            raise ClientStateError("the client is closed: start() it again first")

    # -- what the user wants

    async def subscribe(self, subscription: Subscription) -> None:
        """Let a subscription receive; on a running session wait for the server's word."""
        self.check_usable()
        if self._ended_by is not None:
            raise self._ended_by
        await self.enrolment.begin(subscription)

    def send(self, message: Message, *, awaits_data: bool = False) -> Request:
        """Queue a message for the server."""
        self.check_usable()
        if self._ended_by is not None:
            raise self._ended_by
        request = self.session.send(message, awaits_data=awaits_data)
        self._driver.poke()
        return request

    def resubscribe(self, channel: str) -> None:
        """Ask the server for a channel afresh."""
        if not self.session.resubscribe(channel, _now()):
            raise UsageError(f"nobody is subscribed to {channel}")
        self._driver.poke()

    def move(self, url: str) -> None:
        """The server is at another address from now on."""
        endpoint = parse_endpoint(url)
        self._wires.move(endpoint.url)
        self.session.move(host_of(endpoint.url))

    def rehandshake(self, reason: str) -> None:
        """Begin a new session."""
        self.session.rehandshake(reason)
        self._logger.info("new handshake: %s", self.redact(reason))
        self._driver.poke()

    def use(self, extension: object, name: str | None) -> Registration:
        """Register an extension."""
        return self.extensions.use(extension, name)

    def remove(self, name: str) -> Registration:
        """Remove an extension."""
        return self.extensions.remove(name)

    def retry_delay(self, failures: int) -> float:
        """Seconds to wait after so many failures in a row."""
        return self._backoff.delay(failures, self._random)

    def _late(self, exchange: Exchange) -> float:
        """Seconds that an extension gives the server beyond the deadline."""
        return self.extensions.more_time(exchange.messages[0], self._client)

    # -- what comes in

    async def _receive(self, messages: list[Message]) -> None:
        self.liveness.seen()
        batch = self._pressure.taken_of(self.session.admit(messages))
        self.redact.clean_errors(batch.special)
        await self._postbox.incoming(batch.messages, lambda dropped: self._take(batch, dropped))

    def _take(self, batch: Batch, dropped: Dropped) -> None:
        self._dropped = dropped
        events = self.session.receive(batch, _now())
        self._read_notices()
        self._dropped = {}
        if dropped:
            events = [event for event in events if id(event) not in dropped]
        self.listeners.tell([message for message in batch.special if id(message) not in dropped])
        self.delivery.dispatch(events)
        self._driver.poke()

    async def _broke(self, error: BayeuxError) -> None:
        await self._carrier.broke(error)
        self._driver.poke()

    async def _wait_for_room(self) -> None:
        await self._pressure.wait()

    def _poke(self) -> None:
        self._driver.poke()

    def _room(self, there_is: bool) -> None:
        self._pressure.room(there_is)
        self._driver.poke()

    def _delivered(self, message: Message) -> Awaitable[None] | None:
        pipeline = self.extensions.delivered
        if pipeline.is_async:
            return self._delivered_async(message)
        if not pipeline.is_empty:
            pipeline.call(message, self._client)
        return None

    async def _delivered_async(self, message: Message) -> None:
        await self.extensions.delivered.acall(message, self._client)

    # -- what the session says

    def _read_notices(self) -> None:
        for notice in self.session.take_notices():
            self._read(notice)

    def _read(self, notice: Notice) -> None:
        match notice:
            case StateChanged(old, new):
                self.waiting.state_reached(new)
                self._tell(self.extensions.state_changed, old, new)
            case Failed(error):
                self.report(error)
            case Settled(request, outcome):
                self.waiting.settle(request, self._dropped.get(id(outcome), outcome))
            case Subscribed(channel):
                self.waiting.channel_granted(channel)
            case Refused(channel, error):
                self.enrolment.refused(channel, error)
            case Overdue():
                self._pressure.overdue()
                self._driver.poke()
            case Ended(error):
                self._ended(error)

    def _ended(self, error: BayeuxError | None) -> None:
        self._ended_by = error
        self.waiting.end(error or ClientStateError("the client was closed"))
        self.enrolment.end_all(error)

    # -- what is reported

    def report(self, error: BayeuxError) -> None:
        """Tell the logger and the extensions of an error that the client deals with by itself."""
        if self._ignore_error(error):
            return
        self._logger.warning("%s: %s", type(error).__name__, self.redact(str(error), limit=1000))
        self._tell(self.extensions.failed, error)

    def _tell(self, pipeline: Any, *arguments: object) -> None:
        if pipeline.is_async:
            self._chores.add(pipeline.acall(*arguments, self._client))
        elif not pipeline.is_empty:
            pipeline.call(*arguments, self._client)

    def _chore_failed(self, error: Exception) -> None:
        self.report(error if isinstance(error, BayeuxError) else ReceiverError("a hook", error))


def _now() -> float:
    return asyncio.get_running_loop().time()

"""A simulation of a server that keeps events, a client's queues, and the extension between them; without a network."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

from pybayeux import Channel, ConnectionState, Message
from pybayeux_replay import MemoryStore, Replay

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from pybayeux import AsyncClient
    from pybayeux_replay import Gap

__all__ = (
    "REFUSAL",
    "FakeClient",
    "Simulation",
    "asked_for",
    "broken_connect",
    "event",
    "reply",
    "run_steps",
    "subscribe",
    "unsubscribe",
)

REFUSAL: Final = (
    "400::The replayId {%d} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 "
    "to replay only new events."
)


W = TypeVar("W", bound="Simulation")


class FakeClient:
    """The part of a client that the extension uses."""

    def __init__(self, *neighbours: object) -> None:
        self.state = ConnectionState.CONNECTED
        self.accepting = True
        self.recovers = True
        self.neighbours: Final = neighbours
        self.resubscribed: list[str] = []
        self.rehandshaken = 0

    def resubscribe(self, channel: str) -> None:
        self.resubscribed.append(channel)

    def rehandshake(self, reason: str) -> None:
        assert reason
        self.rehandshaken += 1

    def hook(self, name: str) -> Any:
        """Return the call of one of this package's hooks, for the extensions that implement it."""
        return _Hook([getattr(each, name) for each in self.neighbours if hasattr(each, name)])

    @property
    def as_client(self) -> AsyncClient:
        return cast("AsyncClient", self)


class _Hook:
    """Calls the implementations of a hook, and returns the first result."""

    is_async = False

    def __init__(self, functions: list[Any]) -> None:
        self._functions: Final = functions

    def call(self, *arguments: Any) -> Any:
        results = [function(*arguments) for function in self._functions]
        return next((result for result in results if result is not None), None)


def event(channel: str, replay_id: int, **stamp: Any) -> Message:
    return Message(channel=channel, data={"event": {"replayId": replay_id, **stamp}, "payload": {}})


def subscribe(channel: str) -> Message:
    return Message(channel=Channel.META_SUBSCRIBE, subscription=channel, id="1")


def unsubscribe(channel: str) -> Message:
    return Message(channel=Channel.META_UNSUBSCRIBE, subscription=channel, id="1")


def asked_for(replay: Replay, *channels: str) -> dict[str, int]:
    """Return the places that a subscribe for these channels asks for."""
    message = subscribe(channels[0])
    if len(channels) > 1:
        message.subscription = list(channels)
    replay.outgoing(message)
    assert message.ext is not None
    asked: dict[str, int] = message.ext["replay"]
    return asked


def reply(channel: str, *, subscription: str | None = None, error: str | None = None, **fields: Any) -> Message:
    return Message(channel=channel, id="1", subscription=subscription, successful=error is None, error=error, **fields)


def broken_connect() -> Message:
    """Return the reply that the client makes for a connect that got none."""
    message = reply(Channel.META_CONNECT, error="503::connection reset")
    message.extra["failure"] = {"status": None}
    return message


class Simulation:
    """One subscription of one consumer, whose process may die and start again. Channels are handled independently.

    Attributes:
        handled: The replay ids of handled events, in order, over all processes.
        repeated: The replay ids of events that were handled twice within one process.
        announces: Whether the server announces replay.
    """

    announces = False

    def __init__(
        self,
        subscription: str,
        *,
        has_uuids: bool = False,
        transaction_size: int = 0,
        neighbours: Iterable[object] = (),
        **options: Any,
    ) -> None:
        self._neighbours: Final = tuple(neighbours)
        self.subscription: Final = subscription
        self.published: list[tuple[str, int]] = []
        self.gaps: list[Gap] = []
        self.store: Final = MemoryStore()
        self.log: list[tuple[str, int]] = []
        self.handled: list[int] = []
        self.repeated: list[int] = []
        self._has_uuids: Final = has_uuids
        self._transaction_size: Final = transaction_size
        self._options: Final[dict[str, Any]] = {"since": "earliest", "on_gap": self.gaps.append} | options
        self._expired: set[int] = set()
        self._outbox: list[tuple[str, int]] = []
        self._here: set[int] = set()
        self._given_up: set[int] = set()
        self.begin()

    # -- the server

    def publish(self, channel: str, gap: int) -> None:
        last = self.published[-1][1] if self.published else 0
        self.log.append((channel, last + gap))
        self.published.append((channel, last + gap))
        if self.subscribed and Channel(self.subscription).match(channel):
            self._outbox.append(self.log[-1])

    def transaction_of(self, replay_id: int) -> str | None:
        """Return the transaction key of an event, or None without transactions."""
        if not self._transaction_size:
            return None
        number = [each[1] for each in self.published].index(replay_id)
        return f"transaction-{number // self._transaction_size}"

    def event(self, channel: str, replay_id: int) -> Message:
        """Return an event as the server sends it."""
        stamp = {"EventUuid": f"uuid-{replay_id}"} if self._has_uuids else {}
        header = {"transactionKey": self.transaction_of(replay_id)} if self._transaction_size else None
        data = {"event": {"replayId": replay_id, **stamp}, "payload": {"ChangeEventHeader": header}}
        return Message(channel=channel, data=data)

    def expire(self) -> None:
        """The server drops all handled events, so that it knows no position any more."""
        self._expired |= set(self.handled)
        self.log = [each for each in self.log if each[1] not in self._expired]

    def _serve(self, request: Message) -> Message:
        assert request.ext is not None
        position = request.ext["replay"][self.subscription]
        reply = Message(channel=request.channel, subscription=request.subscription, id=request.id, successful=True)
        if position >= 0 and position in self._expired:
            reply.successful, reply.error = False, REFUSAL % position
        elif position != -1:
            matching = [each for each in self.log if Channel(self.subscription).match(each[0])]
            self._outbox += [each for each in matching if each[1] > position]
        return reply

    # -- the client

    def begin(self) -> None:
        """A process starts and subscribes."""
        self.client = FakeClient(*self._neighbours)
        self.replay = Replay(store=self.store, **self._options)
        self.replay.registered(self.client.as_client)
        self.queues: dict[str, list[Message]] = {}
        self._here = set()
        self.subscribed = True
        self.lose_session()

    def kill(self) -> None:
        """The process dies at once, and what is not stored yet is lost."""
        self.replay._subscriptions.forget()  # what it would note with the end of this turn of the event loop
        self.replay._writer.forget()
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            task.cancel()
        self.begin()

    async def restart(self) -> None:
        """The client closes and starts again."""
        await self.replay.unregistered()
        self.begin()

    def lose_session(self) -> None:
        self._outbox.clear()
        self.replay.outgoing(Message(channel=Channel.META_HANDSHAKE, id="1"))
        reply = Message(channel=Channel.META_HANDSHAKE, id="1", successful=True, ext={"replay": self.announces})
        self.replay.incoming(reply, self.client.as_client)
        if self.subscribed:
            self._ask()

    def _ask(self) -> None:
        request = subscribe(self.subscription)
        if self.replay.outgoing(request) is not None:
            self._follow()
            return
        self.replay.incoming(self._serve(request), self.client.as_client)
        if self.client.resubscribed:
            self.client.resubscribed.clear()
            self._here.clear()
            self._ask()

    def receive(self) -> None:
        """One event arrives."""
        if self._outbox:
            self._take([self._outbox.pop(0)])

    def lose_answer(self) -> None:
        """The server writes all events into a reply that never arrives."""
        self._outbox.clear()
        reply = Message(channel=Channel.META_CONNECT, id="1", successful=False, error="503::broken")
        reply.extra["failure"] = {"status": None}
        self.replay.incoming(reply, self.client.as_client)
        self._follow()

    def _take(self, events: Iterable[tuple[str, int]]) -> None:
        for channel, replay_id in events:
            message = self.event(channel, replay_id)
            if self.replay.incoming(message, self.client.as_client) is None and self.subscribed:
                self.queues.setdefault(channel, []).append(message)

    def handle(self, channel: str) -> None:
        """The receiver of a channel finishes its next event."""
        queue = self.queues.get(channel)
        if not queue:
            return
        message = queue.pop(0)
        self.note(message)
        self.replay.delivered(message, self.client.as_client)

    def note(self, message: Message) -> None:
        """Record a handled event."""
        replay_id = message.data["event"]["replayId"]
        (self.repeated if replay_id in self._here else self.handled).append(replay_id)
        self._here.add(replay_id)

    def give_up(self, channel: str) -> None:
        """The receiver of the next event goes away without notice; at most once for each event."""
        queue = self.queues.get(channel)
        if queue and (replay_id := queue[0].data["event"]["replayId"]) not in self._given_up:
            self._given_up.add(replay_id)
            queue.pop(0)

    async def turn(self) -> None:
        """The event loop turns: what was handled is noted."""
        await asyncio.sleep(0)
        self._follow()

    def _follow(self) -> None:
        if self.client.rehandshaken:
            self.client.rehandshaken = 0
            self.lose_session()

    def leave(self, is_answered: bool) -> None:
        """The receiver goes away, and its queue with it; the server may not answer the unsubscribe.

        What the server has sent before it saw the unsubscribe still arrives.
        """
        if not self.subscribed:
            return
        self.subscribed = False
        self.queues.clear()
        self.replay.unsubscribed(self.subscription)
        request = unsubscribe(self.subscription)
        self.replay.outgoing(request)
        if is_answered:
            request.successful = True
            self.replay.incoming(request, self.client.as_client)

    def join(self) -> None:
        """A receiver subscribes."""
        if not self.subscribed:
            self.subscribed = True
            self._ask()

    async def finish(self, channels: Iterable[str]) -> None:
        """Everything arrives and is handled, and then one more event of each channel."""
        self.join()
        for channel in channels:
            await self._settle()
            self.publish(channel, 1)
        await self._settle()

    async def _settle(self) -> None:
        await self.turn()
        while self._outbox or any(self.queues.values()):
            self.receive()
            for channel in [channel for channel, queue in self.queues.items() if queue]:
                self.handle(channel)
            await self.turn()


async def run_steps(
    simulation: W,
    steps: Sequence[tuple[Any, ...]],
    channels: Iterable[str],
    check: Callable[[W], None] = lambda simulation: None,
) -> None:
    """Run these steps, each a method of the simulation and its arguments, and then handle all that is left."""
    for name, *arguments in steps:
        check(simulation)
        result = getattr(simulation, name)(*arguments)
        if result is not None:
            await result
    await simulation.finish(channels)
    await simulation.replay.unregistered()
    check(simulation)

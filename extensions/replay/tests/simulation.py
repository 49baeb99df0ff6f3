"""A server that keeps events, a client's queues and the extension between them, without a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, cast

from pybayeux import Channel, ConnectionState, Message
from pybayeux_replay import MemoryStore, Replay

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pybayeux import AsyncClient

__all__ = ("REFUSAL", "FakeClient", "World", "event", "subscribe", "unsubscribe")

REFUSAL: Final = (
    "400::The replayId {%d} you provided was invalid.  Please provide a valid ID, -2 to replay all events, or -1 "
    "to replay only new events."
)


class FakeClient:
    """What the extension asks of a client."""

    def __init__(self) -> None:
        self.state = ConnectionState.CONNECTED
        self.resubscribed: list[str] = []
        self.rehandshaken = 0

    def resubscribe(self, channel: str) -> None:
        self.resubscribed.append(channel)

    def rehandshake(self, reason: str) -> None:
        assert reason
        self.rehandshaken += 1

    @property
    def as_client(self) -> AsyncClient:
        return cast("AsyncClient", self)


def event(channel: str, replay_id: int) -> Message:
    return Message(channel=channel, data={"event": {"replayId": replay_id}, "payload": {}})


def subscribe(channel: str) -> Message:
    return Message(channel=Channel.META_SUBSCRIBE, subscription=channel, id="1")


def unsubscribe(channel: str) -> Message:
    return Message(channel=Channel.META_UNSUBSCRIBE, subscription=channel, id="1")


class World:
    """One subscription of one consumer, whose process may die and begin anew; channels are handled independently.

    Attributes:
        handled: The replay ids that receivers have handled, in order, over all processes.
        repeated: Those that were handled twice within one process.
    """

    def __init__(self, subscription: str, on_invalid: Any = "earliest") -> None:
        self.subscription: Final = subscription
        self.store: Final = MemoryStore()
        self.log: list[tuple[str, int]] = []
        self.handled: list[int] = []
        self.repeated: list[int] = []
        self._on_invalid: Final = on_invalid
        self._expired: set[int] = set()
        self._outbox: list[tuple[str, int]] = []
        self._here: set[int] = set()
        self._given_up: set[int] = set()
        self.begin()

    # -- the server

    def publish(self, channel: str, gap: int) -> None:
        last = self.log[-1][1] if self.log else 0
        self.log.append((channel, last + gap))
        if self.subscribed and Channel(self.subscription).match(channel):
            self._outbox.append(self.log[-1])

    def expire(self) -> None:
        """Everything that is handled is no longer kept, so that no position is known any more."""
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
            self._outbox = [each for each in matching if each[1] > position]
        return reply

    # -- the client

    def begin(self) -> None:
        """A process starts and subscribes."""
        self.client = FakeClient()
        self.replay = Replay(store=self.store, since="earliest", on_invalid=self._on_invalid)
        self.replay.registered(self.client.as_client)
        self.queues: dict[str, list[Message]] = {}
        self._here = set()
        self.subscribed = True
        self.lose_session()

    def kill(self) -> None:
        """The process dies at once: what is not stored yet is forgotten."""
        self.begin()

    async def restart(self) -> None:
        """The client closes and starts again."""
        await self.replay.unregistered()
        self.begin()

    def lose_session(self) -> None:
        self._outbox.clear()
        self.replay.outgoing(Message(channel=Channel.META_HANDSHAKE, id="1"))
        if self.subscribed:
            self._ask()

    def _ask(self) -> None:
        request = subscribe(self.subscription)
        self.replay.outgoing(request)
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
        """The server writes everything into an answer that never arrives."""
        self._outbox.clear()
        reply = Message(channel=Channel.META_CONNECT, id="1", successful=False, error="503::broken")
        reply.extra["failure"] = {"status": None}
        self.replay.incoming(reply, self.client.as_client)
        self._follow()

    def _take(self, events: Iterable[tuple[str, int]]) -> None:
        for channel, replay_id in events:
            message = event(channel, replay_id)
            if self.replay.incoming(message, self.client.as_client) is None and self.subscribed:
                self.queues.setdefault(channel, []).append(message)

    def handle(self, channel: str) -> None:
        """The receiver of a channel finishes with its next event."""
        queue = self.queues.get(channel)
        if not queue:
            return
        message = queue.pop(0)
        replay_id = message.data["event"]["replayId"]
        (self.repeated if replay_id in self._here else self.handled).append(replay_id)
        self._here.add(replay_id)
        self.replay.delivered(message, self.client.as_client)
        self._follow()

    def give_up(self, channel: str) -> None:
        """The receiver that was to handle the next event goes away, unnoticed; each event has that once."""
        queue = self.queues.get(channel)
        if queue and (replay_id := queue[0].data["event"]["replayId"]) not in self._given_up:
            self._given_up.add(replay_id)
            queue.pop(0)

    def _follow(self) -> None:
        if self.client.rehandshaken:
            self.client.rehandshaken = 0
            self.lose_session()

    def leave(self, is_answered: bool) -> None:
        """The receiver goes away, and what waits for it is given up; the server may not answer any more."""
        if not self.subscribed:
            return
        self.subscribed = False
        self.queues.clear()
        self._outbox.clear()
        self.replay.unsubscribed(self.subscription)
        request = unsubscribe(self.subscription)
        self.replay.outgoing(request)
        if is_answered:
            request.successful = True
            self.replay.incoming(request, self.client.as_client)

    def join(self) -> None:
        """A receiver comes."""
        if not self.subscribed:
            self.subscribed = True
            self._ask()

    def finish(self, channels: Iterable[str]) -> None:
        """Everything arrives and is handled, and after it one more event of each channel."""
        self.join()
        for channel in channels:
            self._settle()
            self.publish(channel, 1)
        self._settle()

    def _settle(self) -> None:
        while self._outbox or any(self.queues.values()):
            self.receive()
            for channel in [channel for channel, queue in self.queues.items() if queue]:
                self.handle(channel)

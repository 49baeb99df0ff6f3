"""Receivers that are slower than the stream, in virtual time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any, cast

import pytest

from core.tests.dispatching import DispatcherProbe
from core.tests.fake_server import FakeServer, Witness, make_client
from core.tests.reporting import RecordingReporter
from core.tests.virtual_time import in_virtual_time, settle
from pybayeux import HookClient, Message, Redelivery, hookimpl
from pybayeux._client.backpressure import BackPressure
from pybayeux.errors import SlowReceiverError, UsageError
from pybayeux.session import Batch

if TYPE_CHECKING:
    from pybayeux import Subscription
    from pybayeux.transports.base import TransportContext


class Redelivering(FakeServer):
    """A server that sends everything again until a connect acknowledges it, and the extension that does so."""

    def __init__(self) -> None:
        super().__init__()
        self.batch = 0
        self._acknowledged = 0
        self._kept: list[tuple[int, Message]] = []

    @hookimpl
    def outgoing(self, message: Message) -> None:
        if message.channel == "/meta/connect":
            message.ext = {"ack": self._acknowledged}

    @hookimpl
    def incoming(self, message: Message, client: HookClient) -> None:
        if message.channel == "/meta/connect" and message.ext is not None and client.accepting:
            self._acknowledged = message.ext["ack"]

    @hookimpl
    def redelivery(self) -> Redelivery:
        return Redelivery()

    async def _hold(self, connect: Message) -> None:
        assert connect.ext is not None
        self._kept = [(batch, event) for batch, event in self._kept if batch > connect.ext["ack"]]
        if not self._kept:
            await super()._hold(connect)

    def _take_events(self) -> list[Message]:
        self.batch += 1
        self._kept += [(self.batch, event) for event in super()._take_events()]
        return [event for _, event in self._kept]

    def _reply(self, message: Message) -> Message:
        reply = super()._reply(message)
        reply.ext = {"ack": self.batch}
        return reply


async def take(events: Subscription, count: int) -> list[Any]:
    return [(await anext(events)).data for _ in range(count)]


def reported(witness: Witness) -> list[str]:
    return [str(error) for error in witness.errors if isinstance(error, SlowReceiverError)]


@in_virtual_time
async def test_a_short_wait_is_not_reported() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness, queue_size=3) as client, client.subscribe("/a") as events:
        server.push("/a", *range(5))
        await asyncio.sleep(0.9)
        server.push("/a", 5)
        assert await take(events, 6) == list(range(6))
    assert reported(witness) == []


@in_virtual_time
async def test_waiting_is_the_default_and_is_reported() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness, queue_size=3) as client, client.subscribe("/a") as events:
        connects = len(server.messages("/meta/connect"))
        server.push("/a", *range(5))
        await asyncio.sleep(60)
        assert len(server.messages("/meta/connect")) == connects
        server.push("/a", 5)
        assert await take(events, 6) == list(range(6))
        assert (await client.publish("/b", 1)).successful
    waiting, relieved = reported(witness)
    assert waiting.startswith("5 events wait for their receivers: no connect is sent until there is room")
    assert relieved == "there is room again; 0 events were not taken meanwhile"


@in_virtual_time
async def test_what_the_server_sends_again_is_left_to_it_and_the_session_lives() -> None:
    server, witness = Redelivering(), Witness()
    async with make_client(server, witness, queue_size=3) as client, client.subscribe("/a") as events:
        server.push("/a", *range(5))
        await asyncio.sleep(1.5)
        server.push("/a", 5, 6)
        await asyncio.sleep(20)
        assert (events.pending, client.accepting) == (5, False)
        polls = [message for message in server.messages("/meta/connect")[-10:] if message.advice is not None]
        assert len(polls) == 10
        assert await take(events, 7) == list(range(7))
        server.push("/a", 7)
        assert await take(events, 1) == [7]
        assert (events.pending, client.accepting) == (0, True)
    assert [text.partition(":")[2] for text in reported(witness)][:1] == [
        " what comes now is left to the server, which sends it again"
    ]
    assert reported(witness)[1].startswith("there is room again; ")
    assert "rehandshaking" not in witness.states


class Rewinding(FakeServer):
    """A server that sends again when a new session asks for it, and the extension that asks."""

    def __init__(self) -> None:
        super().__init__()
        self.rewinds = 0

    @hookimpl
    def redelivery(self, client: HookClient) -> Redelivery:
        def rewind() -> None:
            self.rewinds += 1
            client.rehandshake("there is room")

        return Redelivery(rewind)


@in_virtual_time
async def test_a_redelivery_is_requested_when_half_of_the_queue_is_free() -> None:
    server = Rewinding()
    async with make_client(server, queue_size=4) as client, client.subscribe("/a") as events:
        server.push("/a", *range(4))
        await asyncio.sleep(2)
        server.push("/a", 4, 5)
        await asyncio.sleep(2)
        assert (events.pending, client.accepting, server.rewinds) == (4, False, 0)
        assert await take(events, 2) == [0, 1]
        await settle()
        assert (client.accepting, server.rewinds, server.sessions) == (False, 0, 1), "one that is free is not enough"
        assert await take(events, 1) == [2]
        assert (client.accepting, server.rewinds) == (False, 1), "not before the new session"
        await settle()
        assert (client.accepting, server.sessions) == (True, 2)
        server.push("/a", 4, 5)
        assert await take(events, 3) == [3, 4, 5]


@in_virtual_time
async def test_without_discarded_events_no_redelivery_is_requested() -> None:
    server = Rewinding()
    async with make_client(server, queue_size=4) as client, client.subscribe("/a") as events:
        server.push("/a", *range(4))
        await asyncio.sleep(5.5)  # between two polls
        accepted = [client.accepting]
        assert await take(events, 4) == list(range(4))
        accepted.append(client.accepting)
    assert accepted == [False, True]
    assert (server.rewinds, server.sessions) == (0, 1)


@in_virtual_time
async def test_the_oldest_are_dropped_for_new_ones() -> None:
    server, witness = FakeServer(), Witness()
    client = make_client(server, witness, queue_size=3, overflow="drop_oldest")
    async with client, client.subscribe("/a") as events:
        server.push("/a", *range(5))
        await asyncio.sleep(2)
        assert events.pending == 3
        server.push("/a", 5, 6)
        await settle()
        assert await take(events, 3) == [4, 5, 6]
        server.push("/a", 7)
        assert await take(events, 1) == [7]
    assert reported(witness) == [
        "5 events wait for their receivers: the oldest of them are dropped for new ones",
        "there is room again; 4 events were not taken meanwhile",
    ]


@in_virtual_time
async def test_the_slowest_receiver_gets_an_error() -> None:
    server, witness = FakeServer(), Witness()
    async with make_client(server, witness, queue_size=3, overflow="raise") as client:
        slow, quick = await client.subscribe("/a"), await client.subscribe("/b")
        server.push("/a", *range(4))
        server.push("/b", 1)
        await asyncio.sleep(2)
        with pytest.raises(SlowReceiverError, match="subscription to /a is ended"):
            await anext(slow)
        assert await take(quick, 1) == [1]
        server.push("/b", 2)
        assert await take(quick, 1) == [2]
        assert server.messages("/meta/unsubscribe")[0].subscription == "/a"


@pytest.mark.parametrize("arguments", [{"overflow": "panic"}, {"queue_size": 0}, {"send_queue_size": 0}])
def test_wrong_arguments(arguments: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=next(iter(arguments))):
        make_client(FakeServer(), **arguments)


class Polls:
    """Polling of which the test says whether it accepts events."""

    accepting = True

    def hold_connects(self) -> None: ...

    def release_connects(self) -> None: ...

    def reading_blocked(self) -> None: ...

    def discard_events(self) -> None: ...

    def without_events(self, batch: Batch) -> Batch:
        return Batch([], [])


@in_virtual_time
async def test_a_batch_that_is_still_taken_does_not_end_the_discarding() -> None:
    probe, polls = DispatcherProbe(limit=1), Polls()
    hooks: Any = SimpleNamespace(redelivery=lambda: Redelivery())
    pressure = BackPressure("wait", polls, probe.dispatcher, cast(Any, None), hooks, RecordingReporter())
    probe.subscribe("/a")
    batch = Batch([Message(channel="/a", data=1)], [])
    probe.send("/a", 0)
    pressure.room_changed(False)
    pressure.poll_overdue()
    assert pressure.filter_accepted(batch) is batch, "of a connect that was sent before"
    polls.accepting = False
    assert pressure.filter_accepted(batch) == Batch([], [])
    polls.accepting = True
    probe.dispatcher.full = False
    assert pressure.filter_accepted(batch) is batch
    polls.accepting = False
    assert pressure.filter_accepted(batch) is batch, "it is not asked again before the next time"


# -- transports on which events come unasked


class Pushing(FakeServer):
    """A server whose events come by themselves, one after the other, as fast as they are read."""

    def __init__(self) -> None:
        super().__init__()
        self.read = 0
        self._context: TransportContext

    @hookimpl
    def register_transports(self, registry: Any) -> None:
        super().register_transports(registry)
        registry.wrap(self._noted)

    def _noted(self, factory: Any) -> Any:
        def make(context: TransportContext) -> Any:
            self._context = context
            return factory(context)

        return make

    async def flood(self, count: int) -> None:
        for number in range(count):
            await self._context.room()
            self.read = number + 1
            await self._context.receive([Message(channel="/a", data=number)])


@in_virtual_time
async def test_a_socket_is_not_read_while_there_is_no_room() -> None:
    server, witness = Pushing(), Witness()
    async with make_client(server, witness, queue_size=3) as client, client.subscribe("/a") as events:
        flood = asyncio.ensure_future(server.flood(8))
        await asyncio.sleep(0.9)
        assert (server.read, events.pending, reported(witness)) == (3, 3, [])
        await asyncio.sleep(0.2)
        assert len(reported(witness)) == 1, "a held connect does not make it less of a danger"
        assert await take(events, 8) == list(range(8))
        await flood
        assert len(reported(witness)) == 2


@in_virtual_time
async def test_a_socket_is_read_on_where_the_oldest_are_dropped() -> None:
    server, witness = Pushing(), Witness()
    client = make_client(server, witness, queue_size=3, overflow="drop_oldest")
    async with client, client.subscribe("/a") as events:
        await server.flood(8)
        assert (server.read, events.pending) == (8, 3)
        assert await take(events, 3) == [5, 6, 7]


@in_virtual_time
async def test_a_socket_is_read_on_where_the_slowest_receiver_is_ended() -> None:
    server = Pushing()
    async with make_client(server, queue_size=3, overflow="raise") as client:
        slow = await client.subscribe("/a")
        await server.flood(8)
        with pytest.raises(SlowReceiverError):
            await anext(slow)


@in_virtual_time
async def test_closing_lets_go_of_who_waits_for_room() -> None:
    server = Pushing()
    async with make_client(server, queue_size=3) as client:
        await client.subscribe("/a")
        flood = asyncio.ensure_future(server.flood(8))
        await settle()
        assert not flood.done()
    await flood

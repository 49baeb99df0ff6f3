from __future__ import annotations

import asyncio
import gc
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from core.tests._util.test_loop_thread import alive, interrupt_once
from core.tests.fake_server import FakeServer, Witness
from pybayeux import Client, ConnectionState, Message, hookimpl
from pybayeux.errors import (
    ClientStateError,
    InvalidChannelError,
    PublishError,
    ReceiverError,
    SubscribeError,
    UsageError,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


class Order(msgspec.Struct):
    number: int


def make_client(server: FakeServer, *extensions: object, **arguments: Any) -> Client:
    """A client of this server, with no extension that happens to be installed."""
    return Client("http://fake/cometd", extensions=[server, *extensions], discover=False, **arguments)


@pytest.fixture
def server() -> FakeServer:
    """A server that sends what is published to `/in` back on `/out`."""
    server = FakeServer()
    server.echo = lambda message: [Message(channel="/out", data=message.data)] if message.channel == "/in" else []
    return server


@pytest.fixture(autouse=True)
def _no_thread_is_left() -> Iterator[None]:
    yield
    gc.collect()
    assert alive() == []


def test_the_block_starts_and_closes(server: FakeServer) -> None:
    with make_client(server) as client:
        assert (client.state, client.client_id) == (ConnectionState.CONNECTED, "session-1")
        assert (client.url, repr(client)) == ("http://fake/cometd", "<Client http://fake/cometd connected>")
    assert (client.state, client.client_id, server.opened) == (ConnectionState.DISCONNECTED, None, 0)


def test_a_closed_client_can_be_started_again(server: FakeServer) -> None:
    client = make_client(server)
    for session in ("session-1", "session-2"):
        client.start(timeout=5)
        assert client.client_id == session
        client.close()
        client.close()


def test_starting_twice_is_an_error_that_harms_nothing(server: FakeServer) -> None:
    beats = threading.Semaphore(0)
    server.hold = 0.0
    with make_client(server) as client:
        with pytest.raises(ClientStateError, match="started already"):
            client.start()
        assert alive() == ["pybayeux-loop"]
        listener = client.listen("/meta/connect", lambda message: beats.release())
        assert beats.acquire(timeout=5)
        assert beats.acquire(timeout=5)
        listener.remove()


def test_an_interrupted_start_leaves_nothing_behind(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    under_way = threading.Event()

    class Listening:
        @hookimpl
        def outgoing(self, message: Message) -> None:
            under_way.set()

    server.silent.add("/meta/handshake")
    client = make_client(server, Listening())
    interrupt_once(monkeypatch, under_way)
    with pytest.raises(KeyboardInterrupt):
        client.start()
    assert (client.state, server.opened) == (ConnectionState.DISCONNECTED, 0)


def test_wrong_arguments_leave_nothing_behind() -> None:
    with pytest.raises(UsageError):
        Client("ftp://host/", discover=False)
    with pytest.raises(TypeError):
        Client("http://host/", nonsense=1)  # type: ignore[call-arg]


def test_a_start_that_fails_leaves_nothing_behind(server: FakeServer) -> None:
    server.silent.add("/meta/handshake")
    with pytest.raises(TimeoutError):
        make_client(server).start(timeout=0.01)


def test_events_are_iterated(server: FakeServer) -> None:
    witness = Witness()
    with make_client(server, witness) as client, client.subscribe("/out") as events:
        assert (events.channel, events.closed) == ("/out", False)
        for number in range(3):
            client.publish("/in", number)
        assert [next(events).data for _ in range(3)] == [0, 1, 2]
        assert "/out" in repr(events)
    assert events.closed
    assert witness.delivered_data == [0, 1, 2]


def test_leaving_the_block_early_handles_what_was_seen_and_nothing_else(server: FakeServer) -> None:
    witness = Witness()
    with make_client(server, witness) as client:
        with client.subscribe("/out") as events:
            with client.batch() as batch:
                for number in range(10):
                    batch.publish("/in", number)
            for event in events:
                if event.data == 2:
                    break
        assert witness.delivered_data == [0, 1, 2]


def test_leaving_the_block_with_an_exception_leaves_the_last_event_unhandled(server: FakeServer) -> None:
    witness = Witness()
    with make_client(server, witness) as client:
        with pytest.raises(KeyError), client.subscribe("/out") as events:
            for number in range(5):
                client.publish("/in", number)
            for event in events:
                if event.data == 2:
                    raise KeyError
        assert witness.delivered_data == [0, 1]


def test_a_loop_ends_with_its_subscription(server: FakeServer) -> None:
    with make_client(server) as client:
        events = client.subscribe("/out")
        threading.Timer(0.01, events.unsubscribe).start()
        assert list(events) == []
        client.unsubscribe(events)


def test_a_loop_that_is_ended_finishes_the_event_in_hand_and_gives_up_the_others(server: FakeServer) -> None:
    witness, seen = Witness(), []
    with make_client(server, witness) as client, client.subscribe("/out") as events:
        with client.batch() as batch:
            for number in range(5):
                batch.publish("/in", number)
        for event in events:
            seen.append(event.data)
            events.unsubscribe()
        assert (seen, witness.delivered_data) == ([0], [0])


def test_a_closed_client_gives_a_loop_no_further_event(server: FakeServer) -> None:
    seen = []
    with make_client(server) as client, client.subscribe("/out") as events:
        with client.batch() as batch:
            for number in range(5):
                batch.publish("/in", number)
        for event in events:
            seen.append(event.data)
            client.close()
    assert seen == [0]


def test_closing_ends_the_loop_of_another_thread(server: FakeServer) -> None:
    client = make_client(server)
    client.start()
    events, seen = client.subscribe("/out"), []
    reader = threading.Thread(target=lambda: seen.append(list(events)))
    reader.start()
    client.close()
    reader.join(5)
    assert seen == [[]]


def test_handlers_run_in_worker_threads_and_may_call_the_client(server: FakeServer) -> None:
    called = threading.Event()
    seen: list[Any] = []
    with make_client(server) as client:

        def handle(event: Message) -> None:
            seen.append((event.data, threading.current_thread().name.startswith("pybayeux-worker")))
            if event.data == {"number": 1}:
                client.publish("/in", {"number": 2})
            else:
                called.set()

        client.subscribe("/out", handle)
        client.publish("/in", {"number": 1})
        assert called.wait(5)
    assert seen == [({"number": 1}, True), ({"number": 2}, True)]


def test_a_handler_that_fails_is_reported(server: FakeServer) -> None:
    told = threading.Event()

    class Listening:
        @hookimpl
        def failed(self, error: Exception) -> None:
            assert isinstance(error, ReceiverError)
            told.set()

    with make_client(server, Listening()) as client:
        client.subscribe("/out", lambda event: 1 // 0)
        client.publish("/in", 1)
        assert told.wait(5)


def test_a_handler_may_be_a_coroutine_function(server: FakeServer) -> None:
    called = threading.Event()

    async def handle(event: Message) -> None:
        await asyncio.sleep(0)
        called.set()

    with make_client(server) as client:
        client.subscribe("/out", handle, type=Order)
        client.publish("/in", {"number": 1})
        assert called.wait(5)


def test_types_and_refusals_are_those_of_the_asynchronous_client(server: FakeServer) -> None:
    with make_client(server) as client:
        events = client.subscribe("/out", type=Order)
        client.publish("/in", {"number": 1})
        assert next(events).data == Order(1)
        server.refuse_next("/meta/subscribe", "403::denied")
        with pytest.raises(SubscribeError):
            client.subscribe("/closed")
        server.refuse_next("/in", "403::denied")
        with pytest.raises(PublishError):
            client.publish("/in", 1)
        with pytest.raises(InvalidChannelError):
            client.subscribe("nonsense")
        client.unsubscribe("/out")
        assert events.closed


def test_acknowledging_by_hand(server: FakeServer) -> None:
    witness = Witness()
    with make_client(server, witness) as client, client.subscribe("/out", ack="manual") as events:
        for number in range(3):
            client.publish("/in", number)
        first, second = next(events), next(events)
        second.ack()
        assert witness.delivered_data == []
        first.ack()
        first.ack()
        assert witness.delivered_data == [0, 1]
    assert witness.delivered_data == [0, 1]


def test_batch_and_call(server: FakeServer) -> None:
    with make_client(server) as client:
        server.refuse_next("/b", "403::denied")
        with client.batch() as batch:
            batch.publish("/a", 1)
            batch.publish("/b", 2)
        assert [type(reply) for reply in batch.replies] == [Message, PublishError]
        assert ["/a", "/b"] in server.batches
        server.echo = lambda m: [Message(channel=m.channel, id=m.id, data=m.data * 2)] if m.has_data else []
        assert client.call("double", 21).data == 42


def test_listeners_run_in_worker_threads(server: FakeServer) -> None:
    heard = threading.Event()
    client = make_client(server)
    listener = client.listen("/meta/handshake", lambda message: heard.set())
    with client:
        assert heard.wait(5)
        listener.remove()


def test_extensions_come_and_go(server: FakeServer) -> None:
    told: list[str] = []

    class Slow:
        @hookimpl
        async def registered(self, name: str) -> None:
            await asyncio.sleep(0)
            told.append(name)

    with make_client(server) as client:
        assert client.use(Slow(), "slow") == "slow"
        assert told == ["slow"]
        client.remove("slow")


def test_waiting_and_starting_anew(server: FakeServer) -> None:
    shaken = threading.Event()
    with make_client(server) as client:
        client.subscribe("/a")
        client.resubscribe("/a")
        client.listen("/meta/handshake", lambda message: shaken.set())
        client.rehandshake("test")
        assert shaken.wait(5)
        client.wait_for(ConnectionState.CONNECTED, timeout=5)
        assert client.client_id == "session-2"
        with pytest.raises(TimeoutError):
            client.wait_for("disconnected", timeout=0.01)
    with pytest.raises(ClientStateError):
        client.rehandshake("test")
    client.close()


def test_a_thread_that_runs_a_loop_is_refused(server: FakeServer) -> None:
    async def caller() -> None:
        Client("http://host/", discover=False)

    with pytest.raises(UsageError, match="AsyncClient"):
        asyncio.run(caller())


def test_a_handler_may_close_the_client(server: FakeServer) -> None:
    closed = threading.Event()
    client = make_client(server, max_network_delay=5)
    client.start()

    def handle(event: Message) -> None:
        client.close()
        closed.set()

    client.subscribe("/out", handle)
    with suppress(ClientStateError):  # the handler may be quicker than the answer
        client.publish("/in", 1)
    assert closed.wait(30)
    client.close()
    assert client.state is ConnectionState.DISCONNECTED

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from core.tests._util.test_loop_thread import alive
from core.tests.fake_server import FakeServer, Witness
from pybayeux import Client, Message
from pybayeux._util.loop_thread import LoopThread
from pybayeux.errors import ClientStateError, ReceiverError

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from pybayeux import SyncSubscription


class Order(msgspec.Struct):
    number: int


@pytest.fixture
def server() -> FakeServer:
    """A server that sends what is published to `/in` back on `/out`."""
    server = FakeServer()
    server.echo = lambda message: [Message(channel="/out", data=message.data)] if message.channel == "/in" else []
    return server


def make_client(server: FakeServer, *extensions: object) -> Client:
    return Client("http://fake/cometd", extensions=[server, *extensions], discover=False)


def send(client: Client, *data: Any) -> None:
    """Publish these as one request, so that they come back as one batch."""
    with client.batch() as batch:
        for each in data:
            batch.publish("/in", each)


def test_a_limit_on_the_wait_for_an_event(server: FakeServer) -> None:
    with make_client(server) as client, client.subscribe("/out") as events:
        with pytest.raises(TimeoutError, match="no event of /out came in time"):
            events.next(timeout=0.01)
        send(client, 1, 2)
        assert [events.next(timeout=5).data, events.next().data] == [1, 2]


def test_there_is_no_next_event_after_the_end(server: FakeServer) -> None:
    with make_client(server) as client:
        events = client.subscribe("/out")
        events.unsubscribe()
        with pytest.raises(ClientStateError, match="the subscription to /out has ended"):
            events.next(timeout=5)


def end_subscription(client: Client, events: SyncSubscription) -> None:
    events.unsubscribe()


def end_channel(client: Client, events: SyncSubscription) -> None:
    client.unsubscribe("/out")


def end_client(client: Client, events: SyncSubscription) -> None:
    client.close()


def test_a_loop_ends_where_the_client_is_closed_as_it_asks(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """As a daemon thread does that iterates when the interpreter exits."""
    client = make_client(server)
    client.start()
    events = client.subscribe("/out")
    really_run = LoopThread.run

    def run(thread: LoopThread, coroutine: Coroutine[Any, Any, Any]) -> Any:
        monkeypatch.setattr(LoopThread, "run", really_run)
        client.close()
        monkeypatch.setattr(threading.Thread, "start", refuse)
        return really_run(thread, coroutine)

    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't create new thread at interpreter shutdown")

    monkeypatch.setattr(LoopThread, "run", run)
    assert list(events) == []


@pytest.mark.parametrize("end", [end_subscription, end_channel, end_client])
def test_a_loop_ends_what_it_iterates(server: FakeServer, end: Callable[[Client, SyncSubscription], None]) -> None:
    witness, seen = Witness(), list[int]()
    with make_client(server, witness) as client:
        with client.subscribe("/out") as events:
            send(client, *range(10))
            for event in events:
                seen.append(event.data)
                if event.data == 2:
                    end(client, events)
        assert repr(events) == "<SyncSubscription /out closed>"
    assert seen == [0, 1, 2]
    # A closed client calls no hooks, so what was handled since the last report to it comes again.
    assert witness.delivered_data == ([] if end is end_client else [0, 1, 2])


def test_an_event_in_hand_is_handled_when_its_block_ends_the_subscription(server: FakeServer) -> None:
    witness = Witness()
    with make_client(server, witness) as client:
        with client.subscribe("/out") as events:
            send(client, *range(10))
            assert [next(events).data, next(events).data] == [0, 1]
            events.unsubscribe()
        assert witness.delivered_data == [0, 1]


def test_events_taken_ahead_are_left_to_the_other_receivers(server: FakeServer) -> None:
    witness = Witness()
    with make_client(server, witness) as client:
        ends, goes_on = client.subscribe("/out"), client.subscribe("/**")
        send(client, *range(5))
        assert next(ends).data == 0
        ends.unsubscribe()
        assert list(ends) == []
        with goes_on:
            assert [goes_on.next(timeout=5).data for _ in range(5)] == [0, 1, 2, 3, 4]
    assert witness.delivered_data == [0, 1, 2, 3, 4]


def test_a_closed_client_is_not_started_again_by_a_loop(server: FakeServer) -> None:
    client = make_client(server)
    client.start()
    events = client.subscribe("/out")
    send(client, *range(5))
    for _ in events:
        client.close()
    assert alive() == []


def test_a_signal_ends_the_loop_of_its_own_thread(server: FakeServer) -> None:
    with make_client(server) as client, client.subscribe("/out") as events:
        before = signal.signal(signal.SIGUSR1, lambda number, frame: events.unsubscribe())
        try:
            main = threading.main_thread().ident
            assert main is not None
            threading.Timer(0.05, signal.pthread_kill, [main, signal.SIGUSR1]).start()
            assert list(events) == []
        finally:
            signal.signal(signal.SIGUSR1, before)


def test_events_that_do_not_fit_follow_the_policy(server: FakeServer) -> None:
    witness = Witness()
    with make_client(server, witness) as client, client.subscribe("/out", type=Order, on_error="skip") as events:
        send(client, {"number": 1}, "no order", {"number": 3}, {"number": 4})
        assert [events.next(timeout=5).data.number for _ in range(3)] == [1, 3, 4]
    assert witness.delivered_data == [{"number": 1}, "no order", {"number": 3}, {"number": 4}]


def test_an_event_that_does_not_fit_is_raised_in_its_turn(server: FakeServer) -> None:
    witness = Witness()
    with make_client(server, witness) as client, client.subscribe("/out", type=Order) as events:
        send(client, {"number": 1}, "no order", {"number": 3})
        assert next(events).data.number == 1
        with pytest.raises(ReceiverError, match="receiver of /out failed: ValidationError"):
            next(events)
        assert next(events).data.number == 3
    assert witness.delivered_data == [{"number": 1}, "no order", {"number": 3}]

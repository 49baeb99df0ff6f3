"""Handlers of the synchronous client, which a worker thread calls with several events at once."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.fake_server import FakeServer, Witness
from core.tests.test_sync import make_client
from pybayeux import Message, hookimpl
from pybayeux._client.worker_handlers import MOST
from pybayeux.session import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import Client
    from pybayeux.errors import ReceiverError

_LONG = 10.0


@pytest.fixture
def server() -> FakeServer:
    """A server that sends what is published to `/in` back on `/out`."""
    server = FakeServer()
    server.echo = lambda message: [Message(channel="/out", data=message.data)] if message.channel == "/in" else []
    return server


class Deliveries:
    """Waits for events to be reported as handled."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self._news = threading.Condition()

    @hookimpl
    def delivered(self, message: Message) -> None:
        with self._news:
            self.seen.append(message.data)
            self._news.notify_all()

    def wait_for(self, *expected: Any) -> bool:
        with self._news:
            return self._news.wait_for(lambda: self.seen == list(expected), _LONG)


class Handling:
    """A handler that notes what it is called with, and then does something else.

    Args:
        act: Called with the data of each event.
    """

    def __init__(self, act: Callable[[Any], object] = lambda data: None) -> None:
        self.seen: list[Any] = []
        self._act = act

    def __call__(self, event: Message) -> None:
        self.seen.append(event.data)
        self._act(event.data)


def send(client: Client, *data: Any) -> None:
    """Publish these as one request, so that they come back as one batch."""
    with client.batch() as batch:
        for each in data:
            batch.publish("/in", each)


def publish_until(client: Client, condition: Callable[[], bool]) -> None:
    """Let the event loop go on until a condition holds, or the time is up."""
    end = time.monotonic() + _LONG
    while not condition() and time.monotonic() < end:
        client.publish("/nowhere", 1)


def test_events_keep_their_order_over_several_workers(server: FakeServer) -> None:
    deliveries, handler, numbers = Deliveries(), Handling(), range(3 * MOST + 1)
    with make_client(server, deliveries) as client:
        client.subscribe("/out", handler)
        send(client, *numbers)
        assert deliveries.wait_for(*numbers)
    assert handler.seen == list(numbers)


def test_one_worker_gets_the_events_that_wait(server: FakeServer) -> None:
    deliveries, threads, go = Deliveries(), [], threading.Event()

    def act(data: int) -> None:
        threads.append(threading.current_thread())
        if data == 0:
            go.wait(_LONG)

    with make_client(server, deliveries) as client:
        client.subscribe("/out", Handling(act))
        send(client, 0)
        send(client, 1, 2, 3)
        go.set()
        assert deliveries.wait_for(0, 1, 2, 3)
    assert len(set(threads[1:])) == 1


def test_an_event_is_reported_as_handled_before_the_next_one_is(server: FakeServer) -> None:
    deliveries = Deliveries()
    told: list[bool] = []
    with make_client(server, deliveries) as client:
        client.subscribe("/out", Handling(lambda data: told.append(deliveries.wait_for(*range(data)))))
        send(client, 0, 1, 2)
        assert deliveries.wait_for(0, 1, 2)
    assert told == [True, True, True]


def failing_at(number: int, times: int = 1) -> Callable[[int], None]:
    failures = iter(range(times))

    def act(data: int) -> None:
        if data == number and next(failures, None) is not None:
            raise KeyError(data)

    return act


def test_skip_goes_on_in_the_middle_of_several_events(server: FakeServer) -> None:
    deliveries, handler = Deliveries(), Handling(failing_at(1))
    with make_client(server, deliveries) as client:
        client.subscribe("/out", handler, on_error="skip")
        send(client, 0, 1, 2)
        assert deliveries.wait_for(0, 1, 2)
    assert handler.seen == [0, 1, 2]


def test_retry_calls_again_before_the_later_events(server: FakeServer) -> None:
    deliveries, handler = Deliveries(), Handling(failing_at(1, 2))
    with make_client(server, deliveries, backoff=Backoff(increment=0.001, jitter=0)) as client:
        client.subscribe("/out", handler, on_error="retry")
        send(client, 0, 1, 2)
        assert deliveries.wait_for(0, 1, 2)
    assert handler.seen == [0, 1, 1, 1, 2]


class Failures:
    """Waits for a failure to be reported."""

    def __init__(self) -> None:
        self.has_come = threading.Event()

    @hookimpl
    def failed(self) -> None:
        self.has_come.set()


def test_raise_leaves_the_event_and_those_behind_it_unhandled(server: FakeServer) -> None:
    deliveries, failures, handler = Deliveries(), Failures(), Handling(failing_at(1))
    with make_client(server, deliveries, failures) as client:
        client.subscribe("/out", handler)
        send(client, 0, 1, 2)
        assert failures.has_come.wait(_LONG)
    assert (handler.seen, deliveries.seen) == ([0, 1], [0])


def test_the_dead_letter_is_the_event_that_failed(server: FakeServer) -> None:
    kept: list[Any] = []

    class Keeper:
        @hookimpl
        async def dead_letter(self, message: Message, error: ReceiverError) -> str:
            kept.append((message.data, str(error.__cause__)))
            return "a box"

    deliveries, handler = Deliveries(), Handling(failing_at(1))
    with make_client(server, deliveries, Keeper()) as client:
        client.subscribe("/out", handler, on_error="dead_letter")
        send(client, 0, 1, 2)
        assert deliveries.wait_for(0, 1, 2)
    assert kept == [(1, "1")]


def test_an_event_that_does_not_fit_ends_the_subscription_in_its_turn(server: FakeServer) -> None:
    deliveries, failures, handler = Deliveries(), Failures(), Handling()
    with make_client(server, deliveries, failures) as client:
        client.subscribe("/out", handler, type=int)
        send(client, 0, "one", 2)
        assert failures.has_come.wait(_LONG)
    assert (handler.seen, deliveries.seen) == ([0], [0])


def test_a_held_receiver_begins_no_further_event(server: FakeServer) -> None:
    deliveries = Deliveries()
    with make_client(server, deliveries) as client:

        def act(data: int) -> None:
            if data == 1:
                client.hold_events("test", "for the test")

        handler = Handling(act)
        events = client.subscribe("/out", handler)
        send(client, 0, 1, 2, 3)
        assert deliveries.wait_for(0, 1)
        publish_until(client, lambda: events.pending == 2)  # what the worker had not begun waits again
        assert (handler.seen, events.pending) == ([0, 1], 2)
        client.release_events("test")
        assert deliveries.wait_for(0, 1, 2, 3)
    assert handler.seen == [0, 1, 2, 3]


def test_the_end_of_the_subscription_finishes_the_event_in_hand_and_gives_up_the_others(server: FakeServer) -> None:
    deliveries = Deliveries()
    with make_client(server, deliveries) as client:

        def act(data: int) -> None:
            if data == 1:
                client.unsubscribe("/out")

        handler = Handling(act)
        client.subscribe("/out", handler)
        send(client, 0, 1, 2, 3)
        assert deliveries.wait_for(0, 1)
    assert (handler.seen, deliveries.seen) == ([0, 1], [0, 1])


def test_a_failure_after_the_end_of_the_subscription_is_reported(server: FakeServer) -> None:
    deliveries, failures = Deliveries(), Failures()
    with make_client(server, deliveries, failures) as client:

        def act(data: int) -> None:
            client.unsubscribe("/out")
            raise KeyError(data)

        handler = Handling(act)
        client.subscribe("/out", handler)
        send(client, 0, 1, 2)
        assert failures.has_come.wait(_LONG)
    assert (handler.seen, deliveries.seen) == ([0], [])


def test_the_end_of_the_client_waits_for_the_event_in_hand_alone(server: FakeServer) -> None:
    begun, witness = threading.Event(), Witness()

    def act(data: int) -> None:
        begun.set()
        while not events.closed:
            time.sleep(0.001)

    handler = Handling(act)
    with make_client(server, witness) as client:
        events = client.subscribe("/out", handler)
        send(client, 0, 1, 2)
        assert begun.wait(_LONG)
    assert (handler.seen, witness.delivered_data) == ([0], [0])


def test_a_handler_acknowledges_by_itself(server: FakeServer) -> None:
    deliveries = Deliveries()
    with make_client(server, deliveries) as client:
        client.subscribe("/out", lambda event: event.ack(), ack="manual")
        send(client, 0, 1, 2)
        assert deliveries.wait_for(0, 1, 2)

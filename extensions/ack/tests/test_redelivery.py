"""Events that come twice are recognised, and no others: against a server that keeps events until acknowledged."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from extensions.ack.tests.hooks import incoming
from pybayeux import Channel, Message
from pybayeux_ack import Ack
from pybayeux_ack.redelivery import UnacknowledgedEvents

if TYPE_CHECKING:
    from collections.abc import Sequence


def _events(*payloads: Any) -> list[Message]:
    return [Message(channel="/orders", data=payload) for payload in payloads]


def _seen(events: UnacknowledgedEvents, *payloads: Any) -> list[bool]:
    return [events.is_repeat(each) for each in _events(*payloads)]


def test_a_batch_that_comes_again_is_recognised_as_far_as_it_came() -> None:
    events = UnacknowledgedEvents()
    events.begin()
    assert _seen(events, 1, 2) == [False, False]
    events.begin()
    assert events.is_due
    assert _seen(events, 1, 2, 3) == [True, True, False]


def test_equal_events_are_counted() -> None:
    events = UnacknowledgedEvents()
    events.begin()
    _seen(events, "tick", "tick")
    events.begin()
    assert _seen(events, "tick", "tick", "tick") == [True, True, False]


def test_a_repetition_that_is_cut_off_starts_from_the_first_event_again() -> None:
    events = UnacknowledgedEvents()
    events.begin()
    _seen(events, 1, 2, 3)
    events.begin()
    assert _seen(events, 1) == [True]
    events.begin()
    assert _seen(events, 1, 2, 3, 4) == [True, True, True, False]


def test_the_first_event_that_differs_ends_it() -> None:
    events = UnacknowledgedEvents()
    events.begin()
    _seen(events, 1, 2, 3)
    events.begin()
    assert _seen(events, 1, 7, 3) == [True, False, False]
    events.begin()
    assert _seen(events, 1, 7, 3, 8) == [True, True, True, False]


def test_events_differ_in_channel_id_or_payload() -> None:
    one = Message(channel="/orders", id="1", data={"a": 1})
    others = [
        Message(channel="/orders", id="2", data={"a": 1}),
        Message(channel="/cases", id="1", data={"a": 1}),
        Message(channel="/orders", id="1", data={"a": 2}),
        Message(channel="/orders", id="1"),
    ]
    for other in others:
        events = UnacknowledgedEvents()
        events.begin()
        events.is_repeat(one)
        events.begin()
        assert not events.is_repeat(other)


class _Server:
    """Keeps events in order until a connect acknowledges them."""

    def __init__(self, replies_first: bool) -> None:
        self._replies_first = replies_first
        self._kept: list[tuple[int, Message]] = []
        self._fresh: list[Any] = []
        self._batch = 0
        self.acknowledged: list[int] = []

    def publish(self, payload: Any) -> None:
        self._fresh.append(payload)

    def connect(self, request: Message) -> list[Message]:
        assert request.ext is not None
        number = request.ext["ack"]
        assert number <= self._batch, "the client acknowledged more than was sent"
        self.acknowledged.append(number)
        self._kept = [each for each in self._kept if each[0] > number]
        self._batch += 1
        self._kept += [(self._batch, each) for each in _events(*self._fresh)]
        self._fresh.clear()
        reply = Message(channel=request.channel, id="1", successful=True, ext={"ack": self._batch})
        events = _events(*[each.data for _, each in self._kept])
        return [reply, *events] if self._replies_first else [*events, reply]


def _live(ack: Ack, server: _Server, cuts: Sequence[tuple[int, int | None]], connection_type: str) -> list[Any]:
    """Publish and connect; each reply is cut off after so many messages (None: not at all)."""
    handshake = Message(channel=Channel.META_HANDSHAKE)
    ack.outgoing(handshake)
    incoming(ack, Message(channel=Channel.META_HANDSHAKE, successful=True, ext={"ack": True}))
    received: list[Any] = []
    for number, (published, cut) in enumerate([*cuts, (1, None), (0, None)]):
        for _ in range(published):
            server.publish(number % 2)  # few values, so that equal events abound
        request = Message(channel=Channel.META_CONNECT, connection_type=connection_type)
        ack.outgoing(request)
        answer = server.connect(request)
        if connection_type == "long-polling" and cut is not None:
            answer = []  # such a reply is accepted whole or not at all
        passed = [message for message in answer[:cut] if incoming(ack, message) is None]
        received += [message.data for message in passed if message.successful is None]
        if cut is not None and len(passed) < len(answer):
            incoming(ack, Message(channel=Channel.META_CONNECT, successful=False, error="503::broken"))
    return received


_cuts = st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 6)), max_size=15)


@given(_cuts, st.sampled_from(["websocket", "long-polling"]))
def test_every_event_is_received_once_and_in_order_over_any_breaks(
    cuts: list[tuple[int, int | None]], connection_type: str
) -> None:
    server = _Server(replies_first=False)
    received = _live(Ack(), server, cuts, connection_type)
    published = [number % 2 for number, (count, _) in enumerate([*cuts, (1, None)]) for _ in range(count)]
    assert received == published
    assert server.acknowledged == sorted(server.acknowledged)


@given(st.lists(st.tuples(st.integers(0, 4), st.none() | st.just(0)), max_size=15))
def test_no_event_counts_as_a_repeat_if_the_reply_comes_first(cuts: list[tuple[int, int | None]]) -> None:
    server = _Server(replies_first=True)
    received = _live(Ack(), server, cuts, "websocket")
    published = [number % 2 for number, (count, _) in enumerate([*cuts, (1, None)]) for _ in range(count)]
    assert received == published

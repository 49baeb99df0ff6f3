"""The numbers are those of exchanges that were captured from CometD 8."""

from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.engine_client import EngineClient
from pybayeux_devserver.protocol.ack import AckQueue, acknowledged_batch, is_requested


def test_unacknowledged_events_are_delivered_again() -> None:
    queue = AckQueue()
    assert queue.close_batch() == 1
    queue.put({"data": 1})
    assert (queue.take(), queue.close_batch()) == ([{"data": 1}], 2)
    queue.acknowledge(0)
    assert (queue.take(), queue.close_batch()) == ([{"data": 1}], 3)
    queue.acknowledge(2)
    assert not queue


def test_put_back_does_nothing() -> None:
    queue = AckQueue()
    queue.put({"data": 1})
    queue.put_back(queue.take())
    assert queue.take() == [{"data": 1}]


def test_events_after_the_acknowledged_batch_are_kept() -> None:
    queue = AckQueue()
    queue.put({"data": 1})
    queue.close_batch()
    queue.put({"data": 2})
    queue.acknowledge(1)
    assert queue.take() == [{"data": 2}]


def test_number_higher_than_any_sent_removes_all_events() -> None:
    queue = AckQueue()
    queue.put({"data": 1})
    queue.acknowledge(9)
    assert not queue


@pytest.mark.parametrize(
    ("ext", "expected"),
    [
        (None, False),
        ("ack", False),
        ({}, False),
        ({"ack": True}, True),
        ({"ack": False}, False),
        ({"ack": 1}, False),
        ({"ack": {"enabled": True}}, True),
        ({"ack": {"enabled": False}}, False),
    ],
)
def test_is_requested(ext: Any, expected: bool) -> None:
    assert is_requested({"ext": ext}) is expected


@pytest.mark.parametrize(("ack", "expected"), [(3, 3), (True, None), ("3", None), (None, None)])
def test_acknowledged_batch(ack: Any, expected: int | None) -> None:
    assert acknowledged_batch({"ext": {"ack": ack}}) == expected


def test_session_with_acknowledgement_has_the_numbers_of_a_captured_one() -> None:
    client = EngineClient(replay=False)
    assert client.handshake(ext={"ack": True})["ext"] == {"ack": True}
    assert client.connect(ext={"ack": 0})[-1]["ext"] == {"ack": 1}
    client.ask("/meta/subscribe", subscription="/a")
    client.engine.publish("/a", "hello")
    for acknowledged, events, batch in [(0, ["hello"], 2), (0, ["hello"], 3), (2, [], 4)]:
        *delivered, reply = client.connect(ext={"ack": acknowledged})
        assert [event["data"] for event in delivered] == events
        assert reply["ext"] == {"ack": batch}


def test_connect_is_not_held_while_events_are_unacknowledged() -> None:
    client = EngineClient(replay=False).join("/a", ext={"ack": True})
    client.engine.publish("/a", 1)
    client.connect(ext={"ack": 1})
    exchange = client.begin(client.connect_message(ext={"ack": 1}))
    assert exchange.hold is not None
    assert exchange.hold.timeout == 0


def test_connect_replies_only_carry_events_with_acknowledgement() -> None:
    client = EngineClient(replay=False).join("/a", ext={"ack": True})
    assert client.send(client.message("/a", data=1)) == [{"channel": "/a", "successful": True}]
    assert client.events(ext={"ack": 1}) == [1]


def test_newer_form_has_the_number_of_the_first_batch() -> None:
    client = EngineClient(replay=False, ack_object=True)
    assert client.handshake(ext={"ack": True})["ext"] == {"ack": {"enabled": True, "batch": 1}}
    assert client.connect(ext={"ack": 1})[-1]["ext"] == {"ack": 2}


def test_delivery_with_the_handshake_needs_the_newer_form() -> None:
    client = EngineClient(replay=False, deliver_with_handshake=True)
    assert client.handshake(ext={"ack": True})["ext"] == {"ack": {"enabled": True, "batch": 1}}


def test_a_server_without_acknowledgement_ignores_it() -> None:
    client = EngineClient(replay=False, ack=False)
    assert "ext" not in client.handshake(ext={"ack": True})
    assert "ext" not in client.connect(ext={"ack": 0})[-1]

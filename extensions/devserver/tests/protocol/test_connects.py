from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.engine_client import EngineClient


def _patience(client: EngineClient, **members: Any) -> float:
    hold = client.begin(client.connect_message(**members)).hold
    assert hold is not None
    return hold.timeout


def test_the_first_connect_is_answered_at_once_with_advice() -> None:
    client = EngineClient(timeout=20)
    client.handshake()
    exchange = client.begin(client.connect_message(id="2"))
    assert exchange.hold is not None
    assert exchange.hold.timeout == 0
    assert client.engine.finish(exchange).messages == [
        {
            "channel": "/meta/connect",
            "id": "2",
            "successful": True,
            "advice": {"reconnect": "retry", "interval": 0, "timeout": 20_000},
        }
    ]


def test_later_connects_are_held_and_carry_no_advice() -> None:
    client = EngineClient(timeout=20).join()
    assert _patience(client) == 20
    assert client.connect() == [{"channel": "/meta/connect", "successful": True}]


@pytest.mark.parametrize(
    ("advice", "seconds"),
    [({"timeout": 0}, 0), ({"timeout": 1500}, 1.5), ({"timeout": -1}, 0), ({"timeout": "x"}, 20), ({}, 20), (7, 20)],
)
def test_client_may_choose_the_timeout(advice: Any, seconds: float) -> None:
    assert _patience(EngineClient(timeout=20).join(), advice=advice) == seconds


def test_connect_with_advice_gets_advice() -> None:
    assert "advice" in EngineClient().join().connect(advice={"timeout": 0})[0]


def test_connect_together_with_other_messages_is_not_held() -> None:
    client = EngineClient().join()
    exchange = client.begin(client.message("/meta/subscribe", subscription="/a"), client.connect_message())
    assert exchange.hold is not None
    assert exchange.hold.timeout == 0
    replies = client.engine.finish(exchange).messages
    assert [reply["channel"] for reply in replies] == ["/meta/subscribe", "/meta/connect"]


def test_an_event_wakes_a_held_connect() -> None:
    client = EngineClient(replay=False).join("/a")
    exchange = client.begin(client.connect_message())
    woken: list[bool] = []
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    client.engine.publish("/a", 1)
    client.engine.publish("/a", 2)
    assert woken
    messages = client.engine.finish(exchange).messages
    assert [message.get("data") for message in messages] == [1, 2, None]


def test_connect_is_not_held_while_events_are_queued() -> None:
    client = EngineClient(replay=False).join("/a")
    client.engine.publish("/a", 1)
    assert _patience(client) == 0


@pytest.mark.parametrize(("order", "first"), [("events-first", "/a"), ("reply-first", "/meta/connect")])
def test_order_of_events_and_replies(order: str, first: str) -> None:
    client = EngineClient(order=order).join("/a")
    client.engine.publish("/a", 1)
    assert client.connect()[0]["channel"] == first


def test_a_second_connect_fails_the_first() -> None:
    client = EngineClient(replay=False).join("/a")
    older, younger = client.begin(client.connect_message()), client.begin(client.connect_message())
    assert older.hold is not None
    assert older.hold.superseded
    client.engine.publish("/a", 1)
    assert client.engine.finish(older).status == 500
    assert client.engine.finish(younger).messages[0]["data"] == 1


def test_events_stay_queued_when_the_client_leaves() -> None:
    client = EngineClient(replay=False).join("/a")
    exchange = client.begin(client.connect_message())
    client.engine.abandon(exchange)
    client.engine.publish("/a", 1)
    assert client.events() == [1]


def test_session_lifetime_restarts_when_the_client_leaves() -> None:
    client = EngineClient(max_interval=10).join()
    exchange = client.begin(client.connect_message())
    client.clock.now += 1000
    client.engine.abandon(exchange)
    client.clock.now += 9
    assert list(client.engine.sessions) == [exchange.session]
    client.clock.now += 1
    assert list(client.engine.sessions) == []


def test_abandoning_an_older_connect_keeps_the_younger() -> None:
    client = EngineClient().join()
    older, younger = client.begin(client.connect_message()), client.begin(client.connect_message())
    client.engine.abandon(older)
    assert client.engine.sessions[0].hold is younger.hold


def test_unknown_session_is_advised_to_handshake() -> None:
    client = EngineClient()
    assert client.connect(id="3") == [
        {
            "channel": "/meta/connect",
            "id": "3",
            "successful": False,
            "error": "402::session_unknown",
            "advice": {"reconnect": "handshake", "interval": 0},
        }
    ]


def test_error_for_an_unknown_session_is_an_option() -> None:
    assert EngineClient(unknown_session="403::Unknown client").connect()[0]["error"] == "403::Unknown client"


@pytest.mark.parametrize("kind", [None, "smoke"])
def test_only_offered_connection_types_are_accepted(kind: str | None) -> None:
    client = EngineClient().join()
    assert client.ask("/meta/connect", connectionType=kind)["error"].startswith("301:")


def test_session_without_requests_expires() -> None:
    client = EngineClient(max_interval=10).join()
    client.clock.now += 10
    assert client.connect()[0]["error"] == "402::session_unknown"


def test_any_message_keeps_a_session_alive() -> None:
    client = EngineClient(max_interval=10).join()
    for _ in range(3):
        client.clock.now += 9
        assert client.ask("/meta/subscribe", subscription="/a")["successful"]

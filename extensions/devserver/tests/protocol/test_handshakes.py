from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.engine_client import EngineClient
from pybayeux_devserver.options import Options
from pybayeux_devserver.protocol.exchange import Caller

OFFERED = list(Options().connection_types)
GREETING = [{"channel": "/hello", "data": 1}, {"channel": "/hello", "data": 2}]


def test_a_handshake_begins_a_session() -> None:
    client = EngineClient(replay=False, timeout=1.5, interval=0.25)
    reply = client.handshake(id="7")
    assert reply == {
        "channel": "/meta/handshake",
        "id": "7",
        "successful": True,
        "clientId": client.client_id,
        "version": "1.0",
        "minimumVersion": "1.0",
        "supportedConnectionTypes": OFFERED,
        "advice": {"reconnect": "retry", "interval": 250, "timeout": 1500},
    }
    assert [session.client_id for session in client.engine.sessions] == [client.client_id]


def test_advice_option_adds_members() -> None:
    advice = EngineClient(advice={"maxInterval": 5000}).handshake()["advice"]
    assert advice["maxInterval"] == 5000
    assert advice["reconnect"] == "retry"


@pytest.mark.parametrize("types", [None, [], "long-polling", ["smoke", 1]])
def test_handshake_without_a_common_connection_type_is_refused(types: Any) -> None:
    client = EngineClient()
    reply = client.handshake(supportedConnectionTypes=types)
    assert reply["successful"] is False
    assert reply["error"].startswith("301:")
    assert reply["supportedConnectionTypes"] == OFFERED
    assert reply["advice"] == {"reconnect": "none"}
    assert client.engine.sessions == ()


def test_session_is_bound_to_the_cookie() -> None:
    client = EngineClient()
    client.handshake()
    browser = client.caller.browser
    assert browser is not None
    client.handshake()
    assert client.caller.browser == browser
    client.caller = Caller()
    assert client.connect()[0]["error"] == "402::session_unknown"


def test_a_server_without_cookies_binds_nothing() -> None:
    client = EngineClient(cookie=False)
    client.handshake()
    assert client.caller.browser is None
    assert client.connect()[0]["successful"]


def test_events_delivered_with_the_handshake_are_counted() -> None:
    heard = []

    def greet(handshake: Any) -> Any:
        heard.append(handshake["id"])
        return GREETING

    client = EngineClient(on_handshake=greet, deliver_with_handshake=True)
    reply, *events = client.send(
        {"channel": "/meta/handshake", "id": "1", "supportedConnectionTypes": ["long-polling"]}
    )
    assert heard == ["1"]
    assert reply["x-messages"] == 2
    assert events == GREETING


def test_events_may_come_before_the_handshake_reply() -> None:
    client = EngineClient(on_handshake=lambda _: GREETING, deliver_with_handshake=True, handshake_order="events-first")
    messages = client.send({"channel": "/meta/handshake", "supportedConnectionTypes": ["long-polling"]})
    assert [message["channel"] for message in messages] == ["/hello", "/hello", "/meta/handshake"]


@pytest.mark.parametrize("ext", [None, {"ack": True}])
def test_otherwise_events_wait_for_the_first_connect(ext: Any) -> None:
    client = EngineClient(on_handshake=lambda _: GREETING, ack_object=True)
    assert "x-messages" not in client.handshake(ext=ext)
    assert client.events(ext={"ack": 1}) == [1, 2]


def test_events_with_acknowledgement_belong_to_the_batch_of_the_reply() -> None:
    client = EngineClient(replay=False, on_handshake=lambda _: GREETING, deliver_with_handshake=True)
    assert client.handshake(ext={"ack": True})["ext"] == {"ack": {"enabled": True, "batch": 1}}
    assert client.events(ext={"ack": 0}) == [1, 2]
    assert client.events(ext={"ack": 2}) == []


def test_without_events_there_is_no_count() -> None:
    assert "x-messages" not in EngineClient(on_handshake=lambda _: [], deliver_with_handshake=True).handshake()


def test_messages_together_with_a_handshake_have_no_session_yet() -> None:
    client = EngineClient()
    handshake = {"channel": "/meta/handshake", "supportedConnectionTypes": ["long-polling"]}
    replies = client.send(handshake, {"channel": "/meta/subscribe", "subscription": "/x", "id": 2})
    assert replies[0]["successful"]
    assert replies[1]["id"] == 2
    assert replies[1]["error"] == "402::session_unknown"


def test_connection_types_are_offered_in_order() -> None:
    types = ("callback-polling", "long-polling", "websocket")
    assert EngineClient(connection_types=types).handshake()["supportedConnectionTypes"] == list(types)

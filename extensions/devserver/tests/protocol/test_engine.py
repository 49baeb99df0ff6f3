from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from extensions.devserver.tests.engine_client import EngineClient

if TYPE_CHECKING:
    from pybayeux_devserver.protocol.sessions import Session


def test_replies_have_the_order_of_the_requests() -> None:
    client = EngineClient(replay=False).join()
    replies = client.send(
        client.message("/meta/subscribe", subscription="/a", id="1"),
        client.message("/b", data=1, id="2"),
        client.message("/meta/unsubscribe", subscription="/a", id="3"),
    )
    assert [reply["id"] for reply in replies] == ["1", "2", "3"]


def test_reply_ext_is_added_to_replies_and_not_to_events() -> None:
    client = EngineClient(reply_ext=lambda reply: {"of": reply["channel"], "good": reply["successful"]})
    assert client.handshake(ext={"ack": True})["ext"] == {
        "replay": True,
        "ack": True,
        "of": "/meta/handshake",
        "good": True,
    }
    assert client.connect()[0]["ext"] == {"ack": 1, "of": "/meta/connect", "good": True}
    assert client.ask("/a/*", data=1)["ext"] == {"of": "/a/*", "good": False}
    client.ask("/meta/subscribe", subscription="/a")
    client.engine.publish("/a", 1)
    assert [message.get("ext", {}).get("of") for message in client.connect()] == [None, "/meta/connect"]


@pytest.mark.parametrize("channel", [None, 7])
def test_a_message_without_a_channel(channel: Any) -> None:
    reply = EngineClient().send({"channel": channel, "id": "1"})[0]
    assert reply["error"] == "400::channel_missing"
    assert reply["id"] == "1"


def test_numeric_ids_are_returned_unchanged() -> None:
    assert EngineClient().handshake(id=7)["id"] == 7


def test_server_publishes_what_json_can_encode() -> None:
    client = EngineClient(replay=False).join("/a")
    client.engine.publish("/a", {"when": date(2026, 11, 23)})
    assert client.events() == [{"when": "2026-11-23"}]
    with pytest.raises(TypeError):
        client.engine.publish("/a", object())
    with pytest.raises(ValueError, match="expected a broadcast channel"):
        client.engine.publish("/meta/x", 1)


def test_published_data_is_copied() -> None:
    client = EngineClient(replay=False).join("/a")
    data = {"n": 1}
    client.engine.publish("/a", data)
    data["n"] = 2
    assert client.events() == [{"n": 1}]


def test_any_message_can_be_pushed_to_one_session_or_all() -> None:
    client = EngineClient().join()
    other = EngineClient(client.engine).join()
    client.engine.push({"channel": "/service/data", "data": 1})
    client.engine.push({"channel": "/service/data", "data": 2}, other.client_id)
    assert client.events() == [1]
    assert other.events() == [1, 2]


def test_dropped_session_answers_its_held_connect_and_is_unknown_afterwards() -> None:
    client = EngineClient().join()
    exchange = client.begin(client.connect_message())
    woken: list[bool] = []
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    assert client.engine.drop() == 1
    assert woken
    assert client.engine.finish(exchange).messages == [{"channel": "/meta/connect", "successful": True}]
    assert client.connect()[0]["advice"]["reconnect"] == "handshake"
    assert client.engine.drop() == 0


def test_a_dropped_session_may_stay_held_until_its_timeout() -> None:
    client = EngineClient(timeout=30).join()
    exchange = client.begin(client.connect_message())
    woken: list[bool] = []
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    client.engine.drop(at_once=False)
    assert not woken
    reply = client.engine.finish(exchange).messages[0]
    assert reply["successful"]
    assert reply["advice"] == {"reconnect": "none", "interval": 0, "timeout": 30_000}


class Stream:
    """Records the sessions that are flushed and ended."""

    def __init__(self) -> None:
        self.flushed: list[Session] = []
        self.left: list[Session] = []

    def flush(self, session: Session) -> None:
        self.flushed.append(session)

    def end_session(self, session: Session) -> None:
        self.left.append(session)


def test_session_uses_the_stream_until_it_connects_over_another() -> None:
    client, stream = EngineClient(replay=False), Stream()
    client.handshake()
    [session] = client.engine.sessions
    client.engine.receive([client.message("/meta/subscribe", subscription="/a")], client.caller, stream)
    client.engine.publish("/a", 1)
    assert stream.flushed == [session]
    assert session.queue.take() == [{"channel": "/a", "data": 1}]
    client.connect()
    client.engine.receive([client.message("/b", data=1)], client.caller, stream)
    client.engine.publish("/a", 2)
    assert stream.flushed == [session]
    assert client.events() == [2]


def test_connect_on_a_stream_is_held_although_there_are_events() -> None:
    client, stream = EngineClient(replay=False).join("/a"), Stream()
    client.engine.publish("/a", 1)
    exchange = client.engine.receive([client.connect_message()], client.caller, stream)
    assert exchange.hold is not None
    assert exchange.hold.timeout
    assert len(stream.flushed) == 1
    assert client.engine.finish(exchange).messages == [{"channel": "/meta/connect", "successful": True}]


def test_events_wait_after_the_stream_has_ended() -> None:
    client, stream = EngineClient(replay=False).join("/a"), Stream()
    client.engine.receive([client.connect_message()], client.caller, stream)
    client.engine.detach(Stream())
    assert client.engine.sessions[0].stream is stream
    client.engine.detach(stream)
    client.engine.publish("/a", 1)
    assert stream.flushed == []
    assert client.events() == [1]


def test_stream_is_closed_when_its_session_is_dropped_at_once() -> None:
    client, stream = EngineClient().join(), Stream()
    [session] = client.engine.sessions
    client.engine.receive([client.connect_message()], client.caller, stream)
    client.engine.drop(at_once=True)
    assert stream.left == [session]
    assert stream.flushed == []


def test_disconnected_session_receives_a_disconnect_and_its_reply() -> None:
    client, woken = EngineClient().join(), list[bool]()
    exchange = client.begin(client.connect_message())
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    assert client.engine.disconnect() == 1
    assert woken
    disconnect, reply = client.engine.finish(exchange).messages
    assert disconnect == {"channel": "/meta/disconnect", "successful": True}
    assert reply["advice"]["reconnect"] == "none"


def test_one_session_can_be_dropped() -> None:
    client = EngineClient().join()
    other = EngineClient(client.engine).join()
    assert client.engine.drop(other.client_id) == 1
    assert [session.client_id for session in client.engine.sessions] == [client.client_id]


def test_wake_answers_every_held_connect() -> None:
    client = EngineClient().join()
    exchange = client.begin(client.connect_message())
    woken: list[bool] = []
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    EngineClient(client.engine).join()
    client.engine.wake()
    assert woken == [True]

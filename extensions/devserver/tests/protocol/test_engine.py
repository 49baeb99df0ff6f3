from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from extensions.devserver.tests.engine_client import EngineClient

if TYPE_CHECKING:
    from pybayeux_devserver.protocol.sessions import Session


def test_replies_come_in_the_order_of_the_requests() -> None:
    client = EngineClient(replay=False).join()
    replies = client.send(
        client.message("/meta/subscribe", subscription="/a", id="1"),
        client.message("/b", data=1, id="2"),
        client.message("/meta/unsubscribe", subscription="/a", id="3"),
    )
    assert [reply["id"] for reply in replies] == ["1", "2", "3"]


def test_replies_can_say_more_in_their_ext_and_events_do_not() -> None:
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


def test_numbers_come_back_as_ids_just_as_they_went() -> None:
    assert EngineClient().handshake(id=7)["id"] == 7


def test_the_server_publishes_what_json_can_say() -> None:
    client = EngineClient(replay=False).join("/a")
    client.engine.publish("/a", {"when": date(2026, 11, 23)})
    assert client.events() == [{"when": "2026-11-23"}]
    with pytest.raises(TypeError):
        client.engine.publish("/a", object())
    with pytest.raises(ValueError, match="expected a broadcast channel"):
        client.engine.publish("/meta/x", 1)


def test_published_data_may_change_afterwards() -> None:
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


def test_a_dropped_session_answers_its_held_connect_and_knows_nothing_afterwards() -> None:
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
    """Remembers the sessions that it is told to send or to leave."""

    def __init__(self) -> None:
        self.flushed: list[Session] = []
        self.left: list[Session] = []

    def flush(self, session: Session) -> None:
        self.flushed.append(session)

    def end_session(self, session: Session) -> None:
        self.left.append(session)


def test_a_session_streams_from_its_first_message_until_it_connects_otherwise() -> None:
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


def test_a_connect_on_a_stream_waits_although_there_are_events() -> None:
    client, stream = EngineClient(replay=False).join("/a"), Stream()
    client.engine.publish("/a", 1)
    exchange = client.engine.receive([client.connect_message()], client.caller, stream)
    assert exchange.hold is not None
    assert exchange.hold.timeout
    assert len(stream.flushed) == 1
    assert client.engine.finish(exchange).messages == [{"channel": "/meta/connect", "successful": True}]


def test_events_wait_where_the_stream_has_ended() -> None:
    client, stream = EngineClient(replay=False).join("/a"), Stream()
    client.engine.receive([client.connect_message()], client.caller, stream)
    client.engine.detach(Stream())
    assert client.engine.sessions[0].stream is stream
    client.engine.detach(stream)
    client.engine.publish("/a", 1)
    assert stream.flushed == []
    assert client.events() == [1]


def test_a_stream_ends_with_its_session_where_that_is_dropped_at_once() -> None:
    client, stream = EngineClient().join(), Stream()
    [session] = client.engine.sessions
    client.engine.receive([client.connect_message()], client.caller, stream)
    client.engine.drop(at_once=True)
    assert stream.left == [session]
    assert stream.flushed == []


def test_a_disconnected_session_is_told_and_its_connect_answered() -> None:
    client, woken = EngineClient().join(), list[bool]()
    exchange = client.begin(client.connect_message())
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    assert client.engine.disconnect() == 1
    assert woken
    told, reply = client.engine.finish(exchange).messages
    assert told == {"channel": "/meta/disconnect", "successful": True}
    assert reply["advice"]["reconnect"] == "none"


def test_one_session_can_be_dropped() -> None:
    client = EngineClient().join()
    other = EngineClient(client.engine).join()
    assert client.engine.drop(other.client_id) == 1
    assert [session.client_id for session in client.engine.sessions] == [client.client_id]


def test_waking_reaches_every_held_connect() -> None:
    client = EngineClient().join()
    exchange = client.begin(client.connect_message())
    woken: list[bool] = []
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    EngineClient(client.engine).join()
    client.engine.wake()
    assert woken == [True]

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from extensions.devserver.tests.conversation import Talk


def test_replies_come_in_the_order_of_the_requests() -> None:
    talk = Talk(replay=False).join()
    replies = talk.send(
        talk.message("/meta/subscribe", subscription="/a", id="1"),
        talk.message("/b", data=1, id="2"),
        talk.message("/meta/unsubscribe", subscription="/a", id="3"),
    )
    assert [reply["id"] for reply in replies] == ["1", "2", "3"]


@pytest.mark.parametrize("channel", [None, 7])
def test_a_message_without_a_channel(channel: Any) -> None:
    reply = Talk().send({"channel": channel, "id": "1"})[0]
    assert reply["error"] == "400::channel_missing"
    assert reply["id"] == "1"


def test_numbers_come_back_as_ids_just_as_they_went() -> None:
    assert Talk().handshake(id=7)["id"] == 7


def test_the_server_publishes_what_json_can_say() -> None:
    talk = Talk(replay=False).join("/a")
    talk.engine.publish("/a", {"when": date(2026, 11, 23)})
    assert talk.events() == [{"when": "2026-11-23"}]
    with pytest.raises(TypeError):
        talk.engine.publish("/a", object())
    with pytest.raises(ValueError, match="no broadcast channel"):
        talk.engine.publish("/meta/x", 1)


def test_published_data_may_change_afterwards() -> None:
    talk = Talk(replay=False).join("/a")
    data = {"n": 1}
    talk.engine.publish("/a", data)
    data["n"] = 2
    assert talk.events() == [{"n": 1}]


def test_any_message_can_be_pushed_to_one_session_or_all() -> None:
    talk = Talk().join()
    other = Talk(talk.engine).join()
    talk.engine.push({"channel": "/service/data", "data": 1})
    talk.engine.push({"channel": "/service/data", "data": 2}, other.client_id)
    assert talk.events() == [1]
    assert other.events() == [1, 2]


def test_a_dropped_session_answers_its_held_connect_and_knows_nothing_afterwards() -> None:
    talk = Talk().join()
    exchange = talk.begin(talk.connect_message())
    woken: list[bool] = []
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    assert talk.engine.drop() == 1
    assert woken
    assert talk.engine.finish(exchange).messages == [{"channel": "/meta/connect", "successful": True}]
    assert talk.connect()[0]["advice"]["reconnect"] == "handshake"
    assert talk.engine.drop() == 0


def test_a_dropped_session_may_stay_held_until_its_timeout() -> None:
    talk = Talk(timeout=30).join()
    exchange = talk.begin(talk.connect_message())
    woken: list[bool] = []
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    talk.engine.drop(at_once=False)
    assert not woken
    reply = talk.engine.finish(exchange).messages[0]
    assert reply["successful"]
    assert reply["advice"] == {"reconnect": "none", "interval": 0, "timeout": 30_000}


def test_one_session_can_be_dropped() -> None:
    talk = Talk().join()
    other = Talk(talk.engine).join()
    assert talk.engine.drop(other.client_id) == 1
    assert [session.client_id for session in talk.engine.sessions] == [talk.client_id]


def test_waking_reaches_every_held_connect() -> None:
    talk = Talk().join()
    exchange = talk.begin(talk.connect_message())
    woken: list[bool] = []
    assert exchange.hold is not None
    exchange.hold.when_woken(lambda: woken.append(True))
    Talk(talk.engine).join()
    talk.engine.wake()
    assert woken == [True]

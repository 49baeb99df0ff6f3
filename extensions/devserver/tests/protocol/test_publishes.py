from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.engine_client import EngineClient


@pytest.mark.parametrize("data", [{"a": 1}, [], "", 0, False, None, "ü€"])
def test_an_event_arrives_as_it_was_published(data: Any) -> None:
    client = EngineClient(replay=False).join("/a")
    assert client.ask("/b", data=data, id="4") == {"channel": "/b", "id": "4", "successful": True}
    other = EngineClient(client.engine).join()
    other.send(other.message("/a", data=data, id="5"))
    assert client.connect() == [{"channel": "/a", "data": data}, {"channel": "/meta/connect", "successful": True}]


def test_reply_to_a_publication_carries_events() -> None:
    client = EngineClient(replay=False).join("/a")
    replies = client.send(client.message("/a", data=1, id="5"))
    assert replies == [{"channel": "/a", "data": 1}, {"channel": "/a", "id": "5", "successful": True}]


def test_events_wait_for_a_held_connect() -> None:
    client = EngineClient(replay=False).join("/a")
    held = client.begin(client.connect_message())
    assert client.send(client.message("/a", data=1)) == [{"channel": "/a", "successful": True}]
    assert client.engine.finish(held).messages[0]["data"] == 1


def test_connect_only_keeps_events_for_connects() -> None:
    client = EngineClient(replay=False, connect_only=True).join("/a")
    assert client.send(client.message("/a", data=1)) == [{"channel": "/a", "successful": True}]
    assert client.events() == [1]


def test_events_can_carry_the_id_of_their_publisher() -> None:
    client = EngineClient(replay=False, event_ids=True).join("/a")
    assert client.send(client.message("/a", data=1, id="5"))[0] == {"channel": "/a", "data": 1, "id": "5"}


def test_events_carry_the_ext_of_their_publisher() -> None:
    client = EngineClient(replay=False).join("/a")
    assert client.send(client.message("/a", data=1, ext={"mark": 1}))[0] == {
        "channel": "/a",
        "data": 1,
        "ext": {"mark": 1},
    }


def test_echo_to_publisher_can_be_off() -> None:
    client = EngineClient(replay=False, echo_to_publisher=False).join("/a")
    other = EngineClient(client.engine).join("/a")
    client.send(client.message("/a", data=1))
    assert client.events() == []
    assert other.events() == [1]


def test_publishing_needs_a_session() -> None:
    client = EngineClient()
    assert client.send({"channel": "/a", "data": 1, "id": "1"}) == [
        {"channel": "/a", "id": "1", "successful": False, "error": "402::session_unknown"}
    ]
    assert client.ask("/a", data=1)["error"] == "402::session_unknown"


def test_publishing_without_a_session_can_be_allowed() -> None:
    client = EngineClient(replay=False, anonymous_publish=True).join("/a")
    assert client.send({"channel": "/a", "data": 1}) == [{"channel": "/a", "successful": True}]
    assert client.send({"channel": "/service/echo", "data": 1}) == [{"channel": "/service/echo", "successful": True}]
    assert client.events() == [1]


@pytest.mark.parametrize(
    ("channel", "members", "error"),
    [
        ("/meta/bogus", {"data": 1}, "404::unknown_channel"),
        ("/a/*", {"data": 1}, "405::channel_invalid"),
        ("/a", {}, "400::data_missing"),
        ("/secret", {"data": 1}, "403:denied_by_security_policy:publish_denied"),
    ],
)
def test_a_refused_publication(channel: str, members: dict[str, Any], error: str) -> None:
    client = EngineClient(deny_publish=("/secret",)).join()
    assert client.ask(channel, **members)["error"] == error


def test_service_messages_are_private() -> None:
    client = EngineClient(replay=False).join()
    other = EngineClient(client.engine).join("/**")
    assert client.ask("/service/other", data=1)["successful"]
    assert other.events() == []


def test_a_service_answers_with_the_id_of_the_call() -> None:
    client = EngineClient().join()
    replies = client.send(client.message("/service/echo", data={"a": 1}, id="8"))
    assert replies == [
        {"channel": "/service/echo", "data": {"a": 1}, "id": "8", "successful": True},
        {"channel": "/service/echo", "id": "8", "successful": True},
    ]


@pytest.mark.parametrize(("service", "why"), [(lambda n: 1 / n, "division by zero"), (lambda _: object(), "object")])
def test_a_failing_service_fails_the_call(service: Any, why: str) -> None:
    client = EngineClient(services={"/service/x": service}).join()
    answer = client.send(client.message("/service/x", data=0))[0]
    assert answer["successful"] is False
    assert why in answer["data"]

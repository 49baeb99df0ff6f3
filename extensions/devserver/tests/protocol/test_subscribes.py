from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.engine_client import EngineClient


@pytest.mark.parametrize("subscription", ["/a", ["/a", "/b/**"]])
def test_reply_repeats_the_subscription(subscription: Any) -> None:
    client = EngineClient().join()
    for channel in ("/meta/subscribe", "/meta/unsubscribe"):
        reply = client.ask(channel, subscription=subscription, id="5")
        assert reply == {"channel": channel, "id": "5", "successful": True, "subscription": subscription}


def test_event_is_delivered_once_for_several_matching_subscriptions() -> None:
    client = EngineClient(replay=False).join("/a/b", "/a/*", "/**")
    client.engine.publish("/a/b", 1)
    assert client.events() == [1]


def test_no_events_after_unsubscribing() -> None:
    client = EngineClient(replay=False).join("/a", "/b")
    client.engine.publish("/a", 1)
    assert client.send(client.message("/meta/unsubscribe", subscription="/a"))[0]["data"] == 1
    client.engine.publish("/a", 2)
    client.engine.publish("/b", 3)
    assert client.events() == [3]


@pytest.mark.parametrize(
    ("subscription", "error"),
    [
        (None, "403::subscription_missing"),
        ("/meta/x", "403::subscribe_failed"),
        ("noslash", "403::subscription_invalid"),
        (["/a", "/meta/x"], "403::subscribe_failed"),
    ],
)
def test_a_refused_subscription(subscription: Any, error: str) -> None:
    client = EngineClient(replay=False).join()
    reply = client.ask("/meta/subscribe", subscription=subscription)
    assert (reply["successful"], reply["error"], reply.get("subscription")) == (False, error, subscription)
    client.engine.publish("/a", 1)
    assert client.events() == []


def test_channels_can_be_denied() -> None:
    client = EngineClient(deny_subscribe=("/secret/**",)).join()
    reply = client.ask("/meta/subscribe", subscription="/secret/a")
    assert reply["error"] == "403:denied_by_security_policy:subscribe_denied"


def test_subscribing_to_a_service_succeeds_without_effect() -> None:
    client = EngineClient().join("/service/x")
    assert client.engine.sessions[0].subscriptions == set()


@pytest.mark.parametrize("channel", ["/meta/subscribe", "/meta/unsubscribe", "/meta/disconnect"])
def test_without_a_session_there_is_an_error_and_no_advice(channel: str) -> None:
    reply = EngineClient().ask(channel, subscription="/a")
    assert reply["error"] == "402::session_unknown"
    assert "advice" not in reply


def test_disconnecting_ends_the_session_and_answers_the_held_connect() -> None:
    client = EngineClient().join()
    held = client.begin(client.connect_message())
    woken: list[bool] = []
    assert held.hold is not None
    held.hold.when_woken(lambda: woken.append(True))
    assert client.ask("/meta/disconnect", id="9") == {"channel": "/meta/disconnect", "id": "9", "successful": True}
    assert woken
    reply = client.engine.finish(held).messages[0]
    assert reply["successful"]
    assert reply["advice"]["reconnect"] == "none"
    assert client.engine.sessions == ()

from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.engine_client import Clock, EngineClient
from pybayeux_devserver.protocol.authentication import Tokens, bearer_token
from pybayeux_devserver.protocol.exchange import Caller


def _talk(token: str | None = None, **options: Any) -> EngineClient:
    client = EngineClient(tokens=("good",), **options)
    client.caller = Caller(token)
    return client


def test_tokens_expire_after_their_lifetime() -> None:
    clock = Clock()
    tokens = Tokens(["first"], clock)
    second = tokens.issue(lifetime=5)
    assert tokens.accepts("first")
    assert tokens.accepts(second)
    clock.now += 5
    assert not tokens.accepts(second)
    assert tokens.accepts("first")


def test_one_token_or_all_can_be_revoked() -> None:
    tokens = Tokens(["a", "b", "c"], Clock())
    tokens.revoke("a")
    assert [tokens.accepts(token) for token in "abc"] == [False, True, True]
    tokens.revoke()
    assert not any(tokens.accepts(token) for token in "abc")
    assert tokens.required
    tokens.add("a")
    assert tokens.accepts("a")


def test_no_token_is_required_before_one_is_added() -> None:
    tokens = Tokens([], Clock())
    assert not tokens.required
    assert not tokens.accepts(None)
    assert EngineClient().handshake()["successful"]


@pytest.mark.parametrize(
    ("header", "token"),
    [
        (None, None),
        ("", None),
        ("Bearer good", "good"),
        ("bearer  good ", "good"),
        ("OAuth good", "good"),
        ("Basic good", None),
        ("Bearer", None),
    ],
)
def test_bearer_token(header: str | None, token: str | None) -> None:
    assert bearer_token(header) == token


def test_a_token_in_the_header_of_every_request() -> None:
    client = _talk("good").join("/a")
    assert client.ask("/a", data=1)["successful"]
    client.caller = Caller(None, client.caller.browser)
    assert client.ask("/a", data=1)["error"] == "401::Authentication invalid"


@pytest.mark.parametrize("ext", [{"token": "good"}, {"token": {"token": "good"}}])
def test_token_in_the_ext_of_the_handshake_is_valid_for_the_session(ext: Any) -> None:
    assert _talk().join("/a", ext=ext).ask("/a", data=1)["successful"]


def test_member_of_ext_is_an_option() -> None:
    assert _talk(token_member="com.example").handshake(ext={"com.example": "good"})["successful"]
    assert not _talk(token_member="com.example").handshake(ext={"token": "good"})["successful"]


@pytest.mark.parametrize("ext", [None, {}, {"token": "bad"}, {"token": 7}, "token"])
def test_a_handshake_without_a_valid_token(ext: Any) -> None:
    client = _talk()
    reply = client.handshake(ext=ext)
    assert reply["error"] == "401::Authentication invalid"
    assert reply["advice"] == {"reconnect": "handshake", "interval": 0}
    assert client.engine.sessions == ()


def test_salesforce_style_has_the_cause_in_ext() -> None:
    reply = _talk(auth_style="salesforce").handshake()
    assert reply["error"] == "403::Handshake denied"
    assert reply["ext"]["sfdc"] == {"failureReason": "401::Authentication invalid"}
    assert reply["advice"] == {"reconnect": "none"}


@pytest.mark.parametrize("style", ["bayeux", "salesforce"])
def test_connect_with_an_invalid_token(style: str) -> None:
    client = _talk("good", auth_style=style).join()
    client.engine.tokens.revoke("good")
    reply = client.connect()[0]
    assert reply["error"] == "401::Authentication invalid"
    assert reply["advice"] == {"reconnect": "none", "interval": 0}


def test_other_messages_with_an_invalid_token_get_no_advice() -> None:
    client = _talk("good").join()
    client.engine.tokens.revoke()
    reply = client.ask("/meta/subscribe", subscription="/a")
    assert reply["error"] == "401::Authentication invalid"
    assert "advice" not in reply


def test_token_revoked_during_a_held_connect_fails_it_and_keeps_events() -> None:
    client = _talk("good", replay=False).join("/a")
    exchange = client.begin(client.connect_message())
    client.engine.publish("/a", 1)
    client.engine.tokens.revoke()
    assert [reply["error"] for reply in client.engine.finish(exchange).messages] == ["401::Authentication invalid"]
    client.engine.tokens.add("good")
    assert client.events() == [1]


def test_unknown_session_is_reported_before_a_missing_token() -> None:
    client = _talk().join(ext={"token": "good"})
    client.engine.drop()
    assert client.connect()[0]["error"] == "402::session_unknown"


def test_invalid_token_is_reported_before_an_unknown_session() -> None:
    assert _talk("bad").connect()[0]["error"] == "401::Authentication invalid"


def test_http_refuses_the_whole_request() -> None:
    client = _talk("good", auth_style="http").join()
    exchange = client.begin(client.connect_message())
    client.engine.tokens.revoke()
    assert client.engine.finish(exchange).status == 401
    assert client.engine.finish(client.begin(client.message("/a", data=1))).status == 401


@pytest.mark.parametrize(("token", "accepted"), [("good", True), ("bad", False), (None, False)])
def test_publishing_without_a_session_needs_a_token_too(token: str | None, accepted: bool) -> None:
    client = _talk(token, anonymous_publish=True)
    assert client.send({"channel": "/a", "data": 1})[0]["successful"] is accepted

from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.conversation import Talk
from pybayeux_devserver.exchange import Caller


def test_a_handshake_begins_a_session() -> None:
    talk = Talk(replay=False, timeout=1.5, interval=0.25)
    reply = talk.handshake(id="7")
    assert reply == {
        "channel": "/meta/handshake",
        "id": "7",
        "successful": True,
        "clientId": talk.client_id,
        "version": "1.0",
        "minimumVersion": "1.0",
        "supportedConnectionTypes": ["long-polling"],
        "advice": {"reconnect": "retry", "interval": 250, "timeout": 1500},
    }
    assert [session.client_id for session in talk.engine.sessions] == [talk.client_id]


def test_more_advice_can_be_given() -> None:
    advice = Talk(advice={"maxInterval": 5000}).handshake()["advice"]
    assert advice["maxInterval"] == 5000
    assert advice["reconnect"] == "retry"


@pytest.mark.parametrize("types", [None, [], "long-polling", ["smoke", 1]])
def test_without_a_common_connection_type_there_is_no_session(types: Any) -> None:
    talk = Talk()
    reply = talk.handshake(supportedConnectionTypes=types)
    assert reply["successful"] is False
    assert reply["error"].startswith("301:")
    assert reply["supportedConnectionTypes"] == ["long-polling"]
    assert reply["advice"] == {"reconnect": "none"}
    assert talk.engine.sessions == ()


def test_the_cookie_binds_the_session_and_is_kept() -> None:
    talk = Talk()
    talk.handshake()
    browser = talk.caller.browser
    assert browser is not None
    talk.handshake()
    assert talk.caller.browser == browser
    talk.caller = Caller()
    assert talk.connect()[0]["error"] == "402::session_unknown"


def test_a_server_without_cookies_binds_nothing() -> None:
    talk = Talk(cookie=False)
    talk.handshake()
    assert talk.caller.browser is None
    assert talk.connect()[0]["successful"]


def test_what_comes_with_a_handshake_has_no_session_yet() -> None:
    talk = Talk()
    handshake = {"channel": "/meta/handshake", "supportedConnectionTypes": ["long-polling"]}
    replies = talk.send(handshake, {"channel": "/meta/subscribe", "subscription": "/x", "id": 2})
    assert replies[0]["successful"]
    assert replies[1]["id"] == 2
    assert replies[1]["error"] == "402::session_unknown"

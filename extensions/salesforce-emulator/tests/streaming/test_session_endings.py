from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import OrgClient, error
from pybayeux_salesforce_emulator.streaming.session_endings import SESSION_ENDINGS

UNKNOWN = "403::Unknown client"


@pytest.mark.parametrize(
    ("variant", "words", "advice"),
    [
        ("handshake", UNKNOWN, {"interval": 0, "reconnect": "handshake"}),
        ("advice-none", UNKNOWN, {"reconnect": "none"}),
        ("no-advice", UNKNOWN, None),
        ("interval", UNKNOWN, {"interval": 500, "reconnect": "handshake"}),
        ("402", "402::Unknown client", {"interval": 0, "reconnect": "handshake"}),
    ],
)
@pytest.mark.parametrize("held", [True, False])
def test_reply_of_each_variant(variant: str, words: str, advice: Any, held: bool) -> None:
    client = OrgClient().join()
    if held:
        context = client.hold(id="9")
        assert client.org.kill_sessions(variant) == 1
        [reply] = client.end(context)
    else:
        client.org.kill_sessions(variant)
        [reply] = client.connect(id="9")
    assert (error(reply), reply.get("advice"), reply["id"]) == (words, advice, "9")
    assert client.handshake()["successful"]


def test_server_disconnect_comes_before_the_failure() -> None:
    client = OrgClient().join()
    context = client.hold(id="9")
    client.org.kill_sessions("meta-disconnect")
    disconnect_first, reply = client.end(context)
    assert disconnect_first == {"channel": "/meta/disconnect"}
    assert (error(reply), reply["advice"]) == (UNKNOWN, {"reconnect": "none"})


def test_anonymous_variant_has_neither_channel_nor_id() -> None:
    client = OrgClient().join()
    client.org.kill_sessions("anonymous")
    assert client.connect(id="9") == [
        {"error": UNKNOWN, "successful": False, "advice": {"interval": 0, "reconnect": "handshake"}}
    ]


def test_every_variant_has_an_error() -> None:
    assert all("nknown client" in ending["error"] for ending in SESSION_ENDINGS.values())


def test_one_session_only() -> None:
    client = OrgClient().join()
    other = OrgClient(client.org).join()
    assert client.org.kill_sessions(client_id=client.client_id) == 1
    assert other.connect()[0]["successful"]


def test_an_unknown_variant() -> None:
    with pytest.raises(LookupError, match="advice-none"):
        OrgClient().org.kill_sessions("politely")

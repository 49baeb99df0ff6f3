from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.salesforce.conversation import Guest, error
from pybayeux_devserver.salesforce.farewells import FAREWELLS

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
def test_how_a_client_learns_that_its_session_is_gone(variant: str, words: str, advice: Any, held: bool) -> None:
    guest = Guest().join()
    if held:
        visit = guest.hold(id="9")
        assert guest.org.kill_sessions(variant) == 1
        [reply] = guest.end(visit)
    else:
        guest.org.kill_sessions(variant)
        [reply] = guest.connect(id="9")
    assert (error(reply), reply.get("advice"), reply["id"]) == (words, advice, "9")
    assert guest.handshake()["successful"]


def test_a_disconnect_of_the_servers_own_comes_before_it() -> None:
    guest = Guest().join()
    visit = guest.hold(id="9")
    guest.org.kill_sessions("meta-disconnect")
    goodbye, reply = guest.end(visit)
    assert goodbye == {"channel": "/meta/disconnect"}
    assert (error(reply), reply["advice"]) == (UNKNOWN, {"reconnect": "none"})


def test_as_the_documentation_prints_it() -> None:
    guest = Guest().join()
    guest.org.kill_sessions("anonymous")
    assert guest.connect(id="9") == [
        {"error": UNKNOWN, "successful": False, "advice": {"interval": 0, "reconnect": "handshake"}}
    ]


def test_every_variant_has_words() -> None:
    assert all("nknown client" in farewell["error"] for farewell in FAREWELLS.values())


def test_one_session_only() -> None:
    guest = Guest().join()
    other = Guest(guest.org).join()
    assert guest.org.kill_sessions(client_id=guest.client_id) == 1
    assert other.connect()[0]["successful"]


def test_an_unknown_variant() -> None:
    with pytest.raises(LookupError, match="advice-none"):
        Guest().org.kill_sessions("politely")

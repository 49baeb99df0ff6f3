from __future__ import annotations

from extensions.devserver.tests.salesforce.conversation import Guest, Org, cause, error
from pybayeux_devserver.salesforce.cookies import BALANCER, BROWSER


def test_a_session_begins() -> None:
    guest = Guest()
    assert guest.handshake(id="305") == {
        "ext": {"replay": True, "payload.format": True},
        "minimumVersion": "1.0",
        "clientId": guest.client_id,
        "supportedConnectionTypes": ["long-polling"],
        "channel": "/meta/handshake",
        "id": "305",
        "version": "1.0",
        "successful": True,
    }
    assert set(guest.jar) == {BALANCER, BROWSER, "BrowserId"}


def test_a_jar_keeps_its_cookies_over_handshakes() -> None:
    guest = Guest().join()
    before = dict(guest.jar)
    guest.handshake()
    assert guest.jar == before


def test_shaking_hands_again_ends_the_session_before() -> None:
    guest = Guest().join()
    older = guest.client_id
    visit = guest.hold()
    assert guest.handshake()["successful"]
    assert [session.client_id for session in guest.org.sessions] == [guest.client_id]
    assert guest.client_id != older
    assert error(guest.end(visit)[0]) == "403::Unknown client"


def test_long_polling_is_all_there_is() -> None:
    reply = Guest().handshake(supportedConnectionTypes=["websocket"])
    assert error(reply) == "400::Invalid connection type {websocket}"


def test_a_busy_server_says_so_in_one_place_only() -> None:
    org = Org()
    org.busy()
    guest = Guest(org)
    reply = guest.handshake()
    assert error(reply) == "403::Handshake denied"
    assert cause(reply) == "503::Server is too busy. Please try your request again later."
    assert reply["advice"] == {"reconnect": "none"}
    assert guest.handshake()["successful"]


def test_a_wrong_version_is_a_denied_handshake() -> None:
    guest = Guest()
    guest.version_error = "400::Unsupported API version."
    reply = guest.handshake()
    assert error(reply) == "403::Handshake denied"
    assert cause(reply) == "400::Unsupported API version."

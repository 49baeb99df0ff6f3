from __future__ import annotations

from emulator_support.org_client import Org, OrgClient, cause, error
from pybayeux_salesforce_emulator.streaming.cookies import BALANCER, BROWSER


def test_a_session_begins() -> None:
    client = OrgClient()
    assert client.handshake(id="305") == {
        "ext": {"replay": True, "payload.format": True},
        "minimumVersion": "1.0",
        "clientId": client.client_id,
        "supportedConnectionTypes": ["long-polling"],
        "channel": "/meta/handshake",
        "id": "305",
        "version": "1.0",
        "successful": True,
    }
    assert set(client.jar) == {BALANCER, BROWSER, "BrowserId"}


def test_a_jar_keeps_its_cookies_over_handshakes() -> None:
    client = OrgClient().join()
    before = dict(client.jar)
    client.handshake()
    assert client.jar == before


def test_second_handshake_ends_the_first_session() -> None:
    client = OrgClient().join()
    older = client.client_id
    context = client.hold()
    assert client.handshake()["successful"]
    assert [session.client_id for session in client.org.sessions] == [client.client_id]
    assert client.client_id != older
    assert error(client.end(context)[0]) == "403::Unknown client"


def test_long_polling_is_the_only_connection_type() -> None:
    reply = OrgClient().handshake(supportedConnectionTypes=["websocket"])
    assert error(reply) == "400::Invalid connection type {websocket}"


def test_busy_server_has_its_cause_in_ext_only() -> None:
    org = Org()
    org.busy()
    client = OrgClient(org)
    reply = client.handshake()
    assert error(reply) == "403::Handshake denied"
    assert cause(reply) == "503::Server is too busy. Please try your request again later."
    assert reply["advice"] == {"reconnect": "none"}
    assert client.handshake()["successful"]


def test_a_wrong_version_is_a_denied_handshake() -> None:
    client = OrgClient()
    client.version_error = "400::Unsupported API version."
    reply = client.handshake()
    assert error(reply) == "403::Handshake denied"
    assert cause(reply) == "400::Unsupported API version."

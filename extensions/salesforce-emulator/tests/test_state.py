from __future__ import annotations

import pytest

from emulator_support.org_client import ORDERS, Org, OrgClient, error
from pybayeux_salesforce_emulator.streaming.cookies import BALANCER, BROWSER

UNKNOWN = "403::Unknown client"


def test_request_without_cookies() -> None:
    client = OrgClient().join()
    client.jar.clear()
    why = f"400::Client {client.client_id} has established a session, but no BAYEUX_BROWSER cookie present"
    assert error(client.connect()[0]) == why


@pytest.mark.parametrize(("policy", "words"), [("402", "402::Unknown client"), ("403", UNKNOWN)])
def test_error_without_cookies_is_an_option(policy: str, words: str) -> None:
    client = OrgClient(cookie_error=policy).join()
    client.jar.clear()
    assert error(client.connect()[0]) == words


def test_the_load_balancers_cookie_expires() -> None:
    client = OrgClient(cookie_lifetime=100, max_interval=200).join()
    client.org.advance(100)
    old = client.jar[BALANCER]
    assert client.connect(id="3") == [
        {
            "channel": "/meta/connect",
            "id": "3",
            "error": UNKNOWN,
            "successful": False,
            "advice": {"interval": 0, "reconnect": "handshake"},
        }
    ]
    assert client.jar[BALANCER] != old
    assert client.handshake()["successful"]
    assert client.connect()[0]["successful"]


def test_jar_that_removes_the_expired_cookie() -> None:
    client = OrgClient().join()
    del client.jar[BALANCER]
    assert error(client.connect()[0]) == UNKNOWN


def test_two_clients_with_one_jar() -> None:
    org = Org()
    older, younger = OrgClient(org).join(), OrgClient(org)
    younger.jar = older.jar
    younger.join(ORDERS)
    assert error(older.connect()[0]) == UNKNOWN
    assert younger.connect()[0]["successful"]


def test_two_clients_that_overwrite_each_others_cookies() -> None:
    org = Org()
    one, two = OrgClient(org).join(), OrgClient(org).join()
    one.jar[BROWSER] = two.jar[BROWSER]
    assert error(one.connect()[0]) == UNKNOWN
    one.jar = dict(two.jar)
    assert error(one.connect()[0]) == UNKNOWN


def test_request_without_a_handshake() -> None:
    client = OrgClient()
    client.client_id = "made-up"
    assert error(client.connect()[0]) == UNKNOWN
    reply = client.send({"channel": "/meta/subscribe", "subscription": ORDERS})[0]
    assert error(reply) == "403::Client has not completed handshake"


def test_session_expires_after_40_seconds() -> None:
    client = OrgClient().join()
    client.org.advance(39.9)
    assert client.subscribe(ORDERS)["successful"]
    client.org.advance(39.9)
    assert client.connect()[0]["successful"]
    client.org.advance(40)
    assert error(client.connect()[0]) == UNKNOWN


def test_busy_counts_refused_requests() -> None:
    org = Org()
    org.busy(2)
    assert [org.state.is_busy() for _ in range(3)] == [True, True, False]

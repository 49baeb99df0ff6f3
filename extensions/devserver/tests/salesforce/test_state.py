from __future__ import annotations

import pytest

from extensions.devserver.tests.salesforce.conversation import ORDERS, Guest, Org, error
from pybayeux_devserver.salesforce.cookies import BALANCER, BROWSER

UNKNOWN = "403::Unknown client"


def test_without_any_cookie() -> None:
    guest = Guest().join()
    guest.jar.clear()
    why = f"400::Client {guest.client_id} has established a session, but no BAYEUX_BROWSER cookie present"
    assert error(guest.connect()[0]) == why


@pytest.mark.parametrize(("policy", "words"), [("402", "402::Unknown client"), ("403", UNKNOWN)])
def test_without_any_cookie_in_other_words(policy: str, words: str) -> None:
    guest = Guest(cookie_error=policy).join()
    guest.jar.clear()
    assert error(guest.connect()[0]) == words


def test_the_load_balancers_cookie_expires() -> None:
    guest = Guest(cookie_lifetime=100, max_interval=200).join()
    guest.org.advance(100)
    old = guest.jar[BALANCER]
    assert guest.connect(id="3") == [
        {
            "channel": "/meta/connect",
            "id": "3",
            "error": UNKNOWN,
            "successful": False,
            "advice": {"interval": 0, "reconnect": "handshake"},
        }
    ]
    assert guest.jar[BALANCER] != old
    assert guest.handshake()["successful"]
    assert guest.connect()[0]["successful"]


def test_a_jar_that_drops_the_expired_cookie_itself() -> None:
    guest = Guest().join()
    del guest.jar[BALANCER]
    assert error(guest.connect()[0]) == UNKNOWN


def test_two_clients_with_one_jar() -> None:
    org = Org()
    older, younger = Guest(org).join(), Guest(org)
    younger.jar = older.jar
    younger.join(ORDERS)
    assert error(older.connect()[0]) == UNKNOWN
    assert younger.connect()[0]["successful"]


def test_two_clients_that_overwrite_each_others_cookies() -> None:
    org = Org()
    one, two = Guest(org).join(), Guest(org).join()
    one.jar[BROWSER] = two.jar[BROWSER]
    assert error(one.connect()[0]) == UNKNOWN
    one.jar = dict(two.jar)
    assert error(one.connect()[0]) == UNKNOWN


def test_whoever_never_shook_hands() -> None:
    guest = Guest()
    guest.client_id = "made-up"
    assert error(guest.connect()[0]) == UNKNOWN
    reply = guest.send({"channel": "/meta/subscribe", "subscription": ORDERS})[0]
    assert error(reply) == "403::Client has not completed handshake"


def test_silence_for_40_seconds() -> None:
    guest = Guest().join()
    guest.org.advance(39.9)
    assert guest.subscribe(ORDERS)["successful"]
    guest.org.advance(39.9)
    assert guest.connect()[0]["successful"]
    guest.org.advance(40)
    assert error(guest.connect()[0]) == UNKNOWN


def test_a_busy_server_counts_down() -> None:
    org = Org()
    org.busy(2)
    assert [org.state.is_busy() for _ in range(3)] == [True, True, False]

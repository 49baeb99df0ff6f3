from __future__ import annotations

import pytest

from emulator_support.org_client import ORDERS, Org, OrgClient, cause, error

CLIENTS = "403::Organization concurrent user limit exceeded"
DELIVERED = "403::Organization total events daily limit exceeded"


def test_client_limit() -> None:
    org = Org(max_clients=2)
    first, _ = OrgClient(org).join(), OrgClient(org).join()
    denied = OrgClient(org).handshake()
    assert error(denied) == "403::Handshake denied"
    assert cause(denied) == CLIENTS
    first.ask("/meta/disconnect")
    assert OrgClient(org).handshake()["successful"]


def test_client_without_disconnect_counts_for_40_seconds() -> None:
    org = Org(max_clients=1)
    OrgClient(org).join()
    org.advance(39)
    assert cause(OrgClient(org).handshake()) == CLIENTS
    org.advance(1)
    assert OrgClient(org).handshake()["successful"]


def test_session_on_another_server_still_counts() -> None:
    org = Org(max_clients=1)
    client = OrgClient(org).join()
    org.rebalance()
    assert error(client.connect()[0]) == "403::Unknown client"
    assert cause(client.handshake()) == CLIENTS


def test_delivery_counts_for_a_day() -> None:
    org = Org(max_delivered=4, max_interval=1e6, cookie_lifetime=1e6)
    guests = [OrgClient(org).join(ORDERS) for _ in range(2)]
    for number in range(2):
        org.order(number)
    assert [len(client.events()) for client in guests] == [2, 2]
    assert error(guests[0].connect(id="9")[0]) == DELIVERED
    assert error(guests[0].subscribe(ORDERS)) == DELIVERED
    org.advance(24 * 3600)
    guests[0].token = org.issue_token()
    assert guests[0].connect()[0]["successful"]


def test_reaching_the_delivery_limit_answers_held_connects() -> None:
    client = OrgClient().join()
    context = client.hold(id="7")
    client.org.quota("delivered")
    assert client.end(context) == [
        {
            "clientId": client.client_id,
            "advice": {"reconnect": "none", "interval": 0},
            "channel": "/meta/connect",
            "id": "7",
            "error": DELIVERED,
            "successful": False,
        }
    ]
    client.org.quota("delivered", on=False)
    assert client.connect()[0]["successful"]


@pytest.mark.parametrize(("channel", "limited"), [("/topic/Opps", True), ("/u/News", True), (ORDERS, False)])
def test_topic_limit(channel: str, limited: bool) -> None:
    org = Org(max_topic_clients=1)
    OrgClient(org).join(channel)
    reply = OrgClient(org).join().subscribe(channel)
    assert error(reply) == ("403::Subscription limit exceeded for this topic" if limited else None)


def test_limit_switched_on() -> None:
    org = Org()
    org.quota("clients")
    assert cause(OrgClient(org).handshake()) == CLIENTS
    org.quota("clients", on=False)
    org.quota("server-connections")
    assert str(cause(OrgClient(org).handshake())).startswith("403::To protect all customers from excessive use")
    org.clear_faults()
    client = OrgClient(org).join()
    org.quota("topic")
    assert error(client.subscribe("/topic/Opps")) == "403::Subscription limit exceeded for this topic"


def test_an_unknown_limit() -> None:
    with pytest.raises(ValueError, match="patience"):
        Org().quota("patience")

from __future__ import annotations

from extensions.devserver.tests.salesforce.conversation import ORDERS, Guest, Org


def test_what_can_be_seen() -> None:
    org = Org(version="60.0")
    assert org.url == "http://127.0.0.1:1"
    assert org.endpoint == "http://127.0.0.1:1/cometd/60.0"
    assert org.login_url == "http://localhost:1"
    assert org.org_id.startswith("00D")
    assert len(org.org_id) == 18
    assert org.options.version == "60.0"
    assert ORDERS in org.channels
    assert org.now == org.clock.now
    assert (org.sessions, org.requests, org.login_history, org.locked_out) == ((), (), (), ())
    assert org.logins == 0


def test_sessions() -> None:
    org = Org()
    guest = Guest(org).join(ORDERS)
    [session] = org.sessions
    assert session.client_id == guest.client_id
    assert list(session.subscriptions) == [ORDERS]

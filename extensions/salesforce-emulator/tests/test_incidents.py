from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import ORDERS, Org, OrgClient, cause, error, ids_of


def test_rebalance() -> None:
    client = OrgClient().join(ORDERS)
    context = client.hold()
    client.org.rebalance()
    assert client.end(context)[0]["successful"], "the connection stays open; the next request goes to another server"
    [reply] = client.connect()
    assert error(reply) == "403::Unknown client"
    assert reply["advice"] == {"interval": 0, "reconnect": "handshake"}
    assert client.handshake()["successful"]


@pytest.mark.parametrize(("revoke", "alive"), [(None, True), (True, False)])
def test_migrate(revoke: bool | None, alive: bool) -> None:
    org = Org()
    client = OrgClient(org).join(ORDERS)
    replay_id = org.order()
    renumbered = org.migrate(collide=False, revoke=revoke)
    assert error(client.connect()[0]) == "403::Unknown client"
    assert client.handshake()["successful"] is alive
    if alive:
        client.connect()
        assert "was invalid" in str(error(client.subscribe(ORDERS, replay_id)))
        assert client.subscribe(ORDERS, renumbered[ORDERS][replay_id])["successful"]


def test_migrate_with_move_revokes_tokens() -> None:
    org = Org()
    client, before = OrgClient(org).join(), org.url
    org.migrate(move=True)
    assert org.url != before
    assert cause(client.handshake()) == "401::Authentication invalid"
    client.token = org.issue_token()
    assert client.handshake()["successful"]


def test_clear_faults() -> None:
    org = Org()
    for quota in ("clients", "delivered", "server-connections"):
        org.quota(quota)
    org.busy(5)
    org.fail_next("http-503", 5)
    org.clear_faults()
    assert OrgClient(org).join(ORDERS).connect()[0]["successful"]
    assert org._faults.for_request("/cometd/67.0", []) is None


def test_purge_and_forget() -> None:
    org = Org()
    ids = [org.order(number) for number in range(4)]
    assert org.purge(ORDERS, before=ids[1]) == 1
    assert org.forget(ORDERS, ids[2])
    assert OrgClient(org).join(ORDERS, since=-2).ids() == [ids[1], ids[3]]
    assert org.purge(ORDERS) == 2


def test_huge_ids_of_all_channels() -> None:
    org = Org()
    org.define("/data/AccountChangeEvent")
    org.fail_next("huge-ids", distance=2**60)
    assert min(org.order(), *org.change(Name="x").values()) > 2**60


@pytest.mark.parametrize(
    ("verb", "arguments", "error", "why"),
    [
        ("define", {"channel": "/chat/x"}, ValueError, "expected a channel of an org"),
        ("purge", {"channel": "/event/Nothing__e"}, LookupError, "is not defined"),
        ("forget", {"channel": "/event/Nothing__e", "replay_id": 1}, LookupError, "is not defined"),
        ("jump", {"channel": "/event/Nothing__e"}, LookupError, "is not defined"),
        ("fail_next", {"kind": "nonsense"}, LookupError, "kind: expected one of"),
        ("advance", {"seconds": -1}, ValueError, "go back"),
    ],
)
def test_invalid_arguments_are_refused(verb: str, arguments: dict[str, Any], error: type[Exception], why: str) -> None:
    with pytest.raises(error, match=why):
        getattr(Org(), verb)(**arguments)


def test_during_a_backlog_connects_are_answered_without_events() -> None:
    client = OrgClient().join(ORDERS, "/u/News")
    client.org.backlog(ORDERS)
    client.org.order()
    client.org.order(channel="/u/News")
    assert [message["channel"] for message in client.connect()] == ["/meta/connect", "/u/News"]
    context, woken = client.hold(), list[int]()
    assert context.hold is not None
    context.hold.when_woken(lambda: woken.append(1))
    client.org.order()
    assert not woken
    assert client.end(context)[0]["successful"]


def test_after_a_backlog_its_events_are_delivered() -> None:
    client = OrgClient(backlog=(ORDERS,)).join(ORDERS)
    client.org.order()
    context, woken = client.hold(), list[int]()
    assert context.hold is not None
    context.hold.when_woken(lambda: woken.append(1))
    assert client.org.backlog(on=False) == 0
    assert woken
    assert len(ids_of(client.end(context)[1:])) == 1


def test_a_session_whose_events_were_purged_in_a_backlog_ends_and_its_position_is_invalid() -> None:
    client = OrgClient().join(ORDERS)
    last = client.org.order()
    client.connect()
    client.org.backlog()
    client.org.order()
    client.org.purge(ORDERS)
    assert client.connect()[0]["successful"]
    assert client.org.backlog(on=False) == 1
    assert error(client.connect()[0]) == "403::Unknown client"
    client.join()
    assert "was invalid" in str(error(client.subscribe(ORDERS, last)))


def test_a_session_with_an_undelivered_event_ends_when_it_is_purged() -> None:
    client = OrgClient().join(ORDERS)
    last = client.org.order()
    client.connect()
    client.org.order()
    client.org.purge(ORDERS)
    assert error(client.connect()[0]) == "403::Unknown client"
    client.join()
    assert "was invalid" in str(error(client.subscribe(ORDERS, last)))


def test_a_session_without_an_undelivered_event_outlives_a_purge() -> None:
    client = OrgClient().join(ORDERS)
    client.org.order()
    client.connect()
    client.org.purge(ORDERS)
    assert client.connect()[0]["successful"]


def test_a_session_that_began_at_the_earliest_event_after_a_purge_outlives_a_backlog() -> None:
    org = Org()
    org.order()
    org.purge(ORDERS)
    client = OrgClient(org).join()
    client.subscribe(ORDERS, -2)
    org.backlog()
    assert org.backlog(on=False) == 0


def test_a_backlog_needs_a_defined_channel() -> None:
    with pytest.raises(LookupError, match="not defined"):
        Org().backlog("/event/Nothing__e")


def test_a_migration_changes_the_instance_and_not_the_url() -> None:
    org = Org()
    before, url = org.instance_name, org.url
    org.migrate()
    assert org.instance_name != before
    assert org.url == url

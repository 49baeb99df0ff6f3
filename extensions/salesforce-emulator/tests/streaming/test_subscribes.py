from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import ORDERS, Org, OrgClient, cause, error
from pybayeux_salesforce_emulator import texts


def test_a_subscription() -> None:
    client = OrgClient().join()
    assert client.subscribe(ORDERS, -1, id="2") == {
        "clientId": client.client_id,
        "channel": "/meta/subscribe",
        "id": "2",
        "subscription": ORDERS,
        "successful": True,
    }


def test_failure_repeats_the_subscription() -> None:
    client = OrgClient().join()
    assert client.subscribe("/event/Nothing__e", id="2") == {
        "clientId": client.client_id,
        "channel": "/meta/subscribe",
        "id": "2",
        "subscription": "/event/Nothing__e",
        "error": "400::The channel you requested to subscribe to does not exist {/event/Nothing__e}",
        "successful": False,
    }


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (None, texts.NAME_MISSING),
        ("", texts.NAME_MISSING),
        ("event/Order__e", texts.NAME_WITHOUT_SLASH),
        ([ORDERS], texts.NAME_WITHOUT_SLASH),
        ("/event/order__e", texts.no_such_channel("/event/order__e")),
        ("/event/*", texts.no_such_channel("/event/*")),
        ("/chat/x", texts.no_such_channel("/chat/x")),
        ("/topic/Nothing", texts.no_such_channel("/topic/Nothing")),
        ("/u/news", texts.VARY_BY_CASE),
        ("/u/Other", texts.UNKNOWN_CHANNEL),
        ("/event/Order__e?a=b", texts.query_fields(["a"])),
    ],
)
def test_channels_that_cannot_be_subscribed_to(asked: Any, words: str) -> None:
    assert error(OrgClient().join().ask("/meta/subscribe", subscription=asked)) == words


def test_generic_channels_may_be_created_by_subscribing() -> None:
    client = OrgClient(dynamic_channels=True).join("/u/Other")
    assert "/u/Other" in client.org.channels
    assert error(client.subscribe("/u/other")) == texts.VARY_BY_CASE
    assert error(client.subscribe("/event/Other__e")) == texts.no_such_channel("/event/Other__e")


def test_error_of_wildcards_is_an_option() -> None:
    client = OrgClient(wildcard_error="403::Restricted channel").join()
    assert error(client.subscribe("/event/*")) == "403::Restricted channel"


def test_fields_of_a_filter_must_belong_to_the_topic() -> None:
    org = Org()
    org.define("/topic/Opps", fields=["Stage", "Amount"])
    client = OrgClient(org).join()
    assert client.subscribe("/topic/Opps?Stage=Won&Amount=1")["successful"]
    assert error(client.subscribe("/topic/Opps?Stage=Won&Size=1")) == texts.query_fields(["Size"])


def test_the_replay_key_of_a_filter_has_no_filter() -> None:
    client = OrgClient().join()
    assert client.subscribe("/topic/Opps?Stage=Won", -2)["successful"]
    ext = {"replay": {"/topic/Opps?Stage=Won": -2}}
    reply = client.ask("/meta/subscribe", subscription="/topic/Opps?Stage=Won", ext=ext)
    assert "wasn't found using the provided replay ID map" in error(reply)


@pytest.mark.parametrize(
    "words",
    [
        texts.RESTRICTED,
        texts.NOT_ENABLED,
        texts.ACCESS_TO_ENTITY,
        texts.ACCESS_TO_FIELDS,
        texts.CDC_PERMISSION,
        texts.cannot_create("/event/Order__e"),
    ],
)
def test_permissions(words: str) -> None:
    org = Org()
    org.define(ORDERS, refusal=words)
    client = OrgClient(org).join("/u/News")
    assert error(client.subscribe(ORDERS)) == words
    assert client.connect()[0]["successful"], "a refused channel does not end the session"


def test_busy_server_refuses_a_subscribe_with_a_misleading_error() -> None:
    client = OrgClient().join()
    client.org.busy()
    reply = client.subscribe(ORDERS)
    assert error(reply) == "403:denied_by_security_policy:subscribe_denied"
    assert cause(reply) == texts.TOO_BUSY


def test_subscribing_while_a_connect_is_held_delivers_at_once() -> None:
    org = Org()
    org.order()
    client = OrgClient(org).join()
    context = client.hold()
    woken: list[int] = []
    assert context.hold is not None
    context.hold.when_woken(lambda: woken.append(1))
    client.subscribe(ORDERS, -2)
    assert woken == [1]


def test_unsubscribing() -> None:
    client = OrgClient().join(ORDERS)
    reply = client.ask("/meta/unsubscribe", subscription=ORDERS, id="3")
    assert reply == {
        "clientId": client.client_id,
        "subscription": ORDERS,
        "channel": "/meta/unsubscribe",
        "id": "3",
        "successful": True,
    }
    client.org.order()
    assert client.events() == []
    assert client.ask("/meta/unsubscribe", subscription=7)["successful"]


def test_disconnecting_answers_the_held_connect() -> None:
    client = OrgClient().join()
    context = client.hold()
    assert client.ask("/meta/disconnect")["successful"]
    assert client.end(context) == [
        {
            "clientId": client.client_id,
            "advice": {"reconnect": "none", "interval": 0},
            "channel": "/meta/connect",
            "successful": True,
        }
    ]
    assert error(client.connect()[0]) == "403::Unknown client"

from __future__ import annotations

from typing import Any

import pytest

from emulator_support.org_client import ORDERS, Org, OrgClient, cause, error


def _patience(client: OrgClient, **members: Any) -> float:
    hold = client.begin(client.connect_message(**members)).hold
    assert hold is not None
    return hold.timeout


def test_first_connect_is_answered_at_once_with_advice() -> None:
    client = OrgClient()
    client.handshake()
    context = client.begin(client.connect_message(id="85"))
    assert context.hold is not None
    assert context.hold.timeout == 0
    assert client.end(context) == [
        {
            "clientId": client.client_id,
            "advice": {"interval": 0, "timeout": 110_000, "reconnect": "retry"},
            "channel": "/meta/connect",
            "id": "85",
            "successful": True,
        }
    ]


def test_later_connects_are_held_for_110_seconds_without_advice() -> None:
    client = OrgClient().join()
    assert _patience(client) == 110
    assert client.connect(id="86") == [
        {"clientId": client.client_id, "channel": "/meta/connect", "id": "86", "successful": True}
    ]


def test_timeout_of_an_org_with_a_faster_clock() -> None:
    client = OrgClient(time_scale=100)
    client.handshake()
    assert client.connect()[0]["advice"]["timeout"] == 1100
    assert _patience(client) == 1.1


@pytest.mark.parametrize(("advice", "seconds"), [({"timeout": 0}, 0), ({"timeout": 1500}, 1.5), ({}, 110), (7, 110)])
def test_client_may_choose_the_timeout(advice: Any, seconds: float) -> None:
    assert _patience(OrgClient().join(), advice=advice) == seconds


def test_connect_together_with_other_messages_is_not_held() -> None:
    client = OrgClient().join()
    context = client.begin(client.connect_message(), client.message("/meta/subscribe", subscription=ORDERS))
    assert context.hold is not None
    assert context.hold.timeout == 0
    assert {reply["channel"] for reply in client.end(context)} == {"/meta/connect", "/meta/subscribe"}


def test_connect_and_subscribe_in_one_request_deliver_missed_events() -> None:
    org = Org()
    client = OrgClient(org)
    replay_id = org.order()
    client.handshake()
    replies = client.send(
        client.connect_message(),
        client.message("/meta/subscribe", subscription=ORDERS, ext={"replay": {ORDERS: -2}}),
    )
    assert replies[-1]["data"]["event"]["replayId"] == replay_id


def test_event_wakes_the_held_connect() -> None:
    org = Org()
    client = OrgClient(org).join(ORDERS)
    context = client.hold()
    woken: list[int] = []
    assert context.hold is not None
    context.hold.when_woken(lambda: woken.append(1))
    org.change(Name="x")
    assert woken == []
    org.order(1)
    assert woken == [1]
    assert client.end(context)[1]["data"]["payload"]["Number__c"] == 1


def test_a_second_connect_fails_the_first() -> None:
    client = OrgClient().join(ORDERS)
    older, younger = client.hold(), client.hold()
    client.org.order()
    assert client.org.engine.finish(older).status == 500
    assert len(client.end(younger)) == 2


def test_client_that_leaves_has_its_events_and_its_session_for_40_seconds() -> None:
    client = OrgClient().join(ORDERS)
    context = client.hold()
    client.org.advance(100)
    client.org.engine.abandon(context)
    client.org.order()
    client.org.advance(39)
    assert len(client.events()) == 1


def test_abandoning_an_older_connect_keeps_the_younger() -> None:
    client = OrgClient().join()
    older, younger = client.hold(), client.hold()
    client.org.engine.abandon(older)
    assert client.org.sessions[0].hold is younger.hold


def test_advancing_the_clock_answers_a_held_connect() -> None:
    client = OrgClient().join()
    context = client.hold()
    woken: list[int] = []
    assert context.hold is not None
    context.hold.when_woken(lambda: woken.append(1))
    client.org.advance(109)
    assert woken == []
    client.org.advance(1)
    assert woken == [1]
    assert client.end(context)[0]["successful"]


def test_only_long_polling_is_accepted() -> None:
    client = OrgClient().join()
    reply = client.ask("/meta/connect", connectionType="websocket")
    assert error(reply) == "400::Invalid connection type {websocket}"


def test_busy_server_has_a_misleading_401() -> None:
    client = OrgClient().join()
    client.org.busy()
    assert client.connect(id="6") == [
        {
            "channel": "/meta/connect",
            "id": "6",
            "error": "401::Authentication invalid",
            "successful": False,
            "ext": {"sfdc": {"failureReason": "503::Server is too busy. Please try your request again later."}},
            "clientId": client.client_id,
            "advice": {"reconnect": "none", "interval": 0},
        }
    ]
    assert cause(client.connect()[0]) is None

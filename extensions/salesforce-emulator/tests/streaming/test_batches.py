from __future__ import annotations

from typing import Any

import msgspec
import pytest

from emulator_support.org_client import ORDERS, Org, OrgClient, ids_of


def test_events_of_all_channels_in_the_order_of_publication() -> None:
    org = Org()
    client = OrgClient(org).join(ORDERS, "/u/News", "/data/ChangeEvents")
    for number in range(3):
        org.order(number)
        org._publisher.publish("/u/News", number)
        org.change(Number=number)
    channels = [event["channel"] for event in client.events()]
    assert channels == [ORDERS, "/u/News", "/data/ChangeEvents"] * 3


def test_change_is_delivered_once_per_channel() -> None:
    org = Org()
    org.define("/data/AccountChangeEvent")
    client = OrgClient(org).join("/data/AccountChangeEvent", "/data/ChangeEvents")
    ids = org.change(Name="x")
    events = client.events()
    assert {event["channel"]: event["data"]["event"]["replayId"] for event in events} == ids


def test_batch_is_limited_in_events() -> None:
    org = Org(batch_events=2)
    client = OrgClient(org).join(ORDERS)
    ids = [org.order(number) for number in range(5)]
    assert [client.ids() for _ in range(4)] == [ids[:2], ids[2:4], ids[4:], []]


def test_batch_is_limited_in_bytes_and_has_one_event_at_least() -> None:
    org = Org(batch_bytes=700)
    client = OrgClient(org).join("/u/News")
    for size in (10, 10, 2000, 10):
        org._publisher.publish("/u/News", "x" * size)
    batches = [[len(event["data"]["payload"]) for event in client.events()] for _ in range(3)]
    assert batches == [[10, 10], [2000], [10]]


def test_events_of_a_reply_count_as_delivered() -> None:
    org = Org()
    client = OrgClient(org).join(ORDERS)
    replay_id = org.order()
    lost = client.begin(client.connect_message())
    assert ids_of(client.end(lost)[1:]) == [replay_id]
    assert client.ids() == []


def test_events_that_are_not_marked_are_delivered_again() -> None:
    org = Org()
    client = OrgClient(org).join(ORDERS)
    replay_id = org.order()
    context = client.begin(client.connect_message())
    org.engine.finish(context)
    assert client.ids() == [replay_id]


def test_subscribing_again_moves_the_position() -> None:
    org = Org()
    client = OrgClient(org).join(ORDERS)
    ids = [org.order(number) for number in range(3)]
    assert client.ids() == ids
    client.subscribe(ORDERS, ids[0])
    assert client.ids() == ids[1:]
    client.subscribe(ORDERS)
    assert client.ids() == []


def test_events_of_a_filtered_subscription_have_the_topics_channel() -> None:
    org = Org()
    client = OrgClient(org).join("/topic/Opps?Stage=Won", since=-2)
    for number, stage in enumerate(["Won", "Lost", "Won"]):
        org._publisher.publish("/topic/Opps", {"Stage": stage, "Number": number})
    events = client.events()
    assert {event["channel"] for event in events} == {"/topic/Opps"}
    assert [event["data"]["sobject"]["Number"] for event in events] == [0, 2]


def test_events_of_a_filtered_subscription_may_have_the_filter_in_their_channel() -> None:
    org = Org(filtered_channels=True)
    client = OrgClient(org).join("/topic/Opps?Stage=Won")
    org._publisher.publish("/topic/Opps", {"Stage": "Won"})
    assert [event["channel"] for event in client.events()] == ["/topic/Opps?Stage=Won"]


def test_filtered_event_wakes_no_connect() -> None:
    org = Org(batch_events=2)
    client = OrgClient(org).join("/topic/Opps?Stage=Won")
    context = client.hold()
    woken: list[int] = []
    assert context.hold is not None
    context.hold.when_woken(lambda: woken.append(1))
    for _ in range(5):
        org._publisher.publish("/topic/Opps", {"Stage": "Lost"})
    assert woken == []
    org._publisher.publish("/topic/Opps", {"Stage": "Won"})
    assert woken == [1]


@pytest.mark.parametrize(("version", "members"), [("67.0", {"EventApiName"}), ("54.0", set())])
def test_events_have_the_format_of_the_sessions_version(version: str, members: set[str]) -> None:
    org = Org()
    client = OrgClient(org, version=version).join(ORDERS)
    org.order()
    [event] = client.events()
    assert set(event["data"]["event"]) & {"EventApiName"} == members


def test_events_of_2017_contain_the_client_id() -> None:
    org = Org()
    org.define(ORDERS, event_format="2017")
    client = OrgClient(org).join(ORDERS)
    org.order()
    [event] = client.events()
    assert event["clientId"] == client.client_id


def test_ids_above_the_range_of_a_double() -> None:
    org = Org()
    client = OrgClient(org).join(ORDERS)
    org.fail_next("huge-ids", channel=ORDERS)
    replay_id = org.order()
    assert replay_id > 2**53
    encoded: Any = msgspec.json.decode(msgspec.json.encode(client.events()))
    assert ids_of(encoded) == [replay_id]

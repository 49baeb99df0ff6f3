from __future__ import annotations

from typing import Any

import msgspec
import pytest

from extensions.devserver.tests.salesforce.conversation import ORDERS, Guest, Org, ids_of


def test_events_of_all_channels_in_the_order_in_which_they_happened() -> None:
    org = Org()
    guest = Guest(org).join(ORDERS, "/u/News", "/data/ChangeEvents")
    for number in range(3):
        org.order(number)
        org._publisher.publish("/u/News", number)
        org.change(Number=number)
    channels = [event["channel"] for event in guest.events()]
    assert channels == [ORDERS, "/u/News", "/data/ChangeEvents"] * 3


def test_a_change_comes_once_for_each_channel_that_has_it() -> None:
    org = Org()
    org.define("/data/AccountChangeEvent")
    guest = Guest(org).join("/data/AccountChangeEvent", "/data/ChangeEvents")
    ids = org.change(Name="x")
    events = guest.events()
    assert {event["channel"]: event["data"]["event"]["replayId"] for event in events} == ids


def test_a_batch_has_so_many_events_at_most() -> None:
    org = Org(batch_events=2)
    guest = Guest(org).join(ORDERS)
    ids = [org.order(number) for number in range(5)]
    assert [guest.ids() for _ in range(4)] == [ids[:2], ids[2:4], ids[4:], []]


def test_a_batch_has_so_many_bytes_at_most_and_one_event_always() -> None:
    org = Org(batch_bytes=700)
    guest = Guest(org).join("/u/News")
    for size in (10, 10, 2000, 10):
        org._publisher.publish("/u/News", "x" * size)
    batches = [[len(event["data"]["payload"]) for event in guest.events()] for _ in range(3)]
    assert batches == [[10, 10], [2000], [10]]


def test_what_was_put_into_a_reply_counts_as_delivered() -> None:
    org = Org()
    guest = Guest(org).join(ORDERS)
    replay_id = org.order()
    lost = guest.begin(guest.connect_message())
    assert ids_of(guest.end(lost)[1:]) == [replay_id]
    assert guest.ids() == []


def test_what_was_not_marked_comes_again() -> None:
    org = Org()
    guest = Guest(org).join(ORDERS)
    replay_id = org.order()
    visit = guest.begin(guest.connect_message())
    org.engine.finish(visit)
    assert guest.ids() == [replay_id]


def test_subscribing_again_moves_the_position() -> None:
    org = Org()
    guest = Guest(org).join(ORDERS)
    ids = [org.order(number) for number in range(3)]
    assert guest.ids() == ids
    guest.subscribe(ORDERS, ids[0])
    assert guest.ids() == ids[1:]
    guest.subscribe(ORDERS)
    assert guest.ids() == []


def test_the_events_of_a_filtered_subscription_come_on_the_topics_channel() -> None:
    org = Org()
    guest = Guest(org).join("/topic/Opps?Stage=Won", since=-2)
    for number, stage in enumerate(["Won", "Lost", "Won"]):
        org._publisher.publish("/topic/Opps", {"Stage": stage, "Number": number})
    events = guest.events()
    assert {event["channel"] for event in events} == {"/topic/Opps"}
    assert [event["data"]["sobject"]["Number"] for event in events] == [0, 2]


def test_what_a_filter_keeps_back_wakes_nobody() -> None:
    org = Org(batch_events=2)
    guest = Guest(org).join("/topic/Opps?Stage=Won")
    visit = guest.hold()
    woken: list[int] = []
    assert visit.hold is not None
    visit.hold.when_woken(lambda: woken.append(1))
    for _ in range(5):
        org._publisher.publish("/topic/Opps", {"Stage": "Lost"})
    assert woken == []
    org._publisher.publish("/topic/Opps", {"Stage": "Won"})
    assert woken == [1]


@pytest.mark.parametrize(("version", "members"), [("67.0", {"EventApiName"}), ("54.0", set())])
def test_events_look_as_the_sessions_version_has_them(version: str, members: set[str]) -> None:
    org = Org()
    guest = Guest(org, version=version).join(ORDERS)
    org.order()
    [event] = guest.events()
    assert set(event["data"]["event"]) & {"EventApiName"} == members


def test_old_events_name_the_client() -> None:
    org = Org()
    org.define(ORDERS, era="2017")
    guest = Guest(org).join(ORDERS)
    org.order()
    [event] = guest.events()
    assert event["clientId"] == guest.client_id


def test_ids_above_what_a_double_counts() -> None:
    org = Org()
    guest = Guest(org).join(ORDERS)
    org.fail_next("huge-ids", channel=ORDERS)
    replay_id = org.order()
    assert replay_id > 2**53
    encoded: Any = msgspec.json.decode(msgspec.json.encode(guest.events()))
    assert ids_of(encoded) == [replay_id]

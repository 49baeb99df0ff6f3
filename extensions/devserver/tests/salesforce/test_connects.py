from __future__ import annotations

from typing import Any

import pytest

from extensions.devserver.tests.salesforce.conversation import ORDERS, Guest, Org, cause, error


def _patience(guest: Guest, **members: Any) -> float:
    hold = guest.begin(guest.connect_message(**members)).hold
    assert hold is not None
    return hold.timeout


def test_the_first_is_answered_at_once_with_advice() -> None:
    guest = Guest()
    guest.handshake()
    visit = guest.begin(guest.connect_message(id="85"))
    assert visit.hold is not None
    assert visit.hold.timeout == 0
    assert guest.end(visit) == [
        {
            "clientId": guest.client_id,
            "advice": {"interval": 0, "timeout": 110_000, "reconnect": "retry"},
            "channel": "/meta/connect",
            "id": "85",
            "successful": True,
        }
    ]


def test_later_ones_are_held_for_110_seconds_and_carry_no_advice() -> None:
    guest = Guest().join()
    assert _patience(guest) == 110
    assert guest.connect(id="86") == [
        {"clientId": guest.client_id, "channel": "/meta/connect", "id": "86", "successful": True}
    ]


def test_in_an_org_whose_time_runs_faster() -> None:
    guest = Guest(time_scale=100)
    guest.handshake()
    assert guest.connect()[0]["advice"]["timeout"] == 1100
    assert _patience(guest) == 1.1


@pytest.mark.parametrize(("advice", "seconds"), [({"timeout": 0}, 0), ({"timeout": 1500}, 1.5), ({}, 110), (7, 110)])
def test_the_client_may_choose_how_long_it_waits(advice: Any, seconds: float) -> None:
    assert _patience(Guest().join(), advice=advice) == seconds


def test_a_connect_in_company_is_not_held() -> None:
    guest = Guest().join()
    visit = guest.begin(guest.connect_message(), guest.message("/meta/subscribe", subscription=ORDERS))
    assert visit.hold is not None
    assert visit.hold.timeout == 0
    assert {reply["channel"] for reply in guest.end(visit)} == {"/meta/connect", "/meta/subscribe"}


def test_a_recovery_in_one_request_brings_what_was_missed() -> None:
    org = Org()
    guest = Guest(org)
    replay_id = org.order()
    guest.handshake()
    replies = guest.send(
        guest.connect_message(),
        guest.message("/meta/subscribe", subscription=ORDERS, ext={"replay": {ORDERS: -2}}),
    )
    assert replies[-1]["data"]["event"]["replayId"] == replay_id


def test_an_event_wakes_a_connect_that_is_held() -> None:
    org = Org()
    guest = Guest(org).join(ORDERS)
    visit = guest.hold()
    woken: list[int] = []
    assert visit.hold is not None
    visit.hold.when_woken(lambda: woken.append(1))
    org.change(Name="x")
    assert woken == []
    org.order(1)
    assert woken == [1]
    assert guest.end(visit)[1]["data"]["payload"]["Number__c"] == 1


def test_a_second_connect_fails_the_first() -> None:
    guest = Guest().join(ORDERS)
    older, younger = guest.hold(), guest.hold()
    guest.org.order()
    assert guest.org.engine.finish(older).status == 500
    assert len(guest.end(younger)) == 2


def test_a_client_that_leaves_finds_its_events_later_and_its_session_for_40_seconds() -> None:
    guest = Guest().join(ORDERS)
    visit = guest.hold()
    guest.org.advance(100)
    guest.org.engine.abandon(visit)
    guest.org.order()
    guest.org.advance(39)
    assert len(guest.events()) == 1


def test_leaving_an_older_connect_does_not_touch_the_younger() -> None:
    guest = Guest().join()
    older, younger = guest.hold(), guest.hold()
    guest.org.engine.abandon(older)
    assert guest.org.sessions[0].hold is younger.hold


def test_time_that_passes_at_once_ends_the_hold() -> None:
    guest = Guest().join()
    visit = guest.hold()
    woken: list[int] = []
    assert visit.hold is not None
    visit.hold.when_woken(lambda: woken.append(1))
    guest.org.advance(109)
    assert woken == []
    guest.org.advance(1)
    assert woken == [1]
    assert guest.end(visit)[0]["successful"]


def test_only_long_polling() -> None:
    guest = Guest().join()
    reply = guest.ask("/meta/connect", connectionType="websocket")
    assert error(reply) == "400::Invalid connection type {websocket}"


def test_the_misleading_401() -> None:
    guest = Guest().join()
    guest.org.busy()
    assert guest.connect(id="6") == [
        {
            "channel": "/meta/connect",
            "id": "6",
            "error": "401::Authentication invalid",
            "successful": False,
            "ext": {"sfdc": {"failureReason": "503::Server is too busy. Please try your request again later."}},
            "clientId": guest.client_id,
            "advice": {"reconnect": "none", "interval": 0},
        }
    ]
    assert cause(guest.connect()[0]) is None

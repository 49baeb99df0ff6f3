from __future__ import annotations

import pytest

from emulator_support.org_client import ORDERS, Org

HOUR = 3600


def _kept(org: Org, channel: str = ORDERS) -> int:
    return len(org.state.bus.log(channel).entries)


def test_changes_are_on_several_channels_each_with_its_own_ids() -> None:
    org = Org()
    org.define("/data/Sales__chn", members=["AccountChangeEvent"])
    ids = org.change(Name="x")
    assert set(ids) == {"/data/ChangeEvents", "/data/AccountChangeEvent", "/data/Sales__chn"}
    assert len(set(ids.values())) == 3
    assert set(org.change("Contact", Name="y")) == {"/data/ChangeEvents", "/data/ContactChangeEvent"}


def test_custom_channel_includes_events_that_match_its_filter() -> None:
    org = Org()
    org.define("/event/Big__chn", members={"Order__e": {"Number__c": 2}})
    for number in (1, 2, 3):
        org.order(number)
    assert [event.payload for event in org.published["/event/Big__chn"]] == [{"Number__c": 2}]


def test_published_events_are_recorded() -> None:
    org = Org()
    replay_id = org.order(1)
    [event] = org.published[ORDERS]
    assert event == (replay_id, event.uuid, {"Number__c": 1}, org.now)


def test_events_are_kept_for_one_day_or_three() -> None:
    org = Org()
    org.order()
    org._publisher.publish("/u/News", "x")
    org.advance(24 * HOUR + 1)
    assert (_kept(org), _kept(org, "/u/News")) == (1, 0)
    org.advance(48 * HOUR)
    assert _kept(org) == 0


def test_events_are_purged_at_intervals() -> None:
    org = Org(purge_interval=HOUR)
    org.advance(10)
    org.order()
    org.advance(72 * HOUR - 20)
    assert _kept(org) == 1
    org.advance(60)
    assert _kept(org) == 1, "it has expired, and the purge is not due yet"
    org.advance(HOUR)
    assert _kept(org) == 0


def test_redefined_channel_keeps_its_events() -> None:
    org = Org()
    org.order()
    org.define(ORDERS, refusal="403::Restricted channel")
    assert _kept(org) == 1


def test_an_unknown_channel() -> None:
    with pytest.raises(LookupError, match="is not defined"):
        Org().state.bus.log("/event/Nothing__e")


def test_new_ids_for_all_channels() -> None:
    org = Org()
    replay_id = org.order()
    renumbered = org.state.bus.renumber(collide=False)
    assert renumbered[ORDERS][replay_id] == org.state.bus.log(ORDERS).entries[0].replay_id

"""Which states receivers have, and which events are contained in what was handed out."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pybayeux_salesforce.backfill.states import Change, ChannelStates, change_in


def _content(kind: str, time: int, *ids: str, **fields: Any) -> bytes:
    header = {"entityName": "Account", "changeType": kind, "commitTimestamp": time, "recordIds": list(ids)}
    return json.dumps({"payload": {"ChangeEventHeader": header, **fields}}).encode()


def _change(kind: str, time: int, *ids: str, **fields: Any) -> Change:
    change = change_in(_content(kind, time, *ids, **fields))
    assert change is not None
    return change


def _handled(*contents: bytes) -> ChannelStates:
    states = ChannelStates(overlap=10)
    for number, content in enumerate(contents):
        states.received(number, content)
        states.handled(number)
    states.read()
    return states


def _filled(*, is_deleted: bool = False, asked_after: int = 0, **values: Any) -> ChannelStates:
    states = ChannelStates(overlap=10)
    states.filled("1", 50_000, values, is_deleted=is_deleted, asked_at=7, asked_after=asked_after)
    return states


def test_a_state_is_known_after_a_creation_and_updates() -> None:
    states = _handled(_content("CREATE", 1500, "1", Name="a", Kind="x"), _content("UPDATE", 2500, "1", Kind=None))
    assert states.has("1", 2000, {"Name": "a"}, is_deleted=False)
    assert states.has("1", 2000, {"Name": "a", "LastModifiedDate": "2026"}, is_deleted=False)
    assert not states.has("1", 2000, {"Name": "b"}, is_deleted=False)
    assert not states.has("1", 2000, {"Name": "a"}, is_deleted=True)
    assert not states.has("2", 2000, {"Name": "a"}, is_deleted=False)


def test_an_update_alone_does_not_tell_the_whole_state() -> None:
    states = _handled(_content("UPDATE", 2500, "1", Name="a"))
    assert not states.has("1", 2000, {"Name": "a"}, is_deleted=False)
    assert states.has("1", 1000, {"Name": "before"}, is_deleted=False)  # saved before the transaction


def test_a_state_is_not_known_while_a_later_event_waits() -> None:
    states = _handled(_content("CREATE", 1500, "1", Name="a"))
    states.received(99, _content("UPDATE", 2500, "1", Name="b"))
    states.read()
    assert not states.has("1", 1000, {"Name": "a"}, is_deleted=False)
    states.handled(99)
    states.read()
    assert states.has("1", 2000, {"Name": "b"}, is_deleted=False)


def test_an_event_that_is_handled_late_does_not_hide_what_was_handed_out_behind_it() -> None:
    states = ChannelStates(overlap=10)
    states.received(1, _content("UPDATE", 49_000, "1", Name="before"))
    states.filled("1", 50_000, {"Name": "a"}, is_deleted=False, asked_at=7)
    states.handled(1)
    states.read()
    assert states.not_contained(_change("UPDATE", 50_500, "1", Name="b"), 7) == []


def test_a_gap_event_makes_a_state_unknown() -> None:
    states = _handled(_content("CREATE", 1500, "1", Name="a"), _content("GAP_UPDATE", 2500, "1"))
    assert not states.has("1", 1000, {"Name": "a"}, is_deleted=False)


@pytest.mark.parametrize(
    ("states", "change", "arrival", "is_contained"),
    [
        (_filled(Name="a"), _change("UPDATE", 49_000, "1", Name="b"), None, True),  # committed before the stamp
        (_filled(Name="a"), _change("UPDATE", 50_500, "1", Name="b"), None, False),
        (_filled(Name="a"), _change("UPDATE", 50_500, "1", Name="a"), None, True),  # the same values
        (_filled(Name="a"), _change("UPDATE", 50_500, "1", Name="b"), 7, True),  # it had come before the query
        (_filled(Name="a"), _change("UPDATE", 50_500, "1", Name="b"), 8, False),
        (_filled(Name="a", asked_after=51_000), _change("UPDATE", 50_500, "1", Name="b"), None, True),
        (_filled(Name="a"), _change("DELETE", 50_500, "1"), None, False),
        (_filled(is_deleted=True), _change("DELETE", 50_500, "1"), None, True),
        (_filled(is_deleted=True), _change("UPDATE", 50_500, "1", Name="b"), None, True),
        (_filled(is_deleted=True), _change("UNDELETE", 50_500, "1", Name="b"), None, False),
        (_filled(Name="a"), _change("GAP_UPDATE", 50_500, "1"), None, False),
        (_filled(Name="a"), _change("GAP_UPDATE", 49_500, "1"), None, True),
        (_filled(Name="a"), _change("UPDATE", 62_000, "1", Name="a"), None, False),  # too late to be the same save
    ],
)
def test_an_event_is_contained_in_a_later_state(
    states: ChannelStates, change: Change, arrival: int | None, is_contained: bool
) -> None:
    assert (states.not_contained(change, arrival) == []) == is_contained


def test_of_an_event_of_several_records_the_others_are_left() -> None:
    states = _filled(Name="a")
    assert states.not_contained(_change("UPDATE", 49_000, "2", "1", "3", Name="b"), None) == ["2", "3"]
    assert states.not_contained(_change("GAP_OVERFLOW", 49_000), None) is None


def test_after_an_event_that_is_not_contained_no_further_one_is() -> None:
    states = _filled(Name="a")
    assert states.not_contained(_change("UPDATE", 50_500, "1", Name="b"), None) == ["1"]
    assert states.not_contained(_change("UPDATE", 50_600, "1", Name="a"), None) == ["1"]


def test_events_from_before_the_gap_come_again_in_vain() -> None:
    states = _filled()
    states.resumes_after(40_000)
    assert states.not_contained(_change("UPDATE", 39_999, "2", Name="b"), None) == []
    assert states.not_contained(_change("UPDATE", 40_000, "2", Name="b"), None) == ["2"]


def test_when_the_stream_has_passed_nothing_is_compared_any_more() -> None:
    states = _filled(Name="a")
    assert states.may_contain
    assert states.not_contained(_change("UPDATE", 61_001, "1", Name="a"), None) == ["1"]
    assert not states.may_contain


@pytest.mark.parametrize("content", [b"{", b"[]", b"{}", b'{"payload": {}}', b'{"payload": {"ChangeEventHeader": 1}}'])
def test_other_messages_have_no_change(content: bytes) -> None:
    assert change_in(content) is None

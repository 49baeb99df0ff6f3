from __future__ import annotations

from typing import Any

from pybayeux_devserver.faults.plans import Plan, take_fault

ASKED: Any = [{"channel": "/meta/connect"}]
EVENTS: Any = [{"channel": "/a", "data": 1}]


def test_one_plan_applies_at_a_time_in_order() -> None:
    plans = [Plan(2, "first"), Plan(1, "second")]
    assert [take_fault(plans) for _ in range(4)] == ["first", "first", "second", None]


def test_plan_matches_by_channel_events_and_condition() -> None:
    assert take_fault([Plan(1, "x", channel="/meta/subscribe")], ASKED) is None
    assert take_fault([Plan(1, "x", channel="/meta/connect")], ASKED) == "x"
    assert take_fault([Plan(1, "x", with_events=True)], ASKED) is None
    assert take_fault([Plan(1, "x", with_events=True)], ASKED, EVENTS) == "x"
    assert take_fault([Plan(1, "x", condition=lambda asked, answered: len(answered) > 1)], ASKED, EVENTS) is None
    assert take_fault([Plan(1, "x", condition=lambda asked, answered: bool(answered))], ASKED, EVENTS) == "x"

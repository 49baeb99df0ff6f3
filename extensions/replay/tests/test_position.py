from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pybayeux_replay import Position
from pybayeux_replay.position import place, place_name, wire_key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_the_server_looks_for_a_filtered_topic_under_its_name_without_filter() -> None:
    assert wire_key("/topic/Cases?Priority=High&Status=New") == "/topic/Cases"
    assert wire_key("/event/Order__e") == "/event/Order__e"


def test_places() -> None:
    assert [place("latest"), place("earliest"), place(-1), place(-2), place(4711)] == [-1, -2, -1, -2, 4711]
    assert [place_name(number) for number in (-1, -2, 4711)] == ["latest", "earliest", 4711]


@pytest.mark.parametrize("given", ["newest", -3, True, 1.5, None])
def test_a_place_that_is_none(given: Any) -> None:
    with pytest.raises(ValueError, match=r"neither 'latest' nor 'earliest'"):
        place(given)


def test_a_position_stands_for_everything_until_its_event_or_until_the_server_had_nothing_more() -> None:
    later = NOON + timedelta(hours=1)
    assert Position(1, NOON).complete_until is None  # when it was stored says nothing of the stream
    assert Position(1, later, event_time=NOON).complete_until == NOON
    assert Position(1, later, event_time=NOON, quiet_until=later).complete_until == later

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from pybayeux import Message
from pybayeux_replay import Position
from pybayeux_replay.position import PendingPosition, place, place_name, wire_key

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_the_wire_key_of_a_filtered_topic_has_no_filter() -> None:
    assert wire_key("/topic/Cases?Priority=High&Status=New") == "/topic/Cases"
    assert wire_key("/event/Order__e") == "/event/Order__e"


def test_places() -> None:
    assert [place("latest"), place("earliest"), place(-1), place(-2), place(4711)] == [-1, -2, -1, -2, 4711]
    assert [place_name(number) for number in (-1, -2, 4711)] == ["latest", "earliest", 4711]


@pytest.mark.parametrize("value", ["newest", -3, True, 1.5, None])
def test_other_values_are_not_places(value: Any) -> None:
    with pytest.raises(ValueError, match=r"expected 'latest', 'earliest' or a replay id; got"):
        place(value)


def test_a_pending_position_takes_its_fields_from_the_event() -> None:
    stamp = {"replayId": 7, "EventUuid": "2ec0", "createdDate": "2026-01-01T11:00:00Z"}
    event = Message(channel="/x", data={"event": stamp})
    assert PendingPosition(7, event, "org/1").position(NOON) == Position(
        7, NOON, datetime(2026, 1, 1, 11, tzinfo=UTC), "2ec0", "org/1"
    )


def test_a_pending_position_without_an_event_has_fewer_fields() -> None:
    assert PendingPosition(7, None, "org/1").position(NOON) == Position(7, NOON, org="org/1")
    assert PendingPosition(7).position(NOON) == Position(7, NOON)

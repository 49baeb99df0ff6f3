from __future__ import annotations

from datetime import UTC, datetime

from pybayeux import Message
from pybayeux_replay import Position
from pybayeux_replay.handled import Handled

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_what_is_kept_of_an_event_is_read_from_it() -> None:
    stamp = {"replayId": 7, "EventUuid": "2ec0", "createdDate": "2026-01-01T11:00:00Z"}
    event = Message(channel="/x", data={"event": stamp})
    assert Handled(7, event, "org/1").position(NOON) == Position(
        7, NOON, datetime(2026, 1, 1, 11, tzinfo=UTC), "2ec0", "org/1"
    )


def test_without_the_event_less_is_known() -> None:
    assert Handled(7, None, "org/1").position(NOON) == Position(7, NOON, org="org/1")
    assert Handled(7).position(NOON) == Position(7, NOON)

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from pybayeux_replay import Position
from pybayeux_replay.record import Record

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_a_record_has_all_that_a_position_has() -> None:
    full = Position(1, NOON, NOON, "u", "org", NOON)
    assert Record.of(full).position() == full
    assert set(Record.__struct_fields__) == set(Position.__slots__)


def test_what_is_not_known_is_not_written() -> None:
    assert msgspec.to_builtins(Record.of(Position(1, NOON))) == {"replay_id": 1, "stored_at": "2026-01-01T12:00:00Z"}


def test_a_time_without_a_zone_is_none() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"replay_id": 1, "stored_at": "2026-01-01T12:00:00"}, Record)

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from pybayeux_replay import Position
from pybayeux_replay.position_json import PositionRecord, export_positions, import_positions

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
POSITIONS = {
    "/event/Order__e": Position(2**40, NOON, NOON - timedelta(seconds=1), "2ec0", "00D1/CS42"),
    "/topic/Cases?Priority=Höchste": Position(-2, NOON),
}


def test_exported_positions_can_be_imported() -> None:
    assert import_positions(export_positions(POSITIONS)) == POSITIONS
    assert import_positions(export_positions({})) == {}


def test_an_export_is_a_list_with_a_position_in_each_line() -> None:
    text = export_positions(POSITIONS)
    assert [each["subscription"] for each in json.loads(text)] == list(POSITIONS)
    assert text.splitlines()[2] == (
        '{"subscription": "/topic/Cases?Priority=Höchste", "replay_id": -2, "stored_at": "2026-01-01T12:00:00Z"}'
    )


def test_the_layout_does_not_matter() -> None:
    assert import_positions(json.dumps(json.loads(export_positions(POSITIONS)), indent=2)) == POSITIONS
    assert import_positions(json.dumps(json.loads(export_positions(POSITIONS)))) == POSITIONS


_GOOD = '{"subscription": "/a", "replay_id": 1, "stored_at": "2026-01-01T12:00:00Z"}'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "line 1: Expecting value"),
        (f"[\n{_GOOD},\n{{]", "line 3: "),
        (f"[\n{_GOOD},\n]", "line [23]: "),
        ('{"a": 1}', "line 1: expected a list of positions, got dict"),
        ("[\n1]", "line 2: Expected `object`, got `int`"),
        (f"[\n{_GOOD},\n{_GOOD}]", "line 3: a second position of /a"),
        (f"[{_GOOD},\n\n{{}}]", "line 3: Object missing required field"),
        (f"[\n{_GOOD.replace('1,', 'true,')}]", r"line 2: Expected `int`, got `bool` - at `\$.replay_id`"),
        (f"[\n{_GOOD.replace('1,', '-3,')}]", "line 2: Expected `int` >= -2"),
        (f"[\n{_GOOD.replace('/a', 'a/')}]", r"line 2: .*`\$.subscription`"),
        (f"[\n{_GOOD.replace('Z', '')}]", "line 2: Expected `datetime` with a timezone"),
        (f"[\n{_GOOD.replace('replay_id', 'replayId')}]", "line 2: Object contains unknown field `replayId`"),
    ],
)
def test_an_error_names_the_line(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        import_positions(text)


def test_a_record_has_all_fields_of_a_position() -> None:
    full = Position(1, NOON, NOON, "u", "org")
    assert PositionRecord.of(full).position() == full
    assert set(PositionRecord.__struct_fields__) - {"quiet_until"} == set(Position.__slots__)


def test_a_field_of_earlier_versions_is_ignored() -> None:
    old = _GOOD.replace("}", ', "quiet_until": "2026-01-01T13:00:00Z"}')
    assert import_positions(f"[{old}]") == {"/a": Position(1, NOON)}


def test_unknown_fields_are_not_written() -> None:
    assert msgspec.to_builtins(PositionRecord.of(Position(1, NOON))) == {
        "replay_id": 1,
        "stored_at": "2026-01-01T12:00:00Z",
    }


def test_a_time_without_a_zone_is_an_error() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"replay_id": 1, "stored_at": "2026-01-01T12:00:00"}, PositionRecord)

from __future__ import annotations

import json
from typing import Any

import pytest

from core.tests.cli.hostile_events import HOSTILE, OBEYED
from pybayeux import Message, decode
from pybayeux.cli.output import as_json_lines


def _events(*texts: str | bytes) -> list[Message]:
    parts = [text.encode() if isinstance(text, str) else text for text in texts]
    return decode(b"[" + b",".join(parts) + b"]")


def _lines(*texts: str | bytes) -> list[Any]:
    return [json.loads(line) for line in as_json_lines(_events(*texts)).splitlines()]


def test_a_line_has_the_members_of_the_message() -> None:
    event = '{"channel":"/a","data":{"x":[1,null]},"id":"7","ext":{"e":1},"other":true}'
    assert _lines(event, '{"channel":"/b"}') == [json.loads(event), {"channel": "/b"}]


def test_the_client_id_is_left_out_of_the_line_and_not_of_the_message() -> None:
    events = _events('{"channel":"/a","clientId":"secret","data":1,"other":true}')
    assert json.loads(as_json_lines(events)) == {"channel": "/a", "data": 1, "other": True}
    assert (events[0].client_id, events[0].extra) == ("secret", {"other": True})


@pytest.mark.parametrize("data", ['{\n  "x": 1\n}', "[1,\r\n2]", '\r\n"a  b"\n', '"\\n"'])
def test_the_layout_of_the_payload_does_not_break_the_line(data: str) -> None:
    assert _lines(f'{{"channel":"/a","data":{data}}}') == [{"channel": "/a", "data": json.loads(data)}]


def test_numbers_are_passed_on_as_they_are_written() -> None:
    assert '"data":[1.10,1e400,123456789012345678901234567890]' in as_json_lines(
        _events('{"channel":"/a","data":[1.10,1e400,123456789012345678901234567890]}')
    )


def test_bytes_that_are_no_utf8_become_replacement_characters() -> None:
    assert _lines(b'{"channel":"/a","data":"\xff\xc3\xa4"}') == [{"channel": "/a", "data": "\ufffdä"}]


# -- what a hostile server sends

hostile = pytest.mark.parametrize("event", HOSTILE.values(), ids=HOSTILE.keys())


@hostile
def test_a_terminal_obeys_nothing_in_a_line(event: bytes) -> None:
    [line] = as_json_lines(_events(event)).splitlines()
    assert OBEYED.search(line) is None
    assert "channel" in json.loads(line)


def test_escaped_characters_are_the_same_to_a_reader_of_json() -> None:
    event = {"channel": "/\x85a", "data": {"\x9b": "\u202e\x7f"}, "id": "\u2028"}
    assert _lines(json.dumps(event, ensure_ascii=False)) == [event]


def test_data_that_is_no_json_is_text_under_another_name() -> None:
    good, bad = _lines('{"channel":"/a","data":1}', b'{"channel":"/a","data":NaN,"id":"7"}')
    assert (good, bad) == ({"channel": "/a", "data": 1}, {"channel": "/a", "rawData": "NaN", "id": "7"})


def test_data_that_is_no_json_stays_in_the_message() -> None:
    events = _events(b'{"channel":"/a","data":NaN,"other":true}')
    as_json_lines(events)
    assert (events[0].raw_data, events[0].extra) == (b"NaN", {"other": True})

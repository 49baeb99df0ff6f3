from __future__ import annotations

import io
import json
import re
from typing import Any

import pytest
from rich.console import Console

from pybayeux import Message, decode
from pybayeux.cli.output import as_json_lines, as_text


def _events(*texts: str | bytes) -> list[Message]:
    parts = [text.encode() if isinstance(text, str) else text for text in texts]
    return decode(b"[" + b",".join(parts) + b"]")


def _lines(*texts: str | bytes) -> list[Any]:
    return [json.loads(line) for line in as_json_lines(_events(*texts)).splitlines()]


def _text(*texts: str | bytes, width: int = 60, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    return re.sub(r"\d\d:\d\d:\d\d", "TIME", as_text(console)(_events(*texts)))


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


def test_what_is_short_is_one_line_for_people() -> None:
    assert _text('{"channel":"/a","data":{"x":[1,null]}}') == 'TIME /a {"x": [1, null]}\n'


def test_what_is_long_is_below_its_headline() -> None:
    data = json.dumps({"first": "x" * 30, "second": "y" * 30})
    assert _text(f'{{"channel":"/a","data":{data}}}') == f"TIME /a\n{json.dumps(json.loads(data), indent=2)}\n"


def test_nothing_is_folded_or_cut() -> None:
    assert "x" * 200 in _text(f'{{"channel":"/a","data":"{"x" * 200}"}}')


def test_an_event_without_data_has_its_headline() -> None:
    assert _text('{"channel":"/a"}').strip() == "TIME /a"


def test_markup_and_control_characters_have_no_effect() -> None:
    shown = _text('{"channel":"/[red]\\u001b[2J","data":"[bold]\\u001b\\u009b\x7f"}', colour=True)
    plain = re.sub(r"\x1b\[[\d;]*m", "", shown)
    assert plain == 'TIME /[red]\\x1b[2J "[bold]\\u001b\\u009b\\x7f"\n'
    assert plain != shown


# -- what a hostile server sends

_OBEYED = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
"""What a terminal obeys, and what shows a line other than it is."""

HOSTILE: dict[str, bytes] = {
    "raw escape": b'{"channel":"/a","data":"\x1b]0;title\x07"}',
    "raw escape on several lines": b'{"channel":"/a","data":{"a":\n"\x1b[2J"}}',
    "C1 and DEL": '{"channel":"/a","data":"\x9b31m\x7f"}'.encode(),
    "bidirectional": '{"channel":"/a","data":{"\u202ea":"\u2066"}}'.encode(),
    "other members": '{"channel":"/\x85a","data":1,"ext":{"\x9b":"\x9b"},"id":"\x9d","x":"\x9b"}'.encode(),
    "escaped escape": b'{"channel":"/\\u001b[31m","data":"\\u001b[31m","error":"\\u001b[31m"}',
    "nothing but an escape": b'{"channel":"/a","data":\x1b}',
    "NaN": b'{"channel":"/a","data":NaN}',
    "half of a surrogate pair": b'{"channel":"/a","data":"\\ud800"}',
    "line separators": '{"channel":"/a","data":"\u2028\u2029"}'.encode(),
    "no UTF-8 on several lines": b'{"channel":"/a","data":{"a":\n"\xff\x1b"}}',
    "no UTF-8, and a layout": b'{"channel":"/a","data":[\t"\xff"]}',
    "nested": b'{"channel":"/a","data":' + b"[" * 3000 + b"]" * 3000 + b"}",
}
hostile = pytest.mark.parametrize("event", HOSTILE.values(), ids=HOSTILE.keys())


@hostile
def test_a_terminal_obeys_nothing_in_a_line(event: bytes) -> None:
    [line] = as_json_lines(_events(event)).splitlines()
    assert _OBEYED.search(line) is None
    assert "channel" in json.loads(line)


@hostile
def test_a_terminal_obeys_nothing_in_a_text(event: bytes) -> None:
    assert _OBEYED.search(_text(event, width=200)) is None


def test_escaped_characters_are_the_same_to_a_reader_of_json() -> None:
    event = {"channel": "/\x85a", "data": {"\x9b": "\u202e\x7f"}, "id": "\u2028"}
    assert _lines(json.dumps(event, ensure_ascii=False)) == [event]


def test_data_that_is_no_json_is_text_under_another_name() -> None:
    good, bad = _lines('{"channel":"/a","data":1}', b'{"channel":"/a","data":NaN,"id":"7"}')
    assert (good, bad) == ({"channel": "/a", "data": 1}, {"channel": "/a", "rawData": "NaN", "id": "7"})
    assert _text(b'{"channel":"/a","data":NaN}') == "TIME /a no JSON: NaN\n"


def test_data_that_is_no_json_stays_in_the_message() -> None:
    events = _events(b'{"channel":"/a","data":NaN,"other":true}')
    as_json_lines(events)
    assert (events[0].raw_data, events[0].extra) == (b"NaN", {"other": True})

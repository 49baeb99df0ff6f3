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

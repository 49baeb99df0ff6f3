from __future__ import annotations

import io
import json
import re

import pytest
from rich.console import Console

from core.tests.cli.hostile_events import HOSTILE, OBEYED
from pybayeux import Message, decode
from pybayeux.cli.message_text import as_text


def _events(*texts: str | bytes) -> list[Message]:
    parts = [text.encode() if isinstance(text, str) else text for text in texts]
    return decode(b"[" + b",".join(parts) + b"]")


def _text(*texts: str | bytes, width: int = 60, colour: bool = False) -> str:
    console = Console(
        file=io.StringIO(), width=width, force_terminal=colour, color_system="standard" if colour else None
    )
    return re.sub(r"\d\d:\d\d:\d\d", "TIME", as_text(console)(_events(*texts)))


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


def test_data_that_is_no_json_is_shown_as_it_is() -> None:
    assert _text(b'{"channel":"/a","data":NaN}') == "TIME /a no JSON: NaN\n"


@pytest.mark.parametrize("event", HOSTILE.values(), ids=HOSTILE.keys())
def test_a_terminal_obeys_nothing_in_a_text(event: bytes) -> None:
    assert OBEYED.search(_text(event, width=200)) is None

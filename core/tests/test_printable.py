from __future__ import annotations

import json
from typing import Any

import pytest

from pybayeux import printable


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("käse, 東京", "käse, 東京"),
        ("a\nb\tc", "a\\nb\\tc"),
        ("\x1b[2Jgone", "\\x1b[2Jgone"),
        ("\x9bK", "\\x9bK"),
        ("\u202eevil", "\\u202eevil"),
        ("lone \udc80", "lone \\udc80"),
    ],
)
def test_what_a_terminal_would_obey_is_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    "value", ["\x1b[31m", "\x9b31m\x7f", "\u202e\u2066", "\u2028\t", "käse, 東京", {"a": ["\x85"]}]
)
def test_json_stays_the_same_json(value: Any) -> None:
    for indent in (None, 2):
        shown = printable(json.dumps(value, ensure_ascii=False, indent=indent), json=True)
        assert json.loads(shown) == value
        assert all(each.isprintable() or each == "\n" for each in shown)

from __future__ import annotations

import pytest

from pybayeux.cli.printable import printable


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

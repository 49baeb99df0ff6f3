from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.soak.journal import mark_of, open_journal, read_journal

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_can_be_read_as_soon_as_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with open_journal(path, 1) as write:
        write("event", "/a", "a-1")
        assert [(entry.kind, entry.channel, entry.mark, entry.run) for entry in read_journal(path)] == [
            ("event", "/a", "a-1", 1)
        ]
    with open_journal(path, 2) as write:
        write("gap", "/a", text="expired")
    assert [(entry.kind, entry.run, entry.text) for entry in read_journal(path)] == [
        ("event", 1, ""),
        ("gap", 2, "expired"),
    ]


def test_a_line_that_was_cut_off_is_ignored(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    with open_journal(path, 1) as write:
        write("event", "/a", "a-1")
    with path.open("ab") as file:
        file.write(b'{"kind":"event","chan')
    assert [entry.mark for entry in read_journal(path)] == ["a-1"]
    with open_journal(path, 2) as write:
        write("event", "/a", "a-2")
        write("event", "/a", "a-3")
    assert [entry.mark for entry in read_journal(path)] == ["a-1", "a-2", "a-3"]


def test_a_missing_journal_is_empty(tmp_path: Path) -> None:
    assert read_journal(tmp_path / "none") == []


@pytest.mark.parametrize(
    ("data", "mark"),
    [
        ({"payload": {"Mark__c": "event-1"}}, "event-1"),
        ({"sobject": {"Mark__c": "topic-1"}}, "topic-1"),
        ({"payload": "text"}, ""),
        ("text", ""),
        (None, ""),
    ],
)
def test_mark_is_found_in_every_shape(data: Any, mark: str) -> None:
    assert mark_of(data) == mark

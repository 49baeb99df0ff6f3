from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from extensions.cassette.tests.streams import event, state, written
from pybayeux_cassette import CassetteError, read_cassette

if TYPE_CHECKING:
    from pathlib import Path

    from pybayeux_cassette.lines import Record

HEADER = b'{"bayeuxCassette":1,"recordedAt":"2026-11-29T16:00:00.000Z","channels":["/orders"]}\n'
EVENT = b'{"at":1,"channel":"/orders","data":{"number":1}}\n'

MUTATED = st.builds(lambda at, junk: EVENT[:at] + junk + EVENT[at:], st.integers(0, 50), st.binary(max_size=5))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "night.jsonl"


def test_it_has_what_was_written_and_can_be_read_again(path: Path) -> None:
    records: list[Record] = [event(0.5, "/orders", {"number": 1}, replay_id=7, ext={"a": 1}), state(1, "unconnected")]
    cassette = written(path, *records, channels=("/orders",))
    assert list(cassette) == list(cassette) == records
    assert list(cassette.events) == records[:1]
    assert list(cassette.states) == records[1:]
    assert cassette.header.channels == ("/orders",)
    assert cassette.measure() == (1, 1)


def test_members_of_a_later_time_are_ignored(path: Path) -> None:
    path.write_bytes(HEADER[:-2] + b',"new":1}\n' + EVENT[:-2] + b',"new":1}\n')
    assert [each.data for each in read_cassette(path).events] == [{"number": 1}]


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (b"", "expected the header of a cassette"),
        (b"\x89PNG\r\n", "expected the header of a cassette"),
        (b'{"number": 1}\n', "expected the header of a cassette"),
        (b"[1]\n", "expected the header of a cassette"),
        (b'{"bayeuxCassette":2}\n', "the format is version 2; this package reads version 1"),
        (b'{"bayeuxCassette":1}\n', "missing required field `recordedAt`"),
    ],
)
def test_a_foreign_file_is_refused(path: Path, header: bytes, why: str) -> None:
    path.write_bytes(header)
    with pytest.raises(CassetteError, match=f"^{path}, line 1: .*{why}"):
        read_cassette(path)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        (b"nonsense\n", "not JSON"),
        (b'{"at":2,"channel":"/\xff","data":1}\n', "not UTF-8|not JSON|[Uu]tf"),
        (b'{"at":2,"channel":"/a","data":"\xff"}\n', "not UTF-8|not JSON|[Uu]tf"),
        (b"[]\n", "Expected `object`"),
        (b'{"at":2,"channel":"/a","data":' + b"[" * 100_000 + b"]" * 100_000 + b"}\n", "not JSON"),
        (b'{"at":2}\n', 'expected a member "channel" or "state"'),
        (b'{"at":"x","channel":"/a","data":1}\n', r"Expected `float`.*\$.at"),
        (b'{"at":2,"channel":"/a"}\n', "missing required field `data`"),
        (b'{"at":2,"channel":"a","data":1}\n', "channel: expected a leading slash; got 'a'"),
        (b'{"at":2,"state":"tired"}\n', "state: expected one of unconnected, .*; got 'tired'"),
        (b'{"at":0.5,"channel":"/a","data":1}\n', "at: expected at least 1, as before; got 0.5"),
    ],
)
def test_damage_is_told_with_its_line(path: Path, line: bytes, why: str) -> None:
    path.write_bytes(HEADER + EVENT + line + EVENT)
    cassette = read_cassette(path)
    read: list[Record] = []
    with pytest.raises(CassetteError, match=f"^{path}, line 3: .*(?:{why})"):
        read.extend(cassette)
    with pytest.raises(CassetteError, match="line 3"):
        cassette.measure()


@pytest.mark.parametrize("length", range(len(EVENT)))
def test_a_last_line_that_a_kill_cut_is_left_out(path: Path, length: int, caplog: pytest.LogCaptureFixture) -> None:
    path.write_bytes(HEADER + EVENT + EVENT[:length])
    whole = length == len(EVENT) - 1  # only its end is missing
    assert len(list(read_cassette(path))) == (2 if whole else 1)
    assert ("line 3: left out, it is not complete" in caplog.text) is (length > 0 and not whole)


@given(st.binary() | MUTATED)
def test_no_line_raises_another_error(tmp_path_factory: pytest.TempPathFactory, line: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.jsonl"
    path.write_bytes(HEADER + line + b"\n")
    with suppress(CassetteError):
        list(read_cassette(path))

from __future__ import annotations

from datetime import UTC, datetime

from pybayeux_replay.noted_positions import NotedPositions
from pybayeux_replay.position import PendingPosition, Position

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def _noted(*keys: str) -> NotedPositions:
    noted = NotedPositions()
    for number, key in enumerate(keys, 1):
        noted.note(key, PendingPosition(number))
    return noted


def test_what_is_noted_is_the_newest_until_the_client_ends_and_unsaved_until_it_is_taken() -> None:
    noted = _noted("/a", "/b")
    assert noted.take() == {"/a": PendingPosition(1), "/b": PendingPosition(2)}
    assert not noted.has_unsaved
    assert noted.newest("/a") == PendingPosition(1)
    assert not noted.note_stored("/a", Position(7, NOON))
    assert noted.newest("/a") == Position(7, NOON)
    noted.clear()
    assert noted.newest("/a") is None


def test_a_stored_position_with_an_outdated_key_is_written_once_more() -> None:
    noted = _noted()
    noted.outdated["00D1/a"] = "/a"
    assert noted.note_stored("00D1/a", Position(7, NOON))
    assert noted.take() == {"00D1/a": Position(7, NOON)}


def test_what_could_not_be_written_does_not_take_the_place_of_a_newer_position() -> None:
    noted = _noted("/a", "/b")
    noted.begin()
    taken = noted.take()
    noted.note("/a", PendingPosition(9))
    assert noted.put_back(taken)
    assert noted.take() == {"/a": PendingPosition(9), "/b": PendingPosition(2)}


def test_what_is_forgotten_while_it_is_written_is_not_written_again() -> None:
    noted = _noted("/a", "00D1/b", "/c")
    noted.outdated.update({"00D1/b": "/b", "00D1/old": "/old"})
    noted.begin()
    taken = noted.take()
    noted.forget(["/b"])
    noted.refuse("/c")
    assert noted.put_back(taken)
    assert noted.outdated == {"00D1/old": "/old"}
    assert noted.newest("00D1/b") is None
    assert noted.take() == {"/a": PendingPosition(1)}
    noted.forget(None)
    assert not noted.put_back(taken)
    noted.begin()
    assert noted.remembered(taken) == taken


def test_a_transaction_takes_one_position() -> None:
    noted = _noted("/a", "/b")
    assert noted.take_one("/c") == {}
    assert noted.take_one("/a") == {"/a": PendingPosition(1)}
    assert list(noted.unsaved) == ["/b"]

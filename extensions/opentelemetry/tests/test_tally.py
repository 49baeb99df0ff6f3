from __future__ import annotations

import pytest

from pybayeux_opentelemetry.tally import OTHER, Arrival, Book

_Counts = list[tuple[dict[str, str], int, int, int, int | None]]


def _arrive(book: Book, channel: str, position: int | None = None) -> Arrival:
    return book.arrived(book.of(channel), 1.0, None, position)


def _collect(book: Book, *, close: bool = False) -> _Counts:
    collected = book.close() if close else book.collect()
    return [(dict(t.attributes), t.received, t.handled, t.change, t.position) for t in collected]


def test_counts_are_those_since_the_last_time() -> None:
    book = Book(10, "name")
    first, second = _arrive(book, "/a", 7), _arrive(book, "/a", 8)
    assert _collect(book) == [({"name": "/a"}, 2, 0, 2, None)]
    book.handled(first)
    book.handled(second)
    assert _collect(book) == [({"name": "/a"}, 0, 2, -2, 8)]
    assert _collect(book) == []


def test_an_event_is_handled_once() -> None:
    book = Book(10, "name")
    arrival = _arrive(book, "/a")
    assert book.handled(arrival) is not None
    assert book.handled(arrival) is None
    assert _collect(book) == [({"name": "/a"}, 1, 1, 0, None)]


def test_what_nobody_has_any_more_does_not_wait() -> None:
    book = Book(10, "name")
    arrivals = [_arrive(book, "/a") for _ in range(3)]
    assert _collect(book) == [({"name": "/a"}, 3, 0, 3, None)]
    arrivals.clear()
    assert _collect(book) == [({"name": "/a"}, 0, 0, -3, None)]
    _arrive(book, "/a")
    assert _collect(book) == [({"name": "/a"}, 1, 0, 0, None)]


def test_channels_beyond_the_limit_are_one() -> None:
    book = Book(1, "name")
    arrivals = [_arrive(book, channel, 5) for channel in ("/a", "/b", "/c", "/a")]
    for arrival in arrivals:
        book.handled(arrival)
    assert _collect(book) == [({"name": "/a"}, 2, 2, 0, 5), ({"name": OTHER}, 2, 2, 0, None)]


def test_with_no_limit_at_all_channels_are_not_told() -> None:
    book = Book(0, "name")
    book.handled(_arrive(book, "/a", 5))
    assert _collect(book) == [({}, 1, 1, 0, None)]


@pytest.mark.parametrize("limit", [0, 1])
def test_at_the_end_nothing_waits(limit: int) -> None:
    book = Book(limit, "name")
    held = [_arrive(book, channel) for channel in ("/a", "/b", "/b")]
    before = _collect(book)
    after = _collect(book, close=True)
    assert sum(each[3] for each in before) == 3
    assert sum(each[3] for each in after) == -3
    book.handled(held[0])
    held.clear()
    assert sum(each[3] for each in _collect(book)) == 0


def test_a_book_goes_on_after_its_end() -> None:
    book = Book(10, "name")
    held = _arrive(book, "/a")
    _collect(book, close=True)
    again = _arrive(book, "/a")
    assert _collect(book) == [({"name": "/a"}, 1, 0, 1, None)]
    book.handled(held)
    book.handled(again)
    assert sum(each[3] for each in _collect(book)) == -1

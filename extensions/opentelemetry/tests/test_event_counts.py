from __future__ import annotations

import pytest

from pybayeux_opentelemetry.conventions import OTHER
from pybayeux_opentelemetry.event_counts import EventCounter, PendingEvent

_Counts = list[tuple[dict[str, str], int, int, int, int | None]]


def _receive(counter: EventCounter, channel: str) -> PendingEvent:
    counts = counter.counts_of(channel)
    counts.received += 1
    counter.changed(counts)
    return PendingEvent(counts, 1.0)


def _handle(counter: EventCounter, event: PendingEvent, position: int | None = None) -> None:
    assert event.counts is not None
    event.counts.handled += 1
    event.counts.position = position
    counter.changed(event.counts)
    event.counts = None


def _collect(counter: EventCounter, *, close: bool = False) -> _Counts:
    collected = counter.close() if close else counter.collect()
    return [(dict(c.attributes), c.received, c.handled, c.waiting_change, c.position) for c in collected]


def test_counts_start_from_zero_after_each_collection() -> None:
    counter = EventCounter(10, "name")
    first, second = _receive(counter, "/a"), _receive(counter, "/a")
    assert _collect(counter) == [({"name": "/a"}, 2, 0, 2, None)]
    _handle(counter, first, 7)
    _handle(counter, second, 8)
    assert _collect(counter) == [({"name": "/a"}, 0, 2, -2, 8)]
    assert _collect(counter) == []


def test_a_discarded_event_no_longer_waits() -> None:
    counter = EventCounter(10, "name")
    events = [_receive(counter, "/a") for _ in range(3)]
    assert _collect(counter) == [({"name": "/a"}, 3, 0, 3, None)]
    events.clear()
    assert _collect(counter) == [({"name": "/a"}, 0, 0, -3, None)]
    _receive(counter, "/a")
    assert _collect(counter) == [({"name": "/a"}, 1, 0, 0, None)]


def test_channels_beyond_the_limit_share_counts() -> None:
    counter = EventCounter(1, "name")
    events = [_receive(counter, channel) for channel in ("/a", "/b", "/c", "/a")]
    assert [event.counts is not None and event.counts.has_position for event in events] == [True, False, False, True]
    for event in events:
        _handle(counter, event)
    assert _collect(counter) == [({"name": "/a"}, 2, 2, 0, None), ({"name": OTHER}, 2, 2, 0, None)]


def test_a_limit_of_zero_counts_all_channels_together() -> None:
    counter = EventCounter(0, "name")
    _handle(counter, _receive(counter, "/a"))
    assert _collect(counter) == [({}, 1, 1, 0, None)]


@pytest.mark.parametrize("limit", [0, 1])
def test_after_close_no_event_waits(limit: int) -> None:
    counter = EventCounter(limit, "name")
    held = [_receive(counter, channel) for channel in ("/a", "/b", "/b")]
    before = _collect(counter)
    after = _collect(counter, close=True)
    assert sum(each[3] for each in before) == 3
    assert sum(each[3] for each in after) == -3
    _handle(counter, held[0])
    held.clear()
    assert sum(each[3] for each in _collect(counter)) == 0


def test_a_counter_works_after_close() -> None:
    counter = EventCounter(10, "name")
    held = _receive(counter, "/a")
    _collect(counter, close=True)
    again = _receive(counter, "/a")
    assert _collect(counter) == [({"name": "/a"}, 1, 0, 1, None)]
    _handle(counter, held)
    _handle(counter, again)
    assert sum(each[3] for each in _collect(counter)) == -1

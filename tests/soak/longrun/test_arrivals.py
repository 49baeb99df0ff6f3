from __future__ import annotations

from tests.soak.longrun.arrivals import Arrivals


def test_events_are_counted_by_their_numbers() -> None:
    arrivals = Arrivals()
    assert (arrivals.newest, arrivals.handled, arrivals.twice) == (-1, 0, 0)
    for number in (0, 1, 4, 3, 4):
        arrivals.add(number)
    assert (arrivals.newest, arrivals.handled, arrivals.twice, arrivals.disordered) == (4, 4, 1, 1)


def test_an_event_that_comes_hundreds_of_times_is_one() -> None:
    arrivals = Arrivals()
    for _ in range(1000):
        arrivals.add(2)
    assert (arrivals.handled, arrivals.twice, arrivals.disordered) == (1, 1, 0)

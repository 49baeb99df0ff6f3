from __future__ import annotations

from pybayeux_devserver.demo.tally import Tally


def _published(count: int) -> Tally:
    tally = Tally()
    for number in range(1, count + 1):
        tally.publish(number)
    return tally


def test_orders_are_lost_until_they_are_handled() -> None:
    tally = _published(3)
    tally.handle([1, 3])
    assert (tally.published, tally.handled, tally.newest, tally.lost) == (3, 2, 3, [2])
    assert not tally.is_good
    tally.handle([2])
    assert tally.is_good


def test_orders_are_counted_once_however_often_they_are_handled() -> None:
    tally = _published(2)
    tally.handle([1, 2, 1, 1])
    assert (tally.handled, tally.twice) == (2, 1)
    assert tally.is_good, "at least once is what is promised"


def test_orders_have_to_be_in_the_ledger_once() -> None:
    tally = _published(2)
    tally.handle([1, 2])
    tally.write([1])
    assert (tally.written, tally.unwritten, tally.is_good) == (1, [2], False)
    tally.write([2])
    assert (tally.unwritten, tally.is_good) == ([], True)
    tally.write([2, 2])
    assert (tally.written, tally.written_twice, tally.is_good) == (2, 1, False)


def test_without_a_ledger_nothing_is_unwritten() -> None:
    tally = _published(1)
    tally.handle([1])
    assert (tally.unwritten, tally.is_good) == ([], True)

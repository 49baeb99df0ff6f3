"""Delays after failures, and what counts as one."""

from __future__ import annotations

from random import Random

import pytest

from pybayeux.session import Backoff
from pybayeux.session.backoff import EmptyConnects, FailureHistory


@pytest.mark.parametrize(("failures", "delay"), [(0, 0), (1, 0), (2, 1.5), (3, 3), (4, 4), (100, 4)])
def test_delays_grow_to_a_maximum(failures: int, delay: float) -> None:
    assert Backoff(increment=1.5, maximum=4, jitter=0).delay(failures, Random(1)) == delay


def test_chance_takes_off_its_share_at_the_most() -> None:
    random, backoff = Random(1), Backoff(increment=10, jitter=0.2)
    delays = [backoff.delay(2, random) for _ in range(1000)]
    assert 8 <= min(delays) < 8.5
    assert 9.5 < max(delays) <= 10


@pytest.mark.parametrize(("outage", "delay"), [(0, 1.5), (90, 1.5), (92, 2), (100, 10), (500, 30)])
def test_a_server_that_is_away_is_tried_often_for_90_seconds(outage: float, delay: float) -> None:
    backoff = Backoff(increment=1.5, maximum=30, jitter=0)
    assert backoff.reconnect_delay(1, 0, Random(1)) == 0
    assert [backoff.reconnect_delay(failures, outage, Random(1)) for failures in (2, 30)] == [delay, delay]
    assert Backoff(increment=9, maximum=4, jitter=0).reconnect_delay(2, outage, Random(1)) == 4


def test_chance_spreads_the_first_attempt_to_come_back_over_one_increment() -> None:
    random, backoff = Random(1), Backoff(increment=10)
    delays = [backoff.reconnect_delay(1, 0, random) for _ in range(1000)]
    assert min(delays) < 0.5
    assert 9.5 < max(delays) <= 10
    later = [backoff.reconnect_delay(2, 0, random) for _ in range(1000)]
    assert 8 <= min(later) < max(later) <= 10


def test_an_accepted_connect_is_a_success_if_it_lasts() -> None:
    history = FailureHistory()
    history.failed(0.0)
    history.failed(1.0)
    history.handshake_accepted()
    assert (history.in_a_row, history.failing_for(3.0), history.ever_connected) == (2, 3.0, False)
    history.connect_accepted(5.0)
    history.failed(5.5)
    assert (history.in_a_row, history.failing_for(6.0), history.ever_connected) == (3, 6.0, True)
    history.connect_accepted(7.0)
    history.connect_accepted(7.9)
    history.failed(8.0)
    assert (history.in_a_row, history.failing_for(9.0)) == (1, 1.0)


def test_an_outage_begins_with_the_first_connect_that_failed_in_a_row() -> None:
    history = FailureHistory()
    assert history.outage(50.0) == 0
    history.connect_failed(10.0)
    history.connect_failed(20.0)
    assert history.outage(50.0) == 40
    history.connect_accepted(50.0)
    assert history.outage(50.0) == 0
    history.connect_failed(60.0)
    history.handshake_accepted()
    assert history.outage(70.0) == 0


def test_sessions_lost_of_late_count_as_failures() -> None:
    history = FailureHistory()
    lost = []
    for moment in (0.0, 4.0, 8.0, 12.0, 100.0):
        history.connect_accepted(moment - 3)
        lost.append(history.session_lost(moment))
    assert lost == [1, 2, 3, 3, 1]


def test_sessions_lost_without_a_connection_between_them_count_for_ever() -> None:
    history = FailureHistory()
    assert [history.session_lost(moment) for moment in (0.0, 20.0, 40.0)] == [1, 2, 3]
    history.connect_accepted(50.0)
    assert history.session_lost(60.0) == 1


def test_the_first_loss_after_an_outage_costs_no_wait() -> None:
    history = FailureHistory()
    for moment in range(9):
        history.failed(float(moment))
    assert history.session_lost(9.0) == 1


def test_a_new_start_forgets_failures() -> None:
    history = FailureHistory()
    history.failed(1.0)
    history.connect_accepted(2.0)
    history.failed(2.5)
    history.started()
    assert (history.in_a_row, history.failing_for(9.0), history.ever_connected) == (0, 0, False)


def empty(connects: EmptyConnects, count: int, now: float = 0.0, *, takes: float = 0.0) -> list[float]:
    """The pauses after so many connects that bring nothing."""
    pauses = []
    for _ in range(count):
        connects.sent(now, may_be_held=True)
        connects.answered(now + takes)
        pauses.append(connects.pause)
    return pauses


def test_connects_answered_at_once_get_growing_pauses_and_are_reported_once() -> None:
    connects = EmptyConnects()
    assert empty(connects, 5) == [0, 0, 0.1, 0.2, 0.4]
    assert not connects.is_to_report()
    assert empty(connects, 4) == [0.8, 1.6, 2.0, 2.0]
    assert (connects.is_to_report(), connects.is_to_report()) == (True, False)


def test_an_event_or_a_held_connect_ends_the_pauses() -> None:
    connects = EmptyConnects()
    empty(connects, 9)
    connects.is_to_report()
    connects.sent(0.0, may_be_held=True)
    connects.event_came()
    connects.answered(0.0)
    assert connects.pause == 0
    empty(connects, 9)
    assert not connects.is_to_report(), "it is known already"
    assert empty(connects, 1, takes=0.3) == [0]
    empty(connects, 9)
    assert connects.is_to_report()


def test_a_connect_that_asks_for_an_answer_at_once_says_nothing() -> None:
    connects = EmptyConnects()
    for _ in range(9):
        connects.sent(0.0, may_be_held=False)
        connects.answered(0.0)
    assert connects.pause == 0

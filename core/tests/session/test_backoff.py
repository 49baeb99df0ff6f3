"""Delays after failures, and what counts as one."""

from __future__ import annotations

from random import Random

import pytest

from pybayeux.session import Backoff
from pybayeux.session.backoff import FailureHistory


@pytest.mark.parametrize(("failures", "delay"), [(0, 0), (1, 0), (2, 1.5), (3, 3), (4, 4), (100, 4)])
def test_delays_grow_to_a_maximum(failures: int, delay: float) -> None:
    assert Backoff(increment=1.5, maximum=4, jitter=0).delay(failures, Random(1)) == delay


def test_chance_takes_off_its_share_at_the_most() -> None:
    random, backoff = Random(1), Backoff(increment=10, jitter=0.2)
    delays = [backoff.delay(2, random) for _ in range(1000)]
    assert 8 <= min(delays) < 8.5
    assert 9.5 < max(delays) <= 10


def test_an_accepted_handshake_is_no_success_yet() -> None:
    history = FailureHistory()
    history.failed()
    history.failed()
    history.handshake_accepted()
    assert (history.in_a_row, history.ever_connected) == (2, False)
    history.connect_accepted()
    assert (history.in_a_row, history.ever_connected) == (0, True)


def test_an_outage_begins_with_the_first_connect_that_failed_in_a_row() -> None:
    history = FailureHistory()
    assert history.outage(50.0) == 0
    history.connect_failed(10.0)
    history.connect_failed(20.0)
    assert history.outage(50.0) == 40
    history.connect_accepted()
    assert history.outage(50.0) == 0
    history.connect_failed(60.0)
    history.handshake_accepted()
    assert history.outage(70.0) == 0


def test_sessions_lost_of_late_count_as_failures() -> None:
    history = FailureHistory()
    assert [history.session_lost(moment) for moment in (0.0, 4.0, 8.0, 12.0, 100.0)] == [1, 2, 3, 3, 1]
    for _ in range(5):
        history.failed()
    assert history.session_lost(200.0) == 5


def test_a_new_start_forgets_failures() -> None:
    history = FailureHistory()
    history.failed()
    history.connect_accepted()
    history.failed()
    history.started()
    assert (history.in_a_row, history.ever_connected) == (0, False)

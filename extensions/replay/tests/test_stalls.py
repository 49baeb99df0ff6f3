from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from extensions.replay.tests.simulation import FakeClient, asked_for, event, reply
from pybayeux import Channel
from pybayeux_replay import Replay, Stall
from pybayeux_replay.stalls import StallDetector, Stalls

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def _detector(*minutes: float) -> StallDetector:
    """A detector of stalls of ten minutes; events came at these minutes."""
    detector = StallDetector("/orders", 10 * MINUTE)
    detector.on_session(NOON)
    for minute in minutes:
        assert detector.look(NOON + minute * MINUTE, has_event=True) is None
    return detector


def test_silence_on_a_channel_that_usually_speaks_is_a_stall_and_an_event_ends_it() -> None:
    detector = _detector(*range(0, 36, 5))
    assert detector.look(NOON + 44 * MINUTE, has_event=False) is None
    stall = detector.look(NOON + 45 * MINUTE, has_event=False)
    assert stall == detector.stall == Stall("/orders", NOON + 35 * MINUTE)
    assert detector.look(NOON + 60 * MINUTE, has_event=False) is None  # it is reported once
    over = detector.look(NOON + 61 * MINUTE, has_event=True)
    assert over == Stall("/orders", NOON + 35 * MINUTE, is_over=True)
    assert detector.stall is None


@pytest.mark.parametrize("minutes", [(), (0,), (0, 5, 10), (0, 15, 30, 45), (0, 5, 10, 15, 20, 35, 40)])
def test_silence_on_a_channel_that_has_long_pauses_is_none(minutes: tuple[float, ...]) -> None:
    assert _detector(*minutes).look(NOON + 500 * MINUTE, has_event=False) is None


def test_the_time_without_a_session_is_no_silence() -> None:
    detector = _detector(*range(0, 36, 5))
    detector.on_session(NOON + 100 * MINUTE)
    assert detector.look(NOON + 109 * MINUTE, has_event=False) is None
    stall = detector.look(NOON + 110 * MINUTE, has_event=False)
    assert stall is not None
    assert stall.since == NOON + 100 * MINUTE


def test_nothing_is_watched_without_a_length_or_after_the_end() -> None:
    off, stalls = Stalls(None), Stalls(10 * MINUTE)
    for each in (off, stalls):
        each.on_session("/orders", NOON)
        for minute in range(0, 36, 5):
            each.on_connect_reply("/orders", NOON + minute * MINUTE, has_event=True)
    assert off.on_connect_reply("/orders", NOON + 99 * MINUTE, has_event=False) is None
    assert stalls.on_connect_reply("/orders", NOON + 99 * MINUTE, has_event=False) is not None
    assert [each.subscription for each in stalls.present] == ["/orders"]
    stalls.remove("/orders")
    assert not stalls.present


class _Listener:
    def __init__(self) -> None:
        self.heard: list[Stall] = []

    def stalled(self, stall: Stall, client: object) -> None:
        self.heard.append(stall)


class _Run:
    """A client whose connects are answered each minute."""

    def __init__(self, **options: Any) -> None:
        self.minute = 0
        self.listener = _Listener()
        self.client = FakeClient(self.listener)
        self.replay = Replay(clock=lambda: NOON.timestamp() + 60 * self.minute, **options)
        self.replay.registered(self.client.as_client)
        asked_for(self.replay, "/orders")
        self.replay.incoming(reply(Channel.META_SUBSCRIBE, subscription="/orders"), self.client.as_client)

    def poll(self, minutes: int, *, has_events: bool) -> None:
        for _ in range(minutes):
            self.minute += 1
            self.replay.incoming(reply(Channel.META_CONNECT), self.client.as_client)
            if has_events:
                self.replay.incoming(event("/orders", self.minute), self.client.as_client)


def test_a_stall_and_its_end_are_reported(caplog: pytest.LogCaptureFixture) -> None:
    run = _Run(stalled_after=600)
    with caplog.at_level(logging.INFO, "pybayeux.replay"):
        run.poll(40, has_events=True)
        run.poll(15, has_events=False)
        assert [each.is_over for each in run.listener.heard] == [False]
        assert run.replay.stalls == tuple(run.listener.heard)
        run.poll(2, has_events=True)
    assert [each.is_over for each in run.listener.heard] == [False, True]
    assert not run.replay.stalls
    assert [each.levelname for each in caplog.records] == ["WARNING", "INFO"]
    assert "/orders: connected, but no event has come since 2026-01-01 12:41:00 UTC" in caplog.text


def test_a_client_that_takes_no_events_at_the_moment_has_no_stall() -> None:
    run = _Run(stalled_after=600)
    run.poll(40, has_events=True)
    run.client.accepting = False
    run.poll(30, has_events=False)
    assert run.listener.heard == []


def test_the_length_has_to_be_positive() -> None:
    with pytest.raises(ValueError, match="stalled_after: expected a time longer than 0; got 0"):
        Replay(stalled_after=0)

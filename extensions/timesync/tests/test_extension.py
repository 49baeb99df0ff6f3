from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from core.tests.virtual_time import in_virtual_time
from pybayeux import Channel, Message
from pybayeux_timesync import TimeSync

_META = [Channel.META_HANDSHAKE, Channel.META_CONNECT, Channel.META_SUBSCRIBE, Channel.META_DISCONNECT]


class _Clock:
    """A clock that the test sets, in seconds since 1970."""

    def __init__(self, now: float = 1_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _request(sync: TimeSync, channel: str = Channel.META_CONNECT) -> Any:
    message = Message(channel=channel, ext={"ack": 1})
    sync.outgoing(message)
    assert message.ext is not None
    return message.ext.pop("timesync", None)


def _answer(sync: TimeSync, answer: Any, channel: str = Channel.META_CONNECT) -> None:
    sync.incoming(Message(channel=channel, successful=True, ext={"timesync": answer}))


def _exchange(sync: TimeSync, clock: _Clock, *, lag: float, offset: float, held: float = 0.0) -> None:
    """Send a request and get the reply of a server that is `offset` seconds ahead, each way taking `lag` seconds."""
    tc = _request(sync)["tc"]
    clock.now += lag
    arrived = clock.now + offset
    clock.now += held + lag
    _answer(sync, {"tc": tc, "ts": round(arrived * 1000), "p": round(held * 1000), "a": 0})


@pytest.mark.parametrize("channel", _META)
def test_every_meta_message_has_the_time_when_it_left(channel: str) -> None:
    assert _request(TimeSync(clock=_Clock(1234.5678)), channel) == {"tc": 1234568, "l": 0, "o": 0}


@pytest.mark.parametrize("channel", ["/orders", "/service/echo"])
def test_other_messages_have_no_time(channel: str) -> None:
    message = Message(channel=channel)
    TimeSync().outgoing(message)
    assert message.ext is None


def test_a_reply_corrects_the_estimate_and_the_next_request_has_it() -> None:
    clock = _Clock()
    sync = TimeSync(clock=clock)
    _exchange(sync, clock, lag=0.020, offset=5)
    assert (sync.lag, sync.offset) == (timedelta(milliseconds=20), timedelta(seconds=5))
    assert _request(sync) == {"tc": round(clock.now * 1000), "l": 20, "o": 5000}


def test_the_time_for_which_the_server_held_a_connect_does_not_count() -> None:
    clock = _Clock()
    sync = TimeSync(clock=clock)
    _exchange(sync, clock, lag=0.020, offset=-5, held=30)
    assert (sync.lag, sync.offset) == (timedelta(milliseconds=20), timedelta(seconds=-5))


def test_lag_and_offset_are_the_means_of_the_last_replies() -> None:
    clock = _Clock()
    sync = TimeSync(max_samples=2, clock=clock)
    for lag in (1.0, 0.010, 0.030):
        _exchange(sync, clock, lag=lag, offset=0)
    assert (sync.samples, sync.lag) == (2, timedelta(milliseconds=20))


@pytest.mark.parametrize(
    "answer",
    [
        None,
        True,
        [],
        {},
        {"tc": 1, "ts": 2},
        {"tc": 1, "p": 0},
        {"tc": "1", "ts": 2, "p": 0},
        {"tc": True, "ts": 2, "p": 0},
        {"tc": 1_000_000, "ts": 2, "p": 60_000},  # held for longer than it took
        {"tc": 2_000_000, "ts": 2, "p": 0},  # sent in the future: the clock was set back
    ],
)
def test_a_malformed_reply_is_ignored(answer: Any) -> None:
    sync = TimeSync(clock=_Clock())
    _answer(sync, answer)
    assert (sync.samples, sync.lag, sync.offset) == (0, timedelta(), timedelta())


def test_events_and_replies_without_timesync_are_ignored() -> None:
    sync = TimeSync(clock=_Clock())
    _answer(sync, {"tc": 1_000_000, "ts": 2, "p": 0}, channel="/orders")
    sync.incoming(Message(channel=Channel.META_CONNECT, successful=True))
    sync.incoming(Message(channel=Channel.META_CONNECT, successful=True, ext={"ack": 1}))
    assert sync.samples == 0


def test_the_server_time() -> None:
    clock = _Clock()
    sync = TimeSync(clock=clock)
    assert sync.server_time() == _moment(1000)
    _exchange(sync, clock, lag=0, offset=3600)
    clock.now = 2000.0
    assert sync.server_time() == _moment(5600)
    assert sync.delay_until(_moment(5601.5)) == 1.5
    assert sync.delay_until(_moment(5599)) == 0


def test_a_time_without_a_time_zone_is_an_error() -> None:
    with pytest.raises(TypeError, match="offset-naive"):
        TimeSync().delay_until(datetime(2026, 11, 23))


@in_virtual_time
async def test_sleep_until_a_time_on_the_server() -> None:
    loop = asyncio.get_running_loop()
    sync = TimeSync(clock=loop.time)
    start = loop.time()
    await sync.sleep_until(_moment(start + 60))
    assert loop.time() == pytest.approx(start + 60)
    await sync.sleep_until(_moment(start))
    assert loop.time() == pytest.approx(start + 60)


@in_virtual_time
async def test_replies_during_a_sleep_count() -> None:
    loop = asyncio.get_running_loop()
    sync = TimeSync(clock=loop.time)
    start = loop.time()
    sleeping = asyncio.create_task(sync.sleep_until(_moment(start + 60)))
    await asyncio.sleep(30)
    _answer(sync, {"tc": round(loop.time() * 1000), "ts": round((loop.time() - 15) * 1000), "p": 0})
    await sleeping
    assert loop.time() == pytest.approx(start + 75)  # the server's clock turned out to be behind


def test_a_wrong_number_of_samples_is_an_error() -> None:
    with pytest.raises(ValueError, match="max_samples"):
        TimeSync(max_samples=0)

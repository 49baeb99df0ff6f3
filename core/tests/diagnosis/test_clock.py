from __future__ import annotations

from typing import Any

import pytest

from pybayeux import Message
from pybayeux.diagnosis.clock import read_clock
from pybayeux.diagnosis.observing import HttpAnswer
from pybayeux.diagnosis.report import Clock


def _reply(timesync: Any, at: float) -> tuple[Message, float]:
    return Message(channel="/meta/handshake", ext={"timesync": timesync}), at


def _answer(date: str | None) -> HttpAnswer:
    return HttpAnswer(status=200, server=None, date=date, cookies=(), is_redirect=False, at=1_000_000_000.2)


def test_timesync_is_better_than_the_date() -> None:
    # Asked at 1000, there at 1010, held for 5, back at 1025: the server's clock is 500 ahead.
    reply = _reply({"tc": 1000, "ts": 1510, "p": 5}, 1.025)
    date = _answer("Sun, 09 Sep 2001 01:46:40 GMT")
    assert read_clock([(Message(channel="/meta/connect"), 1.0), reply], [date], 10.0) == Clock(500.0, 11.0, "timesync")


@pytest.mark.parametrize("timesync", [True, {"tc": 1}, {"tc": "1", "ts": 2, "p": 3}, {"tc": True, "ts": 2, "p": 3}])
def test_another_timesync_is_ignored(timesync: Any) -> None:
    assert read_clock([_reply(timesync, 1.0)], [], None) is None


def test_the_date_is_that_of_the_middle_of_its_second() -> None:
    answers = [_answer(None), _answer("nonsense"), _answer("Sun, 09 Sep 2001 01:46:45 GMT")]
    assert read_clock([], answers, 400.0) == Clock(5500, 700, "Date")

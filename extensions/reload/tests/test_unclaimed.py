from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux import Message
from pybayeux_reload.unclaimed import Unclaimed

_CHANNELS = ["/a", "/a/b", "/a/b/c", "/d"]
_PATTERNS = ["/a", "/a/b", "/a/*", "/a/**", "/**", "/d"]


def _events(*channels: str) -> list[Message]:
    return [Message(channel=channel, data=number) for number, channel in enumerate(channels)]


def _expecting(*channels: str, limit: int = 100) -> Unclaimed:
    unclaimed = Unclaimed(limit)
    unclaimed.expect(channels)
    return unclaimed


def test_without_expectations_everything_is_handed_on() -> None:
    batch = _events("/a", "/b")
    assert Unclaimed().keep(batch) is batch
    assert Unclaimed().claim(["/a"]) == []


def test_events_wait_for_their_receiver_and_no_longer() -> None:
    unclaimed = _expecting("/a", "/d")
    first, other, second = _events("/a", "/x", "/a")
    assert unclaimed.keep([first, other]) == [other]
    assert unclaimed.keep([second]) == []
    assert unclaimed.claim(["/d"]) == []
    assert unclaimed.claim(["/a"]) == [first, second]
    assert unclaimed.claim(["/a"]) == []
    later = _events("/a")
    assert unclaimed.keep(later) == later


@pytest.mark.parametrize(
    ("expected", "channel", "claimed"),
    [
        ("/a/**", "/a/b/c", "/a/**"),
        ("/a/*", "/a/b", "/a/b"),
        ("/a/b", "/a/b", "/**"),
        ("/topic/Cases?Priority=High", "/topic/Cases", "/topic/Cases?Priority=High"),
    ],
)
def test_patterns_and_filters(expected: str, channel: str, claimed: str) -> None:
    unclaimed = _expecting(expected)
    [event] = _events(channel)
    assert unclaimed.keep([event]) == []
    assert unclaimed.claim([claimed]) == [event]


@pytest.mark.parametrize(
    "fields",
    [
        {"channel": "/meta/connect", "successful": True},
        {"channel": "/meta/disconnect"},
        {"channel": "/a", "successful": True},
        {"channel": "/service/a", "data": 1},
        {"channel": "", "data": 1},
    ],
)
def test_what_is_no_event_of_a_subscription_never_waits(fields: dict[str, Any]) -> None:
    batch = [Message(**fields)]
    assert _expecting("/a", "/**").keep(batch) == batch


def test_with_too_many_nobody_is_waited_for_any_longer(caplog: pytest.LogCaptureFixture) -> None:
    unclaimed = _expecting("/a", "/b", limit=2)
    batch = _events("/a", "/a", "/a")
    assert unclaimed.keep(batch[:2]) == []
    assert unclaimed.keep(batch[2:]) == batch
    assert unclaimed.keep(batch) == batch
    assert "2 events wait for receivers that did not come" in caplog.text
    assert "/a, /b" in caplog.text


@given(
    expected=st.sets(st.sampled_from(_PATTERNS)),
    steps=st.lists(st.sampled_from(_CHANNELS) | st.tuples(st.sampled_from(_PATTERNS)), max_size=30),
)
def test_nothing_is_lost_or_doubled_and_each_channel_keeps_its_order(
    expected: set[str], steps: list[str | tuple[str]]
) -> None:
    unclaimed, given = _expecting(*expected), list[Message]()
    for number, step in enumerate(steps):
        if isinstance(step, str):
            given += unclaimed.keep([Message(channel=step, data=number)])
        else:
            given += unclaimed.claim(step)
    given += unclaimed.claim(_PATTERNS)
    numbers = [event.data for event in given]
    assert sorted(numbers) == [number for number, step in enumerate(steps) if isinstance(step, str)]
    for channel in _CHANNELS:
        own = [event.data for event in given if event.channel == channel]
        assert own == sorted(own)

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pybayeux import Message
from pybayeux_reload.early_events import EarlyEvents

_CHANNELS = ["/a", "/a/b", "/a/b/c", "/d"]
_PATTERNS = ["/a", "/a/b", "/a/*", "/a/**", "/**", "/d"]


def _events(*channels: str) -> list[Message]:
    return [Message(channel=channel, data=number) for number, channel in enumerate(channels)]


def _expecting(*channels: str, limit: int = 100) -> EarlyEvents:
    early = EarlyEvents(limit)
    early.expect(channels)
    return early


def test_without_expected_channels_everything_is_passed_on() -> None:
    batch = _events("/a", "/b")
    assert EarlyEvents().hold(batch) is batch
    assert EarlyEvents().release(["/a"]) == []


def test_events_are_held_until_they_have_a_receiver_and_no_longer() -> None:
    early = _expecting("/a", "/d")
    first, other, second = _events("/a", "/x", "/a")
    assert early.hold([first, other]) == [other]
    assert early.hold([second]) == []
    assert early.release(["/d"]) == []
    assert early.release(["/a"]) == [first, second]
    assert early.release(["/a"]) == []
    later = _events("/a")
    assert early.hold(later) == later


@pytest.mark.parametrize(
    ("expected", "channel", "subscribed"),
    [
        ("/a/**", "/a/b/c", "/a/**"),
        ("/a/*", "/a/b", "/a/b"),
        ("/a/b", "/a/b", "/**"),
        ("/topic/Cases?Priority=High", "/topic/Cases", "/topic/Cases?Priority=High"),
    ],
)
def test_patterns_and_filters(expected: str, channel: str, subscribed: str) -> None:
    early = _expecting(expected)
    [event] = _events(channel)
    assert early.hold([event]) == []
    assert early.release([subscribed]) == [event]


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
def test_other_messages_than_events_of_a_subscription_are_never_held(fields: dict[str, Any]) -> None:
    batch = [Message(**fields)]
    assert _expecting("/a", "/**").hold(batch) == batch


def test_above_the_limit_all_events_are_passed_on(caplog: pytest.LogCaptureFixture) -> None:
    early = _expecting("/a", "/b", limit=2)
    batch = _events("/a", "/a", "/a")
    assert early.hold(batch[:2]) == []
    assert early.hold(batch[2:]) == batch
    assert early.hold(batch) == batch
    assert "2 events have no receiver yet" in caplog.text
    assert "/a, /b" in caplog.text


@given(
    expected=st.sets(st.sampled_from(_PATTERNS)),
    steps=st.lists(st.sampled_from(_CHANNELS) | st.tuples(st.sampled_from(_PATTERNS)), max_size=30),
)
def test_nothing_is_lost_or_doubled_and_each_channel_keeps_its_order(
    expected: set[str], steps: list[str | tuple[str]]
) -> None:
    early, passed = _expecting(*expected), list[Message]()
    for number, step in enumerate(steps):
        if isinstance(step, str):
            passed += early.hold([Message(channel=step, data=number)])
        else:
            passed += early.release(step)
    passed += early.release(_PATTERNS)
    numbers = [event.data for event in passed]
    assert sorted(numbers) == [number for number, step in enumerate(steps) if isinstance(step, str)]
    for channel in _CHANNELS:
        own = [event.data for event in passed if event.channel == channel]
        assert own == sorted(own)

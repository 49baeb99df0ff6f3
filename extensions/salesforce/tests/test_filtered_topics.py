"""Filtered subscriptions to PushTopics, with an emulated org."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from extensions.salesforce.tests.org import ClientRecorder, client_of, in_org, with_org
from pybayeux import Message
from pybayeux_salesforce.filtered_topics import FilteredTopics

if TYPE_CHECKING:
    from pybayeux_salesforce_emulator import SalesforceEmulator

_TOPIC = "/topic/Opps"
_WON = "/topic/Opps?Stage=Won"
_LOST = "/topic/Opps?Stage=Lost"


async def _publish(org: SalesforceEmulator, *stages: str) -> list[int]:
    return [await org.publish(_TOPIC, {"Stage": stage}) for stage in stages]


@pytest.mark.parametrize("with_filter", [False, True])
def test_a_filtered_subscription_gets_its_events_and_keeps_its_position(with_filter: bool) -> None:
    async def scenario(org: SalesforceEmulator, recorder: ClientRecorder) -> None:
        async with client_of(org, recorder) as client:
            await client.subscribe(_WON, recorder.handle)
            first, _, second = await _publish(org, "Won", "Lost", "Won")
            await recorder.until(lambda: len(recorder.handled) == 2)
            org.kill_sessions("advice-none")
            (third,) = await _publish(org, "Won")
            await recorder.until(lambda: len(recorder.handled) == 3)
        assert recorder.handled == [(_WON, first), (_WON, second), (_WON, third)]

    with_org(scenario, _TOPIC, time_scale=10, filtered_channels=with_filter)


@in_org(_TOPIC)
async def test_each_subscription_to_a_topic_gets_the_events_that_fit_it(
    org: SalesforceEmulator, recorder: ClientRecorder
) -> None:
    async with client_of(org, recorder) as client:
        for channel in (_WON, _LOST, f"{_WON}&Stage=Lost", _TOPIC):
            await client.subscribe(channel, recorder.handle)
        won, lost, new = await _publish(org, "Won", "Lost", "New")
        await recorder.until(lambda: len(recorder.handled) == 7)
    assert sorted(recorder.handled) == sorted(
        [(_WON, won), (_LOST, lost), (_TOPIC, new)]
        + [(channel, number) for channel in (f"{_WON}&Stage=Lost", _TOPIC) for number in (won, lost)]
    )


def _event(stage: str, replay_id: int | None = 1, channel: str = _TOPIC) -> Message:
    return Message(channel=channel, data={"event": {"replayId": replay_id}, "sobject": {"Stage": stage, "Big": True}})


def _topics(*channels: str) -> FilteredTopics:
    topics = FilteredTopics()
    for channel in channels:
        topics.add(channel)
    return topics


@pytest.mark.parametrize(
    ("channels", "event", "channel"),
    [
        ((), _event("Won"), _TOPIC),
        ((_TOPIC,), _event("Won"), _TOPIC),
        ((_WON,), _event("Won"), _WON),
        ((_WON,), _event("Won", channel=_WON), _WON),
        ((_WON,), _event("Won", channel="/topic/Other"), "/topic/Other"),
        ((_WON,), Message(channel=_TOPIC, data="?"), _WON),  # the only one: the server has applied the filter
        ((_WON, _LOST), _event("Lost"), _LOST),
        (("/topic/Opps?Stage='Closed Won'",), _event("x", channel="/topic/Opps?Stage='Closed%20Won'"),
         "/topic/Opps?Stage='Closed Won'"),
        ((_LOST, "/topic/Opps?Big=true"), _event("New"), "/topic/Opps?Big=true"),
    ],
)  # fmt: skip
def test_the_channel_of_an_event(channels: tuple[str, ...], event: Message, channel: str) -> None:
    assert _topics(*channels).channel_of(event) == channel


def test_a_subscription_that_is_made_anew_gets_an_event_again() -> None:
    topics = _topics(_WON, f"{_WON}&Stage=Lost")
    assert {topics.channel_of(_event("Won")) for _ in range(2)} == {_WON, f"{_WON}&Stage=Lost"}
    topics.add(f"{_WON}&Stage=Lost")
    assert topics.channel_of(_event("Won")) == f"{_WON}&Stage=Lost"


def test_a_removed_subscription_gets_nothing() -> None:
    topics = _topics(_WON, _LOST)
    topics.remove(_WON)
    assert topics.channel_of(_event("Won")) == _LOST
    topics.remove(_LOST)
    assert topics.channel_of(_event("Won")) == _TOPIC


def test_an_unfiltered_subscription_that_was_made_first_keeps_its_events() -> None:
    made: Any = _topics(_TOPIC, _WON)
    assert [made.channel_of(_event("New")), made.channel_of(_event("New", 2))] == [_TOPIC, _TOPIC]

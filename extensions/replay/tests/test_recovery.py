"""Lost replies, unhandled events and slow receivers: what is asked for again, and what is reported as a gap."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from extensions.replay.tests.simulation import FakeClient, asked_for, broken_connect, event, reply
from pybayeux import Channel, ConnectionState, Message
from pybayeux_replay import Gap, GapReason, Replay


def test_a_connect_without_a_reply_begins_a_new_session_if_there_is_a_place_to_resume() -> None:
    replay, client = Replay(), FakeClient()
    asked_for(replay, "/orders")
    replay.incoming(broken_connect(), client.as_client)
    assert client.rehandshaken == 0  # nothing was received: there is no place to resume from
    replay.incoming(event("/orders", 3), client.as_client)
    replay.incoming(reply(Channel.META_CONNECT), client.as_client)
    replay.incoming(reply(Channel.META_CONNECT, error="402::session_unknown"), client.as_client)
    assert client.rehandshaken == 0  # answers of the server: nothing is lost with them
    replay.incoming(broken_connect(), client.as_client)
    assert client.rehandshaken == 1
    client.state = ConnectionState.DISCONNECTING
    replay.incoming(broken_connect(), client.as_client)
    assert client.rehandshaken == 1


def test_events_that_were_passed_over_come_again_in_a_new_session() -> None:
    async def scenario() -> None:
        replay, client = Replay(since="earliest"), FakeClient()
        replay.registered(client.as_client)
        asked_for(replay, "/orders")
        events = [event("/orders", replay_id) for replay_id in (1, 2)]
        for each in events:
            replay.incoming(each, client.as_client)
        replay.delivered(events[1], client.as_client)
        await asyncio.sleep(0)
        assert client.rehandshaken == 1
        assert asked_for(replay, "/orders") == {"/orders": -2}
        assert replay.incoming(event("/orders", 1), client.as_client) is None

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("answer", "rehandshaken"),
    [(True, 0), ({"enabled": True, "batch": 1}, 0), ({"enabled": False}, 1), (False, 1), (None, 1)],
)
def test_a_server_with_acknowledgement_sends_again_by_itself(answer: Any, rehandshaken: int) -> None:
    replay, client = Replay(since="earliest"), FakeClient()
    ext = None if answer is None else {"ack": answer}
    replay.incoming(reply(Channel.META_HANDSHAKE, ext=ext), client.as_client)
    asked_for(replay, "/orders")
    replay.incoming(broken_connect(), client.as_client)
    assert client.rehandshaken == rehandshaken


def test_under_the_low_level_client_a_lost_reply_is_left_to_the_caller() -> None:
    replay, client = Replay(since=17), FakeClient()
    client.recovers = False
    replay.registered(client.as_client)
    asked_for(replay, "/orders")
    replay.incoming(broken_connect(), client.as_client)
    assert client.rehandshaken == 0


def test_for_a_receiver_that_is_gone_nothing_comes_again() -> None:
    replay, client = Replay(since="earliest"), FakeClient()
    asked_for(replay, "/orders")
    replay.incoming(event("/orders", 1), client.as_client)
    assert replay.redelivery(client.as_client) is not None
    replay.unsubscribed("/orders")
    assert replay.redelivery(client.as_client) is None
    replay.incoming(broken_connect(), client.as_client)
    assert client.rehandshaken == 0


def test_lost_replies_are_one_gap_if_nothing_can_come_again() -> None:
    gaps: list[Gap] = []
    replay, client = Replay(on_gap=gaps.append), FakeClient()
    asked_for(replay, "/cases")
    replay.incoming(broken_connect(), client.as_client)
    replay.incoming(reply(Channel.META_HANDSHAKE, ext={"replay": True}), client.as_client)
    asked_for(replay, "/orders")
    replay.incoming(reply(Channel.META_SUBSCRIBE, subscription="/orders"), client.as_client)
    assert gaps == []  # the server had granted nothing
    for _ in range(3):
        replay.incoming(broken_connect(), client.as_client)
    assert [(gap.subscription, gap.reason, gap.resumes_at) for gap in gaps] == [
        ("/orders", GapReason.SKIPPED, "latest")
    ]
    replay.incoming(reply(Channel.META_CONNECT), client.as_client)
    replay.incoming(broken_connect(), client.as_client)
    assert len(gaps) == 2
    assert client.rehandshaken == 0


def test_a_server_without_replay_has_no_gaps() -> None:
    gaps: list[Gap] = []
    replay, client = Replay(since="earliest", on_recovery="latest", on_gap=gaps.append), FakeClient()
    for _ in range(2):
        replay.incoming(reply(Channel.META_HANDSHAKE), client.as_client)
        asked_for(replay, "/orders")
        replay.incoming(reply(Channel.META_SUBSCRIBE, subscription="/orders"), client.as_client)
        replay.incoming(Message(channel="/orders", data="without an id"), client.as_client)
        replay.incoming(broken_connect(), client.as_client)
    assert gaps == []
    assert client.rehandshaken == 0

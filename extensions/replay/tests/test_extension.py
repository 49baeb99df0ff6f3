"""The hooks, with a fake client."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from extensions.replay.tests.simulation import REFUSAL, FakeClient, asked_for, event, reply, unsubscribe
from pybayeux import Channel, ConnectionState, Drop, Message
from pybayeux.errors import UsageError
from pybayeux_replay import MemoryStore, Replay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _handle(replay: Replay, client: FakeClient, *events: Message) -> None:
    for each in events:
        assert replay.incoming(each, client.as_client) is None
    for each in events:
        replay.delivered(each, client.as_client)


async def _close(replay: Replay) -> None:
    await replay.unregistered()


def test_the_handshake_asks_for_replay_and_keeps_other_members() -> None:
    message = Message(channel=Channel.META_HANDSHAKE, ext={"ack": True})
    Replay().outgoing(message)
    assert message.ext == {"ack": True, "replay": True}


def test_other_messages_are_not_changed() -> None:
    replay = Replay()
    for channel in (Channel.META_CONNECT, Channel.META_DISCONNECT, Channel.META_UNSUBSCRIBE, "/orders"):
        message = Message(channel=channel, subscription="/orders")
        replay.outgoing(message)
        assert message.ext is None


def test_each_subscribe_has_only_its_own_places() -> None:
    replay = Replay(since={"/cases": "earliest", "/orders": 4711})
    assert asked_for(replay, "/orders") == {"/orders": 4711}
    assert asked_for(replay, "/cases", "/leads", "/service/x") == {"/cases": -2, "/leads": -1}
    assert asked_for(replay, "/topic/T?a=b") == {"/topic/T": -1}
    assert asked_for(Replay(since="earliest"), "/orders") == {"/orders": -2}


def test_a_position_moves_when_the_event_is_handled_and_outlives_the_client() -> None:
    async def scenario() -> None:
        store, client = MemoryStore(), FakeClient()
        replay = Replay(store)
        asked_for(replay, "/orders")
        first, second = event("/orders", 3), event("/orders", 8)
        _handle(replay, client, first)
        assert replay.incoming(second, client.as_client) is None
        assert asked_for(replay, "/orders") == {"/orders": 3}
        await _close(replay)
        assert asked_for(Replay(store), "/orders") == {"/orders": 3}
        assert asked_for(Replay(store, consumer="other"), "/orders") == {"/orders": -1}

    asyncio.run(scenario())


def test_two_filters_of_one_topic_have_positions_of_their_own() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        asked_for(replay, "/topic/T?a=1")
        asked_for(replay, "/topic/T?a=2")
        _handle(replay, client, event("/topic/T?a=1", 3))
        assert asked_for(replay, "/topic/T?a=1") == {"/topic/T": 3}
        assert asked_for(replay, "/topic/T?a=2") == {"/topic/T": -1}
        _handle(replay, client, event("/topic/T", 5))  # a server that leaves the filter out
        assert asked_for(replay, "/topic/T?a=2") == {"/topic/T": 5}
        await _close(replay)

    asyncio.run(scenario())


def test_the_position_of_a_wildcard_moves_with_each_event_that_it_covers() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        asked_for(replay, "/orders/*")
        asked_for(replay, "/orders/a")
        asked_for(replay, "/**")
        _handle(replay, client, event("/orders/a", 1), event("/orders/b", 2), event("/service/orders", 3))
        assert asked_for(replay, "/orders/*") == {"/orders/*": 2}
        assert asked_for(replay, "/orders/a") == {"/orders/a": 1}
        assert asked_for(replay, "/**") == {"/**": 2}
        await _close(replay)

    asyncio.run(scenario())


def test_an_event_that_waits_is_dropped_unless_it_is_new_to_a_subscription() -> None:
    replay, client = Replay(since="earliest"), FakeClient()
    asked_for(replay, "/orders/*")
    assert replay.incoming(event("/orders/a", 1), client.as_client) is None
    asked_for(replay, "/orders/*")
    assert isinstance(replay.incoming(event("/orders/a", 1), client.as_client), Drop)
    asked_for(replay, "/orders/a")
    assert replay.incoming(event("/orders/a", 1), client.as_client) is None


def test_a_handled_event_counts_after_the_subscriptions_have_changed() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        asked_for(replay, "/orders")
        message = event("/orders", 3)
        replay.incoming(message, client.as_client)
        asked_for(replay, "/cases")
        replay.delivered(message, client.as_client)
        assert asked_for(replay, "/orders") == {"/orders": 3}
        await _close(replay)

    asyncio.run(scenario())


def test_an_event_handled_during_an_unsubscribe_counts() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        asked_for(replay, "/orders")
        message = event("/orders", 3)
        replay.incoming(message, client.as_client)
        replay.unsubscribed("/orders")
        replay.outgoing(unsubscribe("/orders"))
        replay.delivered(message, client.as_client)
        replay.incoming(reply(Channel.META_UNSUBSCRIBE, subscription="/orders"), client.as_client)
        assert asked_for(replay, "/orders") == {"/orders": 3}
        await _close(replay)

    asyncio.run(scenario())


def test_an_event_that_is_in_hand_after_the_unsubscribe_counts() -> None:
    async def scenario() -> None:
        store, client = MemoryStore(), FakeClient()
        replay = Replay(store)
        asked_for(replay, "/orders")
        in_hand, given_up = event("/orders", 3), event("/orders", 4)
        for message in (in_hand, given_up):
            replay.incoming(message, client.as_client)
        replay.unsubscribed("/orders")
        replay.incoming(reply(Channel.META_UNSUBSCRIBE, subscription="/orders"), client.as_client)
        replay.delivered(in_hand, client.as_client)
        await _close(replay)
        assert asked_for(Replay(store), "/orders") == {"/orders": 3}

    asyncio.run(scenario())


def test_an_event_that_is_in_hand_moves_nothing_once_its_channel_is_subscribed_to_again() -> None:
    async def scenario() -> None:
        replay, client = Replay(since="earliest"), FakeClient()
        asked_for(replay, "/orders")
        in_hand = event("/orders", 3)
        replay.incoming(in_hand, client.as_client)
        replay.unsubscribed("/orders")
        replay.incoming(reply(Channel.META_UNSUBSCRIBE, subscription="/orders"), client.as_client)
        assert asked_for(replay, "/orders") == {"/orders": -2}
        replay.delivered(in_hand, client.as_client)
        assert asked_for(replay, "/orders") == {"/orders": -2}
        assert replay.incoming(event("/orders", 3), client.as_client) is None
        await _close(replay)

    asyncio.run(scenario())


def test_a_channel_that_is_subscribed_to_again_at_once_is_kept() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        asked_for(replay, "/orders")
        replay.unsubscribed("/orders")
        replay.outgoing(unsubscribe("/orders"))
        asked_for(replay, "/orders")
        replay.incoming(reply(Channel.META_UNSUBSCRIBE, subscription="/orders"), client.as_client)
        _handle(replay, client, event("/orders", 3))
        assert asked_for(replay, "/orders") == {"/orders": 3}
        await _close(replay)

    asyncio.run(scenario())


def test_the_end_of_the_session_forgets_waiting_events() -> None:
    replay, client = Replay(since="earliest"), FakeClient()
    asked_for(replay, "/orders")
    replay.incoming(event("/orders", 3), client.as_client)
    replay.state_changed(ConnectionState.CONNECTED)
    asked_for(replay, "/orders")
    assert isinstance(replay.incoming(event("/orders", 3), client.as_client), Drop)
    replay.state_changed(ConnectionState.DISCONNECTED)
    asked_for(replay, "/orders")
    assert replay.incoming(event("/orders", 3), client.as_client) is None


@pytest.mark.parametrize(("on_invalid", "asked"), [("earliest", -2), ("latest", -1)])
@pytest.mark.parametrize(
    "error",
    [
        REFUSAL % 17,
        "400::The replayId for channel {/orders} wasn't found using the provided replay ID map {{}}. Ensure",
    ],
)
def test_a_refused_position_is_replaced_once_and_reported(
    on_invalid: Any, asked: int, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    store, client = MemoryStore(), FakeClient()
    store.set("default", {"/orders": 17})
    replay = Replay(store, on_invalid=on_invalid)
    assert asked_for(replay, "/orders") == {"/orders": 17}
    refused = reply(Channel.META_SUBSCRIBE, subscription="/orders", error=error)
    replay.incoming(refused, client.as_client)
    assert client.resubscribed == ["/orders"]
    assert asked_for(replay, "/orders") == {"/orders": asked}
    with caplog.at_level(logging.WARNING, "pybayeux.replay"):
        replay.incoming(refused, client.as_client)  # the fallback is refused as well: that is for the caller
        assert client.resubscribed == ["/orders"]
        assert caplog.records == []  # nothing is lost yet: the stored position is still good
        replay.incoming(reply(Channel.META_SUBSCRIBE, subscription="/orders"), client.as_client)
    (record,) = caplog.records
    assert "/orders" in record.getMessage()
    assert "17" in record.getMessage()
    kept = store.get("default", "/orders")
    assert kept is not None
    assert kept.replay_id == 17  # until an event is handled in the new subscription


@pytest.mark.parametrize(
    "error", ["403::Organization total events daily limit exceeded", "400::The channel does not exist", "400 replayId"]
)
def test_other_errors_are_left_to_the_caller(error: str) -> None:
    replay, client = Replay(since=17), FakeClient()
    asked_for(replay, "/orders")
    replay.incoming(reply(Channel.META_SUBSCRIBE, subscription="/orders", error=error), client.as_client)
    assert client.resubscribed == []


def test_a_refused_position_is_left_to_the_caller_if_the_policy_is_to_raise() -> None:
    replay, client = Replay(since=17, on_invalid="raise"), FakeClient()
    asked_for(replay, "/orders")
    replay.incoming(reply(Channel.META_SUBSCRIBE, subscription="/orders", error=REFUSAL % 17), client.as_client)
    assert client.resubscribed == []
    assert asked_for(replay, "/orders") == {"/orders": 17}


def test_under_a_client_that_reports_no_handled_events_nothing_is_noted() -> None:
    replay, client = Replay(since=17), FakeClient()
    client.recovers = False
    replay.registered(client.as_client)
    assert asked_for(replay, "/orders") == {"/orders": 17}
    replay.incoming(event("/orders", 18), client.as_client)
    assert asked_for(replay, "/orders") == {"/orders": 17}
    assert replay.incoming(event("/orders", 18), client.as_client) is None
    replay.incoming(reply(Channel.META_SUBSCRIBE, subscription="/orders", error=REFUSAL % 17), client.as_client)
    assert client.resubscribed == []
    assert asked_for(replay, "/orders") == {"/orders": -2}


def test_events_without_an_id_and_replies_are_passed_on() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        asked_for(replay, "/orders")
        message = Message(channel="/orders", data={"text": "hello"})
        _handle(replay, client, message, reply("/orders"), reply(Channel.META_DISCONNECT))
        assert asked_for(replay, "/orders") == {"/orders": -1}

    asyncio.run(scenario())


@pytest.mark.parametrize(("announced", "first_id", "asked"), [(True, None, 9), (False, None, -1), (False, 7, 9)])
def test_without_any_sign_of_replay_events_are_not_looked_into(
    announced: bool, first_id: int | None, asked: int
) -> None:
    replay, client = Replay(), FakeClient()
    replay.incoming(reply(Channel.META_HANDSHAKE, ext={"replay": announced}), client.as_client)
    asked_for(replay, "/orders")
    if first_id is not None:
        replay.incoming(event("/orders", first_id), client.as_client)
    replay.incoming(Message(channel="/orders", data={"text": "hello"}), client.as_client)
    replay.incoming(event("/orders", 9), client.as_client)
    assert asked_for(replay, "/orders") == {"/orders": asked}


def test_the_next_server_may_announce_replay() -> None:
    replay, client = Replay(), FakeClient()
    for announced, asked in ((False, -1), (True, 9)):
        replay.incoming(reply(Channel.META_HANDSHAKE, ext={"replay": announced}), client.as_client)
        asked_for(replay, "/orders")
        replay.incoming(Message(channel="/orders", data={"text": "hello"}), client.as_client)
        replay.incoming(event("/orders", 9), client.as_client)
        assert asked_for(replay, "/orders") == {"/orders": asked}


def test_a_transaction_without_a_transactional_store_is_an_error() -> None:
    async def scenario() -> None:
        replay = Replay()
        with pytest.raises(UsageError, match="no transactions"):
            async with replay.transaction(event("/orders", 1), FakeClient().as_client, ()):
                raise AssertionError("not entered")

    asyncio.run(scenario())


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"since": -7}, "since"),
        ({"store": "nowhere"}, "store: .* got 'nowhere'"),
        ({"on_invalid": "never"}, "on_invalid"),
        ({"on_recovery": "never"}, "on_recovery"),
        ({"retention": -1}, "retention"),
        ({"commit": "never"}, "commit"),
        ({"dedupe": -1}, "dedupe"),
    ],
)
def test_wrong_options_are_an_error(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Replay(**options)


def test_it_keeps_the_contract(bayeux_contract: Callable[..., None], tmp_path: Path) -> None:
    replays = {"replay": True}
    bayeux_contract(Replay)
    bayeux_contract(Replay, {"since": "earliest", "commit": "batch"}, ext=replays)
    bayeux_contract(Replay, {"store": f"sqlite:///{tmp_path}/positions.db", "commit": 5}, ext=replays | {"ack": True})
    bayeux_contract(Replay, {"store": f"file:///{tmp_path}/positions.json", "on_recovery": "latest"}, ext=replays)
    bayeux_contract(Replay, {"since": "earliest", "commit": "transaction", "retention": "P3D"}, ext=replays)


def test_a_database_that_cannot_be_opened_is_an_error_of_the_subscribe(tmp_path: Path) -> None:
    replay = Replay(str(tmp_path / "missing" / "positions.db"))
    replay.registered(FakeClient().as_client)
    with pytest.raises(Exception, match="missing"):
        asked_for(replay, "/orders")


def test_a_channel_left_without_a_session_is_not_moved_by_the_events_of_others() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        for name in ("/topic/T?a=1", "/topic/T?a=2"):
            asked_for(replay, name)
        _handle(replay, client, event("/topic/T", 3))
        replay.unsubscribed("/topic/T?a=1")  # while there is no session: no unsubscribe leaves
        replay.incoming(reply(Channel.META_HANDSHAKE, ext={"replay": True}), client.as_client)
        assert asked_for(replay, "/topic/T?a=2") == {"/topic/T": 3}
        _handle(replay, client, event("/topic/T", 5))
        assert asked_for(replay, "/topic/T?a=1") == {"/topic/T": 3}
        assert asked_for(replay, "/topic/T?a=2") == {"/topic/T": 5}
        await _close(replay)

    asyncio.run(scenario())


def test_events_without_an_id_pass_after_a_pattern_that_covers_them_was_left() -> None:
    replay, client = Replay(commit="transaction"), FakeClient()
    replay.incoming(reply(Channel.META_HANDSHAKE), client.as_client)
    for name in ("/chat/**", "/chat/demo"):
        asked_for(replay, name)
    replay.unsubscribed("/chat/**")
    replay.incoming(reply(Channel.META_UNSUBSCRIBE, subscription="/chat/**"), client.as_client)
    for number in range(3):
        assert replay.incoming(Message(channel="/chat/demo", data=number), client.as_client) is None

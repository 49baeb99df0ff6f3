"""The hooks, with a stand-in for the client."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

import pytest

from extensions.replay.tests.simulation import REFUSAL, FakeClient, event, subscribe, unsubscribe
from pybayeux import Channel, ConnectionState, Drop, Message
from pybayeux.errors import UsageError
from pybayeux_replay import Gap, GapReason, MemoryStore, Replay

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def _asked(replay: Replay, *channels: str) -> dict[str, int]:
    """What a subscribe for these channels asks for."""
    message = subscribe(channels[0])
    if len(channels) > 1:
        message.subscription = list(channels)
    replay.outgoing(message)
    assert message.ext is not None
    asked: dict[str, int] = message.ext["replay"]
    return asked


def _reply(channel: str, *, subscription: str | None = None, error: str | None = None, **fields: Any) -> Message:
    return Message(channel=channel, id="1", subscription=subscription, successful=error is None, error=error, **fields)


def _handle(replay: Replay, client: FakeClient, *events: Message) -> None:
    for each in events:
        assert replay.incoming(each, client.as_client) is None
    for each in events:
        replay.delivered(each, client.as_client)


async def _close(replay: Replay) -> None:
    await replay.unregistered()


def test_the_handshake_asks_for_replay_and_keeps_what_others_ask_for() -> None:
    message = Message(channel=Channel.META_HANDSHAKE, ext={"ack": True})
    Replay().outgoing(message)
    assert message.ext == {"ack": True, "replay": True}


def test_other_messages_are_left_alone() -> None:
    replay = Replay()
    for channel in (Channel.META_CONNECT, Channel.META_DISCONNECT, Channel.META_UNSUBSCRIBE, "/orders"):
        message = Message(channel=channel, subscription="/orders")
        replay.outgoing(message)
        assert message.ext is None


def test_each_subscribe_names_its_own_place_alone() -> None:
    replay = Replay(since={"/cases": "earliest", "/orders": 4711})
    assert _asked(replay, "/orders") == {"/orders": 4711}
    assert _asked(replay, "/cases", "/leads", "/service/x") == {"/cases": -2, "/leads": -1}
    assert _asked(replay, "/topic/T?a=b") == {"/topic/T": -1}
    assert _asked(Replay(since="earliest"), "/orders") == {"/orders": -2}


def test_a_position_moves_when_the_event_is_handled_and_outlives_the_client() -> None:
    async def scenario() -> None:
        store, client = MemoryStore(), FakeClient()
        replay = Replay(store)
        _asked(replay, "/orders")
        first, second = event("/orders", 3), event("/orders", 8)
        _handle(replay, client, first)
        assert replay.incoming(second, client.as_client) is None
        assert _asked(replay, "/orders") == {"/orders": 3}
        await _close(replay)
        assert _asked(Replay(store), "/orders") == {"/orders": 3}
        assert _asked(Replay(store, consumer="other"), "/orders") == {"/orders": -1}

    asyncio.run(scenario())


def test_two_filters_of_one_topic_have_positions_of_their_own() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        _asked(replay, "/topic/T?a=1")
        _asked(replay, "/topic/T?a=2")
        _handle(replay, client, event("/topic/T?a=1", 3))
        assert _asked(replay, "/topic/T?a=1") == {"/topic/T": 3}
        assert _asked(replay, "/topic/T?a=2") == {"/topic/T": -1}
        _handle(replay, client, event("/topic/T", 5))  # a server that leaves the filter out
        assert _asked(replay, "/topic/T?a=2") == {"/topic/T": 5}
        await _close(replay)

    asyncio.run(scenario())


def test_a_wildcard_advances_with_each_event_that_it_covers() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        _asked(replay, "/orders/*")
        _asked(replay, "/orders/a")
        _asked(replay, "/**")
        _handle(replay, client, event("/orders/a", 1), event("/orders/b", 2), event("/service/orders", 3))
        assert _asked(replay, "/orders/*") == {"/orders/*": 2}
        assert _asked(replay, "/orders/a") == {"/orders/a": 1}
        assert _asked(replay, "/**") == {"/**": 2}
        await _close(replay)

    asyncio.run(scenario())


def test_an_event_that_waits_to_be_handled_is_dropped_unless_somebody_lacks_it() -> None:
    replay, client = Replay(since="earliest"), FakeClient()
    _asked(replay, "/orders/*")
    assert replay.incoming(event("/orders/a", 1), client.as_client) is None
    _asked(replay, "/orders/*")
    assert isinstance(replay.incoming(event("/orders/a", 1), client.as_client), Drop)
    _asked(replay, "/orders/a")
    assert replay.incoming(event("/orders/a", 1), client.as_client) is None


def test_handling_counts_after_the_subscriptions_have_changed() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        _asked(replay, "/orders")
        message = event("/orders", 3)
        replay.incoming(message, client.as_client)
        _asked(replay, "/cases")
        replay.delivered(message, client.as_client)
        assert _asked(replay, "/orders") == {"/orders": 3}
        await _close(replay)

    asyncio.run(scenario())


def test_what_is_handled_while_the_receiver_leaves_counts() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        _asked(replay, "/orders")
        message = event("/orders", 3)
        replay.incoming(message, client.as_client)
        replay.unsubscribed("/orders")
        replay.outgoing(unsubscribe("/orders"))
        replay.delivered(message, client.as_client)
        replay.incoming(_reply(Channel.META_UNSUBSCRIBE, subscription="/orders"), client.as_client)
        assert _asked(replay, "/orders") == {"/orders": 3}
        await _close(replay)

    asyncio.run(scenario())


def test_a_channel_that_is_subscribed_to_again_at_once_stays() -> None:
    async def scenario() -> None:
        replay, client = Replay(), FakeClient()
        _asked(replay, "/orders")
        replay.unsubscribed("/orders")
        replay.outgoing(unsubscribe("/orders"))
        _asked(replay, "/orders")
        replay.incoming(_reply(Channel.META_UNSUBSCRIBE, subscription="/orders"), client.as_client)
        _handle(replay, client, event("/orders", 3))
        assert _asked(replay, "/orders") == {"/orders": 3}
        await _close(replay)

    asyncio.run(scenario())


def test_the_end_of_the_session_gives_up_what_waits() -> None:
    replay, client = Replay(since="earliest"), FakeClient()
    _asked(replay, "/orders")
    replay.incoming(event("/orders", 3), client.as_client)
    replay.state_changed(ConnectionState.CONNECTED)
    _asked(replay, "/orders")
    assert isinstance(replay.incoming(event("/orders", 3), client.as_client), Drop)
    replay.state_changed(ConnectionState.DISCONNECTED)
    _asked(replay, "/orders")
    assert replay.incoming(event("/orders", 3), client.as_client) is None


@pytest.mark.parametrize(("on_invalid", "asked"), [("earliest", -2), ("latest", -1)])
@pytest.mark.parametrize(
    "error",
    [
        REFUSAL % 17,
        "400::The replayId for channel {/orders} wasn't found using the provided replay ID map {{}}. Ensure",
    ],
)
def test_a_refused_position_is_replaced_once_and_told(
    on_invalid: Any, asked: int, error: str, caplog: pytest.LogCaptureFixture
) -> None:
    store, client = MemoryStore(), FakeClient()
    store.set("default", {"/orders": 17})
    replay = Replay(store, on_invalid=on_invalid)
    assert _asked(replay, "/orders") == {"/orders": 17}
    refused = _reply(Channel.META_SUBSCRIBE, subscription="/orders", error=error)
    replay.incoming(refused, client.as_client)
    assert client.resubscribed == ["/orders"]
    assert _asked(replay, "/orders") == {"/orders": asked}
    with caplog.at_level(logging.WARNING, "pybayeux.replay"):
        replay.incoming(refused, client.as_client)  # the fallback is refused as well: that is for the caller
        assert client.resubscribed == ["/orders"]
        assert caplog.records == []  # nothing is lost yet: the position kept would bring it
        replay.incoming(_reply(Channel.META_SUBSCRIBE, subscription="/orders"), client.as_client)
    (record,) = caplog.records
    assert "/orders" in record.getMessage()
    assert "17" in record.getMessage()
    kept = store.get("default", "/orders")
    assert kept is not None
    assert kept.replay_id == 17  # until an event is handled in the new subscription


@pytest.mark.parametrize(
    "error", ["403::Organization total events daily limit exceeded", "400::The channel does not exist", "400 replayId"]
)
def test_other_refusals_are_the_callers(error: str) -> None:
    replay, client = Replay(since=17), FakeClient()
    _asked(replay, "/orders")
    replay.incoming(_reply(Channel.META_SUBSCRIBE, subscription="/orders", error=error), client.as_client)
    assert client.resubscribed == []


def test_a_refused_position_is_the_callers_where_they_want_it_so() -> None:
    replay, client = Replay(since=17, on_invalid="raise"), FakeClient()
    _asked(replay, "/orders")
    replay.incoming(_reply(Channel.META_SUBSCRIBE, subscription="/orders", error=REFUSAL % 17), client.as_client)
    assert client.resubscribed == []
    assert _asked(replay, "/orders") == {"/orders": 17}


def _broken_connect() -> Message:
    reply = _reply(Channel.META_CONNECT, error="503::connection reset")
    reply.extra["failure"] = {"status": None}
    return reply


def test_a_connect_that_broke_off_begins_a_session_anew_where_there_is_something_to_resume() -> None:
    replay, client = Replay(), FakeClient()
    _asked(replay, "/orders")
    replay.incoming(_broken_connect(), client.as_client)
    assert client.rehandshaken == 0  # nothing was received: there is no place to resume from
    replay.incoming(event("/orders", 3), client.as_client)
    replay.incoming(_reply(Channel.META_CONNECT), client.as_client)
    replay.incoming(_reply(Channel.META_CONNECT, error="402::session_unknown"), client.as_client)
    assert client.rehandshaken == 0  # answers of the server: nothing is lost with them
    replay.incoming(_broken_connect(), client.as_client)
    assert client.rehandshaken == 1
    client.state = ConnectionState.DISCONNECTING
    replay.incoming(_broken_connect(), client.as_client)
    assert client.rehandshaken == 1


def test_events_that_nobody_handled_come_again_in_a_new_session() -> None:
    replay, client = Replay(since="earliest"), FakeClient()
    _asked(replay, "/orders")
    events = [event("/orders", replay_id) for replay_id in (1, 2)]
    for each in events:
        replay.incoming(each, client.as_client)
    replay.delivered(events[1], client.as_client)
    assert client.rehandshaken == 1
    assert _asked(replay, "/orders") == {"/orders": -2}
    assert replay.incoming(event("/orders", 1), client.as_client) is None


@pytest.mark.parametrize(
    ("answer", "rehandshaken"),
    [(True, 0), ({"enabled": True, "batch": 1}, 0), ({"enabled": False}, 1), (False, 1), (None, 1)],
)
def test_a_server_that_is_acknowledged_sends_again_by_itself(answer: Any, rehandshaken: int) -> None:
    replay, client = Replay(since="earliest"), FakeClient()
    ext = None if answer is None else {"ack": answer}
    replay.incoming(_reply(Channel.META_HANDSHAKE, ext=ext), client.as_client)
    _asked(replay, "/orders")
    replay.incoming(_broken_connect(), client.as_client)
    assert client.rehandshaken == rehandshaken


def test_under_a_client_that_does_not_tell_what_is_handled_nothing_is_followed() -> None:
    replay, client = Replay(since=17), FakeClient()
    replay.registered(object())  # type: ignore[arg-type]
    assert _asked(replay, "/orders") == {"/orders": 17}
    replay.incoming(event("/orders", 18), client.as_client)
    assert _asked(replay, "/orders") == {"/orders": 17}
    assert replay.incoming(event("/orders", 18), client.as_client) is None
    replay.incoming(_reply(Channel.META_SUBSCRIBE, subscription="/orders", error=REFUSAL % 17), client.as_client)
    assert client.resubscribed == []
    assert _asked(replay, "/orders") == {"/orders": -2}


def test_under_such_a_client_an_answer_that_broke_off_is_the_caller_s() -> None:
    class LowLevel:
        """Has neither `rehandshake` nor `resubscribe`."""

        state = ConnectionState.CONNECTED

    replay: Any = Replay(since=17)
    replay.registered(LowLevel())
    _asked(replay, "/orders")
    replay.incoming(_broken_connect(), LowLevel())


def test_a_receiver_that_is_gone_needs_nothing_again() -> None:
    replay, client = Replay(since="earliest"), FakeClient()
    _asked(replay, "/orders")
    replay.incoming(event("/orders", 1), client.as_client)
    assert replay.redelivers() is True
    replay.unsubscribed("/orders")
    assert replay.redelivers() is None
    replay.incoming(_broken_connect(), client.as_client)
    assert client.rehandshaken == 0


def test_events_without_an_id_and_replies_pass() -> None:
    replay, client = Replay(), FakeClient()
    _asked(replay, "/orders")
    message = Message(channel="/orders", data={"text": "hello"})
    _handle(replay, client, message, _reply("/orders"), _reply(Channel.META_DISCONNECT))
    assert _asked(replay, "/orders") == {"/orders": -1}


@pytest.mark.parametrize(("announced", "first_id", "asked"), [(True, None, 9), (False, None, -1), (False, 7, 9)])
def test_where_nothing_speaks_of_replay_events_are_not_looked_into(
    announced: bool, first_id: int | None, asked: int
) -> None:
    replay, client = Replay(), FakeClient()
    replay.incoming(_reply(Channel.META_HANDSHAKE, ext={"replay": announced}), client.as_client)
    _asked(replay, "/orders")
    if first_id is not None:
        replay.incoming(event("/orders", first_id), client.as_client)
    replay.incoming(Message(channel="/orders", data={"text": "hello"}), client.as_client)
    replay.incoming(event("/orders", 9), client.as_client)
    assert _asked(replay, "/orders") == {"/orders": asked}


def test_the_next_server_may_speak_of_replay() -> None:
    replay, client = Replay(), FakeClient()
    for announced, asked in ((False, -1), (True, 9)):
        replay.incoming(_reply(Channel.META_HANDSHAKE, ext={"replay": announced}), client.as_client)
        _asked(replay, "/orders")
        replay.incoming(Message(channel="/orders", data={"text": "hello"}), client.as_client)
        replay.incoming(event("/orders", 9), client.as_client)
        assert _asked(replay, "/orders") == {"/orders": asked}


def test_answers_that_broke_off_are_a_gap_where_nothing_can_come_again_told_once_for_each_time() -> None:
    gaps: list[Gap] = []
    replay, client = Replay(on_gap=gaps.append), FakeClient()
    _asked(replay, "/cases")
    replay.incoming(_broken_connect(), client.as_client)
    replay.incoming(_reply(Channel.META_HANDSHAKE, ext={"replay": True}), client.as_client)
    _asked(replay, "/orders")
    replay.incoming(_reply(Channel.META_SUBSCRIBE, subscription="/orders"), client.as_client)
    assert gaps == []  # nobody had granted anything
    for _ in range(3):
        replay.incoming(_broken_connect(), client.as_client)
    assert [(gap.subscription, gap.reason, gap.resumes_at) for gap in gaps] == [
        ("/orders", GapReason.SKIPPED, "latest")
    ]
    replay.incoming(_reply(Channel.META_CONNECT), client.as_client)
    replay.incoming(_broken_connect(), client.as_client)
    assert len(gaps) == 2
    assert client.rehandshaken == 0


def test_a_server_that_has_no_replay_has_no_gaps() -> None:
    gaps: list[Gap] = []
    replay, client = Replay(since="earliest", on_recovery="latest", on_gap=gaps.append), FakeClient()
    for _ in range(2):
        replay.incoming(_reply(Channel.META_HANDSHAKE), client.as_client)
        _asked(replay, "/orders")
        replay.incoming(_reply(Channel.META_SUBSCRIBE, subscription="/orders"), client.as_client)
        replay.incoming(Message(channel="/orders", data="without an id"), client.as_client)
        replay.incoming(_broken_connect(), client.as_client)
    assert gaps == []
    assert client.rehandshaken == 0


def test_a_transaction_of_what_is_not_followed_is_refused() -> None:
    async def scenario() -> None:
        replay = Replay()
        with pytest.raises(UsageError, match="no transactions"):
            async with replay.transaction(event("/orders", 1)):
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
def test_options_that_make_no_sense_are_refused(options: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        Replay(**options)


def test_it_keeps_the_contract(bayeux_contract: Callable[..., None], tmp_path: Path) -> None:
    replays = {"replay": True}
    bayeux_contract(Replay)
    bayeux_contract(Replay, {"since": "earliest", "commit": "batch"}, ext=replays)
    bayeux_contract(Replay, {"store": f"sqlite:///{tmp_path}/positions.db", "commit": 5}, ext=replays | {"ack": True})
    bayeux_contract(Replay, {"store": f"file:///{tmp_path}/positions.json", "on_recovery": "latest"}, ext=replays)
    bayeux_contract(Replay, {"since": "earliest", "commit": "transaction", "retention": "P3D"}, ext=replays)

"""Behaviours of the extensions that lose no event: acknowledgement, and replay."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

from pybayeux import Channel, ConnectionState, Message
from pybayeux.errors import SubscribeError
from pybayeux_ack import Ack
from pybayeux_replay import MemoryStore, Replay
from tests.conformance.servers import behaviour, dev_server, on
from tests.servers.faults import EVENT, Action, Fault
from tests.support.clients import take
from tests.support.journal import Journal
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.conformance.servers import Target
    from tests.servers.proxy import Proxy

ACKNOWLEDGING = ("cometd", "cometd-node", "devserver")  # Faye knows nothing of it
WITHOUT_REPLAY: dict[str, dict[str, Any]] = {"devserver": {"replay": False}}


def _numbers(messages: list[Message], *, of: str = Channel.META_CONNECT) -> list[Any]:
    """What is said in `ext.ack`."""
    return [(message.ext or {}).get("ack") for message in messages if message.channel == of]


async def _assert_numbers_are_echoed(target: Target) -> None:
    """Receive a few events, and see that each connect carries the number of the last reply."""
    channel, ack, journal = "/conformance/ack", Ack(), Journal()
    async with target.client(ack, journal) as client, client.subscribe(channel) as events:
        for number in range(3):
            await target.send(channel, number)
            assert await take(events, 1) == [number]
        assert ack.supported
    replied = [reply for reply in journal.received if reply.successful and reply.ext and "ack" in reply.ext]
    first, *connects = _numbers(journal.sent)
    numbers = [reply.ext["ack"] for reply in replied if reply.ext and reply.channel == Channel.META_CONNECT]
    assert _numbers(journal.sent, of=Channel.META_HANDSHAKE) == [True]
    assert type(first) is int
    assert connects == numbers[: len(connects)]
    assert numbers == sorted(numbers)
    assert len(connects) >= 2


@behaviour("E09")
@on(*ACKNOWLEDGING, instead=WITHOUT_REPLAY)
@in_loop
async def test_each_connect_carries_the_number_of_the_last_reply(target: Target) -> None:
    await _assert_numbers_are_echoed(target)


@behaviour("E09")
@on("cometd", "devserver", instead={  # cometd-nodejs has the old form alone
    "cometd": {"allowMessageDeliveryDuringHandshake": True},
    "devserver": {"ack_object": True, "deliver_with_handshake": True, "replay": False},
})  # fmt: skip
@in_loop
async def test_a_server_that_delivers_with_the_handshake(target: Target) -> None:
    await _assert_numbers_are_echoed(target)


@behaviour("E09")
@on("faye", "devserver", instead={"devserver": {"ack": False}})
@in_loop
async def test_a_server_that_takes_no_part_is_told_no_number(target: Target) -> None:
    ack, journal = Ack(), Journal()
    async with target.client(ack, journal) as client:
        await client.publish("/conformance/ack", 1)
        assert not ack.supported
    assert set(_numbers(journal.sent)) == {None}


@behaviour("E09")
@pytest.mark.parametrize("action", [Action.CUT, Action.RESET])
@on(*ACKNOWLEDGING, instead=WITHOUT_REPLAY)
@in_loop
async def test_what_was_lost_with_an_answer_comes_again_and_nothing_twice(
    target: Target, proxy: Proxy, action: Action
) -> None:
    channel, journal = "/conformance/redelivery", Journal()
    async with target.client(Ack(), journal) as client, client.subscribe(channel) as events:
        session = client.client_id
        await target.held(session)
        fault = proxy.add(Fault(action, EVENT, times=2))
        await target.send(channel, *range(6))
        assert await take(events, 6) == list(range(6))
        await target.send(channel, 6)
        assert await take(events, 1) == [6]
        assert (fault.struck, client.client_id, events.pending) == (2, session, 0)
    assert ConnectionState.REHANDSHAKING not in journal.states


@behaviour("E09")
@on("devserver", timeout=0.2, replay=False)  # no other one can be made to be late with this very answer
@in_loop
async def test_an_answer_that_comes_too_late_is_not_acknowledged(target: Target) -> None:
    server, channel, journal = dev_server(target), "/conformance/late", Journal()
    async with (
        target.client(Ack(), journal, max_network_delay=0.3) as client,
        client.subscribe(channel) as events,
    ):
        server.faults.hold_replies(channel=Channel.META_CONNECT)
        await target.send(channel, 1)
        assert await take(events, 1) == [1]  # with another answer, when the late one was given up
        server.faults.release_replies()
        await target.send(channel, 2)
        assert await take(events, 1) == [2]
        assert events.pending == 0
    numbers = _numbers(journal.sent)
    assert numbers == sorted(numbers)
    received = [number for number in _numbers(journal.received) if number is not None]
    assert set(numbers[1:]) <= {numbers[0], *received}


# -- replay


def _published(target: Target, *numbers: int) -> list[int]:
    """Publish numbered events; gives their places in the server's log."""
    places = [dev_server(target).publish("/conformance/log", {"number": number}) for number in numbers]
    return [place for place in places if place is not None]


async def _take(events: AsyncIterator[Message], count: int) -> list[int]:
    return [data["number"] for data in await take(events, count)]


def _asked(target: Target) -> list[Any]:
    """Which place each subscribe has asked for."""
    return [message["ext"]["replay"] for message in dev_server(target).recorder.messages(Channel.META_SUBSCRIBE)]


@behaviour("E13")
@on("devserver")  # no other server here has replay
@in_loop
async def test_positions_are_told_and_told_again_after_a_new_handshake(target: Target) -> None:
    server = dev_server(target)
    async with target.client(Replay()) as client, client.subscribe("/conformance/log") as events:
        [place, _] = _published(target, 0, 1)
        assert await _take(events, 2) == [0, 1]  # the first is handled, the second is in hand
        await target.drop(client.client_id)
        await asyncio.to_thread(server.received, Channel.META_SUBSCRIBE, 2)
        _published(target, 2)
        assert await _take(events, 1) == [2]  # the second was sent again, and is not given twice
    assert [message["ext"]["replay"] for message in server.recorder.messages(Channel.META_HANDSHAKE)] == [True, True]
    assert _asked(target) == [{"/conformance/log": -1}, {"/conformance/log": place}]


@behaviour("E13")
@on("devserver")  # no other server here has replay
@in_loop
async def test_a_position_moves_when_its_event_was_handled(target: Target) -> None:
    store = MemoryStore()
    async with target.client(Replay(store)) as client:
        with pytest.raises(LookupError):
            async with client.subscribe("/conformance/log") as events:
                [place, *_] = _published(target, 0, 1, 2)
                assert await _take(events, 2) == [0, 1]
                raise LookupError  # within the second one
    kept = store.get("default", "/conformance/log")
    assert kept is not None
    assert kept.replay_id == place
    async with target.client(Replay(store)) as client, client.subscribe("/conformance/log") as events:
        assert await _take(events, 2) == [1, 2]


@behaviour("E13")
@pytest.mark.parametrize(("since", "asked", "received"), [("earliest", -2, [0, 1, 2]), ("latest", -1, [2])])
@on("devserver")  # no other server here has replay
@in_loop
async def test_a_subscription_without_a_position_begins_where_it_is_told(
    target: Target, since: Any, asked: int, received: list[int]
) -> None:
    _published(target, 0, 1)
    async with target.client(Replay(since=since)) as client, client.subscribe("/conformance/log") as events:
        _published(target, 2)
        assert await _take(events, len(received)) == received
    assert _asked(target) == [{"/conformance/log": asked}]


@behaviour("E13")
@on("devserver", retention=2)  # no other server here has replay
@in_loop
async def test_a_position_that_the_server_refuses_is_replaced(target: Target) -> None:
    store = MemoryStore()
    [place, *_] = _published(target, 0, 1, 2, 3)
    store.set("default", {"/conformance/log": place})
    async with target.client(Replay(store, on_invalid="raise")) as client:
        with pytest.raises(SubscribeError) as refused:
            await client.subscribe("/conformance/log")
        assert refused.value.code == 400
    async with target.client(Replay(store)) as client, client.subscribe("/conformance/log") as events:
        assert await _take(events, 2) == [2, 3]
    assert [asked["/conformance/log"] for asked in _asked(target)] == [place, place, -2]


@behaviour("E13")
@on("devserver")  # no other server here has replay
@in_loop
async def test_events_that_were_lost_with_an_answer_are_replayed_once(target: Target) -> None:
    async with target.client(Replay()) as client, client.subscribe("/conformance/log") as events:
        _published(target, 0)
        assert await _take(events, 1) == [0]
        await asyncio.to_thread(dev_server(target).faults.lose_replies, channel=Channel.META_CONNECT, with_events=True)
        _published(target, 1, 2)
        assert await _take(events, 2) == [1, 2]
        _published(target, 3)
        assert await _take(events, 1) == [3]

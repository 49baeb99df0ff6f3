"""The relay, with a target in memory: batches, refused events, outages, doubt, and other relays of its name."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from core.tests.virtual_time import in_virtual_time
from extensions.relay.tests.fake_target import FakeTarget
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux.errors import ReceiverError, SubscribeError, UsageError
from pybayeux_relay import Relay
from pybayeux_replay import Position, PositionConflictError

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@asynccontextmanager
async def _running(server: ReplayingServer, relay: Relay, *channels: str) -> AsyncIterator[asyncio.Task[None]]:
    async with client_of(server, relay.replay) as client:
        task = asyncio.create_task(relay.run(client, channels or ["/orders"]))
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _once(error: Exception) -> Callable[[], None]:
    """A function that raises at its first call."""
    errors = [error]

    def fail() -> None:
        if errors:
            raise errors.pop()

    return fail


@in_virtual_time
async def test_a_backlog_is_written_in_batches_and_what_comes_alone_at_once() -> None:
    server, target = ReplayingServer(), FakeTarget()
    server.publish("/orders", *range(25))
    async with _running(server, Relay(target, batch=10)):
        await asyncio.sleep(1)
        assert target.batches() == [[*range(10)], [*range(10, 20)], [*range(20, 25)]]
        server.publish("/orders", 25)
        await asyncio.sleep(1)
        assert target.batches()[3:] == [[25]]


@in_virtual_time
async def test_the_next_relay_goes_on_after_the_last_transaction() -> None:
    server, target = ReplayingServer(), FakeTarget()
    server.publish("/orders", *range(5))
    async with _running(server, Relay(target)):
        await asyncio.sleep(1)
    server.publish("/orders", 5, 6)
    async with _running(server, Relay(target)):
        await asyncio.sleep(1)
    assert target.numbers() == [*range(7)]
    assert server.asked == [{"/orders": -2}, {"/orders": 50}]


@in_virtual_time
async def test_several_channels_and_patterns_have_positions_of_their_own() -> None:
    server, target = ReplayingServer(), FakeTarget()
    relay = Relay(target)
    async with _running(server, relay, "/orders/*", "/cases"):
        await asyncio.sleep(1)
        server.publish("/orders/new", 1)
        server.publish("/cases", 2)
        server.publish("/orders/paid", 3)
        await asyncio.sleep(1)
    assert sorted(target.numbers()) == [1, 2, 3]
    positions = target.store.items("relay")
    assert {name: each.replay_id for name, each in positions.items()} == {"/orders/*": 30, "/cases": 20}
    assert relay.progress.positions == {"/orders/*": 30, "/cases": 20}


@pytest.mark.parametrize("refused", [(0,), (6,), (3, 4), (0, 6), tuple(range(7))])
def test_a_refused_event_becomes_a_dead_letter_and_the_others_are_written_in_order(refused: tuple[int, ...]) -> None:
    @in_virtual_time
    async def scenario() -> None:
        server, target = ReplayingServer(), FakeTarget(*refused)
        server.publish("/orders", *range(7))
        relay = Relay(target)
        async with _running(server, relay):
            await asyncio.sleep(1)
        assert target.numbers() == [number for number in range(7) if number not in refused]
        assert [letter.message.data["number"] for letter in target.store.letters] == list(refused)
        assert {letter.error for letter in target.store.letters} == {"BadRecord: too salty"}
        assert target.store.items("relay")["/orders"].replay_id == 70
        assert (relay.progress.events, relay.progress.dead_letters) == (7 - len(refused), len(refused))

    scenario()


@in_virtual_time
async def test_a_relay_ends_where_the_target_keeps_no_dead_letters() -> None:
    target = FakeTarget(1)
    target.store.add_dead_letter = None  # type: ignore[assignment, method-assign]
    server = ReplayingServer()
    server.publish("/orders", 0, 1, 2)
    async with _running(server, Relay(target)) as task:
        with pytest.raises(ReceiverError, match="on replay id 20: BadRecord: too salty"):
            await task
    assert target.numbers() == [0]


@in_virtual_time
async def test_a_transaction_that_fails_is_tried_again(caplog: pytest.LogCaptureFixture) -> None:
    server, target = ReplayingServer(), FakeTarget()
    target.store.before_commit = _once(ConnectionResetError("the engine restarts"))
    server.publish("/orders", *range(5))
    with caplog.at_level(logging.INFO, "pybayeux.relay"):
        async with _running(server, Relay(target)):
            await asyncio.sleep(3)
    assert target.batches() == [[*range(5)]]
    assert [record.getMessage() for record in caplog.records if record.name == "pybayeux.relay"] == [
        "the target fails, trying again: ConnectionResetError: the engine restarts",
        "the target takes events again",
    ]


@in_virtual_time
async def test_a_transaction_that_was_stored_although_it_failed_is_not_repeated() -> None:
    server, target = ReplayingServer(), FakeTarget()
    server.publish("/orders", *range(5))
    target.store.after_commit = _once(ConnectionResetError("the answer is lost"))
    async with _running(server, Relay(target)):
        await asyncio.sleep(3)
        server.publish("/orders", 5)
        await asyncio.sleep(1)
    assert target.numbers() == [*range(6)]


@in_virtual_time
async def test_of_two_relays_of_one_name_one_ends() -> None:
    server, target = ReplayingServer(), FakeTarget()
    async with _running(server, Relay(target)) as first:
        await asyncio.sleep(1)
        server.publish("/orders", 0, 1)
        await asyncio.sleep(1)
        target.store.set("relay", {"/orders": Position(999, datetime.now(UTC))})  # as another relay does
        server.publish("/orders", 2)
        with pytest.raises(PositionConflictError):
            await first
    assert target.numbers() == [0, 1]


@in_virtual_time
async def test_the_error_of_one_channel_ends_the_relay() -> None:
    server, target = ReplayingServer(), FakeTarget()
    target.store.set("relay", {"/orders": Position(4711, datetime.now(UTC))})  # the server has no such event
    async with _running(server, Relay(target), "/orders", "/cases") as task:
        with pytest.raises(SubscribeError, match="4711"):
            await task


@in_virtual_time
async def test_an_event_without_a_replay_id_ends_the_relay() -> None:
    server, target = ReplayingServer(), FakeTarget()
    async with _running(server, Relay(target)) as task:
        await asyncio.sleep(1)
        server.push("/orders", {"number": 1})
        with pytest.raises(UsageError, match="has no replay id"):
            await task
    assert target.numbers() == []


@in_virtual_time
async def test_a_relay_that_is_cancelled_within_a_transaction_has_written_nothing_of_it() -> None:
    server, target = ReplayingServer(), FakeTarget()
    written = target.write

    async def slow(transaction: Any, records: Any) -> None:
        await written(transaction, records)
        await asyncio.sleep(1000)

    target.write = slow  # type: ignore[method-assign]
    server.publish("/orders", 0)
    async with _running(server, Relay(target)):
        await asyncio.sleep(10)
    assert target.numbers() == []
    assert target.store.items("relay") == {}


@in_virtual_time
async def test_a_transaction_ends_before_the_relay_does() -> None:
    server, target = ReplayingServer(), FakeTarget()
    written = target.write

    async def slow(transaction: Any, records: Any) -> None:
        await written(transaction, records)
        await asyncio.sleep(2)

    target.write = slow  # type: ignore[method-assign]
    server.publish("/orders", 0)
    relay = Relay(target)
    async with _running(server, relay):
        await asyncio.sleep(1)
    assert target.numbers() == [0]
    assert relay.progress.events == 1
    assert target.store.items("relay")["/orders"].replay_id == 10


@in_virtual_time
async def test_a_target_that_does_not_answer_at_the_start_is_tried_again() -> None:
    server, target = ReplayingServer(), FakeTarget()
    server.publish("/orders", 0)
    target.before_prepare = _once(ConnectionRefusedError("down"))
    async with _running(server, Relay(target)):
        await asyncio.sleep(5)
    assert target.numbers() == [0]


@in_virtual_time
async def test_an_error_of_the_start_that_stays_ends_the_relay() -> None:
    server, target = ReplayingServer(), FakeTarget()
    target.before_prepare = _once(PermissionError("not yours"))
    async with _running(server, Relay(target)) as task:
        with pytest.raises(PermissionError):
            await task


def test_wrong_arguments_are_errors() -> None:
    with pytest.raises(ValueError, match="batch: expected 1 or more; got 0"):
        Relay(FakeTarget(), batch=0)
    with pytest.raises(ValueError, match="key: expected names"):
        Relay(FakeTarget(), key="")
    with pytest.raises(UsageError, match="lease: _Store keeps no leases"):
        Relay(FakeTarget(), lease=3)

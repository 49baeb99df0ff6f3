"""A store that fails for a while: nothing is lost, everything waits, and each step is reported."""

from __future__ import annotations

import asyncio
import logging
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from extensions.replay.tests.outages import OutageProbe, outage
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux import hookimpl
from pybayeux.errors import SlowReceiverError
from pybayeux.testing import in_virtual_time
from pybayeux_replay import MemoryStore, Position, Replay
from pybayeux_replay import extension as replay_extension
from pybayeux_replay.outage import Outage
from pybayeux_replay.position import PendingPosition
from pybayeux_replay.position_writer import PositionWriter

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from pybayeux.errors import BayeuxError

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class LosableStore(MemoryStore):
    """Fails as long as it is lost, at the beginning of transactions too."""

    def __init__(self) -> None:
        super().__init__()
        self.is_lost = False

    def set(self, consumer: str, positions: Mapping[str, Position | int]) -> None:
        self._check()
        super().set(consumer, positions)

    @asynccontextmanager
    async def transaction(self, consumer: str, positions: Mapping[str, Position]) -> AsyncIterator[str]:
        self._check()
        yield "connection"
        self.set(consumer, positions)

    def _check(self) -> None:
        if self.is_lost:
            raise ConnectionError("it is gone")


class Watcher:
    """Notes what it is told."""

    def __init__(self) -> None:
        self.told: list[str] = []
        self.failures: list[BayeuxError] = []
        self.stored: list[int] = []

    @hookimpl
    def store_failed(self, error: Exception | None) -> None:
        self.told.append("back" if error is None else str(error))

    @hookimpl
    def positions_stored(self, positions: Mapping[str, Position]) -> None:
        self.stored += [each.replay_id for each in positions.values()]

    @hookimpl
    def failed(self, error: BayeuxError) -> None:
        self.failures.append(error)


def test_an_outage_is_reported_once_and_holds_receivers_back_at_its_limit(caplog: pytest.LogCaptureFixture) -> None:
    probe = OutageProbe()
    lost = outage(probe, limit=3)
    for _ in range(2):
        lost.ended()
        for _ in range(4):
            lost.failed(ConnectionError("it is\ngone\n[SQL: SELECT 1]"))
            lost.handled()
        with caplog.at_level(logging.INFO):
            lost.ended()
    assert probe.told == ["failed", "hold: 3 handled events are not stored", "release", "back"] * 2
    assert caplog.messages[:3] == [
        "positions cannot be stored, and are kept until they can: ConnectionError: it is gone",
        "3 handled events are not stored: no more are handled until the store is back",
        "the store works again",
    ]


def test_a_client_that_ends_meanwhile_says_nothing_of_a_store_that_is_back() -> None:
    probe = OutageProbe()
    lost = outage(probe, limit=1)
    lost.failed(ConnectionError())
    lost.handled()
    lost.reset()
    lost.ended()
    assert probe.told == ["failed", "hold: 1 handled events are not stored", "release"]


@in_virtual_time
async def test_events_are_handled_up_to_the_limit_and_stored_when_the_store_is_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(replay_extension, "Outage", lambda observer: Outage(observer, limit=5))
    store, watcher, server, handled = LosableStore(), Watcher(), ReplayingServer(at_once=1), list[int]()
    replay = Replay(store, since="earliest")
    async with client_of(server, replay, watcher, queue_size=4) as client:
        await client.subscribe("/orders", lambda event: handled.append(event.data["number"]))
        server.publish("/orders", 0)
        await asyncio.sleep(1)
        store.is_lost = True
        server.publish("/orders", *range(1, 30))
        await asyncio.sleep(600)
        # One of them was handled before the outage was noticed.
        assert handled == list(range(len(handled)))
        assert 6 <= len(handled) <= 8
        assert watcher.told == ["it is gone"]
        assert any("left to the server" in str(error) for error in watcher.failures)
        polls = len(server.messages("/meta/connect"))
        await asyncio.sleep(600)
        assert len(server.messages("/meta/connect")) > polls
        store.is_lost = False
        await asyncio.sleep(60)
        assert handled == list(range(30))
        assert watcher.told == ["it is gone", "back"]
    position = store.get("default", "/orders")
    assert position is not None
    assert position.replay_id == 300
    assert sum(isinstance(error, SlowReceiverError) for error in watcher.failures) == len(watcher.failures)


@in_virtual_time
async def test_a_transaction_waits_for_the_store_before_it_begins() -> None:
    store, watcher, server, booked = LosableStore(), Watcher(), ReplayingServer(at_once=2), list[int]()
    store.is_lost = True

    async def book() -> None:
        async with client.subscribe("/orders", ack="manual") as events:
            async for event in events:
                async with event.transaction():
                    assert not store.is_lost
                    booked.append(event.data["number"])
                if len(booked) == 30:
                    return

    async with client_of(server, Replay(store, since="earliest"), watcher, queue_size=4) as client:
        booking = asyncio.create_task(book())
        await asyncio.sleep(1)
        server.publish("/orders", *range(30))
        await asyncio.sleep(600)
        assert booked == []
        assert watcher.told == ["it is gone"]
        store.is_lost = False
        await booking
    assert booked == list(range(30))
    assert watcher.told == ["it is gone", "back"]
    assert any("left to the server" in str(error) for error in watcher.failures)


@in_virtual_time
async def test_a_transaction_that_waits_fails_when_the_client_ends() -> None:
    async def wait() -> None:
        async with writer.transaction(store, "/orders", PendingPosition(2)):
            raise AssertionError("not entered")

    store = LosableStore()
    writer = PositionWriter(lambda: store, "billing", lambda: NOW, outage())
    writer.put("/orders", PendingPosition(1))
    store.is_lost = True
    waiting = asyncio.create_task(wait())
    await asyncio.sleep(60)
    assert not waiting.done()
    with pytest.raises(ConnectionError):
        await writer.close()
    with pytest.raises(ConnectionError):
        await waiting

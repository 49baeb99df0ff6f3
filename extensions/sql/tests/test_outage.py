"""PostgreSQL is lost for a while: killed and started again, or frozen. Nothing is lost, and nothing is done twice."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import text

from extensions.replay.tests.engine_outages import OutageEvents, check_client_waits_for_engine, error_of
from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from pybayeux_replay import Replay
from pybayeux_sql import PostgresStore, Sql
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from collections.abc import Callable

    from pybayeux import Message
    from tests.servers.postgresql import PostgresEngine


@in_loop
async def _handlers_go_on(engine: PostgresEngine) -> None:
    server, watcher, handled = ReplayingServer(), OutageEvents(), defaultdict[int, asyncio.Event](asyncio.Event)

    def handle(event: Message) -> None:
        handled[event.data["number"]].set()

    store = PostgresStore(engine.url)
    async with client_of(server, Replay(store, since="earliest"), watcher) as client:
        await client.subscribe("/orders", handle)
        server.publish("/orders", 0)
        await handled[0].wait()
        await asyncio.to_thread(engine.kill)
        server.publish("/orders", 1)
        await handled[1].wait()
        await watcher.lost.wait()
        server.publish("/orders", 2)
        await handled[2].wait()
        await asyncio.to_thread(engine.start)
        await watcher.back.wait()
    position = store.get("default", "/orders")
    assert position is not None
    assert position.replay_id == 30
    store.close()


@in_loop
async def _transactions_wait(engine: PostgresEngine) -> None:
    async def book() -> None:
        async with client.subscribe("/orders", ack="manual") as events:
            async for event in events:
                number = event.data["number"]
                async with event.transaction() as tx:
                    await tx.execute(text("INSERT INTO orders VALUES (:number)"), {"number": number})
                booked[number].set()
                if number == 5:
                    return

    server, watcher, booked = ReplayingServer(), OutageEvents(), defaultdict[int, asyncio.Event](asyncio.Event)
    store = PostgresStore(engine.url)
    async with client_of(server, Replay(store, since="earliest"), watcher) as client:
        booking = asyncio.create_task(book())
        server.publish("/orders", 0, 1)
        await booked[1].wait()
        await asyncio.to_thread(engine.kill)
        server.publish("/orders", 2, 3, 4, 5)
        await watcher.lost.wait()
        await asyncio.to_thread(engine.start)
        await booking
    store.close()


@pytest.mark.parametrize("scenario", [_handlers_go_on, _transactions_wait])
def test_nothing_is_lost_and_nothing_done_twice(
    scenario: Callable[[PostgresEngine], None], postgres_engine: PostgresEngine
) -> None:
    with postgres_engine.connect() as connection:
        connection.execute("CREATE TABLE orders (number integer, place serial)")
    scenario(postgres_engine)
    with postgres_engine.connect() as connection:
        booked = [number for (number,) in connection.execute("SELECT number FROM orders ORDER BY place")]
    assert booked == (list(range(6)) if scenario is _transactions_wait else [])


@in_loop
async def _a_frozen_server_delays_commits_alone(engine: PostgresEngine) -> None:
    server, handled = ReplayingServer(), defaultdict[int, asyncio.Event](asyncio.Event)

    def handle(event: Message) -> None:
        handled[event.data["number"]].set()

    store = PostgresStore(engine.url)
    async with client_of(server, Replay(store, since="earliest")) as client:
        await client.subscribe("/orders", handle)
        server.publish("/orders", 0)
        await handled[0].wait()
        engine.pause()
        try:
            server.publish("/orders", 1, 2)
            await handled[2].wait()
        finally:
            engine.resume()
    position = store.get("default", "/orders")
    assert position is not None
    assert position.replay_id == 30
    store.close()


def test_a_frozen_server_delays_commits_alone(postgres_engine: PostgresEngine) -> None:
    _a_frozen_server_delays_commits_alone(postgres_engine)


def test_a_client_waits_for_a_server_that_is_not_there_yet(postgres_engine: PostgresEngine) -> None:
    in_loop(check_client_waits_for_engine)(postgres_engine, postgres_engine.url, Sql())


def test_which_errors_are_waited_for(postgres_engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch) -> None:
    address = postgres_engine.url.partition("?")[0].rpartition("/")[0]
    missing_certificate = f"{postgres_engine.url}{'&' if '?' in postgres_engine.url else '?'}sslmode=verify-full"
    for url in (f"{address}/missing", missing_certificate):
        store, error = error_of(PostgresStore(url))
        assert store.is_permanent(error), error
    store, error = error_of(PostgresStore("postgresql://reader@127.0.0.1:1/orders"))
    assert not store.is_permanent(error)
    monkeypatch.setattr("pybayeux_sql.postgres.is_unknown_host", {"127.0.0.1": True}.__getitem__)
    assert store.is_permanent(error)
    assert store.is_permanent(TypeError("a bug"))

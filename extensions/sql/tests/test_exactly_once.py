"""Each event takes effect exactly once in PostgreSQL, over kills of the program and among replicas of one name."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest
from sqlalchemy import text

from extensions.replay.tests.replaying_server import ReplayingServer, client_of
from extensions.replay.tests.replica_faults import ORDERS, run_faults
from pybayeux_replay import PositionConflictError, Replay
from pybayeux_sql import PostgresStore
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.postgresql import PostgresEngine

PROGRAM: Final = Path(__file__).parent / "booking_program.py"
KILLS: Final = 3
EACH_TIME: Final = 20
BOOK: Final = text("INSERT INTO orders VALUES (:number)")


@pytest.fixture
def store(postgres_engine: PostgresEngine) -> str:
    with postgres_engine.connect() as connection:
        connection.execute("CREATE TABLE orders (number integer, place serial)")
    return postgres_engine.url


def _booked(engine: PostgresEngine) -> list[int]:
    with engine.connect() as connection:
        return [number for (number,) in connection.execute("SELECT number FROM orders ORDER BY place")]


def _program(url: str, store: str) -> subprocess.Popen[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYBAYEUX_")}
    return subprocess.Popen([sys.executable, PROGRAM, url, store], env=env, stdout=subprocess.PIPE, text=True)


def test_every_order_is_booked_once_over_kills_at_random_points(
    store: str, postgres_engine: PostgresEngine, bayeux_server_factory: ServerFactory
) -> None:
    server, dice, published = bayeux_server_factory(), random.Random(7), 0
    for _ in range(KILLS):
        for number in range(published, published + EACH_TIME):
            server.publish("/orders", {"number": number})
        published += EACH_TIME
        with _program(server.url, store) as process:
            assert process.stdout is not None
            for _ in range(dice.randint(1, EACH_TIME)):
                assert process.stdout.readline().startswith("booked ")
            process.kill()
    with _program(server.url, store) as process:
        assert process.stdout is not None
        while process.stdout.readline() != f"booked {published - 1}\n":
            pass
        process.kill()
    assert _booked(postgres_engine) == list(range(published))


async def _run(server: ReplayingServer, store: PostgresStore, last: int) -> PositionConflictError | None:
    """Book orders until a conflict or the last order."""
    replay = Replay(store, since="earliest", consumer="billing")
    try:
        async with client_of(server, replay) as client, client.subscribe("/orders", ack="manual") as events:
            async for event in events:
                async with event.transaction() as transaction:
                    await transaction.execute(BOOK, {"number": event.data["number"]})
                if event.data["number"] == last:
                    break
    except PositionConflictError as error:
        return error
    return None


def test_of_three_replicas_of_one_name_one_books_each_event_once_and_the_others_stop(
    store: str, postgres_engine: PostgresEngine
) -> None:
    @in_loop
    async def scenario() -> None:
        server = ReplayingServer()
        server.publish("/orders", *range(30))
        outcomes = await asyncio.gather(*(_run(server, PostgresStore(store), 29) for _ in range(3)))
        assert sum(outcome is not None for outcome in outcomes) == 2

    scenario()
    assert _booked(postgres_engine) == list(range(30))


def test_no_order_is_lost_or_booked_twice_where_the_active_replica_is_killed_or_stopped(
    store: str, postgres_engine: PostgresEngine, bayeux_server_factory: ServerFactory
) -> None:
    run_faults(bayeux_server_factory(), store, lambda: len(_booked(postgres_engine)))
    assert _booked(postgres_engine) == list(range(ORDERS))


def test_nor_in_sqlite(tmp_path: Path, bayeux_server_factory: ServerFactory) -> None:
    file = tmp_path / "orders.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("CREATE TABLE orders (number INTEGER)")

        def booked() -> list[int]:
            return [number for (number,) in database.execute("SELECT number FROM orders ORDER BY rowid")]

        run_faults(bayeux_server_factory(), f"sqlite:///{file}", lambda: len(booked()))
        assert booked() == list(range(ORDERS))

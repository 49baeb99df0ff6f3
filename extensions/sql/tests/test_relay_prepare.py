"""The tables of relays are created by several replicas at once, or while the database is busy."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing
from threading import Barrier
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import OperationalError

from pybayeux_replay.diagnosis import is_permanent
from pybayeux_sql.relay_postgres import postgres_target
from pybayeux_sql.relay_sqlite import sqlite_target
from pybayeux_sql.relay_target import TableTarget
from tests.support.loops import in_loop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.postgresql import PostgresEngine


@in_loop
async def test_replicas_that_find_no_table_at_the_same_time_create_one(
    postgres_engine: PostgresEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, waited, find = Barrier(2), list[TableTarget](), TableTarget._is_there

    def find_together(self: TableTarget, connection: Any) -> bool:
        found = find(self, connection)
        if self not in waited:
            waited.append(self)
            both.wait()
        return found

    monkeypatch.setattr(TableTarget, "_is_there", find_together)
    targets = [postgres_target(f"{postgres_engine.url}/orders") for _ in range(2)]
    await asyncio.gather(*(target.prepare() for target in targets))
    with postgres_engine.connect() as connection:
        names = connection.execute("SELECT indexname FROM pg_indexes WHERE tablename = 'orders'").fetchall()
    assert len(names) == 2  # that of the key, and that of the workers


def test_a_file_that_is_locked_passes(tmp_path: Path) -> None:
    file = tmp_path / "relay.db"
    target = sqlite_target(f"sqlite:///{file}/orders")
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": 0})
    with closing(sqlite3.connect(file, isolation_level=None)) as locking:
        locking.execute("BEGIN EXCLUSIVE")
        with pytest.raises(OperationalError) as caught, engine.begin() as connection:
            connection.execute(text("CREATE TABLE orders (id INTEGER)"))
    engine.dispose()
    assert not is_permanent(target.store, caught.value)

"""The bare bulk insert of each database: the fastest that its driver has, in transactions of as many records."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, Final

import psycopg
import redis

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from pybayeux_relay import Record

__all__ = ("BARE",)

_COLUMNS: Final = "channel, replay_id, event_id, received_at, key, data"


def _batches(records: Sequence[Record], size: int) -> Iterator[Sequence[Record]]:
    return (records[start : start + size] for start in range(0, len(records), size))


def _postgresql(url: str, records: Sequence[Record], size: int) -> None:
    with psycopg.connect(url) as connection:
        for batch in _batches(records, size):
            with connection.cursor() as cursor, cursor.copy(f"COPY orders ({_COLUMNS}) FROM STDIN") as copy:
                for each in batch:
                    copy.write_row((each.channel, each.replay_id, each.event_id, each.received_at, each.key, each.data))
            connection.commit()


def _redis(url: str, records: Sequence[Record], size: int) -> None:
    with redis.Redis.from_url(url) as connected:
        client: Any = connected
        for batch in _batches(records, size):
            with client.pipeline() as pipe:
                for each in batch:
                    fields = {
                        "channel": each.channel,
                        "replay_id": each.replay_id,
                        "received_at": each.received_at.isoformat(),
                        "data": each.data,
                    }
                    pipe.xadd("orders", fields)
                pipe.execute()


def _sqlite(url: str, records: Sequence[Record], size: int) -> None:
    insert = f"INSERT INTO orders ({_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?)"  # noqa: S608
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=NORMAL")
        for batch in _batches(records, size):
            rows = [
                (each.channel, each.replay_id, each.event_id, each.received_at.isoformat(), each.key, each.data)
                for each in batch
            ]
            with database:
                database.executemany(insert, rows)


BARE: Final[Mapping[str, Callable[[str, Sequence[Record], int], None]]] = {
    "sqlite": _sqlite,
    "postgresql": _postgresql,
    "redis": _redis,
}
"""Writes records into ``orders`` of a database, so many in each transaction, by the kind of database."""

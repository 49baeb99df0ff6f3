"""The targets that are tested, each with a way to read what is in it, and to start with nothing."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from pybayeux_relay import Record, open_target
from pybayeux_relay.testing import TargetKit

if TYPE_CHECKING:
    from pathlib import Path

    from tests.servers.kafka_engine import KafkaEngine
    from tests.servers.postgresql import PostgresEngine
    from tests.servers.redis_engine import RedisEngine

__all__ = ("TestTarget", "kafka_target", "postgres_target", "redis_target", "sqlite_target")

_COLUMNS = "channel, replay_id, event_id, received_at, key, data"


@dataclass(frozen=True)
class TestTarget:
    """The name of a target, the name of the store of its positions, and what the contract needs."""

    __test__ = False

    name: str
    store: str
    kit: TargetKit

    def replay_ids(self) -> list[int | None]:
        return [record.replay_id for record in self.kit.read()]

    def numbers(self) -> list[int]:
        """The member `number` of the data of each record."""
        return [msgspec.json.decode(record.data)["number"] for record in self.kit.read()]


def sqlite_target(folder: Path) -> TestTarget:
    file = folder / "relay.db"

    def read() -> list[Record]:
        if not file.exists():
            return []
        with closing(sqlite3.connect(file)) as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'orders'").fetchone():
                return []
            return [
                Record(channel, replay_id, event_id, datetime.fromisoformat(received_at), key, data)
                for channel, replay_id, event_id, received_at, key, data in database.execute(
                    f"SELECT {_COLUMNS} FROM orders ORDER BY id"  # noqa: S608
                )
            ]

    name = f"sqlite:///{file}/orders"
    return TestTarget(name, f"sqlite:///{file}", TargetKit(lambda: open_target(name), read))


def postgres_target(engine: PostgresEngine) -> TestTarget:
    def read() -> list[Record]:
        with engine.connect() as connection:
            if connection.execute("SELECT to_regclass('orders')").fetchone() == (None,):
                return []
            rows = connection.execute(
                "SELECT channel, replay_id, event_id, received_at, key, data::text FROM orders ORDER BY id"
            ).fetchall()
        return [_in_utc(Record(*row)) for row in rows]

    name = f"{engine.url}/orders"
    refused = Record("/orders", 1, None, datetime.now(UTC), None, '{"text":"\\u0000"}')
    return TestTarget(name, engine.url, TargetKit(lambda: open_target(name), read, refused))


def redis_target(engine: RedisEngine) -> TestTarget:
    def read() -> list[Record]:
        with engine.connect() as connected:
            client: Any = connected
            return [_record(entry) for _, entry in client.xrange("orders")]

    name = f"{engine.url}/orders"
    return TestTarget(name, engine.url, TargetKit(lambda: open_target(name), read))


def kafka_target(engine: KafkaEngine) -> TestTarget:
    def read() -> list[Record]:
        return [msgspec.json.decode(value, type=_Line).record() for value in engine.values("orders")]

    name = f"{engine.url}/orders?partitions=1"
    refused = Record("/orders", 1, None, datetime.now(UTC), None, f'"{"x" * 1_100_000}"')
    return TestTarget(name, "", TargetKit(lambda: open_target(name), read, refused))


class _Line(msgspec.Struct):
    """A record in JSON."""

    channel: str
    replay_id: int | None
    event_id: str | None
    received_at: datetime
    key: str | None
    data: msgspec.Raw

    def record(self) -> Record:
        return Record(
            self.channel, self.replay_id, self.event_id, self.received_at, self.key, bytes(self.data).decode()
        )


def _record(entry: dict[bytes, bytes]) -> Record:
    known = {name.decode(): value.decode() for name, value in entry.items()}
    replay_id = known.get("replay_id")
    return Record(
        known["channel"],
        None if replay_id is None else int(replay_id),
        known.get("event_id"),
        datetime.fromisoformat(known["received_at"]),
        known.get("key"),
        known["data"],
    )


def _in_utc(record: Record) -> Record:
    return msgspec.structs.replace(record, received_at=record.received_at.astimezone(UTC))

"""The table of positions in a SQLite file: its statements, for whatever executes them.

That is a connection of Python's driver (`execute`) or of SQLAlchemy (`exec_driver_sql`), in a transaction of the
caller's. This module opens no file.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from .position import Position

__all__ = (
    "Execute",
    "delete_position",
    "is_current",
    "read_all_positions",
    "read_positions",
    "upgrade",
    "write_positions",
)

Execute: TypeAlias = Callable[..., Iterable[Any]]
"""Executes a statement with its parameters; returns the rows."""

_FEW: Final = 20
"""Up to so many positions are read one by one, and more with all others of the consumer."""

_COLUMNS: Final = {
    "consumer": "TEXT NOT NULL",
    "subscription": "TEXT NOT NULL",
    "replay_id": "BIGINT NOT NULL",
    "stored_at": "FLOAT NOT NULL",  # seconds since 1970, UTC
    # Added later than the columns above: a file without them gets them when it is opened. Files of earlier versions may
    # have a further column, quiet_until, which is not used.
    "event_time": "FLOAT",  # seconds since 1970, UTC
    "event_uuid": "TEXT",
    "org": "TEXT",
}
_CREATE: Final = (
    f"CREATE TABLE replay_position ({', '.join(f'{name} {kind}' for name, kind in _COLUMNS.items())}, "
    "PRIMARY KEY (consumer, subscription))"
)
_SELECT: Final = (
    "SELECT subscription, replay_id, stored_at, event_time, event_uuid, org FROM replay_position WHERE consumer = ?"
)
_UPSERT: Final = (
    "INSERT INTO replay_position (consumer, subscription, replay_id, stored_at, event_time, event_uuid, org) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (consumer, subscription) DO UPDATE SET replay_id = excluded.replay_id, "
    "stored_at = excluded.stored_at, event_time = excluded.event_time, event_uuid = excluded.event_uuid, "
    "org = excluded.org"
)


def _present(execute: Execute) -> set[str]:
    return {row[1] for row in execute("PRAGMA table_info(replay_position)")}


def is_current(execute: Execute) -> bool:
    """Whether the table is there with all its columns, and so are those that were added later."""
    later = [list(execute(f"PRAGMA table_info({name})")) for name in ("replay_lease", "replay_shard")]
    return all(later) and _COLUMNS.keys() <= _present(execute)


def upgrade(execute: Execute) -> None:
    """Create the table, or add the columns that a file of an earlier version lacks."""
    present = _present(execute)
    if not present:
        execute(_CREATE)
        return
    for name, kind in _COLUMNS.items():
        if name not in present:
            execute(f"ALTER TABLE replay_position ADD COLUMN {name} {kind}")


def read_positions(execute: Execute, consumer: str, subscriptions: Collection[str]) -> dict[str, Position]:
    """Return the positions of these subscriptions."""
    if len(subscriptions) <= _FEW:
        named = f"{_SELECT} AND subscription = ?"
        return _positions(row for each in subscriptions for row in execute(named, (consumer, each)))
    return _positions(row for row in execute(_SELECT, (consumer,)) if row[0] in subscriptions)


def read_all_positions(execute: Execute, consumer: str) -> dict[str, Position]:
    """Return all positions of a consumer, sorted by subscription."""
    return _positions(execute(f"{_SELECT} ORDER BY subscription", (consumer,)))


def write_positions(execute: Execute, consumer: str, positions: Mapping[str, Position]) -> None:
    """Write these positions over those that are there."""
    for subscription, each in positions.items():
        times = (each.stored_at.timestamp(), _seconds(each.event_time))
        execute(_UPSERT, (consumer, subscription, each.replay_id, *times, each.event_uuid, each.org))


def delete_position(execute: Execute, consumer: str, subscription: str) -> None:
    """Delete a position, if there is one."""
    execute("DELETE FROM replay_position WHERE consumer = ? AND subscription = ?", (consumer, subscription))


def _positions(rows: Iterable[Any]) -> dict[str, Position]:
    return {row[0]: _position(*row[1:]) for row in rows}


def _position(
    replay_id: int, stored_at: float, event_time: float | None, event_uuid: str | None, org: str | None
) -> Position:
    return Position(replay_id, datetime.fromtimestamp(stored_at, UTC), _moment(event_time), event_uuid, org)


def _seconds(moment: datetime | None) -> float | None:
    return None if moment is None else moment.timestamp()


def _moment(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)

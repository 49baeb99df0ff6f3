"""Positions in PostgreSQL: what is read and written in a transaction of the caller's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import ARRAY, Text, any_, bindparam, delete, select
from sqlalchemy.dialects.postgresql import insert

from pybayeux_replay import Position

from .postgres_schema import positions as _table

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection, Row

    from pybayeux_replay import Fence

__all__ = ("delete_position", "read_all_positions", "read_positions", "write_fenced", "write_positions")

_of_consumer: Final = select(_table).where(_table.c.consumer == bindparam("consumer"))
_named: Final = _of_consumer.where(_table.c.subscription == any_(bindparam("subscriptions", type_=ARRAY(Text))))
# In one order, so that no two transactions wait for each other.
_locked: Final = _named.order_by(_table.c.subscription).with_for_update()
_insert: Final = insert(_table)
_insert_new: Final = _insert.on_conflict_do_nothing().returning(_table.c.subscription)
_upsert: Final = _insert.on_conflict_do_update(
    index_elements=[_table.c.consumer, _table.c.subscription],
    set_={column.name: _insert.excluded[column.name] for column in _table.c if not column.primary_key},
)
_delete: Final = delete(_table).where(
    _table.c.consumer == bindparam("consumer"), _table.c.subscription == bindparam("subscription")
)


def read_positions(connection: Connection, consumer: str, subscriptions: Iterable[str]) -> dict[str, Position]:
    """Return the positions of these subscriptions."""
    return _positions(connection.execute(_named, {"consumer": consumer, "subscriptions": list(subscriptions)}))


def read_all_positions(connection: Connection, consumer: str) -> dict[str, Position]:
    """Return all positions of a consumer, sorted by subscription."""
    return dict(sorted(_positions(connection.execute(_of_consumer, {"consumer": consumer})).items()))


def write_positions(connection: Connection, consumer: str, positions: Mapping[str, Position]) -> None:
    """Write these positions over those that are there."""
    if positions:
        connection.execute(_upsert, _rows(consumer, positions))


def write_fenced(connection: Connection, consumer: str, positions: Mapping[str, Position], fence: Fence) -> None:
    """Write what `fence` returns. From its call to the end of the transaction no other process changes the positions.

    The rows that are there are locked. One that is not there cannot be locked: if another process inserts it first,
    that one's row is seen now, and `fence` is called again.
    """
    while True:
        query = {"consumer": consumer, "subscriptions": list(positions)}
        stored = _positions(connection.execute(_locked, query))
        chosen = fence(stored)
        if _insert_all(connection, consumer, {name: each for name, each in chosen.items() if name not in stored}):
            break
    write_positions(connection, consumer, {name: each for name, each in chosen.items() if name in stored})


def _insert_all(connection: Connection, consumer: str, positions: Mapping[str, Position]) -> bool:
    """Insert these positions; False if another process has inserted one of them meanwhile, and none is inserted."""
    if not positions:
        return True
    with connection.begin_nested() as savepoint:
        inserted = connection.execute(_insert_new, _rows(consumer, positions)).all()
        if len(inserted) == len(positions):
            return True
        savepoint.rollback()
    return False


def delete_position(connection: Connection, consumer: str, subscription: str) -> None:
    """Delete a position, if there is one."""
    connection.execute(_delete, {"consumer": consumer, "subscription": subscription})


def _rows(consumer: str, positions: Mapping[str, Position]) -> list[dict[str, Any]]:
    return [
        {
            "consumer": consumer,
            "subscription": subscription,
            "replay_id": each.replay_id,
            "stored_at": each.stored_at,
            "event_time": each.event_time,
            "event_uuid": each.event_uuid,
            "org": each.org,
        }
        for subscription, each in sorted(positions.items())
    ]


def _positions(rows: Iterable[Row[Any]]) -> dict[str, Position]:
    return {
        row.subscription: Position(
            row.replay_id, row.stored_at.astimezone(UTC), _in_utc(row.event_time), row.event_uuid, row.org
        )
        for row in rows
    }


def _in_utc(moment: datetime | None) -> datetime | None:
    # PostgreSQL returns a moment in the time zone of the connection.
    return None if moment is None else moment.astimezone(UTC)

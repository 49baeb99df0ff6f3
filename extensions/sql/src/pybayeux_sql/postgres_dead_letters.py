"""Dead letters in PostgreSQL: what is read and written in a transaction of the caller's."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects.postgresql import insert

from pybayeux_replay import DeadLetter

from .postgres_schema import dead_letters as _table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Row

__all__ = ("add_dead_letter", "delete_dead_letters", "read_dead_letters")

_insert: Final = insert(_table)
_upsert: Final = _insert.on_conflict_do_update(
    index_elements=[_table.c.consumer, _table.c.subscription, _table.c.identity],
    set_={
        "error": _insert.excluded.error,
        "failed_at": _insert.excluded.failed_at,
        "content": _insert.excluded.content,
        "attempts": _table.c.attempts + 1,
    },
).returning(_table.c.number)


def add_dead_letter(connection: Connection, consumer: str, letter: DeadLetter) -> int:
    """Insert a dead letter, or update the one of the same number or event; return its number."""
    error = letter.error.replace("\0", "�")  # which is no text for PostgreSQL
    if letter.number is not None:
        known = update(_table).where(_table.c.consumer == consumer, _table.c.number == letter.number)
        connection.execute(known.values(error=error, failed_at=letter.failed_at, attempts=_table.c.attempts + 1))
        return letter.number
    row = {
        "consumer": consumer,
        "subscription": letter.subscription,
        "identity": letter.identity,
        "channel": letter.channel,
        "replay_id": letter.replay_id,
        "error": error,
        "failed_at": letter.failed_at,
        "attempts": letter.attempts,
        "content": letter.content,
    }
    number: int = connection.execute(_upsert, row).scalar_one()
    return number


def read_dead_letters(connection: Connection, consumer: str) -> list[DeadLetter]:
    """Return the dead letters of a consumer, in the order of their numbers."""
    wanted = select(_table).where(_table.c.consumer == consumer).order_by(_table.c.number)
    return [_dead_letter(row) for row in connection.execute(wanted)]


def delete_dead_letters(connection: Connection, consumer: str, numbers: Iterable[int]) -> None:
    """Delete the dead letters of these numbers."""
    connection.execute(delete(_table).where(_table.c.consumer == consumer, _table.c.number.in_(list(numbers))))


def _dead_letter(row: Row[Any]) -> DeadLetter:
    return DeadLetter(
        row.subscription,
        row.channel,
        row.replay_id,
        row.error,
        row.failed_at.astimezone(UTC),
        row.content,
        row.identity,
        row.number,
        row.attempts,
    )

"""Dead letters in SQLite: their table, in the file of the positions, and what is done with it in a transaction.

The table is created with the first dead letter.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    Integer,
    MetaData,
    Text,
    UniqueConstraint,
    delete,
    inspect,
    select,
    update,
)
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.sqlite import insert

from .dead_letters import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, Row, Update

__all__ = ("add_dead_letter", "delete_dead_letters", "read_dead_letters")

_table: Final = SqlTable(
    "dead_letter",
    MetaData(),
    Column("number", Integer, primary_key=True),
    Column("consumer", Text, nullable=False),
    Column("subscription", Text, nullable=False),
    Column("identity", Text, comment="what identifies the event; NULL if nothing does"),
    Column("channel", Text, nullable=False),
    Column("replay_id", BigInteger),
    Column("error", Text, nullable=False),
    Column("failed_at", Float, nullable=False, comment="seconds since 1970, UTC"),
    Column("attempts", Integer, nullable=False),
    Column("content", Text, nullable=False, comment="the event, in JSON"),
    UniqueConstraint("consumer", "subscription", "identity"),
    sqlite_autoincrement=True,  # a number that was shown never stands for another event
)
_insert: Final = insert(_table)
_upsert: Final = _insert.on_conflict_do_update(
    index_elements=["consumer", "subscription", "identity"],
    set_={
        "error": _insert.excluded.error,
        "failed_at": _insert.excluded.failed_at,
        "content": _insert.excluded.content,
        "attempts": _table.c.attempts + 1,
    },
).returning(_table.c.number)


def add_dead_letter(connection: Connection, consumer: str, letter: DeadLetter) -> int:
    """Insert a dead letter, or update the one of the same number or event; return its number."""
    _table.create(connection, checkfirst=True)
    if letter.number is not None:
        connection.execute(_updated(consumer, letter))
        return letter.number
    row = {
        "consumer": consumer,
        "subscription": letter.subscription,
        "identity": letter.identity,
        "channel": letter.channel,
        "replay_id": letter.replay_id,
        "error": letter.error,
        "failed_at": letter.failed_at.timestamp(),
        "attempts": letter.attempts,
        "content": letter.content,
    }
    number: int = connection.execute(_upsert, row).scalar_one()
    return number


def _updated(consumer: str, letter: DeadLetter) -> Update:
    changed = update(_table).where(_table.c.consumer == consumer, _table.c.number == letter.number)
    failed_at = letter.failed_at.timestamp()
    return changed.values(error=letter.error, failed_at=failed_at, attempts=_table.c.attempts + 1)


def read_dead_letters(connection: Connection, consumer: str) -> list[DeadLetter]:
    """Return the dead letters of a consumer."""
    if not inspect(connection).has_table(_table.name):
        return []
    wanted = select(_table).where(_table.c.consumer == consumer).order_by(_table.c.number)
    return [_dead_letter(row) for row in connection.execute(wanted)]


def delete_dead_letters(connection: Connection, consumer: str, numbers: Iterable[int]) -> None:
    """Delete dead letters."""
    if inspect(connection).has_table(_table.name):
        for number in numbers:
            connection.execute(delete(_table).where(_table.c.consumer == consumer, _table.c.number == number))


def _dead_letter(row: Row[Any]) -> DeadLetter:
    failed_at = datetime.fromtimestamp(row.failed_at, UTC)
    return DeadLetter(
        row.subscription,
        row.channel,
        row.replay_id,
        row.error,
        failed_at,
        row.content,
        row.identity,
        row.number,
        row.attempts,
    )

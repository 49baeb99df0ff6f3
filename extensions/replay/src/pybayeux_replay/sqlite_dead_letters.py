"""Dead letters in SQLite: their table, in the file of the positions, and what is done with it in a transaction.

The table is created with the first dead letter.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Final

from .dead_letters import DeadLetter

if TYPE_CHECKING:
    from collections.abc import Iterable
    from sqlite3 import Connection

__all__ = ("add_dead_letter", "delete_dead_letters", "read_dead_letters")

# AUTOINCREMENT: a number that was shown never stands for another event. The identity is what identifies the event; NULL
# if nothing does. The content is the event in JSON, and times are seconds since 1970 in UTC.
_CREATE: Final = """
CREATE TABLE IF NOT EXISTS dead_letter (
    number INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
    consumer TEXT NOT NULL,
    subscription TEXT NOT NULL,
    identity TEXT,
    channel TEXT NOT NULL,
    replay_id BIGINT,
    error TEXT NOT NULL,
    failed_at FLOAT NOT NULL,
    attempts INTEGER NOT NULL,
    content TEXT NOT NULL,
    UNIQUE (consumer, subscription, identity)
)
"""
_INSERT: Final = """
INSERT INTO dead_letter (consumer, subscription, identity, channel, replay_id, error, failed_at, attempts, content)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (consumer, subscription, identity) DO UPDATE SET
    error = excluded.error, failed_at = excluded.failed_at, content = excluded.content, attempts = attempts + 1
RETURNING number
"""
_UPDATE: Final = """
UPDATE dead_letter SET error = ?, failed_at = ?, attempts = attempts + 1 WHERE consumer = ? AND number = ?
"""
_SELECT: Final = """
SELECT failed_at, subscription, channel, replay_id, error, content, identity, number, attempts
FROM dead_letter WHERE consumer = ? ORDER BY number
"""


def add_dead_letter(connection: Connection, consumer: str, letter: DeadLetter) -> int:
    """Insert a dead letter, or update the one of the same number or event; return its number."""
    connection.execute(_CREATE)
    failed_at = letter.failed_at.timestamp()
    if letter.number is not None:
        connection.execute(_UPDATE, (letter.error, failed_at, consumer, letter.number))
        return letter.number
    row = (consumer, letter.subscription, letter.identity, letter.channel, letter.replay_id, letter.error, failed_at)
    (number,) = connection.execute(_INSERT, (*row, letter.attempts, letter.content)).fetchall()[0]
    return int(number)


def read_dead_letters(connection: Connection, consumer: str) -> list[DeadLetter]:
    """Return the dead letters of a consumer."""
    if not _exists(connection):
        return []
    return [_dead_letter(*row) for row in connection.execute(_SELECT, (consumer,))]


def _dead_letter(failed_at: float, subscription: str, channel: str, *fields: Any) -> DeadLetter:
    replay_id, error, content, identity, number, attempts = fields
    moment = datetime.fromtimestamp(failed_at, UTC)
    return DeadLetter(subscription, channel, replay_id, error, moment, content, identity, number, attempts)


def delete_dead_letters(connection: Connection, consumer: str, numbers: Iterable[int]) -> None:
    """Delete dead letters."""
    if _exists(connection):
        rows = [(consumer, number) for number in numbers]
        connection.executemany("DELETE FROM dead_letter WHERE consumer = ? AND number = ?", rows)


def _exists(connection: Connection) -> bool:
    found = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'dead_letter'")
    return found.fetchone() is not None

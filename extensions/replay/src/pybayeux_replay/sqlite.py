"""Positions in a SQLite file.

What a crash can do. Each `set` is one transaction of a write-ahead log, so that a reader finds all of it or nothing of
it, whenever the process dies. ``synchronous=NORMAL`` hands a commit to the operating system without waiting for the
disk: a killed process loses no commit, since the system's page cache outlives it, and a power cut at most takes back
the last ones. Older positions are good positions: the server sends what came after them once more. ``FULL`` would cost
a wait for the disk per commit and protect from nothing but those repeats.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import BigInteger, Column, Float, MetaData, Text, create_engine, delete, event, select
from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.engine import URL

from .position import Position

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from sqlalchemy import Engine, Row

__all__ = ("SqliteStore",)

_PATIENCE_MS: Final = 5000
"""How long to wait for another process that writes."""

_table: Final = SqlTable(
    "replay_position",
    MetaData(),
    Column("consumer", Text, primary_key=True),
    Column("subscription", Text, primary_key=True),
    Column("replay_id", BigInteger, nullable=False),
    Column("stored_at", Float, nullable=False, comment="seconds since 1970, UTC"),
)
_insert: Final = insert(_table)
_upsert: Final = _insert.on_conflict_do_update(
    index_elements=[_table.c.consumer, _table.c.subscription],
    set_={"replay_id": _insert.excluded.replay_id, "stored_at": _insert.excluded.stored_at},
)


class SqliteStore:
    """Keeps positions in a file: over restarts and crashes.

    Several consumers, in several processes, may share one file on a local disk.

    Args:
        path: The file; it is made where there is none, its folder is not.
    """

    blocking: Final = True

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path: Final = Path(path).expanduser()

    def __repr__(self) -> str:
        return f"SqliteStore({str(self.path)!r})"

    @cached_property
    def _engine(self) -> Engine:
        if not self.path.parent.is_dir():
            raise FileNotFoundError(f"no folder {str(self.path.parent)!r} to keep positions in")
        engine = create_engine(URL.create("sqlite", database=str(self.path)))
        event.listen(engine, "connect", _prepare)
        _table.metadata.create_all(engine)
        return engine

    def get(self, consumer: str, subscription: str) -> Position | None:
        """The position kept, or None."""
        wanted = select(_table).where(_is(consumer, subscription))
        with self._engine.connect() as connection:
            row = connection.execute(wanted).one_or_none()
        return None if row is None else _position(row)

    def set(self, consumer: str, replay_ids: Mapping[str, int]) -> None:
        """Keep these replay ids by subscription, all of them or none."""
        now = datetime.now(UTC).timestamp()
        rows = [
            {"consumer": consumer, "subscription": subscription, "replay_id": number, "stored_at": now}
            for subscription, number in replay_ids.items()
        ]
        if rows:
            with self._engine.begin() as connection:
                connection.execute(_upsert, rows)

    def delete(self, consumer: str, subscription: str) -> None:
        """Forget a position."""
        with self._engine.begin() as connection:
            connection.execute(delete(_table).where(_is(consumer, subscription)))

    def items(self, consumer: str) -> Mapping[str, Position]:
        """All positions of a consumer, by subscription."""
        with self._engine.connect() as connection:
            rows = connection.execute(select(_table).where(_table.c.consumer == consumer)).all()
        return {row.subscription: _position(row) for row in rows}

    def close(self) -> None:
        """Close the file; the last to close it takes its log away."""
        if "_engine" in self.__dict__:
            self._engine.dispose()


def _is(consumer: str, subscription: str) -> Any:
    return (_table.c.consumer == consumer) & (_table.c.subscription == subscription)


def _position(row: Row[Any]) -> Position:
    return Position(row.replay_id, datetime.fromtimestamp(row.stored_at, UTC))


def _prepare(connection: Any, _: object) -> None:
    for pragma in (f"busy_timeout={_PATIENCE_MS}", "journal_mode=WAL", "synchronous=NORMAL"):
        connection.execute(f"PRAGMA {pragma}").close()

"""Databases for replay: positions in PostgreSQL, and a program's own transactions there and in SQLite."""

from typing import TYPE_CHECKING, Any

from .extension import Sql as Sql

if TYPE_CHECKING:
    from .postgres import PostgresStore as PostgresStore

__all__ = ("PostgresStore", "Sql")


def __getattr__(name: str) -> Any:
    # SQLAlchemy takes a third of a second to import. Clients that do not use it should not wait for it.
    if name == "PostgresStore":
        from .postgres import PostgresStore

        return PostgresStore
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

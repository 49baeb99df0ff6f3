"""Databases for replay: positions in PostgreSQL, and a program's own transactions there and in SQLite."""

from typing import TYPE_CHECKING

from pybayeux import lazy_names

from .extension import Sql as Sql

if TYPE_CHECKING:
    from .postgres import PostgresStore as PostgresStore

__all__ = ("PostgresStore", "Sql")

if not TYPE_CHECKING:  # SQLAlchemy takes a third of a second to import, and every client imports this package
    __getattr__ = lazy_names(__name__, {"postgres": "PostgresStore"})

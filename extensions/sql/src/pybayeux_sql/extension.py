"""`Sql`: the extension that adds databases to the stores of replay and the targets of relay.

It opens no connection.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookimpl

if TYPE_CHECKING:
    from pybayeux_relay import Target, Targets
    from pybayeux_replay import Store, Stores

__all__ = ("Sql",)


class Sql:
    """Lets positions be kept in PostgreSQL: ``store="postgresql://user@host/database"``.

    Where pybayeux-relay is installed, tables in PostgreSQL and SQLite are targets:
    ``postgresql://user@host/database/table``, ``sqlite:///FILE/TABLE``.
    """

    @hookimpl
    def register_stores(self, stores: Stores) -> None:
        """Add the stores of this package."""
        stores.add("postgresql", _postgres)

    @hookimpl(optionalhook=True)
    def register_targets(self, targets: Targets) -> None:
        """Add the targets of this package."""
        targets.add("postgresql", _postgres_target)
        targets.add("sqlite", _sqlite_target)


def _postgres(name: str) -> Store:
    from .postgres import PostgresStore

    return PostgresStore(name)


def _postgres_target(name: str) -> Target:
    from .relay_postgres import postgres_target

    return postgres_target(name)


def _sqlite_target(name: str) -> Target:
    from .relay_sqlite import sqlite_target

    return sqlite_target(name)

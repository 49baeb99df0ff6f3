"""The extension: it adds the scheme ``postgresql://`` to the stores of replay. No connection is opened here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pybayeux import hookimpl

if TYPE_CHECKING:
    from pybayeux_replay import Store, Stores

__all__ = ("Sql",)


class Sql:
    """Lets positions be kept in PostgreSQL: ``store="postgresql://user@host/database"``."""

    @hookimpl
    def register_stores(self, stores: Stores) -> None:
        """Add the stores of this package."""
        stores.add("postgresql", _postgres)


def _postgres(name: str) -> Store:
    from .postgres import PostgresStore

    return PostgresStore(name)

"""``postgresql://…/DATABASE/TABLE`` as the target of a relay.

Each transaction notifies the channel that has the name of the table, so that workers need not poll.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
from sqlalchemy import text

from pybayeux.errors import UsageError

from .postgres import PostgresStore
from .relay_target import TableTarget, split_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.ext.asyncio import AsyncConnection

    from pybayeux_relay import Record

__all__ = ("postgres_target",)

_CREATE: Final = """
CREATE TABLE IF NOT EXISTS {table} (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    channel text NOT NULL,
    replay_id bigint,
    event_id text,
    received_at timestamptz NOT NULL,
    key text,
    data jsonb NOT NULL
)
"""
_INDEX: Final = "CREATE INDEX ON {table} ((coalesce(key, channel)), id)"
"""For workers that take the events of one key in their order."""

# One statement and one parameter for all rows: a round trip for each would cost more than the rest of the transaction,
# and arrays of text are escaped by the driver, which takes most of its time.
_INSERT: Final = """
INSERT INTO {table} (channel, replay_id, event_id, received_at, key, data)
SELECT
    value->>0, CAST(value->>1 AS bigint), value->>2, CAST(value->>3 AS timestamptz), value->>4, value->5
FROM jsonb_array_elements(CAST(:rows AS jsonb)) WITH ORDINALITY AS row (value, place)
ORDER BY place
"""
_LOCK: Final = {"number": 1_660_313_725}
"""The first number of an advisory lock; the second one is the hash of the table."""
_NOTIFY: Final = text("SELECT pg_notify(:name, '')")
_LONGEST_NAME: Final = 63

_REFUSALS: Final = ("22", "23", "54", "P0")
"""Classes of errors: wrong data, constraints, limits, and what a trigger raises."""


def postgres_target(name: str) -> TableTarget:
    """Return the target ``postgresql://user@host/database/table``.

    Raises:
        ValueError: The name is not of this form.
    """
    database, table, parameters = split_name(name)
    if len(table.encode()) > _LONGEST_NAME:
        raise ValueError(f"the name of the table is longer than {_LONGEST_NAME} bytes")
    store = PostgresStore(database + parameters)
    return TableTarget(f"{store.name}/{table}", store, table, _Postgres(store, table))


class _Postgres:
    """PostgreSQL."""

    def __init__(self, store: PostgresStore, table: str) -> None:
        self.url: Final = store.url
        self._table: Final = table

    def is_there(self) -> bool:
        """Return True: a database is not created."""
        return True

    def check_access(self, connection: Connection, table: str | None) -> None:
        """Ask the database for the right that is needed.

        Raises:
            UsageError: It is missing.
        """
        if table is None:
            allowed = connection.scalar(text("SELECT has_schema_privilege(current_schema(), 'CREATE')"))
            needed = "to create a table in the schema"
        else:
            query = text("SELECT has_table_privilege(quote_ident(:name), 'INSERT')")
            allowed, needed = connection.scalar(query, {"name": table}), f"to insert into the table {table}"
        if not allowed:
            raise UsageError(f"the user of the database has no right {needed}")

    def statements(self, table: str) -> Sequence[str]:
        """Return the statements that create the table and its index."""
        return [_CREATE.format(table=table), _INDEX.format(table=table)]

    def lock(self, connection: Connection, table: str) -> None:
        """Take an advisory lock: ``IF NOT EXISTS`` does not keep two replicas from creating the table at once."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:number, hashtext(:name))"), _LOCK | {"name": table})

    async def insert(self, connection: AsyncConnection, table: str, records: Sequence[Record]) -> None:
        """Insert rows, and notify those who listen."""
        rows = [
            (each.channel, each.replay_id, each.event_id, each.received_at, each.key, msgspec.Raw(each.data.encode()))
            for each in records
        ]
        encoded = msgspec.json.encode(rows).decode()
        await connection.execute(text(_INSERT.format(table=table)), {"rows": encoded})
        await connection.execute(_NOTIFY, {"name": self._table})

    def refuses(self, error: DBAPIError) -> bool:
        """Whether the code of an error says that it is about values."""
        return str(getattr(error.orig, "sqlstate", None) or "").startswith(_REFUSALS)

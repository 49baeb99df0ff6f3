"""Four workers on a relayed table: `python postgres_workers.py postgresql://app@db.example.com/crm orders`.

`pybayeux relay URL /orders --to postgresql://app@db.example.com/crm/orders` fills the table. Each worker takes a row,
handles it, and deletes it in the same transaction. So the effect of a row, here a row in `handled`, is there exactly
once, also if a worker is killed: another one takes the row then. Rows of one key are taken one after the other.
"""

import multiprocessing
import os
import signal
import sys
import time

import psycopg
from psycopg import sql

WORKERS = 4
HANDLED = """
CREATE TABLE IF NOT EXISTS handled (
    place bigint GENERATED ALWAYS AS IDENTITY, id bigint, key text, data jsonb, worker integer
)
"""
# The first row of its key that no other worker has. A row that another worker has is there until that one commits, so
# the later rows of its key are passed over.
TAKE = """
DELETE FROM {table} WHERE id = (
    SELECT id FROM {table} AS row
    WHERE NOT EXISTS (
        SELECT FROM {table} AS earlier
        WHERE coalesce(earlier.key, earlier.channel) = coalesce(row.key, row.channel) AND earlier.id < row.id
    )
    ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED
) RETURNING id, coalesce(key, channel), data::text
"""
HANDLE = "INSERT INTO handled (id, key, data, worker) VALUES (%s, %s, %s::jsonb, %s)"


def work(number: int, database: str, table: str, parent: int) -> None:
    """Handle rows until the parent has ended."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    take = sql.SQL(TAKE).format(table=sql.Identifier(table))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(sql.SQL("LISTEN {}").format(sql.Identifier(table)))  # the relay notifies
        while os.getppid() == parent:
            with connection.transaction():
                row = connection.execute(take).fetchone()
                if row is not None:
                    connection.execute(HANDLE, (*row, number))
            if row is None:
                for _ in connection.notifies(timeout=1, stop_after=1):
                    pass


def main(database: str, table: str) -> None:
    """Run the workers, and replace those that end."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(HANDLED)
    workers: dict[int, multiprocessing.Process] = {}
    while True:
        for number in range(WORKERS):
            if number not in workers or not workers[number].is_alive():
                arguments = (number, database, table, os.getpid())
                workers[number] = multiprocessing.Process(target=work, args=arguments, daemon=True)
                workers[number].start()
                print("worker", number, "is process", workers[number].pid)
        time.sleep(0.2)


if __name__ == "__main__":
    main(*sys.argv[1:])

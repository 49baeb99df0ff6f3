"""Channels that replicas share in PostgreSQL: each event takes effect once, whatever happens to a replica."""

from __future__ import annotations

from typing import TYPE_CHECKING

from extensions.replay.tests.shard_faults import CHANNELS, EACH, run_shard_faults

if TYPE_CHECKING:
    from pybayeux_devserver.pytest_plugin import ServerFactory
    from tests.servers.postgresql import PostgresEngine


def test_no_order_is_lost_or_booked_twice_where_a_replica_is_killed_or_stopped(
    postgres_engine: PostgresEngine, bayeux_server_factory: ServerFactory
) -> None:
    with postgres_engine.connect() as connection:
        connection.execute("CREATE TABLE orders (channel text, number integer, place serial)")

        def booked() -> int:
            return connection.execute("SELECT number FROM orders").rowcount

        run_shard_faults(bayeux_server_factory(), postgres_engine.url, booked)
        rows = connection.execute("SELECT channel, number FROM orders ORDER BY place").fetchall()
    for channel in CHANNELS:
        assert [number for name, number in rows if name == channel] == list(range(EACH))

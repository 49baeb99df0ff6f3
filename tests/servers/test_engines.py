"""The engines that tests get: they keep their data over a kill, and are empty for the next test."""

from __future__ import annotations

import signal
import subprocess

import psycopg
import pytest
import redis

from tests.servers.engine import Engine, is_alive
from tests.servers.pool import ServerPool
from tests.servers.postgresql import PostgresEngine
from tests.servers.redis_engine import RedisEngine


def test_redis_keeps_its_data_over_a_kill(redis_engine: RedisEngine) -> None:
    with redis_engine.connect() as client:
        client.set("answer", 42)
    redis_engine.kill()
    with redis_engine.connect() as client, pytest.raises(redis.ConnectionError):
        client.ping()
    redis_engine.start()
    with redis_engine.connect() as client:
        assert client.get("answer") == b"42"


def test_postgresql_keeps_its_data_over_a_kill(postgres_engine: PostgresEngine) -> None:
    with postgres_engine.connect() as connection:
        connection.execute("CREATE TABLE answer AS SELECT 42 AS number")
    postgres_engine.kill()
    with pytest.raises(psycopg.OperationalError):
        postgres_engine.connect()
    postgres_engine.start()
    with postgres_engine.connect() as connection:
        assert connection.execute("SELECT number FROM answer").fetchone() == (42,)


def test_an_engine_that_ended_by_itself_is_revived(redis_engine: RedisEngine) -> None:
    with redis_engine.connect() as client:
        client.set("answer", 42)
    redis_engine.revive()  # it runs
    process_id = redis_engine._process_id
    redis_engine.signal(signal.SIGKILL)
    while is_alive(process_id):
        pass
    redis_engine.revive()
    with redis_engine.connect() as client:
        assert client.get("answer") == b"42"
    assert redis_engine._process_id != process_id


def test_redis_speaks_tls_only(redis_tls: RedisEngine) -> None:
    with redis_tls.connect() as client:
        assert client.ping()
    with (
        redis.Redis.from_url(f"redis://127.0.0.1:{redis_tls.port}/0", socket_timeout=5) as plain,
        pytest.raises(redis.RedisError),
    ):
        plain.ping()


def test_postgresql_speaks_tls_only(postgres_tls: PostgresEngine) -> None:
    with postgres_tls.connect() as connection:
        assert connection.pgconn.ssl_in_use
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgresql://tests@127.0.0.1:{postgres_tls.port}/postgres?sslmode=disable")


@pytest.mark.usefixtures("redis_engine", "postgres_engine")  # skips where they are missing
@pytest.mark.parametrize("kind", [RedisEngine, PostgresEngine])
def test_an_engine_is_empty_for_the_next_test_and_leaves_nothing_behind(kind: type[Engine]) -> None:
    with ServerPool() as pool:
        with pool.lend(kind) as engine:
            _fill(engine)
        with pool.lend(kind) as again:
            assert again is engine
            _fill(again)
        process_id = engine._process_id
    assert not engine.folder.exists()
    assert subprocess.run(["ps", "-p", str(process_id)], capture_output=True, check=False).returncode != 0


def _fill(engine: Engine) -> None:
    """Write what can be written once."""
    if isinstance(engine, RedisEngine):
        with engine.connect() as client:
            assert client.setnx("answer", 42)
    else:
        assert isinstance(engine, PostgresEngine)
        with engine.connect() as connection:
            connection.execute("CREATE TABLE answer AS SELECT 42 AS number")
